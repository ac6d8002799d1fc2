/*
 * cmd/dump.h - files generated from the option tables: shell completions and man pages.
 */
#ifndef PD_CMD_DUMP_H
#define PD_CMD_DUMP_H

#include "cmd/cmd.h"

/* kind: "bash", "zsh", "fish"; "man" lists the pages, "man:NAME" prints one, whose prose is read
 * from docs/man/NAME.md below the working directory. PD_USAGE: another kind. */
PD_MUST enum pd_code pd_dump(struct pd_ctx *ctx, const char *kind, struct pd_err *err);

#endif

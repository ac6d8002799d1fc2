/*
 * cmd/dump.h - files generated from the option and method tables: shell completions, man pages, the
 * reference of the REST methods.
 */
#ifndef PD_CMD_DUMP_H
#define PD_CMD_DUMP_H

#include "cmd/cmd.h"

/* kind: "bash", "zsh", "fish"; "methods" (the REST methods' reference); "names" (of the commands); "man" prints podium(1), "man:NAME" the
 * page of a command; their prose is read from docs/man below the working directory.
 * PD_USAGE: another kind. */
PD_MUST enum pd_code pd_dump(struct pd_ctx *ctx, const char *kind, struct pd_err *err);

/* The rest is for the generators. */

enum pd_code pd_dump_bash(struct pd_ctx *ctx);
enum pd_code pd_dump_zsh(struct pd_ctx *ctx);
enum pd_code pd_dump_fish(struct pd_ctx *ctx);
enum pd_code pd_dump_methods(struct pd_ctx *ctx);
/* name NULL: podium(1). */
PD_MUST enum pd_code pd_dump_man(struct pd_ctx *ctx, const char *name, struct pd_err *err);

/* A command on the walk: words is its whole name, "experiments create". */
typedef void pd_dump_fn(struct pd_ctx *ctx, const struct pd_cmd *cmd, const char *words);

/* All commands but the hidden ones, a noun before its verbs. */
void pd_dump_walk(struct pd_ctx *ctx, pd_dump_fn *fn);

/* What completes a value: the name of a hint, or "=a|b" for a choice; arena. */
const char *pd_dump_hint(struct pd_ctx *ctx, const struct pd_opt *o);

/* All visible commands' names with `gap` between; arena. */
const char *pd_dump_names(struct pd_ctx *ctx, const struct pd_cmd *const *cmds, const char *gap);

/* `text` for the inside of single quotes, each quote written as `quote`; arena. */
const char *pd_dump_quoted(struct pd_ctx *ctx, const char *text, const char *quote);

#endif

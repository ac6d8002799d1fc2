/*
 * cmd/help.h - what --help prints, from the tables.
 */
#ifndef PD_CMD_HELP_H
#define PD_CMD_HELP_H

#include "cmd/cmd.h"

enum pd_code pd_help_overview(struct pd_ctx *ctx);

/* words: the whole name, "experiments create". */
enum pd_code pd_help_cmd(struct pd_ctx *ctx, const struct pd_cmd *cmd, const char *words);

/* Pieces the man pages share. The default of a row as text, or NULL; arena. */
const char *pd_help_default(struct pd_arena *arena, const struct pd_cmd *cmd,
			    const struct pd_opt *o);
/* "podium fetch [OPTION...] URI"; arena. */
const char *pd_help_usage(struct pd_arena *arena, const struct pd_cmd *cmd, const char *words);

#endif

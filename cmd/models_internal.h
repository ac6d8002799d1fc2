/*
 * cmd/models_internal.h - the verbs of `podium models` that live in files of their own.
 */
#ifndef PD_CMD_MODELS_INTERNAL_H
#define PD_CMD_MODELS_INTERNAL_H

#include "cmd/cmd.h"

extern const struct pd_cmd pd_cmd_models_versions;
extern const struct pd_cmd pd_cmd_models_stage;

/* "champion=3 old=1" of a model's aliases, "champion" of a version's; arena. */
struct pd_str pd_models_aliases(struct pd_ctx *ctx, const json_t *aliases);

#endif

/*
 * cmd/find.h - from what a user typed to what the registry has, with near names when it has not.
 */
#ifndef PD_CMD_FIND_H
#define PD_CMD_FIND_H

#include "cmd/rest.h"

/* An experiment by id (all digits) or name. *out: its object. PD_NOT_FOUND with a near name. */
PD_MUST enum pd_code pd_find_experiment(struct pd_ctx *ctx, const char *typed, json_t **out,
					struct pd_err *err);

/*
 * The experiment new runs go to: `typed`, else MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT_ID, else
 * the default one. A name that is not there yet is made, as mlflow.set_experiment does.
 * *out_id: arena. PD_BAD_STATE: it is deleted. PD_NOT_FOUND: an id that is not there.
 */
PD_MUST enum pd_code pd_use_experiment(struct pd_ctx *ctx, const char *typed, struct pd_str *out_id,
				       struct pd_err *err);

/* A run. *out: {"info", "data", ...}. */
PD_MUST enum pd_code pd_find_run(struct pd_ctx *ctx, const char *run_id, json_t **out,
				 struct pd_err *err);

/* A registered model by name. PD_NOT_FOUND with a near name. */
PD_MUST enum pd_code pd_find_model(struct pd_ctx *ctx, const char *name, json_t **out,
				   struct pd_err *err);

/* The nearest name among the objects of an array, or NULL. */
const char *pd_find_near(struct pd_ctx *ctx, const json_t *objects, const char *key,
			 const char *typed);

#endif

/*
 * cmd/start.h - runs as MLflow's fluent API starts and ends them, with the tags that say who and
 * what made them. Source: mlflow/tracking/fluent.py (start_run), mlflow/tracking/context.
 */
#ifndef PD_CMD_START_H
#define PD_CMD_START_H

#include "cmd/find.h"

struct pd_start {
	struct pd_str experiment_id;
	const char *run_name;      /* NULL: one is made up */
	const char *source;        /* mlflow.source.name */
	const char *entry_point;   /* mlflow.project.entryPoint, or NULL */
	const char *parent_run_id; /* mlflow.parentRunId, or NULL */
	const struct pd_list *tags;
};

/* *out: the run, {"info", ...}. It is RUNNING. */
PD_MUST enum pd_code pd_start_run(struct pd_ctx *ctx, const struct pd_start *start, json_t **out,
				  struct pd_err *err);

/* status: FINISHED, FAILED, KILLED. */
PD_MUST enum pd_code pd_end_run(struct pd_ctx *ctx, struct pd_str run_id, const char *status,
				struct pd_err *err);

#endif

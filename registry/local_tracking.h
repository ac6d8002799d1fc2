/*
 * registry/local_tracking.h - experiments and runs on the database, for the files that need them:
 * search, logged models, model versions.
 */
#ifndef PD_REGISTRY_LOCAL_TRACKING_H
#define PD_REGISTRY_LOCAL_TRACKING_H

#include "registry/local.h"

/* ---------------------------------------------------------------- experiments */

/* What pd_experiment_json reads, from `experiments`. */
#define PD_EXPERIMENT_COLUMNS                                                                      \
	"experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time"

/* The experiment at the statement's row, with its tags. *out: given. */
PD_MUST enum pd_code pd_experiment_json(struct pd_local *l, sqlite3_stmt *q, json_t **out,
					struct pd_err *err);

/* PD_NOT_FOUND: no such experiment.  PD_INVALID: deleted, or not an id. */
PD_MUST enum pd_code pd_experiment_check_active(struct pd_local *l, struct pd_str id,
						int64_t *out_id, struct pd_err *err);

/* ---------------------------------------------------------------- runs */

/* What pd_run_json and pd_run_info_json read, from `runs`. */
#define PD_RUN_COLUMNS                                                                             \
	"run_uuid, name, experiment_id, user_id, status, start_time, end_time, artifact_uri, "     \
	"lifecycle_stage"

/* The run at the statement's row: info alone; or info, data, inputs and outputs. Given. */
json_t *pd_run_info_json(sqlite3_stmt *q);
PD_MUST enum pd_code pd_run_json(struct pd_local *l, sqlite3_stmt *q, json_t **out,
				 struct pd_err *err);

/* PD_NOT_FOUND: no such run.  PD_INVALID: it is deleted. out_experiment_id: NULL is allowed. */
PD_MUST enum pd_code pd_run_check_active(struct pd_local *l, struct pd_str run_id,
					 int64_t *out_experiment_id, struct pd_err *err);

/* run_id of a request, or its old name run_uuid. */
struct pd_str pd_req_run_id(const json_t *req);

/* All runs of an experiment become "active" or "deleted". */
PD_MUST enum pd_code pd_runs_set_stage(struct pd_local *l, int64_t experiment_id, const char *stage,
				       struct pd_err *err);

/* ---------------------------------------------------------------- what is logged to a run */

/* Set a tag that was checked before; mlflow.runName renames the run too. */
PD_MUST enum pd_code pd_run_put_tag(struct pd_local *l, struct pd_str run_id, struct pd_str key,
				    struct pd_str value, struct pd_err *err);

/* MLflow's checks of one metric; `path` is "" or "metrics[3]". */
PD_MUST enum pd_code pd_metric_check(const json_t *metric, const char *path, struct pd_err *err);

/* Write a metric that was checked: its history, the latest value, and the model's own copy when
 * it names a model. */
PD_MUST enum pd_code pd_metric_put(struct pd_local *l, struct pd_str run_id, int64_t experiment_id,
				   const json_t *metric, struct pd_err *err);

/* The metric at a row of key, value, timestamp, step, is_nan. Given. */
json_t *pd_metric_json(sqlite3_stmt *q);

/* Infinities are kept as the largest finite numbers, NaN as 0 beside a mark. */
double pd_metric_stored(double v, bool *out_is_nan);

/* Add the datasets and models a run used to "inputs", those it made to "outputs". */
PD_MUST enum pd_code pd_run_inputs_json(struct pd_local *l, struct pd_str run_id, json_t *run,
					struct pd_err *err);

/* "adjective-noun-123", at most 20 characters. */
#define PD_RUN_NAME_MAX 21
void pd_run_name(char out[PD_RUN_NAME_MAX]);

#endif

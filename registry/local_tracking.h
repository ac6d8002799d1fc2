/*
 * registry/local_tracking.h - experiments and runs on the database, for the files that need them:
 * search, logged models, model versions.
 */
#ifndef PD_REGISTRY_LOCAL_TRACKING_H
#define PD_REGISTRY_LOCAL_TRACKING_H

#include "registry/local.h"

/* What pd_experiment_json reads, from `experiments`. */
#define PD_EXPERIMENT_COLUMNS                                                                      \
	"experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time"

/* The experiment at the statement's row, with its tags. *out: given. */
PD_MUST enum pd_code pd_experiment_json(struct pd_local *l, sqlite3_stmt *q, json_t **out,
					struct pd_err *err);

/* PD_NOT_FOUND: no such experiment.  PD_INVALID: deleted, or not an id. */
PD_MUST enum pd_code pd_experiment_check_active(struct pd_local *l, struct pd_str id,
						int64_t *out_id, struct pd_err *err);

/* All runs of an experiment become "active" or "deleted". */
PD_MUST enum pd_code pd_runs_set_stage(struct pd_local *l, int64_t experiment_id, const char *stage,
				       struct pd_err *err);

#endif

/*
 * Runs. Source: mlflow/store/tracking/sqlalchemy_store.py, mlflow/entities/run_info.py.
 */
#include "registry/local_tracking.h"

enum pd_code pd_runs_set_stage(struct pd_local *l, int64_t experiment_id, const char *stage,
			       struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool active = strcmp(stage, "active") == 0;
	PD_TRY(pd_db_query(&l->db,
			   "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? "
			   "WHERE experiment_id = ?",
			   &q, err));
	pd_bind_z(q, 1, stage);
	if (!active)
		sqlite3_bind_int64(q, 2, pd_local_now_ms(l));
	sqlite3_bind_int64(q, 3, experiment_id);
	return pd_db_exec(&l->db, q, err);
}

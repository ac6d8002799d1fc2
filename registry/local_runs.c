/*
 * Runs. Source: mlflow/store/tracking/sqlalchemy_store.py, mlflow/entities/run_info.py.
 */
#include "registry/local_tracking.h"

#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"
#include "schema/methods.h"

#define RUN_NAME_TAG "mlflow.runName"

/* ---------------------------------------------------------------- reading */

json_t *pd_run_info_json(sqlite3_stmt *q)
{
	json_t *o = json_object();
	pd_json_put_column(o, "run_uuid", q, 0);
	pd_json_put_column(o, "run_id", q, 0);
	pd_json_put_column(o, "run_name", q, 1);
	pd_json_put_column(o, "experiment_id", q, 2);
	pd_json_put_column(o, "user_id", q, 3);
	pd_json_put_column(o, "status", q, 4);
	pd_json_put_i64_column(o, "start_time", q, 5);
	pd_json_put_i64_column(o, "end_time", q, 6);
	pd_json_put_column(o, "artifact_uri", q, 7);
	pd_json_put_column(o, "lifecycle_stage", q, 8);
	return o;
}

static enum pd_code put_pairs(struct pd_local *l, const char *sql, struct pd_str run_id,
			      json_t *data, const char *key, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	json_t *list = json_array();
	PD_AUTO_JSON json_t *hold = list;
	PD_TRY(pd_db_query(&l->db, sql, &q, err));
	pd_bind_str(q, 1, run_id);
	PD_TRY(pd_local_pairs(l, q, list, err));
	if (json_array_size(list) > 0)
		json_object_set(data, key, list);
	return PD_OK;
}

static enum pd_code put_metrics(struct pd_local *l, struct pd_str run_id, json_t *data,
				struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "SELECT key, value, timestamp, step, is_nan FROM latest_metrics "
			   "WHERE run_uuid = ?",
			   &q, err));
	pd_bind_str(q, 1, run_id);
	json_t *list = json_array();
	PD_AUTO_JSON json_t *hold = list;
	for (;;) {
		bool row = false;
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			break;
		json_array_append_new(list, pd_metric_json(q));
	}
	if (json_array_size(list) > 0)
		json_object_set(data, "metrics", list);
	return PD_OK;
}

static enum pd_code run_data(struct pd_local *l, struct pd_str run_id, json_t *data,
			     struct pd_err *err)
{
	PD_TRY(put_metrics(l, run_id, data, err));
	PD_TRY(put_pairs(l, "SELECT key, value FROM params WHERE run_uuid = ?", run_id, data,
			 "params", err));
	return put_pairs(l, "SELECT key, value FROM tags WHERE run_uuid = ?", run_id, data, "tags",
			 err);
}

enum pd_code pd_run_json(struct pd_local *l, sqlite3_stmt *q, json_t **out, struct pd_err *err)
{
	PD_AUTO_JSON json_t *run = json_object();
	json_t *info = pd_run_info_json(q);
	json_t *data = json_object();
	json_object_set_new(run, "info", info);
	json_object_set_new(run, "data", data);
	struct pd_str run_id = pd_req_str(info, "run_id");
	PD_TRY(run_data(l, run_id, data, err));
	PD_TRY(pd_run_inputs_json(l, run_id, run, err));
	*out = PD_TAKE(run);
	return PD_OK;
}

struct pd_str pd_req_run_id(const json_t *req)
{
	struct pd_str id = pd_req_str(req, "run_id");
	return id.n > 0 ? id : pd_req_str(req, "run_uuid");
}

/* A statement over one run, at its row; reset it when done. */
static enum pd_code seek(struct pd_local *l, struct pd_str run_id, sqlite3_stmt **out,
			 struct pd_err *err)
{
	bool row = false;
	PD_TRY(pd_db_query(&l->db, "SELECT " PD_RUN_COLUMNS " FROM runs WHERE run_uuid = ?", out,
			   err));
	pd_bind_str(*out, 1, run_id.p ? run_id : PD_STR(""));
	PD_TRY(pd_db_step(&l->db, *out, &row, err));
	if (!row)
		return pd_fail(err, PD_NOT_FOUND, "Run with id=%.*s not found", PD_STR_ARG(run_id));
	return PD_OK;
}

enum pd_code pd_run_check_active(struct pd_local *l, struct pd_str run_id,
				 int64_t *out_experiment_id, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	enum pd_code code = PD_OK;
	PD_TRY(seek(l, run_id, &q, err));
	struct pd_str stage = pd_column_str(q, 8);
	if (!pd_str_eq(stage, PD_STR("active")))
		code = pd_fail(err, PD_INVALID,
			       "The run %.*s must be in the 'active' state. Current state is %.*s.",
			       PD_STR_ARG(run_id), PD_STR_ARG(stage));
	if (out_experiment_id)
		*out_experiment_id = sqlite3_column_int64(q, 2);
	sqlite3_reset(q);
	return code;
}

static enum pd_code get_run(struct pd_local *l, struct pd_str run_id, json_t **out,
			    struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	json_t *run = NULL;
	PD_TRY(seek(l, run_id, &q, err));
	enum pd_code code = pd_run_json(l, q, &run, err);
	sqlite3_reset(q);
	PD_TRY(code);
	*out = json_object();
	json_object_set_new(*out, "run", run);
	return PD_OK;
}

static enum pd_code runs_get(struct pd_local *l, const json_t *req, json_t **out,
			     struct pd_err *err)
{
	return get_run(l, pd_req_run_id(req), out, err);
}

/* ---------------------------------------------------------------- create */

/* The value of mlflow.runName among the tags: of several, the first. */
static struct pd_str name_in_tags(const json_t *tags)
{
	size_t i;
	const json_t *tag;
	json_array_foreach(tags, i, tag)
	{
		if (pd_str_eq(pd_req_str(tag, "key"), PD_STR(RUN_NAME_TAG)))
			return pd_req_str(tag, "value");
	}
	return (struct pd_str){ 0 };
}

static enum pd_code choose_name(const json_t *req, char random[PD_RUN_NAME_MAX], struct pd_str *out,
				struct pd_err *err)
{
	struct pd_str name = pd_req_str(req, "run_name");
	struct pd_str tag = name_in_tags(json_object_get(req, "tags"));
	if (name.n > 0 && tag.n > 0 && !pd_str_eq(name, tag))
		return pd_fail(err, PD_INVALID,
			       "Both 'run_name' argument and 'mlflow.runName' tag are specified, "
			       "but with different values (run_name='%.*s', "
			       "mlflow.runName='%.*s').",
			       PD_STR_ARG(name), PD_STR_ARG(tag));
	if (name.n == 0)
		name = tag;
	if (name.n == 0) {
		pd_run_name(random);
		name = pd_str_from(random);
	}
	*out = name;
	return PD_OK;
}

static enum pd_code artifact_uri(struct pd_local *l, int64_t experiment_id, const char *run_id,
				 char **out, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	char part[64];
	PD_TRY(pd_db_query(&l->db,
			   "SELECT artifact_location FROM experiments WHERE experiment_id = ?", &q,
			   err));
	sqlite3_bind_int64(q, 1, experiment_id);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	PD_AUTO_FREE char *root = pd_str_dup(row ? pd_column_str(q, 0) : PD_STR(""));
	sqlite3_reset(q);
	snprintf(part, sizeof(part), "%s/artifacts", run_id);
	*out = pd_local_uri_join(root, pd_str_from(part));
	return PD_OK;
}

static enum pd_code insert_run(struct pd_local *l, const json_t *req, const char *run_id,
			       int64_t experiment_id, struct pd_str name, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_AUTO_FREE char *uri = NULL;
	PD_TRY(artifact_uri(l, experiment_id, run_id, &uri, err));
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO runs (run_uuid, name, source_type, source_name, "
			   "entry_point_name, user_id, status, start_time, source_version, "
			   "lifecycle_stage, artifact_uri, experiment_id) "
			   "VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, '', 'active', ?, ?)",
			   &q, err));
	struct pd_str user = pd_req_str(req, "user_id");
	pd_bind_z(q, 1, run_id);
	pd_bind_str(q, 2, name);
	pd_bind_str(q, 3, user.p ? user : PD_STR(""));
	sqlite3_bind_int64(q, 4, pd_req_i64(req, "start_time", 0));
	pd_bind_z(q, 5, uri);
	sqlite3_bind_int64(q, 6, experiment_id);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code insert_tag(struct pd_local *l, const char *run_id, struct pd_str key,
			       struct pd_str value, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db, "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", &q,
			   err));
	pd_bind_str(q, 1, key.p ? key : PD_STR(""));
	pd_bind_str(q, 2, value.p ? value : PD_STR(""));
	pd_bind_z(q, 3, run_id);
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_EXISTS) /* MLflow's answer, with SQLAlchemy's text */
		return pd_fail(err, PD_BAD_REQUEST, "Tag '%.*s' is given more than once",
			       PD_STR_ARG(key));
	return code;
}

/* Tags of a new run are taken as they are: MLflow checks neither names nor lengths here. */
static enum pd_code insert_tags(struct pd_local *l, const json_t *req, const char *run_id,
				struct pd_str name, struct pd_err *err)
{
	size_t i;
	const json_t *tag;
	const json_t *tags = json_object_get(req, "tags");
	json_array_foreach(tags, i, tag) PD_TRY(
		insert_tag(l, run_id, pd_req_str(tag, "key"), pd_req_str(tag, "value"), err));
	if (name_in_tags(tags).n == 0)
		PD_TRY(insert_tag(l, run_id, PD_STR(RUN_NAME_TAG), name, err));
	return PD_OK;
}

static enum pd_code runs_create(struct pd_local *l, const json_t *req, json_t **out,
				struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	char run_id[33];
	char random[PD_RUN_NAME_MAX];
	struct pd_str name;
	int64_t experiment_id = 0;
	struct pd_str experiment = pd_req_str(req, "experiment_id");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_experiment_check_active(l, experiment.n > 0 ? experiment : PD_STR("0"),
					  &experiment_id, err));
	PD_TRY(choose_name(req, random, &name, err));
	pd_uuid_hex(run_id);
	PD_TRY(insert_run(l, req, run_id, experiment_id, name, err));
	PD_TRY(insert_tags(l, req, run_id, name, err));
	PD_AUTO_JSON json_t *answer = NULL;
	PD_TRY(get_run(l, pd_str_from(run_id), &answer, err));
	json_object_del(json_object_get(answer, "run"), "outputs"); /* MLflow leaves it out here */
	PD_TRY(pd_tx_commit(&tx, err));
	*out = PD_TAKE(answer);
	return PD_OK;
}

/* ---------------------------------------------------------------- update */

static enum pd_code set_info(struct pd_local *l, const json_t *req, struct pd_str run_id,
			     struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	struct pd_str name = pd_req_str(req, "run_name");
	PD_TRY(pd_db_query(&l->db,
			   "UPDATE runs SET status = coalesce(?2, status), "
			   "end_time = coalesce(?3, end_time) WHERE run_uuid = ?1",
			   &q, err));
	pd_bind_str(q, 1, run_id);
	pd_bind_str(q, 2, pd_req_str(req, "status"));
	if (pd_req_has(req, "end_time"))
		sqlite3_bind_int64(q, 3, pd_req_i64(req, "end_time", 0));
	PD_TRY(pd_db_exec(&l->db, q, err));
	return name.n > 0 ? pd_run_put_tag(l, run_id, PD_STR(RUN_NAME_TAG), name, err) : PD_OK;
}

static enum pd_code runs_update(struct pd_local *l, const json_t *req, json_t **out,
				struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str run_id = pd_req_run_id(req);
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, NULL, err));
	PD_TRY(set_info(l, req, run_id, err));
	PD_TRY(seek(l, run_id, &q, err));
	PD_AUTO_JSON json_t *info = pd_run_info_json(q);
	sqlite3_reset(q);
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	json_object_set(*out, "run_info", info);
	return PD_OK;
}

/* ---------------------------------------------------------------- delete, restore */

/* Assessments that a deleted evaluation run made go with it, as in MLflow. */
static enum pd_code delete_assessments(struct pd_local *l, struct pd_str run_id, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	if (!l->has.assessments)
		return PD_OK;
	PD_TRY(pd_db_query(&l->db,
			   "DELETE FROM assessments WHERE instr(assessment_metadata, "
			   "'\"mlflow.assessment.sourceRunId\": \"' || ? || '\"') > 0",
			   &q, err));
	pd_bind_str(q, 1, run_id);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code set_stage(struct pd_local *l, struct pd_str run_id, bool deleted,
			      struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? "
			   "WHERE run_uuid = ?",
			   &q, err));
	pd_bind_z(q, 1, deleted ? "deleted" : "active");
	if (deleted)
		sqlite3_bind_int64(q, 2, pd_local_now_ms(l));
	pd_bind_str(q, 3, run_id);
	PD_TRY(pd_db_exec(&l->db, q, err));
	return deleted ? delete_assessments(l, run_id, err) : PD_OK;
}

static enum pd_code move(struct pd_local *l, const json_t *req, bool deleted, json_t **out,
			 struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str run_id = pd_req_str(req, "run_id");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(seek(l, run_id, &q, err));
	sqlite3_reset(q);
	PD_TRY(set_stage(l, run_id, deleted, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code runs_delete(struct pd_local *l, const json_t *req, json_t **out,
				struct pd_err *err)
{
	return move(l, req, true, out, err);
}

static enum pd_code runs_restore(struct pd_local *l, const json_t *req, json_t **out,
				 struct pd_err *err)
{
	return move(l, req, false, out, err);
}

enum pd_code pd_runs_set_stage(struct pd_local *l, int64_t experiment_id, const char *stage,
			       struct pd_err *err)
{
	PD_AUTO_STMT sqlite3_stmt *runs = NULL;
	bool deleted = strcmp(stage, "deleted") == 0;
	PD_TRY(pd_db_prepare(&l->db, PD_STR("SELECT run_uuid FROM runs WHERE experiment_id = ?"),
			     &runs, err));
	sqlite3_bind_int64(runs, 1, experiment_id);
	for (;;) {
		bool row = false;
		PD_TRY(pd_db_step(&l->db, runs, &row, err));
		if (!row)
			return PD_OK;
		PD_TRY(set_stage(l, pd_column_str(runs, 0), deleted, err));
	}
}

const struct pd_local_method pd_local_runs[] = {
	{ NULL, "runs/create", runs_create },   { NULL, "runs/get", runs_get },
	{ NULL, "runs/update", runs_update },   { NULL, "runs/delete", runs_delete },
	{ NULL, "runs/restore", runs_restore }, { NULL, NULL, NULL },
};

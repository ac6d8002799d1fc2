/*
 * Experiments. Source: mlflow/store/tracking/sqlalchemy_store.py, mlflow/entities/experiment.py.
 */
#include "registry/local_tracking.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "registry/check.h"
#include "schema/methods.h"

#define CUSTOM_VIEW_PREFIX "mlflow.customView.view"
#define MAX_CUSTOM_VIEWS   50

/* ---------------------------------------------------------------- reading */

static enum pd_code experiment_tags(struct pd_local *l, int64_t id, json_t *list,
				    struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "SELECT key, value FROM experiment_tags WHERE experiment_id = ? "
			   "ORDER BY rowid",
			   &q, err));
	sqlite3_bind_int64(q, 1, id);
	return pd_local_pairs(l, q, list, err);
}

/* MLflow leaves a time of zero out. */
static void put_time(json_t *o, const char *key, sqlite3_stmt *q, int i)
{
	if (sqlite3_column_int64(q, i) != 0)
		json_object_set_new(o, key, json_integer(sqlite3_column_int64(q, i)));
}

enum pd_code pd_experiment_json(struct pd_local *l, sqlite3_stmt *q, json_t **out,
				struct pd_err *err)
{
	PD_AUTO_JSON json_t *o = json_object();
	int64_t id = sqlite3_column_int64(q, 0);
	pd_json_put_column(o, "experiment_id", q, 0);
	pd_json_put_column(o, "name", q, 1);
	pd_json_put_column(o, "artifact_location", q, 2);
	pd_json_put_column(o, "lifecycle_stage", q, 3);
	/* a store without workspaces is the default one; MLflow says so */
	json_object_set_new(o, "workspace", json_string("default"));
	put_time(o, "last_update_time", q, 5);
	put_time(o, "creation_time", q, 4);
	json_object_set_new(o, "workspace", json_string("default"));
	json_t *tags = json_array();
	PD_AUTO_JSON json_t *hold = tags;
	PD_TRY(experiment_tags(l, id, tags, err));
	if (json_array_size(tags) > 0)
		json_object_set(o, "tags", tags);
	*out = PD_TAKE(o);
	return PD_OK;
}

/* A statement over one experiment, at its row; PD_NOT_FOUND without one. */
static enum pd_code seek(struct pd_local *l, struct pd_str text, sqlite3_stmt **out,
			 int64_t *out_id, struct pd_err *err)
{
	bool row = false;
	PD_TRY(pd_parse_experiment_id(text, out_id, err));
	PD_TRY(pd_db_query(
		&l->db, "SELECT " PD_EXPERIMENT_COLUMNS " FROM experiments WHERE experiment_id = ?",
		out, err));
	sqlite3_bind_int64(*out, 1, *out_id);
	PD_TRY(pd_db_step(&l->db, *out, &row, err));
	if (!row)
		return pd_fail(err, PD_NOT_FOUND, "No Experiment with id=%lld exists",
			       (long long)*out_id);
	return PD_OK;
}

/* The id, and that it is in `stage` ("active", "deleted"; NULL: any). */
static enum pd_code find_in_stage(struct pd_local *l, struct pd_str text, const char *stage,
				  int64_t *out_id, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(seek(l, text, &q, out_id, err));
	bool there = !stage || pd_str_eqz(pd_column_str(q, 3), stage);
	sqlite3_reset(q);
	if (!there)
		return pd_fail(err, PD_NOT_FOUND, "No Experiment with id=%lld exists",
			       (long long)*out_id);
	return PD_OK;
}

enum pd_code pd_experiment_check_active(struct pd_local *l, struct pd_str text, int64_t *out_id,
					struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	enum pd_code code = PD_OK;
	PD_TRY(seek(l, text, &q, out_id, err));
	struct pd_str stage = pd_column_str(q, 3);
	if (!pd_str_eq(stage, PD_STR("active")))
		code = pd_fail(err, PD_INVALID,
			       "The experiment %lld must be in the 'active' state. Current state "
			       "is %.*s.",
			       (long long)*out_id, PD_STR_ARG(stage));
	sqlite3_reset(q);
	return code;
}

static enum pd_code answer(struct pd_local *l, sqlite3_stmt *q, json_t **out, struct pd_err *err)
{
	json_t *experiment = NULL;
	enum pd_code code = pd_experiment_json(l, q, &experiment, err);
	sqlite3_reset(q);
	PD_TRY(code);
	*out = json_object();
	json_object_set_new(*out, "experiment", experiment);
	return PD_OK;
}

static enum pd_code experiments_get(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t id = 0;
	PD_TRY(seek(l, pd_req_str(req, "experiment_id"), &q, &id, err));
	return answer(l, q, out, err);
}

static enum pd_code experiments_get_by_name(struct pd_local *l, const json_t *req, json_t **out,
					    struct pd_err *err)
{
	struct pd_str name = pd_req_str(req, "experiment_name");
	sqlite3_stmt *q = NULL;
	bool row = false;
	PD_TRY(pd_db_query(&l->db,
			   "SELECT " PD_EXPERIMENT_COLUMNS " FROM experiments WHERE name = ?", &q,
			   err));
	pd_bind_str(q, 1, name);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	if (!row)
		return pd_fail(err, PD_NOT_FOUND, "Could not find experiment with name '%.*s'",
			       PD_STR_ARG(name));
	return answer(l, q, out, err);
}

/* ---------------------------------------------------------------- tags */

static enum pd_code put_tag(struct pd_local *l, int64_t id, struct pd_str key, struct pd_str value,
			    struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO experiment_tags (experiment_id, key, value) "
			   "VALUES (?, ?, ?) "
			   "ON CONFLICT (key, experiment_id) DO UPDATE SET value = excluded.value",
			   &q, err));
	sqlite3_bind_int64(q, 1, id);
	pd_bind_str(q, 2, key);
	pd_bind_str(q, 3, value.p ? value : PD_STR(""));
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code too_many_views(const char *where, struct pd_err *err)
{
	return pd_fail(err, PD_INVALID,
		       "Unable to create another custom view%s; the maximum number of custom views "
		       "per experiment is %d. Delete an existing custom view before creating a new "
		       "one.",
		       where, MAX_CUSTOM_VIEWS);
}

/* Writing over a view that is there is always allowed. */
static enum pd_code check_view_tag(struct pd_local *l, struct pd_str text, struct pd_str key,
				   struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t id = 0;
	bool row = false;
	if (!pd_str_starts(key, PD_STR(CUSTOM_VIEW_PREFIX)))
		return PD_OK;
	PD_TRY(find_in_stage(l, text, NULL, &id, err));
	PD_TRY(pd_db_query(&l->db,
			   "SELECT count(*), coalesce(sum(key = ?2), 0) FROM experiment_tags "
			   "WHERE experiment_id = ?1 AND substr(key, 1, ?3) = ?4",
			   &q, err));
	sqlite3_bind_int64(q, 1, id);
	pd_bind_str(q, 2, key);
	sqlite3_bind_int64(q, 3, sizeof(CUSTOM_VIEW_PREFIX) - 1);
	pd_bind_z(q, 4, CUSTOM_VIEW_PREFIX);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	int64_t n = sqlite3_column_int64(q, 0);
	bool is_there = sqlite3_column_int64(q, 1) > 0;
	sqlite3_reset(q);
	char where[64];
	snprintf(where, sizeof(where), " for experiment %lld", (long long)id);
	return !is_there && n >= MAX_CUSTOM_VIEWS ? too_many_views(where, err) : PD_OK;
}

static enum pd_code experiments_set_tag(struct pd_local *l, const json_t *req, json_t **out,
					struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	int64_t id = 0;
	struct pd_str key = pd_req_str(req, "key");
	struct pd_str value = pd_req_str(req, "value");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(check_view_tag(l, pd_req_str(req, "experiment_id"), key, err));
	PD_TRY(pd_check_experiment_tag(key, value, err));
	PD_TRY(pd_experiment_check_active(l, pd_req_str(req, "experiment_id"), &id, err));
	PD_TRY(put_tag(l, id, key, value, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code experiments_delete_tag(struct pd_local *l, const json_t *req, json_t **out,
					   struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	int64_t id = 0;
	struct pd_str text = pd_req_str(req, "experiment_id");
	struct pd_str key = pd_req_str(req, "key");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_experiment_check_active(l, text, &id, err));
	PD_TRY(pd_db_query(&l->db,
			   "DELETE FROM experiment_tags WHERE experiment_id = ? AND key = ?", &q,
			   err));
	sqlite3_bind_int64(q, 1, id);
	pd_bind_str(q, 2, key);
	PD_TRY(pd_db_exec(&l->db, q, err));
	if (sqlite3_changes(l->db.conn) == 0)
		return pd_fail(err, PD_NOT_FOUND,
			       "No tag with name: %.*s in experiment with id %.*s", PD_STR_ARG(key),
			       PD_STR_ARG(text));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- create, rename */

static enum pd_code insert(struct pd_local *l, struct pd_str name, const char *location,
			   int64_t *out_id, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t now_ms = pd_local_now_ms(l);
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO experiments (name, artifact_location, lifecycle_stage, "
			   "creation_time, last_update_time) VALUES (?, ?, 'active', ?, ?)",
			   &q, err));
	pd_bind_str(q, 1, name);
	pd_bind_z(q, 2, location);
	sqlite3_bind_int64(q, 3, now_ms);
	sqlite3_bind_int64(q, 4, now_ms);
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_EXISTS)
		return pd_fail(err, PD_EXISTS, "Experiment(name=%.*s) already exists.",
			       PD_STR_ARG(name));
	*out_id = sqlite3_last_insert_rowid(l->db.conn);
	return code;
}

/* The default location holds the id, which only the insert gives. */
static enum pd_code set_default_location(struct pd_local *l, int64_t id, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	char text[24];
	snprintf(text, sizeof(text), "%lld", (long long)id);
	PD_AUTO_FREE char *location = pd_local_uri_join(l->artifact_root, pd_str_from(text));
	PD_TRY(pd_db_query(&l->db,
			   "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
			   &q, err));
	pd_bind_z(q, 1, location);
	sqlite3_bind_int64(q, 2, id);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code check_new(struct pd_local *l, const json_t *req, struct pd_err *err)
{
	size_t i, n_views = 0;
	const json_t *tag, *tags = json_object_get(req, "tags");
	struct pd_str location = pd_req_str(req, "artifact_location");
	json_array_foreach(tags, i, tag)
		n_views += pd_str_starts(pd_req_str(tag, "key"), PD_STR(CUSTOM_VIEW_PREFIX));
	if (n_views > MAX_CUSTOM_VIEWS)
		return too_many_views("", err);
	if (location.n > 0)
		PD_TRY(pd_check_artifact_uri(l->env, location, "artifact_location", err));
	PD_TRY(pd_check_experiment_name(pd_req_str(req, "name"), err));
	json_array_foreach(tags, i, tag) PD_TRY(
		pd_check_experiment_tag(pd_req_str(tag, "key"), pd_req_str(tag, "value"), err));
	return PD_OK;
}

static enum pd_code experiments_create(struct pd_local *l, const json_t *req, json_t **out,
				       struct pd_err *err)
{
	PD_TRY(check_new(l, req, err));
	PD_AUTO(pd_tx) tx = { 0 };
	struct pd_str location = pd_req_str(req, "artifact_location");
	PD_AUTO_FREE char *given = location.n > 0 ? pd_local_resolve_uri(location) : NULL;
	int64_t id = 0;
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(insert(l, pd_req_str(req, "name"), given, &id, err));
	if (!given)
		PD_TRY(set_default_location(l, id, err));
	size_t i;
	const json_t *tag;
	json_array_foreach(json_object_get(req, "tags"), i, tag)
		PD_TRY(put_tag(l, id, pd_req_str(tag, "key"), pd_req_str(tag, "value"), err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_pack("{s:o}", "experiment_id", json_sprintf("%lld", (long long)id));
	return PD_OK;
}

static enum pd_code experiments_update(struct pd_local *l, const json_t *req, json_t **out,
				       struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	int64_t id = 0;
	struct pd_str name = pd_req_str(req, "new_name");
	PD_TRY(pd_check_experiment_name(name, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(seek(l, pd_req_str(req, "experiment_id"), &q, &id, err));
	bool active = pd_str_eq(pd_column_str(q, 3), PD_STR("active"));
	sqlite3_reset(q);
	if (!active)
		return pd_fail(err, PD_BAD_STATE, "Cannot rename a non-active experiment.");
	PD_TRY(pd_db_query(&l->db,
			   "UPDATE experiments SET name = ?, last_update_time = ? "
			   "WHERE experiment_id = ?",
			   &q, err));
	pd_bind_str(q, 1, name);
	sqlite3_bind_int64(q, 2, pd_local_now_ms(l));
	sqlite3_bind_int64(q, 3, id);
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_EXISTS) /* MLflow answers BAD_REQUEST here, with SQLAlchemy's text */
		return pd_fail(err, PD_BAD_REQUEST, "Experiment(name=%.*s) already exists.",
			       PD_STR_ARG(name));
	PD_TRY(code);
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- delete, restore */

static enum pd_code set_stage(struct pd_local *l, int64_t id, const char *stage, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? "
			   "WHERE experiment_id = ?",
			   &q, err));
	pd_bind_z(q, 1, stage);
	sqlite3_bind_int64(q, 2, pd_local_now_ms(l));
	sqlite3_bind_int64(q, 3, id);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code move(struct pd_local *l, const json_t *req, const char *from, const char *to,
			 json_t **out, struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	int64_t id = 0;
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(find_in_stage(l, pd_req_str(req, "experiment_id"), from, &id, err));
	PD_TRY(set_stage(l, id, to, err));
	PD_TRY(pd_runs_set_stage(l, id, to, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code experiments_delete(struct pd_local *l, const json_t *req, json_t **out,
				       struct pd_err *err)
{
	return move(l, req, "active", "deleted", out, err);
}

static enum pd_code experiments_restore(struct pd_local *l, const json_t *req, json_t **out,
					struct pd_err *err)
{
	return move(l, req, "deleted", "active", out, err);
}

const struct pd_local_method pd_local_experiments[] = {
	{ NULL, "experiments/create", experiments_create },
	{ NULL, "experiments/get", experiments_get },
	{ NULL, "experiments/get-by-name", experiments_get_by_name },
	{ NULL, "experiments/update", experiments_update },
	{ NULL, "experiments/delete", experiments_delete },
	{ NULL, "experiments/restore", experiments_restore },
	{ NULL, "experiments/set-experiment-tag", experiments_set_tag },
	{ NULL, "experiments/delete-experiment-tag", experiments_delete_tag },
	{ NULL, NULL, NULL },
};

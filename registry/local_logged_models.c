/*
 * Logged models (MLflow 3's "m-..." entities): what a run made, before and beside any registered
 * model. Source: mlflow/store/tracking/sqlalchemy_store.py, mlflow/entities/logged_model.py.
 */
#include "registry/local_models.h"

#include <stdlib.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "registry/check.h"
#include "registry/local_tracking.h"
#include "schema/methods.h"

#define VERSIONS_TAG "mlflow.modelVersions"
#define TEXT_MAX     ((size_t)16 << 20) /* of that tag's value */

static const char *const statuses[] = {
	"LOGGED_MODEL_STATUS_UNSPECIFIED",
	"LOGGED_MODEL_PENDING",
	"LOGGED_MODEL_READY",
	"LOGGED_MODEL_UPLOAD_FAILED",
};

static enum pd_code check_has(const struct pd_local *l, struct pd_err *err)
{
	if (l->has.logged_models)
		return PD_OK;
	return pd_fail(err, PD_UNSUPPORTED,
		       "%s: made by an MLflow before 3.0, which has no logged models", l->db.path);
}

static enum pd_code not_found(struct pd_str id, struct pd_err *err)
{
	return pd_fail(err, PD_NOT_FOUND, "Logged model with ID '%.*s' not found.", PD_STR_ARG(id));
}

/* ---------------------------------------------------------------- reading */

static enum pd_code put_pairs(struct pd_local *l, const char *sql, struct pd_str id, json_t *o,
			      const char *key, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_AUTO_JSON json_t *list = json_array();
	PD_TRY(pd_db_query(&l->db, sql, &q, err));
	pd_bind_str(q, 1, id);
	PD_TRY(pd_local_pairs(l, q, list, err));
	if (json_array_size(list) > 0)
		json_object_set(o, key, list);
	return PD_OK;
}

static json_t *metric_json(sqlite3_stmt *q)
{
	static const char *const optional[] = { "dataset_name", "dataset_digest", "run_id" };
	json_t *m = json_object();
	pd_json_put_column(m, "key", q, 0);
	pd_json_put_double(m, "value", sqlite3_column_double(q, 1));
	pd_json_put_i64_column(m, "timestamp", q, 2);
	pd_json_put_i64_column(m, "step", q, 3);
	for (size_t i = 0; i < PD_LEN(optional); i++)
		if (pd_column_str(q, (int)i + 4).n)
			pd_json_put_column(m, optional[i], q, (int)i + 4);
	pd_json_put_column(m, "model_id", q, 7);
	return m;
}

static enum pd_code put_metrics(struct pd_local *l, struct pd_str id, json_t *o, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_AUTO_JSON json_t *list = json_array();
	PD_TRY(pd_db_query(&l->db,
			   "SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, "
			   "dataset_name, dataset_digest, run_id, model_id "
			   "FROM logged_model_metrics WHERE model_id = ? ORDER BY rowid",
			   &q, err));
	pd_bind_str(q, 1, id);
	for (bool row = true;;) {
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			break;
		json_array_append_new(list, metric_json(q));
	}
	if (json_array_size(list) > 0)
		json_object_set(o, "metrics", list);
	return PD_OK;
}

enum pd_code pd_logged_model_json(struct pd_local *l, sqlite3_stmt *q, json_t **out,
				  struct pd_err *err)
{
	PD_AUTO_JSON json_t *info = json_object();
	PD_AUTO_JSON json_t *data = json_object();
	int64_t status = sqlite3_column_int64(q, 6);
	pd_json_put_column(info, "model_id", q, 0);
	pd_json_put_column(info, "experiment_id", q, 1);
	pd_json_put_column(info, "name", q, 2);
	pd_json_put_column(info, "artifact_uri", q, 3);
	pd_json_put_i64_column(info, "creation_timestamp_ms", q, 4);
	pd_json_put_i64_column(info, "last_updated_timestamp_ms", q, 5);
	if (status < 0 || (size_t)status >= PD_LEN(statuses))
		return pd_fail(err, PD_INVALID, "Unknown model status: %lld", (long long)status);
	json_object_set_new(info, "status", json_string(statuses[status]));
	pd_json_put_column(info, "model_type", q, 7);
	pd_json_put_column(info, "source_run_id", q, 8);
	pd_json_put_column(info, "status_message", q, 9);
	struct pd_str id = pd_json_str(json_object_get(info, "model_id"));
	PD_TRY(put_pairs(l,
			 "SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ? "
			 "ORDER BY rowid",
			 id, info, "tags", err));
	PD_TRY(put_pairs(l,
			 "SELECT param_key, param_value FROM logged_model_params "
			 "WHERE model_id = ? ORDER BY rowid",
			 id, data, "params", err));
	PD_TRY(put_metrics(l, id, data, err));
	*out = json_pack("{s:O, s:O}", "info", info, "data", data);
	return PD_OK;
}

/* A statement at the model's row, deleted or not; reset it when done. */
static enum pd_code seek(struct pd_local *l, struct pd_str id, sqlite3_stmt **out,
			 struct pd_err *err)
{
	bool row = false;
	PD_TRY(check_has(l, err));
	PD_TRY(pd_db_query(&l->db,
			   "SELECT " PD_LOGGED_MODEL_COLUMNS ", lifecycle_stage "
			   "FROM logged_models WHERE model_id = ?",
			   out, err));
	pd_bind_str(*out, 1, id);
	PD_TRY(pd_db_step(&l->db, *out, &row, err));
	return row ? PD_OK : not_found(id, err);
}

static enum pd_code seek_active(struct pd_local *l, struct pd_str id, sqlite3_stmt **out,
				struct pd_err *err)
{
	PD_TRY(seek(l, id, out, err));
	bool deleted = pd_str_eqz(pd_column_str(*out, 10), "deleted");
	if (!deleted)
		return PD_OK;
	sqlite3_reset(*out);
	return not_found(id, err);
}

/* PD_NOT_FOUND: no such model. */
static enum pd_code experiment_of(struct pd_local *l, struct pd_str id, int64_t *out,
				  struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(seek(l, id, &q, err));
	*out = sqlite3_column_int64(q, 1);
	sqlite3_reset(q);
	return PD_OK;
}

static enum pd_code answer_row(struct pd_local *l, sqlite3_stmt *q, json_t **out,
			       struct pd_err *err)
{
	json_t *model = NULL;
	enum pd_code code = pd_logged_model_json(l, q, &model, err);
	sqlite3_reset(q);
	PD_TRY(code);
	*out = json_object();
	json_object_set_new(*out, "model", model);
	return PD_OK;
}

static enum pd_code answer(struct pd_local *l, struct pd_str id, json_t **out, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(seek(l, id, &q, err));
	return answer_row(l, q, out, err);
}

static enum pd_code logged_models_get(struct pd_local *l, const json_t *req, json_t **out,
				      struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(seek_active(l, pd_req_str(req, "model_id"), &q, err));
	return answer_row(l, q, out, err);
}

enum pd_code pd_logged_model_find(struct pd_local *l, struct pd_str id, char **out_location,
				  char **out_run_id, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(seek_active(l, id, &q, err));
	*out_location = pd_str_dup(pd_column_str(q, 3));
	*out_run_id = pd_column_str(q, 8).p ? pd_str_dup(pd_column_str(q, 8)) : NULL;
	sqlite3_reset(q);
	return PD_OK;
}

/* ---------------------------------------------------------------- tags and params */

static enum pd_code put_row(struct pd_local *l, const char *sql, struct pd_str id,
			    int64_t experiment_id, const json_t *pair, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	struct pd_str value = pd_req_str(pair, "value");
	struct pd_str key = pd_req_str(pair, "key");
	PD_TRY(pd_db_query(&l->db, sql, &q, err));
	pd_bind_str(q, 1, id);
	sqlite3_bind_int64(q, 2, experiment_id);
	pd_bind_str(q, 3, key.p ? key : PD_STR(""));
	pd_bind_str(q, 4, value.p ? value : PD_STR(""));
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_EXISTS) /* MLflow answers BAD_REQUEST here, with SQLAlchemy's text */
		return pd_fail(err, PD_BAD_REQUEST, "'%.*s' is set already in model '%.*s'",
			       PD_STR_ARG(key), PD_STR_ARG(id));
	return code;
}

static const char insert_param[] = "INSERT INTO logged_model_params (model_id, experiment_id, "
				   "param_key, param_value) VALUES (?, ?, ?, ?)";
static const char insert_tag[] = "INSERT INTO logged_model_tags (model_id, experiment_id, "
				 "tag_key, tag_value) VALUES (?, ?, ?, ?)";
static const char upsert_tag[] = "INSERT INTO logged_model_tags (model_id, experiment_id, "
				 "tag_key, tag_value) VALUES (?, ?, ?, ?) "
				 "ON CONFLICT DO UPDATE SET tag_value = excluded.tag_value";

static enum pd_code put_rows(struct pd_local *l, const char *sql, struct pd_str id,
			     int64_t experiment_id, const json_t *list, struct pd_err *err)
{
	size_t i;
	const json_t *pair;
	json_array_foreach(list, i, pair) PD_TRY(put_row(l, sql, id, experiment_id, pair, err));
	return PD_OK;
}

static enum pd_code add_rows(struct pd_local *l, const char *sql, const json_t *req,
			     const char *list, json_t **out, struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	int64_t experiment_id = 0;
	struct pd_str id = pd_req_str(req, "model_id");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(experiment_of(l, id, &experiment_id, err));
	PD_TRY(put_rows(l, sql, id, experiment_id, json_object_get(req, list), err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code logged_models_set_tags(struct pd_local *l, const json_t *req, json_t **out,
					   struct pd_err *err)
{
	return add_rows(l, upsert_tag, req, "tags", out, err);
}

static enum pd_code logged_models_log_params(struct pd_local *l, const json_t *req, json_t **out,
					     struct pd_err *err)
{
	return add_rows(l, insert_param, req, "params", out, err);
}

static enum pd_code logged_models_delete_tag(struct pd_local *l, const json_t *req, json_t **out,
					     struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	int64_t experiment_id = 0;
	struct pd_str id = pd_req_str(req, "model_id");
	struct pd_str key = pd_req_str(req, "tag_key");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(experiment_of(l, id, &experiment_id, err));
	PD_TRY(pd_db_query(&l->db,
			   "DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?", &q,
			   err));
	pd_bind_str(q, 1, id);
	pd_bind_str(q, 2, key);
	PD_TRY(pd_db_exec(&l->db, q, err));
	if (sqlite3_changes(l->db.conn) == 0) {
		PD_AUTO(pd_buf) text = { 0 };
		pd_buf_init(&text, TEXT_MAX);
		pd_buf_z(&text, "No tag with key ");
		pd_buf_py_repr(&text, key);
		pd_buf_z(&text, " found for model with ID ");
		pd_buf_py_repr(&text, id);
		return pd_fail(err, PD_NOT_FOUND, "%s.", text.p);
	}
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* [{"name": "taxi", "version": 1}, ...] as Python's json.dumps writes it */
static enum pd_code versions_text(struct pd_buf *b, const json_t *list, struct pd_err *err)
{
	pd_buf_py_json_value(b, list);
	return pd_buf_check(b, VERSIONS_TAG, err);
}

static enum pd_code read_versions(struct pd_local *l, struct pd_str id, json_t **out,
				  struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	PD_TRY(pd_db_query(&l->db,
			   "SELECT tag_value FROM logged_model_tags "
			   "WHERE model_id = ? AND tag_key = '" VERSIONS_TAG "'",
			   &q, err));
	pd_bind_str(q, 1, id);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	enum pd_code code = PD_OK;
	if (row && pd_column_str(q, 0).n)
		code = pd_json_parse(pd_column_str(q, 0), out, err);
	sqlite3_reset(q);
	if (code != PD_OK || (*out && !json_is_array(*out)))
		return pd_fail(err, PD_INTERNAL, "tag " VERSIONS_TAG " of model '%.*s' is no list",
			       PD_STR_ARG(id));
	return PD_OK;
}

enum pd_code pd_logged_model_note_version(struct pd_local *l, struct pd_str id, struct pd_str name,
					  int64_t version, struct pd_err *err)
{
	PD_AUTO_JSON json_t *list = NULL;
	PD_AUTO_JSON json_t *pair = NULL;
	PD_AUTO(pd_buf) text = { 0 };
	int64_t experiment_id = 0;
	size_t i;
	const json_t *item;
	PD_TRY(experiment_of(l, id, &experiment_id, err));
	PD_TRY(read_versions(l, id, &list, err));
	PD_AUTO_JSON json_t *entry = json_pack("{s:o, s:I}", "name", pd_json_from(name), "version",
					       (json_int_t)version);
	bool there = false;
	json_array_foreach(list, i, item) there = there || json_equal(item, entry);
	if (!list || there) { /* MLflow then keeps this one alone */
		json_decref(list);
		list = json_array();
	}
	json_array_append(list, entry);
	pd_buf_init(&text, TEXT_MAX);
	PD_TRY(versions_text(&text, list, err));
	pair = json_pack("{s:s, s:o}", "key", VERSIONS_TAG, "value",
			 pd_json_from(pd_buf_view(&text)));
	return put_row(l, upsert_tag, id, experiment_id, pair, err);
}

/* ---------------------------------------------------------------- create, finalize, delete */

static enum pd_code check_name(struct pd_str name, struct pd_err *err)
{
	bool good = true;
	for (size_t i = 0; i < name.n; i++)
		good = good && !strchr("/:.%\"'", name.p[i]);
	if (good)
		return PD_OK;
	PD_AUTO(pd_buf) repr = { 0 };
	pd_buf_init(&repr, TEXT_MAX);
	pd_buf_py_repr(&repr, name);
	return pd_fail(
		err, PD_INVALID,
		"Invalid model name (%s) provided. Model name must be a non-empty string and "
		"cannot contain the following characters: ('/', ':', '.', '%%', '\"', \"'\")",
		repr.p);
}

/* EXPERIMENT'S LOCATION/models/m-ID/artifacts */
static enum pd_code location_for(struct pd_local *l, int64_t experiment_id, const char *id,
				 char **out, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	char below[64];
	PD_TRY(pd_db_query(&l->db,
			   "SELECT artifact_location FROM experiments WHERE experiment_id = ?", &q,
			   err));
	sqlite3_bind_int64(q, 1, experiment_id);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	PD_AUTO_FREE char *root = pd_str_dup(pd_column_str(q, 0));
	sqlite3_reset(q);
	snprintf(below, sizeof(below), "models/%s/artifacts", id);
	*out = pd_local_uri_join(root, pd_str_from(below));
	return PD_OK;
}

static enum pd_code insert(struct pd_local *l, const json_t *req, int64_t experiment_id,
			   const char *id, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t now_ms = pd_local_now_ms(l);
	char random_name[PD_RUN_NAME_MAX];
	PD_AUTO_FREE char *location = NULL;
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str type = pd_req_str(req, "model_type");
	struct pd_str run = pd_req_str(req, "source_run_id");
	PD_TRY(location_for(l, experiment_id, id, &location, err));
	if (!name.n) {
		pd_run_name(random_name);
		name = pd_str_from(random_name);
	}
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO logged_models (model_id, experiment_id, name, "
			   "artifact_location, creation_timestamp_ms, last_updated_timestamp_ms, "
			   "status, lifecycle_stage, model_type, source_run_id) "
			   "VALUES (?, ?, ?, ?, ?, ?, 1, 'active', ?, ?)",
			   &q, err));
	pd_bind_z(q, 1, id);
	sqlite3_bind_int64(q, 2, experiment_id);
	pd_bind_str(q, 3, name);
	pd_bind_z(q, 4, location);
	sqlite3_bind_int64(q, 5, now_ms);
	sqlite3_bind_int64(q, 6, now_ms);
	pd_bind_str(q, 7, type.p ? type : PD_STR(""));
	pd_bind_str(q, 8, run.p ? run : PD_STR(""));
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code logged_models_create(struct pd_local *l, const json_t *req, json_t **out,
					 struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	int64_t experiment_id = 0;
	char id[2 + 33] = "m-";
	PD_TRY(check_has(l, err));
	PD_TRY(check_name(pd_req_str(req, "name"), err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_experiment_check_active(l, pd_req_str(req, "experiment_id"), &experiment_id,
					  err));
	pd_uuid_hex(id + 2);
	struct pd_str model_id = pd_str_from(id);
	PD_TRY(insert(l, req, experiment_id, id, err));
	PD_TRY(put_rows(l, insert_param, model_id, experiment_id, json_object_get(req, "params"),
			err));
	PD_TRY(put_rows(l, insert_tag, model_id, experiment_id, json_object_get(req, "tags"), err));
	PD_TRY(pd_tx_commit(&tx, err));
	return answer(l, model_id, out, err);
}

static enum pd_code update_row(struct pd_local *l, const char *sql, struct pd_str id,
			       int64_t status, struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	int64_t experiment_id = 0;
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(experiment_of(l, id, &experiment_id, err));
	PD_TRY(pd_db_query(&l->db, sql, &q, err));
	pd_bind_str(q, 1, id);
	sqlite3_bind_int64(q, 2, pd_local_now_ms(l));
	sqlite3_bind_int64(q, 3, status);
	PD_TRY(pd_db_exec(&l->db, q, err));
	return pd_tx_commit(&tx, err);
}

static enum pd_code logged_models_finalize(struct pd_local *l, const json_t *req, json_t **out,
					   struct pd_err *err)
{
	struct pd_str id = pd_req_str(req, "model_id");
	struct pd_str name = pd_req_str(req, "status");
	int64_t status = 0;
	for (size_t i = 0; i < PD_LEN(statuses); i++)
		if (pd_str_eqz(name, statuses[i]))
			status = (int64_t)i;
	PD_TRY(update_row(l,
			  "UPDATE logged_models SET last_updated_timestamp_ms = ?2, status = ?3 "
			  "WHERE model_id = ?1",
			  id, status, err));
	return answer(l, id, out, err);
}

static enum pd_code logged_models_delete(struct pd_local *l, const json_t *req, json_t **out,
					 struct pd_err *err)
{
	PD_TRY(update_row(l,
			  "UPDATE logged_models SET last_updated_timestamp_ms = ?2, "
			  "lifecycle_stage = 'deleted' WHERE model_id = ?1 AND ?3 = 0",
			  pd_req_str(req, "model_id"), 0, err));
	*out = json_object();
	return PD_OK;
}

const struct pd_local_method pd_local_logged_models[] = {
	{ NULL, "logged-models/create", logged_models_create },
	{ NULL, "logged-models/get", logged_models_get },
	{ NULL, "logged-models/finalize", logged_models_finalize },
	{ NULL, "logged-models/delete", logged_models_delete },
	{ NULL, "logged-models/set-tags", logged_models_set_tags },
	{ NULL, "logged-models/delete-tag", logged_models_delete_tag },
	{ NULL, "logged-models/log-params", logged_models_log_params },
	{ NULL, NULL, NULL },
};

/*
 * Parameters and tags of a run, and log-batch, which writes all three kinds at once.
 * Source: mlflow/store/tracking/sqlalchemy_store.py, mlflow/utils/validation.py.
 */
#include "registry/local_tracking.h"

#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"
#include "schema/methods.h"

#define MESSAGE_MAX ((size_t)64 << 10) /* of lists in messages; pd_err cuts further */
#define MODEL_TAG   "mlflow.log-model.history"

/* Longer values are cut unless MLFLOW_TRUNCATE_LONG_VALUES says no. */
static enum pd_code clip(struct pd_local *l, const char *what, size_t limit, struct pd_str *value,
			 struct pd_err *err)
{
	if (!value->p)
		*value = PD_STR("");
	if (pd_utf8_chars(*value) <= limit)
		return PD_OK;
	struct pd_str wish = pd_str_from(pd_env_var(l->env, "MLFLOW_TRUNCATE_LONG_VALUES"));
	if (pd_str_eq_nocase(wish, PD_STR("false")) || pd_str_eq(wish, PD_STR("0")))
		return pd_check_length(what, limit, *value, err);
	*value = pd_clip(*value, limit);
	return PD_OK;
}

/* ---------------------------------------------------------------- parameters */

struct pair {
	struct pd_str key;
	struct pd_str value;
};

static enum pd_code read_param(struct pd_local *l, const json_t *req, const char *path,
			       struct pair *out, struct pd_err *err)
{
	*out = (struct pair){ pd_req_str(req, "key"), pd_req_str(req, "value") };
	PD_TRY(pd_check_key(out->key, path, err));
	PD_TRY(pd_check_length("Param key", PD_MAX_KEY_CHARS, out->key, err));
	return clip(l, "Param value", PD_MAX_PARAM_CHARS, &out->value, err);
}

/* *out_old: what is there when it differs; given, NULL when the parameter is set now or was so. */
static enum pd_code put_param(struct pd_local *l, struct pd_str run_id, const struct pair *p,
			      char **out_old, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	*out_old = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?) "
			   "ON CONFLICT DO NOTHING",
			   &q, err));
	pd_bind_str(q, 1, p->key);
	pd_bind_str(q, 2, p->value);
	pd_bind_str(q, 3, run_id);
	PD_TRY(pd_db_exec(&l->db, q, err));
	if (sqlite3_changes(l->db.conn) > 0)
		return PD_OK;
	PD_TRY(pd_db_query(&l->db, "SELECT value FROM params WHERE key = ? AND run_uuid = ?", &q,
			   err));
	pd_bind_str(q, 1, p->key);
	pd_bind_str(q, 2, run_id);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	if (row && !pd_str_eq(pd_column_str(q, 0), p->value))
		*out_old = pd_str_dup(pd_column_str(q, 0));
	sqlite3_reset(q);
	return PD_OK;
}

static enum pd_code runs_log_param(struct pd_local *l, const json_t *req, json_t **out,
				   struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	struct pair p;
	PD_AUTO_FREE char *old = NULL;
	struct pd_str run_id = pd_req_run_id(req);
	PD_TRY(read_param(l, req, "key", &p, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, NULL, err));
	PD_TRY(put_param(l, run_id, &p, &old, err));
	if (old)
		return pd_fail(err, PD_INVALID,
			       "Changing param values is not allowed. Param with key='%.*s' was "
			       "already logged with value='%s' for run ID='%.*s'. Attempted "
			       "logging new value '%.*s'.",
			       PD_STR_ARG(p.key), old, PD_STR_ARG(run_id), PD_STR_ARG(p.value));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- tags */

static enum pd_code upsert_tag(struct pd_local *l, struct pd_str run_id, struct pd_str key,
			       struct pd_str value, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?) "
			   "ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value",
			   &q, err));
	pd_bind_str(q, 1, key);
	pd_bind_str(q, 2, value.p ? value : PD_STR(""));
	pd_bind_str(q, 3, run_id);
	return pd_db_exec(&l->db, q, err);
}

enum pd_code pd_run_put_tag(struct pd_local *l, struct pd_str run_id, struct pd_str key,
			    struct pd_str value, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	if (!pd_str_eq(key, PD_STR("mlflow.runName")))
		return upsert_tag(l, run_id, key, value, err);
	if (value.n == 0) /* a run keeps the name it has */
		return PD_OK;
	PD_TRY(pd_db_query(&l->db, "UPDATE runs SET name = ? WHERE run_uuid = ?", &q, err));
	pd_bind_str(q, 1, value);
	pd_bind_str(q, 2, run_id);
	PD_TRY(pd_db_exec(&l->db, q, err));
	return upsert_tag(l, run_id, key, value, err);
}

/* path: "" or "tags[3]" */
static enum pd_code read_tag(struct pd_local *l, const json_t *req, const char *path,
			     struct pair *out, struct pd_err *err)
{
	char key_path[64];
	char value_path[64];
	const char *dot = *path ? "." : "";
	snprintf(key_path, sizeof(key_path), "%s%skey", path, dot);
	snprintf(value_path, sizeof(value_path), "%s%svalue", path, dot);
	*out = (struct pair){ pd_req_str(req, "key"), pd_req_str(req, "value") };
	PD_TRY(pd_check_key(out->key, key_path, err));
	PD_TRY(pd_check_length(key_path, PD_MAX_KEY_CHARS, out->key, err));
	return clip(l, value_path, PD_MAX_TAG_CHARS, &out->value, err);
}

static enum pd_code runs_set_tag(struct pd_local *l, const json_t *req, json_t **out,
				 struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	struct pair tag;
	struct pd_str run_id = pd_req_run_id(req);
	PD_TRY(read_tag(l, req, "", &tag, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, NULL, err));
	PD_TRY(pd_run_put_tag(l, run_id, tag.key, tag.value, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code runs_delete_tag(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str run_id = pd_req_str(req, "run_id");
	struct pd_str key = pd_req_str(req, "key");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, NULL, err));
	PD_TRY(pd_db_query(&l->db, "DELETE FROM tags WHERE run_uuid = ? AND key = ?", &q, err));
	pd_bind_str(q, 1, run_id);
	pd_bind_str(q, 2, key);
	PD_TRY(pd_db_exec(&l->db, q, err));
	if (sqlite3_changes(l->db.conn) == 0)
		return pd_fail(err, PD_NOT_FOUND, "No tag with name: %.*s in run with id %.*s",
			       PD_STR_ARG(key), PD_STR_ARG(run_id));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- batches */

static enum pd_code check_count(const char *what, size_t limit, size_t n, struct pd_err *err)
{
	if (n <= limit)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "A batch logging request can contain at most %zu %s. Got %zu %s. Please "
		       "split up %s across multiple requests and try again.",
		       limit, what, n, what, what);
}

static enum pd_code check_values(struct pd_local *l, const json_t *req, struct pd_err *err)
{
	size_t i;
	const json_t *item;
	char path[40];
	struct pair p;
	json_array_foreach(json_object_get(req, "metrics"), i, item)
	{
		snprintf(path, sizeof(path), "metrics[%zu]", i);
		PD_TRY(pd_metric_check(item, path, err));
	}
	json_array_foreach(json_object_get(req, "params"), i, item)
	{
		snprintf(path, sizeof(path), "params[%zu].key", i);
		PD_TRY(read_param(l, item, path, &p, err));
	}
	json_array_foreach(json_object_get(req, "tags"), i, item)
	{
		snprintf(path, sizeof(path), "tags[%zu]", i);
		PD_TRY(read_tag(l, item, path, &p, err));
	}
	return PD_OK;
}

static enum pd_code check_counts(const json_t *req, struct pd_err *err)
{
	size_t n_metrics = json_array_size(json_object_get(req, "metrics"));
	size_t n_params = json_array_size(json_object_get(req, "params"));
	size_t n_tags = json_array_size(json_object_get(req, "tags"));
	PD_TRY(check_count("metrics", PD_MAX_BATCH_METRICS, n_metrics, err));
	PD_TRY(check_count("params", PD_MAX_BATCH_PARAMS, n_params, err));
	PD_TRY(check_count("tags", PD_MAX_BATCH_TAGS, n_tags, err));
	return check_count("metrics, params, and tags", PD_MAX_BATCH_ENTITIES,
			   n_metrics + n_params + n_tags, err);
}

/* Of at most PD_MAX_BATCH_PARAMS. */
static enum pd_code check_unique(const json_t *params, struct pd_err *err)
{
	size_t i;
	const json_t *param;
	bool any = false;
	PD_AUTO_JSON json_t *seen = json_object();
	PD_CLEANUP(pd_buf_end) struct pd_buf list = { 0 };
	pd_buf_init(&list, MESSAGE_MAX);
	json_array_foreach(params, i, param)
	{
		struct pd_str key = pd_req_str(param, "key");
		if (json_object_getn(seen, key.p, key.n)) {
			pd_buf_z(&list, any ? ", " : "");
			pd_buf_py_repr(&list, key);
			any = true;
		}
		json_object_setn_new(seen, key.p, key.n, json_true());
	}
	if (!any)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "Duplicate parameter keys have been submitted: [%s]. Please ensure the "
		       "request contains only one param value per param key.",
		       list.p);
}

static void add_changed(struct pd_buf *list, const struct pair *p, const char *old)
{
	pd_buf_z(list, list->n > 0 ? ", {'key': " : "{'key': ");
	pd_buf_py_repr(list, p->key);
	pd_buf_z(list, ", 'old_value': ");
	pd_buf_py_repr(list, pd_str_from(old));
	pd_buf_z(list, ", 'new_value': ");
	pd_buf_py_repr(list, p->value);
	pd_buf_char(list, '}');
}

static enum pd_code put_params(struct pd_local *l, struct pd_str run_id, const json_t *params,
			       struct pd_err *err)
{
	size_t i;
	const json_t *param;
	PD_CLEANUP(pd_buf_end) struct pd_buf changed = { 0 };
	pd_buf_init(&changed, MESSAGE_MAX);
	json_array_foreach(params, i, param)
	{
		struct pair p;
		PD_AUTO_FREE char *old = NULL;
		PD_TRY(read_param(l, param, "key", &p, err));
		PD_TRY(put_param(l, run_id, &p, &old, err));
		if (old)
			add_changed(&changed, &p, old);
	}
	if (changed.n == 0)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "Changing param values is not allowed. Params were already logged='[%s]' "
		       "for run ID='%.*s'.",
		       changed.p, PD_STR_ARG(run_id));
}

static enum pd_code put_batch(struct pd_local *l, struct pd_str run_id, int64_t experiment_id,
			      const json_t *req, struct pd_err *err)
{
	size_t i;
	const json_t *item;
	struct pair tag;
	PD_TRY(put_params(l, run_id, json_object_get(req, "params"), err));
	json_array_foreach(json_object_get(req, "metrics"), i, item)
		PD_TRY(pd_metric_put(l, run_id, experiment_id, item, err));
	json_array_foreach(json_object_get(req, "tags"), i, item)
	{
		PD_TRY(read_tag(l, item, "", &tag, err));
		PD_TRY(pd_run_put_tag(l, run_id, tag.key, tag.value, err));
	}
	return PD_OK;
}

static enum pd_code runs_log_batch(struct pd_local *l, const json_t *req, json_t **out,
				   struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	int64_t experiment_id = 0;
	struct pd_str run_id = pd_req_str(req, "run_id");
	PD_TRY(pd_check_run_id(run_id, err));
	PD_TRY(check_values(l, req, err));
	PD_TRY(check_counts(req, err));
	PD_TRY(check_unique(json_object_get(req, "params"), err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, &experiment_id, err));
	PD_TRY(put_batch(l, run_id, experiment_id, req, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- log-model, MLflow 2's way */

/* The part of an MLmodel that the tag keeps (Model.get_tags_dict). */
static json_t *tag_part(const json_t *model)
{
	static const char *const keep[] = { "artifact_path", "run_id", "utc_time_created",
					    "model_uuid" };
	json_t *part = json_object();
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
		json_t *value = json_object_get(model, keep[i]);
		if (value && !json_is_null(value))
			json_object_set(part, keep[i], value);
	}
	if (!json_object_get(part, "model_uuid")) {
		char uuid[33];
		pd_uuid_hex(uuid);
		json_object_set_new(part, "model_uuid", json_string(uuid));
	}
	json_t *flavors = json_deep_copy(json_object_get(model, "flavors"));
	const char *name;
	json_t *flavor;
	json_object_foreach(flavors, name, flavor) json_object_del(flavor, "config");
	json_object_set_new(part, "flavors", flavors);
	return part;
}

static enum pd_code read_model(struct pd_str text, json_t **out, struct pd_err *err)
{
	static const char *const needed[] = { "artifact_path", "flavors", "utc_time_created",
					      "run_id" };
	PD_AUTO_JSON json_t *model = NULL;
	PD_CLEANUP(pd_buf_end) struct pd_buf missing = { 0 };
	pd_buf_init(&missing, MESSAGE_MAX);
	if (pd_json_parse(text, &model, NULL) != PD_OK || !json_is_object(model))
		return pd_fail(err, PD_INVALID,
			       "Malformed model info. \n %.*s \n is not a valid JSON.",
			       PD_STR_ARG(text));
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!json_object_get(model, needed[i]))
			pd_buf_printf(&missing, "%s'%s'", missing.n > 0 ? ", " : "", needed[i]);
	if (missing.n > 0)
		return pd_fail(err, PD_INVALID, "Model json is missing mandatory fields: {%s}",
			       missing.p);
	if (!json_is_object(json_object_get(model, "flavors")))
		return pd_fail(err, PD_INVALID, "Model json: 'flavors' must be an object");
	*out = PD_TAKE(model);
	return PD_OK;
}

/* The list in the tag, empty when there is none. */
static enum pd_code read_history(struct pd_local *l, struct pd_str run_id, json_t **out,
				 struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	PD_AUTO_JSON json_t *list = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "SELECT value FROM tags WHERE run_uuid = ? AND key = '" MODEL_TAG "'",
			   &q, err));
	pd_bind_str(q, 1, run_id);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	enum pd_code code = row ? pd_json_parse(pd_column_str(q, 0), &list, NULL) : PD_OK;
	sqlite3_reset(q);
	if (code != PD_OK || (list && !json_is_array(list)))
		return pd_fail(err, PD_CORRUPT, "run %.*s: its tag " MODEL_TAG " is not a list",
			       PD_STR_ARG(run_id));
	*out = list ? PD_TAKE(list) : json_array();
	return PD_OK;
}

static enum pd_code runs_log_model(struct pd_local *l, const json_t *req, json_t **out,
				   struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	PD_AUTO_JSON json_t *model = NULL;
	PD_AUTO_JSON json_t *list = NULL;
	struct pd_str run_id = pd_req_str(req, "run_id");
	PD_TRY(read_model(pd_req_str(req, "model_json"), &model, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, NULL, err));
	PD_TRY(read_history(l, run_id, &list, err));
	json_array_append_new(list, tag_part(model));
	PD_AUTO_FREE char *text = json_dumps(list, JSON_ENSURE_ASCII);
	PD_TRY(upsert_tag(l, run_id, PD_STR(MODEL_TAG), pd_str_from(text), err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

const struct pd_local_method pd_local_run_data[] = {
	{ NULL, "runs/log-parameter", runs_log_param }, { NULL, "runs/set-tag", runs_set_tag },
	{ NULL, "runs/delete-tag", runs_delete_tag },   { NULL, "runs/log-batch", runs_log_batch },
	{ NULL, "runs/log-model", runs_log_model },     { NULL, NULL, NULL },
};

/*
 * Registered models and their tags. Source: mlflow/store/model_registry/sqlalchemy_store.py,
 * mlflow/utils/validation.py.
 */
#include "registry/local_models.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "registry/check.h"
#include "schema/methods.h"

#define TEXT_MAX ((size_t)64 << 10) /* of a message being built */

/* ---------------------------------------------------------------- rules */

enum pd_code pd_model_check_name(struct pd_str name, struct pd_err *err)
{
	if (!pd_str_trim(name).n)
		return pd_fail(err, PD_INVALID, "Missing value for required parameter 'name'.");
	if (pd_str_find(name, '/') >= 0 || pd_str_find(name, ':') >= 0)
		return pd_fail(err, PD_INVALID,
			       "Invalid model name '%.*s'. Names cannot contain '/' or ':'.",
			       PD_STR_ARG(name));
	return pd_check_path_unique(name, "name", err);
}

enum pd_code pd_model_check_tag(struct pd_str key, struct pd_str value, struct pd_err *err)
{
	PD_TRY(pd_check_key(key, "key", err));
	PD_TRY(pd_check_length("key", PD_MAX_KEY_CHARS, key, err));
	return pd_check_length("value", PD_MAX_MODEL_TAG_CHARS, value, err);
}

enum pd_code pd_model_check_there(struct pd_local *l, struct pd_str name, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	PD_TRY(pd_model_check_name(name, err));
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "SELECT 1 FROM registered_models WHERE ", "name = ?"),
			   &q, err));
	pd_bind_str(q, 1, name);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	sqlite3_reset(q);
	if (!row)
		return pd_fail(err, PD_NOT_FOUND, "Registered Model with name=%.*s not found",
			       PD_STR_ARG(name));
	return PD_OK;
}

static enum pd_code tag_of(struct pd_local *l, struct pd_str name, const char *key,
			   sqlite3_stmt **out, bool *out_there, struct pd_err *err)
{
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "SELECT value FROM registered_model_tags WHERE ",
					   "key = ? AND name = ?"),
			   out, err));
	pd_bind_z(*out, 1, key);
	pd_bind_str(*out, 2, name);
	return pd_db_step(&l->db, *out, out_there, err);
}

enum pd_code pd_model_is_prompt(struct pd_local *l, struct pd_str name, bool *out,
				struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool there = false;
	PD_TRY(tag_of(l, name, PD_IS_PROMPT_TAG, &q, &there, err));
	*out = there && pd_str_eq_nocase(pd_column_str(q, 0), PD_STR("true"));
	sqlite3_reset(q);
	return PD_OK;
}

/* ---------------------------------------------------------------- reading */

static enum pd_code model_tags(struct pd_local *l, struct pd_str name, json_t *list,
			       struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "SELECT key, value FROM registered_model_tags WHERE ",
					   "name = ? ORDER BY rowid"),
			   &q, err));
	pd_bind_str(q, 1, name);
	return pd_local_pairs(l, q, list, err);
}

static enum pd_code model_aliases(struct pd_local *l, struct pd_str name, json_t *list,
				  struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "SELECT alias, CAST(version AS TEXT) FROM "
					   "registered_model_aliases WHERE ",
					   "name = ? ORDER BY alias"),
			   &q, err));
	pd_bind_str(q, 1, name);
	for (bool row = true;;) {
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			return PD_OK;
		json_t *alias = json_object();
		pd_json_put_column(alias, "alias", q, 0);
		pd_json_put_column(alias, "version", q, 1);
		json_array_append_new(list, alias);
	}
}

static enum pd_code latest_versions(struct pd_local *l, struct pd_str name, json_t *list,
				    struct pd_err *err)
{
	return pd_versions_latest(l, name, ~0u, false, list, err);
}

/* Put the list under `key` unless it is empty. */
static enum pd_code put_list(struct pd_local *l, json_t *o, const char *key, struct pd_str name,
			     enum pd_code (*read)(struct pd_local *l, struct pd_str name,
						  json_t *list, struct pd_err *err),
			     struct pd_err *err)
{
	PD_AUTO_JSON json_t *list = json_array();
	PD_TRY(read(l, name, list, err));
	if (json_array_size(list) > 0)
		json_object_set(o, key, list);
	return PD_OK;
}

enum pd_code pd_model_json(struct pd_local *l, sqlite3_stmt *q, json_t **out, struct pd_err *err)
{
	PD_AUTO_JSON json_t *o = json_object();
	pd_json_put_column(o, "name", q, 0);
	pd_json_put_i64_column(o, "creation_timestamp", q, 1);
	if (sqlite3_column_int64(q, 2))
		pd_json_put_i64_column(o, "last_updated_timestamp", q, 2);
	if (pd_column_str(q, 3).n)
		pd_json_put_column(o, "description", q, 3);
	struct pd_str name = pd_json_str(json_object_get(o, "name"));
	PD_TRY(put_list(l, o, "latest_versions", name, latest_versions, err));
	PD_TRY(put_list(l, o, "tags", name, model_tags, err));
	PD_TRY(put_list(l, o, "aliases", name, model_aliases, err));
	*out = PD_TAKE(o);
	return PD_OK;
}

static enum pd_code answer(struct pd_local *l, struct pd_str name, json_t **out, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	json_t *model = NULL;
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "SELECT " PD_MODEL_COLUMNS " FROM registered_models "
					   "WHERE ",
					   "name = ?"),
			   &q, err));
	pd_bind_str(q, 1, name);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	enum pd_code code = pd_model_json(l, q, &model, err);
	sqlite3_reset(q);
	PD_TRY(code);
	*out = json_object();
	json_object_set_new(*out, "registered_model", model);
	return PD_OK;
}

static enum pd_code models_get(struct pd_local *l, const json_t *req, json_t **out,
			       struct pd_err *err)
{
	return answer(l, pd_req_str(req, "name"), out, err);
}

/* ---------------------------------------------------------------- tags */

static enum pd_code put_tag(struct pd_local *l, struct pd_str name, struct pd_str key,
			    struct pd_str value, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO registered_model_tags (name, key, value) VALUES (?, ?, ?) "
			   "ON CONFLICT DO UPDATE SET value = excluded.value",
			   &q, err));
	pd_bind_str(q, 1, name);
	pd_bind_str(q, 2, key);
	pd_bind_str(q, 3, value.p ? value : PD_STR(""));
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code models_set_tag(struct pd_local *l, const json_t *req, json_t **out,
				   struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str key = pd_req_str(req, "key");
	struct pd_str value = pd_req_str(req, "value");
	PD_TRY(pd_model_check_name(name, err));
	PD_TRY(pd_model_check_tag(key, value, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(put_tag(l, name, key, value, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code models_delete_tag(struct pd_local *l, const json_t *req, json_t **out,
				      struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str key = pd_req_str(req, "key");
	PD_TRY(pd_model_check_name(name, err));
	PD_TRY(pd_check_key(key, "key", err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "DELETE FROM registered_model_tags WHERE ",
					   "key = ? AND name = ?"),
			   &q, err));
	pd_bind_str(q, 1, key);
	pd_bind_str(q, 2, name);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- create */

/* A prompt is a registered model with a tag, and the two share their names. */
static enum pd_code taken(struct pd_local *l, struct pd_str name, const json_t *tags,
			  struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool is_prompt = false, want_prompt = false;
	size_t i;
	const json_t *tag;
	PD_TRY(tag_of(l, name, PD_IS_PROMPT_TAG, &q, &is_prompt, err));
	sqlite3_reset(q);
	json_array_foreach(tags, i, tag)
		want_prompt |= pd_str_eqz(pd_req_str(tag, "key"), PD_IS_PROMPT_TAG);
	if (is_prompt == want_prompt)
		return pd_fail(err, PD_EXISTS, "%s (name=%.*s) already exists.",
			       is_prompt ? "Prompt" : "Registered Model", PD_STR_ARG(name));
	PD_AUTO(pd_buf) repr = { 0 };
	pd_buf_init(&repr, TEXT_MAX);
	pd_buf_py_repr(&repr, name);
	return pd_fail(err, PD_EXISTS,
		       "Tried to create a %s with name %s, but the name is already taken by a %s. "
		       "MLflow does not allow creating a model and a prompt with the same name.",
		       want_prompt ? "prompt" : "registered model", repr.p,
		       is_prompt ? "prompt" : "registered model");
}

static enum pd_code insert(struct pd_local *l, const json_t *req, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t now_ms = pd_local_now_ms(l);
	struct pd_str description = pd_req_str(req, "description");
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO registered_models (name, creation_time, "
			   "last_updated_time, description) VALUES (?, ?, ?, ?)",
			   &q, err));
	pd_bind_str(q, 1, pd_req_str(req, "name"));
	sqlite3_bind_int64(q, 2, now_ms);
	sqlite3_bind_int64(q, 3, now_ms);
	pd_bind_str(q, 4, description.p ? description : PD_STR(""));
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_EXISTS)
		return taken(l, pd_req_str(req, "name"), json_object_get(req, "tags"), err);
	return code;
}

static enum pd_code models_create(struct pd_local *l, const json_t *req, json_t **out,
				  struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	struct pd_str name = pd_req_str(req, "name");
	const json_t *tag, *tags = json_object_get(req, "tags");
	size_t i;
	PD_TRY(pd_model_check_name(name, err));
	json_array_foreach(tags, i, tag)
		PD_TRY(pd_model_check_tag(pd_req_str(tag, "key"), pd_req_str(tag, "value"), err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(insert(l, req, err));
	json_array_foreach(tags, i, tag)
		PD_TRY(put_tag(l, name, pd_req_str(tag, "key"), pd_req_str(tag, "value"), err));
	PD_TRY(pd_tx_commit(&tx, err));
	return answer(l, name, out, err);
}

/* ---------------------------------------------------------------- update, rename, delete */

static enum pd_code models_update(struct pd_local *l, const json_t *req, json_t **out,
				  struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str description = pd_req_str(req, "description");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "UPDATE registered_models SET description = ?, "
					   "last_updated_time = ? WHERE ",
					   "name = ?"),
			   &q, err));
	pd_bind_str(q, 1, description.p ? description : PD_STR(""));
	sqlite3_bind_int64(q, 2, pd_local_now_ms(l));
	pd_bind_str(q, 3, name);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_tx_commit(&tx, err));
	return answer(l, name, out, err);
}

enum pd_code pd_model_touch(struct pd_local *l, struct pd_str name, int64_t now_ms,
			    struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "UPDATE registered_models SET last_updated_time = ? "
					   "WHERE ",
					   "name = ?"),
			   &q, err));
	sqlite3_bind_int64(q, 1, now_ms);
	pd_bind_str(q, 2, name);
	return pd_db_exec(&l->db, q, err);
}

/* Versions, tags and aliases follow by ON UPDATE CASCADE. */
static enum pd_code rename_row(struct pd_local *l, struct pd_str name, struct pd_str new_name,
			       struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t now_ms = pd_local_now_ms(l);
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "UPDATE registered_models SET name = ?, "
					   "last_updated_time = ? WHERE ",
					   "name = ?"),
			   &q, err));
	pd_bind_str(q, 1, new_name);
	sqlite3_bind_int64(q, 2, now_ms);
	pd_bind_str(q, 3, name);
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_EXISTS)
		return pd_fail(err, PD_EXISTS, "Registered Model (name=%.*s) already exists.",
			       PD_STR_ARG(new_name));
	PD_TRY(code);
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "UPDATE model_versions SET last_updated_time = ? "
					   "WHERE ",
					   "name = ?"),
			   &q, err));
	sqlite3_bind_int64(q, 1, now_ms);
	pd_bind_str(q, 2, new_name);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code models_rename(struct pd_local *l, const json_t *req, json_t **out,
				  struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str new_name = pd_req_str(req, "new_name");
	if (!pd_str_trim(new_name).n)
		return pd_fail(err, PD_INVALID, "Missing value for required parameter 'new_name'.");
	PD_TRY(pd_model_check_name(new_name, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(rename_row(l, name, new_name, err));
	PD_TRY(pd_tx_commit(&tx, err));
	return answer(l, new_name, out, err);
}

static enum pd_code models_delete(struct pd_local *l, const json_t *req, json_t **out,
				  struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	struct pd_str name = pd_req_str(req, "name");
	const char *const steps[] = {
		PD_BY_WORKSPACE(l, "DELETE FROM registered_model_aliases WHERE ", "name = ?"),
		PD_BY_WORKSPACE(l, "DELETE FROM registered_model_tags WHERE ", "name = ?"),
		PD_BY_WORKSPACE(l, "DELETE FROM model_version_tags WHERE ", "name = ?"),
		PD_BY_WORKSPACE(l, "DELETE FROM model_versions WHERE ", "name = ?"),
		PD_BY_WORKSPACE(l, "DELETE FROM registered_models WHERE ", "name = ?"),
	};
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_model_check_there(l, name, err));
	for (size_t i = 0; i < PD_LEN(steps); i++) {
		sqlite3_stmt *q = NULL;
		PD_TRY(pd_db_query(&l->db, steps[i], &q, err));
		pd_bind_str(q, 1, name);
		PD_TRY(pd_db_exec(&l->db, q, err));
	}
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

const struct pd_local_method pd_local_models[] = {
	{ NULL, "registered-models/create", models_create },
	{ NULL, "registered-models/get", models_get },
	{ NULL, "registered-models/update", models_update },
	{ NULL, "registered-models/rename", models_rename },
	{ NULL, "registered-models/delete", models_delete },
	{ NULL, "registered-models/set-tag", models_set_tag },
	{ NULL, "registered-models/delete-tag", models_delete_tag },
	{ NULL, NULL, NULL },
};

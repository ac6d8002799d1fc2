/*
 * Versions of registered models, their stages and tags. A deleted version stays as a row with its
 * particulars struck out, so that its number is not given again.
 * Source: mlflow/store/model_registry/sqlalchemy_store.py, entities/model_registry.
 */
#include "registry/local_models.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "registry/check.h"
#include "schema/methods.h"

/* ---------------------------------------------------------------- rules */

enum pd_code pd_version_parse(struct pd_str text, int64_t *out, struct pd_err *err)
{
	bool is_whole = pd_py_int(text, out);
	if (is_whole && *out == INT64_MIN) /* where numbers of more than 64 bits end up */
		return pd_fail(err, PD_INVALID, "Parameter 'version' is out of range, got '%.*s'.",
			       PD_STR_ARG(text));
	if (is_whole)
		return PD_OK;
	return pd_fail(err, PD_INVALID, "Parameter 'version' must be an integer, got '%.*s'.",
		       PD_STR_ARG(text));
}

static const char *const stages[] = { "None", "Staging", "Production", "Archived" };

const char *pd_stage_find(struct pd_str stage)
{
	for (size_t i = 0; i < PD_LEN(stages); i++)
		if (pd_str_eq_nocase(stage, pd_str_from(stages[i])))
			return stages[i];
	return NULL;
}

enum pd_code pd_stage_check(struct pd_str stage, const char **out, struct pd_err *err)
{
	*out = pd_stage_find(stage);
	if (*out)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "Invalid Model Version stage: %.*s. Value must be one of None, Staging, "
		       "Production, Archived.",
		       PD_STR_ARG(stage));
}

/* ---------------------------------------------------------------- reading */

static enum pd_code version_tags(struct pd_local *l, struct pd_str name, int64_t version, json_t *o,
				 struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_AUTO_JSON json_t *list = json_array();
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "SELECT key, value FROM model_version_tags WHERE ",
					   "name = ? AND version = ? ORDER BY rowid"),
			   &q, err));
	pd_bind_str(q, 1, name);
	sqlite3_bind_int64(q, 2, version);
	PD_TRY(pd_local_pairs(l, q, list, err));
	if (json_array_size(list) > 0)
		json_object_set(o, "tags", list);
	return PD_OK;
}

static enum pd_code version_aliases(struct pd_local *l, struct pd_str name, int64_t version,
				    json_t *o, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_AUTO_JSON json_t *list = json_array();
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "SELECT alias FROM registered_model_aliases WHERE ",
					   "name = ? AND version = ? ORDER BY alias"),
			   &q, err));
	pd_bind_str(q, 1, name);
	sqlite3_bind_int64(q, 2, version);
	for (bool row = true;;) {
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			break;
		json_array_append_new(list, pd_json_from(pd_column_str(q, 0)));
	}
	if (json_array_size(list) > 0)
		json_object_set(o, "aliases", list);
	return PD_OK;
}

enum pd_code pd_version_json(struct pd_local *l, sqlite3_stmt *q, bool with_aliases, json_t **out,
			     struct pd_err *err)
{
	static const char *const texts[] = {
		"description", "user_id", "current_stage",  "source",
		"run_id",      "status",  "status_message", "run_link"
	};
	PD_AUTO_JSON json_t *o = json_object();
	int64_t version = sqlite3_column_int64(q, 1);
	pd_json_put_column(o, "name", q, 0);
	json_object_set_new(o, "version", json_sprintf("%lld", (long long)version));
	pd_json_put_i64_column(o, "creation_timestamp", q, 2);
	pd_json_put_i64_column(o, "last_updated_timestamp", q, 3);
	for (size_t i = 0; i < PD_LEN(texts); i++)
		pd_json_put_column(o, texts[i], q, (int)i + 4);
	if (!pd_json_str(json_object_get(o, "status_message")).n)
		json_object_del(o, "status_message");
	struct pd_str name = pd_json_str(json_object_get(o, "name"));
	PD_TRY(version_tags(l, name, version, o, err));
	if (with_aliases)
		PD_TRY(version_aliases(l, name, version, o, err));
	*out = PD_TAKE(o);
	return PD_OK;
}

enum pd_code pd_version_seek(struct pd_local *l, struct pd_str name, int64_t version,
			     sqlite3_stmt **out, struct pd_err *err)
{
	bool row = false;
	PD_TRY(pd_model_check_name(name, err));
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "SELECT " PD_VERSION_COLUMNS ", storage_location "
					   "FROM model_versions WHERE ",
					   "name = ? AND version = ? AND current_stage <> "
					   "'" PD_STAGE_DELETED "'"),
			   out, err));
	pd_bind_str(*out, 1, name);
	sqlite3_bind_int64(*out, 2, version);
	PD_TRY(pd_db_step(&l->db, *out, &row, err));
	if (!row)
		return pd_fail(err, PD_NOT_FOUND,
			       "Model Version (name=%.*s, version=%lld) not found",
			       PD_STR_ARG(name), (long long)version);
	return PD_OK;
}

enum pd_code pd_version_answer(struct pd_local *l, struct pd_str name, int64_t version,
			       json_t **out, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	json_t *j = NULL;
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	enum pd_code code = pd_version_json(l, q, true, &j, err);
	sqlite3_reset(q);
	PD_TRY(code);
	*out = json_object();
	json_object_set_new(*out, "model_version", j);
	return PD_OK;
}

enum pd_code pd_version_latest(struct pd_local *l, struct pd_str name, const char *stage,
			       int64_t *out_version, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "SELECT max(version) FROM model_versions WHERE ",
					   "name = ?1 AND current_stage <> '" PD_STAGE_DELETED "' "
					   "AND (?2 IS NULL OR current_stage = ?2)"),
			   &q, err));
	pd_bind_str(q, 1, name);
	if (stage)
		pd_bind_z(q, 2, stage);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	*out_version = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return PD_OK;
}

/* Name and version of a request, checked in the order MLflow checks them. */
static enum pd_code of_request(const json_t *req, struct pd_str *out_name, int64_t *out_version,
			       struct pd_err *err)
{
	*out_name = pd_req_str(req, "name");
	PD_TRY(pd_model_check_name(*out_name, err));
	return pd_version_parse(pd_req_str(req, "version"), out_version, err);
}

static enum pd_code versions_get(struct pd_local *l, const json_t *req, json_t **out,
				 struct pd_err *err)
{
	struct pd_str name;
	int64_t version = 0;
	PD_TRY(of_request(req, &name, &version, err));
	return pd_version_answer(l, name, version, out, err);
}

static enum pd_code versions_get_download_uri(struct pd_local *l, const json_t *req, json_t **out,
					      struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	struct pd_str name;
	int64_t version = 0;
	PD_TRY(of_request(req, &name, &version, err));
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	int column = pd_column_str(q, 12).n ? 12 : 7; /* storage_location, source */
	*out = json_object();
	pd_json_put_column(*out, "artifact_uri", q, column);
	sqlite3_reset(q);
	return PD_OK;
}

/* Which stages a request asks for: bits in the order of `stages`; none named means all. */
static enum pd_code wanted_stages(const json_t *list, unsigned *out, struct pd_err *err)
{
	size_t i;
	const json_t *item;
	*out = json_array_size(list) ? 0 : (1u << PD_LEN(stages)) - 1;
	json_array_foreach(list, i, item)
	{
		const char *stage = NULL;
		PD_TRY(pd_stage_check(pd_json_str(item), &stage, err));
		for (size_t k = 0; k < PD_LEN(stages); k++)
			*out |= stages[k] == stage ? 1u << k : 0;
	}
	return PD_OK;
}

/* WS: "workspace = 'default' AND ", or nothing in older revisions. */
#define LATEST_SQL(WS)                                                                             \
	"WITH s AS (SELECT max(version) AS latest, min(version) AS first FROM model_versions "     \
	"WHERE " WS "name = ?1 AND current_stage <> '" PD_STAGE_DELETED "' GROUP BY "              \
	"current_stage) SELECT " PD_VERSION_COLUMNS " FROM s JOIN model_versions ON " WS           \
	"name = ?1 AND version = latest ORDER BY first"

static bool is_wanted(unsigned wanted, struct pd_str stage)
{
	for (size_t i = 0; i < PD_LEN(stages); i++)
		if (pd_str_eqz(stage, stages[i]))
			return wanted & 1u << i;
	return wanted == ~0u;
}

enum pd_code pd_versions_latest(struct pd_local *l, struct pd_str name, unsigned wanted,
				bool with_aliases, json_t *list, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   l->has.workspaces ? LATEST_SQL("workspace = 'default' AND ")
					     : LATEST_SQL(""),
			   &q, err));
	pd_bind_str(q, 1, name);
	for (bool row = true;;) {
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			return PD_OK;
		json_t *version = NULL;
		if (!is_wanted(wanted, pd_column_str(q, 6)))
			continue;
		PD_TRY(pd_version_json(l, q, with_aliases, &version, err));
		json_array_append_new(list, version);
	}
}

static enum pd_code get_latest_versions(struct pd_local *l, const json_t *req, json_t **out,
					struct pd_err *err)
{
	unsigned wanted = 0;
	struct pd_str name = pd_req_str(req, "name");
	PD_AUTO_JSON json_t *list = json_array();
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(wanted_stages(json_object_get(req, "stages"), &wanted, err));
	PD_TRY(pd_versions_latest(l, name, wanted, true, list, err));
	*out = json_object();
	if (json_array_size(list) > 0)
		json_object_set(*out, "model_versions", list);
	return PD_OK;
}

/* ---------------------------------------------------------------- create */

static enum pd_code next_version(struct pd_local *l, struct pd_str name, int64_t *out,
				 struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "SELECT coalesce(max(version), 0) + 1 FROM "
					   "model_versions WHERE ",
					   "name = ?"),
			   &q, err));
	pd_bind_str(q, 1, name);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	*out = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	return PD_OK;
}

static enum pd_code insert(struct pd_local *l, const json_t *req, const struct pd_version_source *s,
			   int64_t version, int64_t now_ms, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	struct pd_str description = pd_req_str(req, "description");
	struct pd_str run_link = pd_req_str(req, "run_link");
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO model_versions (name, version, creation_time, "
			   "last_updated_time, description, current_stage, source, run_id, status, "
			   "run_link, storage_location) "
			   "VALUES (?, ?, ?, ?, ?, 'None', ?, ?, 'READY', ?, ?)",
			   &q, err));
	pd_bind_str(q, 1, pd_req_str(req, "name"));
	sqlite3_bind_int64(q, 2, version);
	sqlite3_bind_int64(q, 3, now_ms);
	sqlite3_bind_int64(q, 4, now_ms);
	pd_bind_str(q, 5, description.p ? description : PD_STR(""));
	pd_bind_z(q, 6, s->source);
	if (s->run_id)
		pd_bind_z(q, 7, s->run_id);
	pd_bind_str(q, 8, run_link.p ? run_link : PD_STR(""));
	pd_bind_z(q, 9, s->storage_location);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code put_tag(struct pd_local *l, struct pd_str name, int64_t version,
			    struct pd_str key, struct pd_str value, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO model_version_tags (name, version, key, value) "
			   "VALUES (?, ?, ?, ?) "
			   "ON CONFLICT DO UPDATE SET value = excluded.value",
			   &q, err));
	pd_bind_str(q, 1, name);
	sqlite3_bind_int64(q, 2, version);
	pd_bind_str(q, 3, key);
	pd_bind_str(q, 4, value.p ? value : PD_STR(""));
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code check_tag(struct pd_str key, struct pd_str value, struct pd_err *err)
{
	PD_TRY(pd_check_key(key, "key", err));
	PD_TRY(pd_check_length("key", PD_MAX_KEY_CHARS, key, err));
	if (pd_str_eqz(key, "mlflow.prompt.text") && pd_utf8_chars(value) > PD_MAX_MODEL_TAG_CHARS)
		return pd_fail(err, PD_INVALID, "Prompt text exceeds max length of %d characters.",
			       PD_MAX_MODEL_TAG_CHARS);
	return pd_check_length("value", PD_MAX_MODEL_TAG_CHARS, value, err);
}

/* One transaction from the highest number to the row, so that no two get the same. */
static enum pd_code versions_create(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	PD_AUTO(pd_version_source) s = { 0 };
	struct pd_str name = pd_req_str(req, "name");
	const json_t *tag, *tags = json_object_get(req, "tags");
	size_t i;
	int64_t version = 0, now_ms = pd_local_now_ms(l);
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_version_source_find(l, req, &s, err));
	PD_TRY(pd_model_check_name(name, err));
	json_array_foreach(tags, i, tag)
		PD_TRY(check_tag(pd_req_str(tag, "key"), pd_req_str(tag, "value"), err));
	PD_TRY(pd_version_source_locate(l, &s, err));
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(pd_model_touch(l, name, now_ms, err));
	PD_TRY(next_version(l, name, &version, err));
	PD_TRY(insert(l, req, &s, version, now_ms, err));
	json_array_foreach(tags, i, tag) PD_TRY(
		put_tag(l, name, version, pd_req_str(tag, "key"), pd_req_str(tag, "value"), err));
	if (s.model_id && s.model_id[0])
		PD_TRY(pd_logged_model_note_version(l, pd_str_from(s.model_id), name, version,
						    err));
	PD_TRY(pd_tx_commit(&tx, err));
	return pd_version_answer(l, name, version, out, err);
}

/* ---------------------------------------------------------------- update, stages, delete */

static enum pd_code versions_update(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str name;
	int64_t version = 0;
	PD_TRY(of_request(req, &name, &version, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	sqlite3_reset(q);
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "UPDATE model_versions SET description = ?, "
					   "last_updated_time = ? WHERE ",
					   "name = ? AND version = ?"),
			   &q, err));
	pd_bind_str(q, 1, pd_req_str(req, "description"));
	sqlite3_bind_int64(q, 2, pd_local_now_ms(l));
	pd_bind_str(q, 3, name);
	sqlite3_bind_int64(q, 4, version);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_tx_commit(&tx, err));
	return pd_version_answer(l, name, version, out, err);
}

static enum pd_code archive_others(struct pd_local *l, struct pd_str name, int64_t version,
				   const char *stage, int64_t now_ms, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "UPDATE model_versions SET current_stage = 'Archived', "
					   "last_updated_time = ? WHERE ",
					   "name = ? AND version <> ? AND current_stage = ?"),
			   &q, err));
	sqlite3_bind_int64(q, 1, now_ms);
	pd_bind_str(q, 2, name);
	sqlite3_bind_int64(q, 3, version);
	pd_bind_z(q, 4, stage);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code set_stage(struct pd_local *l, struct pd_str name, int64_t version,
			      const char *stage, int64_t now_ms, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l,
					   "UPDATE model_versions SET current_stage = ?, "
					   "last_updated_time = ? WHERE ",
					   "name = ? AND version = ?"),
			   &q, err));
	pd_bind_z(q, 1, stage);
	sqlite3_bind_int64(q, 2, now_ms);
	pd_bind_str(q, 3, name);
	sqlite3_bind_int64(q, 4, version);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code versions_transition_stage(struct pd_local *l, const json_t *req, json_t **out,
					      struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	const char *stage = NULL;
	struct pd_str name, typed = pd_req_str(req, "stage");
	int64_t version = 0, now_ms = pd_local_now_ms(l);
	bool archive = pd_req_bool(req, "archive_existing_versions", false);
	PD_TRY(pd_stage_check(typed, &stage, err));
	bool is_active = strcmp(stage, "Staging") == 0 || strcmp(stage, "Production") == 0;
	if (archive && !is_active)
		return pd_fail(err, PD_INTERNAL,
			       "Model version transition cannot archive existing model versions "
			       "because '%.*s' is not an Active stage. Valid stages are "
			       "['Staging', 'Production']",
			       PD_STR_ARG(typed));
	PD_TRY(of_request(req, &name, &version, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	sqlite3_reset(q);
	if (archive)
		PD_TRY(archive_others(l, name, version, stage, now_ms, err));
	PD_TRY(set_stage(l, name, version, stage, now_ms, err));
	PD_TRY(pd_model_touch(l, name, now_ms, err));
	PD_TRY(pd_tx_commit(&tx, err));
	return pd_version_answer(l, name, version, out, err);
}

static enum pd_code strike_out(struct pd_local *l, struct pd_str name, int64_t version,
			       int64_t now_ms, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "DELETE FROM registered_model_aliases WHERE ",
					   "name = ? AND version = ?"),
			   &q, err));
	pd_bind_str(q, 1, name);
	sqlite3_bind_int64(q, 2, version);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_db_query(
		&l->db,
		PD_BY_WORKSPACE(l,
				"UPDATE model_versions SET current_stage = '" PD_STAGE_DELETED "', "
				"last_updated_time = ?, description = NULL, user_id = NULL, "
				"source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', "
				"run_link = 'REDACTED-RUN-LINK', status_message = NULL WHERE ",
				"name = ? AND version = ?"),
		&q, err));
	sqlite3_bind_int64(q, 1, now_ms);
	pd_bind_str(q, 2, name);
	sqlite3_bind_int64(q, 3, version);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code versions_delete(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str name = pd_req_str(req, "name");
	int64_t version = 0, now_ms = pd_local_now_ms(l);
	PD_TRY(pd_version_parse(pd_req_str(req, "version"), &version, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	sqlite3_reset(q);
	PD_TRY(strike_out(l, name, version, now_ms, err));
	PD_TRY(pd_model_touch(l, name, now_ms, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- tags */

static enum pd_code versions_set_tag(struct pd_local *l, const json_t *req, json_t **out,
				     struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str name, key = pd_req_str(req, "key"), value = pd_req_str(req, "value");
	int64_t version = 0;
	PD_TRY(of_request(req, &name, &version, err));
	PD_TRY(check_tag(key, value, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	sqlite3_reset(q);
	PD_TRY(put_tag(l, name, version, key, value, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code versions_delete_tag(struct pd_local *l, const json_t *req, json_t **out,
					struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str name, key = pd_req_str(req, "key");
	int64_t version = 0;
	PD_TRY(of_request(req, &name, &version, err));
	PD_TRY(pd_check_key(key, "key", err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	sqlite3_reset(q);
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "DELETE FROM model_version_tags WHERE ",
					   "key = ? AND name = ? AND version = ?"),
			   &q, err));
	pd_bind_str(q, 1, key);
	pd_bind_str(q, 2, name);
	sqlite3_bind_int64(q, 3, version);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

const struct pd_local_method pd_local_versions[] = {
	{ NULL, "registered-models/get-latest-versions", get_latest_versions },
	{ NULL, "model-versions/create", versions_create },
	{ NULL, "model-versions/get", versions_get },
	{ NULL, "model-versions/get-download-uri", versions_get_download_uri },
	{ NULL, "model-versions/update", versions_update },
	{ NULL, "model-versions/transition-stage", versions_transition_stage },
	{ NULL, "model-versions/delete", versions_delete },
	{ NULL, "model-versions/set-tag", versions_set_tag },
	{ NULL, "model-versions/delete-tag", versions_delete_tag },
	{ NULL, NULL, NULL },
};

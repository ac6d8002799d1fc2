/*
 * Listing the artifacts of runs and logged models.
 * Source: mlflow/server/handlers.py (_list_artifacts, _list_logged_model_artifacts),
 * mlflow/utils/uri.py (validate_path_is_safe).
 */
#include "registry/local_models.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/url.h"
#include "registry/check.h"
#include "registry/local_tracking.h"
#include "schema/methods.h"
#include "store/artifact.h"

/* Percent-encoding goes, however often encoded; then a relative path without ".." is wanted.
 * Empty and "." parts are dropped, as os.path.normpath does. */
static enum pd_code safe_path(struct pd_arena *a, struct pd_str path, struct pd_str *out,
			      struct pd_err *err)
{
	for (struct pd_str before = { 0 }; !pd_str_eq(path, before);) {
		before = path;
		path = pd_url_unquote(a, path);
	}
	struct pd_err ignored;
	size_t scheme = pd_url_scheme_length(path);
	if (pd_str_eq(pd_str_head(path, scheme), PD_STR("file")) &&
	    pd_url_file_path(path, a, &path, &ignored) != PD_OK)
		path = PD_STR(".."); /* refused below, with MLflow's words */
	PD_AUTO(pd_buf)
	norm = { 0 };
	pd_buf_init(&norm, (size_t)64 << 10);
	bool good = !memchr(path.p ? path.p : "", '\0', path.n) && pd_str_find(path, '#') < 0 &&
		    pd_str_find(path, '\\') < 0 && !pd_str_starts(path, PD_STR("/")) &&
		    pd_utf8_check(path);
	for (struct pd_str part, rest = path; rest.n;) {
		pd_str_split(rest, '/', &part, &rest);
		good = good && !pd_str_eq(part, PD_STR(".."));
		if (!part.n || pd_str_eq(part, PD_STR(".")))
			continue;
		if (norm.n)
			pd_buf_char(&norm, '/');
		pd_buf_str(&norm, part);
	}
	if (!good || norm.failed)
		return pd_fail(err, PD_INVALID, "Invalid path");
	*out = pd_arena_str(a, pd_buf_view(&norm));
	return PD_OK;
}

static enum pd_code list_at(struct pd_local *l, const char *root, struct pd_str path, json_t **out,
			    struct pd_err *err)
{
	PD_AUTO(pd_arena)
	arena = { 0 };
	PD_AUTO_ARTIFACTS *store = NULL;
	PD_AUTO_JSON json_t *files = json_array();
	struct pd_artifact_list list = { 0 };
	struct pd_str below;
	PD_TRY(safe_path(&arena, path, &below, err));
	PD_TRY(pd_artifacts_open(l->env, pd_str_from(root), &store, err));
	enum pd_code code = pd_artifacts_list(store, below, false, &arena, &list, err);
	if (code == PD_DENIED)
		return pd_fail(err, PD_INVALID,
			       "Invalid path: resolved path is outside the artifact directory");
	if (code != PD_OK && code != PD_NOT_FOUND) /* nothing there yet is an empty list */
		return code;
	for (size_t i = 0; i < list.n; i++) {
		const struct pd_artifact *a = &list.items[i];
		json_t *file = json_pack("{s:o, s:b}", "path", pd_json_from(a->path), "is_dir",
					 a->is_dir);
		if (a->size_bytes)
			json_object_set_new(file, "file_size",
					    json_integer((json_int_t)a->size_bytes));
		json_array_append_new(files, file);
	}
	*out = json_pack("{s:s}", "root_uri", root);
	if (json_array_size(files) > 0)
		json_object_set(*out, "files", files);
	return PD_OK;
}

static enum pd_code artifacts_list(struct pd_local *l, const json_t *req, json_t **out,
				   struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	struct pd_str id = pd_req_run_id(req);
	PD_AUTO(pd_arena)
	arena = { 0 };
	struct pd_str below;
	PD_TRY(safe_path(&arena, pd_req_str(req, "path"), &below, err));
	PD_TRY(pd_check_run_id(id, err));
	PD_TRY(pd_db_query(&l->db, "SELECT artifact_uri FROM runs WHERE run_uuid = ?", &q, err));
	pd_bind_str(q, 1, id);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	PD_AUTO_FREE char *root = row ? pd_str_dup(pd_column_str(q, 0)) : NULL;
	sqlite3_reset(q);
	if (!row)
		return pd_fail(err, PD_NOT_FOUND, "Run with id=%.*s not found", PD_STR_ARG(id));
	return list_at(l, root, pd_req_str(req, "path"), out, err);
}

static enum pd_code logged_models_list_artifacts(struct pd_local *l, const json_t *req,
						 json_t **out, struct pd_err *err)
{
	PD_AUTO_FREE char *root = NULL;
	PD_AUTO_FREE char *run = NULL;
	PD_AUTO(pd_arena)
	arena = { 0 };
	struct pd_str path = pd_req_str(req, "artifact_directory_path"), below;
	PD_TRY(safe_path(&arena, path, &below, err));
	PD_TRY(pd_logged_model_find(l, pd_req_str(req, "model_id"), &root, &run, err));
	return list_at(l, root, path, out, err);
}

const struct pd_local_method pd_local_artifacts[] = {
	{ NULL, "artifacts/list", artifacts_list },
	{ NULL, "logged-models/list-artifacts", logged_models_list_artifacts },
	{ NULL, NULL, NULL },
};

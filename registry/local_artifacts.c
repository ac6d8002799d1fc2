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

/* What stands behind a server's own route for artifacts, or behind the host of an
 * mlflow-artifacts: URI. Source: handlers.py, _get_proxied_run_artifact_destination_path. */
static bool proxied_path(struct pd_str location, struct pd_str *out)
{
	static const char route[] = "/api/2.0/mlflow-artifacts/artifacts/";
	struct pd_str scheme = pd_str_head(location, pd_url_scheme_length(location));
	struct pd_str rest = pd_str_skip(location, scheme.n + 1);
	if (pd_str_eq(scheme, PD_STR("http")) || pd_str_eq(scheme, PD_STR("https"))) {
		for (; rest.n && !pd_str_starts(rest, pd_str_from(route));
		     rest = pd_str_skip(rest, 1))
			;
		*out = pd_str_skip(rest, sizeof(route) - 1);
		return rest.n > 0;
	}
	if (pd_str_starts(rest, PD_STR("//"))) {
		ptrdiff_t slash = pd_str_find(pd_str_skip(rest, 2), '/');
		rest = slash < 0 ? PD_STR("") : pd_str_skip(rest, 2 + (size_t)slash);
	}
	*out = rest;
	return pd_str_eq(scheme, PD_STR("mlflow-artifacts"));
}

void pd_local_place(const struct pd_local *l, struct pd_str location, struct pd_arena *arena,
		    struct pd_str *out_root, struct pd_str *out_below)
{
	struct pd_str below = { 0 };
	*out_root = location;
	*out_below = PD_STR("");
	if (!l->artifacts_destination || !proxied_path(location, &below))
		return;
	while (pd_str_starts(below, PD_STR("/")))
		below = pd_str_skip(below, 1);
	*out_root = pd_str_from(l->artifacts_destination);
	*out_below = pd_arena_str(arena, below);
}

static struct pd_str last_part(struct pd_str path)
{
	return pd_str_skip(path, (size_t)(pd_str_rfind(path, '/') + 1));
}

static enum pd_code list_at(struct pd_local *l, const char *root, struct pd_str path, json_t **out,
			    struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO_ARTIFACTS *store = NULL;
	PD_AUTO_JSON json_t *files = json_array();
	struct pd_artifact_list list = { 0 };
	struct pd_str below, place, base, whole;
	PD_TRY(pd_url_safe_path(&arena, path, &below, err));
	pd_local_place(l, pd_str_from(root), &arena, &place, &base);
	PD_TRY(pd_artifacts_open(l->env, place, &store, err));
	const char *joined = pd_arena_printf(&arena, "%.*s/%.*s", PD_STR_ARG(base),
					     PD_STR_ARG(below));
	PD_TRY(pd_url_safe_path(&arena, pd_str_from(joined + (base.n == 0)), &whole, err));
	enum pd_code code = pd_artifacts_list(store, whole, false, &arena, &list, err);
	if (code == PD_DENIED)
		return pd_fail(err, PD_INVALID,
			       "Invalid path: resolved path is outside the artifact directory");
	if (code != PD_OK && code != PD_NOT_FOUND) /* nothing there yet is an empty list */
		return code;
	for (size_t i = 0; i < list.n; i++) {
		const struct pd_artifact *a = &list.items[i];
		struct pd_str name = last_part(a->path);
		const char *shown = pd_arena_printf(&arena, "%.*s%s%.*s", PD_STR_ARG(below),
						    below.n ? "/" : "", PD_STR_ARG(name));
		json_t *file = json_pack("{s:s, s:b}", "path", shown, "is_dir", a->is_dir);
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
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_str below;
	PD_TRY(pd_url_safe_path(&arena, pd_req_str(req, "path"), &below, err));
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
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_str path = pd_req_str(req, "artifact_directory_path"), below;
	PD_TRY(pd_url_safe_path(&arena, path, &below, err));
	PD_TRY(pd_logged_model_find(l, pd_req_str(req, "model_id"), &root, &run, err));
	return list_at(l, root, path, out, err);
}

const struct pd_local_method pd_local_artifacts[] = {
	{ NULL, "artifacts/list", artifacts_list },
	{ NULL, "logged-models/list-artifacts", logged_models_list_artifacts },
	{ NULL, NULL, NULL },
};

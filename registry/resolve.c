/*
 * From a URI to where the bytes are, by asking the registry's own methods, so that it works the
 * same on a database and on a server.
 * Source: mlflow/store/artifact/runs_artifact_repo.py, models_artifact_repo.py, utils/models.py.
 */
#include "registry/uri.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/url.h"
#include "store/artifact.h"

#define FOLLOW_MAX 4    /* locations that are runs:/ or models:/ themselves */
#define NEAR_MAX   1000 /* names looked at for a near one */

struct resolve {
	struct pd_registry *r;
	struct pd_arena *arena;
	struct pd_location *out;
};

static enum pd_code follow(struct resolve *c, struct pd_str location, struct pd_str path, int depth,
			   struct pd_err *err);

/* A text of a response, copied: the response goes with its scope. */
static struct pd_str keep(struct resolve *c, const json_t *object, const char *key)
{
	return pd_arena_str(c->arena, pd_json_str(json_object_get(object, key)));
}

static enum pd_code call(struct resolve *c, const char *verb, const char *method,
			 json_t *taken_request, json_t **out, struct pd_err *err)
{
	PD_AUTO_JSON json_t *request = taken_request;
	return pd_registry_call(c->r, verb, method, request, out, err);
}

static json_t *ask(const char *key, struct pd_str value)
{
	return json_pack("{s:o}", key, pd_json_from(value));
}

/* ---------------------------------------------------------------- near names */

/* Keep `name` when it is nearer to `typed` than *best; a third of its letters may differ. */
static void nearer(struct pd_str typed, struct pd_str name, struct pd_str *best, unsigned *best_far)
{
	unsigned far = pd_str_distance(typed, name);
	unsigned most = typed.n < 3 ? 1 : (unsigned)(typed.n < 64 ? typed.n / 3 : 21);
	if (far <= most && far < *best_far) {
		*best = name;
		*best_far = far;
	}
}

static enum pd_code no_model(struct resolve *c, struct pd_str name, struct pd_err *err)
{
	PD_AUTO_JSON json_t *found = NULL;
	struct pd_err ignored;
	struct pd_str best = { 0 };
	unsigned best_far = ~0u;
	size_t i;
	const json_t *m;
	if (call(c, NULL, "registered-models/search", json_pack("{s:i}", "max_results", NEAR_MAX),
		 &found, &ignored) == PD_OK)
		json_array_foreach(json_object_get(found, "registered_models"), i, m)
			nearer(name, pd_json_str(json_object_get(m, "name")), &best, &best_far);
	if (best.n)
		return pd_fail(err, PD_NOT_FOUND, "no registered model `%.*s`; near: `%.*s`",
			       PD_STR_ARG(name), PD_STR_ARG(best));
	return pd_fail(err, PD_NOT_FOUND, "no registered model `%.*s`", PD_STR_ARG(name));
}

/* "has `champion`, `best`", the near ones first; or that there are none. */
static enum pd_code no_alias(struct pd_str name, struct pd_str alias, const json_t *model,
			     struct pd_err *err)
{
	const json_t *aliases = json_object_get(model, "aliases"), *a;
	struct pd_str best = { 0 };
	unsigned best_far = ~0u;
	size_t i;
	PD_AUTO(pd_buf) has = { 0 };
	pd_buf_init(&has, PD_ERR_MAX);
	json_array_foreach(aliases, i, a)
		nearer(alias, pd_json_str(json_object_get(a, "alias")), &best, &best_far);
	if (best.n)
		pd_buf_printf(&has, "`%.*s`", PD_STR_ARG(best));
	json_array_foreach(aliases, i, a)
	{
		struct pd_str other = pd_json_str(json_object_get(a, "alias"));
		if (!pd_str_eq(other, best) && !has.failed)
			pd_buf_printf(&has, has.n ? ", `%.*s`" : "`%.*s`", PD_STR_ARG(other));
	}
	if (!has.n)
		return pd_fail(err, PD_NOT_FOUND, "no alias `%.*s`; model `%.*s` has none",
			       PD_STR_ARG(alias), PD_STR_ARG(name));
	return pd_fail(err, PD_NOT_FOUND, "no alias `%.*s`; has %s", PD_STR_ARG(alias), has.p);
}

/* The registered model, to see what is missing. */
static enum pd_code get_model(struct resolve *c, struct pd_str name, json_t **out,
			      struct pd_err *err)
{
	PD_AUTO_JSON json_t *response = NULL;
	enum pd_code code = call(c, NULL, "registered-models/get", ask("name", name), &response,
				 err);
	if (code == PD_NOT_FOUND)
		return no_model(c, name, err);
	PD_TRY(code);
	*out = json_incref(json_object_get(response, "registered_model"));
	return PD_OK;
}

/* Highest number among its latest versions; 0: none. */
static int64_t latest_of(const json_t *versions)
{
	int64_t latest = 0;
	size_t i;
	const json_t *v;
	json_array_foreach(versions, i, v)
	{
		int64_t n = 0;
		if (pd_str_to_i64(pd_json_str(json_object_get(v, "version")), &n) && n > latest)
			latest = n;
	}
	return latest;
}

/* ---------------------------------------------------------------- places */

static bool is_follow(struct pd_str location)
{
	struct pd_str scheme = pd_str_head(location, pd_url_scheme_length(location));
	return pd_str_eq_nocase(scheme, PD_STR("runs")) ||
	       pd_str_eq_nocase(scheme, PD_STR("models"));
}

static struct pd_str joined(struct pd_arena *arena, struct pd_str root, struct pd_str path)
{
	if (!path.n)
		return root;
	const char *slash = root.n && root.p[root.n - 1] == '/' ? "" : "/";
	return pd_str_from(
		pd_arena_printf(arena, "%.*s%s%.*s", PD_STR_ARG(root), slash, PD_STR_ARG(path)));
}

/* Paths and file: URIs become absolute paths; the rest stays as it is. */
static enum pd_code set_place(struct resolve *c, struct pd_str location, struct pd_str path,
			      struct pd_err *err)
{
	struct pd_str root = pd_arena_str(c->arena, location);
	size_t n = pd_url_scheme_length(location);
	if (pd_str_eq_nocase(pd_str_head(location, n), PD_STR("file"))) {
		PD_TRY(pd_url_file_path(location, c->arena, &root, err));
		n = 0;
	}
	if (!n) {
		PD_AUTO_FREE char *text = pd_str_dup(root);
		PD_AUTO_FREE char *full = pd_path_absolute(text);
		root = pd_arena_str(c->arena, pd_str_from(full));
	}
	c->out->root = root;
	c->out->path = path;
	c->out->artifact_uri = joined(c->arena, root, path);
	return PD_OK;
}

/* ---------------------------------------------------------------- runs */

static enum pd_code no_run(struct pd_str id, struct pd_err *err)
{
	if (!pd_is_run_id(id))
		return pd_fail(err, PD_NOT_FOUND,
			       "no run `%.*s`: a run's id is 32 hexadecimal digits",
			       PD_STR_ARG(id));
	return pd_fail(err, PD_NOT_FOUND, "no run `%.*s`", PD_STR_ARG(id));
}

/* Among one page of logged models, the newest that the run made. */
static const json_t *made_by(const json_t *page, struct pd_str run_id)
{
	size_t i;
	const json_t *m;
	json_array_foreach(json_object_get(page, "models"), i, m)
	{
		const json_t *info = json_object_get(m, "info");
		if (pd_str_eq(pd_json_str(json_object_get(info, "source_run_id")), run_id))
			return info;
	}
	return NULL;
}

/* The logged model `name` of a run; *out_info stays NULL when there is none, also where the store
 * knows no logged models. */
static enum pd_code find_logged(struct resolve *c, struct pd_str run_id, struct pd_str name,
				json_t **out_info, struct pd_err *err)
{
	for (size_t i = 0; i < name.n; i++)
		if (strchr("/:.%\"'", name.p[i])) /* no logged model is called so */
			return PD_OK;
	PD_AUTO_JSON json_t *request = json_pack("{s:[o]}", "experiment_ids",
						 pd_json_from(c->out->experiment_id));
	const char *filter = pd_arena_printf(c->arena, "name = '%.*s'", PD_STR_ARG(name));
	json_object_set_new(request, "filter", json_string(filter));
	for (;;) {
		PD_AUTO_JSON json_t *page = NULL;
		enum pd_code code = pd_registry_call(c->r, NULL, "logged-models/search", request,
						     &page, err);
		if (code == PD_UNSUPPORTED || code == PD_NO_ENDPOINT)
			return PD_OK;
		PD_TRY(code);
		const json_t *info = made_by(page, run_id);
		json_t *token = json_object_get(page, "next_page_token");
		if (info)
			*out_info = json_deep_copy(info);
		if (info || !token)
			return PD_OK;
		json_object_set(request, "page_token", token);
	}
}

/* Does the model have that path? What cannot be looked at counts as there. */
static bool has_path(struct resolve *c, struct pd_str root, struct pd_str path)
{
	PD_AUTO_ARTIFACTS *store = NULL;
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_artifact found;
	struct pd_err ignored;
	return !path.n ||
	       pd_artifacts_open(pd_registry_env(c->r), root, &store, &ignored) != PD_OK ||
	       pd_artifacts_stat(store, path, &arena, &found, &ignored) != PD_NOT_FOUND;
}

static enum pd_code resolve_run(struct resolve *c, const struct pd_uri *u, int depth,
				struct pd_err *err)
{
	PD_AUTO_JSON json_t *response = NULL;
	PD_AUTO_JSON json_t *logged = NULL;
	enum pd_code code = call(c, NULL, "runs/get", ask("run_id", u->run_id), &response, err);
	if (code == PD_NOT_FOUND)
		return no_run(u->run_id, err);
	PD_TRY(code);
	const json_t *info = json_object_get(json_object_get(response, "run"), "info");
	c->out->run_id = u->run_id;
	c->out->experiment_id = keep(c, info, "experiment_id");
	struct pd_str name, below;
	pd_str_split(u->path, '/', &name, &below);
	if (name.n)
		PD_TRY(find_logged(c, u->run_id, name, &logged, err));
	struct pd_str model_root = keep(c, logged, "artifact_uri");
	if (logged && has_path(c, model_root, below)) {
		c->out->model_id = keep(c, logged, "model_id");
		return follow(c, model_root, below, depth, err);
	}
	return follow(c, keep(c, info, "artifact_uri"), u->path, depth, err);
}

/* ---------------------------------------------------------------- logged models */

/* A name alone was typed: say what else it could have been. */
static enum pd_code no_logged(struct resolve *c, struct pd_str id, struct pd_err *err)
{
	PD_AUTO_JSON json_t *model = NULL;
	if (pd_is_model_id(id))
		return pd_fail(err, PD_NOT_FOUND, "no logged model `%.*s`", PD_STR_ARG(id));
	PD_TRY(get_model(c, id, &model, err));
	int64_t latest = latest_of(json_object_get(model, "latest_versions"));
	if (!latest)
		return pd_fail(err, PD_NOT_FOUND, "model `%.*s` has no versions", PD_STR_ARG(id));
	return pd_fail(err, PD_INVALID,
		       "models:/%.*s: no version, stage or alias behind the name; the latest is "
		       "models:/%.*s/%lld",
		       PD_STR_ARG(id), PD_STR_ARG(id), (long long)latest);
}

static enum pd_code resolve_logged(struct resolve *c, const struct pd_uri *u, int depth,
				   struct pd_err *err)
{
	PD_AUTO_JSON json_t *response = NULL;
	if (!pd_str_starts(u->selector, PD_STR("m-")))
		return no_logged(c, u->selector, err);
	enum pd_code code = call(c, NULL, "logged-models/get", ask("model_id", u->selector),
				 &response, err);
	if (code == PD_NOT_FOUND)
		return no_logged(c, u->selector, err);
	PD_TRY(code);
	const json_t *info = json_object_get(json_object_get(response, "model"), "info");
	c->out->model_id = u->selector;
	c->out->run_id = keep(c, info, "source_run_id");
	c->out->experiment_id = keep(c, info, "experiment_id");
	return follow(c, keep(c, info, "artifact_uri"), u->path, depth, err);
}

/* ---------------------------------------------------------------- registered models */

static enum pd_code no_version(struct resolve *c, struct pd_str name, struct pd_str version,
			       struct pd_err *err)
{
	PD_AUTO_JSON json_t *model = NULL;
	PD_TRY(get_model(c, name, &model, err));
	int64_t latest = latest_of(json_object_get(model, "latest_versions"));
	if (!latest)
		return pd_fail(err, PD_NOT_FOUND, "no version %.*s of model `%.*s`; it has none",
			       PD_STR_ARG(version), PD_STR_ARG(name));
	return pd_fail(err, PD_NOT_FOUND, "no version %.*s of model `%.*s`; the latest is %lld",
		       PD_STR_ARG(version), PD_STR_ARG(name), (long long)latest);
}

/* Which version is meant; *out: its object, given. */
static enum pd_code by_number(struct resolve *c, const struct pd_uri *u, json_t **out,
			      struct pd_err *err)
{
	PD_AUTO_JSON json_t *response = NULL;
	enum pd_code code = call(c, NULL, "model-versions/get",
				 json_pack("{s:o, s:o}", "name", pd_json_from(u->name), "version",
					   pd_json_from(u->selector)),
				 &response, err);
	if (code == PD_NOT_FOUND)
		return no_version(c, u->name, u->selector, err);
	PD_TRY(code);
	*out = json_incref(json_object_get(response, "model_version"));
	return PD_OK;
}

static enum pd_code by_alias(struct resolve *c, const struct pd_uri *u, json_t **out,
			     struct pd_err *err)
{
	PD_AUTO_JSON json_t *response = NULL;
	PD_AUTO_JSON json_t *model = NULL;
	enum pd_code code = call(c, "GET", "registered-models/alias",
				 json_pack("{s:o, s:o}", "name", pd_json_from(u->name), "alias",
					   pd_json_from(u->selector)),
				 &response, err);
	if (code == PD_OK) {
		*out = json_incref(json_object_get(response, "model_version"));
		return PD_OK;
	}
	if (code != PD_NOT_FOUND && code != PD_INVALID)
		return code;
	PD_TRY(get_model(c, u->name, &model, err));
	return no_alias(u->name, u->selector, model, err);
}

static enum pd_code by_stage(struct resolve *c, const struct pd_uri *u, json_t **out,
			     struct pd_err *err)
{
	PD_AUTO_JSON json_t *response = NULL;
	bool all = u->kind == PD_URI_MODEL_LATEST;
	json_t *request = ask("name", u->name);
	if (!all)
		json_object_set_new(request, "stages", json_pack("[o]", pd_json_from(u->selector)));
	enum pd_code code = call(c, "POST", "registered-models/get-latest-versions", request,
				 &response, err);
	if (code == PD_NOT_FOUND)
		return no_model(c, u->name, err);
	PD_TRY(code);
	const json_t *versions = json_object_get(response, "model_versions");
	int64_t latest = latest_of(versions), n = 0;
	size_t i;
	json_t *v;
	json_array_foreach(versions, i,
			   v) if (pd_str_to_i64(pd_json_str(json_object_get(v, "version")), &n) &&
				  n == latest) *out = json_incref(v);
	if (*out)
		return PD_OK;
	if (all)
		return pd_fail(err, PD_NOT_FOUND, "model `%.*s` has no versions",
			       PD_STR_ARG(u->name));
	return pd_fail(err, PD_NOT_FOUND, "no version of model `%.*s` in stage %.*s",
		       PD_STR_ARG(u->name), PD_STR_ARG(u->selector));
}

static enum pd_code resolve_version(struct resolve *c, const struct pd_uri *u, int depth,
				    struct pd_err *err)
{
	PD_AUTO_JSON json_t *version = NULL;
	PD_AUTO_JSON json_t *where = NULL;
	struct pd_uri source;
	struct pd_err ignored;
	PD_TRY(u->kind == PD_URI_MODEL_VERSION ? by_number(c, u, &version, err)
	       : u->kind == PD_URI_MODEL_ALIAS ? by_alias(c, u, &version, err)
					       : by_stage(c, u, &version, err));
	struct pd_str number = keep(c, version, "version");
	PD_TRY(call(c, NULL, "model-versions/get-download-uri",
		    json_pack("{s:o, s:o}", "name", pd_json_from(u->name), "version",
			      pd_json_from(number)),
		    &where, err));
	c->out->name = u->name;
	c->out->version = number;
	c->out->run_id = keep(c, version, "run_id");
	if (pd_uri_parse(keep(c, version, "source"), c->arena, &source, &ignored) == PD_OK &&
	    source.kind == PD_URI_MODEL_ID)
		c->out->model_id = source.selector;
	return follow(c, keep(c, where, "artifact_uri"), u->path, depth, err);
}

/* ---------------------------------------------------------------- one URI */

static enum pd_code resolve_uri(struct resolve *c, const struct pd_uri *u, int depth,
				struct pd_err *err)
{
	switch (u->kind) {
	case PD_URI_PATH:
		/* decoded already */
		return set_place(c,
				 pd_url_scheme_length(u->path)
					 ? joined(c->arena, PD_STR("."), u->path)
					 : u->path,
				 PD_STR(""), err);
	case PD_URI_OTHER:
		return set_place(c, u->text, PD_STR(""), err);
	case PD_URI_RUN:
		return resolve_run(c, u, depth, err);
	case PD_URI_MODEL_ID:
		return resolve_logged(c, u, depth, err);
	case PD_URI_MODEL_VERSION:
	case PD_URI_MODEL_STAGE:
	case PD_URI_MODEL_LATEST:
	case PD_URI_MODEL_ALIAS:
		return resolve_version(c, u, depth, err);
	}
	return pd_fail(err, PD_INTERNAL, "a URI of no kind");
}

/* What the registry says of the place; the ids of the outermost URI stay. */
static enum pd_code follow(struct resolve *c, struct pd_str location, struct pd_str path, int depth,
			   struct pd_err *err)
{
	struct pd_location inner = { 0 };
	struct resolve below = { c->r, c->arena, &inner };
	struct pd_uri u;
	if (!location.n)
		return pd_fail(err, PD_NOT_FOUND, "the registry names no place for the files");
	if (!is_follow(location))
		return set_place(c, location, path, err);
	if (depth == FOLLOW_MAX)
		return pd_fail(err, PD_INVALID, "%.*s: places that point at one another",
			       PD_STR_ARG(location));
	PD_TRY(pd_uri_parse(location, c->arena, &u, err));
	u.path = u.path.n ? joined(c->arena, u.path, path) : path;
	PD_TRY(resolve_uri(&below, &u, depth + 1, err));
	c->out->root = inner.root;
	c->out->path = inner.path;
	c->out->artifact_uri = inner.artifact_uri;
	c->out->run_id = c->out->run_id.n ? c->out->run_id : inner.run_id;
	c->out->model_id = c->out->model_id.n ? c->out->model_id : inner.model_id;
	if (!c->out->experiment_id.n)
		c->out->experiment_id = inner.experiment_id;
	return PD_OK;
}

enum pd_code pd_uri_resolve(struct pd_registry *r, const struct pd_uri *uri, struct pd_arena *arena,
			    struct pd_location *out, struct pd_err *err)
{
	struct resolve c = { r, arena, out };
	*out = (struct pd_location){ 0 };
	return resolve_uri(&c, uri, 0, err);
}

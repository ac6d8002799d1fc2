#include "registry/registry.h"

#include <stdlib.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/url.h"
#include "registry/local.h"
#include "registry/remote.h"
#include "schema/methods.h"

#define DEFAULT_URI           "sqlite:///mlflow.db"
#define DEFAULT_ARTIFACT_ROOT "./mlruns"

/* A store: a database or a server, one of the two. */
struct store {
	struct pd_local *local;
	struct pd_remote *remote;
	char *uri; /* absolute; a server's as it was given */
};

struct pd_registry {
	const struct pd_env *env;
	struct store tracking;
	struct store models;    /* registered models and versions, where they are elsewhere */
	struct pd_tx tx;        /* of a group */
	struct pd_tx models_tx; /* likewise, where the models are elsewhere */
};

/* ---------------------------------------------------------------- where the store is */

/* The file of a SQLAlchemy URL: sqlite:///relative, sqlite:////absolute. A driver ("+pysqlite")
 * and parameters ("?timeout=5") are for Python only. */
static enum pd_code sqlite_path(struct pd_str uri, char **out, struct pd_err *err)
{
	struct pd_str scheme, rest, path, query;
	pd_str_split(uri, ':', &scheme, &rest);
	if (!pd_str_starts(rest, PD_STR("///")))
		return pd_fail(err, PD_INVALID,
			       "tracking URI %.*s: write sqlite:///FILE, with four slashes for an "
			       "absolute path",
			       PD_STR_ARG(uri));
	pd_str_split(pd_str_skip(rest, 3), '?', &path, &query);
	if (path.n == 0 || pd_str_eq(path, PD_STR(":memory:")))
		return pd_fail(err, PD_UNSUPPORTED,
			       "tracking URI %.*s: a database in memory is gone with this command; "
			       "name a file",
			       PD_STR_ARG(uri));
	*out = pd_str_dup(path);
	return PD_OK;
}

static enum pd_code no_store(struct pd_str uri, struct pd_str scheme, struct pd_err *err)
{
	if (uri.n == 0)
		return pd_fail(err, PD_INVALID, "the tracking URI is empty; write sqlite:///FILE");
	if (scheme.n == 0 || pd_str_eq(scheme, PD_STR("file")))
		return pd_fail(err, PD_UNSUPPORTED,
			       "tracking URI %.*s: MLflow's file store is not supported; move it "
			       "with `mlflow migrate-filestore` and give sqlite:///mlflow.db",
			       PD_STR_ARG(uri));
	return pd_fail(err, PD_UNSUPPORTED,
		       "tracking URI %.*s: no store for `%.*s`; podium has sqlite:///FILE "
		       "and http(s)://SERVER",
		       PD_STR_ARG(uri), PD_STR_ARG(scheme));
}

/* "scheme" of "scheme:rest"; empty for a path. */
static struct pd_str scheme_of(struct pd_str uri)
{
	struct pd_str head, tail;
	if (!pd_str_split(uri, ':', &head, &tail) || pd_str_find(head, '/') >= 0)
		return (struct pd_str){ 0 };
	return head;
}

static enum pd_code find_file(const char *uri_text, char **out, struct pd_err *err)
{
	struct pd_str uri = pd_str_from(uri_text);
	struct pd_str scheme = scheme_of(uri);
	struct pd_str dialect, driver;
	pd_str_split(scheme, '+', &dialect, &driver);
	if (!pd_utf8_check(uri))
		return pd_fail(err, PD_INVALID, "the tracking URI is not UTF-8");
	PD_AUTO(pd_arena) arena = { 0 };
	if (!pd_str_eq(dialect, PD_STR("sqlite")))
		return no_store(pd_url_without_user(&arena, uri), scheme, err);
	return sqlite_path(uri, out, err);
}

/* ---------------------------------------------------------------- open, call, close */

static bool is_server(const char *uri)
{
	struct pd_str scheme = scheme_of(pd_str_from(uri));
	return pd_str_eq_nocase(scheme, PD_STR("http")) ||
	       pd_str_eq_nocase(scheme, PD_STR("https"));
}

static void store_end(struct store *s)
{
	if (s->local)
		pd_local_end(s->local);
	free(s->local);
	pd_remote_close(s->remote);
	free(s->uri);
}

static enum pd_code open_local(const struct pd_env *env, const struct pd_registry_opts *opts,
			       const char *path, struct store *out, struct pd_err *err)
{
	PD_AUTO_FREE char *root = pd_local_resolve_uri(
		pd_str_from(opts->artifact_root ? opts->artifact_root : DEFAULT_ARTIFACT_ROOT));
	struct pd_local *local = pd_xcalloc(1, sizeof(*local));
	enum pd_db_mode mode = opts->read_only ? PD_DB_QUERY
			       : opts->create  ? PD_DB_CREATE
					       : PD_DB_WRITE;
	enum pd_code code = pd_local_open(local, env, path, root, mode, err);
	if (code != PD_OK) {
		free(local);
		return code;
	}
	local->for_clients = opts->for_clients;
	if (opts->artifacts_destination)
		local->artifacts_destination = pd_xstrdup(opts->artifacts_destination);
	out->local = local;
	return PD_OK;
}

/* beside: the store that is open already, or NULL. Where both are the same, nothing is opened. */
static enum pd_code open_store(const struct pd_env *env, const struct pd_registry_opts *opts,
			       const char *uri, const struct store *beside, struct store *out,
			       struct pd_err *err)
{
	if (is_server(uri) && opts->for_clients)
		return pd_fail(err, PD_UNSUPPORTED,
			       "a server stands on a database, sqlite:///FILE, not on another "
			       "server");
	if (is_server(uri)) {
		if (beside && strcmp(uri, beside->uri) == 0)
			return PD_OK;
		PD_TRY(pd_remote_open(env, uri, opts->hasty, &out->remote, err));
		out->uri = pd_xstrdup(uri);
		return PD_OK;
	}
	PD_AUTO_FREE char *file = NULL;
	PD_TRY(find_file(uri, &file, err));
	PD_AUTO_FREE char *path = pd_path_absolute(file);
	size_t size = strlen(path) + sizeof("sqlite:///");
	PD_AUTO_FREE char *absolute = pd_xmalloc(size);
	snprintf(absolute, size, "sqlite:///%s", path);
	if (beside && strcmp(absolute, beside->uri) == 0)
		return PD_OK;
	PD_TRY(open_local(env, opts, path, out, err));
	out->uri = PD_TAKE(absolute);
	return PD_OK;
}

enum pd_code pd_registry_open(const struct pd_env *env, const struct pd_registry_opts *opts,
			      struct pd_registry **out, struct pd_err *err)
{
	const char *tracking = opts->tracking_uri ? opts->tracking_uri
						  : pd_env_var(env, "MLFLOW_TRACKING_URI");
	const char *models = opts->registry_uri ? opts->registry_uri
						: pd_env_var(env, "MLFLOW_REGISTRY_URI");
	struct pd_registry *r = pd_xcalloc(1, sizeof(*r));
	r->env = env;
	enum pd_code code = open_store(env, opts, tracking ? tracking : DEFAULT_URI, NULL,
				       &r->tracking, err);
	if (code == PD_OK && models)
		code = open_store(env, opts, models, &r->tracking, &r->models, err);
	if (code != PD_OK) {
		pd_registry_close(r);
		return code;
	}
	*out = r;
	return PD_OK;
}

void pd_registry_close(struct pd_registry *r)
{
	if (!r)
		return;
	store_end(&r->models);
	store_end(&r->tracking);
	free(r);
}

const char *pd_registry_uri(const struct pd_registry *r)
{
	return r->tracking.uri;
}

const struct pd_env *pd_registry_env(const struct pd_registry *r)
{
	return r->env;
}

static bool is_of_models(const char *method)
{
	struct pd_str name = pd_str_from(method);
	return pd_str_starts(name, PD_STR("registered-models/")) ||
	       pd_str_starts(name, PD_STR("model-versions/"));
}

enum pd_code pd_registry_call(struct pd_registry *r, const char *verb, const char *method,
			      const json_t *request, json_t **out, struct pd_err *err)
{
	*out = NULL;
	const struct pd_method *m = pd_method_find(verb, method);
	if (!m)
		return pd_fail(err, PD_NO_ENDPOINT, "no method `%s`%s%s", method,
			       verb ? " with verb " : "", verb ? verb : "");
	PD_AUTO_JSON json_t *req = NULL;
	PD_TRY(pd_request_check(m, request, &req, err));
	return pd_registry_run(r, verb, m, req, out, err);
}

static struct store *store_of(struct pd_registry *r, const struct pd_method *m)
{
	return is_of_models(m->name) && r->models.uri ? &r->models : &r->tracking;
}

enum pd_code pd_registry_run(struct pd_registry *r, const char *verb, const struct pd_method *m,
			     const json_t *checked, json_t **out, struct pd_err *err)
{
	*out = NULL;
	const struct store *s = store_of(r, m);
	if (s->remote) {
		PD_AUTO_FREE char *first = pd_str_dup(pd_str_of(m->verbs, strcspn(m->verbs, " ")));
		return pd_remote_call(s->remote, verb ? verb : first, m, checked, out, err);
	}
	pd_local_fn fn = pd_local_find(verb ? verb : m->verbs, m->name);
	if (!fn)
		return pd_fail(err, PD_UNSUPPORTED, "%s is not implemented", m->name);
	return fn(s->local, checked, out, err);
}

enum pd_code pd_registry_read(struct pd_registry *r, const char *verb, const struct pd_method *m,
			      const json_t *checked, json_t **out, struct pd_err *err)
{
	const struct store *s = store_of(r, m);
	if (s->remote)
		return pd_registry_run(r, verb, m, checked, out, err);
	struct pd_db *db = &s->local->db;
	PD_TRY(pd_view_begin(db, err));
	enum pd_code code = pd_registry_run(r, verb, m, checked, out, err);
	pd_view_end(db);
	return code;
}

/* ---------------------------------------------------------------- groups */

enum pd_code pd_registry_group_begin(struct pd_registry *r, struct pd_err *err)
{
	if (r->tracking.remote || r->models.remote)
		return pd_fail(err, PD_UNSUPPORTED, "a server's calls are not grouped");
	PD_TRY(pd_tx_begin(&r->tx, &r->tracking.local->db, err));
	return r->models.uri ? pd_tx_begin(&r->models_tx, &r->models.local->db, err) : PD_OK;
}

enum pd_code pd_registry_group_run(struct pd_registry *r, const char *verb,
				   const struct pd_method *m, const json_t *checked, json_t **out,
				   struct pd_err *err)
{
	*out = NULL;
	struct pd_db *db = &store_of(r, m)->local->db;
	PD_TRY(pd_savepoint_begin(db, err));
	enum pd_code code = pd_registry_run(r, verb, m, checked, out, err);
	if (code == PD_OK)
		code = pd_savepoint_keep(db, err);
	if (code == PD_OK)
		return PD_OK;
	json_decref(*out);
	*out = NULL;
	pd_savepoint_undo(db);
	return code;
}

bool pd_registry_group_is_lost(const struct pd_registry *r)
{
	return pd_tx_is_lost(&r->tx) || pd_tx_is_lost(&r->models_tx);
}

enum pd_code pd_registry_group_commit(struct pd_registry *r, struct pd_err *err)
{
	if (r->models_tx.db)
		PD_TRY(pd_tx_commit(&r->models_tx, err));
	return pd_tx_commit(&r->tx, err);
}

void pd_registry_group_end(struct pd_registry *r)
{
	pd_tx_end(&r->models_tx);
	pd_tx_end(&r->tx);
}

void pd_registry_place(const struct pd_registry *r, struct pd_str location, struct pd_arena *arena,
		       struct pd_str *out_root, struct pd_str *out_below)
{
	*out_root = location;
	*out_below = PD_STR("");
	if (r->tracking.local)
		pd_local_place(r->tracking.local, location, arena, out_root, out_below);
}

/*
 * What a new version may be made from. A client of a server must not turn any file of the server
 * into a version and then download it, so a local source has to lie in the artifacts of the run
 * or logged model that is named beside it. Where the caller owns the machine (a command on a
 * database file) only what MLflow's store itself does applies.
 * Source: mlflow/server/handlers.py (_create_model_version and what it calls),
 * mlflow/store/model_registry/sqlalchemy_store.py (create_model_version).
 */
#include "registry/local_models.h"

#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/url.h"
#include "registry/uri.h"
#include "schema/methods.h"

void pd_version_source_end(struct pd_version_source *s)
{
	free(s->source);
	free(s->run_id);
	free(s->model_id);
	free(s->storage_location);
	*s = (struct pd_version_source){ 0 };
}

/* ---------------------------------------------------------------- URIs as urllib splits them */

struct url {
	struct pd_str scheme; /* as written */
	struct pd_str host;   /* netloc */
	struct pd_str path;
};

static struct pd_str until(struct pd_str s, const char *ends)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(ends, s.p[i]))
			return pd_str_head(s, i);
	return s;
}

static struct url split(struct pd_str uri)
{
	struct url u = { 0 };
	size_t n = pd_url_scheme_length(uri);
	struct pd_str rest = n ? pd_str_skip(uri, n + 1) : uri;
	u.scheme = pd_str_head(uri, n);
	if (pd_str_starts(rest, PD_STR("//"))) {
		u.host = until(pd_str_skip(rest, 2), "/?#");
		rest = pd_str_skip(rest, 2 + u.host.n);
	}
	u.path = until(rest, "?#");
	return u;
}

static bool has_scheme(const struct url *u, const char *scheme)
{
	return pd_str_eq_nocase(u->scheme, pd_str_from(scheme));
}

/* parsed.hostname: without user and port */
static struct pd_str host_name(struct pd_str netloc)
{
	ptrdiff_t at = pd_str_rfind(netloc, '@');
	struct pd_str host = at >= 0 ? pd_str_skip(netloc, (size_t)at + 1) : netloc;
	return until(host, ":");
}

/* Unquote until nothing changes. */
static struct pd_str unquote_all(struct pd_arena *a, struct pd_str s)
{
	for (;;) {
		struct pd_str plain = pd_url_unquote(a, s);
		if (pd_str_eq(plain, s))
			return s;
		s = plain;
	}
}

static void join_again(char *path, size_t n)
{
	for (size_t i = 0; i < n; i++)
		path[i] = path[i] ? path[i] : '/';
}

/* pathlib.Path(path).resolve(): links followed as far as there is anything. Given. */
static char *resolved(struct pd_str path)
{
	PD_AUTO_FREE char *text = pd_str_dup(path);
	PD_AUTO_FREE char *full = pd_path_absolute(text);
	size_t n = strlen(full);
	PD_AUTO_FREE char *real = realpath(full, NULL);
	while (!real) { /* cut a part off the end until something is there */
		char *slash = strrchr(full, '/');
		if (slash == full) {
			join_again(full, n);
			return PD_TAKE(full);
		}
		*slash = '\0';
		real = realpath(full, NULL);
	}
	size_t end = strlen(full);
	if (end == n)
		return PD_TAKE(real);
	join_again(full, n);
	return pd_path_join(real, full + end + 1);
}

static char *local_path(struct pd_arena *a, struct pd_str uri)
{
	struct url u = split(uri);
	return resolved(pd_url_unquote(a, u.scheme.n ? u.path : uri));
}

static bool is_inside(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/' || strcmp(dir, "/") == 0);
}

static enum pd_code is_local(struct pd_str uri, bool *out, struct pd_err *err)
{
	struct url u = split(uri);
	struct pd_str host = host_name(u.host);
	bool is_remote = host.n && !pd_str_eq(host, PD_STR(".")) &&
			 !pd_str_starts(host, PD_STR("localhost")) &&
			 !pd_str_starts(host, PD_STR("127.0.0.1"));
	*out = !u.scheme.n || has_scheme(&u, "file");
	if (u.scheme.n && *out && is_remote)
		return pd_fail(err, PD_INTERNAL,
			       "%.*s is not a valid remote uri. For remote access on windows, "
			       "please consider using a different scheme such as SMB (e.g. "
			       "smb://<hostname>/<path>).",
			       PD_STR_ARG(uri));
	return PD_OK;
}

/* ---------------------------------------------------------------- the server's rules */

static enum pd_code not_contained(struct pd_str source, const char *id_name, struct pd_err *err)
{
	return pd_fail(err, PD_INVALID,
		       "Invalid model version source: '%.*s'. The %s request parameter must "
		       "identify the resource that contains the source.",
		       PD_STR_ARG(source), id_name);
}

/* Where the run's or the logged model's artifacts are; "" in *out: no id was given. */
static enum pd_code root_of(struct pd_local *l, struct pd_str source, const char *id, bool is_model,
			    char **out, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	const char *id_name = is_model ? "model_id" : "run_id";
	*out = NULL;
	if (is_model) {
		PD_AUTO_FREE char *run = NULL;
		enum pd_code code = pd_logged_model_find(l, pd_str_from(id), out, &run, err);
		return code == PD_NOT_FOUND ? not_contained(source, id_name, err) : code;
	}
	PD_TRY(pd_db_query(&l->db, "SELECT artifact_uri FROM runs WHERE run_uuid = ?", &q, err));
	pd_bind_z(q, 1, id);
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	if (row)
		*out = pd_str_dup(pd_column_str(q, 0));
	sqlite3_reset(q);
	return row ? PD_OK : not_contained(source, id_name, err);
}

/* MLflow names the source as resolved once it has looked at an id, so `shown` is that then. */
static enum pd_code check_local(struct pd_local *l, struct pd_arena *a, struct pd_str source,
				const char *id, bool is_model, struct pd_err *err)
{
	const char *id_name = is_model ? "model_id" : "run_id";
	PD_AUTO_FREE char *shown = pd_str_dup(source);
	if (id && id[0]) {
		PD_AUTO_FREE char *root = NULL;
		bool root_is_local = false;
		PD_TRY(root_of(l, source, id, is_model, &root, err));
		PD_TRY(is_local(pd_str_from(root), &root_is_local, err));
		free(PD_TAKE(shown));
		shown = local_path(a, source);
		PD_AUTO_FREE char *dir = local_path(a, pd_str_from(root));
		if (root_is_local && is_inside(shown, dir))
			return PD_OK;
	}
	return pd_fail(
		err, PD_INVALID,
		"Invalid model version source: '%s'. To use a local path as a model version "
		"source, the %s request parameter has to be specified and the local path has "
		"to be contained within the artifact directory of the run specified by the "
		"%s.",
		shown, id_name, id_name);
}

/* unquote_plus until nothing changes, no "..", no NUL, and a path that resolves to itself */
static enum pd_code check_no_climbing(struct pd_arena *a, struct pd_str source, struct pd_err *err)
{
	char *p = pd_arena_z(a, source);
	struct pd_str plain = pd_str_of(p, source.n);
	for (struct pd_str before = { 0 }; !pd_str_eq(plain, before);) {
		before = plain;
		p = pd_arena_z(a, plain);
		for (size_t i = 0; i < plain.n; i++)
			p[i] = p[i] == '+' ? ' ' : p[i];
		plain = pd_url_unquote(a, pd_str_of(p, plain.n));
	}
	bool good = !memchr(plain.p, '\0', plain.n);
	for (struct pd_str part, rest = plain; rest.n;) {
		pd_str_split(rest, '/', &part, &rest);
		good = good && !pd_str_eq(part, PD_STR(".."));
	}
	struct pd_str path = split(plain).path;
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	char *folded = pd_arena_alloc(a, path.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] != '/' || !n || folded[n - 1] != '/')
			folded[n++] = path.p[i];
	folded[n] = '\0';
	PD_AUTO_FREE char *real = good ? resolved(pd_str_of(folded, n)) : NULL;
	if (real && strcmp(real, folded) == 0)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "Invalid model version source: '%.*s'. If supplying a source as an http, "
		       "https, local file path, ftp, objectstore, or mlflow-artifacts uri, an "
		       "absolute path must be provided without relative path references present. "
		       "Please provide an absolute path.",
		       PD_STR_ARG(source));
}

/* Next part of a path between slashes, unquoted; empty ones are skipped. */
static bool next_part(struct pd_arena *a, struct pd_str *rest, struct pd_str *out)
{
	while (rest->n) {
		pd_str_split(*rest, '/', out, rest);
		if (out->n) {
			*out = unquote_all(a, *out);
			return true;
		}
	}
	return false;
}

static bool is_uri_within(struct pd_arena *a, struct pd_str source, struct pd_str root)
{
	struct url s = split(source), r = split(root);
	struct pd_str at, want;
	bool any = false;
	if (!pd_str_eq_nocase(s.scheme, r.scheme) || !pd_str_eq_nocase(s.host, r.host))
		return false;
	while (next_part(a, &r.path, &want)) {
		any = true;
		if (!next_part(a, &s.path, &at) || !pd_str_eq(at, want))
			return false;
	}
	return any;
}

/* Is it proxied by a tracking server? */
static bool is_proxied(struct pd_arena *a, struct pd_str source)
{
	static const char *const route[] = { "api", "2.0", "mlflow-artifacts", "artifacts" };
	struct url u = split(source);
	if (has_scheme(&u, "mlflow-artifacts"))
		return true;
	if (!has_scheme(&u, "http") && !has_scheme(&u, "https"))
		return false;
	struct pd_str last[PD_LEN(route)] = { { 0 } };
	for (struct pd_str part; next_part(a, &u.path, &part);) {
		bool same = true;
		memmove(last, last + 1, sizeof(last) - sizeof(last[0]));
		last[PD_LEN(route) - 1] = part;
		for (size_t i = 0; i < PD_LEN(route); i++)
			same = same && pd_str_eqz(last[i], route[i]);
		if (same)
			return true;
	}
	return false;
}

static enum pd_code check_scheme_ids(struct pd_arena *a, struct pd_str source,
				     const struct pd_version_source *s, bool is_model,
				     bool *out_done, struct pd_err *err)
{
	struct url u = split(source);
	struct pd_uri parsed;
	*out_done = false;
	if (has_scheme(&u, "runs")) {
		struct pd_err ignored;
		if (is_model || u.host.n)
			return not_contained(source, is_model ? "model_id" : "run_id", err);
		*out_done = pd_uri_parse(source, a, &parsed, &ignored) == PD_OK && s->run_id &&
			    pd_str_eqz(parsed.run_id, s->run_id);
		return *out_done ? PD_OK : not_contained(source, "run_id", err);
	}
	if (!has_scheme(&u, "models"))
		return PD_OK;
	struct pd_err ignored;
	if (u.host.n || pd_uri_parse(source, a, &parsed, &ignored) != PD_OK)
		return not_contained(source, "model_id", err);
	if (parsed.kind != PD_URI_MODEL_ID)
		return PD_OK;
	*out_done = is_model && pd_str_eqz(parsed.selector, s->model_id);
	return *out_done ? PD_OK : not_contained(source, "model_id", err);
}

static enum pd_code check_contained(struct pd_local *l, struct pd_arena *a,
				    const struct pd_version_source *s, struct pd_err *err)
{
	bool local = false, done = false;
	bool is_model = s->model_id && s->model_id[0];
	const char *id = is_model ? s->model_id : s->run_id;
	struct pd_str source = pd_str_from(s->source);
	PD_TRY(is_local(source, &local, err));
	if (local)
		return check_local(l, a, source, id, is_model, err);
	PD_TRY(check_no_climbing(a, source, err));
	PD_TRY(check_scheme_ids(a, source, s, is_model, &done, err));
	if (done || !is_proxied(a, source))
		return PD_OK;
	if (id && id[0]) {
		PD_AUTO_FREE char *root = NULL;
		PD_TRY(root_of(l, source, id, is_model, &root, err));
		if (is_uri_within(a, source, pd_str_from(root)))
			return PD_OK;
	}
	return not_contained(source, is_model ? "model_id" : "run_id", err);
}

/* Schemes under which the server would connect to whatever host a client names.
 * Source: mlflow/store/artifact/host_policy.py */
static enum pd_code check_host(struct pd_local *l, struct pd_str source, struct pd_err *err)
{
	static const char *const schemes[] = {
		"ftp",   "sftp", "hdfs", "viewfs", "http",
		"https", "r2",   "b2",   "abfss",  "mlflow-artifacts"
	};
	struct url u = split(source);
	const char *found = NULL;
	for (size_t i = 0; i < PD_LEN(schemes); i++)
		found = has_scheme(&u, schemes[i]) ? schemes[i] : found;
	if (!found || (strcmp(found, "mlflow-artifacts") == 0 && !u.host.n))
		return PD_OK;
	struct url root = split(pd_str_from(l->artifact_root));
	if (pd_str_eq_nocase(root.scheme, u.scheme) && pd_str_eq_nocase(root.host, u.host))
		return PD_OK;
	const char *allowed = pd_env_var(l->env, "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES");
	for (struct pd_str item, rest = pd_str_from(allowed); rest.n;) {
		pd_str_split(rest, ',', &item, &rest);
		if (pd_str_eq_nocase(pd_str_trim(item), pd_str_from(found)))
			return PD_OK;
	}
	return pd_fail(
		err, PD_INVALID,
		"'source' cannot use the '%s' scheme: the '%s' scheme addresses a host other "
		"than the tracking server's configured artifact storage, so the server would "
		"connect to the host named in the URI. Set the "
		"MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the "
		"server to allow it.",
		found, found);
}

/* The operator's own pattern; one that is no POSIX pattern lets nothing through. */
static enum pd_code check_pattern(struct pd_local *l, struct pd_str source, struct pd_err *err)
{
	const char *pattern = pd_env_var(l->env,
					 "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX");
	regex_t re;
	if (!pattern)
		return PD_OK;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return pd_fail(err, PD_INTERNAL,
			       "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX is not a POSIX "
			       "extended regular expression");
	PD_AUTO_FREE char *text = pd_str_dup(source);
	bool matches = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	if (matches)
		return PD_OK;
	return pd_fail(err, PD_INVALID, "Invalid model version source: '%.*s'.",
		       PD_STR_ARG(source));
}

/* ---------------------------------------------------------------- models:/ sources */

static enum pd_code pick_version(struct pd_local *l, const struct pd_uri *u, int64_t *out,
				 struct pd_err *err)
{
	const char *stage = NULL;
	bool there = false;
	if (u->kind == PD_URI_MODEL_VERSION)
		return pd_version_parse(u->selector, out, err);
	if (u->kind == PD_URI_MODEL_ALIAS) {
		PD_TRY(pd_model_check_alias(u->selector, err));
		PD_TRY(pd_alias_find(l, u->name, u->selector, &there, out, err));
		if (there)
			return PD_OK;
		if (!pd_str_eq_nocase(u->selector, PD_STR("latest")))
			return pd_fail(err, PD_INVALID, "Registered model alias %.*s not found.",
				       PD_STR_ARG(u->selector));
	}
	if (u->kind == PD_URI_MODEL_STAGE)
		PD_TRY(pd_stage_check(u->selector, &stage, err));
	PD_TRY(pd_version_latest(l, u->name, stage, out, err));
	if (*out)
		return PD_OK;
	if (stage)
		return pd_fail(err, PD_INTERNAL,
			       "No versions of model with name '%.*s' and stage '%.*s' found",
			       PD_STR_ARG(u->name), PD_STR_ARG(u->selector));
	return pd_fail(err, PD_INTERNAL, "No versions of model with name '%.*s' found",
		       PD_STR_ARG(u->name));
}

/* A source that is a version of a registered model: name it by its number and take over the run
 * it came from. */
static enum pd_code take_lineage(struct pd_local *l, const json_t *req, const struct pd_uri *u,
				 struct pd_version_source *s, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t version = 0;
	bool is_prompt = false;
	PD_TRY(pd_model_check_there(l, u->name, err));
	PD_TRY(pd_model_is_prompt(l, u->name, &is_prompt, err));
	if (is_prompt)
		return pd_fail(err, PD_INVALID,
			       "Invalid model version source: '%s'. Prompt versions cannot be used "
			       "as model version sources.",
			       s->source);
	PD_TRY(pick_version(l, u, &version, err));
	PD_TRY(pd_version_seek(l, u->name, version, &q, err));
	PD_AUTO_FREE char *run_id = pd_str_dup(pd_column_str(q, 8));
	sqlite3_reset(q);
	bool same_run = strcmp(run_id, s->run_id ? s->run_id : "") == 0;
	if ((pd_req_has(req, "run_id") && !same_run) || (s->model_id && s->model_id[0]))
		return pd_fail(
			err, PD_INVALID,
			"Invalid model version source: '%s'. The run_id and model_id request "
			"parameters must match the referenced model version.",
			s->source);
	PD_AUTO(pd_buf) source = { 0 };
	pd_buf_init(&source, PD_URI_MAX_BYTES);
	pd_buf_printf(&source, "models:/%.*s/%lld", PD_STR_ARG(u->name), (long long)version);
	PD_TRY(pd_buf_check(&source, "model version source", err));
	free(s->source);
	s->source = pd_buf_take(&source, NULL);
	if (!same_run) {
		free(s->run_id);
		s->run_id = PD_TAKE(run_id);
	}
	return PD_OK;
}

static enum pd_code find_lineage(struct pd_local *l, struct pd_arena *a, const json_t *req,
				 struct pd_version_source *s, struct pd_err *err)
{
	struct pd_str source = pd_str_from(s->source);
	struct url u = split(source);
	struct pd_uri parsed;
	struct pd_err ignored;
	if (!has_scheme(&u, "models"))
		return PD_OK;
	if (u.host.n)
		return pd_fail(
			err, PD_INVALID,
			"Invalid model version source: '%.*s'. Registered model sources must "
			"use the active model registry.",
			PD_STR_ARG(source));
	if (pd_uri_parse(source, a, &parsed, &ignored) != PD_OK)
		return not_contained(source, "model_id", err);
	if (parsed.path.n) { /* MLflow takes no path below a source: it reads NAME/STAGE */
		if (parsed.kind == PD_URI_MODEL_ID)
			PD_TRY(pd_model_check_there(l, parsed.selector, err));
		return not_contained(source, "model_id", err);
	}
	if (parsed.kind == PD_URI_MODEL_ID)
		return PD_OK;
	return take_lineage(l, req, &parsed, s, err);
}

/* ---------------------------------------------------------------- the two steps */

static bool asks_for_prompt(const json_t *req)
{
	size_t i;
	const json_t *tag;
	bool prompt = false;
	json_array_foreach(json_object_get(req, "tags"), i,
			   tag) if (pd_str_eqz(pd_req_str(tag, "key"), PD_IS_PROMPT_TAG))
		prompt = pd_str_eq_nocase(pd_req_str(tag, "value"), PD_STR("true"));
	return prompt;
}

static char *text_of(const json_t *req, const char *name)
{
	struct pd_str s = pd_req_str(req, name);
	return pd_str_dup(s.p ? s : PD_STR(""));
}

/* A command's own files: MLflow's client takes any path; a relative one would be lost. */
static void make_absolute(struct pd_version_source *s)
{
	struct pd_str source = pd_str_from(s->source);
	if (pd_url_scheme_length(source))
		return;
	char *path = pd_path_absolute(s->source);
	free(s->source);
	s->source = path;
}

enum pd_code pd_version_source_find(struct pd_local *l, const json_t *req,
				    struct pd_version_source *out, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_str source = pd_req_str(req, "source");
	bool prompt = asks_for_prompt(req);
	*out = (struct pd_version_source){
		.source = text_of(req, "source"),
		.run_id = text_of(req, "run_id"),
		.model_id = text_of(req, "model_id"),
	};
	if (l->for_clients) {
		PD_TRY(check_pattern(l, source, err));
		if (prompt && !pd_str_eqz(source, "dummy-source") &&
		    !pd_str_eqz(source, "prompt-template"))
			return pd_fail(err, PD_INVALID,
				       "Invalid prompt source: '%.*s'. Prompt sources must use an "
				       "MLflow placeholder.",
				       PD_STR_ARG(source));
		PD_TRY(check_host(l, source, err));
	}
	if (prompt)
		return PD_OK;
	PD_TRY(find_lineage(l, &arena, req, out, err));
	if (l->for_clients)
		return check_contained(l, &arena, out, err);
	make_absolute(out);
	return PD_OK;
}

static enum pd_code no_location(const char *source, struct pd_err *err)
{
	char why[PD_ERR_MAX];
	snprintf(why, sizeof(why), "%s", err->text);
	return pd_fail(err, PD_INTERNAL,
		       "Unable to fetch model from model URI source artifact location '%s'.Error: "
		       "%s",
		       source, why);
}

static enum pd_code locate_models(struct pd_local *l, struct pd_arena *a,
				  struct pd_version_source *s, struct pd_err *err)
{
	struct pd_uri u;
	PD_AUTO_FREE char *run_id = NULL;
	PD_TRY(pd_uri_parse(pd_str_from(s->source), a, &u, err));
	if (u.kind == PD_URI_MODEL_ID) {
		PD_TRY(pd_logged_model_find(l, u.selector, &s->storage_location, &run_id, err));
		if ((!s->run_id || !s->run_id[0]) && run_id) {
			free(s->run_id);
			s->run_id = PD_TAKE(run_id);
		}
		return PD_OK;
	}
	sqlite3_stmt *q = NULL;
	int64_t version = 0;
	PD_TRY(pd_version_parse(u.selector, &version, err));
	PD_TRY(pd_version_seek(l, u.name, version, &q, err));
	s->storage_location = pd_str_dup(pd_column_str(q, pd_column_str(q, 12).n ? 12 : 7));
	sqlite3_reset(q);
	return PD_OK;
}

enum pd_code pd_version_source_locate(struct pd_local *l, struct pd_version_source *s,
				      struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct url u = split(pd_str_from(s->source));
	if (!has_scheme(&u, "models"))
		s->storage_location = pd_xstrdup(s->source);
	else if (locate_models(l, &arena, s, err) != PD_OK)
		return no_location(s->source, err);
	if ((!s->run_id || !s->run_id[0]) && s->model_id && s->model_id[0]) {
		PD_AUTO_FREE char *location = NULL;
		free(PD_TAKE(s->run_id));
		return pd_logged_model_find(l, pd_str_from(s->model_id), &location, &s->run_id,
					    err);
	}
	return PD_OK;
}

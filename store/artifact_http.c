/*
 * Artifacts behind a server: MLflow's own artifact API, and single files of any web server.
 *
 *   mlflow-artifacts:/PATH               API of the tracking server (MLFLOW_TRACKING_URI)
 *   mlflow-artifacts://HOST:PORT/PATH    of another one, reached the same way
 *   http(s)://.../mlflow-artifacts/artifacts/PATH    the same, spelled out
 *   http(s)://...                        one file
 *
 * The API knows a file by the listing of its folder only. It decodes names more than once, so a
 * name that decoding would change cannot be stored. What is fetched goes on where it broke off,
 * and its length is held against the listing.
 * Source: mlflow/store/artifact/mlflow_artifacts_repo.py (resolve_uri), http_artifact_repo.py,
 * mlflow/utils/uri.py (validate_path_is_safe).
 */
#include "store/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "store/host.h"

#define SERVICE  "/mlflow-artifacts/artifacts"
#define API      "/api/2.0" SERVICE
#define URL_MAX  ((size_t)64 << 10)
#define LIST_MAX ((size_t)256 << 20) /* bytes of one folder's listing */

struct http_store {
	struct pd_artifacts base;
	struct pd_arena arena;
	struct pd_host *host;
	struct pd_str uri;     /* as it was given, without user and password: for texts */
	struct pd_str service; /* path behind the host's address up to the API; its p is NULL for a
			      * plain web server */
	struct pd_str root;    /* decoded, below the API; of a web server: encoded, from its "/" */
};

static struct http_store *store_of(struct pd_artifacts *a)
{
	return (struct http_store *)a;
}

/* ---------------------------------------------------------------- open */

/* "/a//b/" as "a/b" */
static enum pd_code clean_root(struct http_store *s, struct pd_str encoded, struct pd_str *out,
			       struct pd_err *err)
{
	struct pd_str raw = pd_url_unquote(&s->arena, encoded), part;
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, URL_MAX);
	while (raw.n) {
		pd_str_split(raw, '/', &part, &raw);
		if (!part.n)
			continue;
		pd_buf_z(&b, b.n ? "/" : "");
		pd_buf_str(&b, part);
	}
	struct pd_str root = pd_buf_view(&b);
	if (b.failed || (root.n && (!pd_path_is_safe(root) || !pd_utf8_check(root))))
		return pd_fail(err, PD_INVALID, "%.*s: not a path below an artifact root",
			       PD_STR_ARG(s->uri));
	*out = pd_arena_str(&s->arena, root);
	return PD_OK;
}

static enum pd_code check_place(const struct http_store *s, const struct pd_url *u,
				struct pd_err *err)
{
	if (pd_str_find(u->path, '?') < 0 && pd_str_find(u->path, '#') < 0)
		return PD_OK;
	return pd_fail(err, PD_INVALID, "%.*s: write \"?\" as %%3F and \"#\" as %%23",
		       PD_STR_ARG(s->uri));
}

/* The address of the server, with user and password where the URI has them. */
static const char *address(struct http_store *s, struct pd_str whole, const struct pd_url *u,
			   struct pd_str prefix)
{
	struct pd_str authority = pd_str_skip(whole, u->scheme.n + 3);
	authority.n = (size_t)(u->host.p + u->host.n - authority.p);
	return pd_arena_printf(&s->arena, "%.*s://%.*s%.*s", PD_STR_ARG(u->scheme),
			       PD_STR_ARG(authority), PD_STR_ARG(prefix));
}

static enum pd_code open_url(struct http_store *s, const struct pd_env *env, struct pd_str whole,
			     struct pd_err *err)
{
	struct pd_url u;
	PD_TRY(pd_url_parse(whole, &s->arena, &u, err));
	PD_TRY(check_place(s, &u, err));
	size_t at = 0, n = strlen(SERVICE);
	while (at + n <= u.path.n && memcmp(u.path.p + at, SERVICE, n) != 0)
		at++;
	bool is_api = at + n <= u.path.n && (at + n == u.path.n || u.path.p[at + n] == '/');
	if (!is_api) {
		s->root = pd_arena_str(&s->arena, u.path.n ? u.path : PD_STR("/"));
		return pd_host_open(env, pd_str_from(address(s, whole, &u, PD_STR(""))), false,
				    &s->host, err);
	}
	s->service = PD_STR(SERVICE);
	PD_TRY(clean_root(s, pd_str_skip(u.path, at + n), &s->root, err));
	return pd_host_open(env, pd_str_from(address(s, whole, &u, pd_str_head(u.path, at))), false,
			    &s->host, err);
}

static enum pd_code tracking_server(struct http_store *s, const struct pd_env *env,
				    struct pd_str *out_text, struct pd_url *out, struct pd_err *err)
{
	struct pd_err ignored;
	*out_text = pd_str_from(pd_env_var(env, "MLFLOW_TRACKING_URI"));
	if (out_text->n && pd_url_parse(*out_text, &s->arena, out, &ignored) == PD_OK)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "%.*s: is on a tracking server; set MLFLOW_TRACKING_URI to its "
		       "http(s)://... address",
		       PD_STR_ARG(s->uri));
}

/* Source: resolve_uri: the scheme and prefix are the tracking server's, a host may be named */
static enum pd_code open_proxied(struct http_store *s, const struct pd_env *env, struct pd_str uri,
				 struct pd_err *err)
{
	struct pd_url server;
	struct pd_str text, path = pd_str_skip(uri, pd_url_scheme_length(uri) + 1);
	PD_TRY(tracking_server(s, env, &text, &server, err));
	struct pd_str prefix = server.path;
	while (prefix.n && prefix.p[prefix.n - 1] == '/')
		prefix.n--;
	const char *where = address(s, text, &server, prefix);
	if (pd_str_starts(path, PD_STR("//"))) {
		struct pd_url named;
		const char *full = pd_arena_printf(&s->arena, "%.*s:%.*s",
						   PD_STR_ARG(server.scheme), PD_STR_ARG(path));
		if (!pd_str_starts(path, PD_STR("///"))) {
			PD_TRY(pd_url_parse(pd_str_from(full), &s->arena, &named, err));
			where = address(s, pd_str_from(full), &named, prefix);
			path = named.path;
		}
	}
	s->service = PD_STR(API);
	PD_TRY(clean_root(s, path, &s->root, err));
	return pd_host_open(env, pd_str_from(where), false, &s->host, err);
}

static void http_close(struct pd_artifacts *a)
{
	struct http_store *s = store_of(a);
	pd_host_close(s->host);
	pd_arena_end(&s->arena);
	free(s);
}

static enum pd_code http_open(const struct pd_env *env, struct pd_str uri,
			      struct pd_artifacts **out, struct pd_err *err)
{
	struct http_store *s = pd_xcalloc(1, sizeof(*s));
	struct pd_str scheme = pd_str_head(uri, pd_url_scheme_length(uri));
	bool proxied = pd_str_eq_nocase(scheme, PD_STR("mlflow-artifacts"));
	s->base.ops = proxied ? &pd_artifact_mlflow : &pd_artifact_http;
	s->uri = pd_url_without_user(&s->arena, uri);
	enum pd_code code = proxied ? open_proxied(s, env, uri, err) : open_url(s, env, uri, err);
	if (code != PD_OK) {
		http_close(&s->base);
		return code;
	}
	*out = &s->base;
	return PD_OK;
}

/* ---------------------------------------------------------------- addresses */

static struct pd_str joined(struct pd_arena *arena, struct pd_str a, struct pd_str b)
{
	const char *slash = a.n && b.n ? "/" : "";
	return pd_str_from(
		pd_arena_printf(arena, "%.*s%s%.*s", PD_STR_ARG(a), slash, PD_STR_ARG(b)));
}

static enum pd_code no_list(const struct http_store *s, struct pd_err *err)
{
	return pd_fail(err, PD_UNSUPPORTED,
		       "%.*s: a web server's folders have no list; name one file",
		       PD_STR_ARG(s->uri));
}

/* The address of one object. */
static enum pd_code object_url(const struct http_store *s, struct pd_str path, struct pd_buf *url,
			       struct pd_err *err)
{
	pd_buf_init(url, URL_MAX);
	pd_buf_z(url, pd_host_address(s->host));
	if (s->service.p) {
		pd_buf_str(url, s->service);
		pd_buf_z(url, s->root.n ? "/" : "");
		pd_url_quote_path(url, s->root);
	} else {
		pd_buf_str(url, s->root);
	}
	pd_buf_z(url, path.n && !(url->n && url->p[url->n - 1] == '/') ? "/" : "");
	pd_url_quote_path(url, path);
	return pd_buf_check(url, "the artifact's address", err);
}

static enum pd_code nothing_there(const struct http_store *s, struct pd_str path,
				  struct pd_err *err)
{
	if (!path.n)
		return pd_fail(err, PD_NOT_FOUND, "%.*s: nothing there", PD_STR_ARG(s->uri));
	return pd_fail(err, PD_NOT_FOUND, "no artifact \"%.*s\" in %.*s", PD_STR_ARG(path),
		       PD_STR_ARG(s->uri));
}

/* ---------------------------------------------------------------- lists */

static enum pd_code add_file(const struct http_store *s, const json_t *file, struct pd_str path,
			     struct pd_arena *arena, struct pd_artifact *out, struct pd_err *err)
{
	struct pd_str name = pd_json_str(json_object_get(file, "path"));
	const json_t *size = json_object_get(file, "file_size");
	int64_t n = json_integer_value(size);
	if (json_is_string(size) && !pd_str_to_i64(pd_json_str(size), &n))
		n = -1;
	if (!pd_path_is_safe(name) || pd_str_find(name, '/') >= 0 || n < 0)
		return pd_fail(err, PD_CORRUPT,
			       "%.*s: the server lists a file with an impossible name or size",
			       PD_STR_ARG(s->uri));
	*out = (struct pd_artifact){
		.path = joined(arena, path, pd_arena_str(arena, name)),
		.is_dir = json_is_true(json_object_get(file, "is_dir")),
		.size_bytes = (uint64_t)n,
	};
	return PD_OK;
}

static int by_path(const void *a, const void *b)
{
	return pd_str_cmp(((const struct pd_artifact *)a)->path,
			  ((const struct pd_artifact *)b)->path);
}

static enum pd_code ask_list(const struct http_store *s, struct pd_str full, json_t **out,
			     struct pd_err *err)
{
	PD_AUTO(pd_buf) url = { 0 };
	PD_AUTO(pd_buf) body = { 0 };
	PD_AUTO(pd_http_res) res = { 0 };
	pd_buf_init(&url, URL_MAX);
	pd_buf_init(&body, LIST_MAX);
	pd_buf_printf(&url, "%s%.*s?path=", pd_host_address(s->host), PD_STR_ARG(s->service));
	pd_url_quote(&url, full);
	PD_TRY(pd_buf_check(&url, "the artifact's address", err));
	struct pd_http_req req = {
		.verb = "GET", .url = url.p, .sink = pd_http_to_buf, .ctx = &body
	};
	PD_TRY(pd_host_call(s->host, &req, &res, err));
	if (pd_json_parse(pd_buf_view(&body), out, err) != PD_OK || !json_is_object(*out))
		return pd_fail(err, PD_CORRUPT,
			       "%s: the listing is not JSON; is it an MLflow server?",
			       pd_host_address(s->host));
	return PD_OK;
}

/* What is in the folder `full` of the API; the items' paths begin with `shown`. A folder that is
 * not there has an empty list. */
static enum pd_code list_level(const struct http_store *s, struct pd_str full, struct pd_str shown,
			       struct pd_arena *arena, struct pd_artifact_list *out,
			       struct pd_err *err)
{
	PD_AUTO_JSON json_t *answer = NULL;
	size_t i;
	const json_t *file;
	enum pd_code code = ask_list(s, full, &answer, err);
	*out = (struct pd_artifact_list){ 0 };
	if (code == PD_NOT_FOUND)
		return PD_OK;
	PD_TRY(code);
	const json_t *files = json_object_get(answer, "files");
	size_t n = json_array_size(files);
	if (n > PD_TREE_ENTRIES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%.*s: more than %zu files and folders",
			       PD_STR_ARG(s->uri), PD_TREE_ENTRIES_MAX);
	out->items = PD_ARENA_ARRAY(arena, struct pd_artifact, n + 1);
	json_array_foreach(files, i, file)
	{
		struct pd_str name = pd_json_str(json_object_get(file, "path"));
		if (pd_str_starts(name, PD_STR(PD_TREE_STAGE_PREFIX)) ||
		    pd_str_starts(name, PD_STR(PD_TREE_MLFLOW_PREFIX)))
			continue;
		PD_TRY(add_file(s, file, shown, arena, &out->items[out->n++], err));
	}
	if (out->n)
		qsort(out->items, out->n, sizeof *out->items, by_path);
	return PD_OK;
}

static struct pd_str last_part(struct pd_str path)
{
	return pd_str_skip(path, (size_t)(pd_str_rfind(path, '/') + 1));
}

/* A folder is known by what lies above it, the API's own root always there. */
static enum pd_code stat_listed(const struct http_store *s, struct pd_str path,
				struct pd_arena *arena, struct pd_artifact *out, struct pd_err *err)
{
	struct pd_str full = joined(arena, s->root, path), name = last_part(full);
	struct pd_artifact_list list;
	*out = (struct pd_artifact){ .path = pd_arena_str(arena, path), .is_dir = true };
	if (!full.n)
		return PD_OK;
	struct pd_str above = pd_str_head(full, full.n - name.n);
	above.n -= above.n > 0;
	PD_TRY(list_level(s, above, PD_STR(""), arena, &list, err));
	for (size_t i = 0; i < list.n; i++) {
		if (!pd_str_eq(list.items[i].path, name))
			continue;
		out->is_dir = list.items[i].is_dir;
		out->size_bytes = list.items[i].size_bytes;
		return PD_OK;
	}
	return nothing_there(s, path, err);
}

static enum pd_code http_stat(struct pd_artifacts *a, struct pd_str path, struct pd_arena *arena,
			      struct pd_artifact *out, struct pd_err *err)
{
	const struct http_store *s = store_of(a);
	PD_AUTO(pd_buf) url = { 0 };
	PD_AUTO(pd_http_res) res = { 0 };
	if (s->service.p)
		return stat_listed(s, path, arena, out, err);
	PD_TRY(object_url(s, path, &url, err));
	struct pd_http_req req = { .verb = "HEAD", .url = url.p };
	enum pd_code code = pd_host_call(s->host, &req, &res, err);
	if (code == PD_NO_ENDPOINT || code == PD_NOT_FOUND)
		return nothing_there(s, path, err);
	PD_TRY(code);
	*out = (struct pd_artifact){ .path = pd_arena_str(arena, path),
				     .size_bytes = res.has_total ? res.total_bytes : 0 };
	return PD_OK;
}

/* ---------------------------------------------------------------- deep lists */

struct deep {
	const struct http_store *s;
	struct pd_arena *arena;
	struct pd_artifact_list *out;
	size_t cap;
};

static enum pd_code list_below(struct deep *d, struct pd_str path, unsigned depth,
			       struct pd_err *err)
{
	struct pd_artifact_list level;
	struct pd_artifact_list *out = d->out;
	if (depth == PD_TREE_DEPTH_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%.*s: more than %d folders inside one another",
			       PD_STR_ARG(d->s->uri), PD_TREE_DEPTH_MAX);
	PD_TRY(list_level(d->s, joined(d->arena, d->s->root, path), path, d->arena, &level, err));
	for (size_t i = 0; i < level.n; i++) {
		if (out->n == PD_TREE_ENTRIES_MAX)
			return pd_fail(err, PD_TOO_LARGE, "%.*s: more than %zu files and folders",
				       PD_STR_ARG(d->s->uri), PD_TREE_ENTRIES_MAX);
		if (out->n == d->cap) {
			d->cap = d->cap ? 2 * d->cap : 32;
			struct pd_artifact *more = PD_ARENA_ARRAY(d->arena, struct pd_artifact,
								  d->cap);
			if (out->n)
				memcpy(more, out->items, out->n * sizeof *more);
			out->items = more;
		}
		out->items[out->n++] = level.items[i];
		if (level.items[i].is_dir)
			PD_TRY(list_below(d, level.items[i].path, depth + 1, err));
	}
	return PD_OK;
}

static enum pd_code http_list(struct pd_artifacts *a, struct pd_str path, bool deep,
			      struct pd_arena *arena, struct pd_artifact_list *out,
			      struct pd_err *err)
{
	const struct http_store *s = store_of(a);
	struct pd_artifact at;
	struct deep d = { .s = s, .arena = arena, .out = out };
	if (!s->service.p)
		return no_list(s, err);
	PD_TRY(stat_listed(s, path, arena, &at, err));
	if (!at.is_dir)
		return PD_OK;
	if (deep)
		return list_below(&d, path, 0, err);
	return list_level(s, joined(arena, s->root, path), path, arena, out, err);
}

/* ---------------------------------------------------------------- reading */

/* Of what comes, the bytes [next, end) are wanted. */
struct part {
	struct pd_buf *out;
	uint64_t next;
	uint64_t end;
};

static enum pd_code take_part(void *ctx, uint64_t at, const char *p, size_t n, bool *enough,
			      struct pd_err *err)
{
	struct part *w = ctx;
	if (at < w->next) {
		uint64_t skip = w->next - at < n ? w->next - at : n;
		p += skip;
		n -= (size_t)skip;
		at += skip;
	}
	if (at == w->next && n) {
		size_t take = w->end - at < n ? (size_t)(w->end - at) : n;
		pd_buf_put(w->out, p, take);
		w->next += take;
	}
	*enough = w->next == w->end;
	return pd_buf_check(w->out, "the artifact", err);
}

static enum pd_code http_read(struct pd_artifacts *a, struct pd_str path, uint64_t from, uint64_t n,
			      struct pd_buf *out, struct pd_err *err)
{
	const struct http_store *s = store_of(a);
	PD_AUTO(pd_buf) url = { 0 };
	PD_AUTO(pd_http_res) res = { 0 };
	if (!n || from > INT64_MAX)
		return PD_OK;
	n = n < INT64_MAX - from ? n : INT64_MAX - from;
	struct part w = { .out = out, .next = from, .end = from + n };
	PD_TRY(object_url(s, path, &url, err));
	struct pd_http_req req = { .verb = "GET",
				   .url = url.p,
				   .ranged = true,
				   .from = from,
				   .n = n,
				   .sink = take_part,
				   .ctx = &w };
	enum pd_code code = pd_host_call(s->host, &req, &res, err);
	return code == PD_NO_ENDPOINT ? nothing_there(s, path, err) : code;
}

/* ---------------------------------------------------------------- fetch */

struct bring {
	const struct http_store *s;
	struct pd_str path; /* what the tree's entries are below, or the one file itself */
	bool is_dir;
	/* of the file that is written now */
	int fd;
	uint64_t n_seen;
	struct pd_transfer *t;
};

static enum pd_code write_part(void *ctx, uint64_t at, const char *p, size_t n, bool *enough,
			       struct pd_err *err)
{
	struct bring *b = ctx;
	(void)enough;
	for (size_t done = 0; done < n;) {
		ssize_t put = pwrite(b->fd, p + done, n - done, (off_t)(at + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return pd_fail_errno(err, errno, "writing what was fetched");
		done += (size_t)put;
	}
	if (at + n > b->n_seen) {
		b->t->done.bytes_done += at + n - b->n_seen;
		b->n_seen = at + n;
	}
	if (b->t->progress)
		b->t->progress(b->t->ctx, &b->t->done);
	return PD_OK;
}

static enum pd_code bring_file(void *ctx, const struct pd_tree_entry *e, int fd,
			       struct pd_transfer *t, struct pd_err *err)
{
	struct bring *b = ctx;
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_buf) url = { 0 };
	PD_AUTO(pd_http_res) res = { 0 };
	b->fd = fd;
	b->n_seen = 0;
	b->t = t;
	struct pd_str path = b->is_dir ? joined(&arena, b->path, e->rel) : b->path;
	PD_TRY(object_url(b->s, path, &url, err));
	struct pd_http_req req = {
		.verb = "GET", .url = url.p, .sink = write_part, .ctx = b, .stop = t->stop
	};
	enum pd_code code = pd_host_call(b->s->host, &req, &res, err);
	if (code == PD_NO_ENDPOINT)
		return nothing_there(b->s, path, err);
	PD_TRY(code);
	uint64_t n = res.has_total ? res.total_bytes : b->n_seen;
	if (ftruncate(fd, (off_t)n) != 0)
		return pd_fail_errno(err, errno, "writing what was fetched");
	if (n > b->n_seen || (e->size_bytes && e->size_bytes != n))
		return pd_fail(
			err, PD_CONFLICT, "%.*s/%.*s: %llu bytes came, the server lists %llu",
			PD_STR_ARG(b->s->uri), PD_STR_ARG(path), (unsigned long long)b->n_seen,
			(unsigned long long)(e->size_bytes ? e->size_bytes : n));
	return PD_OK;
}

static void add_entry(struct pd_tree *tree, struct pd_str rel, const struct pd_artifact *a)
{
	tree->entries[tree->n++] = (struct pd_tree_entry){ .rel = rel,
							   .is_dir = a->is_dir,
							   .size_bytes = a->size_bytes };
	tree->n_bytes += a->size_bytes;
}

static enum pd_code plan(struct pd_artifacts *a, struct pd_str path, bool is_dir,
			 const struct pd_artifact *at, struct pd_arena *arena, struct pd_tree *out,
			 struct pd_err *err)
{
	const struct http_store *s = store_of(a);
	struct pd_artifact_list list = { 0 };
	struct deep d = { .s = s, .arena = arena, .out = &list };
	if (!is_dir) {
		struct pd_str name = last_part(path.n ? path : s->root);
		name = s->service.p || path.n ? name : pd_url_unquote(arena, name);
		if (!pd_path_is_safe(name) || pd_str_find(name, '/') >= 0)
			return pd_fail(err, PD_INVALID, "%.*s: no name of a file at its end",
				       PD_STR_ARG(s->uri));
		out->entries = PD_ARENA_ARRAY(arena, struct pd_tree_entry, 1);
		add_entry(out, name, at);
		return PD_OK;
	}
	PD_TRY(list_below(&d, path, 0, err));
	out->entries = PD_ARENA_ARRAY(arena, struct pd_tree_entry, list.n + 1);
	for (size_t i = 0; i < list.n; i++)
		add_entry(out, pd_str_skip(list.items[i].path, path.n ? path.n + 1 : 0),
			  &list.items[i]);
	return PD_OK;
}

static enum pd_code http_fetch(struct pd_artifacts *a, struct pd_str path, const char *dest,
			       struct pd_transfer *t, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree = { 0 };
	struct pd_artifact at;
	PD_TRY(http_stat(a, path, &arena, &at, err));
	PD_TRY(plan(a, path, at.is_dir, &at, &arena, &tree, err));
	struct bring b = { .s = store_of(a), .path = path, .is_dir = at.is_dir };
	const struct pd_tree_source source = { .bring = bring_file, .ctx = &b };
	return pd_tree_bring(&tree, &source, dest, t, err);
}

/* ---------------------------------------------------------------- put, remove */

static enum pd_code check_name(const struct http_store *s, struct pd_str path, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	if (pd_str_eq(pd_url_unquote(&arena, path), path) && pd_str_find(path, '#') < 0)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "%.*s: MLflow's artifact API cannot keep the name \"%.*s\" (a \"%%XX\" or a "
		       "\"#\" in it)",
		       PD_STR_ARG(s->uri), PD_STR_ARG(path));
}

static void count_sent(void *ctx, uint64_t n_bytes)
{
	struct pd_transfer *t = ctx;
	t->done.bytes_done += n_bytes;
	if (t->progress)
		t->progress(t->ctx, &t->done);
}

static enum pd_code put_file(const struct http_store *s, const struct pd_tree_entry *e,
			     struct pd_str to, struct pd_transfer *t, struct pd_err *err)
{
	PD_AUTO(pd_buf) url = { 0 };
	PD_AUTO(pd_http_res) res = { 0 };
	struct stat st;
	PD_AUTO_FD int fd = open(e->real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return pd_fail_errno(err, errno, "%s", e->real);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != e->size_bytes)
		return pd_fail(err, PD_CONFLICT, "%s: changed while it was sent", e->real);
	PD_TRY(object_url(s, to, &url, err));
	uint64_t before = t->done.bytes_done;
	struct pd_http_req req = {
		.verb = "PUT",
		.url = url.p,
		.content_type = "application/octet-stream",
		.body_is_file = true,
		.body_fd = fd,
		.body_bytes = e->size_bytes,
		.sent = count_sent,
		.stop = t->stop,
		.sent_ctx = t,
	};
	PD_TRY(pd_host_call(s->host, &req, &res, err));
	t->done.bytes_done = before + e->size_bytes; /* also when it was sent twice */
	t->done.files_done++;
	count_sent(t, 0);
	return PD_OK;
}

static enum pd_code http_put(struct pd_artifacts *a, const char *local, struct pd_str path,
			     struct pd_transfer *t, struct pd_err *err)
{
	const struct http_store *s = store_of(a);
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree;
	struct pd_transfer unheard = { 0 };
	t = t ? t : &unheard;
	if (!s->service.p)
		return pd_fail(err, PD_UNSUPPORTED, "%.*s: a web server takes no files",
			       PD_STR_ARG(s->uri));
	if (!pd_path_exists(local))
		return pd_fail(err, PD_NOT_FOUND, "%s: nothing there", local);
	PD_TRY(pd_tree_walk(local, NULL, &arena, &tree, err));
	bool is_dir = pd_path_is_dir(local);
	for (size_t i = 0; i < tree.n; i++) {
		struct pd_tree_entry *e = &tree.entries[i];
		e->rel = is_dir ? joined(&arena, path, e->rel) : path;
		PD_TRY(check_name(s, e->rel, err));
		t->done.files_total += !e->is_dir;
		t->done.bytes_total += e->size_bytes;
	}
	for (size_t i = 0; i < tree.n; i++)
		if (!tree.entries[i].is_dir)
			PD_TRY(put_file(s, &tree.entries[i], tree.entries[i].rel, t, err));
	return PD_OK;
}

static enum pd_code http_remove(struct pd_artifacts *a, struct pd_str path, bool deep,
				struct pd_err *err)
{
	const struct http_store *s = store_of(a);
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_buf) url = { 0 };
	PD_AUTO(pd_http_res) res = { 0 };
	struct pd_artifact at;
	if (!s->service.p)
		return pd_fail(err, PD_UNSUPPORTED, "%.*s: a web server removes no files",
			       PD_STR_ARG(s->uri));
	if (!s->root.n && !path.n)
		return pd_fail(err, PD_DENIED, "%.*s: all artifacts of a server are not removed",
			       PD_STR_ARG(s->uri));
	PD_TRY(stat_listed(s, path, &arena, &at, err));
	if (at.is_dir && !deep)
		return pd_fail(err, PD_INVALID,
			       "%.*s: a folder; it goes only with all that is in it",
			       PD_STR_ARG(path.n ? path : s->uri));
	PD_TRY(object_url(s, path, &url, err));
	struct pd_http_req req = { .verb = "DELETE", .url = url.p };
	return pd_host_call(s->host, &req, &res, err);
}

#define OPS(name_)                                                                                 \
	{                                                                                          \
		.scheme = (name_), .open = http_open, .close = http_close, .stat = http_stat,      \
		.list = http_list, .read = http_read, .fetch = http_fetch, .put = http_put,        \
		.remove = http_remove,                                                             \
	}

const struct pd_artifact_ops pd_artifact_http = OPS("http");
const struct pd_artifact_ops pd_artifact_https = OPS("https");
const struct pd_artifact_ops pd_artifact_mlflow = OPS("mlflow-artifacts");

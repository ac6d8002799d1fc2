#include "serve/tracking.h"

#include <stdlib.h>

#include "base/auto.h"
#include "base/json.h"
#include "registry/batch.h"
#include "serve/tracking_internal.h"

/* ---------------------------------------------------------------- small routes */

static void on_health(struct call *c)
{
	reply_text(c, 200, "text/plain; charset=utf-8", "OK");
}

static void on_version(struct call *c)
{
	reply_text(c, 200, "text/html; charset=utf-8", PD_TRACKING_MLFLOW_VERSION);
}

static void on_root(struct call *c)
{
	reply_text(
		c, 200, "text/plain; charset=utf-8",
		"This is a tracking server of podium: MLflow's REST API is under /api/2.0/mlflow. "
		"There are no web pages.\n");
}

/* What clients ask before they rely on it. Source: handlers.py, build_server_info_payload. */
static void on_server_info(struct call *c)
{
	reply_text(c, 200, "application/json",
		   "{\"store_type\":\"SqlStore\",\"workspaces_enabled\":false,"
		   "\"trace_archival_enabled\":false,\"multipart_uploads_enabled\":false,"
		   "\"multipart_downloads_enabled\":false,"
		   "\"presigned_upload_run_id_supported\":true,"
		   "\"presigned_upload_model_id_supported\":true,"
		   "\"features_enabled\":{\"gateway\":false}}");
}

static void on_presigned_upload(struct call *c)
{
	presigned_answer(c, true);
}

static void on_presigned_download(struct call *c)
{
	presigned_answer(c, false);
}

/* A path of its own. Below /api/ it also is below /ajax-api/. */
static const struct route {
	const char *path;
	unsigned verbs;
	const char *names; /* of the verbs */
	void (*run)(struct call *c);
} routes[] = {
#define GET_ONLY PD_HTTP_GET | PD_HTTP_HEAD, "GET"
	{ "/health", GET_ONLY, on_health },
	{ "/version", GET_ONLY, on_version },
	{ "/", GET_ONLY, on_root },
	{ "/get-artifact", GET_ONLY, run_artifact_answer },
	{ "/model-versions/get-artifact", GET_ONLY, version_artifact_answer },
	{ "/api/3.0/mlflow/server-info", GET_ONLY, on_server_info },
	{ "/ajax-api/2.0/mlflow/upload-artifact", PD_HTTP_POST, "POST", upload_artifact_answer },
	{ "/api/2.0/mlflow/artifacts/presigned-upload-url", PD_HTTP_POST, "POST",
	  on_presigned_upload },
	{ "/api/2.0/mlflow/artifacts/presigned-download-url", PD_HTTP_POST, "POST",
	  on_presigned_download },
};

static bool is_at(const char *route, struct pd_str path)
{
	if (pd_str_eqz(path, route))
		return true;
	/* "/ajax-api/..." is "/api/..." for the pages in a browser */
	return pd_str_starts(path, PD_STR("/ajax-api/")) && strncmp(route, "/api/", 5) == 0 &&
	       pd_str_eqz(pd_str_skip(path, sizeof("/ajax-api") - 1), route + sizeof("/api") - 1);
}

static bool route_answers(struct call *c)
{
	for (size_t i = 0; i < PD_LEN(routes); i++) {
		const struct route *r = &routes[i];
		if (!is_at(r->path, c->path))
			continue;
		if (r->verbs & c->request->verb)
			r->run(c);
		else
			reply_wrong_verb(c, allow_of(c, r->names));
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------- by prefix */

static bool take_prefix(struct call *c, struct pd_str prefix)
{
	if (!pd_str_starts(c->path, prefix))
		return false;
	c->path = pd_str_skip(c->path, prefix.n);
	return true;
}

/* logged-models/ID/artifacts/files, which only the web pages have. */
static bool model_file_answers(struct call *c)
{
	struct pd_str rest = c->path, first, id;
	if (!pd_str_starts(c->request->path, PD_STR("/ajax-api/")))
		return false;
	pd_str_split(rest, '/', &first, &rest);
	pd_str_split(rest, '/', &id, &rest);
	if (!pd_str_eq(first, PD_STR("logged-models")) ||
	    !pd_str_eq(rest, PD_STR("artifacts/files")))
		return false;
	if (c->request->verb & (PD_HTTP_GET | PD_HTTP_HEAD))
		model_artifact_answer(c, id);
	else
		reply_wrong_verb(c, "GET, HEAD, OPTIONS");
	return true;
}

/* Methods of MLflow's API 3.0 that podium has not, told apart from those that nobody has. */
static void no_version3(struct call *c)
{
	static const char *const families[] = {
		"traces",     "datasets",      "gateway",       "issues",
		"scorers",    "label-schemas", "review-queues", "prompt-optimization",
		"workspaces",
	};
	struct pd_err err = { 0 };
	struct pd_str first, rest;
	pd_str_split(c->path, '/', &first, &rest);
	for (size_t i = 0; i < PD_LEN(families); i++)
		if (pd_str_eqz(first, families[i])) {
			(void)pd_fail(&err, PD_UNSUPPORTED, "podium has no %s", families[i]);
			reply_error(c, &err);
			return;
		}
	reply_not_found(c);
}

static void prefix_answer(struct call *c)
{
	(void)(take_prefix(c, PD_STR("/ajax-api/")) || take_prefix(c, PD_STR("/api/")));
	if (c->path.n == c->request->path.n)
		reply_not_found(c);
	else if (take_prefix(c, PD_STR("2.0/mlflow-artifacts/")))
		store_answer(c);
	else if (take_prefix(c, PD_STR("3.0/mlflow/")))
		no_version3(c);
	else if (!take_prefix(c, PD_STR("2.0/mlflow/")))
		reply_not_found(c);
	else if (!model_file_answers(c))
		rest_answer(c);
}

static struct call call_of(struct pd_tracking *t, unsigned thread,
			   const struct pd_http_request *request, struct pd_http_response *response)
{
	struct pd_str path = request->path;
	if (pd_str_starts(path, PD_STR("//"))) /* of a tracking URI with a slash at its end */
		path = pd_str_skip(path, 1);
	return (struct call){ .tracking = t,
			      .thread = &t->threads[thread],
			      .arena = &t->threads[thread].arena,
			      .request = request,
			      .response = response,
			      .path = path };
}

static void answer(void *ctx, unsigned thread, const struct pd_http_request *request,
		   struct pd_http_response *response)
{
	struct call c = call_of(ctx, thread, request, response);
	response->route = 1;
	if (!guard_answers(&c) && !route_answers(&c))
		prefix_answer(&c);
	store_drop(request->sink);
	pd_arena_reset(c.arena);
}

static bool begin(void *ctx, unsigned thread, const struct pd_http_request *request,
		  struct pd_http_sink *sink)
{
	struct call c = call_of(ctx, thread, request, NULL);
	if (request->verb != PD_HTTP_PUT)
		return false;
	if (!take_prefix(&c, PD_STR("/ajax-api/2.0/mlflow-artifacts/")) &&
	    !take_prefix(&c, PD_STR("/api/2.0/mlflow-artifacts/")))
		return false;
	if (!pd_str_starts(c.path, PD_STR("artifacts/")))
		return false;
	bool taken = store_begin(&c, sink);
	pd_arena_reset(c.arena);
	return taken;
}

static void refuse(void *ctx, int status, const char *why, struct pd_buf *out, const char **type)
{
	(void)ctx;
	struct pd_err err = { 0 };
	enum pd_code code = status == 413   ? PD_TOO_LARGE
			    : status == 500 ? PD_INTERNAL
					    : PD_BAD_REQUEST;
	(void)pd_fail(&err, code, "%s", why);
	PD_AUTO_JSON json_t *body = pd_error_body(&err);
	pd_json_write(out, body);
	*type = "application/json";
}

/* ---------------------------------------------------------------- the whole */

enum pd_code pd_tracking_start(struct pd_http *http, const struct pd_tracking_opts *opts,
			       struct pd_tracking **out, struct pd_err *err)
{
	struct pd_tracking *t = pd_xcalloc(1, sizeof(*t));
	t->http = http;
	t->opts = *opts;
	t->n_threads = pd_http_n_threads(http);
	t->threads = pd_xcalloc(t->n_threads, sizeof(*t->threads));
	*out = t;
	if (!opts->serve_artifacts)
		t->opts.registry.artifacts_destination = NULL;
	t->opts.registry.create = true;
	t->opts.registry.for_clients = true;
	PD_TRY(pd_writer_start(opts->env, &t->opts.registry, &t->writer, err));
	struct pd_registry_opts reading = t->opts.registry;
	reading.create = false;
	reading.read_only = true;
	for (unsigned i = 0; i < t->n_threads; i++)
		PD_TRY(pd_registry_open(opts->env, &reading, &t->threads[i].registry, err));
	struct pd_http_handler handler = {
		.ctx = t, .answer = answer, .refuse = refuse, .begin = begin
	};
	return pd_http_start(http, &handler, err);
}

void pd_tracking_free(struct pd_tracking *t)
{
	if (!t)
		return;
	pd_writer_stop(t->writer);
	for (unsigned i = 0; i < t->n_threads; i++) {
		pd_registry_close(t->threads[i].registry);
		pd_arena_end(&t->threads[i].arena);
	}
	free(t->threads);
	free(t);
}

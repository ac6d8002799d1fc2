#include "base/auto.h"
#include "cmd/locate.h"
#include "cmd/out.h"
#include "cmd/stay.h"
#include "serve/service.h"

#define WATCH_MS       1000  /* how often an alias is looked at */
#define RETRY_LOADS_MS 30000 /* how soon a version that could not be loaded is tried again */
#define MS             1000

struct serve_args {
	const char *uri;
	const char *host;
	int64_t port;
	int64_t workers;
	int64_t timeout_s;
	int64_t drain_timeout_s;
	int64_t max_body;
	int64_t max_connections;
	const char *recipe;
	const char *method;
	bool no_access_log;
};

static const struct pd_opt serve_opts[] = {
	PD_ARG(struct serve_args, uri, "URI", PD_HINT_URI,
	       "models:/NAME@ALIAS, runs:/ID/PATH, a model directory or file"),
	PD_OPT_TEXT(struct serve_args, host, 0, "host", "HOST", PD_HINT_NONE,
		    "address to listen on"),
	PD_OPT_INT(struct serve_args, port, 'p', "port", "PORT", 0, 65535,
		   "port to listen on; 0 takes a free one"),
	PD_OPT_INT(struct serve_args, workers, 'w', "workers", "N", 0, PD_HTTP_THREADS_MAX,
		   "threads that answer; 0: one for each processor"),
	PD_OPT_PATH(struct serve_args, recipe, 0, "recipe", "FILE", PD_HINT_FILE,
		    "recipe for POST /predict; without it, podium.json in the model"),
	PD_OPT_TEXT(struct serve_args, method, 0, "method", "NAME", PD_HINT_NONE,
		    "predict, predict_proba, ...; without it, what the model says"),
	PD_OPT_INT(struct serve_args, timeout_s, 't', "timeout", "S", 1, 86400,
		   "seconds a client may take to send a header, and a body"),
	PD_OPT_INT(struct serve_args, drain_timeout_s, 0, "drain-timeout", "S", 1, 86400,
		   "seconds that requests in flight get on SIGTERM"),
	PD_OPT_SIZE(struct serve_args, max_body, 0, "max-body", "SIZE", 1, (int64_t)1 << 40,
		    "largest body of a request"),
	PD_OPT_INT(struct serve_args, max_connections, 0, "max-connections", "N", 1, 1000000,
		   "connections at once"),
	PD_OPT_FLAG(struct serve_args, no_access_log, 0, "no-access-log",
		    "write no line for each request"),
	PD_OPT_END
};

/* What a command that stays has at hand. */
struct serving {
	struct pd_ctx *ctx;
	const struct serve_args *args;
	struct pd_http *http;
	struct pd_service *service;
	struct pd_stay stay;
	char *failed; /* the version that could not be loaded, or NULL */
	int64_t failed_at_ms;
	bool registry_failed;
};

static void serving_end(struct serving *s)
{
	pd_http_close(s->http);
	pd_service_free(s->service);
	free(s->failed);
}

static enum pd_code open_http(struct serving *s, struct pd_err *err)
{
	const struct serve_args *a = s->args;
	struct pd_http_opts opts = {
		.host = a->host,
		.port = (unsigned)a->port,
		.n_threads = a->workers ? (unsigned)a->workers : pd_n_processors(),
		.max_connections = (unsigned)a->max_connections,
		.max_body = (size_t)a->max_body,
		.header_ms = a->timeout_s * MS,
		.body_ms = a->timeout_s * MS,
		.drain_ms = a->drain_timeout_s * MS,
		.access_log_fd = a->no_access_log ? -1 : fileno(s->ctx->env->diag),
	};
	return pd_http_open(&opts, &s->http, err);
}

static enum pd_code load(struct serving *s, const struct pd_located *at, struct pd_scored **out,
			 struct pd_err *err)
{
	struct pd_scored_opts opts = {
		.method = s->args->method,
		.recipe_path = s->args->recipe,
		.facts = { .run_id = at->where.run_id,
			   .model_name = at->where.name,
			   .model_version = at->where.version,
			   .model_id = at->where.model_id },
	};
	return pd_scored_load(at->path, &opts, out, err);
}

/* ---------------------------------------------------------------- following an alias */

static bool is_given_up(const struct serving *s, struct pd_str version)
{
	return s->failed && pd_str_eqz(version, s->failed) &&
	       pd_tick_ms() - s->failed_at_ms < RETRY_LOADS_MS;
}

static void give_up(struct serving *s, struct pd_str version, const struct pd_err *err)
{
	const struct pd_scored *now = pd_service_model(s->service);
	free(s->failed);
	s->failed = pd_str_dup(version);
	s->failed_at_ms = pd_tick_ms();
	pd_service_note_failed_load(s->service);
	fprintf(s->ctx->env->diag,
		"podium: %s is now version %.*s, which cannot be served (%s); version %.*s stays\n",
		s->args->uri, PD_STR_ARG(version), err->text, PD_STR_ARG(now->facts.model_version));
}

/* The files are fetched only now: most looks find nothing new. */
static enum pd_code load_again(struct serving *s, struct pd_arena *arena, struct pd_scored **out,
			       struct pd_err *err)
{
	struct pd_located at;
	PD_TRY(pd_locate_model(s->ctx, s->args->uri, arena, &at, err));
	return load(s, &at, out, err);
}

static void follow_to(struct serving *s, struct pd_str version, struct pd_arena *arena)
{
	struct pd_err err = { 0 };
	struct pd_scored *next = NULL;
	if (is_given_up(s, version))
		return;
	if (load_again(s, arena, &next, &err) != PD_OK) {
		give_up(s, version, &err);
		return;
	}
	version = pd_arena_str(arena, next->facts.model_version);
	pd_service_swap(s->service, next);
	free(s->failed);
	s->failed = NULL;
	pd_out_note(s->ctx, "%s is now version %.*s", s->args->uri, PD_STR_ARG(version));
}

/* A registry that cannot be asked is said once, and again when it can. */
static void watch(struct serving *s)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_err err = { 0 };
	struct pd_located at = { 0 };
	const struct pd_scored *now = pd_service_model(s->service);
	if (pd_locate(s->ctx, s->args->uri, &arena, &at.uri, &at.where, &err) != PD_OK) {
		if (!s->registry_failed)
			fprintf(s->ctx->env->diag,
				"podium: cannot look at %s (%s); version %.*s "
				"stays\n",
				s->args->uri, err.text, PD_STR_ARG(now->facts.model_version));
		s->registry_failed = true;
		return;
	}
	s->registry_failed = false;
	struct pd_str version = at.where.version;
	if (!pd_str_eq(version, now->facts.model_version))
		follow_to(s, version, &arena);
}

/* ---------------------------------------------------------------- staying */

static enum pd_code stay(struct serving *s, bool follow, struct pd_err *err)
{
	while (!pd_stay_wait(&s->stay, follow ? WATCH_MS : 60 * MS))
		if (follow)
			watch(s);
	return pd_stay_drain(&s->stay, s->http, s->args->drain_timeout_s, err);
}

static enum pd_code serve_run(struct pd_ctx *ctx, const void *args, struct pd_err *err)
{
	__attribute__((cleanup(serving_end))) struct serving s = { .ctx = ctx, .args = args };
	struct pd_located at;
	struct pd_scored *first = NULL;
	PD_TRY(open_http(&s, err));
	PD_TRY(pd_locate_model(ctx, s.args->uri, ctx->arena, &at, err));
	PD_TRY(load(&s, &at, &first, err));
	pd_stay_begin(&s.stay, ctx);
	PD_TRY(pd_service_start(s.http, s.args->uri, first, &s.service, err));
	pd_stay_ready(&s.stay, s.http);
	bool follow = at.uri.kind == PD_URI_MODEL_ALIAS || at.uri.kind == PD_URI_MODEL_STAGE ||
		      at.uri.kind == PD_URI_MODEL_LATEST;
	pd_ctx_registry_close(ctx);
	ctx->hasty = true; /* a server that is away must not hold up the draining */
	return stay(&s, follow, err);
}

const struct pd_cmd pd_cmd_serve = {
	.name = "serve",
	.brief = "serve a model over HTTP",
	.about = "Answers MLflow's scoring protocol on /invocations, events by a recipe on\n"
		 "/predict, and /ping, /health, /version, /ready and /metrics.\n"
		 "An alias, a stage or `latest` is followed: when it moves, the new version\n"
		 "is loaded beside the old one and takes over, and no request is lost.\n"
		 "SIGTERM and SIGINT drain: what is in flight is answered. A second one ends\n"
		 "at once.",
	.example = "podium serve models:/churn@champion -p 8080\n"
		   "podium serve ./model --port 0 --workers 2 --recipe recipe.json",
	.group = PD_GROUP_DAILY,
	.opts = serve_opts,
	.args_size = sizeof(struct serve_args),
	.defaults = &(const struct serve_args){ .host = "127.0.0.1",
						.port = 5000,
						.timeout_s = 60,
						.drain_timeout_s = 30,
						.max_body = (int64_t)PD_HTTP_BODY_MAX,
						.max_connections = 8192 },
	.run = serve_run,
};

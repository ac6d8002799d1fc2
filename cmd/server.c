#include "base/auto.h"
#include "base/num.h"
#include "cmd/out.h"
#include "cmd/stay.h"
#include "serve/tracking.h"

#define MS           1000
#define DEFAULT_PORT 5000
#define FROM_ENV     (-1) /* an integer that was not given */

struct server_args {
	const char *backend_store_uri;
	const char *registry_store_uri;
	const char *default_artifact_root;
	const char *artifacts_destination;
	bool no_serve_artifacts;
	const char *host;
	int64_t port;
	int64_t workers;
	const char *allowed_hosts;
	const char *cors_allowed_origins;
	const char *x_frame_options;
	bool disable_security_middleware;
	int64_t timeout_s;
	int64_t drain_timeout_s;
	int64_t max_body;
	int64_t max_connections;
	bool no_access_log;
};

static const struct pd_opt server_opts[] = {
	PD_OPT_TEXT(struct server_args, backend_store_uri, 0, "backend-store-uri", "URI",
		    PD_HINT_NONE,
		    "where experiments and runs are; without it, sqlite:///mlflow.db"),
	PD_OPT_TEXT(struct server_args, registry_store_uri, 0, "registry-store-uri", "URI",
		    PD_HINT_NONE, "where registered models are; without it, the backend store"),
	PD_OPT_TEXT(struct server_args, default_artifact_root, 0, "default-artifact-root", "URI",
		    PD_HINT_NONE,
		    "where new experiments keep artifacts; without it, this server hands them out"),
	PD_OPT_TEXT(struct server_args, artifacts_destination, 0, "artifacts-destination", "URI",
		    PD_HINT_NONE,
		    "where the server keeps what it hands out; without it, ./mlartifacts"),
	PD_OPT_FLAG(struct server_args, no_serve_artifacts, 0, "no-serve-artifacts",
		    "hand out no artifacts; clients reach them by themselves"),
	PD_OPT_TEXT(struct server_args, host, 0, "host", "HOST", PD_HINT_NONE,
		    "address to listen on; without it, 127.0.0.1"),
	PD_OPT_INT(struct server_args, port, 'p', "port", "PORT", FROM_ENV, 65535,
		   "port to listen on; 0 takes a free one; -1: MLFLOW_PORT, else 5000"),
	PD_OPT_INT(struct server_args, workers, 'w', "workers", "N", FROM_ENV, PD_HTTP_THREADS_MAX,
		   "threads that answer; 0: one for each processor; -1: MLFLOW_WORKERS, else 4"),
	PD_OPT_TEXT(struct server_args, allowed_hosts, 0, "allowed-hosts", "LIST", PD_HINT_NONE,
		    "host names clients may use, by comma, with *; without it, this machine and "
		    "private networks"),
	PD_OPT_TEXT(struct server_args, cors_allowed_origins, 0, "cors-allowed-origins", "LIST",
		    PD_HINT_NONE, "web sites whose pages may use the server, by comma, with *"),
	PD_OPT_TEXT(struct server_args, x_frame_options, 0, "x-frame-options", "VALUE",
		    PD_HINT_NONE, "SAMEORIGIN, DENY or NONE"),
	PD_OPT_FLAG(struct server_args, disable_security_middleware, 0,
		    "disable-security-middleware", "check neither hosts nor origins"),
	PD_OPT_INT(struct server_args, timeout_s, 't', "timeout", "S", 1, 86400,
		   "seconds a client may take to send a header, and a body"),
	PD_OPT_INT(struct server_args, drain_timeout_s, 0, "drain-timeout", "S", 1, 86400,
		   "seconds that requests in flight get on SIGTERM"),
	PD_OPT_SIZE(struct server_args, max_body, 0, "max-body", "SIZE", 1, (int64_t)1 << 40,
		    "largest body of a request; uploads of artifacts have no limit"),
	PD_OPT_INT(struct server_args, max_connections, 0, "max-connections", "N", 1, 1000000,
		   "connections at once"),
	PD_OPT_FLAG(struct server_args, no_access_log, 0, "no-access-log",
		    "write no line for each request"),
	PD_OPT_END
};

/* ---------------------------------------------------------------- options and environment */

static const char *text_of(const struct pd_env *env, const char *given, const char *name)
{
	return given ? given : pd_env_var(env, name);
}

static enum pd_code number_of(const struct pd_env *env, int64_t given, const char *name,
			      int64_t absent, int64_t max, int64_t *out, struct pd_err *err)
{
	const char *text = pd_env_var(env, name);
	*out = given != FROM_ENV ? given : absent;
	if (given != FROM_ENV || !text)
		return PD_OK;
	if (pd_str_to_i64(pd_str_from(text), out) && *out >= 0 && *out <= max)
		return PD_OK;
	return pd_fail(err, PD_USAGE, "%s=%s: a number from 0 to %lld is wanted", name, text,
		       (long long)max);
}

/* MLFLOW_SERVE_ARTIFACTS=false and the like, as click reads flags. */
static bool serves_artifacts(const struct pd_env *env, const struct server_args *a)
{
	static const char *const no[] = { "false", "0", "no", "off", "f", "n" };
	const char *text = pd_env_var(env, "MLFLOW_SERVE_ARTIFACTS");
	for (size_t i = 0; text && i < PD_LEN(no); i++)
		if (pd_str_eq_nocase(pd_str_from(text), pd_str_from(no[i])))
			return false;
	return !a->no_serve_artifacts;
}

static bool is_true(const char *text)
{
	return text && (pd_str_eq_nocase(pd_str_from(text), PD_STR("true")) ||
			pd_str_eq(pd_str_from(text), PD_STR("1")));
}

/* MLflow keeps a relative destination below the folder the server was started in. */
static struct pd_tracking_opts tracking_opts(struct pd_ctx *ctx, const struct server_args *a)
{
	const struct pd_env *env = ctx->env;
	bool serve = serves_artifacts(env, a);
	const char *backend = text_of(env, a->backend_store_uri, "MLFLOW_BACKEND_STORE_URI");
	const char *models = text_of(env, a->registry_store_uri, "MLFLOW_REGISTRY_STORE_URI");
	const char *root = text_of(env, a->default_artifact_root, "MLFLOW_DEFAULT_ARTIFACT_ROOT");
	const char *kept = text_of(env, a->artifacts_destination, "MLFLOW_ARTIFACTS_DESTINATION");
	if (!backend)
		backend = ctx->common.tracking_uri;
	if (!models)
		models = ctx->common.registry_uri;
	backend = backend ? backend : "sqlite:///mlflow.db";
	return (struct pd_tracking_opts){
		.env = env,
		.registry = { .tracking_uri = backend,
			      .registry_uri = models ? models : backend,
			      .artifact_root = root    ? root
					       : serve ? "mlflow-artifacts:/"
						       : "./mlruns",
			      .artifacts_destination = kept ? kept : "./mlartifacts" },
		.serve_artifacts = serve,
		.allowed_hosts = text_of(env, a->allowed_hosts, "MLFLOW_SERVER_ALLOWED_HOSTS"),
		.allowed_origins = text_of(env, a->cors_allowed_origins,
					   "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"),
		.frame_options = text_of(env, a->x_frame_options, "MLFLOW_SERVER_X_FRAME_OPTIONS"),
		.no_guard = a->disable_security_middleware ||
			    is_true(pd_env_var(env, "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE")),
	};
}

/* ---------------------------------------------------------------- staying */

struct serving {
	struct pd_http *http;
	struct pd_tracking *tracking;
};

static void serving_end(struct serving *s)
{
	pd_http_close(s->http);
	pd_tracking_free(s->tracking);
}

static enum pd_code open_http(struct pd_ctx *ctx, const struct server_args *a, struct pd_http **out,
			      struct pd_err *err)
{
	const char *host = text_of(ctx->env, a->host, "MLFLOW_HOST");
	int64_t port, workers;
	PD_TRY(number_of(ctx->env, a->port, "MLFLOW_PORT", DEFAULT_PORT, 65535, &port, err));
	PD_TRY(number_of(ctx->env, a->workers, "MLFLOW_WORKERS", 4, PD_HTTP_THREADS_MAX, &workers,
			 err));
	struct pd_http_opts opts = {
		.host = host ? host : "127.0.0.1",
		.port = (unsigned)port,
		.n_threads = workers ? (unsigned)workers : pd_n_processors(),
		.max_connections = (unsigned)a->max_connections,
		.max_body = (size_t)a->max_body,
		.header_ms = a->timeout_s * MS,
		.body_ms = a->timeout_s * MS,
		.drain_ms = a->drain_timeout_s * MS,
		.access_log_fd = a->no_access_log ? -1 : fileno(ctx->env->diag),
	};
	return pd_http_open(&opts, out, err);
}

/* Commands may ask another server; a server writes in groups, which takes a database. */
static enum pd_code store_check(const char *uri, struct pd_err *err)
{
	if (strncmp(uri, "http:", 5) != 0 && strncmp(uri, "https:", 6) != 0)
		return PD_OK;
	return pd_fail(err, PD_USAGE, "%s is a server itself; give a database, sqlite:///FILE",
		       uri);
}

static enum pd_code server_run(struct pd_ctx *ctx, const void *args, struct pd_err *err)
{
	const struct server_args *a = args;
	__attribute__((cleanup(serving_end))) struct serving s = { 0 };
	struct pd_stay stay;
	struct pd_tracking_opts opts = tracking_opts(ctx, a);
	PD_TRY(store_check(opts.registry.tracking_uri, err));
	PD_TRY(store_check(opts.registry.registry_uri, err));
	PD_TRY(open_http(ctx, a, &s.http, err));
	pd_stay_begin(&stay, ctx);
	PD_TRY(pd_tracking_start(s.http, &opts, &s.tracking, err));
	pd_stay_ready(&stay, s.http);
	while (!pd_stay_wait(&stay, (int64_t)60 * MS))
		;
	return pd_stay_drain(&stay, s.http, a->drain_timeout_s, err);
}

const struct pd_cmd pd_cmd_server = {
	.name = "server",
	.brief = "run a tracking server",
	.about = "Answers MLflow's REST API on a SQLite database: experiments, runs, models,\n"
		 "and artifacts, which it hands out itself or leaves where they are. Options\n"
		 "and their environment variables are those of `mlflow server`.\n"
		 "What is answered with success is on the disk. SIGTERM and SIGINT drain; a\n"
		 "second one ends at once.",
	.example = "podium server --backend-store-uri sqlite:///mlflow.db -p 5000\n"
		   "podium server --no-serve-artifacts --default-artifact-root /srv/mlruns",
	.group = PD_GROUP_DEPLOY,
	.opts = server_opts,
	.args_size = sizeof(struct server_args),
	.defaults = &(const struct server_args){ .port = FROM_ENV,
						 .workers = FROM_ENV,
						 .timeout_s = 60,
						 .drain_timeout_s = 30,
						 .max_body = (int64_t)PD_HTTP_BODY_MAX,
						 .max_connections = 8192 },
	.run = server_run,
};

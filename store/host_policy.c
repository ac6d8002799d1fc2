/*
 * How patient, how careful, and as whom, by MLflow's environment variables.
 * Source: mlflow/environment_variables.py, mlflow/utils/rest_utils.py (_validate_max_retries,
 * _validate_backoff_factor, MlflowHostCreds), mlflow/utils/credentials.py.
 */
#include "store/host_internal.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/num.h"

#define RETRIES         7 /* defaults and limits as MLflow's */
#define RETRIES_MAX     10
#define CONNECT_RETRIES 3 /* where MLFLOW_HTTP_REQUEST_MAX_RETRIES does not say otherwise */
#define BACKOFF_S       2
#define BACKOFF_MAX_S   120
#define TIMEOUT_S       120
#define TIMEOUT_MAX_S   86400
#define CONNECT_S       20
#define HASTY_S         3

static enum pd_code read_int(const struct pd_env *env, const char *name, int64_t most, int64_t *out,
			     struct pd_err *err)
{
	const char *text = pd_env_var(env, name);
	int64_t v = 0;
	if (!text)
		return PD_OK;
	if (!pd_str_to_i64(pd_str_trim(pd_str_from(text)), &v) || v < 0 || v > most)
		return pd_fail(err, PD_INVALID, "%s: `%s` is not a whole number from 0 to %lld",
			       name, text, (long long)most);
	*out = v;
	return PD_OK;
}

static enum pd_code read_real(const struct pd_env *env, const char *name, double most, double *out,
			      struct pd_err *err)
{
	const char *text = pd_env_var(env, name);
	double v = 0;
	if (!text)
		return PD_OK;
	if (!pd_f64_parse(pd_str_trim(pd_str_from(text)), &v) || !(v >= 0) || v > most)
		return pd_fail(err, PD_INVALID, "%s: `%s` is not a number from 0 to %g", name, text,
			       most);
	*out = v;
	return PD_OK;
}

/* Source: mlflow/environment_variables.py, _BooleanEnvironmentVariable */
static enum pd_code read_bool(const struct pd_env *env, const char *name, bool *out,
			      struct pd_err *err)
{
	const char *text = pd_env_var(env, name);
	if (!text)
		return PD_OK;
	struct pd_str s = pd_str_from(text);
	bool yes = pd_str_eq_nocase(s, PD_STR("true")) || pd_str_eq(s, PD_STR("1"));
	if (!yes && !pd_str_eq_nocase(s, PD_STR("false")) && !pd_str_eq(s, PD_STR("0")))
		return pd_fail(err, PD_INVALID, "%s: `%s` is none of true, false, 1, 0", name,
			       text);
	*out = yes;
	return PD_OK;
}

static enum pd_code read_tls(const struct pd_env *env, struct pd_http_policy *p, struct pd_err *err)
{
	static const char server_cert[] = "MLFLOW_TRACKING_SERVER_CERT_PATH";
	PD_TRY(read_bool(env, "MLFLOW_TRACKING_INSECURE_TLS", &p->insecure, err));
	p->ca = pd_env_var(env, server_cert);
	if (p->insecure && p->ca)
		return pd_fail(err, PD_INVALID,
			       "MLFLOW_TRACKING_INSECURE_TLS and %s are both set: to check no "
			       "certificate, or to check it against a file",
			       server_cert);
	const char *const files[][2] = {
		{ server_cert, p->ca },
		{ "MLFLOW_TRACKING_CLIENT_CERT_PATH",
		  pd_env_var(env, "MLFLOW_TRACKING_CLIENT_CERT_PATH") },
	};
	for (size_t i = 0; i < PD_LEN(files); i++)
		if (files[i][1] && !pd_path_exists(files[i][1]))
			return pd_fail(err, PD_INVALID, "%s: no file %s", files[i][0], files[i][1]);
	p->cert = files[1][1];
	if (!p->ca) /* what Python's requests looks at */
		p->ca = pd_env_var(env, "REQUESTS_CA_BUNDLE");
	if (!p->ca)
		p->ca = pd_env_var(env, "CURL_CA_BUNDLE");
	return PD_OK;
}

enum pd_code pd_host_read_policy(const struct pd_env *env, bool hasty, struct pd_http_policy *out,
				 struct pd_err *err)
{
	static const char retries[] = "MLFLOW_HTTP_REQUEST_MAX_RETRIES";
	int64_t n = RETRIES, timeout_s = TIMEOUT_S;
	double backoff_s = BACKOFF_S, jitter_s = 1;
	bool heeds = true, follows = true;
	PD_TRY(read_int(env, retries, RETRIES_MAX, &n, err));
	PD_TRY(read_int(env, "MLFLOW_HTTP_REQUEST_TIMEOUT", TIMEOUT_MAX_S, &timeout_s, err));
	PD_TRY(read_real(env, "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", BACKOFF_MAX_S, &backoff_s,
			 err));
	PD_TRY(read_real(env, "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", BACKOFF_MAX_S, &jitter_s, err));
	PD_TRY(read_bool(env, "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", &heeds, err));
	PD_TRY(read_bool(env, "MLFLOW_ALLOW_HTTP_REDIRECTS", &follows, err));
	if (hasty) {
		n = 0;
		timeout_s = HASTY_S;
	}
	int64_t connect_s = timeout_s && timeout_s < CONNECT_S ? timeout_s : CONNECT_S;
	*out = (struct pd_http_policy){
		.n_retries = (unsigned)n,
		.n_connect_retries = hasty                      ? 0
				     : pd_env_var(env, retries) ? (unsigned)n
								: CONNECT_RETRIES,
		.backoff_s = backoff_s,
		.jitter_s = jitter_s,
		.ignores_retry_after = !heeds,
		.stays = !follows,
		.connect_ms = connect_s * 1000,
		.silence_ms = timeout_s * 1000,
	};
	return read_tls(env, out, err);
}

/* ---------------------------------------------------------------- who we are */

#define FILE_MAX ((size_t)64 << 10)

/* [mlflow] with mlflow_tracking_username and mlflow_tracking_password, "=" or ":" behind the
 * name, "#" and ";" begin a comment line. Source: Python's configparser */
static void read_ini(struct pd_arena *arena, struct pd_str text, struct pd_http_policy *out)
{
	bool ours = false;
	struct pd_str line;
	while (text.n) {
		pd_str_split(text, '\n', &line, &text);
		line = pd_str_trim(line);
		if (pd_str_starts(line, PD_STR("[")))
			ours = pd_str_eqz(line, "[mlflow]");
		if (!ours || !line.n || line.p[0] == '#' || line.p[0] == ';')
			continue;
		size_t n = 0;
		while (n < line.n && line.p[n] != '=' && line.p[n] != ':')
			n++;
		struct pd_str name = pd_str_trim(pd_str_head(line, n));
		struct pd_str value = pd_str_trim(pd_str_skip(line, n + 1));
		if (n == line.n || !value.n)
			continue;
		if (pd_str_eq_nocase(name, PD_STR("mlflow_tracking_username")))
			out->user = pd_arena_z(arena, value);
		if (pd_str_eq_nocase(name, PD_STR("mlflow_tracking_password")))
			out->password = pd_arena_z(arena, value);
	}
}

static enum pd_code read_file(const struct pd_env *env, struct pd_arena *arena,
			      struct pd_http_policy *out, struct pd_err *err)
{
	const char *home = pd_env_var(env, "HOME");
	PD_AUTO(pd_buf) text = { 0 };
	if (!home)
		return PD_OK;
	PD_AUTO_FREE char *path = pd_path_join(home, ".mlflow/credentials");
	if (!pd_path_exists(path))
		return PD_OK;
	pd_buf_init(&text, FILE_MAX);
	PD_TRY(pd_file_read(&text, path, err));
	PD_TRY(pd_buf_check(&text, path, err));
	read_ini(arena, pd_buf_view(&text), out);
	return PD_OK;
}

enum pd_code pd_host_read_identity(const struct pd_env *env, struct pd_arena *arena,
				   struct pd_http_policy *out, struct pd_err *err)
{
	bool signs = false;
	const char *auth = pd_env_var(env, "MLFLOW_TRACKING_AUTH");
	PD_TRY(read_bool(env, "MLFLOW_TRACKING_AWS_SIGV4", &signs, err));
	if (signs || auth)
		return pd_fail(err, PD_UNSUPPORTED,
			       "%s: podium signs in with a user and password or a token only",
			       signs ? "MLFLOW_TRACKING_AWS_SIGV4" : "MLFLOW_TRACKING_AUTH");
	PD_TRY(read_file(env, arena, out, err));
	const char *user = pd_env_var(env, "MLFLOW_TRACKING_USERNAME");
	const char *password = pd_env_var(env, "MLFLOW_TRACKING_PASSWORD");
	out->user = user ? user : out->user;
	out->password = password ? password : out->password;
	out->token = pd_env_var(env, "MLFLOW_TRACKING_TOKEN");
	if (!out->user || !out->password) /* MLflow takes both or none */
		out->user = out->password = NULL;
	return PD_OK;
}

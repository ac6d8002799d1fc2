#include "store/host.h"

#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "schema/errors.h"
#include "store/host_internal.h"

struct pd_host {
	struct pd_arena arena;
	const struct pd_env *env;
	char *address;
	struct pd_http_client *client;
	bool is_known; /* somebody: credentials are sent */
	bool is_ours;  /* one that credentials may be sent to */
};

/* ---------------------------------------------------------------- open */

static bool is_same_server(const struct pd_url *a, const struct pd_url *b)
{
	return pd_str_eq(a->scheme, b->scheme) && pd_str_eq_nocase(a->host, b->host);
}

static bool is_named(const struct pd_env *env, const char *var, struct pd_arena *arena,
		     const struct pd_url *url, struct pd_url *out)
{
	const char *text = pd_env_var(env, var);
	struct pd_err ignored;
	return text && pd_url_parse(pd_str_from(text), arena, out, &ignored) == PD_OK &&
	       is_same_server(out, url);
}

/* The user in the address, or in that of the tracking server when it is the same one. */
static void use_url_user(struct pd_host *h, const struct pd_url *url, struct pd_http_policy *p)
{
	if (!url->user.p)
		return;
	p->user = pd_arena_z(&h->arena, url->user);
	p->password = pd_arena_z(&h->arena, url->password);
}

static enum pd_code choose_identity(struct pd_host *h, const struct pd_url *url,
				    struct pd_http_policy *p, struct pd_err *err)
{
	static const char *const vars[] = { "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI" };
	for (size_t i = 0; i < PD_LEN(vars) && !h->is_ours; i++) {
		struct pd_url named;
		if (!is_named(h->env, vars[i], &h->arena, url, &named))
			continue;
		h->is_ours = true;
		PD_TRY(pd_host_read_identity(h->env, &h->arena, p, err));
		use_url_user(h, &named, p);
	}
	use_url_user(h, url, p);
	h->is_known = p->user || p->token;
	return PD_OK;
}

static void say_pause(void *ctx, const char *why, int64_t ms)
{
	struct pd_host *h = ctx;
	if (ms >= 500 && isatty(fileno(h->env->diag)))
		fprintf(h->env->diag, "podium: %s: %s; again in %.1f s\n", h->address, why,
			(double)ms / 1000);
}

static enum pd_code open_client(struct pd_host *h, struct pd_str address, bool hasty,
				struct pd_err *err)
{
	struct pd_url url;
	struct pd_http_policy policy;
	PD_TRY(pd_url_parse(address, &h->arena, &url, err));
	if (pd_str_find(url.path, '?') >= 0 || pd_str_find(url.path, '#') >= 0)
		return pd_fail(err, PD_INVALID, "%.*s://%.*s: an address with \"?\" or \"#\"",
			       PD_STR_ARG(url.scheme), PD_STR_ARG(url.host));
	while (url.path.n && url.path.p[url.path.n - 1] == '/')
		url.path.n--;
	h->address = pd_arena_printf(&h->arena, "%.*s://%.*s%.*s", PD_STR_ARG(url.scheme),
				     PD_STR_ARG(url.host), PD_STR_ARG(url.path));
	PD_TRY(pd_host_read_policy(h->env, hasty, &policy, err));
	PD_TRY(choose_identity(h, &url, &policy, err));
	policy.pause = say_pause;
	policy.pause_ctx = h;
	return pd_http_client_open(&policy, &h->client, err);
}

enum pd_code pd_host_open(const struct pd_env *env, struct pd_str address, bool hasty,
			  struct pd_host **out, struct pd_err *err)
{
	struct pd_host *h = pd_xcalloc(1, sizeof(*h));
	h->env = env;
	enum pd_code code = open_client(h, address, hasty, err);
	if (code != PD_OK) {
		pd_host_close(h);
		return code;
	}
	*out = h;
	return PD_OK;
}

void pd_host_close(struct pd_host *h)
{
	if (!h)
		return;
	pd_http_client_close(h->client);
	pd_arena_end(&h->arena);
	free(h);
}

const char *pd_host_address(const struct pd_host *h)
{
	return h->address;
}

/* ---------------------------------------------------------------- what an answer means */

#define BODY_SHOWN 200 /* bytes of a body that is not MLflow's */

/* MLflow's error, or NULL. Given. */
static json_t *read_error(struct pd_str body)
{
	json_t *j = NULL;
	struct pd_err ignored;
	if (pd_json_parse(body, &j, &ignored) != PD_OK)
		return NULL;
	if (json_is_object(j) &&
	    (json_object_get(j, "error_code") || json_object_get(j, "message")))
		return j;
	json_decref(j);
	return NULL;
}

/* spec: mlflow/server/handlers.py, _disable_unless_serve_artifacts: a 503 that stays one */
static bool is_switched_off(struct pd_str body)
{
	struct pd_str s = pd_str_head(body, 512);
	for (size_t i = 0; i < s.n; i++)
		if (pd_str_starts(pd_str_skip(s, i), PD_STR("disabled due to the mlflow server")))
			return true;
	return false;
}

/* MLflow answers 500 to what is in the wrong state: that does not pass. Of its own troubles it
 * says INTERNAL_ERROR, and a database that was busy is among them. */
static bool is_final(unsigned status, struct pd_str body)
{
	PD_AUTO_JSON json_t *j = read_error(body);
	struct pd_str name = pd_json_str(json_object_get(j, "error_code"));
	if (status == 503 && is_switched_off(body))
		return true;
	if (!name.n || status == 429 || pd_str_eqz(name, "INTERNAL_ERROR"))
		return false;
	enum pd_code code = pd_error_from(name, status);
	return code != PD_BUSY && code != PD_UNREACHABLE && code != PD_TIMEOUT;
}

static enum pd_code not_allowed(const struct pd_host *h, const struct pd_http_res *res,
				struct pd_err *err)
{
	const char *at = res->url ? res->url : h->address;
	int n = (int)strcspn(at, "?#");
	enum pd_code code = res->status == 403 ? PD_DENIED : PD_UNAUTHENTICATED;
	if (res->url && h->is_known)
		return pd_fail(err, code,
			       "%s: a redirect led to %.*s, where the credentials are not sent "
			       "(%u); give that server's address",
			       h->address, n, at, res->status);
	if (h->is_known && code == PD_DENIED)
		return pd_fail(err, code, "%s: this user may not do that (403)", h->address);
	if (h->is_known)
		return pd_fail(err, code, "%s: the user, password or token is not accepted (%u)",
			       h->address, res->status);
	if (!h->is_ours)
		return pd_fail(err, code,
			       "%s: it wants credentials (%u); they are sent to the tracking "
			       "server only",
			       h->address, res->status);
	return pd_fail(err, code,
		       "%s: it wants credentials (%u): set MLFLOW_TRACKING_USERNAME and "
		       "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
		       h->address, res->status);
}

/* The first words of a body that people wrote, or programs for people, as one line. */
static struct pd_str first_words(struct pd_str body, const char *type)
{
	struct pd_str line = pd_str_trim(body);
	if (strstr(type, "html") || pd_str_starts(line, PD_STR("<")))
		return PD_STR("");
	line = pd_str_head(line, BODY_SHOWN);
	while (line.n && !pd_utf8_check(line))
		line.n--;
	return line;
}

static enum pd_code by_status(const struct pd_host *h, const struct pd_http_req *req,
			      const struct pd_http_res *res, struct pd_err *err)
{
	struct pd_str body = pd_buf_view(&res->error_body);
	struct pd_str words = first_words(body, res->content_type);
	enum pd_code code = pd_error_from(PD_STR(""), res->status);
	if (res->status == 401 || res->status == 403)
		return not_allowed(h, res, err);
	if (is_switched_off(body))
		return pd_fail(err, PD_UNSUPPORTED,
			       "%s: the server does not serve artifacts (it was started with "
			       "--no-serve-artifacts)",
			       h->address);
	if (res->status >= 300 && res->status < 400)
		return pd_fail(err, PD_UNREACHABLE,
			       "%s: it redirects (%u), and MLFLOW_ALLOW_HTTP_REDIRECTS says not to "
			       "follow",
			       h->address, res->status);
	const char *path = req->url + strlen(h->address);
	int n = (int)strcspn(path, "?#");
	if (code == PD_NO_ENDPOINT)
		return pd_fail(err, code, "%s: nothing at %.*s (%u); is it an MLflow server?",
			       h->address, n, path, res->status);
	return pd_fail(err, code, "%s: it answers %u%s%.*s", h->address, res->status,
		       words.n ? ": " : "", PD_STR_ARG(words));
}

static enum pd_code fail(const struct pd_host *h, const struct pd_http_req *req,
			 const struct pd_http_res *res, struct pd_err *err)
{
	PD_AUTO_JSON json_t *j = read_error(pd_buf_view(&res->error_body));
	const json_t *name = json_object_get(j, "error_code");
	struct pd_str message = pd_json_str(json_object_get(j, "message"));
	if (!message.n || (!json_is_string(name) && (res->status == 401 || res->status == 403)))
		return by_status(h, req, res, err);
	return pd_fail(err, pd_error_from(pd_json_str(name), res->status), "%.*s",
		       PD_STR_ARG(message));
}

enum pd_code pd_host_call(struct pd_host *h, struct pd_http_req *req, struct pd_http_res *res,
			  struct pd_err *err)
{
	struct pd_err unheard = { 0 };
	err = err ? err : &unheard;
	req->is_final = is_final;
	enum pd_code code = pd_http_call(h->client, req, res, err);
	if (code == PD_TIMEOUT)
		return pd_fail(err, PD_TIMEOUT,
			       "%s; MLFLOW_HTTP_REQUEST_TIMEOUT says how long to wait",
			       pd_arena_z(&h->arena, pd_str_from(err->text)));
	if (code == PD_UNREACHABLE && strstr(err->text, "certificate is not trusted"))
		return pd_fail(err, PD_UNREACHABLE,
			       "%s; MLFLOW_TRACKING_SERVER_CERT_PATH names a file of trusted ones",
			       pd_arena_z(&h->arena, pd_str_from(err->text)));
	PD_TRY(code);
	if ((res->status >= 200 && res->status < 300) || (req->ranged && res->status == 416))
		return PD_OK;
	return fail(h, req, res, err);
}

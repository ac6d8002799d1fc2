#include "registry/remote.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/host.h"

#define API     "/api/2.0/mlflow/"
#define URL_MAX ((size_t)1 << 20)

struct pd_remote {
	struct pd_host *host;
};

enum pd_code pd_remote_open(const struct pd_env *env, const char *uri, bool hasty,
			    struct pd_remote **out, struct pd_err *err)
{
	struct pd_host *host = NULL;
	if (pd_host_open(env, pd_str_from(uri), hasty, &host, err) != PD_OK)
		return pd_err_prefix(err, "tracking server");
	struct pd_remote *r = pd_xcalloc(1, sizeof(*r));
	r->host = host;
	*out = r;
	return PD_OK;
}

void pd_remote_close(struct pd_remote *r)
{
	if (!r)
		return;
	pd_host_close(r->host);
	free(r);
}

/* ---------------------------------------------------------------- the request */

static bool is_in_path(const struct pd_method *m, const char *field)
{
	size_t n = strlen(field);
	for (const char *p = strchr(m->path, '{'); p; p = strchr(p + 1, '{'))
		if (strncmp(p + 1, field, n) == 0 && p[n + 1] == '}')
			return true;
	return false;
}

/* "logged-models/{model_id}/tags" with the request's own values. */
static enum pd_code add_path(struct pd_buf *url, const struct pd_method *m, const json_t *request,
			     struct pd_err *err)
{
	struct pd_str rest = pd_str_from(m->path), part;
	while (rest.n) {
		pd_str_split(rest, '/', &part, &rest);
		if (part.n > 2 && part.p[0] == '{') {
			struct pd_str name = pd_str_of(part.p + 1, part.n - 2);
			struct pd_str value =
				pd_json_str(json_object_getn(request, name.p, name.n));
			if (!value.n || pd_str_eqz(value, ".") || pd_str_eqz(value, ".."))
				return pd_fail(err, PD_INVALID, "%s: no %.*s is `%.*s`", m->name,
					       PD_STR_ARG(name), PD_STR_ARG(value));
			pd_url_quote(url, value);
		} else {
			pd_buf_str(url, part);
		}
		pd_buf_z(url, rest.n ? "/" : "");
	}
	return PD_OK;
}

static void add_value(struct pd_buf *url, const char *key, const json_t *value)
{
	pd_buf_char(url, memchr(url->p, '?', url->n) ? '&' : '?');
	pd_url_quote(url, pd_str_from(key));
	pd_buf_char(url, '=');
	if (json_is_string(value)) {
		pd_url_quote(url, pd_json_str(value));
		return;
	}
	PD_AUTO(pd_buf) text = { 0 };
	pd_buf_init(&text, URL_MAX);
	pd_json_write(&text, value);
	pd_url_quote(url, pd_buf_view(&text));
}

static void add_query(struct pd_buf *url, const struct pd_method *m, const json_t *request)
{
	const char *key;
	json_t *value, *item;
	size_t i;
	json_object_foreach((json_t *)(uintptr_t)request, key, value)
	{
		if (is_in_path(m, key))
			continue;
		if (!json_is_array(value))
			add_value(url, key, value);
		else
			json_array_foreach(value, i, item) add_value(url, key, item);
	}
}

/* Done twice it makes two, or fails where the first one did it. */
static bool makes_new(const struct pd_method *m)
{
	struct pd_str name = pd_str_from(m->name);
	return pd_str_ends(name, PD_STR("/create")) || pd_str_ends(name, PD_STR("/rename")) ||
	       pd_str_eqz(name, "logged-models/log-params");
}

/* ---------------------------------------------------------------- the answer */

static enum pd_code no_json(const struct pd_remote *r, const struct pd_http_res *res,
			    struct pd_err *err)
{
	const char *at = res->url ? res->url : pd_host_address(r->host);
	return pd_fail(err, PD_CORRUPT,
		       "%.*s: the answer (%s) is not JSON; is it an MLflow server?",
		       (int)strcspn(at, "?#"), at,
		       res->content_type[0] ? res->content_type : "of no type");
}

/* Source: mlflow/utils/rest_utils.py, verify_rest_response: nothing, or "200 OK", is {} */
static enum pd_code read_answer(const struct pd_remote *r, const struct pd_http_res *res,
				struct pd_str body, json_t **out, struct pd_err *err)
{
	struct pd_str text = pd_str_trim(body);
	struct pd_err ignored;
	if (!text.n || pd_str_eqz(text, "200 OK")) {
		*out = json_object();
		return PD_OK;
	}
	if (pd_json_parse(body, out, &ignored) == PD_OK && json_is_object(*out))
		return PD_OK;
	json_decref(*out);
	*out = NULL;
	return no_json(r, res, err);
}

enum pd_code pd_remote_call(struct pd_remote *r, const char *verb, const struct pd_method *m,
			    const json_t *request, json_t **out, struct pd_err *err)
{
	PD_AUTO(pd_buf) url = { 0 };
	PD_AUTO(pd_buf) body = { 0 };
	PD_AUTO(pd_buf) answer = { 0 };
	PD_AUTO(pd_http_res) res = { 0 };
	bool in_query = strcmp(verb, "GET") == 0;
	pd_buf_init(&url, URL_MAX);
	pd_buf_init(&body, PD_REMOTE_ANSWER_MAX);
	pd_buf_init(&answer, PD_REMOTE_ANSWER_MAX);
	pd_buf_printf(&url, "%s" API, pd_host_address(r->host));
	PD_TRY(add_path(&url, m, request, err));
	if (in_query)
		add_query(&url, m, request);
	else
		pd_json_write(&body, request);
	PD_TRY(pd_buf_check(&url, "the request's address", err));
	PD_TRY(pd_buf_check(&body, "the request", err));
	struct pd_http_req req = {
		.verb = verb,
		.url = url.p,
		.content_type = in_query ? NULL : "application/json",
		.body = pd_buf_view(&body),
		.once = makes_new(m),
		.sink = pd_http_to_buf,
		.ctx = &answer,
	};
	PD_TRY(pd_host_call(r->host, &req, &res, err));
	return read_answer(r, &res, pd_buf_view(&answer), out, err);
}

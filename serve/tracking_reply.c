#include "serve/tracking_internal.h"

#include "base/auto.h"
#include "base/json.h"
#include "registry/batch.h"
#include "schema/errors.h"

#define HTML "text/html; charset=utf-8"
#define JSON "application/json"

void reply_text(struct call *c, int status, const char *type, const char *text)
{
	pd_buf_clear(c->response->out);
	c->response->status = status;
	c->response->type = type;
	pd_buf_z(c->response->out, text);
}

void reply_json(struct call *c, int status, const json_t *body)
{
	pd_buf_clear(c->response->out);
	c->response->status = status;
	c->response->type = JSON;
	pd_json_write(c->response->out, body);
}

void reply_error(struct call *c, const struct pd_err *err)
{
	PD_AUTO_JSON json_t *body = pd_error_body(err);
	reply_json(c, pd_error_http(err->code), body);
}

void reply_detail(struct call *c, int status, const char *fmt, ...)
{
	struct pd_err text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	(void)pd_vfail(&text, PD_INVALID, fmt, ap);
	va_end(ap);
	PD_AUTO_JSON json_t *body = json_pack("{s:s}", "detail", text.text);
	reply_json(c, status, body);
}

/* spec: MLflow answers these with its web framework's pages, whatever a client accepts */
static void page(struct call *c, int status, const char *title, const char *text)
{
	reply_text(c, status, HTML, "");
	pd_buf_printf(c->response->out,
		      "<!doctype html>\n<html lang=en>\n<title>%d %s</title>\n<h1>%s</h1>\n"
		      "<p>%s</p>\n",
		      status, title, title, text);
}

void reply_bad_request(struct call *c)
{
	page(c, 400, "Bad Request",
	     "The browser (or proxy) sent a request that this server could not understand.");
}

void reply_not_found(struct call *c)
{
	page(c, 404, "Not Found",
	     "The requested URL was not found on the server. If you entered the URL manually "
	     "please check your spelling and try again.");
}

void reply_wrong_verb(struct call *c, const char *allow)
{
	struct pd_str path = c->request->path;
	bool is_api = pd_str_starts(path, PD_STR("/api/")) ||
		      pd_str_starts(path, PD_STR("/ajax-api/"));
	pd_http_field(c->response, "Allow", pd_str_from(allow));
	if (c->request->verb == PD_HTTP_OPTIONS)
		reply_text(c, is_api ? 204 : 200, HTML, "");
	else
		page(c, 405, "Method Not Allowed",
		     "The method is not allowed for the requested URL.");
}

const char *allow_of(struct call *c, const char *verbs)
{
	static const char *const all[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 128);
	for (size_t i = 0; i < PD_LEN(all); i++)
		if (strstr(verbs, all[i]))
			pd_buf_printf(&b, i ? "%s, " : "%s, HEAD, ", all[i]);
	pd_buf_z(&b, "OPTIONS");
	return pd_arena_z(c->arena, pd_buf_view(&b));
}

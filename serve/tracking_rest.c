/*
 * MLflow's REST methods: a request becomes the JSON that the method table checks, reads are done at
 * once, writes by the writer.
 * Source: mlflow/server/handlers.py (_get_request_message, _get_normalized_request_json).
 */
#include "serve/tracking_internal.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/url.h"

/* ---------------------------------------------------------------- the request */

/* One side of a parameter: "+" is a space; what does not decode to UTF-8 stays as it is. */
static struct pd_str query_text(struct pd_arena *a, struct pd_str s)
{
	char *p = pd_arena_z(a, s);
	for (size_t i = 0; i < s.n; i++)
		if (p[i] == '+')
			p[i] = ' ';
	struct pd_str plain = pd_url_unquote(a, pd_str_of(p, s.n));
	return pd_utf8_check(plain) ? plain : s;
}

/* The next "name=value" of a query; false at its end. */
static bool query_next(struct pd_arena *a, struct pd_str *rest, struct pd_str *name,
		       struct pd_str *value)
{
	while (rest->n) {
		struct pd_str pair;
		pd_str_split(*rest, '&', &pair, rest);
		if (!pair.n)
			continue;
		pd_str_split(pair, '=', name, value);
		*name = query_text(a, *name);
		*value = query_text(a, *value);
		return true;
	}
	return false;
}

bool query_find(struct call *c, const char *name, struct pd_str *out)
{
	struct pd_str rest = c->request->query, key;
	while (query_next(c->arena, &rest, &key, out))
		if (pd_str_eqz(key, name))
			return true;
	*out = (struct pd_str){ 0 };
	return false;
}

static enum pd_code query_read(struct call *c, const struct pd_method *m, json_t **out,
			       struct pd_err *err)
{
	PD_AUTO_JSON json_t *request = json_object();
	struct pd_str rest = c->request->query, key, value;
	while (query_next(c->arena, &rest, &key, &value))
		PD_TRY(pd_request_set_text(m, request, key, value, err));
	*out = PD_TAKE(request);
	return PD_OK;
}

static enum pd_code type_check(const struct call *c, struct pd_err *err)
{
	struct pd_str type, rest;
	if (!(c->request->verb & (PD_HTTP_POST | PD_HTTP_PUT)))
		return PD_OK;
	if (!c->request->content_type.n)
		return pd_fail(err, PD_INVALID, "Bad Request. Content-Type header is missing.");
	pd_str_split(c->request->content_type, ';', &type, &rest);
	if (pd_str_eq(type, PD_STR("application/json")))
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "Bad Request. Content-Type must be one of ['application/json'].");
}

enum pd_code body_read(struct call *c, json_t **out, struct pd_err *err)
{
	struct pd_err ignored;
	PD_AUTO_JSON json_t *body = NULL;
	struct pd_str text = c->request->body;
	PD_TRY(type_check(c, err));
	if (pd_str_starts(text, PD_STR("\xef\xbb\xbf")))
		text = pd_str_skip(text, 3);
	if (text.n && pd_json_parse(text, &body, &ignored) != PD_OK)
		body = NULL;
	if (json_is_string(body)) { /* older clients encode twice */
		PD_AUTO_JSON json_t *outer = PD_TAKE(body);
		PD_TRY(pd_json_parse(pd_json_str(outer), &body, err));
	}
	if (!body || json_is_null(body)) {
		json_decref(PD_TAKE(body));
		body = json_object();
	}
	if (!json_is_object(body))
		return pd_fail(err, PD_BAD_REQUEST, "The request must be a JSON object");
	*out = PD_TAKE(body);
	return PD_OK;
}

/* What was asked of the method, checked. fields: those that were in the path. */
static enum pd_code request_read(struct call *c, const struct pd_method *m, json_t *fields,
				 json_t **out, struct pd_err *err)
{
	PD_AUTO_JSON json_t *raw = NULL;
	if (c->request->verb == PD_HTTP_GET && c->request->query.n)
		PD_TRY(query_read(c, m, &raw, err));
	else
		PD_TRY(body_read(c, &raw, err));
	json_object_update(raw, fields);
	return pd_request_check(m, raw, out, err);
}

/* ---------------------------------------------------------------- the answer */

static void finish(struct call *c, enum pd_code code, const json_t *body, const struct pd_err *err)
{
	if (code == PD_OK)
		reply_json(c, 200, body);
	else
		reply_error(c, err);
}

struct pending {
	struct pd_write write;
	struct pd_tracking *tracking;
	struct pd_http_later *later;
};

static void pending_done(struct pd_write *w)
{
	struct pending *p = w->arg;
	pd_http_resume(p->later);
}

static void pending_finish(void *arg, unsigned thread, const struct pd_http_request *request,
			   struct pd_http_response *response)
{
	struct pending *p = arg;
	struct call c = {
		.tracking = p->tracking,
		.thread = &p->tracking->threads[thread],
		.arena = &p->tracking->threads[thread].arena,
		.request = request,
		.response = response,
	};
	finish(&c, p->write.code, p->write.body, &p->write.err);
	json_decref(p->write.body);
	json_decref(p->write.request);
	free(p);
}

static void write_later(struct call *c, const char *verb, const struct pd_method *m,
			json_t *taken_request)
{
	struct pending *p = pd_xcalloc(1, sizeof(*p));
	p->tracking = c->tracking;
	p->write = (struct pd_write){
		.verb = verb, .method = m, .request = taken_request, .done = pending_done, .arg = p
	};
	p->later = pd_http_later(c->response, pending_finish, p);
	pd_writer_put(c->tracking->writer, &p->write);
}

static const char *verb_name(enum pd_http_verb verb)
{
	switch (verb) {
	case PD_HTTP_GET:
	case PD_HTTP_HEAD:
		return "GET";
	case PD_HTTP_POST:
		return "POST";
	case PD_HTTP_PATCH:
		return "PATCH";
	case PD_HTTP_DELETE:
		return "DELETE";
	default:
		return "";
	}
}

/* Families of methods that MLflow has and podium does not: said, rather than not found. */
static bool is_unsupported(struct pd_str path)
{
	static const char *const families[] = { "traces", "webhooks" };
	struct pd_str first, rest;
	pd_str_split(path, '/', &first, &rest);
	for (size_t i = 0; i < PD_LEN(families); i++)
		if (pd_str_eqz(first, families[i]))
			return true;
	return false;
}

static void no_method(struct call *c)
{
	const char *verbs = pd_method_verbs_at(c->path);
	struct pd_err err = { 0 };
	if (verbs[0]) {
		reply_wrong_verb(c, allow_of(c, verbs));
		return;
	}
	if (!is_unsupported(c->path)) {
		reply_not_found(c);
		return;
	}
	(void)pd_fail(&err, PD_UNSUPPORTED, "podium has no %.*s",
		      PD_STR_ARG(pd_str_head(c->path, 100)));
	reply_error(c, &err);
}

void rest_answer(struct call *c)
{
	struct pd_err err = { 0 };
	const struct pd_method *m = NULL;
	const char *verb = verb_name(c->request->verb);
	json_t *body = NULL;
	PD_AUTO_JSON json_t *fields = json_object();
	PD_AUTO_JSON json_t *request = NULL;
	if (!verb[0] || pd_method_route(verb, c->path, fields, &m, &err) != PD_OK) {
		no_method(c);
		return;
	}
	enum pd_code code = request_read(c, m, fields, &request, &err);
	if (code == PD_OK && !pd_method_only_reads(m)) {
		write_later(c, verb, m, PD_TAKE(request));
		return;
	}
	if (code == PD_OK)
		code = pd_registry_read(c->thread->registry, verb, m, request, &body, &err);
	finish(c, code, body, &err);
	json_decref(body);
}

enum pd_code rest_read(struct call *c, const char *method, json_t *taken_request, json_t **out,
		       struct pd_err *err)
{
	PD_AUTO_JSON json_t *raw = taken_request;
	PD_AUTO_JSON json_t *request = NULL;
	const struct pd_method *m = pd_method_find("GET", method);
	PD_TRY(pd_request_check(m, raw, &request, err));
	return pd_registry_read(c->thread->registry, "GET", m, request, out, err);
}

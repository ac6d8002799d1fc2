#include "registry/batch.h"

#include <errno.h>

#include "base/auto.h"
#include "base/json.h"
#include "schema/errors.h"
#include "schema/methods.h"

json_t *pd_error_body(const struct pd_err *err)
{
	char text[PD_ERR_MAX];
	snprintf(text, sizeof(text), "%s", err->text);
	if (!pd_utf8_check(pd_str_from(text)))
		for (char *p = text; *p; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
	json_t *body = json_pack("{s:s, s:s}", "error_code", pd_error_name(err->code), "message",
				 text);
	if (body && pd_error_class(err->code)) {
		json_object_set_new(body, "sqlstate", json_string(pd_error_sqlstate(err->code)));
		json_object_set_new(body, "error_class", json_string(pd_error_class(err->code)));
	}
	return body;
}

json_t *pd_batch_call(struct pd_registry *r, const char *verb, const char *method,
		      const json_t *request, int *out_status)
{
	struct pd_err err = { 0 };
	json_t *body = NULL;
	enum pd_code code = pd_registry_call(r, verb, method, request, &body, &err);
	*out_status = pd_error_http(code);
	return code == PD_OK ? body : pd_error_body(&err);
}

/* Parameters of a query string as fields of the request. */
static enum pd_code add_query(const struct pd_method *m, const json_t *query, json_t *request,
			      struct pd_err *err)
{
	size_t i;
	const json_t *pair;
	json_array_foreach(query, i, pair)
		PD_TRY(pd_request_set_text(m, request, pd_json_str(json_array_get(pair, 0)),
					   pd_json_str(json_array_get(pair, 1)), err));
	return PD_OK;
}

/* As a server does it: by path and verb, fields from path, query and body. */
static enum pd_code call_path(struct pd_registry *r, const json_t *call, json_t **out,
			      struct pd_err *err)
{
	const struct pd_method *m = NULL;
	const char *verb = json_string_value(json_object_get(call, "verb"));
	const json_t *body = json_object_get(call, "request");
	PD_AUTO_JSON json_t *request = json_is_object(body) ? json_copy((json_t *)(uintptr_t)body)
							    : json_object();
	verb = verb ? verb : "POST";
	PD_TRY(pd_method_route(verb, pd_json_str(json_object_get(call, "path")), request, &m, err));
	PD_TRY(add_query(m, json_object_get(call, "query"), request, err));
	return pd_registry_call(r, verb, m->name, request, out, err);
}

static json_t *answer_line(struct pd_registry *r, struct pd_str line, int *out_status)
{
	struct pd_err err = { 0 };
	PD_AUTO_JSON json_t *call = NULL;
	json_t *body = NULL;
	enum pd_code code = pd_json_parse(line, &call, &err);
	const char *method = json_string_value(json_object_get(call, "method"));
	if (code == PD_OK && method)
		return pd_batch_call(r, json_string_value(json_object_get(call, "verb")), method,
				     json_object_get(call, "request"), out_status);
	if (code == PD_OK && json_is_string(json_object_get(call, "path")))
		code = call_path(r, call, &body, &err);
	else if (code == PD_OK)
		code = pd_fail(&err, PD_BAD_REQUEST,
			       "a line is {\"method\": ..., \"verb\": ..., \"request\": {...}}");
	*out_status = pd_error_http(code);
	return code == PD_OK ? body : pd_error_body(&err);
}

static enum pd_code write_line(FILE *out, int status, json_t *body, struct pd_err *err)
{
	PD_AUTO_JSON json_t *line = json_pack("{s:i, s:O}", "status", status, "body", body);
	if (!line || json_dumpf(line, out, JSON_COMPACT) != 0 || fputc('\n', out) == EOF ||
	    fflush(out) != 0)
		return pd_fail_errno(err, errno, "writing an answer");
	return PD_OK;
}

enum pd_code pd_batch_run(struct pd_registry *r, FILE *in, FILE *out, struct pd_err *err)
{
	PD_AUTO_FREE char *line = NULL;
	size_t cap = 0;
	ssize_t n = 0;
	while ((n = getline(&line, &cap, in)) >= 0) {
		if ((size_t)n > PD_BATCH_LINE_MAX)
			return pd_fail(err, PD_TOO_LARGE, "a request line of %zd bytes", n);
		struct pd_str text = pd_str_trim(pd_str_of(line, (size_t)n));
		if (text.n == 0)
			continue;
		int status = 0;
		PD_AUTO_JSON json_t *body = answer_line(r, text, &status);
		PD_TRY(write_line(out, status, body, err));
	}
	return ferror(in) ? pd_fail_errno(err, errno, "reading requests") : PD_OK;
}

#include "registry/batch.h"

#include <errno.h>

#include "base/auto.h"
#include "base/json.h"
#include "schema/errors.h"

static json_t *error_body(const struct pd_err *err)
{
	return json_pack("{s:s, s:s}", "error_code", pd_error_name(err->code), "message",
			 err->text);
}

json_t *pd_batch_call(struct pd_registry *r, const char *verb, const char *method,
		      const json_t *request, int *out_status)
{
	struct pd_err err = { 0 };
	json_t *body = NULL;
	enum pd_code code = pd_registry_call(r, verb, method, request, &body, &err);
	*out_status = pd_error_http(code);
	return code == PD_OK ? body : error_body(&err);
}

static json_t *answer_line(struct pd_registry *r, struct pd_str line, int *out_status)
{
	struct pd_err err = { 0 };
	PD_AUTO_JSON json_t *call = NULL;
	enum pd_code code = pd_json_parse(line, &call, &err);
	const char *method = json_string_value(json_object_get(call, "method"));
	if (code == PD_OK && !method)
		code = pd_fail(&err, PD_BAD_REQUEST,
			       "a line is {\"method\": ..., \"verb\": ..., \"request\": {...}}");
	if (code != PD_OK) {
		*out_status = pd_error_http(code);
		return error_body(&err);
	}
	return pd_batch_call(r, json_string_value(json_object_get(call, "verb")), method,
			     json_object_get(call, "request"), out_status);
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

#include "base/json.h"

/* Depth is counted before parsing: jansson recurses. */
static enum pd_code check_depth(struct pd_str text, struct pd_err *err)
{
	unsigned depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if ((c == '[' || c == '{') && ++depth > PD_JSON_DEPTH_MAX) {
			return pd_fail(err, PD_CORRUPT, "JSON: nested deeper than %d at byte %zu",
				       PD_JSON_DEPTH_MAX, i);
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return PD_OK;
}

enum pd_code pd_json_parse(struct pd_str text, json_t **out, struct pd_err *err)
{
	PD_TRY(check_depth(text, err));
	json_error_t why;
	*out = json_loadb(text.p ? text.p : "", text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	if (!*out)
		return pd_fail(err, PD_CORRUPT, "JSON: line %d, column %d: %s", why.line,
			       why.column, why.text);
	return PD_OK;
}

static int append(const char *p, size_t n, void *b)
{
	pd_buf_put(b, p, n);
	return 0;
}

void pd_json_write(struct pd_buf *b, const json_t *j)
{
	json_dump_callback(j, append, b, JSON_COMPACT | JSON_ENCODE_ANY);
}

void pd_json_write_pretty(struct pd_buf *b, const json_t *j)
{
	json_dump_callback(j, append, b, JSON_INDENT(2) | JSON_ENCODE_ANY);
}

struct pd_str pd_json_str(const json_t *j)
{
	if (!json_is_string(j))
		return (struct pd_str){ 0 };
	return pd_str_of(json_string_value(j), json_string_length(j));
}

json_t *pd_json_from(struct pd_str s)
{
	json_t *j = json_stringn(s.p ? s.p : "", s.n);
	return j ? j : json_null();
}

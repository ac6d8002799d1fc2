#include "base/json.h"

#include "base/num.h"

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

/* ---------------------------------------------------------------- writing */

/* jansson prints 17 digits of a real (6.0999999999999996); people and MLflow write 6.1. */
struct writer {
	struct pd_buf *b;
	bool pretty;
	unsigned depth;
};

static void write_value(struct writer *w, const json_t *j);

static void new_line(struct writer *w)
{
	if (!w->pretty)
		return;
	pd_buf_char(w->b, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		pd_buf_put(w->b, "  ", 2);
}

static void write_array(struct writer *w, const json_t *j)
{
	size_t n = json_array_size(j);
	pd_buf_char(w->b, '[');
	w->depth++;
	for (size_t i = 0; i < n; i++) {
		if (i)
			pd_buf_char(w->b, ',');
		new_line(w);
		write_value(w, json_array_get(j, i));
	}
	w->depth--;
	if (n)
		new_line(w);
	pd_buf_char(w->b, ']');
}

static void write_object(struct writer *w, const json_t *j)
{
	json_t *object = (json_t *)(uintptr_t)j; /* only walked: jansson's iterators want it so */
	pd_buf_char(w->b, '{');
	w->depth++;
	size_t n = 0;
	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		if (n++)
			pd_buf_char(w->b, ',');
		new_line(w);
		pd_buf_json_str(w->b, pd_str_from(json_object_iter_key(at)));
		pd_buf_z(w->b, w->pretty ? ": " : ":");
		write_value(w, json_object_iter_value(at));
	}
	w->depth--;
	if (n)
		new_line(w);
	pd_buf_char(w->b, '}');
}

static void write_value(struct writer *w, const json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		write_object(w, j);
		return;
	case JSON_ARRAY:
		write_array(w, j);
		return;
	case JSON_STRING:
		pd_buf_json_str(w->b, pd_json_str(j));
		return;
	case JSON_INTEGER:
		pd_buf_i64(w->b, json_integer_value(j));
		return;
	case JSON_REAL:
		pd_buf_f64_json(w->b, json_real_value(j));
		return;
	default:
		pd_buf_z(w->b, json_is_true(j) ? "true" : json_is_false(j) ? "false" : "null");
		return;
	}
}

void pd_json_write(struct pd_buf *b, const json_t *j)
{
	write_value(&(struct writer){ .b = b }, j);
}

void pd_json_write_pretty(struct pd_buf *b, const json_t *j)
{
	write_value(&(struct writer){ .b = b, .pretty = true }, j);
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

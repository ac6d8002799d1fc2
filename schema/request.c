/*
 * Reading a request as MLflow does: protobuf's JSON rules first (google.protobuf.json_format),
 * then the handler's checks on what was sent. When the first step fails at a field and the checks
 * find nothing to say, MLflow goes on with what it had read up to there: half of a batch is
 * written, and the answer is 200. Here such a request is refused, with the words of a check.
 */
#include "schema/methods.h"

#include <math.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/num.h"

#define API_DOCS " See the API docs for more information about request parameters."

/* ---------------------------------------------------------------- names */

/* protobuf's JSON name: run_id is runId */
static bool is_json_name(const char *name, const char *key)
{
	for (; *name; name++, key++) {
		char want = *name;
		if (want == '_' && name[1]) {
			name++;
			want = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
		}
		if (*key != want)
			return false;
	}
	return *key == '\0';
}

static const struct pd_field *field_find(const struct pd_field *fields, const char *key)
{
	for (const struct pd_field *f = fields; f->name; f++)
		if (strcmp(f->name, key) == 0 || is_json_name(f->name, key))
			return f;
	return NULL;
}

/* Both spellings of one field in one object are refused: which one counts would be a guess. */
static enum pd_code check_spelling(const struct pd_field *fields, const json_t *raw,
				   struct pd_err *err)
{
	if (!json_is_object(raw))
		return PD_OK;
	for (const struct pd_field *f = fields; f->name; f++) {
		const char *key;
		json_t *value;
		const json_t *own = json_object_get(raw, f->name);
		json_object_foreach((json_t *)(uintptr_t)raw, key, value)
		{
			if (strcmp(key, f->name) == 0 || !is_json_name(f->name, key))
				continue;
			if (own)
				return pd_fail(err, PD_INVALID,
					       "Request specifies both '%s' and '%s'; provide only "
					       "one of them.",
					       f->name, key);
			own = value;
		}
		if (f->type != PD_FIELD_MESSAGE)
			continue;
		size_t i;
		if (!json_is_array(own))
			PD_TRY(check_spelling(f->fields, own, err));
		else
			json_array_foreach(own, i, value)
				PD_TRY(check_spelling(f->fields, value, err));
	}
	return PD_OK;
}

/* ---------------------------------------------------------------- protobuf's rules */

static const struct pd_field *message_read(const struct pd_field *fields, const json_t *raw,
					   json_t *out);

static bool real_to_i64(double v, int64_t *out)
{
	if (floor(v) != v || v < -9223372036854775808.0 || v >= 9223372036854775808.0)
		return false;
	*out = (int64_t)v;
	return true;
}

/* float(text) as Python reads it: white space around, "nan", "inf", "infinity" with a sign. */
static bool text_to_f64(struct pd_str s, double *out)
{
	s = pd_str_trim(s);
	struct pd_str body = s;
	bool minus = s.n > 0 && s.p[0] == '-';
	if (minus || (s.n > 0 && s.p[0] == '+'))
		body = pd_str_skip(s, 1);
	if (pd_str_eq_nocase(body, PD_STR("nan"))) {
		*out = NAN;
		return true;
	}
	if (pd_str_eq_nocase(body, PD_STR("inf")) || pd_str_eq_nocase(body, PD_STR("infinity"))) {
		*out = minus ? -INFINITY : INFINITY;
		return true;
	}
	return pd_f64_parse(s, out);
}

/* int(text), or a text like "3.0" or "1e3" that is a whole number */
static bool text_to_i64(struct pd_str s, int64_t *out)
{
	double v = 0;
	if (s.n > 0 && s.p[0] == '+')
		s = pd_str_skip(s, 1);
	if (pd_str_to_i64(s, out))
		return true;
	return text_to_f64(s, &v) && real_to_i64(v, out);
}

static json_t *integer_read(const struct pd_field *f, const json_t *raw)
{
	int64_t v = 0;
	bool ok = false;
	if (json_is_integer(raw)) {
		v = json_integer_value(raw);
		ok = true;
	} else if (json_is_real(raw)) {
		ok = real_to_i64(json_real_value(raw), &v);
	} else if (json_is_string(raw)) {
		struct pd_str s = pd_json_str(raw);
		ok = pd_str_find(s, ' ') < 0 && text_to_i64(s, &v);
	}
	if (f->type == PD_FIELD_INT32 && (v < INT32_MIN || v > INT32_MAX))
		ok = false;
	return ok ? json_integer(v) : NULL;
}

static json_t *double_json(double v)
{
	if (isnan(v))
		return json_string("NaN");
	if (isinf(v))
		return json_string(v > 0 ? "Infinity" : "-Infinity");
	return json_real(v);
}

static json_t *double_read(const json_t *raw)
{
	double v = 0;
	if (json_is_number(raw))
		return json_real(json_number_value(raw));
	if (json_is_boolean(raw))
		return json_real(json_is_true(raw) ? 1.0 : 0.0); /* float(True) */
	struct pd_str s = pd_json_str(raw);
	if (!json_is_string(raw) || pd_str_eq(s, PD_STR("nan")) || !text_to_f64(s, &v))
		return NULL;
	return double_json(v);
}

static json_t *enum_read(const struct pd_field *f, const json_t *raw, bool *out_unknown)
{
	int64_t number = 0;
	struct pd_str s = pd_json_str(raw);
	bool numeric = false;
	if (json_is_integer(raw)) {
		number = json_integer_value(raw);
		numeric = true;
	} else if (json_is_string(raw)) {
		numeric = pd_str_to_i64(s, &number);
	} else if (json_is_real(raw)) {
		number = (int64_t)trunc(fmax(fmin(json_real_value(raw), 1e9), -1e9));
		numeric = true;
	} else if (json_is_boolean(raw)) {
		number = json_is_true(raw);
		numeric = true;
	}
	for (const struct pd_enum_name *e = f->names; e->name; e++)
		if (numeric ? e->number == number : json_is_string(raw) && pd_str_eqz(s, e->name))
			return json_string(e->name);
	/* an unknown name is skipped like an unknown field; an unknown number is an error */
	*out_unknown = json_is_string(raw) && !numeric;
	return NULL;
}

/* One value, not a list. NULL: it cannot be read; *out_unknown: leave it out instead. */
static json_t *value_read(const struct pd_field *f, const json_t *raw, bool *out_unknown)
{
	switch (f->type) {
	case PD_FIELD_STRING:
		return json_is_string(raw) ? json_deep_copy(raw) : NULL;
	case PD_FIELD_INT64:
	case PD_FIELD_INT32:
		return integer_read(f, raw);
	case PD_FIELD_DOUBLE:
		return double_read(raw);
	case PD_FIELD_BOOL:
		return json_is_boolean(raw) ? json_boolean(json_is_true(raw)) : NULL;
	case PD_FIELD_ENUM:
		return enum_read(f, raw, out_unknown);
	case PD_FIELD_MESSAGE:
		break;
	}
	if (!json_is_object(raw))
		return NULL;
	json_t *out = json_object();
	if (!message_read(f->fields, raw, out))
		return out;
	json_decref(out);
	return NULL;
}

static bool list_read(const struct pd_field *f, const json_t *raw, json_t *out)
{
	size_t i;
	const json_t *item;
	json_t *list = json_array();
	json_object_set_new(out, f->name, list);
	if (!json_is_array(raw))
		return false;
	json_array_foreach(raw, i, item)
	{
		bool unknown = false;
		json_t *value = value_read(f, item, &unknown);
		if (!value && !unknown)
			return false;
		if (value)
			json_array_append_new(list, value);
	}
	return true;
}

/* The field that could not be read, NULL when all could; what stands before it is in `out`. */
static const struct pd_field *message_read(const struct pd_field *fields, const json_t *raw,
					   json_t *out)
{
	const char *key;
	json_t *item;
	json_object_foreach((json_t *)(uintptr_t)raw, key, item)
	{
		const struct pd_field *f = field_find(fields, key);
		if (!f || json_is_null(item))
			continue;
		if (f->repeated) {
			if (!list_read(f, item, out))
				return f;
			continue;
		}
		bool unknown = false;
		json_t *value = value_read(f, item, &unknown);
		if (value)
			json_object_set_new(out, f->name, value);
		else if (!unknown)
			return f;
	}
	return NULL;
}

/* ---------------------------------------------------------------- the handlers' checks */

static const char *python_type(const json_t *j)
{
	if (!j)
		return "NoneType";
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return "dict";
	case JSON_ARRAY:
		return "list";
	case JSON_STRING:
		return "str";
	case JSON_INTEGER:
		return "int";
	case JSON_REAL:
		return "float";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	case JSON_NULL:
		break;
	}
	return "NoneType";
}

static enum pd_code invalid(const struct pd_field *f, const json_t *value, struct pd_err *err)
{
	PD_AUTO_FREE char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
								    JSON_SORT_KEYS |
								    JSON_ENSURE_ASCII)
					: NULL;
	return pd_fail(err, PD_INVALID,
		       "Invalid value %.400s for parameter '%s' supplied:  Hint: Value was of type "
		       "'%s'." API_DOCS,
		       text ? text : "null", f->name, python_type(value));
}

static bool is_missing(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

static bool is_intlike(const json_t *value)
{
	int64_t v = 0;
	return json_is_integer(value) || json_is_real(value) || json_is_boolean(value) ||
	       (json_is_string(value) && pd_str_to_i64(pd_str_trim(pd_json_str(value)), &v));
}

static bool is_floatlike(const json_t *value)
{
	double v = 0;
	return json_is_number(value) || json_is_boolean(value) ||
	       (json_is_string(value) && text_to_f64(pd_json_str(value), &v));
}

static bool is_list_of_text(const json_t *value)
{
	size_t i;
	const json_t *item;
	if (!json_is_array(value))
		return false;
	json_array_foreach(value, i, item) if (!json_is_string(item)) return false;
	return true;
}

static bool has_type(char check, const json_t *value)
{
	switch (check) {
	case 's':
		return json_is_string(value);
	case 'i':
		return is_intlike(value);
	case 'f':
		return is_floatlike(value);
	case 'b':
		return json_is_boolean(value);
	case 'a':
		return json_is_array(value);
	default:
		return is_list_of_text(value);
	}
}

static bool is_over(const struct pd_field *f, const json_t *value)
{
	int64_t v = 0;
	if (json_is_string(value))
		return pd_str_to_i64(pd_str_trim(pd_json_str(value)), &v) && v > f->max;
	return json_number_value(value) > (double)f->max;
}

static enum pd_code check_items(const struct pd_field *f, const json_t *list, struct pd_err *err)
{
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
	{
		if (!json_is_object(item))
			return pd_fail(err, PD_INVALID, "'%s[%zu]' must be an object, not %s",
				       f->name, i, python_type(item));
		for (const struct pd_field *sub = f->fields; sub->name; sub++)
			if (sub->checks && is_missing(json_object_get(item, sub->name)))
				return pd_fail(err, PD_INVALID,
					       "Missing value for required parameter "
					       "'%s[%zu].%s'." API_DOCS,
					       f->name, i, sub->name);
	}
	return PD_OK;
}

static enum pd_code check_field(const struct pd_field *f, const json_t *value, bool parsed,
				struct pd_err *err)
{
	for (const char *c = f->checks; *c; c++) {
		if (*c == 'r') {
			if (is_missing(value))
				return pd_fail(
					err, PD_INVALID,
					"Missing value for required parameter '%s'." API_DOCS,
					f->name);
		} else if (*c == 'm') {
			if (is_over(f, value))
				return invalid(f, value, err);
		} else if (*c == 'k') {
			PD_TRY(check_items(f, value, err));
		} else if (!parsed && !has_type(*c, value)) {
			return invalid(f, value, err);
		}
	}
	return PD_OK;
}

static const json_t *sent_value(const struct pd_field *f, const json_t *raw)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)raw, key, value)
	{
		if (strcmp(key, f->name) == 0 || is_json_name(f->name, key))
			return value;
	}
	return NULL;
}

enum pd_code pd_request_check(const struct pd_method *m, const json_t *raw, json_t **out,
			      struct pd_err *err)
{
	PD_AUTO_JSON json_t *req = json_object();
	PD_AUTO_JSON json_t *none = NULL;
	if (!raw || json_is_null(raw))
		raw = none = json_object();
	if (!json_is_object(raw))
		return pd_fail(err, PD_BAD_REQUEST, "The request must be a JSON object, not a %s",
			       python_type(raw));
	PD_TRY(check_spelling(m->fields, raw, err));
	const struct pd_field *unread = message_read(m->fields, raw, req);
	for (const struct pd_field *f = m->fields; f->name; f++) {
		const json_t *value = json_object_get(raw, f->name);
		if (!f->checks || (!value && !strchr(f->checks, 'r')))
			continue;
		if (is_missing(value) && !json_is_string(value) && strcmp(f->name, "run_id") == 0)
			value = json_object_get(raw, "run_uuid");
		PD_TRY(check_field(f, value, !unread, err));
	}
	if (unread)
		return invalid(unread, sent_value(unread, raw), err);
	*out = PD_TAKE(req);
	return PD_OK;
}

enum pd_code pd_request_set_text(const struct pd_method *m, json_t *request, struct pd_str name,
				 struct pd_str value, struct pd_err *err)
{
	for (const struct pd_field *f = m->fields; f->name; f++) {
		if (!pd_str_eqz(name, f->name))
			continue;
		if (f->type == PD_FIELD_BOOL && !pd_str_eq_nocase(value, PD_STR("true")) &&
		    !pd_str_eq_nocase(value, PD_STR("false")))
			return pd_fail(err, PD_INVALID,
				       "Invalid boolean value: %.*s, must be 'true' or 'false'.",
				       PD_STR_ARG(value));
		json_t *j = f->type == PD_FIELD_BOOL
				    ? json_boolean(pd_str_eq_nocase(value, PD_STR("true")))
				    : pd_json_from(value);
		if (!f->repeated) {
			/* of several, the first counts */
			if (json_object_get(request, f->name))
				json_decref(j);
			else
				json_object_set_new(request, f->name, j);
			return PD_OK;
		}
		json_t *list = json_object_get(request, f->name);
		if (!list) {
			list = json_array();
			json_object_set_new(request, f->name, list);
		}
		json_array_append_new(list, j);
		return PD_OK;
	}
	return PD_OK;
}

/* ---------------------------------------------------------------- reading */

struct pd_str pd_req_str(const json_t *req, const char *name)
{
	return pd_json_str(json_object_get(req, name));
}

int64_t pd_req_i64(const json_t *req, const char *name, int64_t absent)
{
	const json_t *j = json_object_get(req, name);
	return json_is_integer(j) ? json_integer_value(j) : absent;
}

bool pd_req_bool(const json_t *req, const char *name, bool absent)
{
	const json_t *j = json_object_get(req, name);
	return json_is_boolean(j) ? json_is_true(j) : absent;
}

double pd_req_double(const json_t *req, const char *name)
{
	const json_t *j = json_object_get(req, name);
	double v = 0;
	if (json_is_string(j))
		text_to_f64(pd_json_str(j), &v);
	else
		v = json_number_value(j);
	return v;
}

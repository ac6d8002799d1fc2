/*
 * The three texts in MLmodel's `signature` are JSON:
 *   [{"type": "double", "name": "a", "required": true}, ...]                    columns
 *   [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}] tensors
 *   [{"name": "t", "type": "double", "default": 1.5, "shape": null}]            params
 * "required" is absent in files of old versions (then true), or "optional" stands there instead.
 */
#include "model/signature.h"

#include <jansson.h>

#include "base/auto.h"
#include "base/json.h"

#define SPECS_MAX 1000000

static const struct {
	const char *name;
	enum pd_type type;
} type_names[] = {
	{ "boolean", PD_TYPE_BOOLEAN },
	{ "integer", PD_TYPE_INTEGER },
	{ "long", PD_TYPE_LONG },
	{ "float", PD_TYPE_FLOAT },
	{ "double", PD_TYPE_DOUBLE },
	{ "string", PD_TYPE_STRING },
	{ "binary", PD_TYPE_BINARY },
	{ "datetime", PD_TYPE_DATETIME },
	{ "array", PD_TYPE_ARRAY },
	{ "object", PD_TYPE_OBJECT },
	{ "map", PD_TYPE_MAP },
	{ "any", PD_TYPE_ANY },
	{ "sparkml-vector", PD_TYPE_ANY },
};

const char *pd_type_name(enum pd_type t)
{
	for (size_t i = 0; i < PD_LEN(type_names); i++)
		if (type_names[i].type == t)
			return type_names[i].name;
	return "any";
}

static bool type_find(struct pd_str name, enum pd_type *out)
{
	for (size_t i = 0; i < PD_LEN(type_names); i++)
		if (pd_str_eqz(name, type_names[i].name)) {
			*out = type_names[i].type;
			return true;
		}
	return false;
}

static struct pd_str text_at(const json_t *object, const char *key, struct pd_arena *arena)
{
	struct pd_str s = pd_json_str(json_object_get(object, key));
	return s.p ? pd_arena_str(arena, s) : s;
}

static enum pd_code read_tensor(const json_t *j, size_t i, struct pd_arena *arena,
				struct pd_tensor_spec *out, struct pd_err *err)
{
	const json_t *spec = json_object_get(j, "tensor-spec");
	const json_t *shape = json_object_get(spec, "shape");
	out->name = text_at(j, "name", arena);
	out->dtype = text_at(spec, "dtype", arena);
	size_t n = json_array_size(shape);
	if (!json_is_array(shape) || !out->dtype.n)
		return pd_fail(err, PD_CORRUPT, "input %zu: a tensor without dtype or shape", i);
	if (n > PD_LEN(out->shape))
		return pd_fail(err, PD_TOO_LARGE, "input %zu: a tensor of %zu dimensions", i, n);
	out->n_dims = (unsigned)n;
	for (size_t k = 0; k < n; k++) {
		const json_t *size = json_array_get(shape, k);
		if (!json_is_integer(size) || json_integer_value(size) < -1)
			return pd_fail(err, PD_CORRUPT, "input %zu: a shape that is no shape", i);
		out->shape[k] = json_integer_value(size);
	}
	return PD_OK;
}

static enum pd_code read_column(const json_t *j, size_t i, struct pd_arena *arena,
				struct pd_col_spec *out, struct pd_err *err)
{
	struct pd_str type = pd_json_str(json_object_get(j, "type"));
	out->name = text_at(j, "name", arena);
	if (!type_find(type, &out->type))
		return pd_fail(err, PD_UNSUPPORTED, "input %zu: unknown type '%.*s'", i,
			       PD_STR_ARG(type));
	const json_t *required = json_object_get(j, "required");
	const json_t *optional = json_object_get(j, "optional");
	out->required = required ? json_is_true(required) : !json_is_true(optional);
	return PD_OK;
}

static enum pd_code read_schema(struct pd_str text, struct pd_arena *arena, struct pd_schema **out,
				struct pd_err *err)
{
	if (!text.n)
		return PD_OK;
	PD_AUTO_JSON json_t *list = NULL;
	PD_TRY(pd_json_parse(text, &list, err));
	size_t n = json_array_size(list);
	if (!json_is_array(list))
		return pd_fail(err, PD_CORRUPT, "not a list");
	if (n > SPECS_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%zu inputs", n);
	struct pd_schema *s = PD_ARENA_NEW(arena, struct pd_schema);
	s->n = n;
	const json_t *first = json_object_get(json_array_get(list, 0), "type");
	s->tensor = pd_str_eqz(pd_json_str(first), "tensor");
	if (s->tensor)
		s->tensors = PD_ARENA_ARRAY(arena, struct pd_tensor_spec, n);
	else
		s->cols = PD_ARENA_ARRAY(arena, struct pd_col_spec, n);
	for (size_t i = 0; i < n; i++) {
		const json_t *j = json_array_get(list, i);
		PD_TRY(s->tensor ? read_tensor(j, i, arena, &s->tensors[i], err)
				 : read_column(j, i, arena, &s->cols[i], err));
	}
	*out = s;
	return PD_OK;
}

enum pd_code pd_signature_parse(struct pd_str inputs, struct pd_str outputs, struct pd_str params,
				struct pd_arena *arena, struct pd_signature **out,
				struct pd_err *err)
{
	struct pd_signature *s = PD_ARENA_NEW(arena, struct pd_signature);
	if (read_schema(inputs, arena, &s->inputs, err) != PD_OK)
		return pd_err_prefix(err, "inputs");
	if (read_schema(outputs, arena, &s->outputs, err) != PD_OK)
		return pd_err_prefix(err, "outputs");
	s->params = pd_arena_str(arena, params);
	*out = s;
	return PD_OK;
}

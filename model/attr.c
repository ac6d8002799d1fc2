#include "model/recognise.h"

#include <assert.h>

/* Attributes of estimators, checked: the part of recognise.h that every recogniser uses. */

const char *pd_class_text(const struct pd_node *object, char *buf, size_t size)
{
	struct pd_str module = pd_node_module(object), cls = pd_node_class(object);
	snprintf(buf, size, "%.*s%s%.*s", PD_STR_ARG(pd_str_head(module, 120)), module.n ? "." : "",
		 PD_STR_ARG(pd_str_head(cls, 120)));
	return buf;
}

enum pd_code pd_attr_fail(const struct pd_node *object, const char *name, struct pd_err *err,
			  const char *why, ...)
{
	char cls[256], text[256];
	va_list ap;
	va_start(ap, why);
	vsnprintf(text, sizeof(text), why, ap);
	va_end(ap);
	return pd_fail(err, PD_CORRUPT, "%s: %s %s", pd_class_text(object, cls, sizeof(cls)), name,
		       text);
}

enum pd_code pd_option_fail(const struct pd_node *object, const char *name, struct pd_str value,
			    struct pd_err *err)
{
	char cls[256];
	return pd_fail(err, PD_UNSUPPORTED, "%s: %s='%.*s' has no native predictor yet",
		       pd_class_text(object, cls, sizeof(cls)), name,
		       PD_STR_ARG(pd_str_head(value, 100)));
}

enum pd_code pd_attr(const struct pd_node *object, const char *name, const struct pd_node **out,
		     struct pd_err *err)
{
	*out = pd_node_attr(object, pd_str_from(name));
	return *out ? PD_OK : pd_attr_fail(object, name, err, "is missing; was it fitted?");
}

const struct pd_node *pd_attr_opt(const struct pd_node *object, const char *name)
{
	const struct pd_node *n = pd_node_attr(object, pd_str_from(name));
	return pd_node_is(n, PD_NODE_NONE) ? NULL : n;
}

enum pd_code pd_attr_bool(const struct pd_node *object, const char *name, bool *out,
			  struct pd_err *err)
{
	const struct pd_node *n = pd_node_attr(object, pd_str_from(name));
	int64_t i = 0;
	if (!n)
		return PD_OK;
	if (!pd_node_to_i64(n, &i) || (i != 0 && i != 1))
		return pd_attr_fail(object, name, err, "is not a boolean");
	*out = i;
	return PD_OK;
}

enum pd_code pd_attr_text(const struct pd_node *object, const char *name, struct pd_str *out,
			  struct pd_err *err)
{
	const struct pd_node *n = pd_node_attr(object, pd_str_from(name));
	if (!n)
		return PD_OK;
	if (n->kind != PD_NODE_TEXT)
		return pd_attr_fail(object, name, err, "is not text");
	*out = n->s;
	return PD_OK;
}

enum pd_code pd_attr_size(const struct pd_node *object, const char *name, size_t min, size_t max,
			  size_t *out, struct pd_err *err)
{
	const struct pd_node *n = NULL;
	int64_t i = 0;
	PD_TRY(pd_attr(object, name, &n, err));
	if (!pd_node_to_i64(n, &i))
		return pd_attr_fail(object, name, err, "is not a whole number");
	if (i < 0 || (uint64_t)i < min || (uint64_t)i > max)
		return pd_attr_fail(object, name, err, "is %lld, not within %zu to %zu",
				    (long long)i, min, max);
	*out = (size_t)i;
	return PD_OK;
}

static bool is_numeric(const struct pd_array *a)
{
	return a->type->kind == PD_DT_BOOL || a->type->kind == PD_DT_INT ||
	       a->type->kind == PD_DT_UINT || a->type->kind == PD_DT_FLOAT;
}

enum pd_code pd_attr_array(const struct pd_node *object, const char *name,
			   const struct pd_array **out, struct pd_err *err)
{
	const struct pd_node *n = NULL;
	PD_TRY(pd_attr(object, name, &n, err));
	if ((n->kind != PD_NODE_ARRAY && n->kind != PD_NODE_SCALAR) || !is_numeric(n->arr))
		return pd_attr_fail(object, name, err, "is not an array of numbers");
	*out = n->arr;
	return PD_OK;
}

enum pd_code pd_attr_doubles(struct pd_build *b, const struct pd_node *object, const char *name,
			     size_t n, const double **out, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, name, &a, err));
	assert(a);
	if (a->n_items != n)
		return pd_attr_fail(object, name, err, "has %zu values, not %zu", a->n_items, n);
	const double *borrowed = NULL;
	PD_TRY(pd_array_doubles(a, b->arena, &borrowed, err));
	double *copy = NULL;
	PD_TRY(pd_arena_try(b->arena, n, sizeof(*copy), &copy, err));
	memcpy(copy, borrowed, n * sizeof(*copy));
	*out = copy;
	return PD_OK;
}

unsigned pd_sklearn_version(const struct pd_node *object)
{
	const struct pd_node *n = pd_attr_opt(object, "_sklearn_version");
	struct pd_str major = { 0 }, rest = { 0 }, minor = { 0 };
	int64_t hi = 0, lo = 0;
	if (!pd_node_is(n, PD_NODE_TEXT) || !pd_str_split(n->s, '.', &major, &rest))
		return 0;
	(void)pd_str_split(rest, '.', &minor, &rest);
	while (minor.n && (minor.p[minor.n - 1] < '0' || minor.p[minor.n - 1] > '9'))
		minor.n--; /* "1.10rc1", "1.10.dev0" */
	if (!pd_str_to_i64(major, &hi) || !pd_str_to_i64(minor, &lo) || hi < 0 || hi > 1000 ||
	    lo < 0 || lo > 999)
		return 0;
	return (unsigned)(hi * 1000 + lo);
}

enum pd_code pd_step_width(struct pd_step *s, const struct pd_node *object, size_t n,
			   struct pd_err *err)
{
	if (n > PD_FEATURES_MAX)
		return pd_attr_fail(object, "n_features_in_", err, "is %zu: too many", n);
	if (s->n_in && s->n_in != n)
		return pd_attr_fail(object, "n_features_in_", err,
				    "is %zu, but its arrays have %zu", s->n_in, n);
	if (!n)
		return pd_attr_fail(object, "n_features_in_", err, "is 0");
	s->n_in = n;
	return PD_OK;
}

/* ---- class labels */

static enum pd_code text_labels(struct pd_build *b, const struct pd_array *a, const char *name,
				struct pd_labels *out, struct pd_err *err)
{
	struct pd_str *s = PD_ARENA_ARRAY(b->arena, struct pd_str, a->n_items);
	for (size_t i = 0; i < a->n_items; i++) {
		if (a->type->kind == PD_DT_TEXT) {
			PD_TRY(pd_array_text(a, i, b->arena, &s[i], err));
			continue;
		}
		if (!pd_node_is(a->objects[i], PD_NODE_TEXT))
			return pd_fail(err, PD_UNSUPPORTED, "%s[%zu] is not text", name, i);
		s[i] = pd_arena_str(b->arena, a->objects[i]->s);
	}
	*out = (struct pd_labels){ .kind = PD_RESULT_STR, .n = a->n_items, .s = s };
	return PD_OK;
}

static enum pd_code number_labels(struct pd_build *b, const struct pd_array *a, const char *name,
				  struct pd_labels *out, struct pd_err *err)
{
	*out = (struct pd_labels){ .n = a->n_items };
	if (a->type->kind == PD_DT_FLOAT) {
		double *f = PD_ARENA_ARRAY(b->arena, double, a->n_items);
		for (size_t i = 0; i < a->n_items; i++)
			f[i] = pd_array_f64(a, i);
		out->kind = a->type->itemsize == 8 ? PD_RESULT_F64 : PD_RESULT_F32;
		out->f = f;
	} else if (a->type->kind == PD_DT_BOOL) {
		unsigned char *bits = PD_ARENA_ARRAY(b->arena, unsigned char, a->n_items);
		for (size_t i = 0; i < a->n_items; i++)
			bits[i] = pd_array_i64(a, i) != 0;
		out->kind = PD_RESULT_BOOL;
		out->b = bits;
	} else {
		int64_t *v = PD_ARENA_ARRAY(b->arena, int64_t, a->n_items);
		for (size_t i = 0; i < a->n_items; i++) {
			v[i] = pd_array_i64(a, i);
			if (a->type->kind == PD_DT_UINT && v[i] < 0)
				return pd_fail(err, PD_UNSUPPORTED, "%s[%zu] is beyond int64", name,
					       i);
		}
		out->kind = PD_RESULT_I64;
		out->i = v;
	}
	return PD_OK;
}

enum pd_code pd_labels_read(struct pd_build *b, const struct pd_node *array, const char *name,
			    struct pd_labels *out, struct pd_err *err)
{
	if (!pd_node_is(array, PD_NODE_ARRAY) || array->arr->n_dims != 1)
		return pd_fail(err, PD_CORRUPT, "%s is not an array of class labels", name);
	const struct pd_array *a = array->arr;
	if (!a->n_items || a->n_items > PD_CLASSES_MAX)
		return pd_fail(err, PD_CORRUPT, "%s has %zu labels", name, a->n_items);
	if (a->type->kind == PD_DT_TEXT || a->type->kind == PD_DT_OBJECT)
		return text_labels(b, a, name, out, err);
	if (!is_numeric(a))
		return pd_fail(err, PD_UNSUPPORTED, "%s has labels of numpy kind '%c'", name,
			       (char)a->type->kind);
	return number_labels(b, a, name, out, err);
}

enum pd_code pd_attr_labels(struct pd_build *b, const struct pd_node *object, const char *name,
			    struct pd_labels *out, struct pd_err *err)
{
	const struct pd_node *n = NULL;
	char cls[256];
	PD_TRY(pd_attr(object, name, &n, err));
	if (pd_labels_read(b, n, name, out, err) != PD_OK)
		return pd_err_prefix(err, "%s", pd_class_text(object, cls, sizeof(cls)));
	return PD_OK;
}

enum pd_code pd_labels_take(const struct pd_labels *labels, size_t n_out, const uint32_t *index,
			    size_t n_rows, struct pd_arena *arena, struct pd_result *out,
			    struct pd_err *err)
{
	static const size_t sizes[] = {
		[PD_RESULT_F64] = sizeof(double),        [PD_RESULT_F32] = sizeof(double),
		[PD_RESULT_I64] = sizeof(int64_t),       [PD_RESULT_BOOL] = 1,
		[PD_RESULT_STR] = sizeof(struct pd_str),
	};
	void *p = NULL;
	enum pd_result_kind kind = labels[0].kind;
	PD_TRY(pd_step_room(arena, n_rows, n_out, sizes[kind], &p, err));
	*out = (struct pd_result){
		.kind = kind, .n_rows = n_rows, .n_cols = n_out, .flat = n_out == 1
	};
	out->f = p;
	for (size_t i = 0; i < n_rows * n_out; i++) {
		const struct pd_labels *l = &labels[i % n_out];
		if (kind == PD_RESULT_STR)
			out->s[i] = l->s[index[i]];
		else if (kind == PD_RESULT_I64)
			out->i[i] = l->i[index[i]];
		else if (kind == PD_RESULT_BOOL)
			out->b[i] = l->b[index[i]];
		else
			out->f[i] = l->f[index[i]];
	}
	return PD_OK;
}

#include "model/sklearn/categories.h"

#include <math.h>
#include <stdlib.h>

#define EXACT_MAX ((int64_t)1 << 53) /* whole numbers a double holds apart */

/* ---- reading */

struct number {
	double v;
	uint32_t pos;
};

struct reading {
	struct pd_build *b;
	const struct pd_node *object;
	struct pd_categories *c;
	struct number *numbers;
};

static enum pd_code put_number(struct reading *r, double v, size_t pos, struct pd_err *err)
{
	if (isnan(v)) {
		r->c->nan = (uint32_t)pos;
		return PD_OK;
	}
	if (fabs(v) > (double)EXACT_MAX)
		return pd_attr_fail(r->object, "categories_", err,
				    "holds a number beyond 2^53, which has no native form");
	r->numbers[r->c->n_numbers++] = (struct number){ v, (uint32_t)pos };
	return PD_OK;
}

static enum pd_code put_node(struct reading *r, const struct pd_node *n, size_t pos,
			     struct pd_err *err)
{
	double v = 0;
	if (pd_node_is(n, PD_NODE_TEXT))
		return pd_map_put(&r->c->texts, pd_arena_str(r->b->arena, n->s), (uint32_t)pos,
				  err);
	if (pd_node_is(n, PD_NODE_NONE)) {
		r->c->none = (uint32_t)pos;
		return PD_OK;
	}
	if (n && pd_node_to_f64(n, &v))
		return put_number(r, v, pos, err);
	return pd_attr_fail(r->object, "categories_", err,
			    "holds something else than text and numbers");
}

static enum pd_code put_items(struct reading *r, const struct pd_array *a, struct pd_err *err)
{
	for (size_t i = 0; i < a->n_items; i++) {
		struct pd_str text = { 0 };
		if (a->type->kind == PD_DT_OBJECT) {
			PD_TRY(put_node(r, a->objects[i], i, err));
		} else if (a->type->kind == PD_DT_TEXT) {
			PD_TRY(pd_array_text(a, i, r->b->arena, &text, err));
			PD_TRY(pd_map_put(&r->c->texts, text, (uint32_t)i, err));
		} else {
			PD_TRY(put_number(r, pd_array_f64(a, i), i, err));
		}
	}
	return PD_OK;
}

static int by_value(const void *a, const void *b)
{
	const struct number *x = a, *y = b;
	if (x->v != y->v)
		return x->v < y->v ? -1 : 1;
	return x->pos < y->pos ? -1 : x->pos > y->pos;
}

static enum pd_code read_one(struct pd_build *b, const struct pd_node *object,
			     const struct pd_node *n, struct pd_categories *c, struct pd_err *err)
{
	if (!pd_node_is(n, PD_NODE_ARRAY) || n->arr->n_dims != 1)
		return pd_attr_fail(object, "categories_", err, "holds something else than arrays");
	const struct pd_array *a = n->arr;
	if (!a->n_items || a->n_items > PD_CLASSES_MAX)
		return pd_attr_fail(object, "categories_", err, "has %zu categories", a->n_items);
	if (a->type->kind != PD_DT_OBJECT && a->type->kind != PD_DT_TEXT &&
	    !pd_dtype_is_number(a->type))
		return pd_attr_fail(object, "categories_", err, "has categories of numpy kind '%c'",
				    (char)a->type->kind);
	struct reading r = { .b = b, .object = object, .c = c };
	*c = (struct pd_categories){ .n = a->n_items,
				     .none = PD_NO_CATEGORY,
				     .nan = PD_NO_CATEGORY };
	pd_map_init(&c->texts, b->arena);
	PD_TRY(pd_arena_try(b->scratch, a->n_items, sizeof(*r.numbers), &r.numbers, err));
	PD_TRY(put_items(&r, a, err));
	qsort(r.numbers, c->n_numbers, sizeof(*r.numbers), by_value);
	double *numbers = PD_ARENA_ARRAY(b->arena, double, c->n_numbers);
	uint32_t *pos = PD_ARENA_ARRAY(b->arena, uint32_t, c->n_numbers);
	for (size_t i = 0; i < c->n_numbers; i++) {
		numbers[i] = r.numbers[i].v;
		pos[i] = r.numbers[i].pos;
	}
	c->numbers = numbers;
	c->number_pos = pos;
	return PD_OK;
}

enum pd_code pd_categories_read(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				const struct pd_categories **out, struct pd_err *err)
{
	const struct pd_node *list = NULL;
	PD_TRY(pd_attr(object, "categories_", &list, err));
	if (list->kind != PD_NODE_LIST)
		return pd_attr_fail(object, "categories_", err, "is not a list of arrays");
	PD_TRY(pd_step_width(s, object, list->n_items, err));
	struct pd_categories *c = PD_ARENA_ARRAY(b->arena, struct pd_categories, s->n_in);
	for (size_t i = 0; i < s->n_in; i++)
		PD_TRY(read_one(b, object, list->items[i], &c[i], err));
	*out = c;
	return PD_OK;
}

/* The i-th of a list, or of an array of objects. */
static const struct pd_node *item_of(const struct pd_node *list, size_t n, size_t i)
{
	if ((pd_node_is(list, PD_NODE_LIST) || pd_node_is(list, PD_NODE_TUPLE)) &&
	    list->n_items == n)
		return list->items[i];
	return NULL;
}

enum pd_code pd_infrequent_read(struct pd_build *b, const struct pd_node *object, size_t feature,
				size_t n_features, size_t n, const uint32_t **out,
				struct pd_err *err)
{
	const char *name = "_default_to_infrequent_mappings";
	bool enabled = false;
	*out = NULL;
	PD_TRY(pd_attr_bool(object, "_infrequent_enabled", &enabled, err));
	if (!enabled)
		return PD_OK;
	const struct pd_node *map = item_of(pd_attr_opt(object, name), n_features, feature);
	if (!map)
		return pd_attr_fail(object, name, err, "is not a list of one for each feature");
	if (map->kind == PD_NODE_NONE)
		return PD_OK;
	if (map->kind != PD_NODE_ARRAY || map->arr->n_items != n ||
	    (map->arr->type->kind != PD_DT_INT && map->arr->type->kind != PD_DT_UINT))
		return pd_attr_fail(object, name, err, "does not fit the %zu categories", n);
	uint32_t *to = PD_ARENA_ARRAY(b->arena, uint32_t, n);
	for (size_t i = 0; i < n; i++) {
		int64_t v = pd_array_i64(map->arr, i);
		if (v < 0 || (uint64_t)v >= n)
			return pd_attr_fail(object, name, err, "holds %lld of %zu", (long long)v,
					    n);
		to[i] = (uint32_t)v;
	}
	*out = to;
	return PD_OK;
}

enum pd_code pd_encoder_dtype(const struct pd_node *object, bool *out_f32, struct pd_err *err)
{
	static const char *const same[] = { "float64", "float", "int64", "int32", "int", "double" };
	const struct pd_node *n = pd_attr_opt(object, "dtype");
	*out_f32 = false;
	if (!n)
		return PD_OK;
	if (n->kind == PD_NODE_DTYPE) {
		const struct pd_dtype *t = n->dtype;
		*out_f32 = t->kind == PD_DT_FLOAT && t->itemsize == 4;
		if ((t->kind == PD_DT_FLOAT || t->kind == PD_DT_INT) && t->itemsize >= 4)
			return PD_OK;
		return pd_option_fail(object, "dtype", PD_STR("a narrow type"), err);
	}
	struct pd_str name = n->kind == PD_NODE_GLOBAL ? n->t
			     : n->kind == PD_NODE_TEXT ? n->s
						       : PD_STR("?");
	*out_f32 = pd_str_eqz(name, "float32");
	if (*out_f32)
		return PD_OK;
	for (size_t i = 0; i < PD_LEN(same); i++)
		if (pd_str_eqz(name, same[i]))
			return PD_OK;
	return pd_option_fail(object, "dtype", name, err);
}

/* ---- finding */

static uint32_t find_number(const struct pd_categories *c, double v)
{
	size_t lo = 0, hi = c->n_numbers;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (c->numbers[mid] < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_numbers && c->numbers[lo] == v ? c->number_pos[lo] : PD_NO_CATEGORY;
}

uint32_t pd_category_find(const struct pd_categories *c, struct pd_cell cell)
{
	uint32_t pos = PD_NO_CATEGORY;
	switch (cell.kind) {
	case PD_CELL_STR:
		return pd_map_find(&c->texts, cell.s, &pos) ? pos : PD_NO_CATEGORY;
	case PD_CELL_BOOL:
	case PD_CELL_I64:
		if (cell.i > EXACT_MAX || cell.i < -EXACT_MAX)
			return PD_NO_CATEGORY;
		return find_number(c, (double)cell.i);
	case PD_CELL_F64:
		if (!isnan(cell.f))
			return find_number(c, cell.f);
		return c->nan != PD_NO_CATEGORY ? c->nan : c->none;
	case PD_CELL_NULL:
		return c->none != PD_NO_CATEGORY ? c->none : c->nan;
	default:
		return PD_NO_CATEGORY;
	}
}

static enum pd_code infinite(const struct pd_step *s, size_t feature, size_t row,
			     struct pd_err *err)
{
	return pd_fail(err, PD_INVALID,
		       "Input X contains infinity (row %zu, column %zu); %.*s "
		       "does not take it",
		       row, feature, PD_STR_ARG(s->cls));
}

static enum pd_code encode_frame(const struct pd_step *s, const struct pd_categories *c,
				 const struct pd_frame *f, uint32_t *out, struct pd_err *err)
{
	PD_TRY(pd_step_check_frame(s, f, err));
	for (size_t k = 0; k < f->n_cols; k++) {
		for (size_t row = 0; row < f->n_rows; row++) {
			struct pd_cell cell = pd_col_cell(&f->cols[k], row);
			if (cell.kind == PD_CELL_F64 && isinf(cell.f))
				return infinite(s, k, row, err);
			if (cell.kind > PD_CELL_STR)
				return pd_fail(err, PD_INVALID,
					       "row %zu, column %zu: a list or an object is no "
					       "category",
					       row, k);
			out[k * f->n_rows + row] = pd_category_find(&c[k], cell);
		}
	}
	return PD_OK;
}

enum pd_code pd_categories_encode(const struct pd_step *s, const struct pd_categories *c,
				  const struct pd_flow *in, struct pd_arena *arena, uint32_t **out,
				  struct pd_err *err)
{
	struct pd_matrix m = { 0 };
	PD_TRY(pd_step_room(arena, pd_flow_rows(in), s->n_in, sizeof(**out), out, err));
	if (in->frame && in->frame->n_cols != s->n_in)
		return pd_step_check_frame(s, in->frame, err);
	if (in->frame)
		return encode_frame(s, c, in->frame, *out, err);
	PD_TRY(pd_step_check(s, &in->x, err)); /* nan_ok: set by the encoders */
	PD_TRY(pd_matrix_dense(&in->x, arena, &m, err));
	for (size_t k = 0; k < m.n_cols; k++)
		for (size_t row = 0; row < m.n_rows; row++)
			(*out)[k * m.n_rows + row] = pd_category_find(
				&c[k],
				(struct pd_cell){ PD_CELL_F64, { .f = m.x[row * m.n_cols + k] } });
	return PD_OK;
}

enum pd_code pd_category_unknown(const struct pd_step *s, const struct pd_flow *in, size_t feature,
				 size_t row, struct pd_err *err)
{
	char text[120] = "null";
	struct pd_cell cell = { PD_CELL_F64, { .f = 0 } };
	if (in->frame)
		cell = pd_col_cell(&in->frame->cols[feature], row);
	else if (!in->x.sparse)
		cell.f = in->x.x[row * in->x.n_cols + feature];
	if (cell.kind == PD_CELL_STR)
		snprintf(text, sizeof(text), "'%.*s'", PD_STR_ARG(pd_str_head(cell.s, 80)));
	else if (cell.kind == PD_CELL_F64)
		snprintf(text, sizeof(text), "%.17g", cell.f);
	else if (cell.kind == PD_CELL_I64)
		snprintf(text, sizeof(text), "%lld", (long long)cell.i);
	else if (cell.kind == PD_CELL_BOOL)
		snprintf(text, sizeof(text), cell.i ? "True" : "False");
	return pd_fail(err, PD_INVALID,
		       "Found unknown category %s in column %zu during transform (row %zu); %.*s "
		       "was not fitted with it",
		       text, feature, row, PD_STR_ARG(s->cls));
}

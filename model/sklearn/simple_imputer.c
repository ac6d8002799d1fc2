#include "model/recognise_table.h"
#include "model/sklearn/missing.h"

#include <math.h>

/*
 * SimpleImputer: what is missing becomes the column's statistic; columns that had none are left
 * out. Numbers stay a matrix; with text among the statistics or the values it stays a frame.
 * Source: sklearn/impute/_base.py, SimpleImputer.transform.
 */

struct imputer {
	struct pd_missing missing;
	const struct pd_cell *fill; /* F64 or STR, or NULL kind: nothing was seen */
	const uint32_t *keep;       /* columns that stay */
	size_t n_keep;
	const uint32_t *marked; /* columns whose missing values are told behind */
	size_t n_marked;
	bool text; /* some statistic is text */
};

/* ---- numbers */

static enum pd_code impute_matrix(const struct pd_step *s, const struct pd_matrix *m,
				  struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct imputer *k = s->self;
	double *x = NULL;
	PD_TRY(pd_step_room(arena, m->n_rows, s->n_out, sizeof(*x), &x, err));
	for (size_t row = 0; row < m->n_rows; row++) {
		const double *from = m->x + row * m->n_cols;
		double *to = x + row * s->n_out;
		for (size_t i = 0; i < k->n_keep; i++) {
			double v = from[k->keep[i]];
			struct pd_cell cell = { PD_CELL_F64, { .f = v } };
			to[i] = pd_is_missing(&k->missing, cell) ? k->fill[k->keep[i]].f : v;
		}
		for (size_t i = 0; i < k->n_marked; i++) {
			struct pd_cell cell = { PD_CELL_F64, { .f = from[k->marked[i]] } };
			to[k->n_keep + i] = pd_is_missing(&k->missing, cell);
		}
	}
	*out = (struct pd_matrix){ .n_rows = m->n_rows, .n_cols = s->n_out, .x = x };
	return PD_OK;
}

static enum pd_code impute_sparse(const struct pd_step *s, const struct pd_matrix *m,
				  struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct imputer *k = s->self;
	double *val = NULL;
	if (k->n_marked || k->n_keep != s->n_in)
		return pd_fail(err, PD_UNSUPPORTED,
			       "SimpleImputer: a sparse matrix with an indicator or with columns "
			       "left out has no native form yet");
	if (k->missing.cell.kind == PD_CELL_F64 && k->missing.cell.f == 0)
		return pd_fail(err, PD_INVALID,
			       "Imputation not possible when missing_values == 0 and input is "
			       "sparse");
	PD_TRY(pd_step_room(arena, m->start[m->n_rows], 1, sizeof(*val), &val, err));
	for (size_t i = 0; i < m->start[m->n_rows]; i++) {
		struct pd_cell cell = { PD_CELL_F64, { .f = m->val[i] } };
		val[i] = pd_is_missing(&k->missing, cell) ? k->fill[m->col[i]].f : m->val[i];
	}
	*out = *m;
	out->val = val;
	return PD_OK;
}

/* ---- text */

static struct pd_cell imputed(const struct imputer *k, const struct pd_frame *f, size_t col,
			      size_t row)
{
	struct pd_cell cell = pd_col_cell(&f->cols[col], row);
	return pd_is_missing(&k->missing, cell) ? k->fill[col] : cell;
}

static enum pd_code impute_column(const struct imputer *k, const struct pd_frame *f, size_t col,
				  struct pd_arena *arena, struct pd_col *out, struct pd_err *err)
{
	struct pd_cell *v = NULL;
	struct pd_str *texts = NULL;
	size_t n_text = 0;
	PD_TRY(pd_step_room(arena, f->n_rows, 1, sizeof(*v), &v, err));
	for (size_t row = 0; row < f->n_rows; row++) {
		v[row] = imputed(k, f, col, row);
		n_text += v[row].kind == PD_CELL_STR;
	}
	*out = (struct pd_col){ .kind = PD_COL_ANY, .v = v };
	if (n_text != f->n_rows)
		return PD_OK;
	PD_TRY(pd_step_room(arena, f->n_rows, 1, sizeof(*texts), &texts, err));
	for (size_t row = 0; row < f->n_rows; row++)
		texts[row] = v[row].s;
	*out = (struct pd_col){ .kind = PD_COL_STR, .s = texts };
	return PD_OK;
}

static enum pd_code mark_column(const struct imputer *k, const struct pd_frame *f, size_t col,
				struct pd_arena *arena, struct pd_col *out, struct pd_err *err)
{
	*out = (struct pd_col){ .kind = PD_COL_BOOL };
	PD_TRY(pd_step_room(arena, f->n_rows, 1, 1, &out->b, err));
	for (size_t row = 0; row < f->n_rows; row++)
		out->b[row] = pd_is_missing(&k->missing, pd_col_cell(&f->cols[col], row));
	return PD_OK;
}

static enum pd_code impute_frame(const struct pd_step *s, const struct pd_frame *f,
				 struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct imputer *k = s->self;
	PD_TRY(pd_step_check_frame(s, f, err));
	struct pd_frame *next = PD_ARENA_NEW(arena, struct pd_frame);
	*next = (struct pd_frame){ .n_rows = f->n_rows, .n_cols = s->n_out, .n_dims = 2 };
	PD_TRY(pd_step_room(arena, s->n_out, 1, sizeof(*next->cols), &next->cols, err));
	for (size_t i = 0; i < k->n_keep; i++)
		PD_TRY(impute_column(k, f, k->keep[i], arena, &next->cols[i], err));
	for (size_t i = 0; i < k->n_marked; i++)
		PD_TRY(mark_column(k, f, k->marked[i], arena, &next->cols[k->n_keep + i], err));
	*out = (struct pd_flow){ .frame = next };
	return PD_OK;
}

static enum pd_code impute(const struct pd_step *s, const struct pd_flow *in,
			   struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct imputer *k = s->self;
	struct pd_matrix m = { 0 };
	if (k->text) {
		if (!in->frame)
			return pd_fail(err, PD_INVALID,
				       "SimpleImputer was fitted with text, not with numbers");
		return impute_frame(s, in->frame, arena, out, err);
	}
	PD_TRY(pd_flow_matrix(in, s, arena, &m, err));
	*out = (struct pd_flow){ 0 };
	if (m.sparse)
		return impute_sparse(s, &m, arena, &out->x, err);
	PD_TRY(impute_matrix(s, &m, arena, &out->x, err));
	out->x.f32 = m.f32;
	return PD_OK;
}

static const struct pd_step_ops imputer_ops = { .flow = impute };

/* ---- reading */

static enum pd_code read_statistic(struct pd_build *b, const struct pd_node *object,
				   const struct pd_array *a, size_t i, struct pd_cell *out,
				   struct pd_err *err)
{
	out->kind = PD_CELL_F64;
	if (a->type->kind == PD_DT_TEXT) {
		out->kind = PD_CELL_STR;
		return pd_array_text(a, i, b->arena, &out->s, err);
	}
	if (a->type->kind != PD_DT_OBJECT) {
		out->f = pd_array_f64(a, i);
		return PD_OK;
	}
	const struct pd_node *n = a->objects[i];
	if (pd_node_is(n, PD_NODE_TEXT)) {
		*out = (struct pd_cell){ PD_CELL_STR, { .s = pd_arena_str(b->arena, n->s) } };
		return PD_OK;
	}
	if (!n || !pd_node_to_f64(n, &out->f))
		return pd_attr_fail(object, "statistics_", err,
				    "holds something else than numbers and text");
	return PD_OK;
}

static enum pd_code read_statistics(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct imputer *k, struct pd_err *err)
{
	const struct pd_node *n = NULL;
	bool keep_empty = false;
	PD_TRY(pd_attr(object, "statistics_", &n, err));
	if (n->kind != PD_NODE_ARRAY || n->arr->n_dims != 1 ||
	    (n->arr->type->kind != PD_DT_OBJECT && n->arr->type->kind != PD_DT_TEXT &&
	     !pd_dtype_is_number(n->arr->type)))
		return pd_attr_fail(object, "statistics_", err, "is not an array");
	PD_TRY(pd_step_width(s, object, n->arr->n_items, err));
	PD_TRY(pd_attr_bool(object, "keep_empty_features", &keep_empty, err));
	struct pd_cell *fill = PD_ARENA_ARRAY(b->arena, struct pd_cell, s->n_in);
	uint32_t *keep = PD_ARENA_ARRAY(b->arena, uint32_t, s->n_in);
	for (size_t i = 0; i < s->n_in; i++) {
		PD_TRY(read_statistic(b, object, n->arr, i, &fill[i], err));
		k->text |= fill[i].kind == PD_CELL_STR;
		if (keep_empty || fill[i].kind == PD_CELL_STR || !isnan(fill[i].f))
			keep[k->n_keep++] = (uint32_t)i;
	}
	k->fill = fill;
	k->keep = keep;
	return PD_OK;
}

enum pd_code pd_make_simple_imputer(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err)
{
	struct imputer *k = PD_ARENA_NEW(b->arena, struct imputer);
	bool add = false;
	PD_TRY(pd_missing_read(b, object, &k->missing, err));
	PD_TRY(read_statistics(b, object, s, k, err));
	PD_TRY(pd_attr_bool(object, "add_indicator", &add, err));
	if (add) {
		const struct pd_node *indicator = NULL;
		PD_TRY(pd_attr(object, "indicator_", &indicator, err));
		if (!pd_node_is(indicator, PD_NODE_OBJECT))
			return pd_attr_fail(object, "indicator_", err, "is no MissingIndicator");
		PD_TRY(pd_indicator_features(b, indicator, s->n_in, &k->marked, &k->n_marked, err));
	}
	s->self = k;
	s->ops = &imputer_ops;
	s->n_out = k->n_keep + k->n_marked;
	s->nan_ok = s->nan_ok_sparse = pd_missing_is_nan(&k->missing);
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

#include "model/sklearn/missing.h"

#include <math.h>

#include "model/recognise_table.h"

/*
 * MissingIndicator, and what SimpleImputer shares with it. A null of the request counts as missing
 * wherever NaN, None or pandas' NA do: which of them a frame would hold is pandas' affair.
 * Source: sklearn/impute/_base.py; sklearn/utils/_mask.py.
 */

enum pd_code pd_missing_read(struct pd_build *b, const struct pd_node *object,
			     struct pd_missing *out, struct pd_err *err)
{
	const struct pd_node *n = pd_node_attr(object, PD_STR("missing_values"));
	double v = NAN;
	*out = (struct pd_missing){ .cell = { .kind = PD_CELL_NULL } };
	if (!n || n->kind == PD_NODE_NONE)
		return PD_OK;
	if (n->kind == PD_NODE_TEXT) {
		out->cell.kind = PD_CELL_STR;
		out->cell.s = pd_arena_str(b->arena, n->s);
		return PD_OK;
	}
	if (!pd_node_to_f64(n, &v))
		return pd_attr_fail(object, "missing_values", err,
				    "is neither number, text nor None");
	if (isnan(v))
		return PD_OK;
	out->cell.kind = PD_CELL_F64;
	out->cell.f = v;
	return PD_OK;
}

bool pd_is_missing(const struct pd_missing *m, struct pd_cell cell)
{
	if (m->cell.kind == PD_CELL_STR)
		return cell.kind == PD_CELL_STR && pd_str_eq(cell.s, m->cell.s);
	bool null = cell.kind == PD_CELL_NULL || (cell.kind == PD_CELL_F64 && isnan(cell.f));
	if (m->cell.kind == PD_CELL_NULL)
		return null;
	if (cell.kind == PD_CELL_F64)
		return cell.f == m->cell.f;
	return (cell.kind == PD_CELL_I64 || cell.kind == PD_CELL_BOOL) &&
	       (double)cell.i == m->cell.f;
}

bool pd_missing_is_nan(const struct pd_missing *m)
{
	return m->cell.kind == PD_CELL_NULL;
}

enum pd_code pd_indicator_features(struct pd_build *b, const struct pd_node *object, size_t n_in,
				   const uint32_t **out, size_t *out_n, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, "features_", &a, err));
	if (a->n_dims != 1 || (a->type->kind != PD_DT_INT && a->type->kind != PD_DT_UINT) ||
	    a->n_items > n_in)
		return pd_attr_fail(object, "features_", err, "is not a list of columns");
	uint32_t *cols = PD_ARENA_ARRAY(b->arena, uint32_t, a->n_items);
	for (size_t i = 0; i < a->n_items; i++) {
		int64_t v = pd_array_i64(a, i);
		if (v < 0 || (uint64_t)v >= n_in)
			return pd_attr_fail(object, "features_", err, "holds %lld of %zu",
					    (long long)v, n_in);
		cols[i] = (uint32_t)v;
	}
	*out = cols;
	*out_n = a->n_items;
	return PD_OK;
}

struct indicator {
	struct pd_missing missing;
	const uint32_t *cols;
	size_t n_cols;
	const unsigned char *known; /* features that had missing values; NULL: new ones are fine */
};

static struct pd_cell cell_at(const struct pd_flow *f, size_t col, size_t row)
{
	if (f->frame)
		return pd_col_cell(&f->frame->cols[col], row);
	return (struct pd_cell){ PD_CELL_F64, { .f = f->x.x[row * f->x.n_cols + col] } };
}

static enum pd_code check_new(const struct pd_step *s, const struct pd_flow *f, struct pd_err *err)
{
	const struct indicator *k = s->self;
	for (size_t col = 0; k->known && col < s->n_in; col++) {
		for (size_t row = 0; !k->known[col] && row < pd_flow_rows(f); row++)
			if (pd_is_missing(&k->missing, cell_at(f, col, row)))
				return pd_fail(
					err, PD_INVALID,
					"The features [%zu] have missing values in transform "
					"but have no missing values in fit.",
					col);
	}
	return PD_OK;
}

static enum pd_code indicate(const struct pd_step *s, const struct pd_flow *in,
			     struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct indicator *k = s->self;
	struct pd_flow flow = *in;
	size_t n_rows = pd_flow_rows(in);
	if (in->frame) {
		PD_TRY(pd_step_check_frame(s, in->frame, err));
	} else {
		PD_TRY(pd_step_check(s, &in->x, err));
		PD_TRY(pd_matrix_dense(&in->x, arena, &flow.x, err));
	}
	PD_TRY(check_new(s, &flow, err));
	struct pd_frame *f = PD_ARENA_NEW(arena, struct pd_frame);
	*f = (struct pd_frame){ .n_rows = n_rows, .n_cols = k->n_cols, .n_dims = 2 };
	PD_TRY(pd_step_room(arena, k->n_cols, 1, sizeof(*f->cols), &f->cols, err));
	for (size_t i = 0; i < k->n_cols; i++) {
		f->cols[i] = (struct pd_col){ .kind = PD_COL_BOOL };
		PD_TRY(pd_step_room(arena, n_rows, 1, 1, &f->cols[i].b, err));
		for (size_t row = 0; row < n_rows; row++)
			f->cols[i].b[row] = pd_is_missing(&k->missing,
							  cell_at(&flow, k->cols[i], row));
	}
	*out = (struct pd_flow){ .frame = f };
	return PD_OK;
}

static const struct pd_step_ops indicator_ops = { .flow = indicate };

enum pd_code pd_make_missing_indicator(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err)
{
	struct indicator *k = PD_ARENA_NEW(b->arena, struct indicator);
	struct pd_str which = PD_STR("missing-only");
	bool error_on_new = true;
	if (!s->n_in)
		PD_TRY(pd_attr_size(object, "_n_features", 1, PD_FEATURES_MAX, &s->n_in, err));
	PD_TRY(pd_missing_read(b, object, &k->missing, err));
	PD_TRY(pd_attr_text(object, "features", &which, err));
	PD_TRY(pd_attr_bool(object, "error_on_new", &error_on_new, err));
	if (!pd_str_eqz(which, "missing-only") && !pd_str_eqz(which, "all"))
		return pd_option_fail(object, "features", which, err);
	PD_TRY(pd_indicator_features(b, object, s->n_in, &k->cols, &k->n_cols, err));
	if (error_on_new && pd_str_eqz(which, "missing-only")) {
		unsigned char *known = PD_ARENA_ARRAY(b->arena, unsigned char, s->n_in);
		for (size_t i = 0; i < k->n_cols; i++)
			known[k->cols[i]] = 1;
		k->known = known;
	}
	s->self = k;
	s->ops = &indicator_ops;
	s->n_out = k->n_cols;
	s->nan_ok = s->nan_ok_sparse = pd_missing_is_nan(&k->missing);
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

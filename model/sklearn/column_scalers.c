#include "model/recognise_table.h"

#include <math.h>

/*
 * MinMaxScaler: x * scale_ + min_, then clipped. MaxAbsScaler: x / scale_. RobustScaler:
 * (x - center_) / scale_. Each step is rounded, to float32 too when that comes in; on sparse rows
 * the library multiplies by 1 / scale_.
 * Source: sklearn/preprocessing/_data.py.
 */

struct column_scaler {
	const double *times; /* NULL: not; the same for the others */
	const double *plus;
	const double *minus;
	const double *divide;
	const double *inverse; /* 1 / divide */
	bool clip;
	double low, high;
};

static inline double rounded(double v, bool f32)
{
	return f32 ? (double)(float)v : v;
}

static double clipped(const struct column_scaler *k, double v)
{
	if (v < k->low)
		return k->low;
	return v > k->high ? k->high : v; /* NaN stays */
}

static double one(const struct column_scaler *k, double v, size_t i, bool f32)
{
	if (k->times)
		v = rounded(v * k->times[i], f32);
	if (k->plus)
		v = rounded(v + k->plus[i], f32);
	if (k->minus)
		v = rounded(v - k->minus[i], f32);
	if (k->divide)
		v = rounded(v / k->divide[i], f32);
	return k->clip ? clipped(k, v) : v;
}

static enum pd_code scale_sparse(const struct pd_step *s, const struct pd_matrix *in,
				 struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct column_scaler *k = s->self;
	size_t n = in->start[in->n_rows];
	double *val = NULL;
	if (k->times || k->minus)
		return pd_fail(err, PD_INVALID, "%.*s does not take sparse matrices here",
			       PD_STR_ARG(s->cls));
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*val), &val, err));
	for (size_t i = 0; i < n; i++) {
		double v = in->val[i];
		if (k->inverse)
			v = rounded(v * k->inverse[in->col[i]], in->f32);
		val[i] = k->clip ? clipped(k, v) : v;
	}
	*out = *in;
	out->val = val;
	return PD_OK;
}

static enum pd_code scale(const struct pd_step *s, const struct pd_matrix *in,
			  struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	if (in->sparse)
		return scale_sparse(s, in, arena, out, err);
	double *x = NULL;
	PD_TRY(pd_step_room(arena, in->n_rows, in->n_cols, sizeof(*x), &x, err));
	for (size_t row = 0; row < in->n_rows; row++)
		for (size_t i = 0; i < in->n_cols; i++)
			x[row * in->n_cols + i] = one(s->self, in->x[row * in->n_cols + i], i,
						      in->f32);
	*out = (struct pd_matrix){
		.n_rows = in->n_rows, .n_cols = in->n_cols, .f32 = in->f32, .x = x
	};
	return PD_OK;
}

static const struct pd_step_ops scaler_ops = { .transform = scale };

static void finish(struct pd_step *s, const struct column_scaler *k)
{
	s->self = k;
	s->ops = &scaler_ops;
	s->n_out = s->n_in;
	s->nan_ok = s->nan_ok_sparse = true;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
}

static enum pd_code read_width(const struct pd_node *object, const char *name, struct pd_step *s,
			       struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, name, &a, err));
	return pd_step_width(s, object, a->n_items, err);
}

static enum pd_code read_divide(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct column_scaler *k, struct pd_err *err)
{
	PD_TRY(pd_attr_doubles(b, object, "scale_", s->n_in, &k->divide, err));
	double *inverse = PD_ARENA_ARRAY(b->arena, double, s->n_in);
	for (size_t i = 0; i < s->n_in; i++)
		inverse[i] = 1.0 / k->divide[i];
	k->inverse = inverse;
	return PD_OK;
}

enum pd_code pd_make_min_max_scaler(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err)
{
	struct column_scaler *k = PD_ARENA_NEW(b->arena, struct column_scaler);
	PD_TRY(read_width(object, "scale_", s, err));
	PD_TRY(pd_attr_doubles(b, object, "scale_", s->n_in, &k->times, err));
	PD_TRY(pd_attr_doubles(b, object, "min_", s->n_in, &k->plus, err));
	PD_TRY(pd_attr_bool(object, "clip", &k->clip, err));
	if (k->clip) {
		const struct pd_node *range = NULL;
		PD_TRY(pd_attr(object, "feature_range", &range, err));
		if ((range->kind != PD_NODE_TUPLE && range->kind != PD_NODE_LIST) ||
		    range->n_items != 2 || !pd_node_to_f64(range->items[0], &k->low) ||
		    !pd_node_to_f64(range->items[1], &k->high))
			return pd_attr_fail(object, "feature_range", err, "is not two numbers");
	}
	finish(s, k);
	return PD_OK;
}

enum pd_code pd_make_max_abs_scaler(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err)
{
	struct column_scaler *k = PD_ARENA_NEW(b->arena, struct column_scaler);
	PD_TRY(read_width(object, "scale_", s, err));
	PD_TRY(read_divide(b, object, s, k, err));
	PD_TRY(pd_attr_bool(object, "clip", &k->clip, err));
	k->low = -1;
	k->high = 1;
	finish(s, k);
	return PD_OK;
}

enum pd_code pd_make_robust_scaler(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err)
{
	struct column_scaler *k = PD_ARENA_NEW(b->arena, struct column_scaler);
	bool centre = true, scaling = true;
	PD_TRY(pd_attr_bool(object, "with_centering", &centre, err));
	PD_TRY(pd_attr_bool(object, "with_scaling", &scaling, err));
	if (centre || scaling)
		PD_TRY(read_width(object, centre ? "center_" : "scale_", s, err));
	if (centre)
		PD_TRY(pd_attr_doubles(b, object, "center_", s->n_in, &k->minus, err));
	if (scaling)
		PD_TRY(read_divide(b, object, s, k, err));
	finish(s, k);
	return PD_OK;
}

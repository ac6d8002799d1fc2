#include "model/recognise_table.h"

/*
 * StandardScaler: (x - mean_) / scale_, each step rounded. On sparse rows the library multiplies
 * by 1 / scale_ instead, and cannot centre. float32 input stays float32, each operation done in
 * double and rounded, as numpy's in-place operators do.
 * Source: sklearn/preprocessing/_data.py, StandardScaler.transform.
 */

struct scaler {
	const double *mean;    /* NULL: not centred */
	const double *scale;   /* NULL: not scaled */
	const double *inverse; /* 1 / scale */
};

static enum pd_code scale_sparse(const struct scaler *k, const struct pd_matrix *in,
				 struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	double *val = NULL;
	size_t n = in->start[in->n_rows];
	if (k->mean)
		return pd_fail(err, PD_INVALID,
			       "StandardScaler cannot center sparse matrices: fit it with "
			       "with_mean=False");
	*out = *in;
	if (!k->scale)
		return PD_OK;
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*val), &val, err));
	for (size_t i = 0; i < n; i++) {
		double v = in->val[i] * k->inverse[in->col[i]];
		val[i] = in->f32 ? (double)(float)v : v;
	}
	out->val = val;
	return PD_OK;
}

static void scale_row(const struct scaler *k, const double *in, double *out, size_t n)
{
	if (k->mean && k->scale) {
		for (size_t i = 0; i < n; i++)
			out[i] = (in[i] - k->mean[i]) / k->scale[i];
	} else if (k->mean) {
		for (size_t i = 0; i < n; i++)
			out[i] = in[i] - k->mean[i];
	} else {
		for (size_t i = 0; i < n; i++)
			out[i] = in[i] / k->scale[i];
	}
}

static void scale_row_f32(const struct scaler *k, const double *in, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double v = in[i];
		if (k->mean)
			v = (double)(float)(v - k->mean[i]);
		if (k->scale)
			v = (double)(float)(v / k->scale[i]);
		out[i] = v;
	}
}

static enum pd_code scale(const struct pd_step *s, const struct pd_matrix *in,
			  struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct scaler *k = s->self;
	if (in->sparse)
		return scale_sparse(k, in, arena, out, err);
	*out = *in;
	if (!k->mean && !k->scale)
		return PD_OK;
	double *x = NULL;
	PD_TRY(pd_step_room(arena, in->n_rows, in->n_cols, sizeof(*x), &x, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		const double *from = in->x + row * in->n_cols;
		double *to = x + row * in->n_cols;
		if (in->f32)
			scale_row_f32(k, from, to, in->n_cols);
		else
			scale_row(k, from, to, in->n_cols);
	}
	out->x = x;
	return PD_OK;
}

static const struct pd_step_ops standard_scaler_ops = { .transform = scale };

enum pd_code pd_make_standard_scaler(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err)
{
	struct scaler *k = PD_ARENA_NEW(b->arena, struct scaler);
	bool with_mean = true, with_std = true;
	PD_TRY(pd_attr_bool(object, "with_mean", &with_mean, err));
	PD_TRY(pd_attr_bool(object, "with_std", &with_std, err));
	if (with_mean || with_std) {
		const struct pd_array *a = NULL;
		PD_TRY(pd_attr_array(object, with_std ? "scale_" : "mean_", &a, err));
		PD_TRY(pd_step_width(s, object, a->n_items, err));
	}
	if (with_mean)
		PD_TRY(pd_attr_doubles(b, object, "mean_", s->n_in, &k->mean, err));
	if (with_std) {
		PD_TRY(pd_attr_doubles(b, object, "scale_", s->n_in, &k->scale, err));
		double *inverse = PD_ARENA_ARRAY(b->arena, double, s->n_in);
		for (size_t i = 0; i < s->n_in; i++)
			inverse[i] = 1.0 / k->scale[i];
		k->inverse = inverse;
	}
	s->self = k;
	s->ops = &standard_scaler_ops;
	s->n_out = s->n_in;
	s->nan_ok = true;
	s->nan_ok_sparse = true;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

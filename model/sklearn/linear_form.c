#include "model/sklearn/linear_form.h"

static enum pd_code read_intercept(struct pd_build *b, const struct pd_node *object,
				   struct pd_linear_form *f, struct pd_err *err)
{
	const struct pd_node *n = NULL;
	double *intercept = PD_ARENA_ARRAY(b->arena, double, f->n_out);
	double one = 0;
	PD_TRY(pd_attr(object, "intercept_", &n, err));
	f->intercept = intercept;
	if (n->kind == PD_NODE_ARRAY || n->kind == PD_NODE_SCALAR) {
		const struct pd_array *a = NULL;
		PD_TRY(pd_attr_array(object, "intercept_", &a, err));
		f->intercept_f64 = a->type->kind == PD_DT_FLOAT && a->type->itemsize == 8;
		if (a->n_items != 1 && a->n_items != f->n_out)
			return pd_attr_fail(object, "intercept_", err, "has %zu values, not %zu",
					    a->n_items, f->n_out);
		for (size_t i = 0; i < f->n_out; i++)
			intercept[i] = pd_array_f64(a, a->n_items == 1 ? 0 : i);
		return PD_OK;
	}
	if (!pd_node_to_f64(n, &one))
		return pd_attr_fail(object, "intercept_", err, "is not a number");
	for (size_t i = 0; i < f->n_out; i++)
		intercept[i] = one;
	return PD_OK;
}

enum pd_code pd_linear_form_read(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct pd_linear_form *f, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, "coef_", &a, err));
	if (a->n_dims != 1 && a->n_dims != 2)
		return pd_attr_fail(object, "coef_", err, "has %u dimensions", a->n_dims);
	size_t n_out = a->n_dims == 2 ? (size_t)a->shape[0] : 1;
	if (!n_out || n_out > PD_OUTPUTS_MAX)
		return pd_attr_fail(object, "coef_", err, "has %zu rows", n_out);
	*f = (struct pd_linear_form){
		.n_in = (size_t)a->shape[a->n_dims - 1],
		.n_out = n_out,
		.flat = a->n_dims == 1,
		.coef_f32 = a->type->kind == PD_DT_FLOAT && a->type->itemsize == 4,
	};
	PD_TRY(pd_step_width(s, object, f->n_in, err));
	PD_TRY(pd_attr_doubles(b, object, "coef_", a->n_items, &f->coef, err));
	return read_intercept(b, object, f, err);
}

/* Four chains, so that the additions need not wait for one another. */
static double dot(const double *x, const double *w, size_t n)
{
	double a0 = 0, a1 = 0, a2 = 0, a3 = 0;
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		a0 += x[i] * w[i];
		a1 += x[i + 1] * w[i + 1];
		a2 += x[i + 2] * w[i + 2];
		a3 += x[i + 3] * w[i + 3];
	}
	for (; i < n; i++)
		a0 += x[i] * w[i];
	return (a0 + a1) + (a2 + a3);
}

static double dot_sparse(const struct pd_matrix *in, size_t row, const double *w)
{
	double sum = 0;
	for (uint32_t k = in->start[row]; k < in->start[row + 1]; k++)
		sum += in->val[k] * w[in->col[k]];
	return sum;
}

/* scipy's product of float32 with float32 sums in float32. */
static double dot_sparse_f32(const struct pd_matrix *in, size_t row, const double *w)
{
	float sum = 0;
	for (uint32_t k = in->start[row]; k < in->start[row + 1]; k++)
		sum += (float)in->val[k] * (float)w[in->col[k]];
	return (double)sum;
}

enum pd_code pd_linear_form_scores(const struct pd_linear_form *f, const struct pd_matrix *in,
				   struct pd_arena *arena, double **out, bool *out_f32,
				   struct pd_err *err)
{
	bool product_f32 = in->f32 && f->coef_f32;
	bool f32 = product_f32 && !f->intercept_f64;
	double *y = NULL;
	PD_TRY(pd_step_room(arena, in->n_rows, f->n_out, sizeof(*y), &y, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		for (size_t k = 0; k < f->n_out; k++) {
			const double *w = f->coef + k * f->n_in;
			double v;
			if (!in->sparse)
				v = dot(in->x + row * in->n_cols, w, f->n_in);
			else
				v = product_f32 ? dot_sparse_f32(in, row, w)
						: dot_sparse(in, row, w);
			if (product_f32)
				v = (double)(float)v;
			v += f->intercept[k];
			y[row * f->n_out + k] = f32 ? (double)(float)v : v;
		}
	}
	*out = y;
	*out_f32 = f32;
	return PD_OK;
}

#include "model/recognise_table.h"
#include "model/sklearn/linear_form.h"

#include <math.h>

/*
 * PCA: x . components' - mean . components' (before 1.5 the mean is taken off first), divided by
 * the deviations when whitening. TruncatedSVD: x . components'.
 * Source: sklearn/decomposition/_base.py, _pca.py, _truncated_svd.py.
 */

struct projection {
	struct pd_linear_form form;
	const double *mean;  /* taken off the input; NULL: not */
	const double *scale; /* NULL: not whitened */
};

static enum pd_code project(const struct pd_step *s, const struct pd_matrix *in,
			    struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct projection *p = s->self;
	struct pd_matrix m = *in;
	double *y = NULL;
	bool f32 = false;
	if (p->mean) {
		double *x = NULL;
		PD_TRY(pd_matrix_dense(in, arena, &m, err));
		PD_TRY(pd_step_room(arena, m.n_rows, m.n_cols, sizeof(*x), &x, err));
		for (size_t row = 0; row < m.n_rows; row++)
			for (size_t i = 0; i < m.n_cols; i++)
				x[row * m.n_cols + i] = m.x[row * m.n_cols + i] - p->mean[i];
		m.x = x;
	}
	PD_TRY(pd_linear_form_scores(&p->form, &m, arena, &y, &f32, err));
	size_t n_out = p->form.n_out;
	for (size_t i = 0; p->scale && i < m.n_rows * n_out; i++)
		y[i] /= p->scale[i % n_out];
	*out = (struct pd_matrix){ .n_rows = m.n_rows, .n_cols = n_out, .f32 = f32, .x = y };
	return PD_OK;
}

static const struct pd_step_ops projection_ops = { .transform = project };

static enum pd_code read_components(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct projection *p, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, "components_", &a, err));
	if (a->n_dims != 2 || !a->shape[0] || (size_t)a->shape[0] > PD_OUTPUTS_MAX)
		return pd_attr_fail(object, "components_", err, "is not a table");
	p->form.n_out = (size_t)a->shape[0];
	p->form.n_in = (size_t)a->shape[1];
	p->form.coef_f32 = a->type->kind == PD_DT_FLOAT && a->type->itemsize == 4;
	PD_TRY(pd_step_width(s, object, p->form.n_in, err));
	PD_TRY(pd_attr_doubles(b, object, "components_", a->n_items, &p->form.coef, err));
	p->form.intercept = PD_ARENA_ARRAY(b->arena, double, p->form.n_out);
	s->self = p;
	s->ops = &projection_ops;
	s->n_out = p->form.n_out;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

enum pd_code pd_make_truncated_svd(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err)
{
	return read_components(b, object, s, PD_ARENA_NEW(b->arena, struct projection), err);
}

/* Subtracting the mean before the product is the older form; both agree within rounding, and this
 * one loses less of it. */
enum pd_code pd_make_pca(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err)
{
	struct projection *p = PD_ARENA_NEW(b->arena, struct projection);
	bool whiten = false;
	PD_TRY(read_components(b, object, s, p, err));
	if (pd_attr_opt(object, "mean_"))
		PD_TRY(pd_attr_doubles(b, object, "mean_", s->n_in, &p->mean, err));
	PD_TRY(pd_attr_bool(object, "whiten", &whiten, err));
	if (!whiten)
		return PD_OK;
	const double *variance = NULL;
	PD_TRY(pd_attr_doubles(b, object, "explained_variance_", s->n_out, &variance, err));
	double *scale = PD_ARENA_ARRAY(b->arena, double, s->n_out);
	double least = p->form.coef_f32 ? (double)__FLT_EPSILON__ : __DBL_EPSILON__;
	for (size_t i = 0; i < s->n_out; i++) {
		scale[i] = sqrt(variance[i]);
		if (scale[i] < least) /* singular: would blow up noise */
			scale[i] = least;
	}
	p->scale = scale;
	return PD_OK;
}

#include "model/recognise_table.h"

#include <math.h>

/*
 * Normalizer: each row divided by its norm; Binarizer: 1 above the threshold.
 * Source: sklearn/preprocessing/_data.py; normalize.
 */

enum norm { NORM_L1, NORM_L2, NORM_MAX };

struct normalizer {
	enum norm norm;
};

/* numpy's sum of dense rows is pairwise for l1; l2 is einsum's order, which the CPU decides. */
static double norm_of(enum norm norm, const double *v, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double a = fabs(v[i]);
		if (norm == NORM_MAX)
			sum = a > sum ? a : sum;
		else
			sum += norm == NORM_L1 ? a : v[i] * v[i];
	}
	return norm == NORM_L2 ? sqrt(sum) : sum;
}

static enum pd_code normalize(const struct pd_step *s, const struct pd_matrix *in,
			      struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct normalizer *k = s->self;
	double *x = NULL;
	size_t n = in->sparse ? in->start[in->n_rows] : in->n_rows * in->n_cols;
	const double *from = in->sparse ? in->val : in->x;
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*x), &x, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		size_t at = in->sparse ? in->start[row] : row * in->n_cols;
		size_t end = in->sparse ? in->start[row + 1] : at + in->n_cols;
		double norm = norm_of(k->norm, from + at, end - at);
		for (size_t i = at; i < end; i++) {
			double v = norm == 0 ? from[i] : from[i] / norm;
			x[i] = in->f32 ? (double)(float)v : v;
		}
	}
	*out = *in;
	if (in->sparse)
		out->val = x;
	else
		out->x = x;
	return PD_OK;
}

static const struct pd_step_ops normalizer_ops = { .transform = normalize };

enum pd_code pd_make_normalizer(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct pd_err *err)
{
	struct normalizer *k = PD_ARENA_NEW(b->arena, struct normalizer);
	struct pd_str norm = PD_STR("l2");
	PD_TRY(pd_attr_text(object, "norm", &norm, err));
	if (pd_str_eqz(norm, "l1"))
		k->norm = NORM_L1;
	else if (pd_str_eqz(norm, "l2"))
		k->norm = NORM_L2;
	else if (pd_str_eqz(norm, "max"))
		k->norm = NORM_MAX;
	else
		return pd_option_fail(object, "norm", norm, err);
	if (k->norm == NORM_MAX && pd_sklearn_version(object) < 24) /* took the largest, not |x| */
		return pd_option_fail(object, "norm", PD_STR("max of 0.23 and before"), err);
	s->self = k;
	s->ops = &normalizer_ops;
	s->n_out = s->n_in;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

static enum pd_code binarize(const struct pd_step *s, const struct pd_matrix *in,
			     struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const double *threshold = s->self;
	double *x = NULL;
	struct pd_matrix m = { 0 };
	if (in->sparse && *threshold < 0)
		return pd_fail(err, PD_INVALID,
			       "Cannot binarize a sparse matrix with threshold < 0");
	PD_TRY(pd_matrix_dense(in, arena, &m, err));
	PD_TRY(pd_step_room(arena, m.n_rows, m.n_cols, sizeof(*x), &x, err));
	for (size_t i = 0; i < m.n_rows * m.n_cols; i++)
		x[i] = m.x[i] > *threshold;
	m.x = x;
	struct pd_flow flow = { .x = m };
	if (!in->sparse) {
		*out = m;
		return PD_OK;
	}
	struct pd_flow stacked = { 0 };
	PD_TRY(pd_flow_stack(&flow, 1, true, m.n_rows, arena, &stacked, err));
	*out = stacked.x;
	return PD_OK;
}

static const struct pd_step_ops binarizer_ops = { .transform = binarize };

enum pd_code pd_make_binarizer(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			       struct pd_err *err)
{
	double *threshold = PD_ARENA_NEW(b->arena, double);
	const struct pd_node *n = pd_attr_opt(object, "threshold");
	if (n && !pd_node_to_f64(n, threshold))
		return pd_attr_fail(object, "threshold", err, "is not a number");
	s->self = threshold;
	s->ops = &binarizer_ops;
	s->n_out = s->n_in;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

#include "model/recognise_table.h"
#include "model/kernel/sums.h"
#include "model/sklearn/class_scores.h"
#include "model/sklearn/linear_form.h"

#include <math.h>

/*
 * GaussianNB; MultinomialNB, BernoulliNB and ComplementNB, which are linear forms of the input.
 * Source: sklearn/naive_bayes.py, _joint_log_likelihood.
 */

/* scipy's logsumexp: the largest terms are counted, the others go through log1p. */
static double log_sum(const double *v, size_t n)
{
	double max = v[pd_argmax(v, n)], sum = 0, count = 0;
	for (size_t i = 0; i < n; i++) {
		if (v[i] == max)
			count++;
		else
			sum += exp(v[i] - max);
	}
	return log1p(sum / count) + log(count) + max;
}

enum pd_code pd_class_scores(const struct pd_labels *classes, enum pd_method method, double *score,
			     size_t n_rows, struct pd_arena *arena, struct pd_result *out,
			     struct pd_err *err)
{
	size_t n = classes->n;
	uint32_t *best = NULL;
	if (method == PD_METHOD_PREDICT) {
		PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*best), &best, err));
		for (size_t row = 0; row < n_rows; row++)
			best[row] = (uint32_t)pd_argmax(score + row * n, n);
		return pd_labels_take(classes, 1, best, n_rows, arena, out, err);
	}
	for (size_t row = 0; row < n_rows; row++) {
		double *s = score + row * n, whole = log_sum(s, n);
		for (size_t i = 0; i < n; i++)
			s[i] = method == PD_METHOD_PROBA ? exp(s[i] - whole) : s[i] - whole;
	}
	*out = (struct pd_result){ .n_rows = n_rows, .n_cols = n, .f = score };
	return PD_OK;
}

#define NB_CAN (PD_CAN(PD_METHOD_PREDICT) | PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_LOG_PROBA))

/* ---- GaussianNB */

struct gaussian {
	struct pd_labels classes;
	const double *mean;     /* a row a class */
	const double *variance; /* the same */
	const double *start;    /* log prior - half the sum of log(2 pi variance) */
};

static enum pd_code predict_gaussian(const struct pd_step *s, enum pd_method method,
				     const struct pd_matrix *in, struct pd_arena *arena,
				     struct pd_result *out, struct pd_err *err)
{
	const struct gaussian *g = s->self;
	struct pd_matrix m = { 0 };
	double *score = NULL, *part = NULL;
	size_t n = g->classes.n;
	PD_TRY(pd_matrix_dense(in, arena, &m, err));
	PD_TRY(pd_step_room(arena, m.n_rows, n, sizeof(*score), &score, err));
	PD_TRY(pd_step_room(arena, m.n_cols, 1, sizeof(*part), &part, err));
	for (size_t row = 0; row < m.n_rows; row++) {
		for (size_t k = 0; k < n; k++) {
			const double *mean = g->mean + k * m.n_cols;
			const double *variance = g->variance + k * m.n_cols;
			for (size_t i = 0; i < m.n_cols; i++) {
				double d = m.x[row * m.n_cols + i] - mean[i];
				part[i] = d * d / variance[i];
			}
			score[row * n + k] = g->start[k] - 0.5 * pd_sum_pairwise(part, m.n_cols);
		}
	}
	return pd_class_scores(&g->classes, method, score, m.n_rows, arena, out, err);
}

static const struct pd_step_ops gaussian_ops = { .predict = predict_gaussian };

enum pd_code pd_make_gaussian_nb(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct pd_err *err)
{
	struct gaussian *g = PD_ARENA_NEW(b->arena, struct gaussian);
	const char *var = pd_attr_opt(object, "var_") ? "var_" : "sigma_"; /* until 0.24 */
	const struct pd_array *a = NULL;
	const double *prior = NULL;
	size_t cells = 0;
	PD_TRY(pd_attr_labels(b, object, "classes_", &g->classes, err));
	PD_TRY(pd_attr_array(object, "theta_", &a, err));
	if (a->n_dims != 2 || (size_t)a->shape[0] != g->classes.n)
		return pd_attr_fail(object, "theta_", err, "is not a row a class");
	PD_TRY(pd_step_width(s, object, (size_t)a->shape[1], err));
	cells = a->n_items;
	PD_TRY(pd_attr_doubles(b, object, "theta_", cells, &g->mean, err));
	PD_TRY(pd_attr_doubles(b, object, var, cells, &g->variance, err));
	PD_TRY(pd_attr_doubles(b, object, "class_prior_", g->classes.n, &prior, err));
	double *start = PD_ARENA_ARRAY(b->arena, double, g->classes.n);
	double *part = PD_ARENA_ARRAY(b->scratch, double, s->n_in);
	for (size_t k = 0; k < g->classes.n; k++) {
		for (size_t i = 0; i < s->n_in; i++)
			part[i] = log(2.0 * M_PI * g->variance[k * s->n_in + i]);
		start[k] = log(prior[k]) - 0.5 * pd_sum_pairwise(part, s->n_in);
	}
	g->start = start;
	s->self = g;
	s->ops = &gaussian_ops;
	s->n_out = g->classes.n;
	s->can = NB_CAN;
	return PD_OK;
}

/* ---- the linear ones */

struct linear_nb {
	struct pd_labels classes;
	struct pd_linear_form form;
	bool binarize;
	double threshold;
};

/* Input as zeros and ones. */
static enum pd_code binarized(const struct linear_nb *l, const struct pd_matrix *in,
			      struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	double *v = NULL;
	if (in->sparse && l->threshold < 0)
		return pd_fail(err, PD_INVALID,
			       "Cannot binarize a sparse matrix with threshold < 0");
	size_t n = in->sparse ? in->start[in->n_rows] : in->n_rows * in->n_cols;
	const double *from = in->sparse ? in->val : in->x;
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*v), &v, err));
	for (size_t i = 0; i < n; i++)
		v[i] = from[i] > l->threshold;
	*out = *in;
	if (in->sparse)
		out->val = v;
	else
		out->x = v;
	return PD_OK;
}

static enum pd_code predict_linear(const struct pd_step *s, enum pd_method method,
				   const struct pd_matrix *in, struct pd_arena *arena,
				   struct pd_result *out, struct pd_err *err)
{
	const struct linear_nb *l = s->self;
	struct pd_matrix m = *in;
	double *score = NULL;
	bool f32 = false;
	if (l->binarize)
		PD_TRY(binarized(l, in, arena, &m, err));
	PD_TRY(pd_linear_form_scores(&l->form, &m, arena, &score, &f32, err));
	return pd_class_scores(&l->classes, method, score, m.n_rows, arena, out, err);
}

static const struct pd_step_ops linear_nb_ops = { .predict = predict_linear };

static enum pd_code read_linear(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct linear_nb *l, double **out_bias, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	const double *prior = NULL;
	PD_TRY(pd_attr_labels(b, object, "classes_", &l->classes, err));
	PD_TRY(pd_attr_array(object, "feature_log_prob_", &a, err));
	if (a->n_dims != 2 || (size_t)a->shape[0] != l->classes.n)
		return pd_attr_fail(object, "feature_log_prob_", err, "is not a row a class");
	PD_TRY(pd_step_width(s, object, (size_t)a->shape[1], err));
	l->form.n_in = s->n_in;
	l->form.n_out = l->classes.n;
	l->form.intercept_f64 = true;
	PD_TRY(pd_attr_doubles(b, object, "feature_log_prob_", a->n_items, &l->form.coef, err));
	PD_TRY(pd_attr_doubles(b, object, "class_log_prior_", l->classes.n, &prior, err));
	double *bias = PD_ARENA_ARRAY(b->arena, double, l->classes.n);
	memcpy(bias, prior, l->classes.n * sizeof(*bias));
	l->form.intercept = *out_bias = bias;
	s->self = l;
	s->ops = &linear_nb_ops;
	s->n_out = l->classes.n;
	s->can = NB_CAN;
	return PD_OK;
}

enum pd_code pd_make_multinomial_nb(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err)
{
	double *bias = NULL;
	return read_linear(b, object, s, PD_ARENA_NEW(b->arena, struct linear_nb), &bias, err);
}

enum pd_code pd_make_complement_nb(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err)
{
	double *bias = NULL;
	struct linear_nb *l = PD_ARENA_NEW(b->arena, struct linear_nb);
	PD_TRY(read_linear(b, object, s, l, &bias, err));
	for (size_t i = 0; l->classes.n > 1 && i < l->classes.n; i++)
		bias[i] = 0;
	return PD_OK;
}

/* x . (F - log(1 - exp F))' + prior + the sum of log(1 - exp F) */
enum pd_code pd_make_bernoulli_nb(struct pd_build *b, const struct pd_node *object,
				  struct pd_step *s, struct pd_err *err)
{
	double *bias = NULL;
	struct linear_nb *l = PD_ARENA_NEW(b->arena, struct linear_nb);
	const struct pd_node *threshold = pd_attr_opt(object, "binarize");
	PD_TRY(read_linear(b, object, s, l, &bias, err));
	l->binarize = threshold != NULL;
	if (threshold && !pd_node_to_f64(threshold, &l->threshold))
		return pd_attr_fail(object, "binarize", err, "is not a number");
	double *coef = PD_ARENA_ARRAY(b->arena, double, l->classes.n * s->n_in);
	double *no = PD_ARENA_ARRAY(b->scratch, double, s->n_in);
	for (size_t k = 0; k < l->classes.n; k++) {
		for (size_t i = 0; i < s->n_in; i++) {
			double f = l->form.coef[k * s->n_in + i];
			no[i] = log(1 - exp(f));
			coef[k * s->n_in + i] = f - no[i];
		}
		bias[k] += pd_sum_pairwise(no, s->n_in);
	}
	l->form.coef = coef;
	return PD_OK;
}

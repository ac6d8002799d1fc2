#include <math.h>
#include <stdlib.h>

#include "model/kernel/sums.h"
#include "model/recognise_table.h"
#include "model/sklearn/nested.h"

/*
 * AdaBoost*: members that vote with their weights (SAMME), by their log probabilities (SAMME.R,
 * until 1.7), or whose weighted median is the answer.
 * Source: sklearn/ensemble/_weight_boosting.py.
 */

#define AGAINST_SINCE 1003 /* 1.3: a member votes against the classes it does not predict */

struct ada {
	struct pd_nested *members;
	size_t n;
	const double *weights; /* n or more */
	double sum;
	struct pd_labels classes;
	bool real; /* SAMME.R */
	bool against;
};

/* ---- classifier */

static size_t index_of(const struct pd_labels *l, const struct pd_result *r, size_t row)
{
	for (size_t i = 0; i < l->n; i++) {
		bool same = l->kind == PD_RESULT_STR    ? pd_str_eq(l->s[i], r->s[row])
			    : l->kind == PD_RESULT_I64  ? l->i[i] == r->i[row]
			    : l->kind == PD_RESULT_BOOL ? l->b[i] == r->b[row]
							: l->f[i] == r->f[row];
		if (same)
			return i;
	}
	return l->n;
}

static enum pd_code add_votes(const struct ada *a, size_t m, const struct pd_matrix *in,
			      struct pd_arena *arena, double *sum, struct pd_err *err)
{
	struct pd_result r = { 0 };
	size_t k = a->classes.n;
	double w = a->weights[m], no = a->against ? -1.0 / (double)(k - 1) * w : 0.0;
	PD_TRY(pd_nested_predict(&a->members[m], PD_METHOD_PREDICT, &(struct pd_flow){ .x = *in },
				 arena, &r, err));
	if (r.kind != a->classes.kind || r.n_cols != 1)
		return pd_fail(err, PD_INVALID, "estimator %zu predicts other labels", m);
	for (size_t row = 0; row < in->n_rows; row++) {
		size_t yes = index_of(&a->classes, &r, row);
		for (size_t i = 0; i < k; i++)
			sum[row * k + i] += i == yes ? w : no;
	}
	return PD_OK;
}

static enum pd_code add_logs(const struct ada *a, size_t m, const struct pd_matrix *in,
			     struct pd_arena *arena, double *sum, struct pd_err *err)
{
	struct pd_result r = { 0 };
	size_t k = a->classes.n;
	PD_TRY(pd_nested_doubles(&a->members[m], PD_METHOD_PROBA, &(struct pd_flow){ .x = *in }, k,
				 arena, &r, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		double *p = r.f + row * k;
		for (size_t i = 0; i < k; i++)
			p[i] = log(p[i] < 0x1p-52 ? 0x1p-52 : p[i]);
		double mean = 1.0 / (double)k * pd_sum_pairwise(p, k);
		for (size_t i = 0; i < k; i++)
			sum[row * k + i] += (double)(k - 1) * (p[i] - mean);
	}
	return PD_OK;
}

/* *out: a score for each class, or one for both of two. */
static enum pd_code decide(const struct ada *a, const struct pd_matrix *in, struct pd_arena *arena,
			   double **out, struct pd_err *err)
{
	double *sum = NULL;
	size_t k = a->classes.n;
	PD_TRY(pd_step_room(arena, in->n_rows, k, sizeof(*sum), &sum, err));
	memset(sum, 0, in->n_rows * k * sizeof(*sum));
	for (size_t m = 0; m < a->n; m++)
		PD_TRY(a->real ? add_logs(a, m, in, arena, sum, err)
			       : add_votes(a, m, in, arena, sum, err));
	for (size_t i = 0; i < in->n_rows * k; i++)
		sum[i] /= a->sum;
	for (size_t row = 0; k == 2 && row < in->n_rows; row++)
		sum[row] = -sum[2 * row] + sum[2 * row + 1];
	*out = sum;
	return PD_OK;
}

static enum pd_code probabilities(const struct ada *a, bool logs, const double *d, size_t n_rows,
				  struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	double *p = NULL;
	size_t k = a->classes.n;
	PD_TRY(pd_step_room(arena, n_rows, k, sizeof(*p), &p, err));
	for (size_t row = 0; row < n_rows; row++) {
		double *to = p + row * k;
		for (size_t i = 0; i < k; i++)
			to[i] = k > 2 ? d[row * k + i] / (double)(k - 1)
				      : (i ? d[row] : -d[row]) / 2;
		pd_softmax(to, k);
		for (size_t i = 0; logs && i < k; i++)
			to[i] = log(to[i]);
	}
	*out = (struct pd_result){ .kind = PD_RESULT_F64, .n_rows = n_rows, .n_cols = k, .f = p };
	return PD_OK;
}

static enum pd_code classify(const struct pd_step *s, enum pd_method method,
			     const struct pd_matrix *in, struct pd_arena *arena,
			     struct pd_result *out, struct pd_err *err)
{
	const struct ada *a = s->self;
	double *d = NULL;
	uint32_t *best = NULL;
	size_t k = a->classes.n;
	PD_TRY(decide(a, in, arena, &d, err));
	if (method == PD_METHOD_PROBA || method == PD_METHOD_LOG_PROBA)
		return probabilities(a, method == PD_METHOD_LOG_PROBA, d, in->n_rows, arena, out,
				     err);
	*out = (struct pd_result){ .kind = PD_RESULT_F64,
				   .n_rows = in->n_rows,
				   .n_cols = k == 2 ? 1 : k,
				   .flat = k == 2,
				   .f = d };
	if (method == PD_METHOD_DECISION)
		return PD_OK;
	PD_TRY(pd_step_room(arena, in->n_rows, 1, sizeof(*best), &best, err));
	for (size_t row = 0; row < in->n_rows; row++)
		best[row] = k == 2 ? d[row] > 0 : (uint32_t)pd_argmax(d + row * k, k);
	return pd_labels_take(&a->classes, 1, best, in->n_rows, arena, out, err);
}

static const struct pd_step_ops classify_ops = { .predict = classify };

/* ---- regressor */

struct pick {
	double y;
	uint32_t member;
};

static int by_value(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;
	if (x->y != y->y)
		return x->y < y->y ? -1 : 1;
	return x->member < y->member ? -1 : 1;
}

static double median(const struct ada *a, struct pick *picks)
{
	double all = 0, sum = 0;
	qsort(picks, a->n, sizeof(*picks), by_value);
	for (size_t m = 0; m < a->n; m++)
		all += a->weights[picks[m].member];
	for (size_t m = 0; m < a->n; m++) {
		sum += a->weights[picks[m].member];
		if (sum >= 0.5 * all)
			return picks[m].y;
	}
	return picks[0].y;
}

static enum pd_code regress(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct ada *a = s->self;
	struct pick *picks = NULL;
	double *y = NULL;
	(void)method;
	PD_TRY(pd_step_room(arena, in->n_rows, a->n, sizeof(*picks), &picks, err));
	PD_TRY(pd_step_room(arena, in->n_rows, 1, sizeof(*y), &y, err));
	for (size_t m = 0; m < a->n; m++) {
		struct pd_result r = { 0 };
		PD_TRY(pd_nested_doubles(&a->members[m], PD_METHOD_PREDICT,
					 &(struct pd_flow){ .x = *in }, 1, arena, &r, err));
		for (size_t row = 0; row < in->n_rows; row++)
			picks[row * a->n + m] = (struct pick){ r.f[row], (uint32_t)m };
	}
	for (size_t row = 0; row < in->n_rows; row++)
		y[row] = median(a, picks + row * a->n);
	*out = (struct pd_result){
		.kind = PD_RESULT_F64, .n_rows = in->n_rows, .n_cols = 1, .flat = true, .f = y
	};
	return PD_OK;
}

static const struct pd_step_ops regress_ops = { .predict = regress };

/* ---- reading */

static enum pd_code read_members(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct ada *a, struct pd_err *err)
{
	const struct pd_array *w = NULL;
	PD_TRY(pd_nested_list(b, object, "estimators_", NULL, s, &a->members, &a->n, err));
	PD_TRY(pd_attr_array(object, "estimator_weights_", &w, err));
	if (w->n_dims != 1 || w->n_items < a->n)
		return pd_attr_fail(object, "estimator_weights_", err, "has %zu weights, not %zu",
				    w->n_items, a->n);
	PD_TRY(pd_attr_doubles(b, object, "estimator_weights_", w->n_items, &a->weights, err));
	a->sum = pd_sum_pairwise(a->weights, w->n_items);
	return PD_OK;
}

enum pd_code pd_make_ada_regressor(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err)
{
	struct ada *a = PD_ARENA_NEW(b->arena, struct ada);
	PD_TRY(read_members(b, object, s, a, err));
	s->self = a;
	s->ops = &regress_ops;
	s->n_out = 1;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	return PD_OK;
}

static enum pd_code read_algorithm(const struct pd_node *object, struct ada *a, struct pd_err *err)
{
	unsigned version = pd_sklearn_version(object);
	struct pd_str algorithm = PD_STR("SAMME");
	PD_TRY(pd_attr_text(object, "algorithm", &algorithm, err));
	a->real = pd_str_eqz(algorithm, "SAMME.R");
	if (!a->real && !pd_str_eqz(algorithm, "SAMME") && !pd_str_eqz(algorithm, "deprecated"))
		return pd_option_fail(object, "algorithm", algorithm, err);
	a->against = version >= AGAINST_SINCE;
	for (size_t m = 0; a->real && m < a->n; m++)
		if (!pd_nested_can(&a->members[m], PD_METHOD_PROBA))
			return pd_attr_fail(object, "estimators_", err,
					    "have no predict_proba for SAMME.R");
	return PD_OK;
}

enum pd_code pd_make_ada_classifier(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err)
{
	struct ada *a = PD_ARENA_NEW(b->arena, struct ada);
	PD_TRY(read_members(b, object, s, a, err));
	PD_TRY(pd_attr_labels(b, object, "classes_", &a->classes, err));
	if (a->classes.n < 2)
		return pd_attr_fail(object, "classes_", err, "has one class only");
	PD_TRY(read_algorithm(object, a, err));
	s->self = a;
	s->ops = &classify_ops;
	s->n_out = 1;
	s->can = PD_CAN(PD_METHOD_PREDICT) | PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_LOG_PROBA) |
		 PD_CAN(PD_METHOD_DECISION);
	return PD_OK;
}

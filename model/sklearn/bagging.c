#include <assert.h>
#include <math.h>

#include "model/kernel/sums.h"
#include "model/recognise_table.h"
#include "model/sklearn/nested.h"

/*
 * Bagging*: members that each saw some columns; the mean of what they say. A classifier's members
 * know class numbers, and perhaps not all of them.
 * Source: sklearn/ensemble/_bagging.py.
 */

struct bagging {
	struct pd_nested *members;
	size_t n;
	bool classifier;
	struct pd_labels classes;
	const uint32_t **numbers; /* of each member: its classes, or NULL: all in order */
	size_t *n_numbers;
	size_t n_scores; /* columns of decision_function */
};

static enum pd_code add_member(const struct bagging *g, size_t m, enum pd_method method,
			       const struct pd_matrix *in, struct pd_arena *arena, double *sum,
			       struct pd_err *err)
{
	struct pd_result r = { 0 };
	size_t k = g->classes.n, own = g->n_numbers[m];
	const uint32_t *numbers = g->numbers[m];
	PD_TRY(pd_nested_doubles(&g->members[m], method, &(struct pd_flow){ .x = *in },
				 method == PD_METHOD_PREDICT ? 1 : own, arena, &r, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		double *to = sum + row * k;
		if (method == PD_METHOD_PREDICT) {
			if (!(r.f[row] >= 0 && r.f[row] < (double)k))
				return pd_fail(err, PD_INVALID, "estimator %zu: class %g of %zu", m,
					       r.f[row], k);
			to[(size_t)r.f[row]] += 1;
			continue;
		}
		for (size_t i = 0; i < own; i++) {
			double *cell = &to[numbers ? numbers[i] : i];
			double v = r.f[row * own + i];
			if (method == PD_METHOD_PROBA)
				*cell += v;
			else if (v > -INFINITY || *cell > -INFINITY)
				*cell = (*cell > v ? *cell : v) + log1p(exp(-fabs(*cell - v)));
		}
	}
	return PD_OK;
}

/* Mean probabilities, or for `logs` the logarithm of the mean of what the members call log. */
static enum pd_code probabilities(const struct bagging *g, bool logs, const struct pd_matrix *in,
				  struct pd_arena *arena, double **out, struct pd_err *err)
{
	double *sum = NULL;
	size_t cells = in->n_rows * g->classes.n;
	bool by_log = logs && pd_nested_can(&g->members[0], PD_METHOD_LOG_PROBA);
	PD_TRY(pd_step_room(arena, in->n_rows, g->classes.n, sizeof(*sum), &sum, err));
	for (size_t i = 0; i < cells; i++)
		sum[i] = by_log ? -INFINITY : 0;
	for (size_t m = 0; m < g->n; m++) {
		enum pd_method method = by_log ? PD_METHOD_LOG_PROBA : PD_METHOD_PROBA;
		if (!pd_nested_can(&g->members[m], method))
			method = PD_METHOD_PREDICT;
		PD_TRY(add_member(g, m, method, in, arena, sum, err));
	}
	for (size_t i = 0; i < cells; i++) {
		if (by_log)
			sum[i] -= log((double)g->n);
		else
			sum[i] = logs ? log(sum[i] / (double)g->n) : sum[i] / (double)g->n;
	}
	*out = sum;
	return PD_OK;
}

static enum pd_code mean(const struct bagging *g, enum pd_method method, size_t n_cols,
			 const struct pd_matrix *in, struct pd_arena *arena, struct pd_result *out,
			 struct pd_err *err)
{
	double *sum = NULL;
	assert(g->n);
	for (size_t m = 0; m < g->n; m++) {
		struct pd_result r = { 0 };
		PD_TRY(pd_nested_doubles(&g->members[m], method, &(struct pd_flow){ .x = *in },
					 n_cols, arena, &r, err));
		if (!m) {
			n_cols = r.n_cols;
			PD_TRY(pd_step_room(arena, r.n_rows, n_cols, sizeof(*sum), &sum, err));
			memset(sum, 0, r.n_rows * n_cols * sizeof(*sum));
			*out = r;
		}
		for (size_t i = 0; i < r.n_rows * n_cols; i++)
			sum[i] += r.f[i];
	}
	for (size_t i = 0; i < in->n_rows * n_cols; i++)
		sum[i] /= (double)g->n;
	out->kind = PD_RESULT_F64;
	out->f = sum;
	return PD_OK;
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct bagging *g = s->self;
	size_t k = g->classes.n;
	double *p = NULL;
	uint32_t *best = NULL;
	if (!g->classifier || method == PD_METHOD_DECISION)
		return mean(g, method, g->n_scores, in, arena, out, err);
	PD_TRY(probabilities(g, method == PD_METHOD_LOG_PROBA, in, arena, &p, err));
	*out = (struct pd_result){
		.kind = PD_RESULT_F64, .n_rows = in->n_rows, .n_cols = k, .f = p
	};
	if (method != PD_METHOD_PREDICT)
		return PD_OK;
	PD_TRY(pd_step_room(arena, in->n_rows, 1, sizeof(*best), &best, err));
	for (size_t row = 0; row < in->n_rows; row++)
		best[row] = (uint32_t)pd_argmax(p + row * k, k);
	return pd_labels_take(&g->classes, 1, best, in->n_rows, arena, out, err);
}

static const struct pd_step_ops bagging_ops = { .predict = predict };

/* classes_ of a member: numbers of the whole's classes. */
static enum pd_code read_numbers(struct pd_build *b, const struct bagging *g,
				 const struct pd_node *member, const uint32_t **out, size_t *out_n,
				 struct pd_err *err)
{
	struct pd_labels own = { 0 };
	PD_TRY(pd_attr_labels(b, member, "classes_", &own, err));
	if (own.kind != PD_RESULT_I64)
		return pd_attr_fail(member, "classes_", err, "are no class numbers");
	uint32_t *numbers = PD_ARENA_ARRAY(b->arena, uint32_t, own.n);
	bool all = own.n == g->classes.n;
	for (size_t i = 0; i < own.n; i++) {
		if (own.i[i] < 0 || (uint64_t)own.i[i] >= g->classes.n)
			return pd_attr_fail(member, "classes_", err, "has class %lld of %zu",
					    (long long)own.i[i], g->classes.n);
		numbers[i] = (uint32_t)own.i[i];
	}
	*out = all ? NULL : numbers;
	*out_n = own.n;
	return PD_OK;
}

static enum pd_code read_classes(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct bagging *g, struct pd_err *err)
{
	bool scores = true;
	PD_TRY(pd_attr_labels(b, object, "classes_", &g->classes, err));
	PD_TRY(pd_arena_try(b->arena, g->n, sizeof(*g->numbers), &g->numbers, err));
	PD_TRY(pd_arena_try(b->arena, g->n, sizeof(*g->n_numbers), &g->n_numbers, err));
	for (size_t m = 0; m < g->n; m++) {
		if (read_numbers(b, g, g->members[m].final, &g->numbers[m], &g->n_numbers[m],
				 err) != PD_OK)
			return pd_err_prefix(err, "estimator %zu", m);
		scores &= pd_nested_can(&g->members[m], PD_METHOD_DECISION) && !g->numbers[m];
	}
	s->can |= PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_LOG_PROBA);
	if (scores)
		s->can |= PD_CAN(PD_METHOD_DECISION);
	return PD_OK;
}

enum pd_code pd_make_bagging(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			     struct pd_err *err)
{
	struct bagging *g = PD_ARENA_NEW(b->arena, struct bagging);
	if (!s->n_in && pd_attr_opt(object, "n_features_"))
		PD_TRY(pd_attr_size(object, "n_features_", 1, PD_FEATURES_MAX, &s->n_in, err));
	if (!s->n_in)
		return pd_attr_fail(object, "n_features_in_", err, "is missing");
	PD_TRY(pd_nested_list(b, object, "estimators_", "estimators_features_", s, &g->members,
			      &g->n, err));
	g->classifier = pd_str_ends(s->cls, PD_STR("Classifier"));
	s->can = PD_CAN(PD_METHOD_PREDICT);
	if (g->classifier)
		PD_TRY(read_classes(b, object, s, g, err));
	s->self = g;
	s->ops = &bagging_ops;
	s->nan_ok = s->nan_ok_sparse = s->inf_ok = true; /* the members look */
	return PD_OK;
}

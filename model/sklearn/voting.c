#include "model/kernel/sums.h"
#include "model/recognise_table.h"
#include "model/sklearn/nested.h"

/*
 * Voting*: a weighted mean of the members' numbers, or the class that most of them say. The members
 * of a classifier know class numbers.
 * Source: sklearn/ensemble/_voting.py; numpy's average.
 */

struct voting {
	struct pd_nested *members;
	size_t n;
	const double *weights; /* NULL: equal */
	double sum;
	bool classifier, soft;
	struct pd_labels classes;
};

/* *out: (n_rows * n_cols) for each member in turn. */
static enum pd_code collect(const struct voting *v, enum pd_method method, size_t n_cols,
			    const struct pd_flow *in, struct pd_arena *arena, const double ***out,
			    struct pd_err *err)
{
	const double **all = NULL;
	PD_TRY(pd_step_room(arena, v->n, 1, sizeof(*all), &all, err));
	for (size_t m = 0; m < v->n; m++) {
		struct pd_result r = { 0 };
		PD_TRY(pd_nested_doubles(&v->members[m], method, in, n_cols, arena, &r, err));
		all[m] = r.f;
	}
	*out = all;
	return PD_OK;
}

static enum pd_code average(const struct voting *v, enum pd_method method, size_t n_cols,
			    const struct pd_flow *in, struct pd_arena *arena, double **out,
			    struct pd_err *err)
{
	const double **all = NULL;
	double *mean = NULL, *cell = NULL;
	/* of one row, numpy sums the members' values along contiguous memory: in pairs */
	bool pairs = !v->classifier && pd_flow_rows(in) == 1;
	PD_TRY(collect(v, method, n_cols, in, arena, &all, err));
	PD_TRY(pd_step_room(arena, pd_flow_rows(in), n_cols, sizeof(*mean), &mean, err));
	PD_TRY(pd_step_room(arena, v->n, 1, sizeof(*cell), &cell, err));
	for (size_t i = 0; i < pd_flow_rows(in) * n_cols; i++) {
		double sum = 0;
		for (size_t m = 0; m < v->n; m++) {
			cell[m] = v->weights ? all[m][i] * v->weights[m] : all[m][i];
			sum += cell[m];
		}
		sum = pairs ? pd_sum_pairwise(cell, v->n) : sum;
		mean[i] = sum / (v->weights ? v->sum : (double)v->n);
	}
	*out = mean;
	return PD_OK;
}

static enum pd_code count_votes(const struct voting *v, const struct pd_flow *in,
				struct pd_arena *arena, double **out, struct pd_err *err)
{
	const double **all = NULL;
	double *votes = NULL;
	size_t k = v->classes.n;
	PD_TRY(collect(v, PD_METHOD_PREDICT, 1, in, arena, &all, err));
	PD_TRY(pd_step_room(arena, pd_flow_rows(in), k, sizeof(*votes), &votes, err));
	memset(votes, 0, pd_flow_rows(in) * k * sizeof(*votes));
	for (size_t row = 0; row < pd_flow_rows(in); row++)
		for (size_t m = 0; m < v->n; m++) {
			double c = all[m][row];
			if (!(c >= 0 && c < (double)k))
				return pd_fail(err, PD_INVALID, "estimator %zu: class %g of %zu", m,
					       c, k);
			votes[row * k + (size_t)c] += v->weights ? v->weights[m] : 1;
		}
	*out = votes;
	return PD_OK;
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_flow *in, struct pd_arena *arena, struct pd_result *out,
			    struct pd_err *err)
{
	const struct voting *v = s->self;
	size_t k = v->classifier ? v->classes.n : 1;
	double *y = NULL;
	uint32_t *best = NULL;
	if (v->classifier && !v->soft)
		PD_TRY(count_votes(v, in, arena, &y, err));
	else
		PD_TRY(average(v, v->classifier ? PD_METHOD_PROBA : PD_METHOD_PREDICT, k, in, arena,
			       &y, err));
	*out = (struct pd_result){ .kind = PD_RESULT_F64,
				   .n_rows = pd_flow_rows(in),
				   .n_cols = k,
				   .flat = !v->classifier,
				   .f = y };
	if (!v->classifier || method == PD_METHOD_PROBA)
		return PD_OK;
	PD_TRY(pd_step_room(arena, pd_flow_rows(in), 1, sizeof(*best), &best, err));
	for (size_t row = 0; row < pd_flow_rows(in); row++)
		best[row] = (uint32_t)pd_argmax(y + row * k, k);
	return pd_labels_take(&v->classes, 1, best, pd_flow_rows(in), arena, out, err);
}

/* What each member says, side by side. */
static enum pd_code transform(const struct pd_step *s, const struct pd_flow *in,
			      struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct voting *v = s->self;
	size_t k = v->soft ? v->classes.n : 1, width = k * v->n;
	const double **all = NULL;
	size_t n_rows = pd_flow_rows(in);
	double *x = NULL;
	PD_TRY(collect(v, v->soft ? PD_METHOD_PROBA : PD_METHOD_PREDICT, k, in, arena, &all, err));
	PD_TRY(pd_step_room(arena, pd_flow_rows(in), width, sizeof(*x), &x, err));
	for (size_t row = 0; row < pd_flow_rows(in); row++)
		for (size_t m = 0; m < v->n; m++)
			memcpy(x + row * width + m * k, all[m] + row * k, k * sizeof(*x));
	*out = (struct pd_flow){ .x = { .n_rows = n_rows, .n_cols = width, .x = x } };
	return PD_OK;
}

static const struct pd_step_ops voting_ops = { .answer = predict, .flow = transform };
static const struct pd_step_ops hard_ops = { .answer = predict };

/* ---- reading */

static bool is_dropped(const struct pd_node *pair)
{
	if (!pair || (pair->kind != PD_NODE_TUPLE && pair->kind != PD_NODE_LIST) ||
	    pair->n_items != 2)
		return false;
	const struct pd_node *e = pair->items[1];
	return pd_node_is(e, PD_NODE_NONE) ||
	       (pd_node_is(e, PD_NODE_TEXT) && pd_str_eqz(e->s, "drop"));
}

static bool weight_at(const struct pd_node *list, size_t i, double *out)
{
	if (list->kind == PD_NODE_LIST || list->kind == PD_NODE_TUPLE)
		return i < list->n_items && pd_node_to_f64(list->items[i], out);
	if (list->kind != PD_NODE_ARRAY || !pd_dtype_is_number(list->arr->type) ||
	    list->arr->n_dims != 1 || i >= list->arr->n_items)
		return false;
	*out = pd_array_f64(list->arr, i);
	return true;
}

/* Weights stand for the estimators as given, of which some may have been dropped. */
static enum pd_code read_weights(struct pd_build *b, const struct pd_node *object, struct voting *v,
				 struct pd_err *err)
{
	const struct pd_node *w = pd_attr_opt(object, "weights"), *given = NULL;
	if (!w)
		return PD_OK;
	PD_TRY(pd_attr(object, "estimators", &given, err));
	double *weights = PD_ARENA_ARRAY(b->arena, double, v->n);
	size_t n = 0;
	for (size_t i = 0; given->kind == PD_NODE_LIST && i < given->n_items && n <= v->n; i++) {
		double one = 0;
		if (is_dropped(given->items[i]))
			continue;
		if (n == v->n || !weight_at(w, i, &one))
			return pd_attr_fail(object, "weights", err, "do not fit %zu estimators",
					    v->n);
		weights[n++] = one;
	}
	if (n != v->n)
		return pd_attr_fail(object, "weights", err, "do not fit %zu estimators", v->n);
	v->weights = weights;
	v->sum = pd_sum_pairwise(weights, n);
	return PD_OK;
}

static enum pd_code read_classifier(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct voting *v, struct pd_err *err)
{
	struct pd_str voting = PD_STR("hard");
	bool proba = true;
	PD_TRY(pd_attr_text(object, "voting", &voting, err));
	v->soft = pd_str_eqz(voting, "soft");
	if (!v->soft && !pd_str_eqz(voting, "hard"))
		return pd_option_fail(object, "voting", voting, err);
	PD_TRY(pd_attr_labels(b, object, "classes_", &v->classes, err));
	for (size_t m = 0; m < v->n; m++)
		proba &= pd_nested_can(&v->members[m], PD_METHOD_PROBA);
	if (v->soft && !proba)
		return pd_attr_fail(object, "estimators_", err, "have no predict_proba");
	if (v->soft)
		s->can |= PD_CAN(PD_METHOD_PROBA);
	return PD_OK;
}

enum pd_code pd_make_voting(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err)
{
	struct voting *v = PD_ARENA_NEW(b->arena, struct voting);
	bool flatten = true;
	PD_TRY(pd_nested_list(b, object, "estimators_", NULL, s, &v->members, &v->n, err));
	PD_TRY(read_weights(b, object, v, err));
	PD_TRY(pd_attr_bool(object, "flatten_transform", &flatten, err));
	v->classifier = pd_str_ends(s->cls, PD_STR("Classifier"));
	s->can = PD_CAN(PD_METHOD_PREDICT);
	if (v->classifier)
		PD_TRY(read_classifier(b, object, s, v, err));
	bool columns = v->classifier ? v->soft && flatten : true;
	if (columns)
		s->can |= PD_CAN(PD_METHOD_TRANSFORM);
	s->self = v;
	s->ops = columns ? &voting_ops : &hard_ops;
	s->nan_ok = s->nan_ok_sparse = s->inf_ok = true; /* the members look */
	return PD_OK;
}

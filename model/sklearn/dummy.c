#include "model/recognise_table.h"
#include "model/kernel/sums.h"

#include <math.h>

/*
 * DummyRegressor, DummyClassifier of one output: the same answer for every row, whatever is in it.
 * Strategies that draw at random are refused.
 * Source: sklearn/dummy.py.
 */

struct dummy {
	struct pd_labels classes;
	const double *values; /* regressor: n_out of them; classifier: probabilities */
	size_t n_out;
	uint32_t label;
	bool flat;
};

static enum pd_code repeat(const struct dummy *d, bool logs, size_t n_rows, bool flat,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	double *y = NULL;
	PD_TRY(pd_step_room(arena, n_rows, d->n_out, sizeof(*y), &y, err));
	for (size_t i = 0; i < n_rows * d->n_out; i++)
		y[i] = logs ? log(d->values[i % d->n_out]) : d->values[i % d->n_out];
	*out = (struct pd_result){ .n_rows = n_rows, .n_cols = d->n_out, .flat = flat, .f = y };
	return PD_OK;
}

static enum pd_code answer(const struct pd_step *s, enum pd_method method, const struct pd_flow *in,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	const struct dummy *d = s->self;
	size_t n_rows = pd_flow_rows(in);
	uint32_t *index = NULL;
	if (!d->classes.n)
		return repeat(d, false, n_rows, d->flat, arena, out, err);
	if (method != PD_METHOD_PREDICT)
		return repeat(d, method == PD_METHOD_LOG_PROBA, n_rows, false, arena, out, err);
	PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*index), &index, err));
	for (size_t i = 0; i < n_rows; i++)
		index[i] = d->label;
	return pd_labels_take(&d->classes, 1, index, n_rows, arena, out, err);
}

static const struct pd_step_ops dummy_ops = { .answer = answer };

enum pd_code pd_make_dummy_regressor(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err)
{
	struct dummy *d = PD_ARENA_NEW(b->arena, struct dummy);
	PD_TRY(pd_attr_size(object, "n_outputs_", 1, PD_OUTPUTS_MAX, &d->n_out, err));
	PD_TRY(pd_attr_doubles(b, object, "constant_", d->n_out, &d->values, err));
	d->flat = d->n_out == 1;
	s->self = d;
	s->ops = &dummy_ops;
	s->n_out = d->n_out;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	return PD_OK;
}

enum pd_code pd_make_dummy_classifier(struct pd_build *b, const struct pd_node *object,
				      struct pd_step *s, struct pd_err *err)
{
	struct dummy *d = PD_ARENA_NEW(b->arena, struct dummy);
	struct pd_str strategy = { 0 };
	size_t n_outputs = 0;
	PD_TRY(pd_attr_text(object, "strategy", &strategy, err));
	PD_TRY(pd_attr_text(object, "_strategy", &strategy, err));
	bool prior = pd_str_eqz(strategy, "prior");
	if (!prior && !pd_str_eqz(strategy, "most_frequent"))
		return pd_option_fail(object, "strategy", strategy, err);
	PD_TRY(pd_attr_size(object, "n_outputs_", 1, 1, &n_outputs, err));
	PD_TRY(pd_attr_labels(b, object, "classes_", &d->classes, err));
	d->n_out = d->classes.n;
	PD_TRY(pd_attr_doubles(b, object, "class_prior_", d->n_out, &d->values, err));
	d->label = (uint32_t)pd_argmax(d->values, d->n_out);
	if (!prior) {
		double *one = PD_ARENA_ARRAY(b->arena, double, d->n_out);
		one[d->label] = 1;
		d->values = one;
	}
	s->self = d;
	s->ops = &dummy_ops;
	s->n_out = 1;
	s->can = PD_CAN(PD_METHOD_PREDICT) | PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_LOG_PROBA);
	return PD_OK;
}

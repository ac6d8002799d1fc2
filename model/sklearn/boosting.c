#include "model/sklearn/boosting.h"

#include <math.h>

#include "model/kernel/sums.h"

enum pd_code pd_boosting_target(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct pd_boosting *out, struct pd_err *err)
{
	*out = (struct pd_boosting){ .n_raw = 1 };
	out->classifier = pd_str_ends(s->cls, PD_STR("Classifier"));
	s->n_out = 1;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	if (!out->classifier)
		return PD_OK;
	PD_TRY(pd_attr_labels(b, object, "classes_", &out->classes, err));
	if (out->classes.n < 2)
		return pd_attr_fail(object, "classes_", err, "has one class only");
	out->n_raw = out->classes.n == 2 ? 1 : out->classes.n;
	s->can |= PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_DECISION);
	s->can |= PD_CAN(PD_METHOD_LOG_PROBA);
	return PD_OK;
}

static enum pd_code labels(const struct pd_boosting *t, const double *raw, size_t n_rows,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	uint32_t *index = NULL;
	PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*index), &index, err));
	for (size_t i = 0; i < n_rows; i++) {
		const double *r = raw + i * t->n_raw;
		if (t->n_raw > 1)
			index[i] = (uint32_t)pd_argmax(r, t->n_raw);
		else
			index[i] = t->zero_is_second ? *r >= 0 : *r > 0;
	}
	return pd_labels_take(&t->classes, 1, index, n_rows, arena, out, err);
}

static enum pd_code probabilities(const struct pd_boosting *t, bool logs, const double *raw,
				  size_t n_rows, struct pd_arena *arena, struct pd_result *out,
				  struct pd_err *err)
{
	double *p = NULL;
	size_t k = t->classes.n;
	PD_TRY(pd_step_room(arena, n_rows, k, sizeof(*p), &p, err));
	for (size_t i = 0; i < n_rows; i++) {
		double *row = p + i * k;
		if (t->n_raw > 1) {
			memcpy(row, raw + i * k, k * sizeof(*p));
			pd_softmax(row, k);
			continue;
		}
		row[1] = pd_expit(t->link == PD_BOOST_EXPONENTIAL ? 2 * raw[i] : raw[i]);
		row[0] = 1 - row[1];
	}
	for (size_t i = 0; logs && i < n_rows * k; i++)
		p[i] = log(p[i]);
	*out = (struct pd_result){ .kind = PD_RESULT_F64, .n_rows = n_rows, .n_cols = k, .f = p };
	return PD_OK;
}

enum pd_code pd_boosting_answer(const struct pd_boosting *t, enum pd_method method, double *raw,
				size_t n_rows, struct pd_arena *arena, struct pd_result *out,
				struct pd_err *err)
{
	if (t->classifier && method == PD_METHOD_PREDICT)
		return labels(t, raw, n_rows, arena, out, err);
	if (t->classifier && method != PD_METHOD_DECISION)
		return probabilities(t, method == PD_METHOD_LOG_PROBA, raw, n_rows, arena, out,
				     err);
	for (size_t i = 0; t->link == PD_BOOST_LOG && i < n_rows; i++)
		raw[i] = exp(raw[i]);
	*out = (struct pd_result){ .kind = PD_RESULT_F64,
				   .n_rows = n_rows,
				   .n_cols = t->n_raw,
				   .flat = t->n_raw == 1,
				   .f = raw };
	return PD_OK;
}

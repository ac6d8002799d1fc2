/*
 * model/sklearn/boosting.h - from the sums of boosted trees to an answer: labels, probabilities or
 * the sums themselves. Two classes share one sum.
 */
#ifndef PD_MODEL_SKLEARN_BOOSTING_H
#define PD_MODEL_SKLEARN_BOOSTING_H

#include "model/recognise.h"

enum pd_boost_link {
	PD_BOOST_IDENTITY,
	PD_BOOST_LOG,         /* a regressor's exp */
	PD_BOOST_EXPIT,       /* two classes */
	PD_BOOST_EXPONENTIAL, /* two classes: expit(2 * raw) */
	PD_BOOST_SOFTMAX,
};

struct pd_boosting {
	bool classifier;
	bool zero_is_second; /* two classes: a sum of 0 means the second one */
	enum pd_boost_link link;
	size_t n_raw; /* sums a row */
	struct pd_labels classes;
};

/* Classes, number of sums, methods and outputs of the step: by its class name. */
PD_MUST enum pd_code pd_boosting_target(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, struct pd_boosting *out,
					struct pd_err *err);

/* raw: n_rows * n_raw sums, overwritten. */
PD_MUST enum pd_code pd_boosting_answer(const struct pd_boosting *t, enum pd_method method,
					double *raw, size_t n_rows, struct pd_arena *arena,
					struct pd_result *out, struct pd_err *err);

#endif

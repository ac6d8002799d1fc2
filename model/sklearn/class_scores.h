/* model/sklearn/class_scores.h - classifiers whose rows have one log score a class. */
#ifndef PD_MODEL_SKLEARN_CLASS_SCORES_H
#define PD_MODEL_SKLEARN_CLASS_SCORES_H

#include "model/recognise.h"

/* score: n_rows * n of joint log likelihoods, overwritten. The best class, or probabilities by
 * logsumexp, or their logarithms. */
PD_MUST enum pd_code pd_class_scores(const struct pd_labels *classes, enum pd_method method,
				     double *score, size_t n_rows, struct pd_arena *arena,
				     struct pd_result *out, struct pd_err *err);

#endif

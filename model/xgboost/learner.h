/*
 * model/xgboost/learner.h - an XGBoost model: trees (gbtree, dart) or a line (gblinear), and what
 * its objective makes of their sums.
 * All arithmetic is in float32, as the library's: values are doubles that equal floats.
 * Source: XGBoost, doc/model.schema, src/tree/tree_model.cc, src/objective/, src/gbm/.
 */
#ifndef PD_MODEL_XGBOOST_LEARNER_H
#define PD_MODEL_XGBOOST_LEARNER_H

#include "model/kernel/boost.h"

enum pd_xgb_link {
	PD_XGB_IDENTITY,
	PD_XGB_LOGISTIC,
	PD_XGB_EXP,
	PD_XGB_HINGE,
	PD_XGB_SOFTPROB,
	PD_XGB_SOFTMAX, /* the answer is the class */
};

struct pd_xgb {
	struct pd_boost trees;
	size_t n_trees;        /* that count */
	const float *value;    /* of each node */
	const uint32_t *group; /* of each tree */
	const float *drop;     /* dart: weight of each tree, or NULL */
	const float *weights;  /* gblinear: (n_columns + 1) * n_groups, the last row is the bias */
	const float *start;    /* of each group */
	size_t n_groups;
	size_t n_columns;
	size_t n_names;
	const struct pd_str *names;
	enum pd_xgb_link link;
	bool in_place; /* the wrappers' way of predicting: dart rounds once more */
};

/* wrapped: as scikit-learn's wrappers predict: only the rounds up to best_iteration count.
 * PD_CORRUPT, PD_UNSUPPORTED (an objective, leaves of several values), PD_TOO_LARGE. */
PD_MUST enum pd_code pd_xgb_read(struct pd_xgb *m, struct pd_str bytes, bool wrapped,
				 struct pd_arena *arena, struct pd_arena *scratch,
				 struct pd_err *err);

/* out: n_groups values of one row, before the objective. x has n_columns values that equal floats,
 * NaN is missing; leaf has room for each tree. */
void pd_xgb_margins(const struct pd_xgb *m, const double *x, bool has_nan, uint32_t *leaf,
		    float *out);

/* The objective's transform, in place. SOFTMAX gives the class in out[0]. */
void pd_xgb_link_row(const struct pd_xgb *m, float *v);

#endif

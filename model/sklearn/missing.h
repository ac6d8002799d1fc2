/* model/sklearn/missing.h - what an imputer takes for a missing value. */
#ifndef PD_MODEL_SKLEARN_MISSING_H
#define PD_MODEL_SKLEARN_MISSING_H

#include "model/recognise.h"

/* A value as imputers keep it: number (NaN too), text or None. */
struct pd_missing {
	struct pd_cell cell; /* NULL (None, NaN, pandas' NA), F64 or STR */
};

PD_MUST enum pd_code pd_missing_read(struct pd_build *b, const struct pd_node *object,
				     struct pd_missing *out, struct pd_err *err);

/* The cell is a missing value. */
bool pd_is_missing(const struct pd_missing *m, struct pd_cell cell);

/* NaN stands for a missing value: the matrix may hold some. */
bool pd_missing_is_nan(const struct pd_missing *m);

/* features_ of a MissingIndicator, ascending or not, all below n_in. */
PD_MUST enum pd_code pd_indicator_features(struct pd_build *b, const struct pd_node *object,
					   size_t n_in, const uint32_t **out, size_t *out_n,
					   struct pd_err *err);

#endif

/*
 * model/sklearn/nested.h - estimators inside an estimator: each a chain of steps that takes the
 * outer one's matrix and gives an answer of its own.
 */
#ifndef PD_MODEL_SKLEARN_NESTED_H
#define PD_MODEL_SKLEARN_NESTED_H

#include "model/chain.h"
#include "model/recognise.h"

#define PD_NESTED_MAX ((size_t)1 << 16)

struct pd_nested {
	struct pd_chain chain;
	const uint32_t *columns; /* of the outer matrix, or NULL: all */
	size_t n_columns;
	const struct pd_node *final; /* while building: the last estimator */
};

/* One estimator. n_in: 0 when not known. */
PD_MUST enum pd_code pd_nested_read(struct pd_build *b, const struct pd_node *object, size_t n_in,
				    struct pd_nested *out, struct pd_err *err);

/* The list called `name`, with the columns of each when `features` is not NULL (and is there). Sets
 * the step's width if it isn't known. */
PD_MUST enum pd_code pd_nested_list(struct pd_build *b, const struct pd_node *object,
				    const char *name, const char *features, struct pd_step *s,
				    struct pd_nested **out, size_t *out_n, struct pd_err *err);

/* Lists of column numbers below n_in, one for each of n members; *out_lengths as many. */
PD_MUST enum pd_code pd_columns_read(struct pd_build *b, const struct pd_node *object,
				     const char *name, size_t n, size_t n_in,
				     const uint32_t *const **out, const size_t **out_lengths,
				     struct pd_err *err);

/* The last step offers the method. */
bool pd_nested_can(const struct pd_nested *n, enum pd_method method);

PD_MUST enum pd_code pd_nested_predict(const struct pd_nested *n, enum pd_method method,
				       const struct pd_flow *in, struct pd_arena *arena,
				       struct pd_result *out, struct pd_err *err);

/* The same for numbers and n_cols of them a row (0: any number). */
PD_MUST enum pd_code pd_nested_doubles(const struct pd_nested *n, enum pd_method method,
				       const struct pd_flow *in, size_t n_cols,
				       struct pd_arena *arena, struct pd_result *out,
				       struct pd_err *err);

#endif

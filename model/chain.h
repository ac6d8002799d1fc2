/*
 * model/chain.h - steps in a row: a model, or a part of one inside a ColumnTransformer, a search or
 * another estimator that holds estimators. A chain without steps gives back what it was given.
 */
#ifndef PD_MODEL_CHAIN_H
#define PD_MODEL_CHAIN_H

#include "model/step.h"

struct pd_chain {
	struct pd_step **steps;
	size_t n_steps;
};

/* Features the first step takes, columns the last one gives; 0: not known. */
size_t pd_chain_n_in(const struct pd_chain *c);
size_t pd_chain_n_out(const struct pd_chain *c);

/* The last step offers the method; every chain without steps transforms. */
bool pd_chain_can(const struct pd_chain *c, enum pd_method method);

/* Through all the steps. */
PD_MUST enum pd_code pd_chain_transform(const struct pd_chain *c, const struct pd_flow *in,
					struct pd_arena *arena, struct pd_flow *out,
					struct pd_err *err);

/* Through all the steps but the last, and its answer. method: one that pd_chain_can. */
PD_MUST enum pd_code pd_chain_predict(const struct pd_chain *c, enum pd_method method,
				      const struct pd_flow *in, struct pd_arena *arena,
				      struct pd_result *out, struct pd_err *err);

/* ---- flows */

static inline size_t pd_flow_rows(const struct pd_flow *f)
{
	return f->frame ? f->frame->n_rows : f->x.n_rows;
}

static inline size_t pd_flow_cols(const struct pd_flow *f)
{
	return f->frame ? f->frame->n_cols : f->x.n_cols;
}

/* The flow as a matrix that has passed the checks of `s`. */
PD_MUST enum pd_code pd_flow_matrix(const struct pd_flow *in, const struct pd_step *s,
				    struct pd_arena *arena, struct pd_matrix *out,
				    struct pd_err *err);

/* Flows of equally many rows beside one another. A matrix, sparse if asked for, unless one of them
 * has text: then a frame. */
PD_MUST enum pd_code pd_flow_stack(const struct pd_flow *parts, size_t n, bool sparse,
				   size_t n_rows, struct pd_arena *arena, struct pd_flow *out,
				   struct pd_err *err);

/* A table as the answer of `transform`. */
PD_MUST enum pd_code pd_flow_result(const struct pd_flow *in, struct pd_arena *arena,
				    struct pd_result *out, struct pd_err *err);

#endif

/* model/sklearn/compose.h - what ColumnTransformer and FeatureUnion share. */
#ifndef PD_MODEL_SKLEARN_COMPOSE_H
#define PD_MODEL_SKLEARN_COMPOSE_H

#include "model/recognise.h"

/* The weight of `name` in transformer_weights. */
PD_MUST enum pd_code pd_weight_read(const struct pd_node *object, struct pd_str name, double *out,
				    bool *out_found, struct pd_err *err);

/* Every value times `by`. */
PD_MUST enum pd_code pd_flow_scale(struct pd_flow *f, double by, struct pd_arena *arena,
				   struct pd_err *err);

#endif

/*
 * cmd/publish.h - a model becomes a version of a registered model, the way
 * mlflow.register_model does it: the registered model is made when it is not there, the version
 * records source, run and logged model. (The method that makes the version lists it in the logged
 * model's tag.)
 * Source: mlflow/tracking/_model_registry/fluent.py (_register_model).
 */
#ifndef PD_CMD_PUBLISH_H
#define PD_CMD_PUBLISH_H

#include "cmd/find.h"

struct pd_publish {
	const char *name;
	struct pd_str source;   /* models:/m-..., models:/NAME/3, or where the bytes are */
	struct pd_str run_id;   /* empty: none */
	struct pd_str model_id; /* empty: none */
	const char *description;
	const struct pd_list *aliases;
	const struct pd_list *tags; /* of the version */
};

/* Names that MLflow refuses, before anything is written. */
PD_MUST enum pd_code pd_publish_check(const char *name, const struct pd_list *aliases,
				      struct pd_err *err);

/* *out: the version's object. */
PD_MUST enum pd_code pd_publish_version(struct pd_ctx *ctx, const struct pd_publish *p,
					json_t **out, struct pd_err *err);

#endif

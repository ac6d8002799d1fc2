/*
 * model/mlmodel.h - the MLmodel file: a YAML description of a model directory.
 * Only what serving needs is kept; unknown keys and flavors are ignored.
 * Source: mlflow/models/model.py (Model.from_dict), sizes and ids are informative only.
 */
#ifndef PD_MODEL_MLMODEL_H
#define PD_MODEL_MLMODEL_H

#include "base/arena.h"
#include "model/signature.h"

#define PD_MLMODEL_SIZE_MAX ((size_t)16 << 20)

struct pd_mlmodel_flavor {
	struct pd_str name; /* "sklearn", "python_function", "xgboost", ... */
	size_t n;
	struct pd_str *keys; /* scalars only; nested values are flattened as "a.b" */
	struct pd_str *values;
};

struct pd_mlmodel {
	struct pd_str run_id;
	struct pd_str model_id;
	struct pd_str model_uuid;
	struct pd_str mlflow_version;
	struct pd_str artifact_path;
	struct pd_str time_created; /* utc_time_created as written */
	size_t n_flavors;
	struct pd_mlmodel_flavor *flavors;
	struct pd_signature *signature; /* NULL: none */
};

/* Parse the text of an MLmodel file into `arena`. PD_CORRUPT with line; PD_TOO_LARGE. */
PD_MUST enum pd_code pd_mlmodel_parse(struct pd_str text, struct pd_arena *arena,
				      struct pd_mlmodel **out, struct pd_err *err);

/* Borrowed, or NULL / empty. */
const struct pd_mlmodel_flavor *pd_mlmodel_flavor(const struct pd_mlmodel *m, const char *name);
struct pd_str pd_mlmodel_value(const struct pd_mlmodel_flavor *f, const char *key);

#endif

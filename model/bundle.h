/*
 * model/bundle.h - the directory that MLflow calls a model: MLmodel beside one model file and the
 * environment files. pd_bundle_write makes one around a bare .pkl, .joblib or .skops file, such as
 * mlflow.sklearn.load_model and mlflow.pyfunc.load_model read; pd_bundle_stamp writes into the
 * MLmodel of a directory whose it is.
 * Source: mlflow/sklearn/__init__.py (save_model), mlflow/models/model.py.
 */
#ifndef PD_MODEL_BUNDLE_H
#define PD_MODEL_BUNDLE_H

#include "base/arena.h"

struct pd_bundle_opts {
	const char *run_id;   /* NULL: none */
	const char *model_id; /* NULL: none; "m-..." */
	const char *name;     /* NULL: none; MLmodel's artifact_path */
	int64_t now_ms;
};

struct pd_bundle_info {
	const char *format;            /* "pickle" or "skops" */
	const char *file_name;         /* "model.pkl" or "model.skops" */
	struct pd_str class;           /* "sklearn.pipeline.Pipeline", "tuple" */
	struct pd_str sklearn_version; /* empty: the file does not say */
	bool reencoded;                /* a joblib file became a plain pickle */
	size_t n_trusted;              /* names that skops wants to be told to trust */
	struct pd_str *trusted;
};

/* A directory with an MLmodel in it. */
bool pd_bundle_is_dir(const char *path);

/*
 * Read the file and say what it is; writes nothing. Texts lie in `arena`.
 * PD_DENIED: it would run code.  PD_UNSUPPORTED: no flavor for what is in it (named).
 * PD_CORRUPT, PD_NOT_FOUND.
 */
PD_MUST enum pd_code pd_bundle_look(const char *path, struct pd_arena *arena,
				    struct pd_bundle_info *out, struct pd_err *err);

/*
 * Write the directory `dir` (made; nothing of that name may be in the way) around the model file
 * `path`. On any error `dir` is removed again. Errors as pd_bundle_look, PD_EXISTS, PD_IO,
 * PD_NO_SPACE.
 */
PD_MUST enum pd_code pd_bundle_write(const char *path, const char *dir,
				     const struct pd_bundle_opts *opts, struct pd_err *err);

/* Set run_id, model_id and artifact_path in DIR/MLmodel; other keys stay as they are. */
PD_MUST enum pd_code pd_bundle_stamp(const char *dir, const struct pd_bundle_opts *opts,
				     struct pd_err *err);

#endif

/*
 * registry/uri.h - from what a user types to where the bytes are.
 *
 *   runs:/RUN_ID/PATH              models:/NAME/VERSION      models:/NAME@ALIAS
 *   models:/NAME/STAGE             models:/NAME/latest       models:/m-ID
 *   file:///PATH, PATH             mlflow-artifacts:/..., s3://..., gs://..., http(s)://...
 *
 * Below a models:/ URI a path into the model may follow (models:/NAME/3/MLmodel), as in
 * mlflow.artifacts.download_artifacts. Names and paths of runs:/ and models:/ are taken as they
 * are, a file: URI is percent-decoded. "?" and "#" are part of a runs:/ or models:/ name, where
 * MLflow drops what follows them.
 * Source: mlflow/store/artifact/utils/models.py (_parse_model_uri), models_artifact_repo.py
 * (split_models_uri), runs_artifact_repo.py, mlflow/utils/file_utils.py (local_file_uri_to_path).
 */
#ifndef PD_REGISTRY_URI_H
#define PD_REGISTRY_URI_H

#include "base/arena.h"
#include "registry/registry.h"

#define PD_URI_MAX_BYTES ((size_t)16384) /* four times the longest path of Linux */

enum pd_uri_kind {
	PD_URI_PATH,          /* plain path or file: */
	PD_URI_RUN,           /* runs:/ID/path */
	PD_URI_MODEL_VERSION, /* models:/NAME/3 */
	PD_URI_MODEL_STAGE,   /* models:/NAME/Production */
	PD_URI_MODEL_LATEST,  /* models:/NAME/latest */
	PD_URI_MODEL_ALIAS,   /* models:/NAME@champion */
	PD_URI_MODEL_ID,      /* models:/m-... */
	PD_URI_OTHER,         /* a scheme of an artifact store */
};

struct pd_uri {
	enum pd_uri_kind kind;
	struct pd_str text;     /* the whole, as typed */
	struct pd_str scheme;   /* lower case, without ':'; empty for a plain path */
	struct pd_str path;     /* PATH: the file path, decoded; OTHER: after "scheme:";
			       * RUN, MODEL_*: below the artifacts, clean and relative, or empty */
	struct pd_str run_id;   /* RUN */
	struct pd_str name;     /* MODEL_*: registered model */
	struct pd_str selector; /* version, stage, alias or model id */
};

/* Split and check; looks at no store. PD_INVALID: which part is wrong. */
PD_MUST enum pd_code pd_uri_parse(struct pd_str text, struct pd_arena *arena, struct pd_uri *out,
				  struct pd_err *err);

bool pd_is_run_id(struct pd_str s);   /* 32 lower-case hexadecimal digits */
bool pd_is_model_id(struct pd_str s); /* the same behind "m-" */

/* What a URI turned out to name. Texts are empty where unknown. */
struct pd_location {
	struct pd_str artifact_uri; /* an absolute path, or scheme://...: where the bytes are */
	struct pd_str root;         /* the artifact store they are in; artifact_uri is root/path */
	struct pd_str path;         /* below it; empty: the root itself */
	struct pd_str run_id;
	struct pd_str model_id;
	struct pd_str name;    /* registered model */
	struct pd_str version; /* of it */
	struct pd_str experiment_id;
};

/*
 * Ask the registry where the bytes are. r may be NULL for PATH and OTHER. Texts lie in `arena`.
 * runs:/ID/NAME is also a logged model of that name that the run made; it hides files of the run
 * under that name. A location that is itself a runs:/ or models:/ URI is followed.
 * PD_NOT_FOUND: says which part, and near names ("no alias `champoin`; has `champion`").
 */
PD_MUST enum pd_code pd_uri_resolve(struct pd_registry *r, const struct pd_uri *uri,
				    struct pd_arena *arena, struct pd_location *out,
				    struct pd_err *err);

#endif

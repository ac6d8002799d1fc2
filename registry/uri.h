/*
 * registry/uri.h - from what a user types to where the bytes are.
 *
 *   runs:/RUN_ID/PATH              models:/NAME/VERSION      models:/NAME@ALIAS
 *   models:/NAME/STAGE             models:/NAME/latest       models:/m-ID
 *   file:///PATH, PATH             mlflow-artifacts:/..., s3://..., gs://..., http(s)://...
 *
 * Source: mlflow/store/artifact/utils/models.py (_parse_model_uri), runs_artifact_repo.py.
 */
#ifndef PD_REGISTRY_URI_H
#define PD_REGISTRY_URI_H

#include "base/arena.h"
#include "registry/registry.h"

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
	struct pd_str text;   /* the whole, as typed */
	struct pd_str scheme; /* lower case, without ':'; empty for a plain path */
	struct pd_str
		path; /* PATH: the file path; RUN: below the run's artifacts; OTHER: after scheme */
	struct pd_str run_id;   /* RUN */
	struct pd_str name;     /* MODEL_*: registered model */
	struct pd_str selector; /* version, stage, alias or model id */
};

/* Split and check; looks at no store. PD_INVALID: which part is wrong. */
PD_MUST enum pd_code pd_uri_parse(struct pd_str text, struct pd_arena *arena, struct pd_uri *out,
				  struct pd_err *err);

/* What a URI turned out to name. Texts are empty where unknown. */
struct pd_location {
	struct pd_str artifact_uri; /* a path, or scheme://...: where the bytes are */
	struct pd_str run_id;
	struct pd_str model_id;
	struct pd_str name;    /* registered model */
	struct pd_str version; /* of it */
	struct pd_str experiment_id;
};

/*
 * Ask the registry where the bytes are. r may be NULL for PATH and OTHER.
 * PD_NOT_FOUND: says which part, and near names ("no alias `champoin`; has `champion`").
 */
PD_MUST enum pd_code pd_uri_resolve(struct pd_registry *r, const struct pd_uri *uri,
				    struct pd_arena *arena, struct pd_location *out,
				    struct pd_err *err);

#endif

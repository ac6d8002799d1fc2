/*
 * model/model.h - a model as a thing that predicts.
 * Loading is reading: nothing in the file is run. A loaded model is immutable and shared by all
 * threads; each call brings an arena for its scratch and its answer.
 */
#ifndef PD_MODEL_MODEL_H
#define PD_MODEL_MODEL_H

#include "model/frame.h"
#include "model/mlmodel.h"

struct pd_model;

struct pd_model_opts {
	const char *method; /* NULL: what MLmodel's predict_fn says, else "predict" */
};

/*
 * path: a model directory (with MLmodel), or a single .pkl, .joblib, .skops file.
 * *out is given; release with pd_model_free.
 * PD_NOT_FOUND: nothing there.  PD_CORRUPT: the bytes are not what they claim (file, offset, why).
 * PD_UNSUPPORTED: a class, option or flavor without a native predictor (named, with its path in
 * the model).  PD_DENIED: the file would run code (the name it calls).  PD_TOO_LARGE.
 */
PD_MUST enum pd_code pd_model_load(const char *path, const struct pd_model_opts *opts,
				   struct pd_model **out, struct pd_err *err);
/* The same from a decoded file; the tree is not needed afterwards. */
struct pd_tree;
PD_MUST enum pd_code pd_model_of_tree(const struct pd_tree *tree, const struct pd_model_opts *opts,
				      struct pd_model **out, struct pd_err *err);
void pd_model_free(struct pd_model *m); /* NULL is allowed */

/* Its MLmodel, or NULL for a single file. Borrowed. */
const struct pd_mlmodel *pd_model_meta(const struct pd_model *m);

/*
 * Predict a frame. in: already checked against the signature (pd_signature_enforce) where there
 * is one. arena: scratch and answer. *out: valid until the arena is reset.
 * PD_INVALID: the input does not fit the model (which column, which row).
 */
PD_MUST enum pd_code pd_model_predict(const struct pd_model *m, const struct pd_frame *in,
				      struct pd_arena *arena, struct pd_result *out,
				      struct pd_err *err);

/* The first step takes one dict a row (DictVectorizer): extra columns are features it may know. */
bool pd_model_takes_dicts(const struct pd_model *m);

/* What pd_model_predict answers: "predict", "predict_proba", ... */
const char *pd_model_method(const struct pd_model *m);

/* Width of the input, 0 when not known or when it takes dicts. *out_names: that many column names
 * it was fitted with, or NULL; borrowed. */
size_t pd_model_features(const struct pd_model *m, const struct pd_str **out_names);

#endif

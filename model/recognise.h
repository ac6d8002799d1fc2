/*
 * model/recognise.h - from the inert tree to steps that predict.
 * A recogniser is one row of a table: the last component of a class name, for classes whose
 * package root is `sklearn`, and a function that checks the object's state and builds a step. It
 * relies on nothing it has not checked: every index, size, shape and option is looked at once,
 * here, so that predicting never has to. What it doesn't know it refuses; attributes it doesn't
 * need it ignores, because that is what versions add and drop.
 * To add an estimator: a file under model/sklearn/, its function in recognise_table.h, a row in
 * recognise.c, a case in tests/models/make_models.py.
 *
 * The tree may be thrown away after building: all that a step needs is copied into the arena.
 */
#ifndef PD_MODEL_RECOGNISE_H
#define PD_MODEL_RECOGNISE_H

#include "model/chain.h"
#include "model/node.h"

#define PD_STEPS_MAX    1000
#define PD_FEATURES_MAX ((size_t)1 << 28) /* columns of a model */
#define PD_CLASSES_MAX  ((size_t)1 << 20)
#define PD_OUTPUTS_MAX  ((size_t)1 << 16)
#define PD_TREES_MAX    ((size_t)1 << 20)

struct pd_labels {
	enum pd_result_kind kind;
	size_t n;
	union {
		const double *f;
		const int64_t *i;
		const unsigned char *b;
		const struct pd_str *s;
	};
};

/* Estimators inside ensembles that have been built. */
struct pd_built {
	unsigned char *bits; /* one an id of a node */
	size_t n;            /* bytes */
};

/* The chain being built. Zero it and give the arena. */
struct pd_build {
	struct pd_arena *arena;   /* kept: the model's */
	struct pd_arena *scratch; /* gone after building */
	struct pd_step **steps;
	size_t n_steps;
	size_t cap_steps;
	unsigned depth;            /* pipelines inside one another */
	size_t n_walked;           /* entries of pipelines looked at: shared ones may be many */
	struct pd_str model_class; /* what MLmodel calls a library's bare file, or empty */
	unsigned nesting;          /* ensembles inside one another */
	struct pd_built *built;    /* NULL outside ensembles */
	struct pd_labels *code;    /* of a LabelEncoder beside the model, or NULL */
};

/* root: an estimator, a pipeline, or a tuple of one vectoriser or encoder and one predictor.
 * PD_UNSUPPORTED, PD_CORRUPT: with the place in the model in front. */
PD_MUST enum pd_code pd_build_model(struct pd_build *b, const struct pd_node *root,
				    struct pd_err *err);

/* There is a recogniser for the object's class, or it is a Pipeline. */
bool pd_is_recognised(const struct pd_node *object);

/* Pipeline, of scikit-learn. */
bool pd_is_pipeline(const struct pd_node *object);

/* An estimator or a pipeline inside another estimator: a chain of its own, which may be empty when
 * it is None, "passthrough" or made of those. */
PD_MUST enum pd_code pd_build_chain(struct pd_build *b, const struct pd_node *n, struct pd_str name,
				    struct pd_chain *out, struct pd_err *err);
/*
 * An estimator or pipeline inside an ensemble as a chain of its own. In a genuine model each is an
 * object of its own; a small file could name a large one many times.
 * n_in: features it will be given.  PD_CORRUPT: built before; another width.  PD_TOO_LARGE.
 */
PD_MUST enum pd_code pd_build_nested(struct pd_build *b, const struct pd_node *object, size_t n_in,
				     struct pd_chain *out, struct pd_err *err);

/* Mark a part of an ensemble as built. PD_CORRUPT: it was before. */
PD_MUST enum pd_code pd_build_once(struct pd_build *b, const struct pd_node *n, struct pd_err *err);

/* One estimator that is not a pipeline. */
PD_MUST enum pd_code pd_build_step(struct pd_build *b, const struct pd_node *object,
				   struct pd_str name, struct pd_step **out, struct pd_err *err);

/* ---- for recognisers: attributes, checked. Texts name class and attribute. */

typedef enum pd_code (*pd_recogniser)(struct pd_build *b, const struct pd_node *object,
				      struct pd_step *s, struct pd_err *err);

/* "sklearn.module.Class" of an object, for texts; borrowed from `buf`. */
const char *pd_class_text(const struct pd_node *object, char *buf, size_t size);

/* PD_CORRUPT: no such attribute. */
PD_MUST enum pd_code pd_attr(const struct pd_node *object, const char *name,
			     const struct pd_node **out, struct pd_err *err);
/* Absent, or None: NULL. */
const struct pd_node *pd_attr_opt(const struct pd_node *object, const char *name);
/* Absent: *out stays. PD_CORRUPT: there, but not of this type. */
PD_MUST enum pd_code pd_attr_bool(const struct pd_node *object, const char *name, bool *out,
				  struct pd_err *err);
PD_MUST enum pd_code pd_attr_text(const struct pd_node *object, const char *name,
				  struct pd_str *out, struct pd_err *err);
/* A whole number from `min` to `max`; must be there. */
PD_MUST enum pd_code pd_attr_size(const struct pd_node *object, const char *name, size_t min,
				  size_t max, size_t *out, struct pd_err *err);
/* A numeric array, or a number (then n_dims is 0). */
PD_MUST enum pd_code pd_attr_array(const struct pd_node *object, const char *name,
				   const struct pd_array **out, struct pd_err *err);
/* Its numbers as doubles in C order, copied into the model's arena; exactly n of them. */
PD_MUST enum pd_code pd_attr_doubles(struct pd_build *b, const struct pd_node *object,
				     const char *name, size_t n, const double **out,
				     struct pd_err *err);
PD_MUST enum pd_code pd_attr_labels(struct pd_build *b, const struct pd_node *object,
				    const char *name, struct pd_labels *out, struct pd_err *err);
PD_MUST enum pd_code pd_labels_read(struct pd_build *b, const struct pd_node *array,
				    const char *name, struct pd_labels *out, struct pd_err *err);
/* "wrong attribute": PD_CORRUPT `sklearn...Ridge: coef_ WHY`. */
enum pd_code pd_attr_fail(const struct pd_node *object, const char *name, struct pd_err *err,
			  const char *why, ...) PD_PRINTF(4, 5);
/* PD_UNSUPPORTED `sklearn...Ridge: loss='x' has no native predictor yet`. */
enum pd_code pd_option_fail(const struct pd_node *object, const char *name, struct pd_str value,
			    struct pd_err *err);

/* The step's width from the estimator's own numbers; must agree with n_features_in_. */
PD_MUST enum pd_code pd_step_width(struct pd_step *s, const struct pd_node *object, size_t n,
				   struct pd_err *err);

/* _sklearn_version of an estimator as 1000 * major + minor; 0 when absent. */
unsigned pd_sklearn_version(const struct pd_node *object);

/* A table of labels: cell (row, k) is labels[k] [index[row * n_out + k]]; flat when n_out is 1. The
 * labels of all outputs are of one kind. */
PD_MUST enum pd_code pd_labels_take(const struct pd_labels *labels, size_t n_out,
				    const uint32_t *index, size_t n_rows, struct pd_arena *arena,
				    struct pd_result *out, struct pd_err *err);

#endif

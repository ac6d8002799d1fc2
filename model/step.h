/*
 * model/step.h - one stage of a loaded model: a frame becomes a matrix, a matrix another matrix,
 * and the last matrix a result. Steps are built once by a recogniser (model/recognise.h), are
 * immutable afterwards and shared by all threads; scratch comes from the caller's arena, so that a
 * warm arena means no allocation.
 *
 * A matrix is dense (row-major) or sparse (CSR, columns ascending within a row; equal columns may
 * stand beside one another, as scipy allows). Values are doubles; `f32` says that the library would
 * hold float32 here, and then every value is exactly a float.
 */
#ifndef PD_MODEL_STEP_H
#define PD_MODEL_STEP_H

#include "model/frame.h"

struct pd_matrix {
	size_t n_rows;
	size_t n_cols;
	bool sparse;
	bool f32;
	const double *x;       /* dense: n_rows * n_cols */
	const uint32_t *start; /* sparse: n_rows + 1 positions in col and val */
	const uint32_t *col;
	const double *val;
};

/* What passes from step to step: a frame, while text may be in it, then a matrix. */
struct pd_flow {
	const struct pd_frame *frame; /* NULL: it is the matrix */
	struct pd_matrix x;
};

enum pd_method {
	PD_METHOD_PREDICT,
	PD_METHOD_PROBA,
	PD_METHOD_LOG_PROBA,
	PD_METHOD_DECISION,
	PD_METHOD_TRANSFORM,
	PD_N_METHODS
};

/* "predict", "predict_proba", "predict_log_proba", "decision_function", "transform". */
const char *pd_method_name(enum pd_method m);
bool pd_method_parse(const char *name, enum pd_method *out);

#define PD_CAN(method) (1u << (method))

struct pd_step;

/*
 * Which of these a step has says what it takes:
 *   read                a frame of dicts, as the first step only
 *   flow, answer        a frame or a matrix; it makes the checks of its input itself
 *   transform, predict  a matrix that has passed pd_step_check
 */
struct pd_step_ops {
	/* Takes rows as dicts; NULL: the step wants numbers. */
	enum pd_code (*read)(const struct pd_step *s, const struct pd_frame *in,
			     struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err);
	enum pd_code (*flow)(const struct pd_step *s, const struct pd_flow *in,
			     struct pd_arena *arena, struct pd_flow *out, struct pd_err *err);
	enum pd_code (*transform)(const struct pd_step *s, const struct pd_matrix *in,
				  struct pd_arena *arena, struct pd_matrix *out,
				  struct pd_err *err);
	/* method is one of s->can. The matrix has passed pd_step_check. */
	enum pd_code (*predict)(const struct pd_step *s, enum pd_method method,
				const struct pd_matrix *in, struct pd_arena *arena,
				struct pd_result *out, struct pd_err *err);
	enum pd_code (*answer)(const struct pd_step *s, enum pd_method method,
			       const struct pd_flow *in, struct pd_arena *arena,
			       struct pd_result *out, struct pd_err *err);
};

struct pd_step {
	const struct pd_step_ops *ops;
	const void *self; /* the step's own numbers */
	struct pd_str name;
	struct pd_str module;
	struct pd_str cls;
	struct pd_str version; /* _sklearn_version */
	unsigned can;          /* PD_CAN bits of what the class offers */
	size_t n_in;           /* features it was fitted with; 0: not known */
	size_t n_out;          /* columns it gives; 0: not known */
	size_t n_names;        /* feature_names_in_ */
	const struct pd_str *names;
	bool nan_ok;        /* takes NaN in dense input */
	bool nan_ok_sparse; /* ... and in sparse input */
	bool inf_ok;        /* takes infinities */
	bool as_f32;        /* the library casts its input to float32: larger values are refused */
};

/* What scikit-learn checks before it uses a matrix: rows, width, NaN, infinity.
 * PD_INVALID names the row and the column. */
PD_MUST enum pd_code pd_step_check(const struct pd_step *s, const struct pd_matrix *in,
				   struct pd_err *err);

/* scikit-learn's checks of a frame's shape, width and column names against `s`. PD_INVALID. */
PD_MUST enum pd_code pd_step_check_frame(const struct pd_step *s, const struct pd_frame *f,
					 struct pd_err *err);

/* A frame as the dense matrix of numbers that numpy would make of it, after scikit-learn's checks
 * of shape and column names against `s`. PD_INVALID. */
PD_MUST enum pd_code pd_frame_matrix(const struct pd_frame *f, const struct pd_step *s,
				     struct pd_arena *arena, struct pd_matrix *out,
				     struct pd_err *err);

/* Room for a result or a matrix of n_rows * n_cols cells of `size` bytes. PD_TOO_LARGE. */
PD_MUST enum pd_code pd_step_room(struct pd_arena *arena, size_t n_rows, size_t n_cols, size_t size,
				  void *out_p, struct pd_err *err);

/* The matrix as dense rows (equal columns of a sparse row add up); itself when it is dense. */
PD_MUST enum pd_code pd_matrix_dense(const struct pd_matrix *in, struct pd_arena *arena,
				     struct pd_matrix *out, struct pd_err *err);

#endif

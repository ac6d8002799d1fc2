/*
 * model/sklearn/linear_form.h - x . coef_ + intercept_, which regressors, logistic models and
 * linear classifiers share.
 * Sparse rows are summed in column order as scipy's CSR products do: equal to the last bit. For
 * dense rows the library asks a BLAS, whose order of summing depends on CPU and batch; ours is one
 * fixed order, equal within rounding.
 */
#ifndef PD_MODEL_SKLEARN_LINEAR_FORM_H
#define PD_MODEL_SKLEARN_LINEAR_FORM_H

#include "model/recognise.h"

struct pd_linear_form {
	size_t n_in;
	size_t n_out;
	bool flat;               /* coef_ has one dimension */
	bool coef_f32;           /* coef_ is float32: the product with float32 rows is one too */
	bool intercept_f64;      /* a float64 of numpy's, which widens a float32 product */
	const double *coef;      /* n_out rows of n_in */
	const double *intercept; /* n_out */
};

/* coef_ and intercept_ of an estimator; sets the step's width. */
PD_MUST enum pd_code pd_linear_form_read(struct pd_build *b, const struct pd_node *object,
					 struct pd_step *s, struct pd_linear_form *out,
					 struct pd_err *err);

/* *out: n_rows * n_out scores in the arena. *out_f32: they are float32. */
PD_MUST enum pd_code pd_linear_form_scores(const struct pd_linear_form *f,
					   const struct pd_matrix *in, struct pd_arena *arena,
					   double **out, bool *out_f32, struct pd_err *err);

#endif

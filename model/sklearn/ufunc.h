/* model/sklearn/ufunc.h - numpy's element-wise functions by name. */
#ifndef PD_MODEL_SKLEARN_UFUNC_H
#define PD_MODEL_SKLEARN_UFUNC_H

#include "model/recognise.h"

struct pd_ufunc {
	const char *name;
	double (*fn)(double);
	bool keeps_zero; /* f(0) is 0: works on sparse matrices */
};

/* Attribute `name` of an object as a function. *out: NULL: None, the identity.
 * PD_UNSUPPORTED: another function, named. */
PD_MUST enum pd_code pd_ufunc_read(const struct pd_node *object, const char *name,
				   const struct pd_ufunc **out, struct pd_err *err);

#endif

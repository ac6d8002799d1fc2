/*
 * model/npy.h - numpy's .npy files in memory: a header in the form of a Python literal, then the
 * data. Objects (which would be a pickle) are refused.
 * Source: numpy/lib/format.py, versions 1.0 to 3.0.
 */
#ifndef PD_MODEL_NPY_H
#define PD_MODEL_NPY_H

#include "model/node.h"

/* *out points into `bytes` (kept). PD_CORRUPT, PD_UNSUPPORTED, PD_TOO_LARGE. */
PD_MUST enum pd_code pd_npy_decode(struct pd_tree *t, struct pd_str bytes, struct pd_array **out,
				   struct pd_err *err);

#endif

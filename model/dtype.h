/*
 * model/dtype.h - numpy's type codes, as pickles, .npy headers and skops spell them.
 * Source: numpy/_core/src/multiarray/descriptor.c (arraydescr_reduce), numpy/lib/format.py.
 */
#ifndef PD_MODEL_DTYPE_H
#define PD_MODEL_DTYPE_H

#include "model/node.h"

#define PD_DTYPE_ITEMSIZE_MAX ((size_t)1 << 30)

/*
 * "f8", "<i4", "|b1", "U12", "V64", ...: with or without a byte order in front.
 * PD_UNSUPPORTED: a type that no model needs (long double, ...).  PD_CORRUPT: not a code.
 */
PD_MUST enum pd_code pd_dtype_parse(struct pd_tree *t, struct pd_str code, struct pd_dtype **out,
				    struct pd_err *err);

/* The field as `count` = product(shape) items of `base` in each item. PD_CORRUPT, PD_TOO_LARGE. */
PD_MUST enum pd_code pd_dtype_subarray(struct pd_tree *t, const struct pd_dtype *base,
				       const int64_t *shape, size_t n_dims, struct pd_dtype **out,
				       struct pd_err *err);

/* offset + itemsize of every field within the itemsize. PD_CORRUPT. */
PD_MUST enum pd_code pd_dtype_check_fields(const struct pd_dtype *d, struct pd_err *err);

/*
 * An array over bytes that are there (not copied): data.n must be exactly what type and shape say.
 * `shape` is kept. PD_CORRUPT: it is not; Not for objects.
 */
PD_MUST enum pd_code pd_array_new(struct pd_tree *t, const struct pd_dtype *type,
				  const int64_t *shape, size_t n_dims, bool fortran,
				  struct pd_str data, struct pd_array **out, struct pd_err *err);

/* The same for objects: `items` are kept. */
PD_MUST enum pd_code pd_array_objects(struct pd_tree *t, const struct pd_dtype *type,
				      const int64_t *shape, size_t n_dims, bool fortran,
				      struct pd_node **items, size_t n_items, struct pd_array **out,
				      struct pd_err *err);

/* Bytes that an array of this type and shape takes. PD_CORRUPT: overflow, negative sides. */
PD_MUST enum pd_code pd_array_size(const struct pd_dtype *type, const int64_t *shape, size_t n_dims,
				   size_t *out_bytes, struct pd_err *err);

#endif

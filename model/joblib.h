/*
 * model/joblib.h - files of joblib.dump. Plain ones are pickles with raw array data between the
 * opcodes, which the pickle machine reads; compressed ones are the same inside a zlib, gzip,
 * bzip2, xz, lzma or lz4 stream.
 * Source: joblib/numpy_pickle.py, joblib/compressor.py.
 */
#ifndef PD_MODEL_JOBLIB_H
#define PD_MODEL_JOBLIB_H

#include "model/inflate.h"
#include "model/pickle.h"

/* The name of the compression by the first bytes, or NULL. */
const char *pd_joblib_compression(struct pd_str bytes);

/* The plain bytes behind a compression. PD_CORRUPT, PD_TOO_LARGE; PD_UNSUPPORTED: a file of
 * joblib before 0.10. */
PD_MUST enum pd_code pd_joblib_expand(struct pd_inflate *x, struct pd_str bytes, struct pd_str *out,
				      struct pd_err *err);

#endif

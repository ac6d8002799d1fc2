/*
 * model/repickle.h - a joblib file as the plain pickle that pickle.load (and MLflow) reads. The
 * opcodes are copied; where joblib put raw data behind a stand-in, numpy's own opcodes make the
 * array from the same bytes. Nothing is run, the result says the same as the file.
 */
#ifndef PD_MODEL_REPICKLE_H
#define PD_MODEL_REPICKLE_H

#include "base/file.h"

/*
 * Read the model file at `path` and append the pickle to `out` (begun; commit is the caller's).
 * A compressed file is expanded, a plain pickle copied. Memory: the file mapped, and some 30 bytes
 * for each object in it.
 * Errors of pd_model_file_open; PD_UNSUPPORTED also: not a pickle (skops), joblib with protocol 0
 * or 1.
 */
PD_MUST enum pd_code pd_repickle(const char *path, struct pd_file_out *out, struct pd_err *err);

#endif

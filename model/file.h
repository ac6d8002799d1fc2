/*
 * model/file.h - a model file as a tree, whatever its format. The first bytes decide, not the
 * name: pickle, joblib (plain or compressed), skops.
 */
#ifndef PD_MODEL_FILE_H
#define PD_MODEL_FILE_H

#include "model/node.h"

#define PD_MODEL_FILE_MAX ((size_t)64 << 30)

/*
 * Read and decode the file at `path`. The mapping stays as long as the arena: nodes point into it.
 * PD_NOT_FOUND, PD_INVALID (a directory), PD_IO: the file.  PD_CORRUPT, PD_DENIED,
 * PD_UNSUPPORTED, PD_TOO_LARGE: what is in it; the text names the file, the offset and why.
 */
PD_MUST enum pd_code pd_model_file_open(const char *path, struct pd_arena *arena,
					struct pd_tree *out, struct pd_err *err);

/*
 * The same without refusing names that would run code: out->names lists every name the file
 * spells out, `called` and `code` of its node say what it wants with them. For inspection only.
 */
PD_MUST enum pd_code pd_model_file_audit(const char *path, struct pd_arena *arena,
					 struct pd_tree *out, struct pd_err *err);

#endif

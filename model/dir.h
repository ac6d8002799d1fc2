/*
 * model/dir.h - from the path of a model to the file that holds it: an MLflow model directory is
 * read by its MLmodel, anything else is the model file itself.
 */
#ifndef PD_MODEL_DIR_H
#define PD_MODEL_DIR_H

#include "model/mlmodel.h"

struct pd_model_dir {
	struct pd_mlmodel *meta;   /* NULL: a single file */
	const char *file;          /* NULL: no flavor that podium reads */
	struct pd_str model_class; /* MLmodel's, of a library's own file, or empty */
	struct pd_str method;      /* what MLmodel wants called, or empty */
};

/* Memory: arena. PD_NOT_FOUND, PD_CORRUPT: the text names the file.  A directory whose flavors are
 * all unknown is no error here. */
PD_MUST enum pd_code pd_model_dir_read(const char *path, struct pd_arena *arena,
				       struct pd_model_dir *out, struct pd_err *err);

#endif

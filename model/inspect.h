/*
 * model/inspect.h - what a model is, for people and programs: its files, flavors and signature,
 * its steps with their parameters and figures, and whether it has a native predictor or why not.
 * Works on files that cannot be loaded too, as long as they can be decoded; runs nothing.
 */
#ifndef PD_MODEL_INSPECT_H
#define PD_MODEL_INSPECT_H

#include "base/json.h"

/*
 * path: a model directory or a single file. *out is given:
 *   path, file, format ("pickle", ...), bytes
 *   native, why (null when native), method, takes ("dicts" or "columns"), features
 *   flavors, mlflow_version, run_id, model_id, signature        with an MLmodel
 *   steps: [{name, class, version, native, params, ...figures}]
 *   runs_code: names the file would call that run code
 * PD_NOT_FOUND, PD_CORRUPT, PD_TOO_LARGE: it cannot be read at all.
 */
PD_MUST enum pd_code pd_model_inspect(const char *path, json_t **out, struct pd_err *err);

#endif

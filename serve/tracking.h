/*
 * serve/tracking.h - MLflow's tracking server: its REST methods, and its artifacts.
 *
 *   /api/2.0/mlflow/METHOD            and /ajax-api/2.0/mlflow/METHOD: schema/methods.h
 *   /api/2.0/mlflow-artifacts/...     files below --artifacts-destination: list, get, put, delete
 *   /get-artifact, /model-versions/get-artifact, .../upload-artifact: files of runs and models
 *   /health, /version, /api/3.0/mlflow/server-info
 *
 * Reads are answered on the thread of the connection, which has a registry of its own. What writes
 * goes to the one writer (registry/writer.h); the connection rests until it is on the disk.
 * Hosts and origins are checked as MLflow's own server does, against DNS rebinding and requests
 * that other web sites make in a browser.
 * Source: mlflow/server (handlers.py, artifact_router.py, security_utils.py).
 */
#ifndef PD_SERVE_TRACKING_H
#define PD_SERVE_TRACKING_H

#include "registry/registry.h"
#include "serve/http.h"

#define PD_TRACKING_MLFLOW_VERSION "3.17.2" /* whose API is spoken */

struct pd_tracking;

struct pd_tracking_opts {
	const struct pd_env *env;
	struct pd_registry_opts registry; /* of the writer; others open it to read */
	bool serve_artifacts;             /* hand out registry.artifacts_destination */
	const char *allowed_hosts;   /* patterns by comma; NULL: this machine, private networks */
	const char *allowed_origins; /* likewise; NULL: this machine */
	const char *frame_options;   /* X-Frame-Options; "NONE": not sent */
	bool no_guard;               /* all hosts and origins; no security headers */
};

/* Open the database (made when it is not there) and answer on `http` (kept). opts: what it points
 * to is kept. *out is given even when this fails; release with pd_tracking_free. */
PD_MUST enum pd_code pd_tracking_start(struct pd_http *http, const struct pd_tracking_opts *opts,
				       struct pd_tracking **out, struct pd_err *err);

/* After pd_http_close. NULL is allowed. */
void pd_tracking_free(struct pd_tracking *t);

#endif

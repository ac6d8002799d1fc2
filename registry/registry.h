/*
 * registry/registry.h - experiments, runs, models, versions, aliases: one way to ask for them,
 * whether they live in a database or behind a server.
 * A method is named as in MLflow's REST API ("runs/create", "registered-models/alias"); requests
 * and responses are the JSON of that API. The table of methods is schema/methods.h; registry/local
 * implements it on a database, registry/remote sends it.
 * Threads: a struct pd_registry belongs to one thread at a time.
 */
#ifndef PD_REGISTRY_REGISTRY_H
#define PD_REGISTRY_REGISTRY_H

#include <jansson.h>

#include "base/env.h"
#include "base/err.h"

struct pd_registry;

struct pd_registry_opts {
	const char *tracking_uri;  /* NULL: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db */
	const char *registry_uri;  /* NULL: MLFLOW_REGISTRY_URI, else as tracking_uri */
	const char *artifact_root; /* NULL: ./mlruns beside the working directory, as MLflow */
	bool create;               /* a missing database is made; else PD_NOT_FOUND */
	bool for_clients;          /* requests come from elsewhere: a server's rules apply, which
				    * let no client make a version of any file of the server */
};

/* *out is given; release with pd_registry_close.
 * PD_NOT_FOUND: no database.  PD_CORRUPT: not an MLflow database, or of a revision that podium
 * does not know (named).  PD_UNSUPPORTED: a scheme podium has no store for.  PD_UNREACHABLE. */
PD_MUST enum pd_code pd_registry_open(const struct pd_env *env, const struct pd_registry_opts *opts,
				      struct pd_registry **out, struct pd_err *err);
void pd_registry_close(struct pd_registry *r); /* NULL is allowed */

/* The tracking URI in use, as a child process should be given it (absolute). Borrowed. */
const char *pd_registry_uri(const struct pd_registry *r);

/*
 * Call one method. verb: "GET", "POST", ... where a path has several methods
 * (registered-models/alias); NULL: the only one, or the one the table lists first.
 * request: an object, borrowed; NULL means {}.  *out: the response object, given.
 * Errors are MLflow's own, code and words. On any error the store is unchanged.
 */
PD_MUST enum pd_code pd_registry_call(struct pd_registry *r, const char *verb, const char *method,
				      const json_t *request, json_t **out, struct pd_err *err);

#endif

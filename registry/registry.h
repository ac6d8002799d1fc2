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

#include "base/arena.h"
#include "base/env.h"
#include "base/err.h"

struct pd_registry;
struct pd_method;

struct pd_registry_opts {
	const char *tracking_uri;  /* sqlite:///FILE or http(s)://SERVER; NULL: MLFLOW_TRACKING_URI,
				    * else sqlite:///mlflow.db */
	const char *registry_uri;  /* NULL: MLFLOW_REGISTRY_URI, else as tracking_uri */
	const char *artifact_root; /* NULL: ./mlruns beside the working directory, as MLflow */
	const char *artifacts_destination; /* where a server has the artifacts that it hands out
					    * itself (mlflow-artifacts:); NULL: it does not */
	bool read_only;                    /* every write is refused; the database must be there */
	bool create;                       /* a missing database is made; else PD_NOT_FOUND */
	bool for_clients; /* requests come from elsewhere: a server's rules apply, which
				    * let no client make a version of any file of the server */
	bool hasty;       /* a server is asked once and not waited for */
};

/* *out is given; release with pd_registry_close.
 * PD_NOT_FOUND: no database.  PD_CORRUPT: not an MLflow database, or of a revision that podium
 * does not know (named).  PD_UNSUPPORTED: a scheme podium has no store for.  PD_UNREACHABLE. */
PD_MUST enum pd_code pd_registry_open(const struct pd_env *env, const struct pd_registry_opts *opts,
				      struct pd_registry **out, struct pd_err *err);
void pd_registry_close(struct pd_registry *r); /* NULL is allowed */

/* The tracking URI in use, as a child process should be given it (absolute). Not to be shown: it
 * may hold a password. Borrowed. */
const char *pd_registry_uri(const struct pd_registry *r);

/* What it was opened with. Borrowed. */
const struct pd_env *pd_registry_env(const struct pd_registry *r);

/*
 * Call one method. verb: "GET", "POST", ... where a path has several methods
 * (registered-models/alias); NULL: the only one, or the one the table lists first.
 * request: an object, borrowed; NULL means {}.  *out: the response object, given.
 * Errors are MLflow's own, code and words. On any error the store is unchanged.
 */
PD_MUST enum pd_code pd_registry_call(struct pd_registry *r, const char *verb, const char *method,
				      const json_t *request, json_t **out, struct pd_err *err);

/* The same for a request that pd_request_check has passed, of a method in the table. */
PD_MUST enum pd_code pd_registry_run(struct pd_registry *r, const char *verb,
				     const struct pd_method *m, const json_t *checked, json_t **out,
				     struct pd_err *err);

/* pd_registry_run of a method that only reads, on one view of the data. */
PD_MUST enum pd_code pd_registry_read(struct pd_registry *r, const char *verb,
				      const struct pd_method *m, const json_t *checked,
				      json_t **out, struct pd_err *err);

/*
 * Several calls in one transaction: begin, run each, commit. A call that fails changes nothing and
 * spoils none of the others, but for an error that ends the transaction (a full disk): then
 * is_lost says so, and none of the calls has been made. end rolls back what is not committed.
 */
PD_MUST enum pd_code pd_registry_group_begin(struct pd_registry *r, struct pd_err *err);
PD_MUST enum pd_code pd_registry_group_run(struct pd_registry *r, const char *verb,
					   const struct pd_method *m, const json_t *checked,
					   json_t **out, struct pd_err *err);
bool pd_registry_group_is_lost(const struct pd_registry *r);
PD_MUST enum pd_code pd_registry_group_commit(struct pd_registry *r, struct pd_err *err);
void pd_registry_group_end(struct pd_registry *r);

/*
 * Where the bytes of a location are for this server: below its artifacts_destination when it hands
 * them out itself (mlflow-artifacts:, http:, https:), else the location as it is.
 * *out_root: the store to open; *out_below: the path in it. Arena.
 */
void pd_registry_place(const struct pd_registry *r, struct pd_str location, struct pd_arena *arena,
		       struct pd_str *out_root, struct pd_str *out_below);

#endif

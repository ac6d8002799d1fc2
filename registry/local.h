/*
 * registry/local.h - the registry on a database of our own: what the local_*.c files share.
 * A method is one function on a checked request (schema/methods.h, pd_request_check): field names
 * and types are right there, values are not. It is listed in its file's table, and the tables
 * are listed in local.c.
 * Every method that writes does so in one transaction (pd_tx); inner ones join the outer one, so
 * that a server can commit several requests together.
 */
#ifndef PD_REGISTRY_LOCAL_H
#define PD_REGISTRY_LOCAL_H

#include <jansson.h>

#include "base/arena.h"
#include "base/env.h"
#include "store/db.h"

/* Columns and tables that older revisions do not have; looked up once at open. */
struct pd_local_has {
	bool workspaces;    /* experiments.workspace and its like, since MLflow 3.10 */
	bool logged_models; /* since 3.0 */
	bool inputs_step;   /* inputs.step, since 3.0 */
	bool assessments;   /* since 3.2 */
};

struct pd_local {
	struct pd_db db;
	const struct pd_env *env; /* kept */
	char *artifact_root;      /* absolute path or scheme://...; no slash at the end */
	struct pd_local_has has;
	bool for_clients;            /* see registry.h */
	char *artifacts_destination; /* likewise; NULL: none */
};

/* *out is given on PD_OK; an empty answer is {} . */
typedef enum pd_code (*pd_local_fn)(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err);

struct pd_local_method {
	const char *verb; /* NULL: whichever the method table has */
	const char *name; /* as in schema/methods.c; NULL ends a table */
	pd_local_fn fn;
};

extern const struct pd_local_method pd_local_experiments[];
extern const struct pd_local_method pd_local_runs[];
extern const struct pd_local_method pd_local_run_data[];
extern const struct pd_local_method pd_local_metrics[];
extern const struct pd_local_method pd_local_inputs[];
extern const struct pd_local_method pd_local_models[];
extern const struct pd_local_method pd_local_aliases[];
extern const struct pd_local_method pd_local_versions[];
extern const struct pd_local_method pd_local_logged_models[];
extern const struct pd_local_method pd_local_artifacts[];
extern const struct pd_local_method pd_local_search[];

/* NULL: no such function. */
pd_local_fn pd_local_find(const char *verb, const char *name);

/*
 * Open the database file at `path` with mode QUERY, WRITE or CREATE; with CREATE, one that is not there is made whole under a
 * temporary name and then linked into place, so nobody ever sees half a database.
 * PD_NOT_FOUND: no file.  PD_CORRUPT: not an MLflow database, or an unknown revision (named).
 */
PD_MUST enum pd_code pd_local_open(struct pd_local *l, const struct pd_env *env, const char *path,
				   const char *artifact_root, enum pd_db_mode mode,
				   struct pd_err *err);
void pd_local_end(struct pd_local *l); /* accepts a zeroed object */

/* See pd_registry_place. */
void pd_local_place(const struct pd_local *l, struct pd_str location, struct pd_arena *arena,
		    struct pd_str *out_root, struct pd_str *out_below);

/* ---------------------------------------------------------------- shared by the local_*.c files */

static inline int64_t pd_local_now_ms(const struct pd_local *l)
{
	return pd_env_now_ms(l->env);
}

/* ROOT/PART, with one slash between; *out is given. */
char *pd_local_uri_join(const char *root, struct pd_str part);

/* 32 lower-case hex digits of a random UUID (version 4), as MLflow's run ids, with a NUL. */
void pd_uuid_hex(char out[33]);

/* As MLflow's resolve_uri_if_local: a relative path becomes absolute; given, release with free(). */
char *pd_local_resolve_uri(struct pd_str uri);

/* json helpers: add `key` when there is a value. */
void pd_json_put_str(json_t *o, const char *key, struct pd_str s); /* not when p == NULL */
void pd_json_put_column(json_t *o, const char *key, sqlite3_stmt *q, int i); /* text; not NULL */
void pd_json_put_i64_column(json_t *o, const char *key, sqlite3_stmt *q, int i); /* not NULL */
void pd_json_put_double(json_t *o, const char *key, double v); /* NaN and infinities by name */
/* Append {"key": ..., "value": ...} for each row of two text columns. */
PD_MUST enum pd_code pd_local_pairs(struct pd_local *l, sqlite3_stmt *q, json_t *list,
				    struct pd_err *err);

#endif

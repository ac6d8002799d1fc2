/*
 * schema/methods.h - the one table of REST methods: name, verbs, path and every field. From it
 * come the server's routes, the checks of a request, the remote client, `podium api` and the
 * reference page.
 * To add a method: one row here (methods.c), one function in registry/local_NOUN.c with its row in
 * that file's table.
 * A request is read as MLflow reads it: JSON to protobuf (google.protobuf.json_format.ParseDict,
 * unknown fields ignored), then the handler's own checks, whose order decides which message a
 * caller sees. Source: mlflow/protos/service.proto, model_registry.proto and
 * mlflow/server/handlers.py (_get_request_message, _validate_param_against_schema).
 */
#ifndef PD_SCHEMA_METHODS_H
#define PD_SCHEMA_METHODS_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"

enum pd_field_type {
	PD_FIELD_STRING,
	PD_FIELD_INT64,
	PD_FIELD_INT32,
	PD_FIELD_DOUBLE,
	PD_FIELD_BOOL,
	PD_FIELD_ENUM,
	PD_FIELD_MESSAGE,
};

struct pd_enum_name {
	const char *name; /* NULL ends a list */
	int number;
};

/*
 * One field. checks: what the handler tests, in its order, one letter each:
 *   r  required: given, not null, not ""
 *   s  string    i  like an integer    f  like a number    b  boolean    a  array    t  of strings
 *   m  not over .max
 *   k  in every item of the array, the fields whose own checks say r are there
 * The type letters (s i f b a t) count only when the request as a whole could not be read.
 */
struct pd_field {
	const char *name; /* as in the .proto; NULL ends a list */
	enum pd_field_type type;
	bool repeated;
	const char *checks;               /* NULL: none */
	const struct pd_field *fields;    /* MESSAGE */
	const struct pd_enum_name *names; /* ENUM */
	int64_t def;                      /* what an absent integer reads as */
	int64_t max;                      /* for check m */
};

struct pd_method {
	const char *name;  /* "runs/create"; not unique, with a verb it is */
	const char *verbs; /* "POST" or "POST GET", the usual one first */
	const char *path;  /* behind /api/2.0/mlflow/; {field} takes one part of the path */
	const struct pd_field *fields;
	const char *brief; /* half a sentence for people */
};

extern const struct pd_method pd_methods[]; /* ended by a row without a name */

/* By name (or path as it stands in the table); verb NULL: the first row of that name.
 * NULL: there is none. */
const struct pd_method *pd_method_find(const char *verb, const char *name);

/*
 * By the path of a request behind "/api/2.0/mlflow/", as a server sees it. The parts that stand
 * for fields are decoded by the caller before; their values are set in `request`.
 * PD_NO_ENDPOINT: no such path, or not with this verb.
 */
PD_MUST enum pd_code pd_method_route(const char *verb, struct pd_str path, json_t *request,
				     const struct pd_method **out, struct pd_err *err);

bool pd_method_has_verb(const struct pd_method *m, const char *verb);

/* The verbs with which there is something at `path`, "" for none: "GET POST". Borrowed until the
 * next call on this thread. */
const char *pd_method_verbs_at(struct pd_str path);

/* It changes nothing: a GET, or a search, which may come by POST. */
bool pd_method_only_reads(const struct pd_method *m);

/*
 * Check a request and bring it into one form: only known fields, under their own names, integers
 * as integers, enums as their names, numbers as reals ("NaN", "Infinity" and "-Infinity" as
 * strings, JSON has no other way), null fields left out. What a method function receives.
 * raw: borrowed.  *out: given.  PD_INVALID: MLflow's words.  PD_BAD_REQUEST: not an object.
 */
PD_MUST enum pd_code pd_request_check(const struct pd_method *m, const json_t *raw, json_t **out,
				      struct pd_err *err);

/* The value of a query parameter (always text) as the type of its field wants it; repeated ones
 * are appended to an array. For GET requests and `podium api`. PD_INVALID: a boolean is neither
 * true nor false. Unknown names are ignored, as in bodies. */
PD_MUST enum pd_code pd_request_set_text(const struct pd_method *m, json_t *request,
					 struct pd_str name, struct pd_str value,
					 struct pd_err *err);

/* Reading a checked request. Absent: {NULL, 0}, the field's default, false. */
struct pd_str pd_req_str(const json_t *req, const char *name);
int64_t pd_req_i64(const json_t *req, const char *name, int64_t absent);
bool pd_req_bool(const json_t *req, const char *name, bool absent);
/* NaN and infinities from their names; 0 when absent. */
double pd_req_double(const json_t *req, const char *name);
static inline bool pd_req_has(const json_t *req, const char *name)
{
	return json_object_get(req, name) != NULL;
}

#endif

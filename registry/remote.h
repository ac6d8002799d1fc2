/*
 * registry/remote.h - the registry behind a server: a method is sent as the table says.
 * GET has its fields in the query, the others as a JSON body, parts of the path where the path
 * names them. A method that makes something new is not sent twice once it may have arrived.
 * Threads: a struct pd_remote belongs to one thread at a time.
 */
#ifndef PD_REGISTRY_REMOTE_H
#define PD_REGISTRY_REMOTE_H

#include <jansson.h>

#include "base/env.h"
#include "base/err.h"
#include "schema/methods.h"

#define PD_REMOTE_ANSWER_MAX ((size_t)512 << 20) /* bytes of one answer */

struct pd_remote;

/* Nothing is sent yet; the server may not be there. Errors as pd_host_open. *out given. */
PD_MUST enum pd_code pd_remote_open(const struct pd_env *env, const char *uri, bool hasty,
				    struct pd_remote **out, struct pd_err *err);
void pd_remote_close(struct pd_remote *r); /* NULL is allowed */

/* verb: one of the method's. request: checked (pd_request_check), borrowed. *out: given.
 * Errors: the server's own, code and words; PD_UNREACHABLE, PD_TIMEOUT, PD_UNAUTHENTICATED,
 * PD_DENIED; PD_CORRUPT: the answer is not MLflow's. */
PD_MUST enum pd_code pd_remote_call(struct pd_remote *r, const char *verb,
				    const struct pd_method *m, const json_t *request, json_t **out,
				    struct pd_err *err);

#endif

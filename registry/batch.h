/*
 * registry/batch.h - many calls over one pipe: one JSON object a line in, one a line out.
 *   {"method": "runs/get", "verb": "GET", "request": {...}}   verb and request may be left out
 *   {"verb": "GET", "path": "runs/get", "query": [["run_id", "..."]]}   as a server is asked:
 *                    the path behind /api/2.0/mlflow/, and a query or a request
 *   {"status": 200, "body": {...}}                            what a server would answer
 * The body of a failure is MLflow's {"error_code": ..., "message": ...}.
 */
#ifndef PD_REGISTRY_BATCH_H
#define PD_REGISTRY_BATCH_H

#include "registry/registry.h"

#define PD_BATCH_LINE_MAX ((size_t)64 << 20) /* bytes of one request line */

/* Until the end of `in`; each answer is flushed before the next line is read. A line that is not
 * such an object is answered with BAD_REQUEST. PD_IO: reading or writing failed. */
PD_MUST enum pd_code pd_batch_run(struct pd_registry *r, FILE *in, FILE *out, struct pd_err *err);

/* MLflow's JSON of a failure; given. Bytes of the text that are no UTF-8 become '?'. */
json_t *pd_error_body(const struct pd_err *err);

/* One call: the status a server would give and the body, which is given. */
json_t *pd_batch_call(struct pd_registry *r, const char *verb, const char *method,
		      const json_t *request, int *out_status);

#endif

/*
 * store/host.h - a server that speaks MLflow's REST API: its address, who we are there, how
 * patient we are, and what its answers mean.
 *
 * Everything comes from MLflow's own environment variables and ~/.mlflow/credentials. A user in
 * the address counts before MLFLOW_TRACKING_USERNAME and _PASSWORD, these before
 * MLFLOW_TRACKING_TOKEN. They go to the servers that MLFLOW_TRACKING_URI and MLFLOW_REGISTRY_URI
 * name and to no other: an artifact's address may have been written by anybody.
 * Source: mlflow/utils/rest_utils.py (http_request, verify_rest_response),
 * mlflow/utils/credentials.py, mlflow/environment_variables.py.
 */
#ifndef PD_STORE_HOST_H
#define PD_STORE_HOST_H

#include "base/env.h"
#include "base/http_client.h"
#include "base/url.h"

struct pd_host;

/*
 * address: http(s)://[USER:PASSWORD@]HOST[:PORT][/PREFIX]. hasty: no second try and short waits,
 * for who would rather do without. Nothing is sent yet. *out given.
 * PD_INVALID: no proper address, or variables that contradict one another.
 * PD_UNSUPPORTED: a way to sign in that podium does not have; no libcurl.
 */
PD_MUST enum pd_code pd_host_open(const struct pd_env *env, struct pd_str address, bool hasty,
				  struct pd_host **out, struct pd_err *err);
void pd_host_close(struct pd_host *h); /* NULL is allowed */

/* The address without user, password and the last slash. Borrowed. */
const char *pd_host_address(const struct pd_host *h);

/* pd_http_call, where req->url is the whole address; an answer that is not 2xx becomes an error:
 * MLflow's code and words where the body has them, else what its status means.
 * PD_OK also for 416 to a ranged request. */
PD_MUST enum pd_code pd_host_call(struct pd_host *h, struct pd_http_req *req,
				  struct pd_http_res *res, struct pd_err *err);

#endif

/* registry/local_search.h - the searches, one function each, for the table in local_search.c. */
#ifndef PD_REGISTRY_LOCAL_SEARCH_H
#define PD_REGISTRY_LOCAL_SEARCH_H

#include "registry/local.h"

PD_MUST enum pd_code pd_runs_search(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err);
PD_MUST enum pd_code pd_models_search(struct pd_local *l, const json_t *req, json_t **out,
				      struct pd_err *err);
PD_MUST enum pd_code pd_versions_search(struct pd_local *l, const json_t *req, json_t **out,
					struct pd_err *err);
PD_MUST enum pd_code pd_logged_models_search(struct pd_local *l, const json_t *req, json_t **out,
					     struct pd_err *err);

/* The experiment ids of a request as a list of integers, given. PD_INVALID: not an id. */
PD_MUST enum pd_code pd_search_experiment_ids(const json_t *ids, json_t **out, struct pd_err *err);

#endif

/*
 * serve/service.h - a model behind HTTP: routes, metrics, and exchanging the model while requests
 * are answered.
 *
 *   POST /invocations   MLflow's scoring protocol
 *   POST /predict       events, by the model's recipe
 *   GET  /ping /health  alive;  /version the MLflow version whose protocol is spoken
 *   GET  /ready         200 while requests are taken, 503 once draining has begun
 *   GET  /metrics       Prometheus text
 *
 * A model that is exchanged is released when the last request that uses it is answered.
 */
#ifndef PD_SERVE_SERVICE_H
#define PD_SERVE_SERVICE_H

#include "serve/http.h"
#include "serve/score.h"

#define PD_SERVICE_MLFLOW_VERSION "3.17.2"

struct pd_service;

/* Start `http` (kept) with the routes above. uri: of the model as the user gave it, kept. first:
 * taken. *out is given even when this fails; release with pd_service_free. */
PD_MUST enum pd_code pd_service_start(struct pd_http *http, const char *uri,
				      struct pd_scored *first, struct pd_service **out,
				      struct pd_err *err);

/* Answer with `next` (taken) from now on; returns when the one before is released. */
void pd_service_swap(struct pd_service *s, struct pd_scored *next);

/* The model in use; borrowed until the next swap. Only for the thread that swaps. */
const struct pd_scored *pd_service_model(const struct pd_service *s);

/* A newer model could not be loaded: counted, shown in /metrics. */
void pd_service_note_failed_load(struct pd_service *s);

/* After pd_http_close. NULL is allowed. */
void pd_service_free(struct pd_service *s);

#endif

/*
 * serve/metrics.h - counters of a service, one set a thread, added up when they are read.
 * Format: Prometheus text exposition 0.0.4.
 */
#ifndef PD_SERVE_METRICS_H
#define PD_SERVE_METRICS_H

#include <stdatomic.h>

#include "serve/http.h"
#include "serve/score.h"

enum pd_route {
	PD_ROUTE_REFUSED = PD_HTTP_ROUTE_REFUSED,
	PD_ROUTE_OTHER,
	PD_ROUTE_INVOCATIONS,
	PD_ROUTE_PREDICT,
	PD_ROUTE_PING,
	PD_ROUTE_HEALTH,
	PD_ROUTE_VERSION,
	PD_ROUTE_READY,
	PD_ROUTE_METRICS,
	PD_N_ROUTES
};

#define PD_METRICS_STATUSES 16
#define PD_METRICS_BUCKETS  14 /* the last one is +Inf */

struct pd_route_counts {
	_Atomic uint64_t by_status[PD_METRICS_STATUSES];
	_Atomic uint64_t by_bucket[PD_METRICS_BUCKETS];
	_Atomic uint64_t total_ns;
};

/* Written by one thread, read by others. */
struct pd_metrics {
	_Alignas(64) struct pd_route_counts routes[PD_N_ROUTES];
	_Atomic uint64_t rows;
};

void pd_metrics_done(struct pd_metrics *m, const struct pd_http_done *done);
void pd_metrics_rows(struct pd_metrics *m, size_t n);

struct pd_metrics_view {
	const struct pd_metrics *threads;
	unsigned n_threads;
	unsigned in_flight;
	const char *uri;
	const struct pd_model_facts *facts;
	uint64_t loads;
	uint64_t failed_loads;
};

void pd_metrics_write(struct pd_buf *out, const struct pd_metrics_view *v);

#endif

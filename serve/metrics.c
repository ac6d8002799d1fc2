#include "serve/metrics.h"

#include "base/num.h"

static const char *const route_names[PD_N_ROUTES] = {
	[PD_ROUTE_REFUSED] = "refused",
	[PD_ROUTE_OTHER] = "other",
	[PD_ROUTE_INVOCATIONS] = "/invocations",
	[PD_ROUTE_PREDICT] = "/predict",
	[PD_ROUTE_PING] = "/ping",
	[PD_ROUTE_HEALTH] = "/health",
	[PD_ROUTE_VERSION] = "/version",
	[PD_ROUTE_READY] = "/ready",
	[PD_ROUTE_METRICS] = "/metrics",
};

/* The last one stands for all others. */
static const int statuses[PD_METRICS_STATUSES] = { 200, 204, 400, 403, 404, 405, 408, 411,
						   413, 415, 499, 500, 501, 503, 504, 0 };

static const struct {
	uint64_t ns;
	const char *seconds;
} buckets[PD_METRICS_BUCKETS] = {
	{ 50000, "5e-05" },    { 100000, "0.0001" },   { 250000, "0.00025" }, { 500000, "0.0005" },
	{ 1000000, "0.001" },  { 2500000, "0.0025" },  { 5000000, "0.005" },  { 10000000, "0.01" },
	{ 25000000, "0.025" }, { 100000000, "0.1" },   { 500000000, "0.5" },  { 1000000000, "1" },
	{ 10000000000, "10" }, { UINT64_MAX, "+Inf" },
};

/* One writer: a plain add, made of two relaxed halves. */
static void add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);
	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void pd_metrics_done(struct pd_metrics *m, const struct pd_http_done *done)
{
	struct pd_route_counts *r = &m->routes[done->route < PD_N_ROUTES ? done->route : 0];
	size_t status = 0;
	while (status < PD_METRICS_STATUSES - 1 && statuses[status] != done->status)
		status++;
	size_t bucket = 0;
	while (done->duration_ns > buckets[bucket].ns)
		bucket++;
	add(&r->by_status[status], 1);
	add(&r->by_bucket[bucket], 1);
	add(&r->total_ns, done->duration_ns);
}

void pd_metrics_rows(struct pd_metrics *m, size_t n)
{
	add(&m->rows, n);
}

/* ---------------------------------------------------------------- writing */

static void write_requests(struct pd_buf *out, const struct pd_metrics_view *v)
{
	pd_buf_z(out, "# HELP podium_requests_total Requests answered, by route and status.\n"
		      "# TYPE podium_requests_total counter\n");
	for (int route = 0; route < PD_N_ROUTES; route++) {
		for (int s = 0; s < PD_METRICS_STATUSES; s++) {
			uint64_t n = 0;
			for (unsigned t = 0; t < v->n_threads; t++)
				n += get(&v->threads[t].routes[route].by_status[s]);
			if (n && statuses[s])
				pd_buf_printf(out,
					      "podium_requests_total{route=\"%s\",status=\"%d\"} "
					      "%llu\n",
					      route_names[route], statuses[s],
					      (unsigned long long)n);
			else if (n)
				pd_buf_printf(out,
					      "podium_requests_total{route=\"%s\","
					      "status=\"other\"} %llu\n",
					      route_names[route], (unsigned long long)n);
		}
	}
}

static void write_route_durations(struct pd_buf *out, const struct pd_metrics_view *v, int route)
{
	uint64_t counts[PD_METRICS_BUCKETS] = { 0 };
	uint64_t total_ns = 0;
	uint64_t all = 0;
	for (unsigned t = 0; t < v->n_threads; t++) {
		const struct pd_route_counts *r = &v->threads[t].routes[route];
		for (int b = 0; b < PD_METRICS_BUCKETS; b++)
			counts[b] += get(&r->by_bucket[b]);
		total_ns += get(&r->total_ns);
	}
	for (int b = 0; b < PD_METRICS_BUCKETS; b++)
		all += counts[b];
	if (!all)
		return;
	uint64_t below = 0;
	for (int b = 0; b < PD_METRICS_BUCKETS; b++) {
		below += counts[b];
		pd_buf_printf(out,
			      "podium_request_duration_seconds_bucket{route=\"%s\",le=\"%s\"} "
			      "%llu\n",
			      route_names[route], buckets[b].seconds, (unsigned long long)below);
	}
	pd_buf_printf(out, "podium_request_duration_seconds_sum{route=\"%s\"} ",
		      route_names[route]);
	pd_buf_f64(out, (double)total_ns / 1e9);
	pd_buf_printf(out, "\npodium_request_duration_seconds_count{route=\"%s\"} %llu\n",
		      route_names[route], (unsigned long long)all);
}

static void write_label(struct pd_buf *out, const char *name, struct pd_str value)
{
	pd_buf_printf(out, "%s=\"", name);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		if (c == '"' || c == '\\')
			pd_buf_char(out, '\\');
		if (c == '\n')
			pd_buf_z(out, "\\n");
		else
			pd_buf_char(out, c);
	}
	pd_buf_char(out, '"');
}

static void write_model(struct pd_buf *out, const struct pd_metrics_view *v)
{
	pd_buf_z(out, "# HELP podium_model_info The model that answers.\n"
		      "# TYPE podium_model_info gauge\npodium_model_info{");
	write_label(out, "uri", pd_str_from(v->uri));
	write_label(out, ",name", v->facts->model_name);
	write_label(out, ",version", v->facts->model_version);
	write_label(out, ",run_id", v->facts->run_id);
	pd_buf_z(out, "} 1\n");
	pd_buf_printf(out,
		      "# HELP podium_model_loads_total Models loaded, and models that could not "
		      "be.\n"
		      "# TYPE podium_model_loads_total counter\n"
		      "podium_model_loads_total{result=\"ok\"} %llu\n"
		      "podium_model_loads_total{result=\"failed\"} %llu\n",
		      (unsigned long long)v->loads, (unsigned long long)v->failed_loads);
}

void pd_metrics_write(struct pd_buf *out, const struct pd_metrics_view *v)
{
	uint64_t rows = 0;
	write_requests(out, v);
	pd_buf_z(out, "# HELP podium_request_duration_seconds From the header read to the answer "
		      "written.\n"
		      "# TYPE podium_request_duration_seconds histogram\n");
	for (int route = 0; route < PD_N_ROUTES; route++)
		write_route_durations(out, v, route);
	for (unsigned t = 0; t < v->n_threads; t++)
		rows += get(&v->threads[t].rows);
	pd_buf_printf(out,
		      "# HELP podium_rows_total Rows predicted.\n"
		      "# TYPE podium_rows_total counter\npodium_rows_total %llu\n"
		      "# HELP podium_requests_in_flight Requests being read or answered.\n"
		      "# TYPE podium_requests_in_flight gauge\npodium_requests_in_flight %u\n",
		      (unsigned long long)rows, v->in_flight);
	write_model(out, v);
}

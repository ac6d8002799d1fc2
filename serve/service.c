#include "serve/service.h"

#include <stdlib.h>
#include <time.h>

#include "schema/errors.h"
#include "serve/metrics.h"

/* What each thread has; `used` is the model its request is answered with, NULL between. */
struct service_thread {
	_Alignas(64) _Atomic(struct pd_scored *) used;
	struct pd_scorer scorer;
	struct pd_metrics *metrics;
};

struct pd_service {
	struct pd_http *http;
	const char *uri;
	_Atomic(struct pd_scored *) current;
	unsigned n_threads;
	struct service_thread *threads;
	struct pd_metrics *metrics;
	atomic_uint loads;
	atomic_uint failed_loads;
};

/* ---------------------------------------------------------------- the model in use */

/* The thread says which model it uses, and looks whether that still is the one: the swapping
 * thread releases a model only after no thread says it. */
static struct pd_scored *acquire(struct pd_service *s, struct service_thread *t)
{
	struct pd_scored *m;
	do {
		m = atomic_load(&s->current);
		atomic_store(&t->used, m);
	} while (atomic_load(&s->current) != m);
	return m;
}

static void release(struct service_thread *t)
{
	atomic_store(&t->used, NULL);
}

void pd_service_swap(struct pd_service *s, struct pd_scored *next)
{
	struct pd_scored *old = atomic_exchange(&s->current, next);
	atomic_fetch_add(&s->loads, 1);
	for (unsigned i = 0; i < s->n_threads; i++)
		while (atomic_load(&s->threads[i].used) == old)
			nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
	pd_scored_free(old);
}

const struct pd_scored *pd_service_model(const struct pd_service *s)
{
	return atomic_load(&s->current);
}

void pd_service_note_failed_load(struct pd_service *s)
{
	atomic_fetch_add(&s->failed_loads, 1);
}

/* ---------------------------------------------------------------- routes */

struct call {
	struct pd_service *service;
	struct service_thread *thread;
	const struct pd_http_request *request;
	struct pd_http_response *response;
};

static void reply(struct call *c, int status, const char *type, const char *text)
{
	c->response->status = status;
	c->response->type = type;
	pd_buf_z(c->response->out, text);
}

static void reply_error(struct call *c, int status, struct pd_err *err)
{
	pd_buf_clear(c->response->out);
	pd_write_error(c->response->out, err);
	c->response->status = status;
	c->response->type = "application/json";
}

static void score(struct call *c, bool events)
{
	struct pd_score_reply r = { .status = 500 };
	struct pd_scored *m = acquire(c->service, c->thread);
	if (events && !m->recipe) {
		struct pd_err err = { 0 };
		(void)pd_fail(&err, PD_NO_ENDPOINT,
			      "this model has no recipe; serve it with --recipe, or use "
			      "/invocations");
		reply_error(c, 404, &err);
		release(c->thread);
		return;
	}
	if (events)
		pd_score_events(m, &c->thread->scorer, c->request->body, c->response->out, &r);
	else
		pd_score_invocations(m, &c->thread->scorer, c->request->content_type,
				     c->request->body, c->response->out, &r);
	c->response->status = r.status;
	c->response->type = r.type;
	pd_metrics_rows(c->thread->metrics, r.n_rows);
	pd_scorer_reset(&c->thread->scorer);
	release(c->thread);
}

static void on_invocations(struct call *c)
{
	score(c, false);
}

static void on_predict(struct call *c)
{
	score(c, true);
}

static void on_ping(struct call *c)
{
	reply(c, 200, "application/json", "\n");
}

static void on_version(struct call *c)
{
	reply(c, 200, "application/json", PD_SERVICE_MLFLOW_VERSION);
}

static void on_ready(struct call *c)
{
	if (pd_http_is_draining(c->service->http))
		reply(c, 503, "application/json", "{\"status\": \"draining\"}");
	else
		reply(c, 200, "application/json", "{\"status\": \"ready\"}");
}

static void on_metrics(struct call *c)
{
	struct pd_service *s = c->service;
	const struct pd_scored *m = acquire(s, c->thread);
	struct pd_metrics_view view = {
		.threads = s->metrics,
		.n_threads = s->n_threads,
		.in_flight = pd_http_in_flight(s->http),
		.uri = s->uri,
		.facts = &m->facts,
		.loads = atomic_load(&s->loads),
		.failed_loads = atomic_load(&s->failed_loads),
	};
	pd_metrics_write(c->response->out, &view);
	release(c->thread);
	c->response->type = "text/plain; version=0.0.4; charset=utf-8";
}

static const struct route {
	struct pd_str path;
	enum pd_route number;
	unsigned verbs;
	const char *allow;
	void (*run)(struct call *c);
} routes[] = {
#define GET_VERBS  (PD_HTTP_GET | PD_HTTP_HEAD)
#define GET_ALLOW  "GET, HEAD, OPTIONS"
#define POST_ALLOW "POST, OPTIONS"
	{ { "/invocations", 12 }, PD_ROUTE_INVOCATIONS, PD_HTTP_POST, POST_ALLOW, on_invocations },
	{ { "/predict", 8 }, PD_ROUTE_PREDICT, PD_HTTP_POST, POST_ALLOW, on_predict },
	{ { "/ping", 5 }, PD_ROUTE_PING, GET_VERBS, GET_ALLOW, on_ping },
	{ { "/health", 7 }, PD_ROUTE_HEALTH, GET_VERBS, GET_ALLOW, on_ping },
	{ { "/version", 8 }, PD_ROUTE_VERSION, GET_VERBS, GET_ALLOW, on_version },
	{ { "/ready", 6 }, PD_ROUTE_READY, GET_VERBS, GET_ALLOW, on_ready },
	{ { "/metrics", 8 }, PD_ROUTE_METRICS, GET_VERBS, GET_ALLOW, on_metrics },
};

static const struct route *route_of(struct pd_str path)
{
	for (size_t i = 0; i < PD_LEN(routes); i++)
		if (pd_str_eq(routes[i].path, path))
			return &routes[i];
	return NULL;
}

static void answer(void *ctx, unsigned thread, const struct pd_http_request *request,
		   struct pd_http_response *response)
{
	struct pd_service *s = ctx;
	struct call c = { s, &s->threads[thread], request, response };
	struct pd_err err = { 0 };
	const struct route *r = route_of(request->path);
	response->route = r ? r->number : PD_ROUTE_OTHER;
	if (!r) {
		(void)pd_fail(&err, PD_NO_ENDPOINT,
			      "there is nothing at %.*s; there are "
			      "/invocations, /predict, /ping, /health, "
			      "/version, /ready and /metrics",
			      PD_STR_ARG(pd_str_head(request->path, 200)));
		reply_error(&c, 404, &err);
	} else if (r->verbs & request->verb) {
		r->run(&c);
	} else if (request->verb == PD_HTTP_OPTIONS) {
		response->status = 204;
		response->allow = r->allow;
	} else {
		response->allow = r->allow;
		(void)pd_fail(&err, PD_NO_ENDPOINT, "%.*s is not for %s; it takes %s",
			      PD_STR_ARG(pd_str_head(request->method, 20)), r->path.p, r->allow);
		reply_error(&c, 405, &err);
	}
}

static void refuse(void *ctx, int status, const char *why, struct pd_buf *out, const char **type)
{
	(void)ctx;
	struct pd_err err = { 0 };
	enum pd_code code = status == 413   ? PD_TOO_LARGE
			    : status == 500 ? PD_INTERNAL
					    : PD_BAD_REQUEST;
	(void)pd_fail(&err, code, "%s", why);
	pd_write_error(out, &err);
	*type = "application/json";
}

static void done(void *ctx, unsigned thread, const struct pd_http_done *d)
{
	struct pd_service *s = ctx;
	pd_metrics_done(&s->metrics[thread], d);
}

/* ---------------------------------------------------------------- the whole */

static void *aligned_zero(size_t n, size_t size)
{
	void *p = aligned_alloc(64, n * size);
	if (!p)
		abort();
	return memset(p, 0, n * size);
}

enum pd_code pd_service_start(struct pd_http *http, const char *uri, struct pd_scored *first,
			      struct pd_service **out, struct pd_err *err)
{
	struct pd_service *s = pd_xcalloc(1, sizeof(*s));
	s->http = http;
	s->uri = uri;
	s->n_threads = pd_http_n_threads(http);
	s->threads = aligned_zero(s->n_threads, sizeof(*s->threads));
	s->metrics = aligned_zero(s->n_threads, sizeof(*s->metrics));
	for (unsigned i = 0; i < s->n_threads; i++)
		s->threads[i].metrics = &s->metrics[i];
	atomic_store(&s->current, first);
	atomic_store(&s->loads, 1);
	struct pd_http_handler handler = {
		.ctx = s, .answer = answer, .refuse = refuse, .done = done
	};
	*out = s;
	return pd_http_start(http, &handler, err);
}

void pd_service_free(struct pd_service *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n_threads; i++)
		pd_scorer_end(&s->threads[i].scorer);
	pd_scored_free(atomic_load(&s->current));
	free(s->threads);
	free(s->metrics);
	free(s);
}

#include "serve/http.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "base/auto.h"
#include "base/env.h"
#include "base/mem.h"
#include "serve/http_internal.h"

#define HEADER_MS       30000
#define BODY_MS         60000
#define IDLE_MS         75000
#define DRAIN_MS        30000
#define MAX_CONNECTIONS 8192
#define BACKLOG         4096
#define SWEEP_MS        500 /* how often deadlines are looked at */
#define SWEEP_DRAIN_MS  20

uint64_t http_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---------------------------------------------------------------- sockets */

static enum pd_code bind_error(const struct pd_http_opts *o, int errnum, struct pd_err *err)
{
	if (errnum == EADDRINUSE)
		return pd_fail(err, PD_CONFLICT,
			       "port %u on %s is in use; choose another with --port, or 0 for a "
			       "free one",
			       o->port, o->host);
	return pd_fail_errno(err, errnum, "cannot listen on %s port %u", o->host, o->port);
}

static int new_socket(const struct addrinfo *a, bool shared)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (shared)
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	}
	return fd;
}

static void set_port(struct sockaddr *a, unsigned port)
{
	if (a->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)a)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)(void *)a)->sin_port = htons((uint16_t)port);
}

static unsigned port_of(int fd)
{
	struct sockaddr_storage s = { 0 };
	socklen_t n = sizeof(s);
	if (getsockname(fd, (struct sockaddr *)&s, &n) != 0)
		return 0;
	if (s.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)(void *)&s)->sin6_port);
	return ntohs(((struct sockaddr_in *)(void *)&s)->sin_port);
}

/* Sockets that share a port would also share it with another podium that is up already: a plain
 * bind comes first, which does not. */
static enum pd_code bind_all(struct pd_http *h, const struct addrinfo *a, struct pd_err *err)
{
	PD_AUTO_FD int probe = new_socket(a, false);
	if (probe < 0 || bind(probe, a->ai_addr, a->ai_addrlen) != 0)
		return bind_error(&h->opts, errno, err);
	h->port = port_of(probe);
	set_port(a->ai_addr, h->port);
	close(pd_take_fd(&probe));
	for (unsigned i = 0; i < h->opts.n_threads; i++) {
		int fd = new_socket(a, true);
		h->threads[i].listen_fd = fd;
		if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) != 0)
			return bind_error(&h->opts, errno, err);
	}
	return PD_OK;
}

static void free_addresses(struct addrinfo **a)
{
	if (*a)
		freeaddrinfo(*a);
}

static void make_url(struct pd_http *h, const struct addrinfo *a)
{
	char text[NI_MAXHOST] = "";
	getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST);
	bool v6 = a->ai_family == AF_INET6;
	const char *host = text;
	if (strcmp(text, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(text, "::") == 0)
		host = "::1";
	snprintf(h->url, sizeof(h->url), v6 ? "http://[%.64s]:%u" : "http://%.64s:%u", host,
		 h->port);
}

static enum pd_code listen_on(struct pd_http *h, struct pd_err *err)
{
	__attribute__((cleanup(free_addresses))) struct addrinfo *list = NULL;
	char port[16];
	snprintf(port, sizeof(port), "%u", h->opts.port);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	int rc = getaddrinfo(h->opts.host, port, &hints, &list);
	if (rc != 0)
		return pd_fail(err, PD_INVALID, "cannot listen on host %s: %s", h->opts.host,
			       gai_strerror(rc));
	PD_TRY(bind_all(h, list, err));
	make_url(h, list);
	return PD_OK;
}

/* ---------------------------------------------------------------- one thread */

static void begin_drain(struct http_thread *t)
{
	t->draining = true;
	t->drain_since_ms = pd_tick_ms();
	int fd = pd_mhd.quiesce_daemon(t->daemon);
	if (fd < 0)
		return;
	/* Whoever completed a handshake must get an answer: closing would reset them. */
	for (;;) {
		struct sockaddr_storage peer;
		socklen_t n = sizeof(peer);
		int client = accept4(fd, (struct sockaddr *)&peer, &n,
				     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0)
			break;
		pd_mhd.add_connection(t->daemon, client, (struct sockaddr *)&peer, n);
	}
	close(fd);
}

static bool thread_is_over(struct http_thread *t)
{
	if (atomic_load(&t->http->stop_now))
		return true;
	if (!t->draining)
		return false;
	return !t->conns || pd_tick_ms() - t->drain_since_ms > t->http->opts.drain_ms;
}

static int wait_ms(struct http_thread *t)
{
	int most = t->draining ? SWEEP_DRAIN_MS : SWEEP_MS;
	MHD_UNSIGNED_LONG_LONG ms = 0;
	if (pd_mhd.get_timeout(t->daemon, &ms) == MHD_YES && ms < (MHD_UNSIGNED_LONG_LONG)most)
		return (int)ms;
	return most;
}

static void run_loop(struct http_thread *t)
{
	const union MHD_DaemonInfo *info = pd_mhd.get_daemon_info(t->daemon,
								  MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[2] = { { .fd = info->epoll_fd, .events = POLLIN },
				 { .fd = t->wake_fd, .events = POLLIN } };
	int64_t swept_ms = pd_tick_ms();
	while (!thread_is_over(t)) {
		if (poll(fds, 2, wait_ms(t)) < 0 && errno != EINTR)
			break;
		eventfd_t wakes;
		if (fds[1].revents)
			eventfd_read(t->wake_fd, &wakes);
		http_take_resumed(t);
		pd_mhd.run(t->daemon);
		if (t->log.n)
			http_log_flush(t);
		if (!t->draining && atomic_load_explicit(&t->http->drain, memory_order_relaxed))
			begin_drain(t);
		int64_t now_ms = pd_tick_ms();
		if (now_ms - swept_ms >= (t->draining ? SWEEP_DRAIN_MS : SWEEP_MS)) {
			http_conn_sweep(t, now_ms);
			swept_ms = now_ms;
		}
	}
	http_log_flush(t);
}

/* The library must not be stopped while a connection is suspended; who was to resume it is about
 * to. */
static void wait_for_later(struct http_thread *t)
{
	struct pollfd wake = { .fd = t->wake_fd, .events = POLLIN };
	while (t->n_later) {
		eventfd_t wakes;
		if (poll(&wake, 1, -1) > 0)
			eventfd_read(t->wake_fd, &wakes);
		http_take_resumed(t);
	}
	pd_mhd.run(t->daemon);
}

static void *thread_main(void *arg)
{
	struct http_thread *t = arg;
	struct pd_http *h = t->http;
	run_loop(t);
	wait_for_later(t);
	unsigned lost = atomic_load(&t->in_flight);
	pd_mhd.stop_daemon(t->daemon);
	t->daemon = NULL;
	http_log_flush(t);
	pthread_mutex_lock(&h->lock);
	h->n_running--;
	h->n_lost += lost;
	pthread_cond_broadcast(&h->ended);
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* The library talks about every client that misbehaves; those are answered, not logged. */
static void swallow_log(void *cls, const char *fmt, va_list ap)
{
	(void)cls;
	(void)fmt;
	(void)ap;
}

static struct MHD_Daemon *new_daemon(struct http_thread *t)
{
	const struct pd_http_opts *o = &t->http->opts;
	unsigned each = o->max_connections / o->n_threads;
	return pd_mhd.start_daemon(
		MHD_USE_EPOLL | MHD_USE_TURBO | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME, 0,
		NULL, NULL, http_conn_access, t, MHD_OPTION_EXTERNAL_LOGGER, swallow_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, t->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		each ? each : 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT, PD_HTTP_HEADER_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, http_conn_notify, t, MHD_OPTION_URI_LOG_CALLBACK,
		http_conn_uri, t, MHD_OPTION_NOTIFY_COMPLETED, http_conn_completed, t,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

/* Signals are the main thread's business. */
static int start_thread(struct http_thread *t)
{
	sigset_t all;
	sigset_t old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&t->thread, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

/* ---------------------------------------------------------------- all of them */

static void set_defaults(struct pd_http_opts *o)
{
	if (!o->n_threads)
		o->n_threads = 1;
	if (o->n_threads > PD_HTTP_THREADS_MAX)
		o->n_threads = PD_HTTP_THREADS_MAX;
	if (!o->max_connections)
		o->max_connections = MAX_CONNECTIONS;
	if (!o->max_body)
		o->max_body = PD_HTTP_BODY_MAX;
	if (!o->header_ms)
		o->header_ms = HEADER_MS;
	if (!o->body_ms)
		o->body_ms = BODY_MS;
	if (!o->idle_ms)
		o->idle_ms = IDLE_MS;
	if (!o->drain_ms)
		o->drain_ms = DRAIN_MS;
}

static void auto_close(struct pd_http **h)
{
	pd_http_close(*h);
}

enum pd_code pd_http_open(const struct pd_http_opts *opts, struct pd_http **out, struct pd_err *err)
{
	__attribute__((cleanup(auto_close))) struct pd_http *h = pd_xcalloc(1, sizeof(*h));
	h->opts = *opts;
	set_defaults(&h->opts);
	pd_random_hex(h->id_prefix, 4);
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->ended, &attr);
	pthread_condattr_destroy(&attr);
	h->threads = pd_xcalloc(h->opts.n_threads, sizeof(*h->threads));
	for (unsigned i = 0; i < h->opts.n_threads; i++) {
		struct http_thread *t = &h->threads[i];
		*t = (struct http_thread){ .http = h, .index = i, .listen_fd = -1, .wake_fd = -1 };
		pd_buf_init(&t->log, (size_t)1 << 20);
		pthread_mutex_init(&t->resumed_lock, NULL);
	}
	PD_TRY(pd_mhd_load(err));
	PD_TRY(listen_on(h, err));
	*out = PD_TAKE(h);
	return PD_OK;
}

unsigned pd_http_port(const struct pd_http *h)
{
	return h->port;
}

const char *pd_http_url(const struct pd_http *h)
{
	return h->url;
}

static enum pd_code thread_ready(struct http_thread *t, struct pd_err *err)
{
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->wake_fd < 0)
		return pd_fail_errno(err, errno, "cannot make an event descriptor");
	if (listen(t->listen_fd, BACKLOG) != 0)
		return bind_error(&t->http->opts, errno, err);
	t->daemon = new_daemon(t);
	if (!t->daemon)
		return pd_fail(err, PD_IO, "cannot start an HTTP server on %s", t->http->url);
	t->listen_fd = -1;
	return PD_OK;
}

enum pd_code pd_http_start(struct pd_http *h, const struct pd_http_handler *handler,
			   struct pd_err *err)
{
	h->handler = *handler;
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < h->opts.n_threads; i++)
		PD_TRY(thread_ready(&h->threads[i], err));
	for (unsigned i = 0; i < h->opts.n_threads; i++) {
		struct http_thread *t = &h->threads[i];
		pthread_mutex_lock(&h->lock);
		int rc = start_thread(t);
		t->running = rc == 0;
		h->n_running += t->running;
		pthread_mutex_unlock(&h->lock);
		if (rc != 0)
			return pd_fail_errno(err, rc, "cannot start thread %u of %u", i + 1,
					     h->opts.n_threads);
	}
	return PD_OK;
}

static void wake_all(struct pd_http *h)
{
	for (unsigned i = 0; i < h->opts.n_threads; i++)
		if (h->threads[i].wake_fd >= 0)
			eventfd_write(h->threads[i].wake_fd, 1);
}

void pd_http_drain(struct pd_http *h)
{
	atomic_store(&h->drain, true);
	wake_all(h);
}

bool pd_http_wait(struct pd_http *h, int64_t timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&h->lock);
	int rc = 0;
	while (h->n_running && rc == 0)
		rc = pthread_cond_timedwait(&h->ended, &h->lock, &until);
	bool over = h->n_running == 0;
	pthread_mutex_unlock(&h->lock);
	return over;
}

bool pd_http_is_draining(const struct pd_http *h)
{
	return atomic_load_explicit(&h->drain, memory_order_relaxed);
}

unsigned pd_http_n_threads(const struct pd_http *h)
{
	return h->opts.n_threads;
}

unsigned pd_http_in_flight(const struct pd_http *h)
{
	unsigned n = 0;
	for (unsigned i = 0; i < h->opts.n_threads; i++)
		n += atomic_load_explicit(&h->threads[i].in_flight, memory_order_relaxed);
	return n;
}

unsigned pd_http_n_lost(struct pd_http *h)
{
	pthread_mutex_lock(&h->lock);
	unsigned n = h->n_lost;
	pthread_mutex_unlock(&h->lock);
	return n;
}

static void thread_end(struct http_thread *t)
{
	if (t->running)
		pthread_join(t->thread, NULL);
	if (t->daemon)
		pd_mhd.stop_daemon(t->daemon);
	if (t->listen_fd >= 0)
		close(t->listen_fd);
	if (t->wake_fd >= 0)
		close(t->wake_fd);
	http_conn_free_spare(t);
	pthread_mutex_destroy(&t->resumed_lock);
	pd_buf_end(&t->log);
}

void pd_http_close(struct pd_http *h)
{
	if (!h)
		return;
	atomic_store(&h->stop_now, true);
	wake_all(h);
	for (unsigned i = 0; i < h->opts.n_threads; i++)
		thread_end(&h->threads[i]);
	pthread_cond_destroy(&h->ended);
	pthread_mutex_destroy(&h->lock);
	free(h->threads);
	free(h);
}

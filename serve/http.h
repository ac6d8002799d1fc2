/*
 * serve/http.h - an HTTP/1.1 server: threads that each accept, read, answer and write.
 *
 * The calling sequence: open (binds, so that a taken port is known before anything is loaded),
 * start (listens and runs the threads), drain, wait, close. A handler sees whole requests and is
 * called on the thread that owns the connection; it writes its answer into a buffer of that
 * connection, or names a file to send. Several handlers run at once, one a thread.
 *
 * A handler must not wait. Where it has to (for the one thread that writes, say), it takes a
 * pd_http_later and returns; the connection rests until pd_http_resume, and the answer is then
 * written on the connection's own thread.
 *
 * Large bodies: `begin` may take a request's body piece by piece; a file is sent by the kernel.
 * Memory stays flat either way.
 *
 * What is malformed never reaches the handler: broken framing, two lengths, NULs and folded lines
 * in headers are answered 400, a late header or body 408, a body beyond the limit 413.
 *
 * Draining: no new connection is accepted, every request that was begun is answered with
 * "Connection: close", idle connections are closed, and all that within a time limit.
 *
 * Transport: libmicrohttpd, one daemon a thread with its own SO_REUSEPORT socket and epoll set,
 * driven from our loop (its own loop waits a whole timeout after a batch of exactly 128 events).
 */
#ifndef PD_SERVE_HTTP_H
#define PD_SERVE_HTTP_H

#include "base/buf.h"

#define PD_HTTP_BODY_MAX     ((size_t)64 << 20) /* a request's body, unless the caller says more */
#define PD_HTTP_RESPONSE_MAX ((size_t)2 << 30)
#define PD_HTTP_HEADER_MAX   ((size_t)24 << 10) /* request line and headers; cleared each time */
#define PD_HTTP_THREADS_MAX  256
#define PD_HTTP_ID_MAX       64 /* characters of a request id that a client may choose */

enum pd_http_verb {
	PD_HTTP_GET = 1 << 0,
	PD_HTTP_HEAD = 1 << 1,
	PD_HTTP_POST = 1 << 2,
	PD_HTTP_PUT = 1 << 3,
	PD_HTTP_DELETE = 1 << 4,
	PD_HTTP_OPTIONS = 1 << 5,
	PD_HTTP_PATCH = 1 << 6,
	PD_HTTP_OTHER = 1 << 7,
};

/* Borrowed for the call. Texts are empty where the client sent none. */
struct pd_http_request {
	enum pd_http_verb verb;
	struct pd_str method;
	struct pd_str path;  /* percent-decoded, before '?' */
	struct pd_str query; /* behind '?', as sent */
	struct pd_str content_type;
	struct pd_str host;
	struct pd_str origin;
	struct pd_str range;
	struct pd_str if_range;
	struct pd_str wanted_method;  /* Access-Control-Request-Method */
	struct pd_str wanted_headers; /* Access-Control-Request-Headers */
	struct pd_str body;
	void *sink; /* what `begin` made; the body went there. Taken by `answer`. */
};

struct pd_http_later; /* a request whose answer comes later */

struct pd_http_response {
	int status;         /* 200 unless set */
	const char *type;   /* Content-Type, a literal or of the context; NULL: none */
	const char *allow;  /* Allow, for 405 and OPTIONS; NULL: none */
	unsigned route;     /* the handler's own number, for `done` */
	struct pd_buf *out; /* the body; of a HEAD request only its length is sent */
	/* Set by the handler to send a file's bytes instead; the descriptor is taken. */
	int file_fd; /* -1: none */
	uint64_t file_offset;
	uint64_t file_bytes;
	struct pd_http_later *later; /* the transport's */
	struct pd_buf *fields;       /* likewise: see pd_http_field */
};

/* A header field of the answer; both are copied. Line breaks and other control characters in the
 * value become spaces. */
void pd_http_field(struct pd_http_response *response, const char *name, struct pd_str value);

/* Where the body of a request goes while it arrives. */
struct pd_http_sink {
	void *arg;
	/* False: it failed; the rest of the body is read and dropped, `answer` says why. */
	bool (*write)(void *arg, const char *bytes, size_t n);
	void (*drop)(void *arg); /* the client is gone before its end; arg is released */
	bool failed;             /* set by `begin` when no byte of the body is wanted */
};

/* What was answered, when the last byte is out or the client is gone. */
struct pd_http_done {
	unsigned route;
	int status;
	uint64_t duration_ns; /* from the end of the header to the end of the answer */
	uint64_t sent_bytes;  /* of the body */
};

struct pd_http_handler {
	void *ctx;
	/* thread: 0 to n_threads - 1 */
	void (*answer)(void *ctx, unsigned thread, const struct pd_http_request *request,
		       struct pd_http_response *response);
	/* Fill `out` with the body of an error that the transport itself answers; *type is its
	 * Content-Type. */
	void (*refuse)(void *ctx, int status, const char *why, struct pd_buf *out,
		       const char **type);
	void (*done)(void *ctx, unsigned thread, const struct pd_http_done *done); /* or NULL */
	/* Or NULL. When the header is read: true takes the body into *sink, whatever its size. */
	bool (*begin)(void *ctx, unsigned thread, const struct pd_http_request *request,
		      struct pd_http_sink *sink);
};

/* Inside `answer`: there is none yet. After pd_http_resume, `finish` fills the response, on the
 * thread of the connection. arg: kept. */
struct pd_http_later *pd_http_later(struct pd_http_response *response,
				    void (*finish)(void *arg, unsigned thread,
						   const struct pd_http_request *request,
						   struct pd_http_response *response),
				    void *arg);

/* Once for each; from any thread. Who waits for it keeps the server from closing. */
void pd_http_resume(struct pd_http_later *later);

#define PD_HTTP_ROUTE_REFUSED 0 /* `route` of what never reached the handler */

/* Zeroed times and sizes mean the defaults in http.c. */
struct pd_http_opts {
	const char *host; /* a name or address to bind */
	unsigned port;    /* 0: a free one */
	unsigned n_threads;
	unsigned max_connections;
	size_t max_body;
	int64_t header_ms; /* from the first byte of a request to the end of its header */
	int64_t body_ms;   /* from there to the end of its body */
	int64_t idle_ms;   /* between requests */
	int64_t drain_ms;
	int access_log_fd; /* -1: none. One line a request, written whole. */
};

struct pd_http;

/* *out is given; release with pd_http_close.
 * PD_CONFLICT: the port is in use.  PD_DENIED: not ours to bind.  PD_INVALID: no such host. */
PD_MUST enum pd_code pd_http_open(const struct pd_http_opts *opts, struct pd_http **out,
				  struct pd_err *err);

unsigned pd_http_port(const struct pd_http *h);

/* "http://127.0.0.1:5000": where a client on this machine reaches it. Borrowed. */
const char *pd_http_url(const struct pd_http *h);

/* handler is copied; its ctx is kept. */
PD_MUST enum pd_code pd_http_start(struct pd_http *h, const struct pd_http_handler *handler,
				   struct pd_err *err);

/* Begin to drain; returns at once. */
void pd_http_drain(struct pd_http *h);

/* True when all threads have ended; waits up to timeout_ms for it. */
bool pd_http_wait(struct pd_http *h, int64_t timeout_ms);

bool pd_http_is_draining(const struct pd_http *h);
unsigned pd_http_n_threads(const struct pd_http *h);

/* Requests that are being read or answered. */
unsigned pd_http_in_flight(const struct pd_http *h);

/* Requests that were begun and not answered when the threads ended. */
unsigned pd_http_n_lost(struct pd_http *h);

/* Ends at once whatever still runs. NULL is allowed. */
void pd_http_close(struct pd_http *h);

#endif

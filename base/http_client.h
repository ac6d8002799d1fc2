/*
 * base/http_client.h - asking an HTTP server, over libcurl.
 *
 * One client is one easy handle with its connection kept between calls, and one identity: its
 * credentials go to the server it is used for and are dropped by libcurl when a redirect leads to
 * another host. A call is repeated after a pause where that is worth while: when no connection
 * came about, when the server says that it is busy or broken, and when an answer breaks off, of
 * which only the rest is asked for again. What must not be done twice is repeated only while it
 * cannot have arrived.
 * libcurl is loaded by the first client, so that no other command pays for its start.
 * Threads: a client belongs to one thread at a time.
 */
#ifndef PD_BASE_HTTP_CLIENT_H
#define PD_BASE_HTTP_CLIENT_H

#include <signal.h>

#include "base/buf.h"

#define PD_HTTP_ERROR_MAX     ((size_t)64 << 10) /* bytes kept of the body of an error */
#define PD_HTTP_PAUSE_MAX_S   120 /* longest pause, also when the server asks for more */
#define PD_HTTP_REDIRECTS_MAX 10
#define PD_HTTP_PROGRESS      ((uint64_t)1 << 20) /* bytes after which the count of tries starts anew */

/* Texts are kept. */
struct pd_http_policy {
	unsigned n_retries;         /* of an answer that says "later", or that broke off */
	unsigned n_connect_retries; /* of a connection that did not come about */
	double backoff_s;           /* the pauses are drawn from 0 to this, twice this, ... */
	double jitter_s;            /* and up to this more */
	bool ignores_retry_after;
	int64_t connect_ms;
	int64_t silence_ms; /* next to nothing came or went for so long: PD_TIMEOUT */
	bool stays;         /* redirects are not followed */
	bool insecure;      /* certificates are not checked */
	const char *ca;     /* file or folder of CA certificates; NULL: the system's */
	const char *cert;   /* ours, with its key, PEM; NULL: none */
	const char *user;   /* NULL: none */
	const char *password;
	const char *token; /* bearer; NULL: none */
	/* before a pause; NULL: nobody listens */
	void (*pause)(void *ctx, const char *why, int64_t ms);
	void *pause_ctx;
};

struct pd_http_client;

/* *out given. PD_UNSUPPORTED: no libcurl on this machine. */
PD_MUST enum pd_code pd_http_client_open(const struct pd_http_policy *policy,
					 struct pd_http_client **out, struct pd_err *err);
void pd_http_client_close(struct pd_http_client *c); /* NULL is allowed */

/* Takes the bytes of a good answer (2xx), which stand at `at` in the object. They come in order,
 * but may start again at 0 after a break. *enough: the rest is not wanted. */
typedef enum pd_code (*pd_http_sink)(void *ctx, uint64_t at, const char *p, size_t n, bool *enough,
				     struct pd_err *err);

struct pd_http_req {
	const char *verb;
	const char *url;          /* without user and password: it is shown in errors */
	const char *content_type; /* of the body; NULL: there is none */
	struct pd_str body;
	bool body_is_file; /* the body is body_bytes of body_fd, from its start */
	int body_fd;
	uint64_t body_bytes;
	void (*sent)(void *sent_ctx, uint64_t n_bytes); /* of the file; NULL: nobody counts */
	void *sent_ctx;
	bool once;   /* doing it twice would make a difference */
	bool ranged; /* of the object only n bytes from `from`; n 0: to its end */
	uint64_t from;
	uint64_t n;
	pd_http_sink sink; /* NULL: nobody wants the body */
	void *ctx;
	const volatile sig_atomic_t
		*stop; /* once not 0, the call is given up, PD_IO; NULL: never */
	/* an answer with a status that is usually worth another try, but not this one */
	bool (*is_final)(unsigned status, struct pd_str body);
};

struct pd_http_res {
	unsigned status;
	bool has_total;
	uint64_t total_bytes; /* of the whole object, also when a part was asked for */
	char etag[128];
	char content_type[128];
	char *url;                /* where a redirect led, or NULL */
	struct pd_buf error_body; /* of an answer that is not 2xx, its first bytes */
};
void pd_http_res_end(struct pd_http_res *r); /* accepts a zeroed object */

/*
 * PD_OK: there was an answer, good or not: see res->status.
 * PD_UNREACHABLE: no connection, or it broke off, or TLS failed.  PD_TIMEOUT.  PD_INVALID: no
 * proper URL.  PD_CONFLICT: the object changed while it was read.  The sink's own errors.
 */
PD_MUST enum pd_code pd_http_call(struct pd_http_client *c, const struct pd_http_req *req,
				  struct pd_http_res *res, struct pd_err *err);

/* A sink: ctx is a struct pd_buf *, whose maximum is the limit. */
enum pd_code pd_http_to_buf(void *ctx, uint64_t at, const char *p, size_t n, bool *enough,
			    struct pd_err *err);

#endif

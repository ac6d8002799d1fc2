/*
 * serve/http_internal.h - a connection and the thread it belongs to.
 * Nothing here is shared between threads but the counters and flags marked so.
 */
#ifndef PD_SERVE_HTTP_INTERNAL_H
#define PD_SERVE_HTTP_INTERNAL_H

#include "serve/http.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#include "serve/mhd.h"

enum conn_state {
	CONN_NEW,    /* accepted, nothing read */
	CONN_IDLE,   /* between requests */
	CONN_HEADER, /* a request line was read */
	CONN_BODY,   /* the header was read */
	CONN_LATER,  /* suspended until pd_http_resume */
	CONN_ANSWER, /* the answer is being written */
};

struct pd_http_later {
	struct http_thread *thread;
	struct http_conn *conn;
	struct pd_http_later *next; /* in the thread's list of resumed ones */
	void (*finish)(void *arg, unsigned thread, const struct pd_http_request *request,
		       struct pd_http_response *response); /* NULL: not in use */
	void *arg;
};

struct http_conn {
	struct http_conn *next; /* in the thread's list, or its spare ones */
	struct http_conn *prev;
	struct MHD_Connection *mhd;
	int fd;
	enum conn_state state;
	bool cut; /* shut down by us: the library is about to notice */
	bool bad_uri;
	const char *uri_end; /* in the library's buffer, during a header */
	bool discard;        /* the body is over the limit: read on, keep nothing */
	int64_t since_ms;    /* when `state` began */
	uint64_t begin_ns;
	uint64_t discarded;
	struct pd_http_request request;
	struct pd_http_response response;
	struct pd_http_sink sink;
	size_t progress; /* bytes of the body since the deadline was last moved */
	struct pd_http_later later;
	struct pd_buf fields; /* name NUL value NUL ... of the answer */
	struct pd_buf query;
	struct pd_buf body;
	struct pd_buf out;
	char id[PD_HTTP_ID_MAX + 1]; /* empty: the client chose none */
	char method[12];
	char path[256]; /* for the log */
	char peer[INET6_ADDRSTRLEN];
};

struct http_thread {
	struct pd_http *http;
	unsigned index;
	struct MHD_Daemon *daemon;
	int listen_fd; /* -1 once handed to the daemon */
	int wake_fd;
	pthread_t thread;
	bool running;
	struct http_conn *conns;
	struct http_conn *spare;
	unsigned n_spare;
	uint64_t n_requests;
	struct pd_buf log;
	bool draining;
	int64_t drain_since_ms;
	unsigned n_later;      /* suspended connections */
	atomic_uint in_flight; /* read by others */
	pthread_mutex_t resumed_lock;
	struct pd_http_later *resumed; /* under the lock; others add to it */
};

struct pd_http {
	struct pd_http_opts opts;
	struct pd_http_handler handler;
	char id_prefix[9];
	char url[128];
	unsigned port;
	struct http_thread *threads;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned n_running;   /* under lock */
	unsigned n_lost;      /* likewise */
	atomic_bool drain;    /* set by anyone, read by the threads */
	atomic_bool stop_now; /* likewise */
};

/* The library's callbacks, in http_conn.c. */
void http_conn_notify(void *cls, struct MHD_Connection *mhd, void **socket_ctx,
		      enum MHD_ConnectionNotificationCode code);
void *http_conn_uri(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result http_conn_access(void *cls, struct MHD_Connection *mhd, const char *url,
				 const char *method, const char *version, const char *upload,
				 size_t *upload_size, void **request_ctx);
void http_conn_completed(void *cls, struct MHD_Connection *mhd, void **request_ctx,
			 enum MHD_RequestTerminationCode why);

/* Writing answers, in http_answer.c. */
enum MHD_Result http_answer(struct http_thread *t, struct http_conn *c);
enum MHD_Result http_answer_finish(struct http_thread *t, struct http_conn *c);
void http_answer_drop(struct http_thread *t, struct http_conn *c);
enum MHD_Result http_refuse(struct http_thread *t, struct http_conn *c, int status,
			    const char *why);
void http_take_resumed(struct http_thread *t); /* their answers are written in the next turn */
void http_set_state(struct http_conn *c, enum conn_state state);

/* Deadlines and draining, once a second or more often. */
void http_conn_sweep(struct http_thread *t, int64_t now_ms);
void http_conn_free_spare(struct http_thread *t);

/* One line of the access log, into t->log. */
void http_log_line(struct http_thread *t, const struct http_conn *c,
		   const struct pd_http_done *done);
void http_log_flush(struct http_thread *t);

uint64_t http_now_ns(void);

#endif

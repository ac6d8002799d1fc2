/*
 * The access log, one line a request:
 *   2026-01-31T12:00:00.123Z 127.0.0.1 POST /invocations 200 512 0.184 9f3c11d2-42
 * time, peer, method, path, status, bytes of the body, milliseconds, request id (the client's
 * X-Request-Id, or ours). Lines of one turn of the loop are written together.
 */
#include "serve/http_internal.h"

#include <time.h>

#include "base/file.h"

static void put_time(struct pd_buf *b)
{
	static _Thread_local time_t second;
	static _Thread_local char text[32];
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != second) {
		struct tm tm;
		second = now.tv_sec;
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &tm));
	}
	pd_buf_printf(b, "%s.%03uZ ", text, (unsigned)(now.tv_nsec / 1000000));
}

/* Nothing in it can break the line or a terminal. */
static void put_printable(struct pd_buf *b, const char *z)
{
	for (; *z; z++)
		if (*z > ' ' && *z < 0x7f)
			pd_buf_char(b, *z);
		else
			pd_buf_printf(b, "%%%02X", (unsigned char)*z);
}

void http_log_line(struct http_thread *t, const struct http_conn *c,
		   const struct pd_http_done *done)
{
	struct pd_buf *b = &t->log;
	put_time(b);
	pd_buf_z(b, c->peer[0] ? c->peer : "-");
	pd_buf_char(b, ' ');
	put_printable(b, c->method);
	pd_buf_char(b, ' ');
	put_printable(b, c->path);
	uint64_t us = done->duration_ns / 1000;
	pd_buf_printf(b, " %d %llu %llu.%03u ", done->status, (unsigned long long)done->sent_bytes,
		      (unsigned long long)(us / 1000), (unsigned)(us % 1000));
	if (c->id[0])
		pd_buf_z(b, c->id);
	else
		pd_buf_printf(b, "%s-%u-%llu", t->http->id_prefix, t->index,
			      (unsigned long long)t->n_requests);
	pd_buf_char(b, '\n');
}

/* A log that cannot be written must not stop the answers: its lines are dropped. */
void http_log_flush(struct http_thread *t)
{
	if (t->log.n && pd_fd_write(t->http->opts.access_log_fd, t->log.p, t->log.n, "access log",
				    NULL) != PD_OK)
		t->log.n = 0;
	pd_buf_clear(&t->log);
}

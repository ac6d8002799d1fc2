/*
 * Answers: a buffer or a file's bytes, with header fields; now, or when somebody resumes them.
 */
#include "serve/http_internal.h"

#include <sys/eventfd.h>
#include <unistd.h>

void pd_http_field(struct pd_http_response *response, const char *name, struct pd_str value)
{
	struct pd_buf *b = response->fields;
	pd_buf_put(b, name, strlen(name) + 1);
	for (size_t i = 0; i < value.n; i++)
		pd_buf_char(b, (unsigned char)value.p[i] < ' ' || value.p[i] == 0x7f ? ' '
										     : value.p[i]);
	pd_buf_char(b, '\0');
}

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (value)
		pd_mhd.add_response_header(r, name, value);
}

static void add_fields(struct MHD_Response *r, const struct pd_buf *fields)
{
	for (size_t i = 0; i < fields->n;) {
		const char *name = fields->p + i;
		const char *value = name + strlen(name) + 1;
		add_header(r, name, value);
		i = (size_t)(value - fields->p) + strlen(value) + 1;
	}
}

static struct MHD_Response *new_response(struct http_conn *c)
{
	struct pd_http_response *a = &c->response;
	if (a->file_fd < 0)
		return pd_mhd.create_response_from_buffer(c->out.n, c->out.p,
							  MHD_RESPMEM_PERSISTENT);
	struct MHD_Response *r = pd_mhd.create_response_from_fd_at_offset64(
		a->file_bytes, a->file_fd, a->file_offset);
	if (!r)
		close(a->file_fd);
	a->file_fd = -1; /* the library closes it */
	return r;
}

static enum MHD_Result send_answer(struct http_thread *t, struct http_conn *c)
{
	if (c->out.failed || c->fields.failed) {
		c->response.status = 500;
		pd_buf_clear(&c->out);
		pd_buf_clear(&c->fields);
		if (c->response.file_fd >= 0)
			close(c->response.file_fd);
		c->response.file_fd = -1;
		t->http->handler.refuse(t->http->handler.ctx, 500, "the answer is too large",
					&c->out, &c->response.type);
	}
	struct MHD_Response *r = new_response(c);
	if (!r)
		return MHD_NO;
	add_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, c->response.type);
	add_header(r, MHD_HTTP_HEADER_ALLOW, c->response.allow);
	add_fields(r, &c->fields);
	if (c->id[0])
		add_header(r, "X-Request-Id", c->id);
	if (t->draining || atomic_load_explicit(&t->http->drain, memory_order_relaxed))
		add_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result ok = pd_mhd.queue_response(c->mhd, (unsigned)c->response.status, r);
	pd_mhd.destroy_response(r);
	http_set_state(c, CONN_ANSWER);
	return ok;
}

static void begin_answer(struct http_conn *c)
{
	pd_buf_clear(&c->out);
	pd_buf_clear(&c->fields);
	c->response.status = 200;
	c->response.out = &c->out;
	c->response.fields = &c->fields;
	c->response.later = &c->later;
	c->later.finish = NULL;
}

enum MHD_Result http_refuse(struct http_thread *t, struct http_conn *c, int status, const char *why)
{
	begin_answer(c);
	c->response.status = status;
	c->response.route = PD_HTTP_ROUTE_REFUSED;
	t->http->handler.refuse(t->http->handler.ctx, status, why, &c->out, &c->response.type);
	return send_answer(t, c);
}

enum MHD_Result http_answer(struct http_thread *t, struct http_conn *c)
{
	if (c->discard)
		return http_refuse(t, c, 413, "the request's body is too large");
	begin_answer(c);
	c->request.body = pd_buf_view(&c->body);
	c->sink = (struct pd_http_sink){ 0 }; /* the handler's now */
	t->http->handler.answer(t->http->handler.ctx, t->index, &c->request, &c->response);
	if (!c->later.finish)
		return send_answer(t, c);
	http_set_state(c, CONN_LATER);
	t->n_later++;
	pd_mhd.suspend_connection(c->mhd);
	return MHD_YES;
}

enum MHD_Result http_answer_finish(struct http_thread *t, struct http_conn *c)
{
	c->later.finish(c->later.arg, t->index, &c->request, &c->response);
	c->later.finish = NULL;
	return send_answer(t, c);
}

void http_answer_drop(struct http_thread *t, struct http_conn *c)
{
	c->later.finish(c->later.arg, t->index, &c->request, &c->response);
	c->later.finish = NULL;
	if (c->response.file_fd >= 0)
		close(c->response.file_fd);
	c->response.file_fd = -1;
	c->response.status = 0;
}

/* ---------------------------------------------------------------- answers that come later */

struct pd_http_later *pd_http_later(struct pd_http_response *response,
				    void (*finish)(void *arg, unsigned thread,
						   const struct pd_http_request *request,
						   struct pd_http_response *response),
				    void *arg)
{
	struct pd_http_later *l = response->later;
	l->finish = finish;
	l->arg = arg;
	return l;
}

void pd_http_resume(struct pd_http_later *l)
{
	struct http_thread *t = l->thread;
	pthread_mutex_lock(&t->resumed_lock);
	bool first = !t->resumed;
	l->next = t->resumed;
	t->resumed = l;
	/* inside the lock: once it is open, the thread may end and close its descriptor */
	if (first)
		eventfd_write(t->wake_fd, 1);
	pthread_mutex_unlock(&t->resumed_lock);
}

void http_take_resumed(struct http_thread *t)
{
	pthread_mutex_lock(&t->resumed_lock);
	struct pd_http_later *l = t->resumed;
	t->resumed = NULL;
	pthread_mutex_unlock(&t->resumed_lock);
	while (l) {
		struct pd_http_later *next = l->next;
		t->n_later--;
		pd_mhd.resume_connection(l->conn->mhd);
		l = next;
	}
}

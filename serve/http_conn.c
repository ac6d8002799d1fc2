/*
 * One connection's life: the library calls notify (accepted), uri (request line read), access
 * (header read; a piece of the body; all read), completed, and again from uri, and notify at the
 * end. What it lets through and should not is refused in the first access call.
 */
#include "serve/http_internal.h"

#include <netdb.h>
#include <sys/socket.h>

#include "base/env.h"
#include "base/mem.h"

#define KEEP_BYTES     ((size_t)256 << 10) /* a larger buffer is released after its request */
#define SPARE_MAX      256
#define DISCARD_MAX    ((uint64_t)64 << 20) /* of a body over the limit, read so that 413 arrives */
#define RESERVE_MAX    ((size_t)1 << 20)
#define ANSWER_MS      600000 /* for a client to take its answer */
#define DRAIN_GRACE_MS 150    /* an idle client's last chance to have sent something */
#define QUERY_MAX      ((size_t)16 << 10)
#define FIELDS_MAX     ((size_t)16 << 10)
#define PROGRESS_BYTES ((size_t)64 << 10) /* of a streamed body, within each body_ms */

/* ---------------------------------------------------------------- connections */

static void trim(struct pd_buf *b)
{
	size_t max = b->max;
	if (b->cap <= KEEP_BYTES) {
		pd_buf_clear(b);
		return;
	}
	pd_buf_end(b);
	pd_buf_init(b, max);
}

static struct http_conn *conn_new(struct http_thread *t)
{
	struct http_conn *c = t->spare;
	if (c) {
		t->spare = c->next;
		t->n_spare--;
		return c;
	}
	c = pd_xcalloc(1, sizeof(*c));
	pd_buf_init(&c->fields, FIELDS_MAX);
	pd_buf_init(&c->query, QUERY_MAX);
	pd_buf_init(&c->body, t->http->opts.max_body);
	pd_buf_init(&c->out, PD_HTTP_RESPONSE_MAX);
	return c;
}

static void conn_free(struct http_conn *c)
{
	pd_buf_end(&c->fields);
	pd_buf_end(&c->query);
	pd_buf_end(&c->body);
	pd_buf_end(&c->out);
	free(c);
}

void http_conn_free_spare(struct http_thread *t)
{
	while (t->spare) {
		struct http_conn *c = t->spare;
		t->spare = c->next;
		conn_free(c);
	}
}

void http_set_state(struct http_conn *c, enum conn_state state)
{
	c->state = state;
	c->since_ms = pd_tick_ms();
}

static void conn_begin(struct http_thread *t, struct MHD_Connection *mhd, void **socket_ctx)
{
	struct http_conn *c = conn_new(t);
	c->mhd = mhd;
	c->cut = false;
	c->later = (struct pd_http_later){ .thread = t, .conn = c };
	c->sink = (struct pd_http_sink){ 0 };
	c->prev = NULL;
	c->next = t->conns;
	if (t->conns)
		t->conns->prev = c;
	t->conns = c;
	const union MHD_ConnectionInfo *fd =
		pd_mhd.get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	c->fd = fd ? fd->connect_fd : -1;
	const union MHD_ConnectionInfo *peer =
		pd_mhd.get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	c->peer[0] = '\0';
	if (t->http->opts.access_log_fd >= 0 && peer && peer->client_addr)
		getnameinfo(peer->client_addr,
			    peer->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								     : sizeof(struct sockaddr_in),
			    c->peer, sizeof(c->peer), NULL, 0, NI_NUMERICHOST);
	http_set_state(c, CONN_NEW);
	*socket_ctx = c;
}

static void conn_end(struct http_thread *t, struct http_conn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		t->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	if (t->n_spare >= SPARE_MAX) {
		conn_free(c);
		return;
	}
	trim(&c->body);
	trim(&c->out);
	c->next = t->spare;
	t->spare = c;
	t->n_spare++;
}

void http_conn_notify(void *cls, struct MHD_Connection *mhd, void **socket_ctx,
		      enum MHD_ConnectionNotificationCode code)
{
	struct http_thread *t = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		conn_begin(t, mhd, socket_ctx);
	} else if (*socket_ctx) {
		conn_end(t, *socket_ctx);
		*socket_ctx = NULL;
	}
}

/* ---------------------------------------------------------------- the header */

void *http_conn_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	(void)cls;
	const union MHD_ConnectionInfo *info =
		pd_mhd.get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_conn *c = info ? info->socket_context : NULL;
	if (!c)
		return NULL;
	c->request = (struct pd_http_request){ 0 };
	c->response = (struct pd_http_response){ .route = PD_HTTP_ROUTE_REFUSED, .file_fd = -1 };
	c->discard = false;
	c->id[0] = '\0';
	c->uri_end = uri ? uri + strlen(uri) : NULL;
	/* The library decodes %00 to the end of the text: what is behind it would be lost. */
	c->bad_uri = !uri || uri[0] != '/' || strchr(uri, ' ') || strstr(uri, "%00");
	pd_buf_clear(&c->query);
	const char *query = uri ? strchr(uri, '?') : NULL;
	if (query)
		pd_buf_z(&c->query, query + 1);
	http_set_state(c, CONN_HEADER);
	return c;
}

/* What one walk over the headers gathers. */
struct headers {
	struct http_conn *c;
	struct pd_str length;
	struct pd_str encoding;
	unsigned n_lengths;
	unsigned n_encodings;
	unsigned n_hosts;
	bool expects;
	const char *end;    /* of the value before, in the library's buffer */
	const char *broken; /* why the header is refused, or NULL */
};

static bool id_is_fine(struct pd_str s)
{
	if (!s.n || s.n > PD_HTTP_ID_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (!letter && !(c >= '0' && c <= '9') && !strchr("-_.:", c))
			return false;
	}
	return true;
}

static void note_id(struct http_conn *c, struct pd_str value)
{
	if (!id_is_fine(value))
		return;
	memcpy(c->id, value.p, value.n);
	c->id[value.n] = '\0';
}

static void note_length(struct headers *h, struct pd_str value)
{
	h->n_lengths++;
	h->length = value;
}

static void note_encoding(struct headers *h, struct pd_str value)
{
	h->n_encodings++;
	h->encoding = value;
}

static void note_host(struct headers *h, struct pd_str value)
{
	h->n_hosts++;
	h->c->request.host = value;
}

static void note_expect(struct headers *h, struct pd_str value)
{
	(void)value;
	h->expects = true;
}

static void note_request_id(struct headers *h, struct pd_str value)
{
	note_id(h->c, value);
}

/* What we look at: kept as text in the request, or handed to a function. */
static const struct known_header {
	struct pd_str name;
	size_t offset; /* in struct pd_http_request */
	void (*note)(struct headers *h, struct pd_str value);
} known_headers[] = {
#define TEXT(name, field)                                                                          \
	{                                                                                          \
		{ name, sizeof(name) - 1 }, offsetof(struct pd_http_request, field), NULL          \
	}
#define NOTE(name, fn)                                                                             \
	{                                                                                          \
		{ name, sizeof(name) - 1 }, 0, fn                                                  \
	}
	NOTE("Host", note_host),
	NOTE("Content-Length", note_length),
	TEXT("Content-Type", content_type),
	NOTE("Transfer-Encoding", note_encoding),
	NOTE("Expect", note_expect),
	NOTE("X-Request-Id", note_request_id),
	TEXT("Origin", origin),
	TEXT("Range", range),
	TEXT("If-Range", if_range),
	TEXT("Access-Control-Request-Method", wanted_method),
	TEXT("Access-Control-Request-Headers", wanted_headers),
#undef TEXT
#undef NOTE
};

static void note_header(struct headers *h, struct pd_str key, struct pd_str value)
{
	for (size_t i = 0; i < PD_LEN(known_headers); i++) {
		const struct known_header *k = &known_headers[i];
		if (key.n != k->name.n || !pd_str_eq_nocase(key, k->name))
			continue;
		if (k->note)
			k->note(h, value);
		else
			memcpy((char *)&h->c->request + k->offset, &value, sizeof(value));
		return;
	}
}

/* Names and values lie in the buffer as they came, CR LF overwritten by NULs: a value ends one or
 * two bytes before the next name. A NUL from the client, or a line that was folded, breaks that. */
static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *key,
				   size_t key_size, const char *value, size_t value_size)
{
	(void)kind;
	struct headers *h = cls;
	if (h->end && key != h->end + 1 && key != h->end + 2)
		h->broken = "a header has a NUL or is folded over lines";
	if (!value) {
		h->broken = "a header has no value";
		return MHD_YES;
	}
	h->end = value + value_size;
	for (size_t i = 0; i < key_size; i++)
		if ((unsigned char)key[i] <= ' ')
			h->broken = "a header's name has a space in it";
	note_header(h, pd_str_of(key, key_size), pd_str_of(value, value_size));
	return MHD_YES;
}

/* Why the message's framing is refused, or NULL. spec: RFC 9112, section 6.3 */
static const char *bad_framing(const struct headers *h, bool old)
{
	if (h->n_lengths > 1)
		return "there is more than one Content-Length";
	if (!h->n_encodings)
		return NULL;
	if (h->n_lengths)
		return "there is a Content-Length and a Transfer-Encoding";
	if (old || h->n_encodings > 1 || !pd_str_eq_nocase(h->encoding, PD_STR("chunked")))
		return "this Transfer-Encoding is not understood";
	return NULL;
}

static void check_headers(struct headers *h, const char *version)
{
	const struct http_conn *c = h->c;
	bool old = strcmp(version, "HTTP/1.0") == 0;
	pd_mhd.get_connection_values_n(c->mhd, MHD_HEADER_KIND, take_header, h);
	/* The empty line that ends the header follows at once. */
	if (h->end && h->end[1] != '\0' && h->end[1] != '\r' && h->end[1] != '\n')
		h->broken = "a header has a NUL";
	else if (c->bad_uri || version != c->uri_end + 1)
		h->broken = "the request target is malformed";
	else if (!old && strcmp(version, "HTTP/1.1") != 0)
		h->broken = "this version of HTTP is not spoken";
	else if (h->n_hosts > 1)
		h->broken = "there is more than one Host";
	else if (!old && h->n_hosts == 0)
		h->broken = "there is no Host";
	else if (!h->broken)
		h->broken = bad_framing(h, old);
}

/* ---------------------------------------------------------------- the request */

/* Past the point where the library would take an answer from us: say it ourselves, and hang up.
 * status: 0 says nothing. */
static void cut(struct http_conn *c, int status)
{
	const char *reason = status == 408   ? "Request Timeout"
			     : status == 413 ? "Content Too Large"
					     : "Service Unavailable";
	char text[128];
	if (status) {
		int n = snprintf(text, sizeof(text),
				 "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
				 status, reason);
		c->response.status = status;
		if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			c->response.status = 0; /* the client is gone already */
	}
	shutdown(c->fd, SHUT_RDWR);
	c->cut = true;
}

static enum pd_http_verb verb_of(const char *method)
{
	static const struct {
		const char *name;
		enum pd_http_verb verb;
	} verbs[] = {
		{ "POST", PD_HTTP_POST },     { "GET", PD_HTTP_GET },
		{ "HEAD", PD_HTTP_HEAD },     { "PUT", PD_HTTP_PUT },
		{ "DELETE", PD_HTTP_DELETE }, { "OPTIONS", PD_HTTP_OPTIONS },
		{ "PATCH", PD_HTTP_PATCH },
	};
	for (size_t i = 0; i < PD_LEN(verbs); i++)
		if (strcmp(verbs[i].name, method) == 0)
			return verbs[i].verb;
	return PD_HTTP_OTHER;
}

/* Digits only: the library answers what is none by itself (400, with its header twice). */
static uint64_t length_of(struct pd_str s)
{
	int64_t n = 0;
	if (!s.n)
		return 0;
	return pd_str_to_i64(s, &n) ? (uint64_t)n : UINT64_MAX;
}

/* A body that is not wanted is answered at once when reading it would take long. */
static enum MHD_Result begin_stream(struct http_thread *t, struct http_conn *c, bool is_long)
{
	c->request.sink = c->sink.arg;
	c->progress = 0;
	return c->sink.failed && is_long ? http_answer(t, c) : MHD_YES;
}

static enum MHD_Result begin_request(struct http_thread *t, struct http_conn *c, const char *url,
				     const char *method, const char *version)
{
	struct headers h = { .c = c };
	atomic_fetch_add_explicit(&t->in_flight, 1, memory_order_relaxed);
	t->n_requests++;
	c->begin_ns = http_now_ns();
	http_set_state(c, CONN_BODY);
	c->request.method = pd_str_from(method);
	c->request.verb = verb_of(method);
	c->request.path = pd_str_from(url);
	if (t->http->opts.access_log_fd >= 0) {
		snprintf(c->method, sizeof(c->method), "%s", method);
		snprintf(c->path, sizeof(c->path), "%s", url);
	}
	c->request.query = pd_buf_view(&c->query);
	check_headers(&h, version);
	if (h.broken)
		return http_refuse(t, c, 400, h.broken);
	c->discarded = 0;
	pd_buf_clear(&c->body);
	uint64_t length = length_of(h.length);
	const struct pd_http_handler *handler = &t->http->handler;
	if (handler->begin && handler->begin(handler->ctx, t->index, &c->request, &c->sink))
		return begin_stream(t, c, h.expects || length > DISCARD_MAX);
	size_t max = t->http->opts.max_body;
	if (length > max) {
		if (h.expects || length - max > DISCARD_MAX)
			return http_refuse(t, c, 413, "the request's body is too large");
		c->discard = true;
	}
	if (length && !c->discard)
		(void)pd_buf_room(&c->body, length < RESERVE_MAX ? length : RESERVE_MAX);
	return MHD_YES;
}

static enum MHD_Result stream_body(struct http_conn *c, const char *bytes, size_t n)
{
	c->progress += n;
	if (c->progress >= PROGRESS_BYTES) {
		c->progress = 0;
		http_set_state(c, CONN_BODY); /* the deadline is for what comes next */
	}
	if (!c->sink.failed)
		c->sink.failed = !c->sink.write(c->sink.arg, bytes, n);
	else
		c->discarded += n;
	if (c->discarded <= DISCARD_MAX)
		return MHD_YES;
	cut(c, 503);
	return MHD_NO;
}

static enum MHD_Result take_body(struct http_conn *c, const char *bytes, size_t n)
{
	if (c->sink.arg)
		return stream_body(c, bytes, n);
	if (!c->discard) {
		pd_buf_put(&c->body, bytes, n);
		c->discard = c->body.failed != PD_OK;
	}
	if (!c->discard)
		return MHD_YES;
	c->discarded += n;
	if (c->discarded <= c->body.max + DISCARD_MAX)
		return MHD_YES;
	cut(c, 413);
	return MHD_NO;
}

enum MHD_Result http_conn_access(void *cls, struct MHD_Connection *mhd, const char *url,
				 const char *method, const char *version, const char *upload,
				 size_t *upload_size, void **request_ctx)
{
	(void)mhd;
	struct http_thread *t = cls;
	struct http_conn *c = *request_ctx;
	if (!c)
		return MHD_NO;
	if (c->state == CONN_HEADER)
		return begin_request(t, c, url, method, version);
	if (*upload_size) {
		size_t n = *upload_size;
		*upload_size = 0;
		return take_body(c, upload, n);
	}
	if (c->state == CONN_LATER)
		return http_answer_finish(t, c);
	return c->state == CONN_BODY ? http_answer(t, c) : MHD_YES;
}

void http_conn_completed(void *cls, struct MHD_Connection *mhd, void **request_ctx,
			 enum MHD_RequestTerminationCode why)
{
	(void)mhd;
	struct http_thread *t = cls;
	struct http_conn *c = *request_ctx;
	if (!c)
		return;
	*request_ctx = NULL;
	if (c->sink.arg) {
		c->sink.drop(c->sink.arg);
		c->sink = (struct pd_http_sink){ 0 };
	}
	/* The client went while the answer was made: whoever made it still hands it over. */
	if (c->state == CONN_LATER)
		http_answer_drop(t, c);
	if (c->state == CONN_BODY || c->state == CONN_LATER || c->state == CONN_ANSWER) {
		atomic_fetch_sub_explicit(&t->in_flight, 1, memory_order_relaxed);
		bool whole = why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
		struct pd_http_done done = {
			.route = c->response.route,
			.status = c->response.status ? c->response.status : 499,
			.duration_ns = http_now_ns() - c->begin_ns,
			.sent_bytes = whole && c->request.verb != PD_HTTP_HEAD
					      ? c->out.n + c->response.file_bytes
					      : 0,
		};
		if (t->http->handler.done)
			t->http->handler.done(t->http->handler.ctx, t->index, &done);
		if (t->http->opts.access_log_fd >= 0)
			http_log_line(t, c, &done);
	}
	trim(&c->body);
	trim(&c->out);
	http_set_state(c, CONN_IDLE);
}

/* ---------------------------------------------------------------- deadlines */

static bool has_unread(const struct http_conn *c)
{
	char byte;
	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The library looks for no more once a read was short: it misses an end that came with the bytes. */
static bool is_gone(const struct http_conn *c)
{
	char byte;
	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* While draining, a connection that asks for nothing may go, once it had time to say so. */
static bool may_drain(const struct http_thread *t, const struct http_conn *c, int64_t now_ms)
{
	bool quiet = c->state == CONN_NEW || c->state == CONN_IDLE;
	return t->draining && quiet && now_ms - c->since_ms > DRAIN_GRACE_MS &&
	       now_ms - t->drain_since_ms > DRAIN_GRACE_MS && !has_unread(c);
}

static void sweep_one(const struct http_thread *t, struct http_conn *c, int64_t now_ms)
{
	const struct pd_http_opts *o = &t->http->opts;
	const struct {
		int64_t limit_ms;
		int status; /* answered when time is up; 0: closed without a word */
	} rules[] = {
		[CONN_NEW] = { o->header_ms, 408 }, [CONN_HEADER] = { o->header_ms, 408 },
		[CONN_BODY] = { o->body_ms, 408 },  [CONN_ANSWER] = { ANSWER_MS, 0 },
		[CONN_IDLE] = { o->idle_ms, 0 },
	};
	if (may_drain(t, c, now_ms))
		cut(c, 0);
	else if (c->state < PD_LEN(rules) && rules[c->state].limit_ms &&
		 now_ms - c->since_ms > rules[c->state].limit_ms)
		cut(c, rules[c->state].status);
	else if (c->state == CONN_BODY && is_gone(c))
		cut(c, 0);
}

void http_conn_sweep(struct http_thread *t, int64_t now_ms)
{
	for (struct http_conn *c = t->conns; c; c = c->next)
		if (!c->cut)
			sweep_one(t, c, now_ms);
}

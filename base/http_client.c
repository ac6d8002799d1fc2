#include "base/http_client.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/curl.h"
#include "base/mem.h"

#define SILENCE_BYTES_S 64 /* fewer a second, for silence_ms, is a peer that has gone */

struct pd_http_client {
	CURL *easy;
	struct pd_http_policy policy;
};

/* One call, over all its tries. */
struct exchange {
	struct pd_http_client *c;
	const struct pd_http_req *req;
	struct pd_http_res *res;
	struct pd_err *err;
	struct curl_slist *headers;
	bool has_taken;   /* the sink has got something, which ends at `next` */
	uint64_t next;    /* offset in the object of the byte to come */
	uint64_t counted; /* `next` when the tries were last counted anew */
	/* of this try */
	uint64_t asked_from;
	bool is_placed; /* its first byte has come, at `next` */
	bool has_range;
	uint64_t range_from;
	bool has_length;
	uint64_t n_length;
	uint64_t body_at; /* bytes of the file that went out */
	bool enough;
	bool has_failed; /* the sink, or reading the file */
	CURLcode result;
	char text[CURL_ERROR_SIZE];
};

static void exchange_end(struct exchange *x)
{
	if (x->headers)
		pd_curl.slist_free_all(x->headers);
}

static bool is_good(unsigned status)
{
	return status >= 200 && status < 300;
}

/* Scheme, host and port: what to look at when nothing comes back. */
static struct pd_str origin_of(const char *url)
{
	const char *host = strstr(url, "://");
	size_t n = host ? (size_t)(host - url) + 3 : 0;
	return pd_str_of(url, n + strcspn(url + n, "/?#"));
}

/* ---------------------------------------------------------------- what comes */

static void copy_text(char *out, size_t size, struct pd_str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	if (n)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

static bool to_u64(struct pd_str s, uint64_t *out)
{
	int64_t v = 0;
	if (!pd_str_to_i64(s, &v) || v < 0)
		return false;
	*out = (uint64_t)v;
	return true;
}

/* spec: RFC 9110, 14.4: "bytes 0-499/1234", the total may be "*" */
static void read_content_range(struct exchange *x, struct pd_str value)
{
	struct pd_str range, total, from, to;
	if (!pd_str_starts(value, PD_STR("bytes ")))
		return;
	pd_str_split(pd_str_skip(value, 6), '/', &range, &total);
	pd_str_split(range, '-', &from, &to);
	x->has_range = to_u64(from, &x->range_from);
	if (to_u64(total, &x->res->total_bytes))
		x->res->has_total = true;
}

static void begin_answer(struct exchange *x)
{
	x->has_range = x->has_length = false;
	x->res->content_type[0] = '\0';
	pd_buf_clear(&x->res->error_body);
}

static bool is_stopped(const struct exchange *x)
{
	return x->req->stop && *x->req->stop;
}

static int on_tick(void *ctx, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
		   curl_off_t up)
{
	(void)down_all, (void)down, (void)up_all, (void)up;
	return is_stopped(ctx);
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	struct pd_str line = pd_str_trim(pd_str_of(p, size * n)), name, value;
	if (pd_str_starts(line, PD_STR("HTTP/")))
		begin_answer(x);
	if (!pd_str_split(line, ':', &name, &value))
		return size * n;
	value = pd_str_trim(value);
	if (pd_str_eq_nocase(name, PD_STR("content-length")))
		x->has_length = to_u64(value, &x->n_length);
	else if (pd_str_eq_nocase(name, PD_STR("content-range")))
		read_content_range(x, value);
	else if (pd_str_eq_nocase(name, PD_STR("content-type")))
		copy_text(x->res->content_type, sizeof(x->res->content_type), value);
	else if (pd_str_eq_nocase(name, PD_STR("etag")) && value.n < sizeof(x->res->etag) &&
		 !x->has_taken)
		copy_text(x->res->etag, sizeof(x->res->etag), value);
	return size * n;
}

static unsigned status_now(const struct exchange *x)
{
	long status = 0;
	pd_curl.easy_getinfo(x->c->easy, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (unsigned)status : 0;
}

/* Where the answer's first byte stands. */
static enum pd_code place(struct exchange *x, unsigned status)
{
	uint64_t before = x->res->total_bytes;
	bool had = x->has_taken && x->res->has_total;
	x->is_placed = true;
	if (status == 206) {
		if (!x->has_range || x->range_from != x->asked_from)
			return pd_fail(x->err, PD_CORRUPT,
				       "%s: the server sent another part than was asked for",
				       x->req->url);
		x->next = x->range_from;
		return PD_OK;
	}
	x->next = 0;
	if (x->has_length) {
		x->res->has_total = true;
		x->res->total_bytes = x->n_length;
	}
	if (had && x->has_length && before != x->n_length && x->asked_from)
		return pd_fail(x->err, PD_CONFLICT, "%s: it changed while it was read",
			       x->req->url);
	return PD_OK;
}

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
	struct exchange *x = ctx;
	size_t n = size * count;
	unsigned status = status_now(x);
	if (!is_good(status)) {
		struct pd_buf *b = &x->res->error_body;
		pd_buf_put(b, p, n < b->max - b->n ? n : b->max - b->n);
		return n;
	}
	if (!x->is_placed && place(x, status) != PD_OK)
		x->has_failed = true;
	else if (x->req->sink &&
		 x->req->sink(x->req->ctx, x->next, p, n, &x->enough, x->err) != PD_OK)
		x->has_failed = true;
	x->has_taken = true;
	x->next += n;
	return x->has_failed || x->enough ? 0 : n; /* 0 ends the transfer */
}

enum pd_code pd_http_to_buf(void *ctx, uint64_t at, const char *p, size_t n, bool *enough,
			    struct pd_err *err)
{
	struct pd_buf *b = ctx;
	(void)enough;
	if (at == 0)
		pd_buf_clear(b);
	pd_buf_put(b, p, n);
	return pd_buf_check(b, "the server's answer", err);
}

/* ---------------------------------------------------------------- what goes */

static size_t on_send(char *p, size_t size, size_t count, void *ctx)
{
	struct exchange *x = ctx;
	uint64_t left = x->req->body_bytes - x->body_at;
	size_t n = size * count < left ? size * count : (size_t)left;
	ssize_t got = pread(x->req->body_fd, p, n, (off_t)x->body_at);
	while (got < 0 && errno == EINTR)
		got = pread(x->req->body_fd, p, n, (off_t)x->body_at);
	if (got < 0 || (got == 0 && left)) {
		x->has_failed = true;
		if (got < 0)
			pd_fail_errno(x->err, errno, "reading the file that is sent");
		else
			pd_fail(x->err, PD_CONFLICT, "the file that is sent became shorter");
		return CURL_READFUNC_ABORT;
	}
	x->body_at += (uint64_t)got;
	if (x->req->sent)
		x->req->sent(x->req->sent_ctx, (uint64_t)got);
	return (size_t)got;
}

/* A connection that was closed meanwhile, or a redirect: from the start. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct exchange *x = ctx;
	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	x->body_at = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

#define SET(x, option, value) pd_curl.easy_setopt((x)->c->easy, CURLOPT_##option, value)

static void add_header(struct exchange *x, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	PD_AUTO_FREE char *line = pd_xmalloc(size);
	snprintf(line, size, "%s:%s%s", name, *value ? " " : "", value);
	struct curl_slist *longer = pd_curl.slist_append(x->headers, line);
	if (longer)
		x->headers = longer;
}

static void set_body(struct exchange *x)
{
	const struct pd_http_req *req = x->req;
	SET(x, CUSTOMREQUEST, req->verb);
	if (!req->content_type) {
		SET(x, HTTPGET, 1L);
		SET(x, CUSTOMREQUEST, strcmp(req->verb, "HEAD") ? req->verb : NULL);
		SET(x, NOBODY, strcmp(req->verb, "HEAD") ? 0L : 1L);
		return;
	}
	add_header(x, "Content-Type", req->content_type);
	add_header(x, "Expect", ""); /* no second round trip for a large body */
	if (req->body_is_file) {
		SET(x, UPLOAD, 1L);
		SET(x, INFILESIZE_LARGE, (curl_off_t)req->body_bytes);
		SET(x, READFUNCTION, on_send);
		SET(x, READDATA, x);
		SET(x, SEEKFUNCTION, on_seek);
		SET(x, SEEKDATA, x);
		return;
	}
	SET(x, POST, 1L);
	SET(x, POSTFIELDS, req->body.n ? req->body.p : "");
	SET(x, POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
}

/* Of an object that was read in part only the rest, if it is still the same one. */
static void set_range(struct exchange *x)
{
	const struct pd_http_req *req = x->req;
	char range[64];
	bool strong = x->res->etag[0] == '"';
	bool goes_on = x->has_taken && strong && strcmp(req->verb, "GET") == 0;
	x->asked_from = goes_on ? x->next : req->from;
	if (!goes_on && !req->ranged)
		x->asked_from = 0;
	if (!goes_on && !req->ranged)
		return;
	int n = snprintf(range, sizeof(range), "bytes=%llu-", (unsigned long long)x->asked_from);
	if (req->ranged && req->n)
		snprintf(range + n, sizeof(range) - (size_t)n, "%llu",
			 (unsigned long long)(req->from + req->n - 1));
	add_header(x, "Range", range);
	if (goes_on)
		add_header(x, "If-Range", x->res->etag);
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void set_tls(struct exchange *x)
{
	const struct pd_http_policy *p = &x->c->policy;
	SET(x, SSL_VERIFYPEER, p->insecure ? 0L : 1L);
	SET(x, SSL_VERIFYHOST, p->insecure ? 0L : 2L);
	if (p->ca && is_folder(p->ca))
		SET(x, CAPATH, p->ca);
	else if (p->ca)
		SET(x, CAINFO, p->ca);
	if (p->cert) {
		SET(x, SSLCERT, p->cert);
		SET(x, SSLKEY, p->cert);
	}
}

static void set_identity(struct exchange *x)
{
	const struct pd_http_policy *p = &x->c->policy;
	if (p->user) {
		SET(x, HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(x, USERNAME, p->user);
		SET(x, PASSWORD, p->password ? p->password : "");
	} else if (p->token) {
		SET(x, HTTPAUTH, (long)CURLAUTH_BEARER);
		SET(x, XOAUTH2_BEARER, p->token);
	}
}

static void set_all(struct exchange *x)
{
	const struct pd_http_policy *p = &x->c->policy;
	bool tls = pd_str_starts(pd_str_from(x->req->url), PD_STR("https:"));
	pd_curl.easy_reset(x->c->easy);
	SET(x, URL, x->req->url);
	SET(x, PROTOCOLS_STR, "http,https");
	/* a redirect never takes the lock off */
	SET(x, REDIR_PROTOCOLS_STR, tls ? "https" : "http,https");
	SET(x, FOLLOWLOCATION, p->stays ? 0L : 1L);
	SET(x, MAXREDIRS, (long)PD_HTTP_REDIRECTS_MAX);
	SET(x, POSTREDIR, (long)CURL_REDIR_POST_ALL); /* a POST that became a GET asks nothing */
	SET(x, NOSIGNAL, 1L);
	SET(x, TCP_KEEPALIVE, 1L);
	SET(x, CONNECTTIMEOUT_MS, (long)p->connect_ms);
	SET(x, LOW_SPEED_LIMIT, (long)SILENCE_BYTES_S);
	SET(x, LOW_SPEED_TIME, (long)((p->silence_ms + 999) / 1000));
	SET(x, ERRORBUFFER, x->text);
	SET(x, USERAGENT, "podium");
	SET(x, HEADERFUNCTION, on_header);
	SET(x, HEADERDATA, x);
	SET(x, WRITEFUNCTION, on_body);
	SET(x, WRITEDATA, x);
	SET(x, NOPROGRESS, x->req->stop ? 0L : 1L);
	SET(x, XFERINFOFUNCTION, on_tick);
	SET(x, XFERINFODATA, x);
	/* libcurl itself sends again what a kept connection may have swallowed */
	SET(x, FRESH_CONNECT, x->req->once ? 1L : 0L);
	set_tls(x);
	set_identity(x);
	set_body(x);
	set_range(x);
	SET(x, HTTPHEADER, x->headers);
}

/* ---------------------------------------------------------------- how it went */

enum outcome {
	ANSWERED,  /* for better or worse */
	FAILED,    /* err says how */
	UNHEARD,   /* no connection: it cannot have arrived */
	BROKE_OFF, /* it may have arrived */
	LATER,     /* the server refused it for now */
};

static enum pd_code say_failed(struct exchange *x)
{
	struct pd_str at = origin_of(x->req->url);
	const char *text = x->text[0] ? x->text : pd_curl.easy_strerror(x->result);
	long os_errno = 0;
	double connected_s = 0;
	pd_curl.easy_getinfo(x->c->easy, CURLINFO_OS_ERRNO, &os_errno);
	pd_curl.easy_getinfo(x->c->easy, CURLINFO_CONNECT_TIME, &connected_s);
	switch (x->result) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return pd_fail(x->err, PD_UNREACHABLE, "%.*s: no host of that name",
			       PD_STR_ARG(at));
	case CURLE_COULDNT_CONNECT:
		return pd_fail(x->err, PD_UNREACHABLE, "%.*s: no connection: %s", PD_STR_ARG(at),
			       os_errno ? strerror((int)os_errno) : text);
	case CURLE_OPERATION_TIMEDOUT:
		if (connected_s <= 0)
			return pd_fail(x->err, PD_TIMEOUT, "%.*s: no connection within %lld s",
				       PD_STR_ARG(at), (long long)(x->c->policy.connect_ms / 1000));
		return pd_fail(x->err, PD_TIMEOUT, "%.*s: no answer for %lld s", PD_STR_ARG(at),
			       (long long)((x->c->policy.silence_ms + 999) / 1000));
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return pd_fail(x->err, PD_UNREACHABLE, "%.*s: the connection broke off",
			       PD_STR_ARG(at));
	case CURLE_ABORTED_BY_CALLBACK:
		return pd_fail(x->err, PD_IO, "%s: stopped", x->req->url);
	case CURLE_PARTIAL_FILE:
		return pd_fail(x->err, PD_UNREACHABLE, "%s: the answer broke off", x->req->url);
	case CURLE_TOO_MANY_REDIRECTS:
		return pd_fail(x->err, PD_UNREACHABLE, "%.*s: more than %d redirects",
			       PD_STR_ARG(at), PD_HTTP_REDIRECTS_MAX);
	case CURLE_PEER_FAILED_VERIFICATION:
		return pd_fail(x->err, PD_UNREACHABLE, "%.*s: its certificate is not trusted: %s",
			       PD_STR_ARG(at), text);
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return pd_fail(x->err, PD_INVALID, "%s", text);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return pd_fail(x->err, PD_INVALID, "%.*s: %s", PD_STR_ARG(at), text);
	default:
		return pd_fail(x->err, PD_UNREACHABLE, "%.*s: %s", PD_STR_ARG(at), text);
	}
}

/* spec: mlflow/utils/request_utils.py, _TRANSIENT_FAILURE_RESPONSE_CODES */
static bool is_passing(const struct exchange *x, unsigned status)
{
	bool passing = status == 408 || status == 429 || status == 500 || status == 502 ||
		       status == 503 || status == 504;
	return passing &&
	       !(x->req->is_final && x->req->is_final(status, pd_buf_view(&x->res->error_body)));
}

static bool is_short(const struct exchange *x)
{
	const struct pd_http_req *req = x->req;
	uint64_t end = x->res->total_bytes;
	if (x->res->status != 206 || !x->res->has_total)
		return false;
	if (req->ranged && req->n && req->from + req->n < end)
		end = req->from + req->n;
	return x->next < end;
}

static enum outcome judge(struct exchange *x)
{
	x->res->status = status_now(x);
	if (x->has_failed)
		return FAILED;
	if (x->enough)
		return ANSWERED;
	if (x->result == CURLE_OK) {
		if (is_short(x)) {
			x->result = CURLE_PARTIAL_FILE;
			say_failed(x);
			return BROKE_OFF;
		}
		return is_passing(x, x->res->status) ? LATER : ANSWERED;
	}
	/* an answer that came while the body was still being sent */
	if (x->result == CURLE_SEND_ERROR && x->res->status >= 400)
		return ANSWERED;
	say_failed(x);
	switch (x->result) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return UNHEARD;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return BROKE_OFF;
	default:
		return FAILED;
	}
}

/* ---------------------------------------------------------------- again */

static double draw(double up_to)
{
	uint32_t r = 0;
	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return up_to;
	return up_to * (double)r / (double)UINT32_MAX;
}

static curl_off_t retry_after_s(const struct exchange *x)
{
	curl_off_t s = 0;
	pd_curl.easy_getinfo(x->c->easy, CURLINFO_RETRY_AFTER, &s);
	return s;
}

/* Is it worth another try, the `n_tried`th failed? May what arrived be done twice? */
static bool may_repeat(const struct exchange *x, enum outcome o, unsigned n_tried)
{
	const struct pd_http_policy *p = &x->c->policy;
	if (o == UNHEARD && !is_stopped(x))
		return n_tried <= p->n_connect_retries;
	if (is_stopped(x) || (o != BROKE_OFF && o != LATER))
		return false;
	if (o == LATER && retry_after_s(x) > PD_HTTP_PAUSE_MAX_S && !p->ignores_retry_after)
		return false;
	/* 429 and a 503 that names a time were turned away before anything was done */
	bool undone = o == LATER &&
		      (x->res->status == 429 || (x->res->status == 503 && retry_after_s(x) > 0));
	return n_tried <= p->n_retries && (!x->req->once || undone);
}

static void pause_before(struct exchange *x, enum outcome o, unsigned n_tried)
{
	const struct pd_http_policy *p = &x->c->policy;
	double most = p->backoff_s;
	char why[64];
	for (unsigned i = 1; i < n_tried && most < PD_HTTP_PAUSE_MAX_S; i++)
		most *= 2;
	if (o == UNHEARD && most > 1)
		most = 1;
	double s = draw(most < PD_HTTP_PAUSE_MAX_S ? most : PD_HTTP_PAUSE_MAX_S);
	s += o == UNHEARD ? 0 : draw(p->jitter_s);
	if (o == LATER && !p->ignores_retry_after && (double)retry_after_s(x) > s)
		s = (double)retry_after_s(x);
	snprintf(why, sizeof(why), "it answers %u", x->res->status);
	if (p->pause)
		p->pause(p->pause_ctx, o == LATER ? why : x->err->text, (int64_t)(s * 1000));
	struct timespec t = { .tv_sec = (time_t)s,
			      .tv_nsec = (long)((s - (double)(time_t)s) * 1e9) };
	while (nanosleep(&t, &t) != 0 && errno == EINTR && !is_stopped(x))
		;
}

static enum outcome try_once(struct exchange *x)
{
	if (x->headers)
		pd_curl.slist_free_all(x->headers);
	x->headers = NULL;
	x->is_placed = x->has_range = x->has_length = false;
	x->body_at = 0;
	x->text[0] = '\0';
	pd_buf_clear(&x->res->error_body);
	set_all(x);
	x->result = pd_curl.easy_perform(x->c->easy);
	return judge(x);
}

static void keep_url(struct exchange *x)
{
	const char *url = NULL;
	long n_redirects = 0;
	pd_curl.easy_getinfo(x->c->easy, CURLINFO_REDIRECT_COUNT, &n_redirects);
	pd_curl.easy_getinfo(x->c->easy, CURLINFO_EFFECTIVE_URL, &url);
	if (n_redirects > 0 && url)
		x->res->url = pd_xstrdup(url);
}

enum pd_code pd_http_call(struct pd_http_client *c, const struct pd_http_req *req,
			  struct pd_http_res *res, struct pd_err *err)
{
	struct pd_err unheard = { 0 };
	PD_CLEANUP(exchange_end)
	struct exchange x = { .c = c, .req = req, .res = res, .err = err ? err : &unheard };
	*res = (struct pd_http_res){ 0 };
	pd_buf_init(&res->error_body, PD_HTTP_ERROR_MAX);
	for (unsigned n_tried = 1;; n_tried++) {
		enum outcome o = try_once(&x);
		if (x.next >= x.counted + PD_HTTP_PROGRESS) { /* it gets on */
			x.counted = x.next;
			n_tried = 1;
		}
		if (may_repeat(&x, o, n_tried)) {
			pause_before(&x, o, n_tried);
			continue;
		}
		keep_url(&x);
		return o == ANSWERED || o == LATER ? PD_OK : x.err->code;
	}
}

void pd_http_res_end(struct pd_http_res *r)
{
	free(r->url);
	pd_buf_end(&r->error_body);
}

enum pd_code pd_http_client_open(const struct pd_http_policy *policy, struct pd_http_client **out,
				 struct pd_err *err)
{
	PD_TRY(pd_curl_load(err));
	CURL *easy = pd_curl.easy_init();
	if (!easy)
		return pd_fail(err, PD_NO_MEMORY, "libcurl has no memory");
	struct pd_http_client *c = pd_xcalloc(1, sizeof(*c));
	c->easy = easy;
	c->policy = *policy;
	*out = c;
	return PD_OK;
}

void pd_http_client_close(struct pd_http_client *c)
{
	if (!c)
		return;
	pd_curl.easy_cleanup(c->easy);
	free(c);
}

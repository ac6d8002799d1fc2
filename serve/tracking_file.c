/*
 * Sending a file: its type, a name to save it under, and the part of it that was asked for. The
 * kernel copies the bytes. spec: RFC 9110, sections 13 and 14; RFC 6266.
 */
#include "serve/tracking_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"

/* Source: mlflow/utils/mime_type_utils.py: text is plain whatever it is, so that no browser runs
 * it; others by Python's table. */
static const char *type_of(struct pd_str name)
{
	static const char *const text[] = {
		"txt", "log",        "err",   "cfg",     "conf",      "cnf",  "cf",
		"ini", "properties", "prop",  "hocon",   "toml",      "yaml", "yml",
		"xml", "json",       "js",    "py",      "py3",       "csv",  "tsv",
		"md",  "rst",        "ipynb", "MLmodel", "MLproject",
	};
	static const char *const other[][2] = {
		{ "html", "text/html" },        { "htm", "text/html" },
		{ "css", "text/css" },          { "png", "image/png" },
		{ "jpg", "image/jpeg" },        { "jpeg", "image/jpeg" },
		{ "gif", "image/gif" },         { "svg", "image/svg+xml" },
		{ "webp", "image/webp" },       { "pdf", "application/pdf" },
		{ "zip", "application/zip" },   { "mp4", "video/mp4" },
		{ "mp3", "audio/mpeg" },        { "wav", "audio/x-wav" },
		{ "tar", "application/x-tar" },
	};
	ptrdiff_t dot = pd_str_rfind(name, '.');
	struct pd_str end = dot > 0 ? pd_str_skip(name, (size_t)dot + 1) : name;
	for (size_t i = 0; i < PD_LEN(text); i++)
		if (pd_str_eqz(end, text[i]))
			return "text/plain";
	for (size_t i = 0; dot > 0 && i < PD_LEN(other); i++)
		if (pd_str_eq_nocase(end, pd_str_from(other[i][0])))
			return other[i][1];
	return "application/octet-stream";
}

/* ---------------------------------------------------------------- the name */

static bool is_token(struct pd_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') && !strchr("!#$%&'*+-.^_`|~", s.p[i]))
			return false;
	return s.n > 0;
}

static void put_quoted(struct pd_buf *b, struct pd_str s)
{
	if (is_token(s)) {
		pd_buf_str(b, s);
		return;
	}
	pd_buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			pd_buf_char(b, '\\');
		pd_buf_char(b, s.p[i]);
	}
	pd_buf_char(b, '"');
}

static void put_encoded(struct pd_buf *b, struct pd_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_token(pd_str_of(s.p + i, 1)) && !strchr("'%*", s.p[i]))
			pd_buf_char(b, s.p[i]);
		else
			pd_buf_printf(b, "%%%02X", (unsigned char)s.p[i]);
}

/* An attachment, so that no browser shows it as a page of this server. */
static void add_disposition(struct call *c, struct pd_str name)
{
	PD_AUTO(pd_buf) b = { 0 };
	PD_AUTO(pd_buf) ascii = { 0 };
	pd_buf_init(&b, 4096);
	pd_buf_init(&ascii, 1024);
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x80)
			pd_buf_char(&ascii, name.p[i]);
	pd_buf_z(&b, "attachment; filename=");
	put_quoted(&b, ascii.n ? pd_buf_view(&ascii) : PD_STR("download"));
	if (ascii.n != name.n) {
		pd_buf_z(&b, "; filename*=UTF-8''");
		put_encoded(&b, name);
	}
	pd_http_field(c->response, "Content-Disposition", pd_buf_view(&b));
}

/* ---------------------------------------------------------------- the part */

struct part {
	uint64_t from;
	uint64_t n;
	bool is_outside; /* of the file */
};

static bool position_read(struct pd_str text, int64_t *out)
{
	*out = 0;
	return !text.n || (pd_str_to_i64(text, out) && *out >= 0);
}

/* "FROM-TO", "FROM-" or "-LAST" of a file; false: it is none of these. */
static bool part_read(struct pd_str text, uint64_t size, struct part *out)
{
	struct pd_str first, last;
	int64_t a = 0, b = 0;
	if (!pd_str_split(text, '-', &first, &last) || !position_read(first, &a) ||
	    !position_read(last, &b) || (!first.n && !last.n))
		return false;
	if (!first.n) {
		uint64_t n = (uint64_t)b < size ? (uint64_t)b : size;
		*out = (struct part){ size - n, n, n == 0 };
		return true;
	}
	if (last.n && b < a)
		return false;
	uint64_t end = last.n && (uint64_t)b < size ? (uint64_t)b + 1 : size;
	bool is_outside = (uint64_t)a >= size;
	*out = (struct part){ (uint64_t)a, is_outside ? 0 : end - (uint64_t)a, is_outside };
	return true;
}

/* One range of bytes. Several, or another unit, are none: the whole is sent, which is allowed. */
static bool range_read(struct pd_str text, uint64_t size, struct part *out)
{
	struct pd_str unit, set;
	return pd_str_split(text, '=', &unit, &set) && pd_str_eq_nocase(unit, PD_STR("bytes")) &&
	       part_read(pd_str_trim(set), size, out);
}

static void put_date(char out[40], time_t when)
{
	struct tm tm;
	strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&when, &tm));
}

/* The part that was asked for, if the file still is the one the client has a part of. */
static bool part_wanted(const struct pd_http_request *request, uint64_t size, const char *etag,
			const char *date, struct part *out)
{
	*out = (struct part){ 0, size, false };
	bool fresh = !request->if_range.n || pd_str_eqz(request->if_range, etag) ||
		     pd_str_eqz(request->if_range, date);
	return request->range.n && fresh && range_read(request->range, size, out);
}

static void send_part(struct call *c, int fd, const struct stat *st)
{
	struct pd_http_response *r = c->response;
	uint64_t size = (uint64_t)st->st_size;
	struct part part;
	char etag[64], date[40], range[96];
	snprintf(etag, sizeof(etag), "\"%llx-%llx\"",
		 (unsigned long long)st->st_mtim.tv_sec * 1000000000u +
			 (unsigned long long)st->st_mtim.tv_nsec,
		 (unsigned long long)size);
	put_date(date, st->st_mtim.tv_sec);
	pd_http_field(r, "Accept-Ranges", PD_STR("bytes"));
	pd_http_field(r, "ETag", pd_str_from(etag));
	pd_http_field(r, "Last-Modified", pd_str_from(date));
	if (part_wanted(c->request, size, etag, date, &part)) {
		snprintf(range, sizeof(range),
			 part.is_outside ? "bytes */%llu" : "bytes %llu-%llu/%llu",
			 (unsigned long long)(part.is_outside ? size : part.from),
			 (unsigned long long)(part.from + part.n - 1), (unsigned long long)size);
		pd_http_field(r, "Content-Range", pd_str_from(range));
		r->status = part.is_outside ? 416 : 206;
	}
	if (part.is_outside) {
		r->type = "text/plain; charset=utf-8";
		close(fd);
		return;
	}
	r->file_fd = fd;
	r->file_offset = part.from;
	r->file_bytes = part.n;
}

/* ---------------------------------------------------------------- the file */

static enum pd_code open_file(struct call *c, struct pd_str root, struct pd_str below, int *out_fd,
			      struct stat *st, struct pd_err *err)
{
	PD_AUTO_ARTIFACTS *store = NULL;
	struct pd_str real;
	PD_TRY(pd_artifacts_open(c->tracking->opts.env, root, &store, err));
	PD_TRY(pd_artifacts_local(store, below, c->arena, &real, err));
	PD_AUTO_FD int fd = open(real.p, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st) != 0)
		return pd_fail_errno(err, errno, "%s", real.p);
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return pd_fail(err, PD_DENIED, "not a file");
	*out_fd = pd_take_fd(&fd);
	return PD_OK;
}

void file_answer(struct call *c, struct pd_str root, struct pd_str below, struct pd_str shown,
		 bool is_detail)
{
	struct pd_err err = { 0 };
	struct stat st = { 0 };
	PD_AUTO_FD int fd = -1;
	enum pd_code code = open_file(c, root, below, &fd, &st, &err);
	if (code == PD_NOT_FOUND)
		(void)pd_fail(&err, PD_NOT_FOUND, "No such artifact: '%.*s'", PD_STR_ARG(shown));
	if (code == PD_DENIED) /* a link that leads out: nothing of it is told */
		(void)pd_fail(&err, PD_INVALID, "Invalid path");
	if (code != PD_OK) {
		reply_error(c, &err);
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		(void)pd_fail(&err, PD_INVALID,
			      "Artifact path refers to a directory, not a file: '%.*s'",
			      PD_STR_ARG(shown));
		if (is_detail)
			reply_detail(c, 400, "%s", err.text);
		else
			reply_error(c, &err);
		return;
	}
	struct pd_str name = pd_str_skip(shown, (size_t)(pd_str_rfind(shown, '/') + 1));
	c->response->type = type_of(name);
	add_disposition(c, name);
	send_part(c, pd_take_fd(&fd), &st);
}

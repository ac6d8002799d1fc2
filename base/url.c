#include "base/url.h"

#include "base/auto.h"
#include "base/buf.h"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t pd_url_scheme_length(struct pd_str s)
{
	ptrdiff_t colon = pd_str_find(s, ':');
	if (colon <= 0 || !is_alpha(s.p[0]))
		return 0;
	for (ptrdiff_t i = 1; i < colon; i++)
		if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) && !strchr("+-.", s.p[i]))
			return 0;
	return (size_t)colon;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct pd_str pd_url_unquote(struct pd_arena *arena, struct pd_str s)
{
	char *p = pd_arena_alloc(arena, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;
		p[n++] = low >= 0 ? (char)(high * 16 + low) : s.p[i];
		if (low >= 0)
			i += 2;
	}
	p[n] = '\0';
	return pd_str_of(p, n);
}

static void quote(struct pd_buf *b, struct pd_str s, const char *also)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (is_alpha(c) || is_digit(c) || (c && strchr("-._~", c)) ||
		    (c && strchr(also, c)))
			pd_buf_char(b, c);
		else
			pd_buf_printf(b, "%%%02X", (unsigned char)c);
	}
}

void pd_url_quote(struct pd_buf *b, struct pd_str s)
{
	quote(b, s, "");
}

void pd_url_quote_path(struct pd_buf *b, struct pd_str path)
{
	quote(b, path, "/");
}

static struct pd_str lower(struct pd_arena *arena, struct pd_str s)
{
	char *p = pd_arena_z(arena, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
	return pd_str_of(p, s.n);
}

static bool is_clean(struct pd_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '\\')
			return false;
	return pd_utf8_check(s);
}

/* spec: RFC 3986, 3.2; of several "@" the last ends the user's part, as browsers read it */
enum pd_code pd_url_parse(struct pd_str text, struct pd_arena *arena, struct pd_url *out,
			  struct pd_err *err)
{
	size_t n = pd_url_scheme_length(text);
	struct pd_str rest = pd_str_skip(text, n), authority, user, password;
	*out = (struct pd_url){ .scheme = lower(arena, pd_str_head(text, n)) };
	bool known = pd_str_eqz(out->scheme, "http") || pd_str_eqz(out->scheme, "https");
	if (!known || !pd_str_starts(rest, PD_STR("://")))
		return pd_fail(err, PD_INVALID,
			       "a server's address is http://HOST or https://HOST");
	rest = pd_str_skip(rest, 3);
	authority = rest;
	for (size_t i = 0; i < rest.n; i++)
		if (strchr("/?#", rest.p[i])) {
			authority = pd_str_head(rest, i);
			break;
		}
	out->path = pd_str_skip(rest, authority.n);
	ptrdiff_t at = pd_str_rfind(authority, '@');
	out->host = pd_str_skip(authority, (size_t)(at + 1));
	if (!out->host.n || out->host.p[0] == ':' || !is_clean(out->host) || !is_clean(out->path))
		return pd_fail(err, PD_INVALID,
			       "%.*s://: a server's address has a host and no white space",
			       PD_STR_ARG(out->scheme));
	if (at < 0)
		return PD_OK;
	pd_str_split(pd_str_head(authority, (size_t)at), ':', &user, &password);
	out->user = pd_url_unquote(arena, user);
	out->password = pd_url_unquote(arena, password);
	return PD_OK;
}

struct pd_str pd_url_without_user(struct pd_arena *arena, struct pd_str uri)
{
	size_t n = pd_url_scheme_length(uri);
	struct pd_str rest = pd_str_skip(uri, n + 1);
	if (!pd_str_starts(rest, PD_STR("//")))
		return pd_arena_str(arena, uri);
	rest = pd_str_skip(rest, 2);
	ptrdiff_t slash = pd_str_find(rest, '/');
	ptrdiff_t at = pd_str_rfind(slash >= 0 ? pd_str_head(rest, (size_t)slash) : rest, '@');
	return pd_str_from(pd_arena_printf(arena, "%.*s://%.*s", (int)n, uri.p,
					   PD_STR_ARG(pd_str_skip(rest, (size_t)(at + 1)))));
}

/* spec: mlflow/utils/uri.py, is_local_uri: which hosts are this machine */
static bool is_here(struct pd_str host)
{
	return !host.n || pd_str_eq_nocase(host, PD_STR("localhost")) ||
	       pd_str_eq(host, PD_STR("127.0.0.1"));
}

enum pd_code pd_url_file_path(struct pd_str uri, struct pd_arena *arena, struct pd_str *out,
			      struct pd_err *err)
{
	struct pd_str rest = pd_str_skip(uri, pd_url_scheme_length(uri) + 1);
	if (pd_str_starts(rest, PD_STR("//"))) {
		struct pd_str host = pd_str_skip(rest, 2);
		ptrdiff_t slash = pd_str_find(host, '/');
		rest = slash >= 0 ? pd_str_skip(host, (size_t)slash) : PD_STR("");
		host = slash >= 0 ? pd_str_head(host, (size_t)slash) : host;
		if (!is_here(host))
			return pd_fail(err, PD_INVALID,
				       "%.*s: a file: URI is of this machine, not of host "
				       "\"%.*s\"; it is file:///PATH",
				       PD_STR_ARG(uri), PD_STR_ARG(host));
	}
	if (pd_str_find(rest, '?') >= 0 || pd_str_find(rest, '#') >= 0)
		return pd_fail(err, PD_INVALID,
			       "%.*s: write \"?\" as %%3F and \"#\" as %%23 in a file: URI",
			       PD_STR_ARG(uri));
	*out = pd_url_unquote(arena, rest);
	if (!out->n)
		return pd_fail(err, PD_INVALID, "%.*s: no path; it is file:///PATH",
			       PD_STR_ARG(uri));
	if (memchr(out->p, '\0', out->n) || !pd_utf8_check(*out))
		return pd_fail(err, PD_INVALID, "%.*s: the decoded path has a NUL or is not UTF-8",
			       PD_STR_ARG(uri));
	return PD_OK;
}

enum pd_code pd_url_safe_path(struct pd_arena *a, struct pd_str path, struct pd_str *out,
			      struct pd_err *err)
{
	for (struct pd_str before = { 0 }; !pd_str_eq(path, before);) {
		before = path;
		path = pd_url_unquote(a, path);
	}
	struct pd_err ignored;
	size_t scheme = pd_url_scheme_length(path);
	if (pd_str_eq(pd_str_head(path, scheme), PD_STR("file")) &&
	    pd_url_file_path(path, a, &path, &ignored) != PD_OK)
		path = PD_STR(".."); /* refused below, with MLflow's words */
	PD_AUTO(pd_buf) norm = { 0 };
	pd_buf_init(&norm, (size_t)64 << 10);
	bool good = !memchr(path.p ? path.p : "", '\0', path.n) && pd_str_find(path, '#') < 0 &&
		    pd_str_find(path, '\\') < 0 && !pd_str_starts(path, PD_STR("/")) &&
		    pd_utf8_check(path);
	for (struct pd_str part, rest = path; rest.n;) {
		pd_str_split(rest, '/', &part, &rest);
		good = good && !pd_str_eq(part, PD_STR(".."));
		if (!part.n || pd_str_eq(part, PD_STR(".")))
			continue;
		if (norm.n)
			pd_buf_char(&norm, '/');
		pd_buf_str(&norm, part);
	}
	if (!good || norm.failed)
		return pd_fail(err, PD_INVALID, "Invalid path");
	*out = pd_arena_str(a, pd_buf_view(&norm));
	return PD_OK;
}

/*
 * What keeps a server on somebody's own machine from being used by the web pages they look at.
 * A page whose name is made to point at 127.0.0.1 still says its own name in Host; a page that
 * sends requests elsewhere says where it is from in Origin.
 * Source: mlflow/server/security_utils.py, fastapi_security.py.
 */
#include "serve/tracking_internal.h"

#include <fnmatch.h>

#include "base/auto.h"

#define PREFLIGHT_METHODS "GET, POST, PUT, DELETE, OPTIONS, PATCH"

/* Is the text one of `patterns`, which are parted by commas? "*" in one stands for anything. */
static bool is_one_of(struct pd_arena *a, struct pd_str text, struct pd_str patterns)
{
	const char *z = pd_arena_z(a, text);
	while (patterns.n) {
		struct pd_str one;
		pd_str_split(patterns, ',', &one, &patterns);
		one = pd_str_trim(one);
		bool wild = pd_str_find(one, '*') >= 0;
		if (wild ? fnmatch(pd_arena_z(a, one), z, FNM_NOESCAPE) == 0 : pd_str_eq(one, text))
			return true;
	}
	return false;
}

/* This machine, and the private networks of RFC 1918 and RFC 4193. */
static const char default_hosts[] =
	"localhost,127.0.0.1,[::1],0.0.0.0,localhost:*,127.0.0.1:*,[[]::1]:*,0.0.0.0:*,"
	"192.168.*,10.*,172.16.*,172.17.*,172.18.*,172.19.*,172.20.*,172.21.*,172.22.*,172.23.*,"
	"172.24.*,172.25.*,172.26.*,172.27.*,172.28.*,172.29.*,172.30.*,172.31.*,fc00:*,fd00:*";

static bool is_health(struct pd_str path)
{
	return pd_str_eq(path, PD_STR("/health")) || pd_str_eq(path, PD_STR("/version"));
}

static bool host_is_allowed(const struct call *c)
{
	const char *hosts = c->tracking->opts.allowed_hosts;
	struct pd_str host = c->request->host;
	return is_health(c->request->path) ||
	       (host.n && is_one_of(c->arena, host, pd_str_from(hosts ? hosts : default_hosts)));
}

/* "http://localhost:3000" and the like, with any scheme when `any` is set. */
static bool is_here(struct pd_str origin, bool any)
{
	static const struct pd_str names[] = { { "localhost", 9 },
					       { "127.0.0.1", 9 },
					       { "[::1]", 5 } };
	ptrdiff_t colon = pd_str_find(origin, ':');
	struct pd_str rest = pd_str_skip(origin, (size_t)(colon + 1));
	if (colon < 0 || !pd_str_starts(rest, PD_STR("//")) ||
	    (!any && !pd_str_starts(origin, PD_STR("http:"))))
		return false;
	rest = pd_str_skip(rest, 2);
	for (size_t i = 0; i < PD_LEN(names); i++) {
		struct pd_str port = pd_str_skip(rest, names[i].n);
		if (!pd_str_eq_nocase(pd_str_head(rest, names[i].n), names[i]))
			continue;
		int64_t n;
		if (!port.n || (port.p[0] == ':' && pd_str_to_i64(pd_str_skip(port, 1), &n)))
			return true;
	}
	return false;
}

static bool all_origins(const struct call *c)
{
	const char *origins = c->tracking->opts.allowed_origins;
	return origins && is_one_of(c->arena, PD_STR("*"), pd_str_from(origins));
}

static bool origin_is_listed(const struct call *c)
{
	const char *origins = c->tracking->opts.allowed_origins;
	return origins && is_one_of(c->arena, c->request->origin, pd_str_from(origins));
}

static bool origin_is_blocked(const struct call *c)
{
	const unsigned changing = PD_HTTP_POST | PD_HTTP_PUT | PD_HTTP_DELETE | PD_HTTP_PATCH;
	struct pd_str path = c->request->path;
	bool is_api = pd_str_starts(path, PD_STR("/api/")) ||
		      pd_str_starts(path, PD_STR("/ajax-api/"));
	return is_api && c->request->origin.n && (c->request->verb & changing) && !all_origins(c) &&
	       !is_here(c->request->origin, true) && !origin_is_listed(c);
}

static void answer_preflight(struct call *c, bool allowed)
{
	reply_text(c, allowed ? 200 : 400, "text/plain; charset=utf-8",
		   allowed ? "OK" : "Disallowed CORS origin");
	pd_http_field(c->response, "Access-Control-Allow-Methods", PD_STR(PREFLIGHT_METHODS));
	pd_http_field(c->response, "Access-Control-Max-Age", PD_STR("600"));
	if (c->request->wanted_headers.n)
		pd_http_field(c->response, "Access-Control-Allow-Headers",
			      c->request->wanted_headers);
}

static void add_security_fields(struct call *c)
{
	const char *frame = c->tracking->opts.frame_options;
	pd_http_field(c->response, "X-Content-Type-Options", PD_STR("nosniff"));
	if (!frame)
		pd_http_field(c->response, "X-Frame-Options", PD_STR("SAMEORIGIN"));
	else if (!pd_str_eq_nocase(pd_str_from(frame), PD_STR("NONE")))
		pd_http_field(c->response, "X-Frame-Options", pd_str_from(frame));
}

static bool answer_origin(struct call *c)
{
	bool all = all_origins(c);
	bool allowed = all || is_here(c->request->origin, false) || origin_is_listed(c);
	pd_http_field(c->response, "Vary", PD_STR("Origin"));
	if (allowed)
		pd_http_field(c->response, "Access-Control-Allow-Origin",
			      all ? PD_STR("*") : c->request->origin);
	if (!all)
		pd_http_field(c->response, "Access-Control-Allow-Credentials", PD_STR("true"));
	pd_http_field(c->response, "Access-Control-Expose-Headers", PD_STR("*"));
	if (c->request->verb == PD_HTTP_OPTIONS && c->request->wanted_method.n) {
		answer_preflight(c, allowed);
		return true;
	}
	if (!origin_is_blocked(c))
		return false;
	reply_text(c, 403, "text/plain", "Cross-origin request blocked");
	return true;
}

bool guard_refuses(const struct call *c)
{
	return !c->tracking->opts.no_guard && (!host_is_allowed(c) || origin_is_blocked(c));
}

bool guard_answers(struct call *c)
{
	if (c->tracking->opts.no_guard)
		return false;
	add_security_fields(c);
	if (!host_is_allowed(c)) {
		reply_text(c, 403, "text/plain",
			   "Invalid Host header - possible DNS rebinding attack detected");
		return true;
	}
	return c->request->origin.n && answer_origin(c);
}

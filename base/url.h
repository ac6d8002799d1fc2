/*
 * base/url.h - the pieces of a URI that every room needs: its scheme, percent-decoding, and the
 * path that a file: URI names.
 */
#ifndef PD_BASE_URL_H
#define PD_BASE_URL_H

#include "base/arena.h"
#include "base/buf.h"

/* Bytes before the ':' of a scheme, 0 when there is none. spec: RFC 3986, section 3.1 */
size_t pd_url_scheme_length(struct pd_str s);

/* As Python's unquote: a "%" without two hexadecimal digits behind stays. Arena. */
struct pd_str pd_url_unquote(struct pd_arena *arena, struct pd_str s);

/* The other way: letters, digits and "-._~" stay, and "/" in a path. */
void pd_url_quote(struct pd_buf *b, struct pd_str s);
void pd_url_quote_path(struct pd_buf *b, struct pd_str path);

/* An http: or https: URL. Texts lie in it or in an arena; user and password are decoded. */
struct pd_url {
	struct pd_str scheme; /* lower case */
	struct pd_str user;   /* p NULL: none */
	struct pd_str password;
	struct pd_str host; /* with its port, as written */
	struct pd_str path; /* from the "/" on, or empty; with a query, if there is one */
};

/* PD_INVALID: another scheme, no host, white space or control characters, not UTF-8. The text
 * shows no password. */
PD_MUST enum pd_code pd_url_parse(struct pd_str text, struct pd_arena *arena, struct pd_url *out,
				  struct pd_err *err);

/* For texts: any URI without what stands before an "@" in its host. Arena. */
struct pd_str pd_url_without_user(struct pd_arena *arena, struct pd_str uri);

/*
 * The decoded path of "file:PATH", "file:///PATH" or "file://localhost/PATH". Arena.
 * PD_INVALID: another host, "?" or "#" that is not encoded, no path, a NUL, not UTF-8.
 */
PD_MUST enum pd_code pd_url_file_path(struct pd_str uri, struct pd_arena *arena, struct pd_str *out,
				      struct pd_err *err);

/*
 * A path below an artifact root as a client names it: percent-encoding goes, however often encoded;
 * empty and "." parts are dropped; a file: URI is its path. Arena; "" is the root.
 * PD_INVALID "Invalid path", MLflow's words: absolute, "..", "#", a backslash, a NUL, not UTF-8.
 * Source: mlflow/utils/uri.py (validate_path_is_safe), os.path.normpath.
 */
PD_MUST enum pd_code pd_url_safe_path(struct pd_arena *arena, struct pd_str path,
				      struct pd_str *out, struct pd_err *err);

#endif

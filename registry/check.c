#include "registry/check.h"

#include "base/num.h"
#include "base/auto.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/word.h"

#define TEXT_MAX ((size_t)64 << 10) /* of a message being built; pd_err cuts further */

static const char bad_characters[] =
	"Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), "
	"spaces ( ), colon(:) and slashes (/).";

/* ---------------------------------------------------------------- texts as Python writes them */

/* One code point of well-formed UTF-8; returns its length in bytes. */
static size_t decode(struct pd_str s, size_t at, uint32_t *out)
{
	const unsigned char *p = (const unsigned char *)s.p + at;
	size_t left = s.n - at;
	if (p[0] < 0x80 || left < 2) {
		*out = p[0];
		return 1;
	}
	size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (n > left)
		n = left;
	uint32_t c = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*out = c;
	return n;
}

void pd_buf_py_repr(struct pd_buf *b, struct pd_str s)
{
	char quote = pd_str_find(s, '\'') >= 0 && pd_str_find(s, '"') < 0 ? '"' : '\'';
	pd_buf_char(b, quote);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == (unsigned char)quote || c == '\\')
			pd_buf_printf(b, "\\%c", c);
		else if (c == '\n')
			pd_buf_z(b, "\\n");
		else if (c == '\t')
			pd_buf_z(b, "\\t");
		else if (c == '\r')
			pd_buf_z(b, "\\r");
		else if (c < 0x20 || c == 0x7f)
			pd_buf_printf(b, "\\x%02x", c);
		else
			pd_buf_char(b, (char)c);
	}
	pd_buf_char(b, quote);
}

static void put_escaped(struct pd_buf *b, uint32_t c)
{
	switch (c) {
	case '"':
		pd_buf_z(b, "\\\"");
		return;
	case '\\':
		pd_buf_z(b, "\\\\");
		return;
	case '\b':
		pd_buf_z(b, "\\b");
		return;
	case '\f':
		pd_buf_z(b, "\\f");
		return;
	case '\n':
		pd_buf_z(b, "\\n");
		return;
	case '\r':
		pd_buf_z(b, "\\r");
		return;
	case '\t':
		pd_buf_z(b, "\\t");
		return;
	}
	if (c >= 0x10000) {
		c -= 0x10000;
		pd_buf_printf(b, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
	} else if (c < 0x20 || c > 0x7e) {
		pd_buf_printf(b, c == 0x7f ? "\x7f" : "\\u%04x", c);
	} else {
		pd_buf_char(b, (char)c);
	}
}

void pd_buf_py_json(struct pd_buf *b, struct pd_str s)
{
	pd_buf_char(b, '"');
	for (size_t i = 0; i < s.n;) {
		uint32_t c = 0;
		i += decode(s, i, &c);
		put_escaped(b, c);
	}
	pd_buf_char(b, '"');
}

static void put_text(struct pd_buf *b, struct pd_str s, bool repr)
{
	if (repr)
		pd_buf_py_repr(b, s);
	else
		pd_buf_py_json(b, s);
}

/* As deep as the value: pd_json_parse bounds that. */
static void put_value(struct pd_buf *b, const json_t *j, bool repr)
{
	const char *key;
	json_t *value;
	size_t n = 0;
	if (json_is_string(j)) {
		put_text(b, pd_str_of(json_string_value(j), json_string_length(j)), repr);
	} else if (json_is_array(j)) {
		pd_buf_char(b, '[');
		for (; n < json_array_size(j); n++) {
			pd_buf_z(b, n ? ", " : "");
			put_value(b, json_array_get(j, n), repr);
		}
		pd_buf_char(b, ']');
	} else if (json_is_object(j)) {
		pd_buf_char(b, '{');
		json_object_foreach((json_t *)(uintptr_t)j, key, value)
		{
			pd_buf_z(b, n++ ? ", " : "");
			put_text(b, pd_str_from(key), repr);
			pd_buf_z(b, ": ");
			put_value(b, value, repr);
		}
		pd_buf_char(b, '}');
	} else if (json_is_integer(j)) {
		pd_buf_i64(b, json_integer_value(j));
	} else if (json_is_real(j)) {
		pd_buf_f64(b, json_real_value(j));
	} else if (json_is_boolean(j)) {
		const char *name = json_is_true(j) ? "True" : "False";
		pd_buf_z(b, repr ? name : json_is_true(j) ? "true" : "false");
	} else {
		pd_buf_z(b, repr ? "None" : "null");
	}
}

void pd_buf_py_repr_value(struct pd_buf *b, const json_t *j)
{
	put_value(b, j, true);
}

void pd_buf_py_json_value(struct pd_buf *b, const json_t *j)
{
	put_value(b, j, false);
}

/* Drop the last part of what was written since `start`; false when there is none to drop. */
static bool drop_part(struct pd_buf *b, size_t start)
{
	size_t n = b->n;
	if (n <= start)
		return false;
	while (n > start && b->p[n - 1] != '/')
		n--;
	if (pd_str_eq(pd_str_of(b->p + n, b->n - n), PD_STR("..")))
		return false;
	b->n = n > start ? n - 1 : start;
	b->p[b->n] = '\0';
	return true;
}

void pd_buf_normpath(struct pd_buf *b, struct pd_str path)
{
	if (path.n == 0) {
		pd_buf_char(b, '.');
		return;
	}
	/* POSIX leaves two leading slashes to the system; Python keeps exactly two */
	size_t n_slashes = 0;
	while (n_slashes < path.n && path.p[n_slashes] == '/')
		n_slashes++;
	bool absolute = n_slashes > 0;
	pd_buf_z(b, n_slashes == 2 ? "//" : absolute ? "/" : "");
	size_t start = b->n;
	struct pd_str part, rest = path;
	while (rest.n > 0) {
		pd_str_split(rest, '/', &part, &rest);
		if (part.n == 0 || pd_str_eq(part, PD_STR(".")))
			continue;
		if (pd_str_eq(part, PD_STR("..")) && (drop_part(b, start) || absolute))
			continue;
		if (b->n > start)
			pd_buf_char(b, '/');
		pd_buf_str(b, part);
	}
	if (b->n == 0)
		pd_buf_char(b, '.');
}

enum pd_code pd_fail_value(struct pd_err *err, const char *path, struct pd_str value,
			   const char *why, ...)
{
	char reason[PD_ERR_MAX] = "";
	if (why) {
		va_list ap;
		va_start(ap, why);
		vsnprintf(reason, sizeof(reason), why, ap);
		va_end(ap);
	}
	struct pd_buf json = { 0 };
	pd_buf_init(&json, TEXT_MAX);
	pd_buf_py_json(&json, value);
	pd_fail(err, PD_INVALID, "Invalid value %s for parameter '%s' supplied%s%s", json.p, path,
		why ? ": " : ".", reason);
	pd_buf_end(&json);
	return PD_INVALID;
}

/* ---------------------------------------------------------------- names */

/* The regular expression ^[/\w.\- :]*$ ; its $ also matches before a newline at the end. */
static bool has_good_characters(struct pd_str name)
{
	for (size_t i = 0; i < name.n;) {
		uint32_t c = 0;
		size_t n = decode(name, i, &c);
		if (!pd_is_word(c) && !(c < 0x80 && c != 0 && strchr("/.- :", (int)c)) &&
		    !(c == '\n' && i + n == name.n))
			return false;
		i += n;
	}
	return true;
}

bool pd_is_word_or_dash(struct pd_str s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t c = 0;
		i += decode(s, i, &c);
		if (!pd_is_word(c) && c != '-')
			return false;
	}
	return true;
}

enum pd_code pd_check_path_unique(struct pd_str name, const char *path, struct pd_err *err)
{
	PD_AUTO(pd_buf) norm = { 0 };
	PD_AUTO(pd_buf) repr = { 0 };
	pd_buf_init(&norm, TEXT_MAX);
	pd_buf_init(&repr, TEXT_MAX);
	pd_buf_normpath(&norm, name);
	struct pd_str n = pd_buf_view(&norm);
	if (pd_str_eq(n, name) && !pd_str_eq(n, PD_STR(".")) && !pd_str_starts(n, PD_STR("..")) &&
	    !pd_str_starts(n, PD_STR("/")))
		return PD_OK;
	pd_buf_py_repr(&repr, n);
	return pd_fail_value(err, path, name,
			     "Names may be treated as files in certain cases, and must not resolve "
			     "to other names when treated as such. This name would resolve to %s",
			     repr.p);
}

enum pd_code pd_check_key(struct pd_str name, const char *path, struct pd_err *err)
{
	if (!has_good_characters(name))
		return pd_fail_value(err, path, name, "%s", bad_characters);
	return pd_check_path_unique(name, path, err);
}

enum pd_code pd_check_length(const char *what, size_t limit, struct pd_str value,
			     struct pd_err *err)
{
	if (pd_utf8_chars(value) <= limit)
		return PD_OK;
	return pd_fail(err, PD_INVALID, "'%s' exceeds the maximum length of %zu characters", what,
		       limit);
}

struct pd_str pd_clip(struct pd_str value, size_t limit)
{
	size_t i = 0;
	uint32_t c = 0;
	if (value.n <= limit)
		return value;
	while (limit-- > 0 && i < value.n)
		i += decode(value, i, &c);
	return pd_str_head(value, i);
}

enum pd_code pd_check_run_id(struct pd_str id, struct pd_err *err)
{
	/* ^[a-zA-Z0-9][\w\-]{0,255}$ */
	bool good = id.n > 0 && pd_utf8_chars(id) <= 256 && (unsigned char)id.p[0] < 0x80 &&
		    pd_is_word((unsigned char)id.p[0]) && id.p[0] != '_';
	for (size_t i = 0; good && i < id.n;) {
		uint32_t c = 0;
		i += decode(id, i, &c);
		good = pd_is_word(c) || c == '-';
	}
	return good ? PD_OK : pd_fail_value(err, "run_id", id, NULL);
}

bool pd_py_int(struct pd_str text, int64_t *out)
{
	struct pd_str s = pd_str_trim(text);
	if (s.n > 1 && s.p[0] == '+' && s.p[1] != '-')
		s = pd_str_skip(s, 1);
	if (pd_str_to_i64(s, out))
		return true;
	size_t i = s.n > 0 && s.p[0] == '-';
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	*out = INT64_MIN;
	return s.n > 1 && i == s.n;
}

enum pd_code pd_parse_experiment_id(struct pd_str id, int64_t *out, struct pd_err *err)
{
	if (pd_py_int(id, out))
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "Invalid experiment ID '%.*s'. Experiment ID must be a valid integer.",
		       PD_STR_ARG(id));
}

enum pd_code pd_check_experiment_name(struct pd_str name, struct pd_err *err)
{
	if (name.n == 0)
		return pd_fail(err, PD_INVALID, "Invalid experiment name: ''");
	return pd_check_length("name", PD_MAX_EXPERIMENT_NAME_CHARS, name, err);
}

/* ^[1-9][0-9]*[mhd]$, at most 32 characters, white space around it allowed */
static enum pd_code check_duration(const json_t *j, struct pd_err *err)
{
	struct pd_str s = pd_str_trim(pd_json_str(j));
	size_t n = 0;
	if (json_is_string(j) && pd_utf8_chars(s) > 32)
		return pd_fail(err, PD_INVALID,
			       "Trace archival duration must be at most 32 characters.");
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	bool good = n > 0 && s.p[0] != '0' && n + 1 == s.n && s.p[n] && strchr("mhd", s.p[n]);
	return good ? PD_OK
		    : pd_fail(err, PD_INVALID,
			      "Trace archival retention must be in the form `<int><unit>`, where "
			      "unit is one of 'm', 'h', or 'd'.");
}

/* Source: mlflow/utils/validation.py, _validate_trace_experiment_tag. */
static enum pd_code check_archive_tag(struct pd_str key, struct pd_str value, struct pd_err *err)
{
	bool retention = pd_str_eq(key, PD_STR("mlflow.trace.archivalRetention"));
	if (!retention && !pd_str_eq(key, PD_STR("mlflow.trace.archiveNow")))
		return PD_OK;
	PD_AUTO_JSON json_t *j = NULL;
	if (pd_json_parse(value, &j, NULL) != PD_OK || !json_is_object(j))
		return pd_fail(err, PD_INVALID,
			       "Trace archival config must be encoded as a JSON object.");
	struct pd_str type = pd_json_str(json_object_get(j, "type"));
	if (retention && !pd_str_eq(type, PD_STR("duration")))
		return pd_fail(err, PD_INVALID, "Trace archival config must use type 'duration'.");
	const json_t *duration = json_object_get(j, retention ? "value" : "older_than");
	if (!retention && (!duration || json_is_null(duration)))
		return PD_OK;
	return check_duration(duration, err);
}

enum pd_code pd_check_experiment_tag(struct pd_str key, struct pd_str value, struct pd_err *err)
{
	PD_TRY(pd_check_key(key, "key", err));
	PD_TRY(pd_check_length("key", PD_MAX_KEY_CHARS, key, err));
	PD_TRY(pd_check_length("value", PD_MAX_EXPERIMENT_TAG_CHARS, value, err));
	return check_archive_tag(key, value, err);
}

/* ---------------------------------------------------------------- locations */

static int hex_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* ".." anywhere, also written with percent signs, however often encoded */
static bool has_dots(struct pd_str s)
{
	PD_CLEANUP(pd_buf_end) struct pd_buf b = { 0 };
	pd_buf_init(&b, TEXT_MAX);
	pd_buf_str(&b, s);
	for (int round = 0; round < 10; round++) {
		size_t n = 0;
		bool changed = false;
		for (size_t i = 0; i < b.n; i++) {
			int hi = b.p[i] == '%' && i + 2 < b.n ? hex_of(b.p[i + 1]) : -1;
			int lo = hi >= 0 ? hex_of(b.p[i + 2]) : -1;
			if (lo >= 0) {
				b.p[n++] = (char)(hi << 4 | lo);
				i += 2;
				changed = true;
			} else {
				b.p[n++] = b.p[i];
			}
		}
		b.n = n;
		if (!changed)
			break;
	}
	return memmem(b.p, b.n, "..", 2) != NULL;
}

/* True when the comma-separated list has the word, in any case. */
static bool list_has(struct pd_str list, struct pd_str word)
{
	struct pd_str one;
	while (list.n > 0) {
		pd_str_split(list, ',', &one, &list);
		if (pd_str_eq_nocase(pd_str_trim(one), word))
			return true;
	}
	return false;
}

enum pd_code pd_check_host_scheme(const struct pd_env *env, struct pd_str uri, const char *field,
				  struct pd_err *err)
{
	struct pd_str scheme, rest;
	if (!pd_str_split(uri, ':', &scheme, &rest) || scheme.n == 0 ||
	    !list_has(PD_STR("ftp,sftp,hdfs,viewfs,http,https,mlflow-artifacts,r2,b2,abfss"),
		      scheme))
		return PD_OK;
	if (pd_str_eq_nocase(scheme, PD_STR("mlflow-artifacts")) &&
	    (!pd_str_starts(rest, PD_STR("//")) || pd_str_starts(rest, PD_STR("///"))))
		return PD_OK;
	const char *allowed = pd_env_var(env, "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES");
	if (list_has(pd_str_from(allowed), scheme))
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "'%s' cannot use the '%.*s' scheme: the '%.*s' scheme addresses a host "
		       "other than the tracking server's configured artifact storage, so the "
		       "server would connect to the host named in the URI. Set the "
		       "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on "
		       "the server to allow it.",
		       field, PD_STR_ARG(scheme), PD_STR_ARG(scheme));
}

/* What urllib splits off behind a ';', for the schemes that have parameters. */
static bool has_params(struct pd_str path)
{
	struct pd_str scheme, rest;
	if (!pd_str_split(path, ':', &scheme, &rest))
		scheme = PD_STR("http"); /* a plain path counts */
	if (!list_has(PD_STR("ftp,hdl,prospero,http,https,shttp,rtsp,rtsps,sip,sips,mms,sftp,tel"),
		      scheme))
		return false;
	ptrdiff_t slash = pd_str_rfind(path, '/');
	ptrdiff_t semi = pd_str_rfind(path, ';');
	return semi > slash && (size_t)semi + 1 < path.n;
}

enum pd_code pd_check_artifact_uri(const struct pd_env *env, struct pd_str uri, const char *field,
				   struct pd_err *err)
{
	struct pd_str rest, fragment, query, path;
	pd_str_split(uri, '#', &rest, &fragment);
	pd_str_split(rest, '?', &path, &query);
	if (fragment.n > 0 || has_params(path))
		return pd_fail(err, PD_INVALID, "'%s' URL can't include fragments or params.",
			       field);
	if (has_dots(query))
		return pd_fail(err, PD_INVALID, "Invalid query string");
	PD_TRY(pd_check_host_scheme(env, uri, field, err));
	if (pd_str_starts(uri, PD_STR("runs:")))
		return pd_fail(err, PD_INVALID,
			       "Artifact location cannot be a runs:/ URI. Given: '%.*s'",
			       PD_STR_ARG(uri));
	if (pd_utf8_chars(uri) > PD_MAX_ARTIFACT_URI_CHARS)
		return pd_fail(err, PD_INVALID,
			       "Invalid artifact path length. The length of the artifact path "
			       "cannot be greater than %d characters. To configure this limit, "
			       "please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment "
			       "variable.",
			       PD_MAX_ARTIFACT_URI_CHARS);
	return PD_OK;
}

#include "registry/uri.h"

#include "base/mem.h"
#include "base/url.h"

#define IMPROPER_MODEL                                                                             \
	"it is models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest, "                    \
	"models:/NAME@ALIAS or models:/m-ID"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool all_of(struct pd_str s, bool (*is)(char c))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return s.n > 0;
}

bool pd_is_run_id(struct pd_str s)
{
	return s.n == 32 && all_of(s, is_hex);
}

bool pd_is_model_id(struct pd_str s)
{
	return pd_str_starts(s, PD_STR("m-")) && pd_is_run_id(pd_str_skip(s, 2));
}

static bool is_id_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_' || c == '-';
}

static struct pd_str lower(struct pd_arena *a, struct pd_str s)
{
	char *p = pd_arena_z(a, s);
	for (size_t i = 0; i < s.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	return pd_str_of(p, s.n);
}

static enum pd_code improper(struct pd_err *err, const struct pd_uri *u, const char *why)
{
	return pd_fail(err, PD_INVALID, "%.*s: %s", PD_STR_ARG(u->text), why);
}

/* Behind "scheme:" comes "/path", "///path" or "//authority/path"; the last is refused. */
static enum pd_code skip_authority(const struct pd_uri *u, struct pd_str *rest, struct pd_err *err)
{
	if (!pd_str_starts(*rest, PD_STR("//")))
		return PD_OK;
	struct pd_str behind = pd_str_skip(*rest, 2);
	if (behind.n && behind.p[0] != '/')
		return pd_fail(err, PD_INVALID, "%.*s: one slash too many; it is %.*s:/%.*s",
			       PD_STR_ARG(u->text), PD_STR_ARG(u->scheme), PD_STR_ARG(behind));
	*rest = behind;
	return PD_OK;
}

/* The path below a run or a model: empty and "." parts go, ".." is refused. */
static enum pd_code clean_path(const struct pd_uri *u, struct pd_arena *arena, struct pd_str path,
			       struct pd_str *out, struct pd_err *err)
{
	char *p = pd_arena_alloc(arena, path.n + 1);
	size_t n = 0;
	for (bool more = path.n > 0; more;) {
		struct pd_str part;
		more = pd_str_split(path, '/', &part, &path);
		if (!part.n || pd_str_eq(part, PD_STR(".")))
			continue;
		if (pd_str_eq(part, PD_STR("..")))
			return improper(err, u, "the path may not climb with \"..\"");
		if (memchr(part.p, '\\', part.n))
			return improper(err, u, "the path has a backslash; parts are set off by /");
		if (n)
			p[n++] = '/';
		memcpy(p + n, part.p, part.n);
		n += part.n;
	}
	p[n] = '\0';
	*out = pd_str_of(p, n);
	return PD_OK;
}

static enum pd_code parse_run(struct pd_uri *u, struct pd_arena *arena, struct pd_str rest,
			      struct pd_err *err)
{
	u->kind = PD_URI_RUN;
	PD_TRY(skip_authority(u, &rest, err));
	if (!rest.n || rest.p[0] != '/')
		return improper(err, u, "not a proper runs:/ URI; it is runs:/RUN_ID/PATH");
	struct pd_str below;
	pd_str_split(pd_str_skip(rest, 1), '/', &u->run_id, &below);
	if (!u->run_id.n)
		return improper(err, u, "no run id; it is runs:/RUN_ID/PATH");
	/* spec: mlflow/utils/validation.py, _RUN_ID_REGEX */
	if (!all_of(u->run_id, is_id_char) || u->run_id.n > 256)
		return pd_fail(err, PD_INVALID,
			       "%.*s: \"%.*s\" is not a run id, which is 32 "
			       "hexadecimal digits",
			       PD_STR_ARG(u->text), PD_STR_ARG(u->run_id));
	return clean_path(u, arena, below, &u->path, err);
}

static bool is_stage(struct pd_str s)
{
	static const char *const stages[] = { "none", "staging", "production", "archived" };
	for (size_t i = 0; i < PD_LEN(stages); i++)
		if (pd_str_eq_nocase(s, pd_str_from(stages[i])))
			return true;
	return false;
}

/* Version, stage or "latest" behind a model's name. */
static void set_suffix(struct pd_uri *u, struct pd_str name, struct pd_str suffix)
{
	u->name = name;
	u->selector = suffix;
	u->kind = PD_URI_MODEL_STAGE;
	if (all_of(suffix, is_digit))
		u->kind = PD_URI_MODEL_VERSION;
	else if (pd_str_eq_nocase(suffix, PD_STR("latest")))
		u->kind = PD_URI_MODEL_LATEST;
}

static enum pd_code set_alias(struct pd_uri *u, struct pd_str first, struct pd_err *err)
{
	ptrdiff_t at = pd_str_rfind(first, '@');
	u->kind = PD_URI_MODEL_ALIAS;
	u->name = pd_str_head(first, (size_t)at);
	u->selector = pd_str_skip(first, (size_t)at + 1);
	if (!pd_str_trim(u->name).n)
		return improper(err, u, "no model name before the @; " IMPROPER_MODEL);
	if (!pd_str_trim(u->selector).n)
		return improper(err, u, "no alias behind the @; " IMPROPER_MODEL);
	return PD_OK;
}

/*
 * NAME/SUFFIX wins over an alias when the suffix is one, as a model's name may have an "@" in it;
 * NAME@ALIAS/PATH and m-ID/PATH are what is left of the forms with a path.
 */
static enum pd_code parse_model(struct pd_uri *u, struct pd_arena *arena, struct pd_str rest,
				struct pd_err *err)
{
	PD_TRY(skip_authority(u, &rest, err));
	if (rest.n < 2 || rest.p[0] != '/')
		return improper(err, u, "not a proper models:/ URI; " IMPROPER_MODEL);
	while (rest.n && rest.p[0] == '/')
		rest = pd_str_skip(rest, 1);
	struct pd_str first, below, second, deeper;
	bool has_second = pd_str_split(rest, '/', &first, &below);
	pd_str_split(below, '/', &second, &deeper);
	if (!pd_str_trim(first).n)
		return improper(err, u, "no model name; " IMPROPER_MODEL);
	bool has_alias = pd_str_find(first, '@') >= 0;
	bool is_suffix = has_second && (all_of(second, is_digit) || is_stage(second) ||
					pd_str_eq_nocase(second, PD_STR("latest")));
	if (has_alias && !is_suffix) {
		PD_TRY(set_alias(u, first, err));
		return clean_path(u, arena, below, &u->path, err);
	}
	if (!has_second || (pd_is_model_id(first) && !is_suffix)) {
		u->kind = PD_URI_MODEL_ID;
		u->selector = first;
		return clean_path(u, arena, below, &u->path, err);
	}
	if (!pd_str_trim(second).n)
		return improper(err, u,
				"no version, stage or alias behind the name; " IMPROPER_MODEL);
	set_suffix(u, first, second);
	return clean_path(u, arena, deeper, &u->path, err);
}

static enum pd_code parse_file(struct pd_uri *u, struct pd_arena *arena, struct pd_str rest,
			       struct pd_err *err)
{
	(void)rest;
	u->kind = PD_URI_PATH;
	return pd_url_file_path(u->text, arena, &u->path, err);
}

static enum pd_code parse_prompt(struct pd_uri *u, struct pd_arena *arena, struct pd_str rest,
				 struct pd_err *err)
{
	(void)arena;
	(void)rest;
	return pd_fail(err, PD_UNSUPPORTED, "%.*s: prompts have no files", PD_STR_ARG(u->text));
}

static const struct {
	const char *scheme;
	enum pd_code (*parse)(struct pd_uri *u, struct pd_arena *arena, struct pd_str rest,
			      struct pd_err *err);
} schemes[] = {
	{ "file", parse_file },
	{ "runs", parse_run },
	{ "models", parse_model },
	{ "prompts", parse_prompt },
};

static enum pd_code text_check(struct pd_str text, struct pd_err *err)
{
	if (!text.n)
		return pd_fail(err, PD_INVALID, "a URI or a path is wanted, not an empty text");
	if (text.n > PD_URI_MAX_BYTES)
		return pd_fail(err, PD_INVALID, "a URI of %zu bytes, more than the limit of %zu",
			       text.n, PD_URI_MAX_BYTES);
	if (memchr(text.p, '\0', text.n))
		return pd_fail(err, PD_INVALID, "a URI with a NUL in it");
	if (!pd_utf8_check(text))
		return pd_fail(err, PD_INVALID, "a URI that is not UTF-8");
	return PD_OK;
}

enum pd_code pd_uri_parse(struct pd_str text, struct pd_arena *arena, struct pd_uri *out,
			  struct pd_err *err)
{
	*out = (struct pd_uri){ .kind = PD_URI_PATH };
	PD_TRY(text_check(text, err));
	out->text = pd_arena_str(arena, text);
	size_t n = pd_url_scheme_length(out->text);
	if (n == 1 || pd_str_starts(text, PD_STR("\\\\")))
		return pd_fail(err, PD_INVALID,
			       "%.*s: looks like a Windows path; a file of that "
			       "name here is ./%.*s",
			       PD_STR_ARG(text), PD_STR_ARG(text));
	if (!n) {
		out->path = out->text;
		return PD_OK;
	}
	out->scheme = lower(arena, pd_str_head(out->text, n));
	struct pd_str rest = pd_str_skip(out->text, n + 1);
	for (size_t i = 0; i < PD_LEN(schemes); i++)
		if (pd_str_eqz(out->scheme, schemes[i].scheme))
			return schemes[i].parse(out, arena, rest, err);
	out->kind = PD_URI_OTHER;
	out->path = rest;
	return PD_OK;
}

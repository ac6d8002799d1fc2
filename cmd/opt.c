#include "cmd/opt.h"

#include <assert.h>
#include <math.h>

#include "base/auto.h"

const struct pd_opt pd_common_opts[] = {
	PD_OPT_TEXT(struct pd_common, tracking_uri, 0, "tracking-uri", "URI", PD_HINT_NONE,
		    "where runs are kept (else MLFLOW_TRACKING_URI, sqlite:///mlflow.db)"),
	PD_OPT_TEXT(struct pd_common, registry_uri, 0, "registry-uri", "URI", PD_HINT_NONE,
		    "where models are registered (else MLFLOW_REGISTRY_URI, the tracking URI)"),
	PD_OPT_FLAG(struct pd_common, json, 0, "json", "print JSON, for programs"),
	PD_OPT_FLAG(struct pd_common, quiet, 'q', "quiet", "print ids alone"),
	PD_OPT_FLAG(struct pd_common, help, 'h', "help", "print this help"),
	PD_OPT_END
};

/* One parse. A row is looked for in the command's table first, then among the common ones. */
struct parse {
	const struct pd_opt *opts; /* NULL: common ones only */
	void *args;
	struct pd_common *common;
	struct pd_arena *arena;
	int argc;
	char *const *argv;
	int at;                          /* next argument */
	const struct pd_opt *positional; /* row of the next one; a list's row stays */
	bool options_over;
	struct pd_err *err;
};

/* ---------------------------------------------------------------- names */

const char *pd_name_near(const char *typed, const char *const names[], size_t n)
{
	struct pd_str t = pd_str_from(typed);
	const char *best = NULL;
	unsigned to_beat = t.n < 4 ? 2 : t.n < 8 ? 3 : 4;
	for (size_t i = 0; i < n; i++) {
		struct pd_str name = pd_str_from(names[i]);
		unsigned d = pd_str_distance(t, name);
		if (t.n >= 2 && pd_str_starts(name, t))
			d = 1;
		if (d < to_beat && d < t.n) {
			best = names[i];
			to_beat = d;
		}
	}
	return best;
}

#define NAMES_MAX 64

static size_t add_names(const struct pd_opt *o, const char *names[], size_t n)
{
	for (; o && o->kind != PD_OPT_KIND_END; o++)
		if (o->name && n < NAMES_MAX)
			names[n++] = o->name;
	return n;
}

static enum pd_code unknown_long(const struct parse *s, struct pd_str name)
{
	const char *names[NAMES_MAX];
	size_t n = add_names(s->opts, names, 0);
	n = add_names(pd_common_opts, names, n);
	PD_AUTO_FREE char *typed = pd_str_dup(name);
	const char *near = pd_name_near(typed, names, n);
	if (near)
		return pd_fail(s->err, PD_USAGE, "unknown option `--%s`; did you mean `--%s`?",
			       typed, near);
	return pd_fail(s->err, PD_USAGE, "unknown option `--%s`; see --help", typed);
}

static const struct pd_opt *find_long(const struct pd_opt *o, struct pd_str name)
{
	for (; o && o->kind != PD_OPT_KIND_END; o++)
		if (o->name && pd_str_eqz(name, o->name))
			return o;
	return NULL;
}

static const struct pd_opt *find_letter(const struct pd_opt *o, char letter)
{
	for (; o && o->kind != PD_OPT_KIND_END; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* How a text names the row: "--jobs", or "N" for a positional. */
static const char *row_name(const struct parse *s, const struct pd_opt *o)
{
	return o->name ? pd_arena_printf(s->arena, "--%s", o->name) : o->value;
}

/* ---------------------------------------------------------------- values */

static enum pd_code check_pair(const struct parse *s, const struct pd_opt *o, const char *text)
{
	const char *eq = strchr(text, '=');
	if (!eq || eq == text)
		return pd_fail(s->err, PD_USAGE, "%s: `%s` is not %s", row_name(s, o), text,
			       o->value);
	return PD_OK;
}

static enum pd_code put_list(const struct parse *s, const struct pd_opt *o, struct pd_list *list,
			     const char *text)
{
	if (o->kind == PD_OPT_KIND_PAIRS || o->hint == PD_HINT_PAIR)
		PD_TRY(check_pair(s, o, text));
	if (!list->n) /* argc bounds it: one allocation is enough */
		list->items = pd_arena_zalloc(s->arena, (size_t)s->argc * sizeof(*list->items));
	const char **items = (const char **)(uintptr_t)list->items;
	items[list->n++] = text;
	return PD_OK;
}

static enum pd_code put_choice(const struct parse *s, const struct pd_opt *o, const char **to,
			       const char *text)
{
	struct pd_str left = pd_str_from(o->value);
	while (left.n) {
		struct pd_str choice;
		pd_str_split(left, '|', &choice, &left);
		if (pd_str_eqz(choice, text)) {
			*to = text;
			return PD_OK;
		}
	}
	return pd_fail(s->err, PD_USAGE, "%s: `%s` is none of %s", row_name(s, o), text, o->value);
}

static enum pd_code out_of_range(const struct parse *s, const struct pd_opt *o, const char *text)
{
	return pd_fail(s->err, PD_USAGE, "%s: %s is not between %lld and %lld", row_name(s, o),
		       text, (long long)o->min, (long long)o->max);
}

static enum pd_code put_int(const struct parse *s, const struct pd_opt *o, int64_t *to,
			    const char *text)
{
	int64_t v = 0;
	size_t digits = strspn(text, "+-0123456789");
	if (!pd_str_to_i64(pd_str_from(text), &v)) {
		if (text[0] && !text[digits] && digits > 18)
			return out_of_range(s, o, text);
		return pd_fail(s->err, PD_USAGE, "%s: `%s` is not a whole number", row_name(s, o),
			       text);
	}
	if (v < o->min || v > o->max)
		return out_of_range(s, o, text);
	*to = v;
	return PD_OK;
}

static enum pd_code put_size(const struct parse *s, const struct pd_opt *o, int64_t *to,
			     const char *text)
{
	struct pd_str t = pd_str_from(text);
	int64_t unit = 1;
	if (t.n > 1 && strchr("kKmMgG", t.p[t.n - 1])) {
		char c = t.p[--t.n];
		unit = c == 'k' || c == 'K' ? 1 << 10 : c == 'm' || c == 'M' ? 1 << 20 : 1 << 30;
	}
	int64_t v = 0;
	if (!pd_str_to_i64(t, &v))
		return pd_fail(s->err, PD_USAGE, "%s: `%s` is not a size (as 512k, 64M, 2G)",
			       row_name(s, o), text);
	if (__builtin_mul_overflow(v, unit, &v) || v < o->min || v > o->max)
		return pd_fail(s->err, PD_USAGE, "%s: %s is not between %lld and %lld bytes",
			       row_name(s, o), text, (long long)o->min, (long long)o->max);
	*to = v;
	return PD_OK;
}

static enum pd_code put_real(const struct parse *s, const struct pd_opt *o, double *to,
			     const char *text)
{
	char *end = NULL;
	double v = strtod(text, &end);
	bool plain = text[0] && !text[strspn(text, "+-.0123456789eE")];
	if (!plain || *end || end == text)
		return pd_fail(s->err, PD_USAGE, "%s: `%s` is not a number", row_name(s, o), text);
	if (!isfinite(v) || v < (double)o->min || v > (double)o->max)
		return out_of_range(s, o, text);
	*to = v;
	return PD_OK;
}

static enum pd_code check_text(const struct parse *s, const struct pd_opt *o, const char *text)
{
	if (o->hint == PD_HINT_FILE || o->hint == PD_HINT_DIR || o->hint == PD_HINT_COMMAND)
		return PD_OK;
	if (!pd_utf8_check(pd_str_from(text)))
		return pd_fail(s->err, PD_USAGE, "%s: the text is not UTF-8", row_name(s, o));
	return PD_OK;
}

static enum pd_code put_value(const struct parse *s, const struct pd_opt *o, void *base,
			      const char *text)
{
	char *at = (char *)base + o->offset;
	PD_TRY(check_text(s, o, text));
	switch (o->kind) {
	case PD_OPT_KIND_CHOICE:
		return put_choice(s, o, (const char **)(void *)at, text);
	case PD_OPT_KIND_INT:
		return put_int(s, o, (int64_t *)(void *)at, text);
	case PD_OPT_KIND_SIZE:
		return put_size(s, o, (int64_t *)(void *)at, text);
	case PD_OPT_KIND_REAL:
		return put_real(s, o, (double *)(void *)at, text);
	case PD_OPT_KIND_PAIRS:
	case PD_OPT_KIND_LIST:
	case PD_OPT_KIND_MANY:
	case PD_OPT_KIND_ANY:
	case PD_OPT_KIND_REST:
		return put_list(s, o, (struct pd_list *)(void *)at, text);
	default:
		*(const char **)(void *)at = text;
		return PD_OK;
	}
}

/* ---------------------------------------------------------------- arguments */

/* *out_base: the struct the row's offset is in. */
static const struct pd_opt *find_row(const struct parse *s, struct pd_str name, char letter,
				     void **out_base)
{
	*out_base = s->args;
	const struct pd_opt *o = letter ? find_letter(s->opts, letter) : find_long(s->opts, name);
	if (o) {
		assert(*out_base);
		return o;
	}
	*out_base = s->common;
	return letter ? find_letter(pd_common_opts, letter) : find_long(pd_common_opts, name);
}

static enum pd_code next_value(struct parse *s, const struct pd_opt *o, const char **out)
{
	if (s->at >= s->argc)
		return pd_fail(s->err, PD_USAGE, "--%s needs a value: --%s %s", o->name, o->name,
			       o->value);
	*out = s->argv[s->at++];
	return PD_OK;
}

static enum pd_code parse_long(struct parse *s, const char *arg)
{
	struct pd_str name;
	struct pd_str rest;
	bool has_value = pd_str_split(pd_str_from(arg + 2), '=', &name, &rest);
	void *base = NULL;
	const struct pd_opt *o = find_row(s, name, 0, &base);
	if (!o)
		return unknown_long(s, name);
	if (o->kind == PD_OPT_KIND_FLAG) {
		if (has_value)
			return pd_fail(s->err, PD_USAGE, "--%s takes no value", o->name);
		*(bool *)((char *)base + o->offset) = true;
		return PD_OK;
	}
	const char *value = rest.p;
	if (!has_value)
		PD_TRY(next_value(s, o, &value));
	return put_value(s, o, base, value);
}

static enum pd_code parse_letters(struct parse *s, const char *arg)
{
	for (const char *c = arg + 1; *c; c++) {
		void *base = NULL;
		const struct pd_opt *o = find_row(s, (struct pd_str){ 0 }, *c, &base);
		if (!o)
			return pd_fail(s->err, PD_USAGE, "unknown option `-%.*s`; see --help",
				       (unsigned char)*c < 0x80 ? 1 : (int)strlen(c), c);
		if (o->kind == PD_OPT_KIND_FLAG) {
			*(bool *)((char *)base + o->offset) = true;
			continue;
		}
		const char *value = c + 1;
		if (!*value)
			PD_TRY(next_value(s, o, &value));
		return put_value(s, o, base, value);
	}
	return PD_OK;
}

static const struct pd_opt *next_positional(const struct pd_opt *o)
{
	while (o && o->kind != PD_OPT_KIND_END && !pd_opt_is_positional(o))
		o++;
	return o && o->kind != PD_OPT_KIND_END ? o : NULL;
}

static enum pd_code parse_positional(struct parse *s, const char *arg)
{
	const struct pd_opt *o = s->positional;
	if (!o)
		return pd_fail(s->err, PD_USAGE, "`%s` is one argument too many; see --help", arg);
	if (o->kind == PD_OPT_KIND_REST)
		s->options_over = true;
	if (o->kind == PD_OPT_KIND_ARG || o->kind == PD_OPT_KIND_MAYBE)
		s->positional = next_positional(o + 1);
	return put_value(s, o, s->args, arg);
}

static enum pd_code parse_one(struct parse *s)
{
	const char *arg = s->argv[s->at++];
	if (s->options_over || arg[0] != '-' || !arg[1])
		return parse_positional(s, arg);
	if (arg[1] != '-')
		return parse_letters(s, arg);
	if (arg[2])
		return parse_long(s, arg);
	s->options_over = true;
	return PD_OK;
}

static enum pd_code check_complete(const struct parse *s)
{
	const struct pd_opt *o = s->positional;
	if (!o || o->kind == PD_OPT_KIND_MAYBE || o->kind == PD_OPT_KIND_ANY)
		return PD_OK;
	if (o->kind != PD_OPT_KIND_ARG) {
		const struct pd_list *list = (const void *)((const char *)s->args + o->offset);
		if (list->n)
			return PD_OK;
	}
	return pd_fail(s->err, PD_USAGE, "%s is missing: %s", o->value, o->help);
}

enum pd_code pd_opt_parse(const struct pd_opt *opts, int argc, char *const argv[], void *args,
			  struct pd_common *common, struct pd_arena *arena, struct pd_err *err)
{
	struct parse s = { .opts = opts,
			   .args = args,
			   .common = common,
			   .arena = arena,
			   .argc = argc,
			   .argv = argv,
			   .positional = next_positional(opts),
			   .err = err };
	while (s.at < argc) {
		PD_TRY(parse_one(&s));
		if (common->help)
			return PD_OK;
	}
	return check_complete(&s);
}

enum pd_code pd_opt_parse_front(int argc, char *const argv[], struct pd_common *common,
				struct pd_arena *arena, int *out_n, struct pd_err *err)
{
	struct parse s = {
		.common = common, .arena = arena, .argc = argc, .argv = argv, .err = err
	};
	while (s.at < argc && argv[s.at][0] == '-' && argv[s.at][1] && !common->help) {
		if (strcmp(argv[s.at], "--version") == 0) {
			common->version = true;
			s.at++;
			continue;
		}
		PD_TRY(parse_one(&s));
		if (s.options_over)
			break;
	}
	*out_n = s.at;
	return PD_OK;
}

#include "model/literal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/num.h"

struct literal {
	struct pd_tree *tree;
	struct pd_str s;
	size_t at;
	bool python;
	unsigned depth;
	struct pd_node **stack; /* items of the containers that are open */
	size_t n_stack;
	size_t cap_stack;
};

static void literal_end(struct literal *l)
{
	free(l->stack);
}

static enum pd_code bad(const struct literal *l, const char *why, struct pd_err *err)
{
	return pd_fail(err, PD_CORRUPT, "offset %zu: %s", l->at, why);
}

static char peek(const struct literal *l)
{
	return l->at < l->s.n ? l->s.p[l->at] : '\0';
}

static void skip_space(struct literal *l)
{
	while (l->at < l->s.n && (l->s.p[l->at] == ' ' || l->s.p[l->at] == '\n' ||
				  l->s.p[l->at] == '\t' || l->s.p[l->at] == '\r'))
		l->at++;
}

static bool take(struct literal *l, char c)
{
	if (l->at >= l->s.n || l->s.p[l->at] != c)
		return false;
	l->at++;
	return true;
}

static enum pd_code push(struct literal *l, struct pd_node *n, struct pd_err *err)
{
	if (l->n_stack == l->cap_stack) {
		size_t cap = l->cap_stack ? l->cap_stack * 2 : 256;
		void *p = realloc(l->stack, cap * sizeof(struct pd_node *));
		if (!p)
			return pd_fail(err, PD_NO_MEMORY, "no memory for %zu values", cap);
		l->stack = p;
		l->cap_stack = cap;
	}
	l->stack[l->n_stack++] = n;
	return PD_OK;
}

/* ---------------------------------------------------------------- text */

static bool read_hex4(struct literal *l, uint32_t *out)
{
	uint32_t v = 0;
	if (l->s.n - l->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = l->s.p[l->at++];
		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

/* Behind "\u": one code point, also as a pair of surrogates. */
static bool read_code_point(struct literal *l, uint32_t *out)
{
	uint32_t low = 0;
	if (!read_hex4(l, out))
		return false;
	if (*out < 0xd800 || *out > 0xdbff)
		return true;
	size_t back = l->at;
	if (take(l, '\\') && take(l, 'u') && read_hex4(l, &low) && low >= 0xdc00 && low <= 0xdfff)
		*out = 0x10000 + ((*out - 0xd800) << 10 | (low - 0xdc00));
	else
		l->at = back; /* a surrogate on its own, as Python lets through */
	return true;
}

static enum pd_code read_escape(struct literal *l, char *p, size_t *n, struct pd_err *err)
{
	static const char from[] = "\"'\\/bfnrt";
	static const char to[] = "\"'\\/\b\f\n\r\t";
	uint32_t c = 0;
	if (take(l, 'u')) {
		if (!read_code_point(l, &c))
			return bad(l, "a broken \\u escape", err);
		*n += pd_utf8_put(p + *n, c);
		return PD_OK;
	}
	const char *known = peek(l) ? strchr(from, peek(l)) : NULL;
	if (!known)
		return bad(l, "an unknown escape", err);
	l->at++;
	p[(*n)++] = to[known - from];
	return PD_OK;
}

/* Up to the closing quote at `end`, with escapes: never longer than it was. */
static enum pd_code unescape(struct literal *l, size_t end, struct pd_str *out, struct pd_err *err)
{
	char *p = NULL;
	size_t n = 0;
	PD_TRY(pd_tree_alloc(l->tree, end - l->at, 1, &p, err));
	while (l->at < end) {
		char c = l->s.p[l->at++];
		if (c == '\\')
			PD_TRY(read_escape(l, p, &n, err));
		else
			p[n++] = c;
	}
	l->at++;
	*out = pd_str_of(p, n);
	return PD_OK;
}

static enum pd_code read_text(struct literal *l, struct pd_str *out, struct pd_err *err)
{
	char quote = l->s.p[l->at++];
	bool escapes = false;
	size_t end = l->at;
	for (; end < l->s.n && l->s.p[end] != quote; end++) {
		if ((unsigned char)l->s.p[end] < 0x20) {
			l->at = end;
			return bad(l, "a control character in a text", err);
		}
		if (l->s.p[end] == '\\') {
			escapes = true;
			end++;
		}
	}
	if (end >= l->s.n)
		return bad(l, "a text without its end", err);
	if (escapes)
		return unescape(l, end, out, err);
	*out = pd_str_of(l->s.p + l->at, end - l->at);
	l->at = end + 1;
	return PD_OK;
}

/* ---------------------------------------------------------------- words and numbers */

struct word {
	const char *text;
	bool python; /* the grammar it belongs to */
	enum pd_node_kind kind;
	double value;
};

static const struct word words[] = {
	{ "null", false, PD_NODE_NONE, 0 },
	{ "true", false, PD_NODE_BOOL, 1 },
	{ "false", false, PD_NODE_BOOL, 0 },
	{ "NaN", false, PD_NODE_FLOAT, NAN },
	{ "Infinity", false, PD_NODE_FLOAT, INFINITY },
	{ "-Infinity", false, PD_NODE_FLOAT, -INFINITY },
	{ "None", true, PD_NODE_NONE, 0 },
	{ "True", true, PD_NODE_BOOL, 1 },
	{ "False", true, PD_NODE_BOOL, 0 },
};

static enum pd_code read_number(struct literal *l, struct pd_node **out, struct pd_err *err)
{
	struct pd_str rest = pd_str_skip(l->s, l->at);
	size_t offset = l->at;
	int64_t i = 0;
	double f = 0;
	size_t n = 0;
	enum pd_num_kind kind = pd_num_read(rest, &i, &f, &n);
	if (kind == PD_NUM_NONE)
		return bad(l, "a value is due", err);
	l->at += n;
	if (kind == PD_NUM_I64)
		return pd_node_int(l->tree, i, offset, out, err);
	struct pd_str digits = pd_str_head(rest, n);
	if (pd_str_find(digits, '.') < 0 && pd_str_find(digits, 'e') < 0 &&
	    pd_str_find(digits, 'E') < 0)
		return pd_node_decimal(l->tree, digits, offset, out, err);
	PD_TRY(pd_node_new(l->tree, PD_NODE_FLOAT, offset, out, err));
	(*out)->f = f;
	return PD_OK;
}

static enum pd_code read_scalar(struct literal *l, struct pd_node **out, struct pd_err *err)
{
	struct pd_str rest = pd_str_skip(l->s, l->at);
	for (size_t i = 0; i < PD_LEN(words); i++) {
		const struct word *w = &words[i];
		if (w->python != l->python || !pd_str_starts(rest, pd_str_from(w->text)))
			continue;
		PD_TRY(pd_node_new(l->tree, w->kind, l->at, out, err));
		l->at += strlen(w->text);
		if (w->kind == PD_NODE_BOOL)
			(*out)->i = w->value != 0;
		else if (w->kind == PD_NODE_FLOAT)
			(*out)->f = w->value;
		return PD_OK;
	}
	return read_number(l, out, err);
}

/* ---------------------------------------------------------------- containers */

static enum pd_code read_value(struct literal *l, struct pd_node **out, struct pd_err *err);

static enum pd_code read_key(struct literal *l, struct pd_err *err)
{
	struct pd_node *key = NULL;
	skip_space(l);
	if (peek(l) != '"' && !(l->python && peek(l) == '\''))
		return bad(l, "a key is due", err);
	PD_TRY(read_value(l, &key, err));
	PD_TRY(push(l, key, err));
	skip_space(l);
	return take(l, ':') ? PD_OK : bad(l, "a ':' is due", err);
}

static enum pd_code read_items(struct literal *l, enum pd_node_kind kind, char close,
			       bool *out_comma, struct pd_err *err)
{
	*out_comma = false;
	for (;;) {
		struct pd_node *item = NULL;
		skip_space(l);
		if (take(l, close))
			return PD_OK;
		if (kind == PD_NODE_DICT)
			PD_TRY(read_key(l, err));
		PD_TRY(read_value(l, &item, err));
		PD_TRY(push(l, item, err));
		skip_space(l);
		*out_comma = take(l, ',');
		if (!*out_comma)
			return take(l, close) ? PD_OK : bad(l, "a ',' or the end is due", err);
		skip_space(l);
		if (!l->python && peek(l) == close)
			return bad(l, "a comma without a value behind it", err);
	}
}

static enum pd_code read_container(struct literal *l, enum pd_node_kind kind, char close,
				   struct pd_node **out, struct pd_err *err)
{
	size_t base = l->n_stack;
	size_t offset = l->at++;
	bool comma = false;
	if (++l->depth > PD_LITERAL_DEPTH_MAX)
		return pd_fail(err, PD_TOO_LARGE, "offset %zu: nested more than %d deep", offset,
			       PD_LITERAL_DEPTH_MAX);
	PD_TRY(read_items(l, kind, close, &comma, err));
	l->depth--;
	size_t n = l->n_stack - base;
	l->n_stack = base;
	if (kind == PD_NODE_TUPLE && n == 1 && !comma) {
		*out = l->stack[base]; /* only parentheses */
		return PD_OK;
	}
	PD_TRY(pd_node_new(l->tree, kind, offset, out, err));
	return n ? pd_node_append(l->tree, *out, l->stack + base, n, err) : PD_OK;
}

static enum pd_code read_value(struct literal *l, struct pd_node **out, struct pd_err *err)
{
	skip_space(l);
	char c = peek(l);
	size_t offset = l->at;
	struct pd_str text;
	if (c == '{')
		return read_container(l, PD_NODE_DICT, '}', out, err);
	if (c == '[')
		return read_container(l, PD_NODE_LIST, ']', out, err);
	if (c == '(' && l->python)
		return read_container(l, PD_NODE_TUPLE, ')', out, err);
	if (c != '"' && !(c == '\'' && l->python))
		return read_scalar(l, out, err);
	PD_TRY(read_text(l, &text, err));
	return pd_node_text(l->tree, text, offset, out, err);
}

enum pd_code pd_literal_parse(struct pd_tree *t, enum pd_literal grammar, struct pd_str text,
			      struct pd_node **out, struct pd_err *err)
{
	PD_CLEANUP(literal_end)
	struct literal l = { .tree = t, .s = text, .python = grammar == PD_LITERAL_PYTHON };
	if (!pd_utf8_check(text))
		return pd_fail(err, PD_CORRUPT, "not UTF-8");
	PD_TRY(read_value(&l, out, err));
	skip_space(&l);
	return l.at == text.n ? PD_OK : bad(&l, "something behind the value", err);
}

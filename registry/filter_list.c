/*
 * A list of values is read as a Python literal, because MLflow hands its text to
 * ast.literal_eval: 'a', "b", adjacent texts are joined, \n and \x41 are escapes, a trailing
 * comma is allowed, parentheses may nest around one text.
 */
#include "base/num.h"
#include "registry/filter_internal.h"

#define LIST_MAX 30000 /* values; SQLite binds up to 32766 */

struct list_reader {
	struct pd_str s;
	size_t at;
	struct pd_arena *arena;
	struct pd_str *out;
	size_t n;
	bool tuple; /* the parentheses just read held a tuple */
	bool other; /* a value that is not a text */
};

static bool at_end(const struct list_reader *r)
{
	return r->at >= r->s.n;
}

static char look(const struct list_reader *r, size_t ahead)
{
	return r->at + ahead < r->s.n ? r->s.p[r->at + ahead] : '\0';
}

static void skip_spaces(struct list_reader *r)
{
	while (!at_end(r)) {
		if (look(r, 0) == '#')
			while (!at_end(r) && look(r, 0) != '\n')
				r->at++;
		else if (strchr(" \t\r\n\f", look(r, 0)) && look(r, 0))
			r->at++;
		else
			return;
	}
}

static void put_code_point(struct pd_buf *b, uint32_t c)
{
	if (c < 0x80) {
		pd_buf_char(b, (char)c);
	} else if (c < 0x800) {
		pd_buf_char(b, (char)(0xc0 | c >> 6));
		pd_buf_char(b, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		pd_buf_char(b, (char)(0xe0 | c >> 12));
		pd_buf_char(b, (char)(0x80 | (c >> 6 & 63)));
		pd_buf_char(b, (char)(0x80 | (c & 63)));
	} else {
		pd_buf_char(b, (char)(0xf0 | c >> 18));
		pd_buf_char(b, (char)(0x80 | (c >> 12 & 63)));
		pd_buf_char(b, (char)(0x80 | (c >> 6 & 63)));
		pd_buf_char(b, (char)(0x80 | (c & 63)));
	}
}

/* n hexadecimal digits, or up to three octal ones (base 8). */
static bool read_digits(struct list_reader *r, unsigned base, unsigned n, uint32_t *out)
{
	uint32_t v = 0;
	unsigned i = 0;
	for (; i < n; i++) {
		char c = look(r, 0);
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
							: 99;
		if (digit >= base)
			break;
		v = v * base + digit;
		r->at++;
	}
	*out = v;
	bool surrogate = v >= 0xd800 && v <= 0xdfff;
	return (base == 8 ? i > 0 : i == n) && v <= 0x10ffff && !surrogate;
}

static bool read_escape(struct list_reader *r, struct pd_buf *b)
{
	static const char plain[] = "\\'\"abfnrtv";
	static const char meant[] = "\\'\"\a\b\f\n\r\t\v";
	char c = look(r, 0);
	uint32_t v = 0;
	const char *known = c ? strchr(plain, c) : NULL;
	if (known) {
		pd_buf_char(b, meant[known - plain]);
		r->at++;
		return true;
	}
	if (c == '\n') {
		r->at++;
		return true;
	}
	if (c == 'x' || c == 'u' || c == 'U') {
		r->at++;
		if (!read_digits(r, 16, c == 'x' ? 2 : c == 'u' ? 4 : 8, &v))
			return false;
		put_code_point(b, v);
		return true;
	}
	if (c >= '0' && c <= '7') {
		if (!read_digits(r, 8, 3, &v))
			return false;
		put_code_point(b, v);
		return true;
	}
	pd_buf_char(b, '\\');
	return c != '\0' && c != 'N';
}

/* 'text', "text", '''text''', with the quote at `at`; false when it is malformed. */
static bool read_quoted(struct list_reader *r, bool raw, struct pd_buf *b)
{
	char quote = look(r, 0);
	bool triple = look(r, 1) == quote && look(r, 2) == quote;
	r->at += triple ? 3 : 1;
	while (!at_end(r)) {
		char c = look(r, 0);
		if (c == quote && (!triple || (look(r, 1) == quote && look(r, 2) == quote))) {
			r->at += triple ? 3 : 1;
			return true;
		}
		if (c == '\n' && !triple)
			return false;
		r->at++;
		if (c != '\\') {
			pd_buf_char(b, c);
		} else if (raw) {
			pd_buf_char(b, c);
			if (!at_end(r))
				pd_buf_char(b, r->s.p[r->at++]);
		} else if (!read_escape(r, b)) {
			return false;
		}
	}
	return false;
}

/* The letter in front of a quote: r and u are texts, b is not one. 0: no text here. */
static bool text_starts(const struct list_reader *r, char *prefix)
{
	char c = look(r, 0);
	*prefix = '\0';
	if (c == '\'' || c == '"')
		return true;
	if (look(r, 1) != '\'' && look(r, 1) != '"')
		return false;
	*prefix = (char)(c | 0x20);
	return *prefix == 'r' || *prefix == 'u' || *prefix == 'b';
}

/* Adjacent texts, joined. */
static bool read_text(struct list_reader *r, struct pd_buf *b)
{
	char prefix = '\0';
	bool any = false;
	while (text_starts(r, &prefix)) {
		any = true;
		r->at += prefix != '\0';
		r->other |= prefix == 'b';
		if (!read_quoted(r, prefix == 'r', b))
			return false;
		skip_spaces(r);
	}
	return any;
}

static bool in_word(char c)
{
	return (c && strchr(".-+_", c)) || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A number or None, True, False: understood, but not a text. */
static bool read_other(struct list_reader *r)
{
	double number = 0;
	size_t start = r->at;
	while (in_word(look(r, 0)))
		r->at++;
	struct pd_str word = pd_str_of(r->s.p + start, r->at - start);
	r->other = true;
	return pd_f64_parse(word, &number) || pd_str_eqz(word, "None") ||
	       pd_str_eqz(word, "True") || pd_str_eqz(word, "False");
}

static bool read_tuple(struct list_reader *r, unsigned depth);

static bool read_value(struct list_reader *r, unsigned depth)
{
	char prefix = '\0';
	if (look(r, 0) == '(')
		return depth < PD_FILTER_DEPTH_MAX && read_tuple(r, depth + 1);
	if (!text_starts(r, &prefix))
		return read_other(r);
	if (r->n == LIST_MAX)
		return false;
	struct pd_buf b;
	pd_buf_init(&b, SIZE_MAX);
	bool ok = read_text(r, &b);
	r->out[r->n++] = pd_arena_str(r->arena, pd_buf_view(&b));
	pd_buf_end(&b);
	return ok;
}

/* ( value, value, ) with `at` on the opening parenthesis. One value without a comma is no tuple:
 * the parentheses around it go. A tuple beside other values is not a text. */
static bool read_tuple(struct list_reader *r, unsigned depth)
{
	bool comma = false;
	bool inner = false;
	size_t before = r->n;
	r->at++;
	skip_spaces(r);
	while (!at_end(r) && look(r, 0) != ')') {
		r->tuple = false;
		if (!read_value(r, depth))
			return false;
		inner |= r->tuple;
		skip_spaces(r);
		if (look(r, 0) != ',')
			break;
		comma = true;
		r->at++;
		skip_spaces(r);
	}
	if (look(r, 0) != ')')
		return false;
	r->at++;
	r->other |= inner && comma;
	r->tuple = comma || inner || (r->n == before && !r->other);
	return true;
}

static size_t count_quotes(struct pd_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\'' || s.p[i] == '"';
	return n;
}

enum pd_code pd_filter_list(struct pd_str text, bool may_be_empty, struct pd_arena *arena,
			    struct pd_str **out, size_t *out_n, struct pd_err *err)
{
	size_t room = count_quotes(text) / 2 + 1;
	struct list_reader r = { .s = text, .arena = arena };
	r.out = PD_ARENA_ARRAY(arena, struct pd_str, room < LIST_MAX ? room : LIST_MAX);
	bool ok = look(&r, 0) == '(' && read_tuple(&r, 0);
	skip_spaces(&r);
	if (r.n == LIST_MAX)
		return pd_fail(err, PD_INVALID, "A list in a query has at most %d values",
			       LIST_MAX - 1);
	if (!ok || !at_end(&r))
		return pd_fail(err, PD_INVALID,
			       "While parsing a list in the query, expected a non-empty list of "
			       "string values, but got ill-formed list.");
	if (r.other)
		return pd_fail(err, PD_INVALID,
			       "While parsing a list in the query, expected string value, "
			       "punctuation, or whitespace, but got different type in list: %.*s",
			       PD_STR_ARG(pd_str_head(text, 300)));
	if (r.n == 0 && !may_be_empty)
		return pd_fail(err, PD_INVALID,
			       "While parsing a list in the query, expected a non-empty list of "
			       "string values, but got empty list");
	*out = r.out;
	*out_n = r.n;
	return PD_OK;
}

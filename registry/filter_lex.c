/*
 * The rules below stand in the order in which sqlparse tries them (sqlparse/keywords.py,
 * SQL_REGEX); the first that matches at a position wins. Rules that can only end in an error for
 * a filter (JOIN, dollar quotes, time zones) are left out: their words come out as other tokens
 * and end in the same error.
 */
#include "registry/filter_internal.h"

struct lexer {
	struct pd_str text;
	size_t at;
};

static int peek(const struct lexer *x, size_t i)
{
	return i < x->text.n ? (unsigned char)x->text.p[i] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

uint32_t pd_utf8_at(struct pd_str s, size_t i, size_t *out_len)
{
	const unsigned char *p = (const unsigned char *)s.p + i;
	size_t left = s.n - i;
	if (p[0] >= 0xf0 && left >= 4) {
		*out_len = 4;
		return (p[0] & 7u) << 18 | (p[1] & 63u) << 12 | (p[2] & 63u) << 6 | (p[3] & 63u);
	}
	if (p[0] >= 0xe0 && left >= 3) {
		*out_len = 3;
		return (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
	}
	if (p[0] >= 0xc0 && left >= 2) {
		*out_len = 2;
		return (p[0] & 31u) << 6 | (p[1] & 63u);
	}
	*out_len = 1;
	return p[0];
}

struct range {
	uint32_t first;
	uint32_t last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* White space as in Python's \s. */
static bool is_space(uint32_t c)
{
	static const struct range wide[] = {
		{ 0x85, 0x85 },     { 0xa0, 0xa0 },     { 0x1680, 0x1680 }, { 0x2000, 0x200a },
		{ 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
	};
	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
	return in_ranges(c, wide, PD_LEN(wide));
}

/* Python's \w, with Unicode's symbols and punctuation told from its letters by block. */
static bool is_word(uint32_t c)
{
	static const struct range symbols[] = {
		{ 0x80, 0xa9 },       { 0xab, 0xb1 },       { 0xb4, 0xb4 },
		{ 0xb6, 0xb8 },       { 0xbb, 0xbb },       { 0xbf, 0xbf },
		{ 0xd7, 0xd7 },       { 0xf7, 0xf7 },       { 0x2000, 0x206f },
		{ 0x20a0, 0x20ff },   { 0x2190, 0x245f },   { 0x2500, 0x2775 },
		{ 0x2794, 0x2bff },   { 0x3000, 0x3004 },   { 0x3008, 0x3020 },
		{ 0xe000, 0xf8ff },   { 0xfe00, 0xfe6f },   { 0xff01, 0xff0f },
		{ 0x1f000, 0x1f0ff }, { 0x1f300, 0x1faff }, { 0xe0000, 0x10ffff },
	};
	if (c < 0x80)
		return is_digit((int)c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		       c == '_';
	return !in_ranges(c, symbols, PD_LEN(symbols)) && !is_space(c);
}

/* [A-Z\u00c0-\u00dc] without regard to case: what starts a name. */
static bool is_letter(uint32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= 0xc0 && c <= 0xdc) ||
	       (c >= 0xe0 && c <= 0xfc && c != 0xf7);
}

static bool class_at(const struct lexer *x, size_t i, bool (*is)(uint32_t))
{
	size_t len = 0;
	return i < x->text.n && is(pd_utf8_at(x->text, i, &len));
}

static size_t skip_class(const struct lexer *x, size_t i, bool (*is)(uint32_t))
{
	size_t len = 0;
	while (i < x->text.n && is(pd_utf8_at(x->text, i, &len)))
		i += len;
	return i;
}

/* Is the character before `i` one that \w takes, or one of `others`? */
static bool follows(const struct lexer *x, size_t i, const char *others)
{
	if (i == 0)
		return false;
	if (x->text.p[i - 1] && strchr(others, x->text.p[i - 1]))
		return true;
	size_t start = i - 1;
	while (start > 0 && (peek(x, start) & 0xc0) == 0x80)
		start--;
	return class_at(x, start, is_word);
}

/* End of a quoted text that starts at i, or 0 when it is not closed. A doubled quote and, where
 * `escapes`, \quote belong to it; as with a backtracking matcher they do only when another quote
 * comes later to close the text. */
static size_t quoted_end(const struct lexer *x, size_t i, bool escapes)
{
	char quote = x->text.p[i];
	ptrdiff_t last = pd_str_rfind(x->text, quote);
	if (last <= (ptrdiff_t)i)
		return 0;
	size_t p = i + 1;
	while ((ptrdiff_t)p <= last) {
		bool more = (ptrdiff_t)p + 2 <= last;
		if (peek(x, p) == quote) {
			if (peek(x, p + 1) != quote || !more)
				return p + 1;
			p += 2;
		} else if (escapes && peek(x, p) == '\\' && peek(x, p + 1) == quote && more) {
			p += 2;
		} else {
			p++;
		}
	}
	return 0;
}

static size_t skip_digits(const struct lexer *x, size_t i)
{
	while (is_digit(peek(x, i)))
		i++;
	return i;
}

/* What may not stand behind a number. */
static bool letter_at(const struct lexer *x, size_t i)
{
	return peek(x, i) == '_' || class_at(x, i, is_letter);
}

/* End of n digits that end at `end`, shortened by one where a letter follows: the pattern has no
 * word boundary, so "12x" gives 12's first digit. 0 when nothing is left. */
static size_t shorten(const struct lexer *x, size_t first, size_t end)
{
	if (end > first && letter_at(x, end))
		end--;
	return end > first ? end : 0;
}

static size_t float_end(const struct lexer *x, size_t i)
{
	if (peek(x, i) == '-')
		i++;
	size_t whole = skip_digits(x, i);
	if (whole == i && peek(x, i) == '.') {
		size_t end = shorten(x, i + 1, skip_digits(x, i + 1));
		return end;
	}
	if (whole == i || peek(x, whole) != '.')
		return 0;
	size_t end = skip_digits(x, whole + 1);
	if (!letter_at(x, end))
		return end;
	return end > whole + 1 ? end - 1 : 0;
}

static size_t exponent_end(const struct lexer *x, size_t i)
{
	if (peek(x, i) == '-')
		i++;
	size_t end = skip_digits(x, i);
	if (end == i)
		return 0;
	if (peek(x, end) == '.' && is_digit(peek(x, end + 1)))
		end = skip_digits(x, end + 1);
	if (peek(x, end) != 'e' && peek(x, end) != 'E')
		return 0;
	end++;
	if (peek(x, end) == '-')
		end++;
	size_t done = skip_digits(x, end);
	return done > end ? done : 0;
}

static size_t number_end(const struct lexer *x, enum pd_token_type *type)
{
	size_t sign = peek(x, x->at) == '-' ? 1 : 0;
	size_t first = x->at + sign;
	if (peek(x, first) == '0' && (peek(x, first + 1) == 'x' || peek(x, first + 1) == 'X')) {
		size_t end = first + 2;
		while (peek(x, end) >= 0 && strchr("0123456789abcdefABCDEF", peek(x, end)) &&
		       peek(x, end) != 0)
			end++;
		*type = PD_TOKEN_HEX;
		if (end > first + 2)
			return end;
	}
	*type = PD_TOKEN_FLOAT;
	size_t end = exponent_end(x, x->at);
	if (!end)
		end = float_end(x, x->at);
	if (end)
		return end;
	*type = PD_TOKEN_INT;
	return shorten(x, first, skip_digits(x, first));
}

/* The words of `phrase` at i, white space between them, a word boundary behind; end or 0. */
static size_t phrase_end(const struct lexer *x, size_t i, const char *phrase)
{
	for (; *phrase; phrase++) {
		if (*phrase == ' ') {
			size_t end = skip_class(x, i, is_space);
			if (end == i)
				return 0;
			i = end;
			continue;
		}
		int c = peek(x, i);
		if (c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		if (c != *phrase)
			return 0;
		i++;
	}
	return class_at(x, i, is_word) ? 0 : i;
}

struct phrase {
	const char *words;
	enum pd_token_type type;
};

static size_t first_phrase(const struct lexer *x, const struct phrase *list, size_t n,
			   enum pd_token_type *type)
{
	for (size_t i = 0; i < n; i++) {
		size_t end = phrase_end(x, x->at, list[i].words);
		if (!end)
			continue;
		*type = list[i].type;
		return end;
	}
	return 0;
}

/* Words that are keywords even where a name is expected: params.in is an error in MLflow too. */
static const struct phrase always[] = {
	{ "CASE", PD_TOKEN_KEYWORD },  { "IN", PD_TOKEN_KEYWORD },   { "VALUES", PD_TOKEN_KEYWORD },
	{ "USING", PD_TOKEN_KEYWORD }, { "FROM", PD_TOKEN_KEYWORD }, { "AS", PD_TOKEN_KEYWORD },
};

static const struct phrase phrases[] = {
	{ "NOT NULL", PD_TOKEN_KEYWORD },
	{ "ASC NULLS FIRST", PD_TOKEN_ORDER },
	{ "ASC NULLS LAST", PD_TOKEN_ORDER },
	{ "DESC NULLS FIRST", PD_TOKEN_ORDER },
	{ "DESC NULLS LAST", PD_TOKEN_ORDER },
	{ "ASC", PD_TOKEN_ORDER },
	{ "DESC", PD_TOKEN_ORDER },
	{ "NULLS FIRST", PD_TOKEN_ORDER },
	{ "NULLS LAST", PD_TOKEN_ORDER },
	{ "NOT LIKE", PD_TOKEN_COMPARE },
	{ "NOT ILIKE", PD_TOKEN_COMPARE },
	{ "NOT RLIKE", PD_TOKEN_COMPARE },
	{ "NOT REGEXP BINARY", PD_TOKEN_COMPARE },
	{ "NOT REGEXP", PD_TOKEN_COMPARE },
	{ "LIKE", PD_TOKEN_COMPARE },
	{ "ILIKE", PD_TOKEN_COMPARE },
	{ "RLIKE", PD_TOKEN_COMPARE },
	{ "REGEXP BINARY", PD_TOKEN_COMPARE },
	{ "REGEXP", PD_TOKEN_COMPARE },
};

/* Of sqlparse's thousand keywords those that mean something here or that people try. Any other
 * comes out as a name: an unknown attribute instead of an invalid clause, the same error code. */
static const struct phrase words[] = {
	{ "AND", PD_TOKEN_KEYWORD },       { "OR", PD_TOKEN_KEYWORD },
	{ "NOT", PD_TOKEN_KEYWORD },       { "IS", PD_TOKEN_KEYWORD },
	{ "NULL", PD_TOKEN_KEYWORD },      { "BETWEEN", PD_TOKEN_KEYWORD },
	{ "EXISTS", PD_TOKEN_KEYWORD },    { "SELECT", PD_TOKEN_KEYWORD },
	{ "WHERE", PD_TOKEN_KEYWORD },     { "ORDER", PD_TOKEN_KEYWORD },
	{ "BY", PD_TOKEN_KEYWORD },        { "LIMIT", PD_TOKEN_KEYWORD },
	{ "UNION", PD_TOKEN_KEYWORD },     { "GROUP", PD_TOKEN_KEYWORD },
	{ "TRUE", PD_TOKEN_KEYWORD },      { "FALSE", PD_TOKEN_KEYWORD },
	{ "SOURCE", PD_TOKEN_KEYWORD },    { "TYPE", PD_TOKEN_KEYWORD },
	{ "USER", PD_TOKEN_KEYWORD },      { "VERSION", PD_TOKEN_KEYWORD },
	{ "KEY", PD_TOKEN_KEYWORD },       { "DROP", PD_TOKEN_KEYWORD },
	{ "DELETE", PD_TOKEN_KEYWORD },    { "TABLE", PD_TOKEN_KEYWORD },
	{ "NONE", PD_TOKEN_KEYWORD },      { "AT", PD_TOKEN_KEYWORD },
	{ "NO", PD_TOKEN_KEYWORD },        { "DATE", PD_TOKEN_BUILTIN },
	{ "TIMESTAMP", PD_TOKEN_BUILTIN }, { "INT", PD_TOKEN_BUILTIN },
	{ "FLOAT", PD_TOKEN_BUILTIN },     { "TEXT", PD_TOKEN_BUILTIN },
};

static bool is_word_tail(uint32_t c)
{
	return c == '$' || c == '#' || is_word(c);
}

/* A word: name, keyword or comparison. */
static size_t word_end(const struct lexer *x, enum pd_token_type *type)
{
	size_t end = first_phrase(x, always, PD_LEN(always), type);
	if (end)
		return end;
	*type = PD_TOKEN_NAME;
	if (class_at(x, x->at, is_letter)) {
		end = skip_class(x, x->at, is_word);
		size_t dot = skip_class(x, end, is_space);
		if (peek(x, dot) == '.' && !is_digit(peek(x, dot + 1)))
			return end; /* NAME before a period, spaces allowed */
		if (x->at > 0 && peek(x, x->at - 1) == '.')
			return end; /* behind a period any word is a name */
		if (peek(x, end) == '(')
			return end;
	}
	enum pd_token_type number = PD_TOKEN_INT;
	end = number_end(x, &number);
	if (end) {
		*type = number;
		return end;
	}
	end = first_phrase(x, phrases, PD_LEN(phrases), type);
	if (end)
		return end;
	end = skip_class(x, x->at, is_word_tail);
	struct pd_str word = pd_str_of(x->text.p + x->at, end - x->at);
	*type = PD_TOKEN_NAME;
	for (size_t i = 0; i < PD_LEN(words); i++)
		if (pd_str_eq_nocase(word, pd_str_from(words[i].words)))
			*type = words[i].type;
	return end;
}

static size_t run_of(const struct lexer *x, const char *chars)
{
	size_t end = x->at;
	while (peek(x, end) > 0 && strchr(chars, peek(x, end)))
		end++;
	return end;
}

static size_t line_end(const struct lexer *x, size_t i)
{
	while (peek(x, i) >= 0 && peek(x, i) != '\n' && peek(x, i) != '\r')
		i++;
	if (peek(x, i) == '\r' && peek(x, i + 1) == '\n')
		return i + 2;
	return peek(x, i) < 0 ? i : i + 1;
}

static size_t comment_end(const struct lexer *x)
{
	int c = peek(x, x->at);
	int next = peek(x, x->at + 1);
	if ((c == '-' && next == '-') || (c == '#' && next == ' '))
		return line_end(x, x->at + 2);
	if (c != '/' || next != '*')
		return 0;
	struct pd_str rest = pd_str_skip(x->text, x->at + 2);
	const char *close = rest.n ? memmem(rest.p, rest.n, "*/", 2) : NULL;
	return close ? (size_t)(close - x->text.p) + 2 : 0;
}

/* [names with spaces], when no word or bracket stands before: behind one it is an index. */
static size_t bracket_name_end(const struct lexer *x)
{
	if (follows(x, x->at, "])"))
		return 0;
	size_t end = x->at + 1;
	while (peek(x, end) >= 0 && peek(x, end) != '[' && peek(x, end) != ']')
		end++;
	return peek(x, end) == ']' && end > x->at + 1 ? end + 1 : 0;
}

/* @name, #name and ##name, of two letters or more. */
static size_t mark_name_end(const struct lexer *x)
{
	size_t first = x->at + 1;
	if (peek(x, x->at) == '#' && peek(x, first) == '#')
		first++;
	if (!class_at(x, first, is_letter))
		return 0;
	size_t len = 1;
	pd_utf8_at(x->text, first, &len);
	size_t end = skip_class(x, first, is_word);
	return end > first + len ? end : 0;
}

/* ?, :name and $name. */
static size_t placeholder_end(const struct lexer *x)
{
	int c = peek(x, x->at);
	if (c == '?')
		return x->at + 1;
	if (c == '%' && peek(x, x->at + 1) == 's')
		return x->at + 2;
	if ((c != ':' && c != '$') || follows(x, x->at, ""))
		return 0;
	size_t end = skip_class(x, x->at + 1, is_word);
	return end > x->at + 1 ? end : 0;
}

static size_t sign_end(const struct lexer *x, enum pd_token_type *type)
{
	int c = peek(x, x->at);
	*type = PD_TOKEN_OTHER;
	if (c <= 0)
		return x->at + 1;
	if (strchr(";:()[],.", c)) {
		*type = PD_TOKEN_PUNCTUATION;
		return x->at + 1;
	}
	if (c == '-' || strchr("+/@#%^&|", c)) {
		*type = PD_TOKEN_OPERATOR;
		if (c == '-')
			return x->at + (peek(x, x->at + 1) == '>' ? 2 : 1);
		return run_of(x, "+/@#%^&|-");
	}
	if (strchr("<>=~!", c)) {
		*type = PD_TOKEN_COMPARE;
		return run_of(x, "<>=~!");
	}
	size_t len = 1;
	pd_utf8_at(x->text, x->at, &len);
	return x->at + len;
}

/* Quotes, brackets and marks that open a token; 0 when none does. */
static size_t opened_end(const struct lexer *x, enum pd_token_type *type)
{
	switch (peek(x, x->at)) {
	case '`':
		*type = PD_TOKEN_NAME;
		return quoted_end(x, x->at, false);
	case '\'':
		*type = PD_TOKEN_STRING;
		return quoted_end(x, x->at, true);
	case '"':
		*type = PD_TOKEN_SYMBOL;
		return quoted_end(x, x->at, true);
	case '[':
		*type = PD_TOKEN_NAME;
		return bracket_name_end(x);
	case '@':
	case '#':
		*type = PD_TOKEN_NAME;
		return mark_name_end(x);
	case '*':
		*type = PD_TOKEN_WILDCARD;
		return x->at + 1;
	case ':':
		if (peek(x, x->at + 1) == ':') {
			*type = PD_TOKEN_CAST;
			return x->at + 2;
		}
		break;
	}
	*type = PD_TOKEN_PLACEHOLDER;
	return placeholder_end(x);
}

static size_t token_end(const struct lexer *x, enum pd_token_type *type)
{
	*type = PD_TOKEN_COMMENT;
	size_t end = comment_end(x);
	if (end)
		return end;
	size_t len = 1;
	uint32_t c = pd_utf8_at(x->text, x->at, &len);
	if (is_space(c)) {
		*type = PD_TOKEN_SPACE;
		return x->at + len;
	}
	end = opened_end(x, type);
	if (end)
		return end;
	if (is_word(c))
		return word_end(x, type);
	end = number_end(x, type);
	if (end)
		return end;
	return sign_end(x, type);
}

enum pd_code pd_filter_lex(struct pd_str text, struct pd_arena *arena, struct pd_items *out,
			   struct pd_err *err)
{
	struct lexer x = { text, 0 };
	size_t cap = text.n < PD_FILTER_TOKENS_MAX ? text.n : PD_FILTER_TOKENS_MAX;
	out->at = PD_ARENA_ARRAY(arena, struct pd_item, cap + 1);
	out->n = 0;
	out->several = false;
	bool closed = false;
	int depth = 0;
	while (x.at < text.n) {
		if (out->n == cap)
			return pd_fail(err, PD_INVALID, "Error on parsing filter: over %d tokens",
				       PD_FILTER_TOKENS_MAX);
		enum pd_token_type type = PD_TOKEN_OTHER;
		size_t end = token_end(&x, &type);
		struct pd_str slice = pd_str_of(text.p + x.at, end - x.at);
		out->at[out->n++] = (struct pd_item){ .type = type, .text = slice };
		if (closed && type != PD_TOKEN_SPACE && type != PD_TOKEN_COMMENT)
			out->several = true;
		depth += pd_str_eqz(slice, "(");
		depth -= pd_str_eqz(slice, ")");
		if (pd_str_eqz(slice, ";") && depth <= 0)
			closed = true;
		x.at = end;
	}
	return PD_OK;
}

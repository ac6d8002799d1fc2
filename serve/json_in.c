#include "serve/json_in.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

#define KEEP_CELLS ((size_t)64 << 10)

void pd_scratch_end(struct pd_scratch *s)
{
	free(s->cells);
	free(s->stack);
	free(s->names);
	pd_buf_end(&s->text);
	*s = (struct pd_scratch){ 0 };
}

void pd_scratch_trim(struct pd_scratch *s)
{
	if (s->cap_cells + s->cap_stack + s->cap_names + s->text.cap / 16 > KEEP_CELLS)
		pd_scratch_end(s);
}

void pd_json_in_init(struct pd_json_in *in, struct pd_str text, struct pd_arena *arena,
		     struct pd_scratch *scratch, struct pd_err *err)
{
	*in = (struct pd_json_in){ .arena = arena, .scratch = scratch, .err = err };
	scratch->n_stack = 0;
	pd_json_in_text(in, text);
}

void pd_json_in_text(struct pd_json_in *in, struct pd_str text)
{
	in->begin = in->at = text.p;
	in->end = text.p + text.n;
	in->depth = 0;
	if (pd_str_starts(text, PD_STR("\xef\xbb\xbf")))
		in->at += 3;
}

struct pd_cell *pd_scratch_push(struct pd_scratch *s, size_t n)
{
	if (n > s->cap_stack - s->n_stack) {
		size_t cap = s->cap_stack ? s->cap_stack : 64;
		while (cap - s->n_stack < n)
			cap *= 2;
		s->stack = pd_xrealloc(s->stack, cap * sizeof(*s->stack));
		s->cap_stack = cap;
	}
	s->n_stack += n;
	return s->stack + s->n_stack - n;
}

/* ---------------------------------------------------------------- places */

enum pd_code pd_json_fail(struct pd_json_in *in, const char *what)
{
	size_t line = 1;
	const char *line_begin = in->begin;
	for (const char *p = in->begin; p < in->at; p++) {
		if (*p == '\n') {
			line++;
			line_begin = p + 1;
		}
	}
	in->malformed = true;
	return pd_fail(in->err, PD_BAD_REQUEST, "%s: line %zu column %zu (char %zu)", what, line,
		       (size_t)(in->at - line_begin) + 1, (size_t)(in->at - in->begin));
}

int pd_json_peek(struct pd_json_in *in)
{
	const char *p = in->at;
	while (p < in->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	in->at = p;
	return p < in->end ? (unsigned char)*p : -1;
}

enum pd_code pd_json_finish(struct pd_json_in *in)
{
	return pd_json_peek(in) < 0 ? PD_OK : pd_json_fail(in, "Extra data");
}

enum pd_code pd_json_open(struct pd_json_in *in, char bracket)
{
	if (pd_json_peek(in) != bracket)
		return pd_json_fail(in, "Expecting value");
	if (++in->depth > PD_JSON_IN_DEPTH_MAX)
		return pd_json_fail(in, "Too many lists and objects inside one another");
	in->at++;
	return PD_OK;
}

bool pd_json_first(struct pd_json_in *in, char close)
{
	if (pd_json_peek(in) != close)
		return true;
	in->at++;
	in->depth--;
	return false;
}

enum pd_code pd_json_more(struct pd_json_in *in, char close, bool *out_more)
{
	int c = pd_json_peek(in);
	if (c != ',' && c != close)
		return pd_json_fail(in, "Expecting ',' delimiter");
	in->at++;
	*out_more = c == ',';
	if (!*out_more)
		in->depth--;
	return PD_OK;
}

/* ---------------------------------------------------------------- texts */

/* Bytes that end a run of plain text. */
static const unsigned char special[256] = {
	[0] = 1,   1,         1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1,         1,         1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* below 0x20 */
	['"'] = 1, ['\\'] = 1
};

static const char *plain_run(const char *p, const char *end, unsigned char *seen)
{
	unsigned char bits = 0;
	while (p < end && !special[(unsigned char)*p])
		bits |= (unsigned char)*p++;
	*seen |= bits;
	return p;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* The four digits of \uXXXX; -1 when they are not there. */
static int32_t hex4(const char *p, const char *end)
{
	if (end - p < 4)
		return -1;
	int32_t v = 0;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);
		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

static char *put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* Behind "\u". */
static enum pd_code take_unicode(struct pd_json_in *in, char **out)
{
	int32_t c = hex4(in->at, in->end);
	if (c < 0)
		return pd_json_fail(in, "Invalid \\uXXXX escape");
	in->at += 4;
	if (c >= 0xd800 && c < 0xdc00) {
		int32_t low = -1;
		if (in->end - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u')
			low = hex4(in->at + 2, in->end);
		if (low < 0xdc00 || low > 0xdfff)
			return pd_json_fail(in, "Half a surrogate pair");
		in->at += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xdc00 && c < 0xe000) {
		return pd_json_fail(in, "Half a surrogate pair");
	}
	*out = put_utf8(*out, (uint32_t)c);
	return PD_OK;
}

/* Behind the backslash. */
static enum pd_code take_escape(struct pd_json_in *in, char **out)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	if (in->at == in->end)
		return pd_json_fail(in, "Unterminated string");
	char c = *in->at++;
	if (c == 'u')
		return take_unicode(in, out);
	const char *found = c ? strchr(from, c) : NULL;
	if (!found) {
		in->at -= 2;
		return pd_json_fail(in, "Invalid \\escape");
	}
	*(*out)++ = to[found - from];
	return PD_OK;
}

/* Where the text that begins here is closed, over escapes; the end of the input when it is not.
 * What is decoded is never longer than what was written. */
static size_t written_length(const char *p, const char *end)
{
	const char *from = p;
	while (p < end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	return (size_t)((p < end ? p : end) - from);
}

static enum pd_code end_text(struct pd_json_in *in, struct pd_str text, unsigned char seen,
			     struct pd_str *out)
{
	*out = text;
	if (seen >= 0x80 && !pd_utf8_check(text))
		return pd_json_fail(in, "Invalid UTF-8 in a string");
	return PD_OK;
}

/* The opening quote was taken. */
static enum pd_code take_text(struct pd_json_in *in, struct pd_str *out)
{
	unsigned char seen = 0;
	const char *from = in->at;
	char *copy = NULL;
	char *to = NULL;
	for (;;) {
		const char *p = plain_run(in->at, in->end, &seen);
		size_t n = (size_t)(p - in->at);
		if (p == in->end) {
			in->at = from - 1;
			return pd_json_fail(in, "Unterminated string starting at");
		}
		if (*p == '"' && !copy) {
			in->at = p + 1;
			return end_text(in, pd_str_of(from, n), seen, out);
		}
		if (*p != '"' && *p != '\\') {
			in->at = p;
			return pd_json_fail(in, "Invalid control character at");
		}
		if (!copy)
			to = copy = pd_arena_alloc(in->arena, n + written_length(p, in->end));
		memcpy(to, in->at, n);
		to += n;
		in->at = p + 1;
		if (*p == '"')
			return end_text(in, pd_str_of(copy, (size_t)(to - copy)), seen, out);
		PD_TRY(take_escape(in, &to));
	}
}

enum pd_code pd_json_key(struct pd_json_in *in, struct pd_str *out)
{
	if (pd_json_peek(in) != '"')
		return pd_json_fail(in, "Expecting property name enclosed in double quotes");
	in->at++;
	PD_TRY(take_text(in, out));
	if (pd_json_peek(in) != ':')
		return pd_json_fail(in, "Expecting ':' delimiter");
	in->at++;
	return PD_OK;
}

/* ---------------------------------------------------------------- values */

static bool take_word(struct pd_json_in *in, struct pd_str word)
{
	if (!pd_str_starts(pd_str_of(in->at, (size_t)(in->end - in->at)), word))
		return false;
	in->at += word.n;
	return true;
}

static bool word_cell(struct pd_json_in *in, struct pd_cell *out)
{
	if (take_word(in, PD_STR("null")))
		*out = (struct pd_cell){ .kind = PD_CELL_NULL };
	else if (take_word(in, PD_STR("true")))
		*out = (struct pd_cell){ .kind = PD_CELL_BOOL, .i = 1 };
	else if (take_word(in, PD_STR("false")))
		*out = (struct pd_cell){ .kind = PD_CELL_BOOL, .i = 0 };
	else if (take_word(in, PD_STR("NaN")))
		*out = (struct pd_cell){ .kind = PD_CELL_F64, .f = NAN };
	else if (take_word(in, PD_STR("Infinity")))
		*out = (struct pd_cell){ .kind = PD_CELL_F64, .f = INFINITY };
	else if (take_word(in, PD_STR("-Infinity")))
		*out = (struct pd_cell){ .kind = PD_CELL_F64, .f = -INFINITY };
	else
		return false;
	return true;
}

enum pd_code pd_json_scalar(struct pd_json_in *in, struct pd_cell *out)
{
	int c = pd_json_peek(in);
	if (c == '"') {
		in->at++;
		out->kind = PD_CELL_STR;
		return take_text(in, &out->s);
	}
	int64_t i = 0;
	double f = 0;
	size_t len = 0;
	switch (pd_num_read(pd_str_of(in->at, (size_t)(in->end - in->at)), &i, &f, &len)) {
	case PD_NUM_I64:
		*out = (struct pd_cell){ .kind = PD_CELL_I64, .i = i };
		break;
	case PD_NUM_F64:
		*out = (struct pd_cell){ .kind = PD_CELL_F64, .f = f };
		break;
	default:
		return word_cell(in, out) ? PD_OK : pd_json_fail(in, "Expecting value");
	}
	in->at += len;
	return PD_OK;
}

static void push(struct pd_scratch *s, struct pd_cell cell)
{
	*pd_scratch_push(s, 1) = cell;
}

/* The cells above `from` become the items of *out. */
static void pop_items(struct pd_json_in *in, size_t from, enum pd_cell_kind kind,
		      struct pd_cell *out)
{
	struct pd_scratch *s = in->scratch;
	size_t n = s->n_stack - from;
	struct pd_cell *items = pd_arena_alloc(in->arena, n * sizeof(*items));
	if (n)
		memcpy(items, s->stack + from, n * sizeof(*items));
	s->n_stack = from;
	*out = (struct pd_cell){ .kind = kind, .items = items, .n_items = n };
}

static enum pd_code take_list(struct pd_json_in *in, struct pd_cell *out)
{
	size_t from = in->scratch->n_stack;
	PD_TRY(pd_json_open(in, '['));
	for (bool more = pd_json_first(in, ']'); more;) {
		struct pd_cell item;
		PD_TRY(pd_json_value(in, &item));
		push(in->scratch, item);
		PD_TRY(pd_json_more(in, ']', &more));
	}
	pop_items(in, from, PD_CELL_LIST, out);
	return PD_OK;
}

/* Of equal keys the last one stays; small objects only, as it looks at all before. */
static bool replace_key(struct pd_scratch *s, size_t from, struct pd_str key, struct pd_cell value)
{
	if (s->n_stack - from > 64)
		return false;
	for (size_t i = from; i < s->n_stack; i += 2) {
		if (pd_str_eq(s->stack[i].s, key)) {
			s->stack[i + 1] = value;
			return true;
		}
	}
	return false;
}

static enum pd_code take_map(struct pd_json_in *in, struct pd_cell *out)
{
	size_t from = in->scratch->n_stack;
	PD_TRY(pd_json_open(in, '{'));
	for (bool more = pd_json_first(in, '}'); more;) {
		struct pd_cell key = { .kind = PD_CELL_STR };
		struct pd_cell value;
		PD_TRY(pd_json_key(in, &key.s));
		PD_TRY(pd_json_value(in, &value));
		if (!replace_key(in->scratch, from, key.s, value)) {
			push(in->scratch, key);
			push(in->scratch, value);
		}
		PD_TRY(pd_json_more(in, '}', &more));
	}
	pop_items(in, from, PD_CELL_MAP, out);
	return PD_OK;
}

enum pd_code pd_json_value(struct pd_json_in *in, struct pd_cell *out)
{
	int c = pd_json_peek(in);
	if (c == '[')
		return take_list(in, out);
	return c == '{' ? take_map(in, out) : pd_json_scalar(in, out);
}

enum pd_code pd_json_skip(struct pd_json_in *in)
{
	struct pd_cell unused;
	return pd_json_value(in, &unused);
}

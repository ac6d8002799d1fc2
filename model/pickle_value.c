/* The pickle machine's numbers, texts and bytes. */
#include "model/pickle_internal.h"

#include "base/num.h"

#include <inttypes.h>
#include <math.h>

/* ---------------------------------------------------------------- numbers */

static enum pd_code push_int(struct pd_unpickler *u, int64_t v, struct pd_err *err)
{
	struct pd_node *n = NULL;
	if (v >= 0 && v < PD_SMALL_INTS) {
		if (!u->ints[v])
			PD_TRY(pd_node_int(u->tree, v, u->at, &u->ints[v], err));
		return pd_unpickle_push(u, u->ints[v], err);
	}
	PD_TRY(pd_node_int(u->tree, v, u->at, &n, err));
	return pd_unpickle_push(u, n, err);
}

static enum pd_code push_bool(struct pd_unpickler *u, bool v, struct pd_err *err)
{
	if (!u->bools[v]) {
		PD_TRY(pd_node_new(u->tree, PD_NODE_BOOL, u->at, &u->bools[v], err));
		u->bools[v]->i = v;
	}
	return pd_unpickle_push(u, u->bools[v], err);
}

static enum pd_code push_float(struct pd_unpickler *u, double v, struct pd_err *err)
{
	struct pd_node *n = NULL;
	PD_TRY(pd_node_new(u->tree, PD_NODE_FLOAT, u->at, &n, err));
	n->f = v;
	return pd_unpickle_push(u, n, err);
}

enum pd_code pd_op_none(struct pd_unpickler *u, struct pd_err *err)
{
	if (!u->none)
		PD_TRY(pd_node_new(u->tree, PD_NODE_NONE, u->at, &u->none, err));
	return pd_unpickle_push(u, u->none, err);
}

enum pd_code pd_op_newtrue(struct pd_unpickler *u, struct pd_err *err)
{
	return push_bool(u, true, err);
}

enum pd_code pd_op_newfalse(struct pd_unpickler *u, struct pd_err *err)
{
	return push_bool(u, false, err);
}

enum pd_code pd_op_binint(struct pd_unpickler *u, struct pd_err *err)
{
	int32_t v = 0;
	PD_TRY(pd_read_i32le(&u->r, &v, err));
	return push_int(u, v, err);
}

enum pd_code pd_op_binint1(struct pd_unpickler *u, struct pd_err *err)
{
	uint8_t v = 0;
	PD_TRY(pd_read_u8(&u->r, &v, err));
	return push_int(u, v, err);
}

enum pd_code pd_op_binint2(struct pd_unpickler *u, struct pd_err *err)
{
	uint16_t v = 0;
	PD_TRY(pd_read_u16le(&u->r, &v, err));
	return push_int(u, v, err);
}

static enum pd_code push_long(struct pd_unpickler *u, struct pd_str bytes, struct pd_err *err)
{
	struct pd_node *n = NULL;
	PD_TRY(pd_node_long(u->tree, bytes, u->at, &n, err));
	return pd_unpickle_push(u, n, err);
}

enum pd_code pd_op_long1(struct pd_unpickler *u, struct pd_err *err)
{
	uint8_t n = 0;
	struct pd_str bytes;
	PD_TRY(pd_read_u8(&u->r, &n, err));
	PD_TRY(pd_read_bytes(&u->r, n, &bytes, err));
	return push_long(u, bytes, err);
}

enum pd_code pd_op_long4(struct pd_unpickler *u, struct pd_err *err)
{
	int32_t n = 0;
	struct pd_str bytes;
	PD_TRY(pd_read_i32le(&u->r, &n, err));
	if (n < 0)
		return pd_unpickle_fail(u, err, "an integer of %" PRId32 " bytes", n);
	PD_TRY(pd_read_bytes(&u->r, (uint64_t)n, &bytes, err));
	return push_long(u, bytes, err);
}

static enum pd_code push_int_text(struct pd_unpickler *u, struct pd_str s, struct pd_err *err)
{
	int64_t v = 0;
	struct pd_node *n = NULL;
	if (pd_str_to_i64(s, &v))
		return push_int(u, v, err);
	if (pd_node_decimal(u->tree, s, u->at, &n, err) != PD_OK)
		return pd_unpickle_at(u, err);
	return pd_unpickle_push(u, n, err);
}

enum pd_code pd_op_int(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str line;
	PD_TRY(pd_read_line(&u->r, &line, err));
	/* spec: pickletools, INT: these two are booleans */
	if (pd_str_eq(line, PD_STR("00")) || pd_str_eq(line, PD_STR("01")))
		return push_bool(u, line.p[1] == '1', err);
	return push_int_text(u, line, err);
}

enum pd_code pd_op_long(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str line;
	PD_TRY(pd_read_line(&u->r, &line, err));
	if (pd_str_ends(line, PD_STR("L")))
		line.n--;
	return push_int_text(u, line, err);
}

enum pd_code pd_op_float(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str line;
	double v = 0;
	PD_TRY(pd_read_line(&u->r, &line, err));
	struct pd_str bare = pd_str_skip(line, line.n && line.p[0] == '-');
	if (pd_str_eq(bare, PD_STR("inf")))
		v = bare.n < line.n ? -INFINITY : INFINITY;
	else if (pd_str_eq(bare, PD_STR("nan")))
		v = NAN;
	else if (!pd_f64_parse(line, &v))
		return pd_unpickle_fail(u, err, "\"%.*s\" is not a number",
					PD_STR_ARG(pd_str_head(line, 40)));
	return push_float(u, v, err);
}

enum pd_code pd_op_binfloat(struct pd_unpickler *u, struct pd_err *err)
{
	double v = 0;
	PD_TRY(pd_read_f64be(&u->r, &v, err));
	return push_float(u, v, err);
}

/* ---------------------------------------------------------------- text and bytes */

static enum pd_code push_str(struct pd_unpickler *u, enum pd_node_kind kind, struct pd_str s,
			     struct pd_err *err)
{
	struct pd_node *n = NULL;
	PD_TRY(pd_node_new(u->tree, kind, u->at, &n, err));
	n->s = s;
	return pd_unpickle_push(u, n, err);
}

static bool is_ascii(struct pd_str s)
{
	unsigned char all = 0;
	for (size_t i = 0; i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all < 0x80;
}

/* UTF-8 that may hold surrogates on their own, as Python's "surrogatepass" writes them. */
static bool utf8_check_surrogates(struct pd_str s)
{
	size_t from = 0;
	for (size_t i = 0; i + 2 < s.n; i++) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		if (p[0] != 0xed || p[1] < 0xa0 || p[1] > 0xbf || (p[2] & 0xc0) != 0x80)
			continue;
		if (!pd_utf8_check(pd_str_of(s.p + from, i - from)))
			return false;
		from = i + 3;
		i += 2;
	}
	return pd_utf8_check(pd_str_skip(s, from));
}

static enum pd_code push_text(struct pd_unpickler *u, struct pd_str s, struct pd_err *err)
{
	if (!is_ascii(s) && !pd_utf8_check(s) && !utf8_check_surrogates(s))
		return pd_unpickle_fail(u, err, "a text that is not UTF-8");
	return push_str(u, PD_NODE_TEXT, s, err);
}

static enum pd_code read_item(struct pd_unpickler *u, uint64_t n, struct pd_str *out,
			      struct pd_err *err)
{
	if (n > PD_PICKLE_ITEM_MAX)
		return pd_fail(err, PD_TOO_LARGE, "offset %zu: an item of %" PRIu64 " bytes", u->at,
			       n);
	return pd_read_bytes(&u->r, n, out, err);
}

static enum pd_code read_item8(struct pd_unpickler *u, struct pd_str *out, struct pd_err *err)
{
	uint8_t n = 0;
	PD_TRY(pd_read_u8(&u->r, &n, err));
	return read_item(u, n, out, err);
}

static enum pd_code read_item32(struct pd_unpickler *u, struct pd_str *out, struct pd_err *err)
{
	uint32_t n = 0;
	PD_TRY(pd_read_u32le(&u->r, &n, err));
	return read_item(u, n, out, err);
}

static enum pd_code read_item64(struct pd_unpickler *u, struct pd_str *out, struct pd_err *err)
{
	uint64_t n = 0;
	PD_TRY(pd_read_u64le(&u->r, &n, err));
	return read_item(u, n, out, err);
}

enum pd_code pd_op_short_binunicode(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(read_item8(u, &s, err));
	return push_text(u, s, err);
}

enum pd_code pd_op_binunicode(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(read_item32(u, &s, err));
	return push_text(u, s, err);
}

enum pd_code pd_op_binunicode8(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(read_item64(u, &s, err));
	return push_text(u, s, err);
}

enum pd_code pd_op_short_binbytes(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(read_item8(u, &s, err));
	return push_str(u, PD_NODE_BYTES, s, err);
}

enum pd_code pd_op_binbytes(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(read_item32(u, &s, err));
	return push_str(u, PD_NODE_BYTES, s, err);
}

enum pd_code pd_op_binbytes8(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(read_item64(u, &s, err));
	return push_str(u, PD_NODE_BYTES, s, err);
}

/* Text of Python 2, which Python 3 reads as text where it is ASCII. */
static enum pd_code push_py2(struct pd_unpickler *u, struct pd_str s, struct pd_err *err)
{
	return push_str(u, is_ascii(s) ? PD_NODE_TEXT : PD_NODE_BYTES, s, err);
}

enum pd_code pd_op_short_binstring(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(read_item8(u, &s, err));
	return push_py2(u, s, err);
}

enum pd_code pd_op_binstring(struct pd_unpickler *u, struct pd_err *err)
{
	int32_t n = 0;
	struct pd_str s;
	PD_TRY(pd_read_i32le(&u->r, &n, err));
	if (n < 0)
		return pd_unpickle_fail(u, err, "a text of %" PRId32 " bytes", n);
	PD_TRY(read_item(u, (uint64_t)n, &s, err));
	return push_py2(u, s, err);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hex digits at the head of s; false when they are not there. */
static bool take_hex(struct pd_str *s, size_t n, uint32_t *out)
{
	uint32_t v = 0;
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int d = hex_digit(s->p[i]);
		if (d < 0)
			return false;
		v = v << 4 | (uint32_t)d;
	}
	*s = pd_str_skip(*s, n);
	*out = v;
	return true;
}

/* One escape of a Python 2 literal behind its backslash. False: not one. */
static bool take_escape(struct pd_str *s, char *out)
{
	static const char from[] = "\\'\"abfnrtv";
	static const char to[] = "\\'\"\a\b\f\n\r\t\v";
	uint32_t v = 0;
	if (!s->n)
		return false;
	char c = s->p[0];
	if (c >= '0' && c <= '7') {
		for (int i = 0; i < 3 && s->n && s->p[0] >= '0' && s->p[0] <= '7'; i++) {
			v = v << 3 | (uint32_t)(s->p[0] - '0');
			*s = pd_str_skip(*s, 1);
		}
		*out = (char)v;
		return true;
	}
	*s = pd_str_skip(*s, 1);
	if (c == 'x') {
		bool ok = take_hex(s, 2, &v);
		*out = (char)v;
		return ok;
	}
	const char *known = c ? strchr(from, c) : NULL;
	if (!known)
		return false;
	*out = to[known - from];
	return true;
}

enum pd_code pd_op_string(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(pd_read_line(&u->r, &s, err));
	s = pd_str_trim(s);
	if (s.n < 2 || s.p[0] != s.p[s.n - 1] || (s.p[0] != '\'' && s.p[0] != '"'))
		return pd_unpickle_fail(u, err, "a text without its quotes");
	s = pd_str_of(s.p + 1, s.n - 2);
	if (pd_str_find(s, '\\') < 0)
		return push_py2(u, s, err);
	char *p = NULL;
	size_t n = 0;
	PD_TRY(pd_tree_alloc(u->tree, s.n, 1, &p, err));
	while (s.n) {
		char c = s.p[0];
		s = pd_str_skip(s, 1);
		if (c == '\\' && !take_escape(&s, &c))
			return pd_unpickle_fail(u, err, "an unknown escape in a text");
		p[n++] = c;
	}
	return push_py2(u, pd_str_of(p, n), err);
}

/* A line in which bytes are code points and only backslash-u and backslash-U are escapes.
 * spec: Python's raw-unicode-escape */
enum pd_code pd_op_unicode(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str s;
	PD_TRY(pd_read_line(&u->r, &s, err));
	if (is_ascii(s) && pd_str_find(s, '\\') < 0)
		return push_str(u, PD_NODE_TEXT, s, err);
	char *p = NULL;
	size_t n = 0;
	PD_TRY(pd_tree_alloc(u->tree, s.n, 2, &p, err));
	while (s.n) {
		uint32_t c = (unsigned char)s.p[0];
		s = pd_str_skip(s, 1);
		if (c == '\\' && s.n && (s.p[0] == 'u' || s.p[0] == 'U')) {
			size_t digits = s.p[0] == 'u' ? 4 : 8;
			s = pd_str_skip(s, 1);
			if (!take_hex(&s, digits, &c) || c > 0x10ffff)
				return pd_unpickle_fail(u, err, "a broken escape in a text");
		} else if (c == '\\' && s.n && s.p[0] == '\\') {
			/* an escaped backslash does not escape what follows it */
			p[n++] = '\\';
			s = pd_str_skip(s, 1);
		}
		n += pd_utf8_put(p + n, c);
	}
	return push_str(u, PD_NODE_TEXT, pd_str_of(p, n), err);
}

enum pd_code pd_unpickle_latin1(struct pd_unpickler *u, struct pd_str text, struct pd_str *out,
				struct pd_err *err)
{
	*out = text;
	if (is_ascii(text))
		return PD_OK;
	char *p = NULL;
	size_t n = 0;
	PD_TRY(pd_tree_alloc(u->tree, text.n, 1, &p, err));
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c >= 0x80) {
			if ((c != 0xc2 && c != 0xc3) || i + 1 == text.n)
				return pd_unpickle_fail(u, err, "a text that is not bytes");
			c = (unsigned char)((c & 3) << 6 | (text.p[++i] & 0x3f));
		}
		p[n++] = (char)c;
	}
	*out = pd_str_of(p, n);
	return PD_OK;
}

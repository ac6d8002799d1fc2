#include "base/str.h"

#include "base/mem.h"

int pd_str_cmp(struct pd_str a, struct pd_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	if (c)
		return c;
	return (a.n > b.n) - (a.n < b.n);
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool pd_str_eq_nocase(struct pd_str a, struct pd_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool pd_str_starts(struct pd_str s, struct pd_str prefix)
{
	return s.n >= prefix.n && pd_str_eq(pd_str_head(s, prefix.n), prefix);
}

bool pd_str_ends(struct pd_str s, struct pd_str suffix)
{
	return s.n >= suffix.n && pd_str_eq(pd_str_skip(s, s.n - suffix.n), suffix);
}

ptrdiff_t pd_str_find(struct pd_str s, char c)
{
	const char *p = s.n ? memchr(s.p, c, s.n) : NULL;
	return p ? p - s.p : -1;
}

ptrdiff_t pd_str_rfind(struct pd_str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return (ptrdiff_t)(i - 1);
	return -1;
}

struct pd_str pd_str_skip(struct pd_str s, size_t from)
{
	if (from >= s.n)
		return (struct pd_str){ s.p ? s.p + s.n : NULL, 0 };
	return (struct pd_str){ s.p + from, s.n - from };
}

struct pd_str pd_str_head(struct pd_str s, size_t to)
{
	return (struct pd_str){ s.p, to < s.n ? to : s.n };
}

bool pd_str_split(struct pd_str s, char c, struct pd_str *out_head, struct pd_str *out_tail)
{
	ptrdiff_t at = pd_str_find(s, c);
	if (at < 0) {
		*out_head = s;
		*out_tail = pd_str_skip(s, s.n);
		return false;
	}
	*out_head = pd_str_head(s, (size_t)at);
	*out_tail = pd_str_skip(s, (size_t)at + 1);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct pd_str pd_str_trim(struct pd_str s)
{
	while (s.n && is_space(s.p[0]))
		s = pd_str_skip(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

char *pd_str_dup(struct pd_str s)
{
	char *z = pd_xmalloc(s.n + 1);
	if (s.n)
		memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return z;
}

bool pd_str_to_i64(struct pd_str s, int64_t *out)
{
	bool negative = s.n && s.p[0] == '-';
	size_t i = negative || (s.n && s.p[0] == '+');
	if (i == s.n)
		return false;
	int64_t v = 0; /* kept negative: the negative side is one wider */
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	}
	if (!negative && v == INT64_MIN)
		return false;
	*out = negative ? v : -v;
	return true;
}

/* Length of the sequence at p (1 to 4), or 0 where it is not well formed.
 * spec: Unicode 15, table 3-7 */
static size_t utf8_len(const unsigned char *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n < len)
		return 0;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

size_t pd_utf8_put(char *p, uint32_t c)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i > 1; i--) {
		p[i - 1] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	p[0] = (char)(lead[n] | c);
	return n;
}

bool pd_utf8_check(struct pd_str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t len = utf8_len((const unsigned char *)s.p + i, s.n - i);
		if (!len)
			return false;
		i += len;
	}
	return true;
}

size_t pd_utf8_chars(struct pd_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

#define DISTANCE_MAX 64

unsigned pd_str_distance(struct pd_str a, struct pd_str b)
{
	unsigned row[DISTANCE_MAX + 1];
	if (a.n > DISTANCE_MAX || b.n > DISTANCE_MAX)
		return DISTANCE_MAX;
	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned change = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));
			unsigned best = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = change < best ? change : best;
		}
	}
	return row[b.n];
}

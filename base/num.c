/*
 * Printing: Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020): one or two
 * candidates are compared with the rounding interval in exact integer arithmetic.
 * Reading: the nearest double from the upper bits of a 64 x 128 bit product (D. Lemire, "Number
 * parsing at a gigabyte per second", 2021, section 5); the few inputs it leaves open go to strtod.
 * Both need 10^k as a 128-bit significand for k = -342 to 324. That table is computed on first
 * use with plain long arithmetic, in about 0.1 ms.
 */
#include "base/num.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>

__extension__ typedef unsigned __int128 u128;

#define POW_MIN (-342)
#define POW_MAX 324
#define LIMBS   20 /* 1280 bits: 10^342 takes 1137, and 128 more are needed below it */

struct pow10 {
	uint64_t hi; /* top bit set */
	uint64_t lo; /* rounded up */
};

static struct pow10 pow_table[POW_MAX - POW_MIN + 1];
static pthread_once_t pow_once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

/* The top 128 bits of n (little-endian limbs), the first of them set; rounded up when anything
 * below them, or `more`, is not zero. */
static struct pow10 top_bits(const uint64_t *n, bool more)
{
	int top = LIMBS - 1;
	while (n[top] == 0)
		top--;
	int shift = __builtin_clzll(n[top]);
	uint64_t limb[3] = { n[top], top > 0 ? n[top - 1] : 0, top > 1 ? n[top - 2] : 0 };
	for (int i = 0; i < top - 2; i++)
		more |= n[i] != 0;
	struct pow10 r = { limb[0], limb[1] };
	if (shift) {
		r.hi = limb[0] << shift | limb[1] >> (64 - shift);
		r.lo = limb[1] << shift | limb[2] >> (64 - shift);
		more |= limb[2] << shift != 0;
	} else {
		more |= limb[2] != 0;
	}
	u128 v = ((u128)r.hi << 64 | r.lo) + more; /* no power of ten is all ones: no carry out */
	return (struct pow10){ (uint64_t)(v >> 64), (uint64_t)v };
}

static void fill_table(void)
{
	uint64_t n[LIMBS] = { 1 };
	for (int k = 0; k <= POW_MAX; k++) {
		pow_table[k - POW_MIN] = top_bits(n, false);
		uint64_t carry = 0;
		for (int i = 0; i < LIMBS; i++) {
			u128 v = (u128)n[i] * 10 + carry;
			n[i] = (uint64_t)v;
			carry = (uint64_t)(v >> 64);
		}
	}
	memset(n, 0, sizeof(n));
	n[LIMBS - 1] = (uint64_t)1 << 63;
	for (int k = -1; k >= POW_MIN; k--) { /* floor(floor(a / 10) / 10) = floor(a / 100) */
		uint64_t rest = 0;
		for (int i = LIMBS - 1; i >= 0; i--) {
			u128 v = (u128)rest << 64 | n[i];
			n[i] = (uint64_t)(v / 10);
			rest = (uint64_t)(v % 10);
		}
		pow_table[k - POW_MIN] = top_bits(n, true);
	}
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static struct pow10 pow10_of(int k)
{
	pthread_once(&pow_once, fill_table);
	return pow_table[k - POW_MIN];
}

/* floor(log2(10^k)), for |k| <= 1233 */
static int log2_pow10(int k)
{
	return (k * 1741647) >> 19;
}

/* ---------------------------------------------------------------- printing */

struct decimal {
	uint64_t digits;
	int exponent;
};

static uint64_t round_to_odd(struct pow10 g, uint64_t cp)
{
	u128 low = (u128)g.lo * cp;
	u128 high = (u128)g.hi * cp + (uint64_t)(low >> 64);
	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* c * 2^q as the shortest decimal within its rounding interval, nearest to it. */
static struct decimal shortest(uint64_t c, int q, bool closer_below)
{
	bool odd = c & 1; /* an even significand owns the ends of its interval */
	int k = (q * 1262611 - (closer_below ? 524031 : 0)) >> 22;
	int h = q + log2_pow10(-k) + 1;
	struct pow10 g = pow10_of(-k);
	uint64_t lower = round_to_odd(g, (4 * c - 2 + closer_below) << h) + odd;
	uint64_t v = round_to_odd(g, (4 * c) << h);
	uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - odd;
	uint64_t s = v / 4;
	if (s >= 10) {
		uint64_t tens = s / 10;
		bool down = lower <= 40 * tens;
		bool up = 40 * tens + 40 <= upper;
		if (down != up)
			return (struct decimal){ tens + up, k + 1 };
	}
	bool down = lower <= 4 * s;
	bool up = 4 * s + 4 <= upper;
	if (down != up)
		return (struct decimal){ s + up, k };
	uint64_t middle = 4 * s + 2;
	up = v > middle || (v == middle && (s & 1));
	return (struct decimal){ s + up, k };
}

static struct decimal decimal_of(uint64_t bits)
{
	uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
	int exponent = (int)(bits >> 52 & 0x7ff);
	if (exponent == 0)
		return shortest(fraction, -1074, false);
	uint64_t c = fraction | (uint64_t)1 << 52;
	int q = exponent - 1075;
	if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0)
		return (struct decimal){ c >> -q, 0 };
	return shortest(c, q, fraction == 0 && exponent > 1);
}

static const char two_digits[] = "00010203040506070809101112131415161718192021222324"
				 "25262728293031323334353637383940414243444546474849"
				 "50515253545556575859606162636465666768697071727374"
				 "75767778798081828384858687888990919293949596979899";

/* v without leading zeros, ending before `end`; the first byte. */
static char *put_digits(uint64_t v, char *end)
{
	while (v >= 100) {
		end -= 2;
		memcpy(end, two_digits + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		end -= 2;
		memcpy(end, two_digits + v * 2, 2);
	} else {
		*--end = (char)('0' + v);
	}
	return end;
}

/* "e-05", "e+16": at least two digits, as C and Python write it. */
static size_t put_exponent(int e, char *out)
{
	char digits[8];
	unsigned value = (unsigned)(e < 0 ? -e : e);
	char *end = digits + sizeof(digits);
	char *p = put_digits(value, end);
	if (value < 10)
		*--p = '0';
	out[0] = 'e';
	out[1] = e < 0 ? '-' : '+';
	memcpy(out + 2, p, (size_t)(end - p));
	return 2 + (size_t)(end - p);
}

/* n digits whose first has weight 10^e. spec: Python, float_repr_style "short": an exponent is
 * written below 1e-4 and from 1e16 on. */
static size_t layout(const char *digits, int n, int e, char *out)
{
	if (e < -4 || e >= 16) {
		size_t at = 0;
		out[at++] = digits[0];
		if (n > 1) {
			out[at++] = '.';
			memcpy(out + at, digits + 1, (size_t)n - 1);
			at += (size_t)n - 1;
		}
		return at + put_exponent(e, out + at);
	}
	if (e < 0) {
		memcpy(out, "0.0000", 6);
		memcpy(out + 1 - e, digits, (size_t)n);
		return (size_t)(1 - e + n);
	}
	int whole = e + 1;
	if (n <= whole) {
		memcpy(out, digits, (size_t)n);
		memset(out + n, '0', (size_t)(whole - n));
		memcpy(out + whole, ".0", 2);
		return (size_t)whole + 2;
	}
	memcpy(out, digits, (size_t)whole);
	out[whole] = '.';
	memcpy(out + whole + 1, digits + whole, (size_t)(n - whole));
	return (size_t)n + 1;
}

static size_t format_finite(double v, char *out)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	size_t sign = bits >> 63;
	if (sign)
		*out++ = '-';
	bits &= ~((uint64_t)1 << 63);
	if (!bits) {
		memcpy(out, "0.0", 4);
		return sign + 3;
	}
	struct decimal d = decimal_of(bits);
	while (d.digits % 10 == 0) {
		d.digits /= 10;
		d.exponent++;
	}
	char digits[24];
	char *end = digits + sizeof(digits);
	char *p = put_digits(d.digits, end);
	int n = (int)(end - p);
	size_t len = layout(p, n, d.exponent + n - 1, out);
	out[len] = '\0';
	return sign + len;
}

static size_t put_word(const char *word, char *out)
{
	size_t n = strlen(word);
	memcpy(out, word, n + 1);
	return n;
}

size_t pd_f64_format(double v, char *out)
{
	if (isfinite(v))
		return format_finite(v, out);
	return put_word(isnan(v) ? "nan" : v > 0 ? "inf" : "-inf", out);
}

size_t pd_f64_format_json(double v, char *out)
{
	if (isfinite(v))
		return format_finite(v, out);
	return put_word(isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity", out);
}

size_t pd_i64_format(int64_t v, char *out)
{
	char text[24];
	char *end = text + sizeof(text);
	char *p = put_digits(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, end);
	if (v < 0)
		*--p = '-';
	size_t n = (size_t)(end - p);
	memcpy(out, p, n);
	out[n] = '\0';
	return n;
}

void pd_buf_f64(struct pd_buf *b, double v)
{
	char *at = pd_buf_room(b, PD_NUM_F64_MAX);
	if (at)
		pd_buf_wrote(b, pd_f64_format(v, at));
}

void pd_buf_f64_json(struct pd_buf *b, double v)
{
	char *at = pd_buf_room(b, PD_NUM_F64_MAX);
	if (at)
		pd_buf_wrote(b, pd_f64_format_json(v, at));
}

/* ---------------------------------------------------------------- reading */

/* A number as it was read: digits * 10^exponent. */
struct scan {
	uint64_t digits;
	int64_t exponent;
	int n_digits; /* significant ones: behind leading zeros */
	bool negative;
	bool whole; /* neither point nor exponent */
};

#define DIGITS_EXACT   19 /* always fit 64 bits */
#define EXPONENT_LIMIT 100000

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static const char *scan_digits(struct scan *s, const char *p, const char *end, bool fraction)
{
	const char *from = p;
	for (; p < end && is_digit(*p); p++) {
		s->digits = s->digits * 10 + (uint64_t)(*p - '0');
		s->n_digits += s->n_digits || *p != '0'; /* digits may wrap */
	}
	if (fraction)
		s->exponent -= p - from;
	return p;
}

/* Behind 'e': false when no digits follow. */
static bool scan_exponent(struct scan *s, const char **at, const char *end)
{
	const char *p = *at;
	bool negative = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end || !is_digit(*p))
		return false;
	int64_t e = 0;
	for (; p < end && is_digit(*p); p++)
		if (e < EXPONENT_LIMIT)
			e = e * 10 + (*p - '0');
	s->exponent += negative ? -e : e;
	*at = p;
	return true;
}

/* Exact when both parts are: spec: Clinger 1990, fast path. */
static bool small_exact(const struct scan *s, double *out)
{
	static const double tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
				       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	if (s->digits > (uint64_t)1 << 53 || s->exponent < -22 || s->exponent > 22)
		return false;
	double v = (double)s->digits;
	*out = s->exponent < 0 ? v / tens[-s->exponent] : v * tens[s->exponent];
	return true;
}

/* m of 53 bits, or one more by rounding up; power with the bias. False beyond a normal double. */
static bool from_parts(uint64_t m, int power, double *out)
{
	if (m >= (uint64_t)1 << 53) {
		m = (uint64_t)1 << 52;
		power++;
	}
	if (power >= 0x7ff)
		return false;
	uint64_t bits = (m & ~((uint64_t)1 << 52)) | (uint64_t)power << 52;
	memcpy(out, &bits, sizeof(bits));
	return true;
}

/* The nearest normal double, or false where the product does not decide it. */
static bool by_product(const struct scan *s, double *out)
{
	int q = (int)s->exponent;
	if (s->exponent < -300 || s->exponent > 308 || !s->digits)
		return false;
	struct pow10 g = pow10_of(q);
	if (q > 55) /* the table is rounded up; the proof wants these cut off */
		g.hi -= g.lo-- == 0;
	int zeros = __builtin_clzll(s->digits);
	uint64_t w = s->digits << zeros;
	u128 product = (u128)w * g.hi;
	if (((uint64_t)(product >> 64) & 0x1ff) == 0x1ff) {
		product += (uint64_t)(((u128)w * g.lo) >> 64);
		if ((uint64_t)product == UINT64_MAX && (q < -27 || q > 55))
			return false;
	}
	uint64_t high = (uint64_t)(product >> 64);
	uint64_t low = (uint64_t)product;
	int upper = (int)(high >> 63);
	uint64_t m = high >> (upper + 9);
	int power = ((217706 * q) >> 16) + 63 + upper - zeros + 1023;
	if (power <= 0)
		return false;
	if (low <= 1 && q >= -4 && q <= 23 && (m & 3) == 1 && m << (upper + 9) == high)
		m &= ~(uint64_t)1; /* half way: to even */
	return from_parts((m + (m & 1)) >> 1, power, out);
}

/* Any length and range. The text is a number that was scanned already. */
static double by_strtod(const char *p, size_t n)
{
	char small[128];
	char *copy = n < sizeof(small) ? small : NULL;
	char *z = copy ? copy : pd_str_dup((struct pd_str){ p, n });
	if (copy) {
		memcpy(copy, p, n);
		copy[n] = '\0';
	}
	pthread_once(&pow_once, fill_table);
	double v = strtod_l(z, NULL, c_locale);
	if (!copy)
		free(z);
	return v;
}

static double scan_value(const struct scan *s, const char *p, size_t n)
{
	double v = 0;
	if (s->n_digits <= DIGITS_EXACT) {
		if (!s->digits || small_exact(s, &v) || by_product(s, &v))
			return s->negative ? -v : v;
	}
	return by_strtod(p, n);
}

/* Whole numbers within int64. */
static bool scan_i64(const struct scan *s, int64_t *out)
{
	uint64_t limit = (uint64_t)INT64_MAX + s->negative;
	if (!s->whole || s->n_digits > DIGITS_EXACT || s->digits > limit)
		return false;
	*out = s->negative ? (int64_t)(0 - s->digits) : (int64_t)s->digits;
	return true;
}

enum pd_num_kind pd_num_read(struct pd_str s, int64_t *out_i, double *out_f, size_t *out_len)
{
	struct scan scan = { .whole = true };
	const char *p = s.p;
	const char *end = s.p + s.n;
	if (p < end && *p == '-') {
		scan.negative = true;
		p++;
	}
	if (p == end || !is_digit(*p))
		return PD_NUM_NONE;
	p = *p == '0' ? p + 1 : scan_digits(&scan, p, end, false);
	if (end - p >= 2 && *p == '.' && is_digit(p[1])) {
		scan.whole = false;
		p = scan_digits(&scan, p + 1, end, true);
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		const char *q = p + 1;
		if (scan_exponent(&scan, &q, end)) {
			scan.whole = false;
			p = q;
		}
	}
	*out_len = (size_t)(p - s.p);
	if (scan_i64(&scan, out_i))
		return PD_NUM_I64;
	*out_f = scan_value(&scan, s.p, *out_len);
	return PD_NUM_F64;
}

bool pd_f64_parse(struct pd_str s, double *out)
{
	struct scan scan = { 0 };
	const char *p = s.p;
	const char *end = s.p + s.n;
	if (p < end && (*p == '-' || *p == '+'))
		scan.negative = *p++ == '-';
	const char *from = p;
	p = scan_digits(&scan, p, end, false);
	size_t n_digits = (size_t)(p - from);
	if (p < end && *p == '.') {
		from = ++p;
		p = scan_digits(&scan, p, end, true);
		n_digits += (size_t)(p - from);
	}
	if (!n_digits)
		return false;
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (!scan_exponent(&scan, &p, end))
			return false;
	}
	if (p != end)
		return false;
	*out = scan_value(&scan, s.p, s.n);
	return true;
}

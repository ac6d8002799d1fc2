#include "tests/unit/pd_test.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

static const char *shown(double v)
{
	static char text[4][PD_NUM_F64_MAX];
	static unsigned turn;
	char *out = text[turn++ % 4];
	size_t n = pd_f64_format(v, out);
	assert_int_equal(n, strlen(out));
	return out;
}

PD_TEST(doubles_are_laid_out_as_python_does)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{ 0.1, "0.1" },
		{ 5, "5.0" },
		{ -0.0, "-0.0" },
		{ 0.0, "0.0" },
		{ 1e16, "1e+16" },
		{ 9999999999999998.0, "9999999999999998.0" },
		{ 123456789012345680.0, "1.2345678901234568e+17" },
		{ 1e22, "1e+22" },
		{ 1e-5, "1e-05" },
		{ 0.0001, "0.0001" },
		{ 0.00012345, "0.00012345" },
		{ 1.5e300, "1.5e+300" },
		{ 5e-324, "5e-324" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ -1.7976931348623157e308, "-1.7976931348623157e+308" },
		{ (double)0.1f, "0.10000000149011612" },
		{ 9007199254740993.0, "9007199254740992.0" },
		{ 100, "100.0" },
		{ NAN, "nan" },
		{ INFINITY, "inf" },
		{ -INFINITY, "-inf" },
	};
	for (size_t i = 0; i < PD_LEN(cases); i++)
		assert_string_equal(shown(cases[i].v), cases[i].text);
}

PD_TEST(json_has_its_own_words_for_what_is_not_finite)
{
	char out[PD_NUM_F64_MAX];
	pd_f64_format_json(NAN, out);
	assert_string_equal(out, "NaN");
	pd_f64_format_json(-INFINITY, out);
	assert_string_equal(out, "-Infinity");
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Digits of the shortest %.{1..17}g that reads back. */
static int fewest_digits(double v)
{
	char text[40];
	for (int n = 1; n < 17; n++) {
		snprintf(text, sizeof(text), "%.*e", n - 1, v);
		if (strtod(text, NULL) == v)
			return n;
	}
	return 17;
}

static int digits_in(const char *z)
{
	char digits[32];
	int n = 0;
	for (; *z && *z != 'e'; z++)
		if (*z >= '0' && *z <= '9' && (n || *z != '0'))
			digits[n++] = *z;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

PD_TEST(any_double_reads_back_from_the_fewest_digits)
{
	uint64_t seed = 88172645463325252u;
	for (int i = 0; i < 200000; i++) {
		uint64_t bits = next_random(&seed);
		double v;
		memcpy(&v, &bits, sizeof(v));
		if (i % 4 == 1)
			v = (double)(bits >> 40) / 1000;
		if (i % 4 == 2)
			v = (double)(float)v;
		if (!isfinite(v))
			continue;
		const char *text = shown(v);
		double back = strtod(text, NULL);
		assert_memory_equal(&back, &v, sizeof(v));
		assert_true(pd_f64_parse(pd_str_from(text), &back));
		assert_memory_equal(&back, &v, sizeof(v));
		if (i % 16 < 4 && v != 0)
			assert_int_equal(digits_in(text), fewest_digits(v));
	}
}

PD_TEST(any_text_reads_as_strtod_reads_it)
{
	uint64_t seed = 1234567;
	char text[64];
	for (int i = 0; i < 300000; i++) {
		uint64_t digits = next_random(&seed) >> (next_random(&seed) % 60);
		int e = (int)(next_random(&seed) % 700) - 350;
		if (i % 3 == 0)
			e %= 30;
		int n = snprintf(text, sizeof(text), "%llu%se%d", (unsigned long long)digits,
				 i % 2 ? ".5" : "", e);
		double want = strtod(text, NULL);
		double have = -1;
		assert_true(pd_f64_parse(pd_str_of(text, (size_t)n), &have));
		if (memcmp(&have, &want, sizeof(want)) != 0)
			fail_msg("%s: %a, not %a", text, have, want);
	}
}

PD_TEST(half_way_cases_go_to_even)
{
	static const char *const texts[] = {
		"9007199254740993",
		"9007199254740995",
		"4503599627370496.5",
		"4503599627370497.5",
		"2.2250738585072011e-308",
		"2.47032822920623272e-324",
		"1.7976931348623158e308",
		"9007199254740993.00000000000000000000000000000000000000001",
		"1e23",
		"8.5e22",
		"0.000000000000000000000000000000000000000000000000000000000000000000000000001",
		("179769313486231580793728971405303415079934132710037826936173778980444968292764750"
		 "94671e253"),
	};
	for (size_t i = 0; i < PD_LEN(texts); i++) {
		double have = -1;
		double want = strtod(texts[i], NULL);
		assert_true(pd_f64_parse(pd_str_from(texts[i]), &have));
		if (memcmp(&have, &want, sizeof(want)) != 0)
			fail_msg("%s: %a, not %a", texts[i], have, want);
	}
}

static enum pd_num_kind kind_of(const char *z, int64_t *i, double *f, size_t *len)
{
	return pd_num_read(pd_str_from(z), i, f, len);
}

PD_TEST(whole_numbers_are_int64_until_they_do_not_fit)
{
	int64_t i = 0;
	double f = 0;
	size_t len = 0;
	assert_int_equal(kind_of("-9223372036854775808,", &i, &f, &len), PD_NUM_I64);
	assert_true(i == INT64_MIN);
	assert_int_equal(len, 20);
	assert_int_equal(kind_of("9223372036854775807", &i, &f, &len), PD_NUM_I64);
	assert_true(i == INT64_MAX);
	assert_int_equal(kind_of("9223372036854775808", &i, &f, &len), PD_NUM_F64);
	assert_true(f == 9223372036854775808.0);
	assert_int_equal(kind_of("184467440737095516160", &i, &f, &len), PD_NUM_F64);
	assert_true(f == 184467440737095516160.0);
	assert_int_equal(kind_of("-0", &i, &f, &len), PD_NUM_I64);
	assert_int_equal(kind_of("1e400", &i, &f, &len), PD_NUM_F64);
	assert_true(isinf(f));
}

PD_TEST(only_the_number_is_taken_and_nothing_that_json_refuses)
{
	int64_t i = 0;
	double f = 0;
	size_t len = 0;
	assert_int_equal(kind_of("012", &i, &f, &len), PD_NUM_I64);
	assert_int_equal(len, 1);
	assert_int_equal(kind_of("1.", &i, &f, &len), PD_NUM_I64);
	assert_int_equal(len, 1);
	assert_int_equal(kind_of("1.5e", &i, &f, &len), PD_NUM_F64);
	assert_int_equal(len, 3);
	assert_int_equal(kind_of("+1", &i, &f, &len), PD_NUM_NONE);
	assert_int_equal(kind_of(".5", &i, &f, &len), PD_NUM_NONE);
	assert_int_equal(kind_of("-", &i, &f, &len), PD_NUM_NONE);
	assert_int_equal(kind_of("", &i, &f, &len), PD_NUM_NONE);
	assert_false(pd_f64_parse(PD_STR("1.5x"), &f));
	assert_false(pd_f64_parse(PD_STR(" 1"), &f));
	assert_false(pd_f64_parse(PD_STR("."), &f));
	assert_false(pd_f64_parse(PD_STR("1e"), &f));
	assert_true(pd_f64_parse(PD_STR("+.5"), &f));
	assert_true(f == 0.5);
}

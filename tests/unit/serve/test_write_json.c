#include "tests/unit/pd_test.h"

#include <math.h>

#include "serve/scoring.h"

static const char *shown(const struct pd_result *r)
{
	static struct pd_buf b;
	if (!b.max)
		pd_buf_init(&b, 10000);
	pd_buf_clear(&b);
	pd_write_predictions(&b, r);
	return b.p;
}

PD_TEST(floats_are_written_as_json_dump_writes_them)
{
	double v[] = { 1, 0.1, NAN, -INFINITY, 1e16, (double)0.1f };
	struct pd_result r = {
		.kind = PD_RESULT_F64, .n_rows = 6, .n_cols = 1, .flat = true, .f = v
	};
	assert_string_equal(shown(&r), "{\"predictions\": [1.0, 0.1, NaN, -Infinity, 1e+16, "
				       "0.10000000149011612]}");
	r.n_rows = 2;
	r.n_cols = 3;
	r.flat = false;
	assert_string_equal(shown(&r), "{\"predictions\": [[1.0, 0.1, NaN], [-Infinity, 1e+16, "
				       "0.10000000149011612]]}");
	r.n_rows = 0;
	assert_string_equal(shown(&r), "{\"predictions\": []}");
}

PD_TEST(texts_are_ascii_with_surrogate_pairs)
{
	struct pd_str s[] = { PD_STR("a\"\\\n\x01\x7f"), PD_STR("Z\xc3\xbcrich"),
			      PD_STR("\xf0\x9f\x98\x80\t\x02") };
	struct pd_result r = {
		.kind = PD_RESULT_STR, .n_rows = 3, .n_cols = 1, .flat = true, .s = s
	};
	assert_string_equal(shown(&r), "{\"predictions\": [\"a\\\"\\\\\\n\\u0001\x7f\", "
				       "\"Z\\u00fcrich\", \"\\ud83d\\ude00\\t\\u0002\"]}");
}

PD_TEST(ints_bools_and_named_columns)
{
	int64_t i[] = { INT64_MIN, 5 };
	struct pd_result r = {
		.kind = PD_RESULT_I64, .n_rows = 2, .n_cols = 1, .flat = true, .i = i
	};
	assert_string_equal(shown(&r), "{\"predictions\": [-9223372036854775808, 5]}");
	unsigned char b[] = { 1, 0 };
	struct pd_str names[] = { PD_STR("x"), PD_STR("y") };
	r = (struct pd_result){
		.kind = PD_RESULT_BOOL, .n_rows = 1, .n_cols = 2, .b = b, .names = names
	};
	assert_string_equal(shown(&r), "{\"predictions\": [{\"x\": true, \"y\": false}]}");
}

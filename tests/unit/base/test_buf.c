#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "base/buf.h"

PD_TEST(a_buffer_is_always_terminated)
{
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 100);
	assert_string_equal(b.p, "");
	pd_buf_z(&b, "ab");
	pd_buf_i64(&b, -12);
	pd_buf_printf(&b, "%s", "!");
	assert_string_equal(b.p, "ab-12!");
}

PD_TEST(a_buffer_keeps_its_maximum_and_the_first_error)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 4);
	pd_buf_z(&b, "abcd");
	assert_ok(pd_buf_check(&b, "it", &err));
	pd_buf_char(&b, 'e');
	assert_code(pd_buf_check(&b, "it", &err), PD_TOO_LARGE);
	pd_buf_clear(&b);
	pd_buf_z(&b, "x");
	assert_ok(pd_buf_check(&b, "it", &err));
	assert_string_equal(b.p, "x");
}

PD_TEST(json_text_is_escaped)
{
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 100);
	pd_buf_json_str(&b, PD_STR("a\"\\\n\x01/é"));
	assert_string_equal(b.p, "\"a\\\"\\\\\\n\\u0001/é\"");
}

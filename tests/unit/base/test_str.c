#include "tests/unit/pd_test.h"

#include "base/str.h"

PD_TEST(split_gives_head_and_tail)
{
	struct pd_str head;
	struct pd_str tail;
	assert_true(pd_str_split(PD_STR("k=v=w"), '=', &head, &tail));
	assert_str_is(head, "k");
	assert_str_is(tail, "v=w");
	assert_false(pd_str_split(PD_STR("kv"), '=', &head, &tail));
	assert_str_is(head, "kv");
	assert_int_equal(tail.n, 0);
}

PD_TEST(numbers_are_whole_and_in_range)
{
	int64_t v = 0;
	assert_true(pd_str_to_i64(PD_STR("-9223372036854775808"), &v));
	assert_true(v == INT64_MIN);
	assert_true(pd_str_to_i64(PD_STR("9223372036854775807"), &v));
	assert_true(v == INT64_MAX);
	assert_false(pd_str_to_i64(PD_STR("9223372036854775808"), &v));
	assert_false(pd_str_to_i64(PD_STR("-9223372036854775809"), &v));
	assert_false(pd_str_to_i64(PD_STR(""), &v));
	assert_false(pd_str_to_i64(PD_STR("-"), &v));
	assert_false(pd_str_to_i64(PD_STR("12 "), &v));
}

PD_TEST(utf8_refuses_what_unicode_refuses)
{
	assert_true(pd_utf8_check(PD_STR("Zürich 東京 \xf0\x9f\x98\x80")));
	assert_false(pd_utf8_check(PD_STR("\xc0\x80")));         /* overlong */
	assert_false(pd_utf8_check(PD_STR("\xed\xa0\x80")));     /* surrogate */
	assert_false(pd_utf8_check(PD_STR("\xf4\x90\x80\x80"))); /* above U+10FFFF */
	assert_false(pd_utf8_check(PD_STR("\xe6\x9d")));         /* cut */
	assert_int_equal(pd_utf8_chars(PD_STR("Zürich")), 6);
}

PD_TEST(distance_counts_edits)
{
	assert_int_equal(pd_str_distance(PD_STR("champoin"), PD_STR("champion")), 2);
	assert_int_equal(pd_str_distance(PD_STR("Same"), PD_STR("same")), 0);
	assert_int_equal(pd_str_distance(PD_STR(""), PD_STR("abc")), 3);
}

PD_TEST(trim_takes_white_space_at_both_ends)
{
	assert_str_is(pd_str_trim(PD_STR(" \t a b\n")), "a b");
	assert_int_equal(pd_str_trim(PD_STR("  ")).n, 0);
}

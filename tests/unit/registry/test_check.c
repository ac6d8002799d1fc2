#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "base/word.h"
#include "registry/check.h"
#include "registry/page.h"

static struct pd_err err;

static void assert_norm(const char *path, const char *want)
{
	PD_CLEANUP(pd_buf_end) struct pd_buf b = { 0 };
	pd_buf_init(&b, 1000);
	pd_buf_normpath(&b, pd_str_from(path));
	assert_string_equal(b.p, want);
}

PD_TEST(paths_are_folded_as_posixpath_folds_them)
{
	assert_norm("", ".");
	assert_norm(".", ".");
	assert_norm("a/b/../c/./d//e/", "a/c/d/e");
	assert_norm("..", "..");
	assert_norm("../..", "../..");
	assert_norm("a/../..", "..");
	assert_norm("a/../../b", "../b");
	assert_norm("/..", "/");
	assert_norm("/../a", "/a");
	assert_norm("//a", "//a");
	assert_norm("///a", "/a");
	assert_norm("..a/.b", "..a/.b");
	assert_norm("a/..", ".");
}

PD_TEST(texts_are_quoted_as_python_quotes_them)
{
	PD_CLEANUP(pd_buf_end) struct pd_buf b = { 0 };
	pd_buf_init(&b, 1000);
	pd_buf_py_repr(&b, PD_STR("it's"));
	pd_buf_py_repr(&b, PD_STR("a\"'\n\x01"));
	assert_string_equal(b.p, "\"it's\"'a\"\\'\\n\\x01'");
	pd_buf_clear(&b);
	pd_buf_py_json(&b, PD_STR("é\"\\\n☂🎉\x7f"));
	assert_string_equal(b.p, "\"\\u00e9\\\"\\\\\\n\\u2602\\ud83c\\udf89\x7f\"");
}

PD_TEST(names_are_letters_and_numbers_of_any_script)
{
	assert_ok(pd_check_key(PD_STR("a b/c:d-e_f.g"), "key", &err));
	assert_ok(pd_check_key(PD_STR("日本/ünï²"), "key", &err));
	assert_code(pd_check_key(PD_STR(""), "key", &err), PD_INVALID);
	assert_code(pd_check_key(PD_STR("a,b"), "key", &err), PD_INVALID);
	assert_code(pd_check_key(PD_STR("a\0b"), "key", &err), PD_INVALID);
	assert_code(pd_check_key(PD_STR("../a"), "key", &err), PD_INVALID);
	assert_code(pd_check_key(PD_STR("/a"), "key", &err), PD_INVALID);
	assert_false(pd_is_word(0));
	assert_false(pd_is_word('@'));
	assert_false(pd_is_word('['));
	assert_false(pd_is_word('`'));
	assert_false(pd_is_word('{'));
	assert_false(pd_is_word(0x301));
	assert_false(pd_is_word(0x10ffff));
	assert_true(pd_is_word(0xaa));
	assert_true(pd_is_word(0x663));
}

PD_TEST(lengths_count_characters)
{
	char text[513];
	for (size_t i = 0; i < 512; i += 2)
		memcpy(text + i, "é", 2);
	struct pd_str s = pd_str_of(text, 512);
	assert_ok(pd_check_length("x", 256, s, &err));
	assert_code(pd_check_length("x", 255, s, &err), PD_INVALID);
	assert_string_equal(err.text, "'x' exceeds the maximum length of 255 characters");
	assert_int_equal(pd_clip(s, 3).n, 6);
	assert_int_equal(pd_clip(s, 256).n, 512);
	assert_int_equal(pd_clip(s, 0).n, 0);
	assert_int_equal(pd_clip(PD_STR("ab"), 5).n, 2);
}

PD_TEST(experiment_ids_are_integers)
{
	int64_t id = 0;
	assert_ok(pd_parse_experiment_id(PD_STR(" 12 "), &id, &err));
	assert_int_equal(id, 12);
	assert_ok(pd_parse_experiment_id(PD_STR("+7"), &id, &err));
	assert_int_equal(id, 7);
	assert_ok(pd_parse_experiment_id(PD_STR("99999999999999999999"), &id, &err));
	assert_code(pd_parse_experiment_id(PD_STR("-"), &id, &err), PD_INVALID);
	assert_code(pd_parse_experiment_id(PD_STR("+-7"), &id, &err), PD_INVALID);
	assert_code(pd_parse_experiment_id(PD_STR("1.0"), &id, &err), PD_INVALID);
	assert_code(pd_parse_experiment_id(PD_STR(""), &id, &err), PD_INVALID);
}

PD_TEST(page_tokens_come_back)
{
	static const int64_t offsets[] = { 1, 9, 10, 99, 100, 12345, INT64_MAX };
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		int64_t back = 0;
		PD_AUTO_JSON json_t *token = pd_page_token(offsets[i]);
		assert_ok(pd_page_offset(pd_str_from(json_string_value(token)), &back, &err));
		assert_int_equal(back, offsets[i]);
	}
	int64_t offset = 5;
	assert_ok(pd_page_offset(PD_STR(""), &offset, &err));
	assert_int_equal(offset, 0);
	assert_code(pd_page_offset(PD_STR("a"), &offset, &err), PD_INVALID);
	assert_code(pd_page_offset(PD_STR("AAAA"), &offset, &err), PD_INVALID);
	assert_code(pd_page_offset(PD_STR("===="), &offset, &err), PD_INVALID);
	assert_code(pd_page_offset(PD_STR("/yciCg=="), &offset, &err), PD_INVALID);
	assert_string_equal(err.text, "Invalid page token, decoded value=b'\\xff\\'\"\\n'");
}

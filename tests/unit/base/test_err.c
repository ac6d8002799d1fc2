#include "tests/unit/pd_test.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "schema/errors.h"

PD_TEST(a_failure_keeps_its_code_and_text)
{
	struct pd_err err = { 0 };
	assert_code(pd_fail(&err, PD_INVALID, "alias %s", "v3"), PD_INVALID);
	assert_int_equal(err.code, PD_INVALID);
	assert_string_equal(err.text, "alias v3");
}

PD_TEST(a_text_is_one_line_of_whole_characters)
{
	struct pd_err err = { 0 };
	char wide[4000];
	for (size_t i = 0; i + 2 < sizeof(wide); i += 2)
		memcpy(wide + i, "\xc3\xa9", 2);
	wide[sizeof(wide) - 2] = '\0';
	(void)pd_fail(&err, PD_INVALID, "a\nb%s", wide);
	assert_true(strlen(err.text) < PD_ERR_MAX);
	assert_memory_equal(err.text, "a?b", 3);
	assert_true(pd_utf8_check(pd_str_from(err.text)));
}

PD_TEST(a_prefix_stands_before_the_text)
{
	struct pd_err err = { 0 };
	(void)pd_fail(&err, PD_CORRUPT, "offset 3: bad opcode");
	assert_code(pd_err_prefix(&err, "%s", "model.pkl"), PD_CORRUPT);
	assert_string_equal(err.text, "model.pkl: offset 3: bad opcode");
}

PD_TEST(a_full_disk_has_a_code_of_its_own)
{
	struct pd_err err = { 0 };
	assert_code(pd_fail_errno(&err, ENOSPC, "x"), PD_NO_SPACE);
	assert_code(pd_fail_errno(&err, ENOENT, "x"), PD_NOT_FOUND);
}

PD_TEST(every_code_has_a_row_in_the_error_table)
{
	for (enum pd_code c = PD_OK; c < PD_N_CODES; c++) {
		assert_true(pd_error_http(c) >= 200);
		assert_true(pd_error_exit(c) >= 0 && pd_error_exit(c) <= 6);
		assert_non_null(pd_error_name(c));
		assert_string_not_equal(pd_code_name(c), "unknown");
	}
}

#include "tests/unit/pd_test.h"

#include "serve/csv_in.h"
#include "serve/scoring.h"

static struct pd_arena arena;
static struct pd_scratch scratch;
static struct pd_frame f;
static struct pd_err fx_err;

static enum pd_code read(const char *text)
{
	pd_arena_reset(&arena);
	size_t n = strlen(text);
	char *copy = pd_arena_alloc(&arena, n);
	memcpy(copy, text, n);
	return pd_read_csv(pd_str_of(copy, n), &arena, &scratch, &f, &fx_err);
}

PD_TEST(csv_columns_stay_text_until_they_are_given_a_type)
{
	assert_ok(read("a,b,c\n1,007,\n2,x,\n"));
	assert_int_equal(f.origin, PD_FROM_CSV);
	assert_int_equal(f.n_rows, 2);
	assert_str_is(f.cols[1].name, "b");
	assert_str_is(f.cols[1].s[0], "007");
	assert_int_equal(f.cols[2].kind, PD_COL_NULL);
	pd_frame_infer(&f, &arena);
	assert_int_equal(f.cols[0].kind, PD_COL_I64);
	assert_true(f.cols[0].i[1] == 2);
}

PD_TEST(csv_quotes_hold_commas_lines_and_quotes)
{
	assert_ok(read("a,\"b,c\"\r\n\"x\"\"y\",\"1\r\n2\"\r\n\"\",\"q\"tail\r\n"));
	assert_str_is(f.cols[1].name, "b,c");
	assert_str_is(f.cols[0].s[0], "x\"y");
	assert_str_is(f.cols[1].s[0], "1\r\n2");
	assert_true(f.cols[0].null[1]);
	assert_str_is(f.cols[1].s[1], "qtail");
	assert_ok(read("a\nit's 5\" tall\n"));
	assert_str_is(f.cols[0].s[0], "it's 5\" tall");
}

PD_TEST(csv_skips_empty_lines_and_takes_every_line_end)
{
	assert_ok(read("\n\na,b\r1,2\n\n\r\n3,4"));
	assert_int_equal(f.n_rows, 2);
	assert_str_is(f.cols[1].s[1], "4");
	assert_ok(read("\xef\xbb\xbf"
		       "a\n1\n"));
	assert_str_is(f.cols[0].name, "a");
}

PD_TEST(csv_names_are_made_unique_as_pandas_does)
{
	assert_ok(read("a,a,,a\n1,2,3,4\n"));
	assert_str_is(f.cols[0].name, "a");
	assert_str_is(f.cols[1].name, "a.1");
	assert_str_is(f.cols[2].name, "Unnamed: 2");
	assert_str_is(f.cols[3].name, "a.2");
}

PD_TEST(csv_short_rows_are_padded_and_long_ones_refused)
{
	assert_ok(read("a,b\n1\n"));
	assert_int_equal(f.cols[1].kind, PD_COL_NULL);
	assert_code(read("a,b\n1,2\n1,2,3\n"), PD_BAD_REQUEST);
	assert_non_null(strstr(fx_err.text, "Expected 2 fields in line 3, saw 3"));
}

PD_TEST(csv_without_a_header_or_a_closing_quote_is_refused)
{
	assert_code(read(""), PD_BAD_REQUEST);
	assert_non_null(strstr(fx_err.text, "No columns to parse from file"));
	assert_code(read("a\n\"x\n"), PD_BAD_REQUEST);
	assert_code(read("a\n\xff\n"), PD_BAD_REQUEST);
	assert_ok(read("a,b\n"));
	assert_int_equal(f.n_rows, 0);
}

PD_TEST(whole_records_end_outside_quotes)
{
	assert_int_equal(pd_csv_whole(PD_STR("a,b\n1,\"x\n")), 4);
	assert_int_equal(pd_csv_whole(PD_STR("a,b\n1,\"x\n\"\n2")), 11);
	assert_int_equal(pd_csv_whole(PD_STR("1,\"x\"\"\ny\"\n")), 10);
	assert_int_equal(pd_csv_whole(PD_STR("1,5\"\n2,6\"\n")), 10);
	assert_int_equal(pd_csv_whole(PD_STR("abc")), 0);
}

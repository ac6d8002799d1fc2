#include "tests/unit/pd_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve/scoring.h"

static struct pd_arena arena;
static struct pd_scratch scratch;
static struct pd_frame f;
static struct pd_err fx_err;

/* An exact heap copy, so that reading one byte too far is seen. */
static enum pd_code read_opts(const char *text, size_t n, bool dict_rows)
{
	pd_arena_reset(&arena);
	fx_err = (struct pd_err){ 0 };
	char *copy = pd_arena_alloc(&arena, n);
	memcpy(copy, text, n);
	struct pd_read_opts opts = { .dict_rows = dict_rows };
	return pd_read_json(pd_str_of(copy, n), &opts, &arena, &scratch, &f, &fx_err);
}

static enum pd_code read(const char *text)
{
	return read_opts(text, strlen(text), false);
}

static void refused(const char *text, const char *words)
{
	assert_code(read(text), PD_BAD_REQUEST);
	if (!strstr(fx_err.text, words))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, fx_err.text, words);
}

PD_TEST(split_gives_named_typed_columns)
{
	assert_ok(read("{\"dataframe_split\": {\"columns\": [\"i\",\"f\",\"s\",\"b\",\"n\"], "
		       "\"index\": [0, 1], \"data\": [[1, 2, \"x\", true, null], "
		       "[-3, 2.5, \"y\\u00e9\\n\", false, null]]}}"));
	assert_int_equal(f.n_rows, 2);
	assert_int_equal(f.n_cols, 5);
	assert_true(f.named);
	assert_int_equal(f.origin, PD_FROM_TABLE);
	assert_int_equal(f.cols[0].kind, PD_COL_I64);
	assert_true(f.cols[0].i[1] == -3);
	assert_int_equal(f.cols[1].kind, PD_COL_F64);
	assert_true(f.cols[1].f[0] == 2.0 && f.cols[1].f[1] == 2.5);
	assert_int_equal(f.cols[2].kind, PD_COL_STR);
	assert_str_is(f.cols[2].s[1], "y\xc3\xa9\n");
	assert_int_equal(f.cols[3].kind, PD_COL_BOOL);
	assert_int_equal(f.cols[3].b[0], 1);
	assert_int_equal(f.cols[4].kind, PD_COL_NULL);
	assert_str_is(f.cols[4].name, "n");
}

PD_TEST(split_takes_its_fields_in_any_order)
{
	assert_ok(read(
		" {\"dataframe_split\":{\"data\":[[1]],\"columns\":[\"a\"]} , \"params\": {}}"));
	assert_str_is(f.cols[0].name, "a");
	assert_ok(read("{\"dataframe_split\":{\"data\":[1,2,3]}}"));
	assert_false(f.named);
	assert_int_equal(f.n_rows, 3);
	assert_ok(read("{\"dataframe_split\":{\"columns\":[\"a\",\"b\"],\"data\":[]}}"));
	assert_int_equal(f.n_rows, 0);
	assert_int_equal(f.n_cols, 2);
	assert_ok(read("{\"dataframe_split\":{\"columns\":[\"a\",\"b\"],\"data\":[[1],[2,3]]}}"));
	assert_true(f.cols[1].has_null && isnan(f.cols[1].f[0]));
}

PD_TEST(split_refuses_what_pandas_refuses)
{
	refused("{\"dataframe_split\":{\"columns\":[\"a\"],\"data\":[[1,2]]}}",
		"1 columns passed, passed data had 2 columns");
	refused("{\"dataframe_split\":{\"columns\":[\"a\"],\"index\":[1,2],\"data\":[[1]]}}",
		"Shape of passed values is (1, 1), indices imply (2, 1)");
	refused("{\"dataframe_split\":{\"columns\":[\"a\"]}}", "must have 'data' field");
	refused("{\"dataframe_split\":{\"data\":[[1]],\"x\":1}}", "must have 'data' field");
	refused("{\"dataframe_split\":[1]}",
		"Dataframe split format must be a dictionary. Got list");
	refused("{\"dataframe_split\":{\"data\":3}}", "not a list of rows");
}

PD_TEST(records_find_columns_in_any_order_and_number)
{
	assert_ok(read("{\"dataframe_records\":[{\"a\":1,\"b\":\"x\"},{\"b\":\"y\",\"a\":2},"
		       "{\"c\":1.5,\"a\":3}]}"));
	assert_int_equal(f.n_cols, 3);
	assert_int_equal(f.cols[0].kind, PD_COL_I64);
	assert_true(f.cols[0].i[2] == 3);
	assert_str_is(f.cols[1].s[1], "y");
	assert_true(f.cols[1].has_null && f.cols[1].null[2]);
	assert_true(f.cols[2].f[2] == 1.5 && f.cols[2].null[0]);
	refused("{\"dataframe_records\":{\"a\":1}}", "must be a list of records. Got dictionary");
}

PD_TEST(records_may_have_many_columns)
{
	struct pd_buf b;
	pd_buf_init(&b, 100000);
	pd_buf_z(&b, "{\"dataframe_records\":[");
	for (int row = 0; row < 3; row++) {
		pd_buf_z(&b, row ? ",{" : "{");
		for (int i = 0; i < 100; i++) {
			int k = row == 1 ? 99 - i : i;
			pd_buf_printf(&b, "%s\"k%d\":%d", i ? "," : "", k, row * 1000 + k);
		}
		pd_buf_char(&b, '}');
	}
	pd_buf_z(&b, "]}");
	assert_ok(read(b.p));
	assert_int_equal(f.n_cols, 100);
	for (int i = 0; i < 100; i++)
		for (int row = 0; row < 3; row++)
			assert_true(f.cols[i].i[row] == row * 1000 + i);
	pd_buf_end(&b);
}

PD_TEST(of_equal_keys_the_last_wins)
{
	assert_ok(read("{\"dataframe_records\":[{\"a\":1,\"a\":2}]}"));
	assert_int_equal(f.n_cols, 1);
	assert_true(f.cols[0].i[0] == 2);
	assert_ok(read("{\"inputs\":[1],\"inputs\":[[5,6]]}"));
	assert_int_equal(f.n_cols, 2);
}

PD_TEST(tensors_keep_their_shape_and_have_one_type)
{
	assert_ok(read("{\"inputs\":[[1,2],[3,4.5]]}"));
	assert_int_equal(f.origin, PD_FROM_TENSOR);
	assert_int_equal(f.n_dims, 2);
	assert_true(f.shape[0] == 2 && f.shape[1] == 2);
	assert_int_equal(f.cols[0].kind, PD_COL_F64);
	assert_true(f.cols[1].f[1] == 4.5);
	assert_ok(read("{\"instances\":[[[1],[2]],[[3],[4]],[[5],[6]]]}"));
	assert_int_equal(f.n_dims, 3);
	assert_int_equal(f.n_rows, 3);
	assert_int_equal(f.n_cols, 2);
	assert_true(f.cols[1].i[2] == 6);
	assert_ok(read("{\"inputs\":[1,2,3]}"));
	assert_int_equal(f.n_dims, 1);
	assert_int_equal(f.n_rows, 3);
	assert_ok(read("{\"inputs\":7}"));
	assert_int_equal(f.n_rows, 1);
	assert_ok(read("{\"inputs\":[]}"));
	assert_int_equal(f.n_rows, 0);
	refused("{\"inputs\":[[1,2],[3]]}", "inhomogeneous shape");
	refused("{\"inputs\":[1,[2]]}", "inhomogeneous shape");
	refused("{\"inputs\":[[1],2]}", "inhomogeneous shape");
	refused("{\"inputs\":[[],[1]]}", "inhomogeneous shape");
}

PD_TEST(named_tensors_are_columns)
{
	assert_ok(read("{\"inputs\":{\"a\":[1,2],\"b\":[\"x\",\"y\"]}}"));
	assert_true(f.named);
	assert_int_equal(f.n_rows, 2);
	assert_str_is(f.cols[1].s[1], "y");
	assert_ok(read("{\"inputs\":{\"a\":1,\"b\":\"x\"}}"));
	assert_int_equal(f.n_rows, 1);
	refused("{\"instances\":{\"a\":[1,2],\"b\":[1]}}", "length of values");
	assert_code(read("{\"inputs\":{\"a\":[1,2],\"b\":[1]}}"), PD_INVALID);
	assert_ok(read("{\"instances\":[{\"a\":1},{\"a\":2}]}"));
	assert_int_equal(f.n_rows, 2);
	refused("{\"instances\":[{\"a\":1},{\"b\":2}]}", "length of values");
}

PD_TEST(rows_of_dicts_may_differ_where_the_model_wants_dicts)
{
	const char *text = "{\"instances\":[{\"a\":1},{\"b\":2}]}";
	assert_ok(read_opts(text, strlen(text), true));
	assert_int_equal(f.n_cols, 2);
	assert_true(f.cols[0].null[1] && f.cols[1].null[0]);
}

PD_TEST(exactly_one_form_is_wanted)
{
	refused("{}", "exactly one of the input fields");
	refused("{\"a\":1}", "Received dictionary with input fields: ['a']");
	refused("{\"instances\":[1],\"x\":1,\"params\":{}}", "Received: ['instances', 'x']");
	refused("{\"inputs\":[1],\"instances\":[1]}", "['inputs', 'instances']");
	refused("[1]", "Received a list.");
	refused("3", "Received unexpected input type <class 'int'>");
	refused("\"x\"", "Received unexpected input type <class 'str'>");
}

PD_TEST(malformed_json_is_refused_with_its_place)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"{\"inputs\"",
		"{\"inputs\":",
		"{\"inputs\":[1,]}",
		"{\"inputs\":[1 2]}",
		"{\"inputs\":[1]",
		"{\"inputs\":[1]}}",
		"{\"inputs\":[01]}",
		"{\"inputs\":[+1]}",
		"{\"inputs\":[1.]}",
		"{\"inputs\":[.5]}",
		"{\"inputs\":[1e]}",
		"{\"inputs\":[tru]}",
		"{\"inputs\":['a']}",
		"{\"inputs\":[\"a]}",
		"{\"inputs\":[\"\\x\"]}",
		"{\"inputs\":[\"\\u12\"]}",
		"{\"inputs\":[\"\\ud800\"]}",
		"{\"inputs\":[\"\\ud800\\u0041\"]}",
		"{\"inputs\":[\"\\udc00\"]}",
		"{\"inputs\":[\"a\nb\"]}",
		"{\"inputs\":[\"\xff\"]}",
		"{\"inputs\":[\"\xc0\x80\"]}",
		"{inputs:[1]}",
		"{\"inputs\" [1]}",
		"{,}",
		"{\"x\":{\"y\":}}",
	};
	for (size_t i = 0; i < PD_LEN(texts); i++)
		refused(texts[i], "Ensure that input is a valid JSON formatted string");
	refused("{\"inputs\":\n [1,]}", "line 2 column 5 (char 15)");
}

PD_TEST(every_prefix_of_a_request_is_refused)
{
	static const char text[] = "{\"dataframe_split\": {\"columns\": [\"a\\u00e9\", \"b\"], "
				   "\"data\": [[1.5e3, \"x\"], [null, true]]}, \"p\": [{}]}";
	assert_ok(read(text));
	for (size_t n = 0; n + 1 < sizeof(text) - 1; n++)
		assert_code(read_opts(text, n, false), PD_BAD_REQUEST);
}

PD_TEST(depth_is_bounded)
{
	char text[400];
	memset(text, '[', sizeof(text));
	memcpy(text, "{\"inputs\":", 10);
	assert_code(read_opts(text, sizeof(text), false), PD_BAD_REQUEST);
	memcpy(text, "{\"others\":", 10);
	text[sizeof(text) - 1] = '\0';
	refused(text, "inside one another");
}

PD_TEST(python_s_words_for_numbers_are_read)
{
	assert_ok(read("{\"inputs\":[NaN, Infinity, -Infinity, 1e400, -0.0]}"));
	assert_int_equal(f.cols[0].kind, PD_COL_F64);
	assert_true(isnan(f.cols[0].f[0]) && isinf(f.cols[0].f[1]) && f.cols[0].f[2] < 0);
	assert_true(isinf(f.cols[0].f[3]) && signbit(f.cols[0].f[4]));
	assert_ok(read("{\"inputs\":[9223372036854775807, 9223372036854775808]}"));
	assert_true(f.cols[0].f[1] == 9223372036854775808.0);
}

PD_TEST(mixed_and_nested_cells_are_kept)
{
	assert_ok(read("{\"dataframe_records\":[{\"a\":[1,\"x\",{\"k\":null}]},{\"a\":5}]}"));
	assert_int_equal(f.cols[0].kind, PD_COL_ANY);
	struct pd_cell cell = pd_col_cell(&f.cols[0], 0);
	assert_int_equal(cell.kind, PD_CELL_LIST);
	assert_int_equal(cell.n_items, 3);
	assert_int_equal(cell.items[2].kind, PD_CELL_MAP);
	assert_str_is(cell.items[2].items[0].s, "k");
}

PD_TEST(surrogate_pairs_and_escapes_become_utf8)
{
	assert_ok(read("{\"inputs\":[\"\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"]}"));
	assert_str_is(f.cols[0].s[0], "\xf0\x9f\x98\x80\"\\/\b\f\n\r\t");
}

static int rows_of_new_columns(char *text, size_t n_rows)
{
	int at = snprintf(text, 64, "{\"dataframe_records\":[");
	for (size_t i = 0; i < n_rows; i++)
		at += snprintf(text + at, 24, "%s{\"%zu\":1}", i ? "," : "", i);
	return at + snprintf(text + at, 3, "]}");
}

PD_TEST(a_table_has_a_limit_of_cells)
{
	/* every row brings a column of its own: cells grow with the square of the bytes */
	size_t n_rows = 12000;
	char *text = malloc(n_rows * 24 + 64);
	int at = rows_of_new_columns(text, n_rows);
	assert_code(read_opts(text, (size_t)at, true), PD_TOO_LARGE);
	free(text);
	pd_scratch_trim(&scratch);
	assert_null(scratch.cells);
}

#include "tests/unit/pd_test.h"

#include <math.h>
#include <string.h>

#include "base/auto.h"
#include "model/signature.h"

#define N_ROWS 2

static struct pd_col f64_col(const char *name, double *values)
{
	return (struct pd_col){ .name = pd_str_from(name), .kind = PD_COL_F64, .f = values };
}

static struct pd_col i64_col(const char *name, int64_t *values)
{
	return (struct pd_col){ .name = pd_str_from(name), .kind = PD_COL_I64, .i = values };
}

static struct pd_col str_col(const char *name, struct pd_str *values)
{
	return (struct pd_col){ .name = pd_str_from(name), .kind = PD_COL_STR, .s = values };
}

static struct pd_frame frame_of(struct pd_col *cols, size_t n_cols, enum pd_origin origin)
{
	return (struct pd_frame){ .origin = origin,
				  .n_rows = N_ROWS,
				  .n_cols = n_cols,
				  .named = true,
				  .cols = cols,
				  .n_dims = 2 };
}

static struct pd_signature *signature(struct pd_arena *a, const char *inputs)
{
	struct pd_err err = { 0 };
	struct pd_signature *s = NULL;
	assert_ok(pd_signature_parse(pd_str_from(inputs), PD_STR(""), PD_STR(""), a, &s, &err));
	return s;
}

#define AB                                                                                         \
	"[{\"type\":\"double\",\"name\":\"a\"},{\"type\":\"long\",\"name\":\"b\",\"required\":true}]"

PD_TEST(columns_come_in_the_order_of_the_signature_and_extra_ones_go)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	int64_t b[] = { 1, 2 };
	int64_t ints[] = { 3, 4 };
	double x[] = { 0, 0 };
	struct pd_col cols[] = { f64_col("x", x), i64_col("b", b), i64_col("a", ints) };
	struct pd_frame f = frame_of(cols, 3, PD_FROM_TABLE);
	assert_ok(pd_signature_enforce(signature(&a, AB), &f, &a, &err));
	assert_int_equal(f.n_cols, 2);
	assert_str_is(f.cols[0].name, "a");
	assert_int_equal(f.cols[0].kind, PD_COL_F64);
	assert_true(f.cols[0].f[1] == 4);
	assert_int_equal(f.cols[1].kind, PD_COL_I64);
}

PD_TEST(missing_columns_are_named_in_mlflows_words)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	double x[] = { 0, 0 };
	struct pd_col cols[] = { f64_col("a", x), f64_col("o'x", x) };
	struct pd_frame f = frame_of(cols, 2, PD_FROM_TABLE);
	assert_code(pd_signature_enforce(signature(&a, AB), &f, &a, &err), PD_INVALID);
	assert_non_null(strstr(err.text,
			       "Model is missing inputs ['b']. Note that there were extra "
			       "inputs: [\"o'x\"]."));
}

PD_TEST(an_optional_column_may_be_absent)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	double x[] = { 1, 2 };
	struct pd_col cols[] = { f64_col("c", x) };
	struct pd_frame f = frame_of(cols, 1, PD_FROM_TABLE);
	struct pd_signature *s =
		signature(&a, "[{\"type\":\"double\",\"name\":\"a\",\"required\":false},"
			      "{\"type\":\"long\",\"name\":\"c\"}]");
	assert_ok(pd_signature_enforce(s, &f, &a, &err));
	assert_int_equal(f.n_cols, 1);
	assert_int_equal(f.cols[0].kind, PD_COL_I64);
}

PD_TEST(text_becomes_a_number_and_what_is_none_is_refused)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_str good[] = { PD_STR("1.5"), PD_STR("2") };
	struct pd_str bad[] = { PD_STR("1.5"), PD_STR("two") };
	struct pd_signature *s = signature(&a, "[{\"type\":\"double\",\"name\":\"a\"}]");
	struct pd_col cols[] = { str_col("a", good) };
	struct pd_frame f = frame_of(cols, 1, PD_FROM_TABLE);
	assert_ok(pd_signature_enforce(s, &f, &a, &err));
	assert_true(f.cols[0].f[0] == 1.5);
	cols[0] = str_col("a", bad);
	f = frame_of(cols, 1, PD_FROM_TABLE);
	assert_code(pd_signature_enforce(s, &f, &a, &err), PD_BAD_REQUEST);
	assert_non_null(strstr(err.text, "Failed to convert column a to type 'float64'"));
	assert_non_null(strstr(err.text, "row 1: could not convert string to float: two"));
}

PD_TEST(a_csv_string_column_keeps_its_text)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_str texts[] = { PD_STR("007"), PD_STR("NA") };
	struct pd_signature *s = signature(&a, "[{\"type\":\"string\",\"name\":\"a\"}]");
	struct pd_col cols[] = { str_col("a", texts) };
	struct pd_frame f = frame_of(cols, 1, PD_FROM_CSV);
	assert_ok(pd_signature_enforce(s, &f, &a, &err));
	assert_str_is(pd_col_cell(&f.cols[0], 0).s, "007");
	assert_int_equal(pd_col_cell(&f.cols[0], 1).kind, PD_CELL_NULL);
}

PD_TEST(an_integer_that_does_not_fit_is_refused)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_signature *s = signature(&a, "[{\"type\":\"integer\",\"name\":\"a\"}]");
	double wide[] = { 1, 3e9 };
	double holes[] = { 1, NAN };
	struct pd_col cols[] = { f64_col("a", wide) };
	struct pd_frame f = frame_of(cols, 1, PD_FROM_TABLE);
	assert_code(pd_signature_enforce(s, &f, &a, &err), PD_BAD_REQUEST);
	assert_non_null(strstr(err.text, "beyond 32 bits"));
	cols[0] = f64_col("a", holes);
	f = frame_of(cols, 1, PD_FROM_TABLE);
	assert_code(pd_signature_enforce(s, &f, &a, &err), PD_BAD_REQUEST);
	assert_non_null(strstr(err.text, "non-finite"));
}

PD_TEST(a_tensor_has_the_shape_that_is_asked_for)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_signature *s = signature(
		&a,
		"[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"float64\",\"shape\":[-1,2]}}]");
	int64_t x[] = { 1, 2 };
	struct pd_col cols[] = { i64_col("", x), i64_col("", x), i64_col("", x) };
	struct pd_frame f = frame_of(cols, 2, PD_FROM_TENSOR);
	f.named = false;
	assert_ok(pd_signature_enforce(s, &f, &a, &err));
	assert_int_equal(f.cols[1].kind, PD_COL_F64);
	f = frame_of(cols, 3, PD_FROM_TENSOR);
	f.named = false;
	assert_code(pd_signature_enforce(s, &f, &a, &err), PD_INVALID);
	assert_non_null(
		strstr(err.text, "Shape of input (2, 3) does not match expected shape (-1, 2)."));
}

PD_TEST(without_a_signature_everything_passes)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_str texts[] = { PD_STR("1"), PD_STR("2") };
	struct pd_col cols[] = { str_col("a", texts) };
	struct pd_frame f = frame_of(cols, 1, PD_FROM_CSV);
	assert_ok(pd_signature_enforce(NULL, &f, &a, &err));
	assert_int_equal(f.cols[0].kind, PD_COL_I64);
}

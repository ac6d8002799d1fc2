#include "tests/unit/pd_test.h"

#include <math.h>

#include "base/auto.h"
#include "model/frame.h"
#include "model/text.h"

static struct pd_frame csv_column(struct pd_col *c, struct pd_str *texts, size_t n)
{
	*c = (struct pd_col){ .name = PD_STR("x"), .kind = PD_COL_STR, .s = texts };
	return (struct pd_frame){ .origin = PD_FROM_CSV,
				  .n_rows = n,
				  .n_cols = 1,
				  .named = true,
				  .cols = c,
				  .n_dims = 2 };
}

PD_TEST(csv_columns_get_the_narrowest_type)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_col c;
	struct pd_str ints[] = { PD_STR("1"), PD_STR("-2") };
	struct pd_frame f = csv_column(&c, ints, 2);
	pd_frame_infer(&f, &a);
	assert_int_equal(c.kind, PD_COL_I64);
	assert_int_equal(c.i[1], -2);

	struct pd_str floats[] = { PD_STR("1"), PD_STR(""), PD_STR("1e3") };
	f = csv_column(&c, floats, 3);
	pd_frame_infer(&f, &a);
	assert_int_equal(c.kind, PD_COL_F64);
	assert_true(isnan(c.f[1]) && c.null[1]);
	assert_true(c.f[2] == 1000);

	struct pd_str bools[] = { PD_STR("True"), PD_STR("false") };
	f = csv_column(&c, bools, 2);
	pd_frame_infer(&f, &a);
	assert_int_equal(c.kind, PD_COL_BOOL);

	struct pd_str texts[] = { PD_STR("1"), PD_STR("a"), PD_STR("NA") };
	f = csv_column(&c, texts, 3);
	pd_frame_infer(&f, &a);
	assert_int_equal(c.kind, PD_COL_STR);
	assert_int_equal(pd_col_cell(&c, 2).kind, PD_CELL_NULL);
	assert_str_is(pd_col_cell(&c, 0).s, "1");
}

PD_TEST(only_decimal_numbers_are_numbers)
{
	double v = 0;
	assert_true(pd_text_to_f64(PD_STR(" -1.5e3 "), &v));
	assert_true(v == -1500);
	assert_true(pd_text_to_f64(PD_STR("Infinity"), &v) && isinf(v));
	assert_true(pd_text_to_f64(PD_STR(".5"), &v) && v == 0.5);
	assert_false(pd_text_to_f64(PD_STR("0x10"), &v));
	assert_false(pd_text_to_f64(PD_STR("1e"), &v));
	assert_false(pd_text_to_f64(PD_STR("."), &v));
	assert_false(pd_text_to_f64(PD_STR(""), &v));
	assert_false(pd_text_to_f64(PD_STR("1 2"), &v));
}

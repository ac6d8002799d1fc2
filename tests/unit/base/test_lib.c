#include "base/lib.h"
#include "base/mem.h"
#include "tests/unit/pd_test.h"

struct math {
	double (*cos)(double);
	double (*sin)(double);
};

PD_TEST(a_library_is_loaded_with_all_its_functions)
{
	static const char *const names[] = { "cos", "sin" };
	struct math math = { 0 };
	struct pd_err err = { 0 };
	assert_ok(pd_lib_load("libm.so.6", names, PD_LEN(names), &math, &err));
	assert_true(math.cos(0) == 1 && math.sin(0) == 0);
	assert_ok(pd_lib_load("libm.so.6", names, PD_LEN(names), &math, &err));
}

PD_TEST(a_library_that_is_not_there_is_named)
{
	static const char *const names[] = { "cos" };
	void *slot = NULL;
	struct pd_err err = { 0 };
	assert_int_equal(pd_lib_load("libpodium-none.so.1", names, 1, &slot, &err), PD_UNSUPPORTED);
	assert_non_null(strstr(err.text, "libpodium-none.so.1"));
	assert_null(slot);
}

PD_TEST(a_function_that_is_not_there_leaves_the_slots_empty)
{
	static const char *const names[] = { "cos", "no_such_function" };
	struct math math = { 0 };
	struct pd_err err = { 0 };
	assert_int_equal(pd_lib_load("libm.so.6", names, PD_LEN(names), &math, &err),
			 PD_UNSUPPORTED);
	assert_non_null(strstr(err.text, "no_such_function"));
	assert_null(math.cos);
}

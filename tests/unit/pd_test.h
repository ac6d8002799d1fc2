/*
 * tests/unit/pd_test.h - cmocka tests that register themselves.
 *   PD_TEST(a_claim_about_one_behaviour) { assert_int_equal(1 + 1, 2); }
 * Run all with build/.../unit-tests, some with build/.../unit-tests PATTERN (shell pattern over
 * "file:name", as test_str:*).
 */
#ifndef PD_TESTS_UNIT_PD_TEST_H
#define PD_TESTS_UNIT_PD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"

struct pd_test {
	const char *file;
	const char *name;
	void (*fn)(void **state);
	struct pd_test *next;
};

void pd_test_register(struct pd_test *t);

#define PD_TEST(test_name)                                                                         \
	static void test_name(void **state);                                                       \
	__attribute__((constructor)) static void register_##test_name(void)                        \
	{                                                                                          \
		static struct pd_test t = { __FILE__, #test_name, test_name, NULL };               \
		pd_test_register(&t);                                                              \
	}                                                                                          \
	static void test_name(__attribute__((unused)) void **state)

/* `fx_err` is a struct pd_err of the test's own. */
#define assert_ok(call)                                                                            \
	do {                                                                                       \
		enum pd_code test_code_ = (call);                                                  \
		if (test_code_ != PD_OK)                                                           \
			fail_msg("%s: %s", #call, pd_code_name(test_code_));                       \
	} while (0)

#define assert_code(call, want)                                                                    \
	do {                                                                                       \
		enum pd_code test_code_ = (call);                                                  \
		if (test_code_ != (want))                                                          \
			fail_msg("%s: %s, not %s", #call, pd_code_name(test_code_),                \
				 pd_code_name(want));                                              \
	} while (0)

#define assert_str_is(str, z)                                                                      \
	do {                                                                                       \
		struct pd_str test_str_ = (str);                                                   \
		if (!pd_str_eqz(test_str_, (z)))                                                   \
			fail_msg("\"%.*s\", not \"%s\"", PD_STR_ARG(test_str_), (z));              \
	} while (0)

/* A new empty directory, removed when the process ends; borrowed. */
const char *pd_test_dir(void);

#endif

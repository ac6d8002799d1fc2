#include <math.h>

#include "base/mem.h"
#include "model/kernel/sums.h"
#include "tests/unit/pd_test.h"

PD_TEST(short_rows_are_summed_from_left_to_right)
{
	const double v[] = { 1e16, 1, -1e16, 1, 1 };
	assert_true(pd_sum_pairwise(v, 5) == (((1e16 + 1) + -1e16) + 1) + 1);
	assert_true(pd_sum_pairwise(v, 0) == 0);
}

PD_TEST(rows_of_eight_and_more_are_summed_in_eight_lanes)
{
	double v[11];
	for (size_t i = 0; i < 11; i++)
		v[i] = 0.1 * (double)(i + 1);
	double want = ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
	assert_true(pd_sum_pairwise(v, 8) == want);
	assert_true(pd_sum_pairwise(v, 11) == ((want + v[8]) + v[9]) + v[10]);
}

PD_TEST(long_rows_are_halved_at_a_multiple_of_eight)
{
	double v[139];
	for (size_t i = 0; i < 139; i++)
		v[i] = 1.0 / (double)(i + 3);
	assert_true(pd_sum_pairwise(v, 139) ==
		    pd_sum_pairwise(v, 64) + pd_sum_pairwise(v + 64, 75));
}

PD_TEST(argmax_takes_the_first_of_equals_and_nan_before_all)
{
	const double equal[] = { 1, 3, 3, 2 }, nan_in[] = { 1, NAN, 9, NAN };
	assert_int_equal(pd_argmax(equal, 4), 1);
	assert_int_equal(pd_argmax(nan_in, 4), 1);
	assert_int_equal(pd_argmax(equal, 1), 0);
}

PD_TEST(softmax_of_huge_scores_stays_finite)
{
	double v[] = { 1e300, 1e300, -1e300 };
	pd_softmax(v, 3);
	assert_true(v[0] == 0.5 && v[1] == 0.5 && v[2] == 0);
}

PD_TEST(expit_ends_at_zero_and_one)
{
	assert_true(pd_expit(-1e4) == 0 && pd_expit(1e4) == 1 && pd_expit(0) == 0.5);
}

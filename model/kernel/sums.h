/*
 * model/kernel/sums.h - sums and links in the order and form numpy uses, because the last bits of
 * a row sum depend on it.
 */
#ifndef PD_MODEL_KERNEL_SUMS_H
#define PD_MODEL_KERNEL_SUMS_H

#include <stddef.h>

/* numpy's sum along contiguous memory: plain below 8 items, eight accumulators up to 128, halves
 * above. Source: numpy/_core/src/umath/loops_utils.h.src, pairwise_sum. */
double pd_sum_pairwise(const double *v, size_t n);

/* 1 / (1 + exp(-x)), as scipy.special.expit gives it. */
double pd_expit(double x);

/* In place: subtract the maximum, exp, divide by the row sum. */
void pd_softmax(double *v, size_t n);

/* Index of the first maximum, as numpy.argmax: a NaN counts as largest. n >= 1. */
size_t pd_argmax(const double *v, size_t n);

#endif

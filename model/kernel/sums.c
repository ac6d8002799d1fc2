#include "model/kernel/sums.h"

#include <math.h>

static double sum_block(const double *v, size_t n)
{
	double r[8];
	size_t i = 8;
	for (size_t k = 0; k < 8; k++)
		r[k] = v[k];
	for (; i + 8 <= n; i += 8)
		for (size_t k = 0; k < 8; k++)
			r[k] += v[i + k];
	double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
	for (; i < n; i++)
		sum += v[i];
	return sum;
}

double pd_sum_pairwise(const double *v, size_t n)
{
	if (n < 8) {
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += v[i];
		return sum;
	}
	if (n <= 128)
		return sum_block(v, n);
	size_t half = n / 2;
	half -= half % 8;
	return pd_sum_pairwise(v, half) + pd_sum_pairwise(v + half, n - half);
}

double pd_expit(double x)
{
	return 1.0 / (1.0 + exp(-x));
}

void pd_softmax(double *v, size_t n)
{
	double max = v[pd_argmax(v, n)];
	for (size_t i = 0; i < n; i++)
		v[i] = exp(v[i] - max);
	double sum = pd_sum_pairwise(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] /= sum;
}

size_t pd_argmax(const double *v, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n && !isnan(v[best]); i++)
		if (v[i] > v[best] || isnan(v[i]))
			best = i;
	return best;
}

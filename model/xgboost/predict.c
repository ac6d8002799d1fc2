#include <math.h>

#include "model/xgboost/learner.h"

/* ---- sums */

static void add_line(const struct pd_xgb *m, const double *x, float *out)
{
	size_t k = m->n_groups;
	for (size_t g = 0; g < k; g++) {
		/* the first group's start stands for all */
		float sum = m->weights[m->n_columns * k + g] + m->start[0];
		for (size_t i = 0; i < m->n_columns; i++)
			if (!isnan(x[i]))
				sum += (float)x[i] * m->weights[i * k + g];
		out[g] = sum;
	}
}

void pd_xgb_margins(const struct pd_xgb *m, const double *x, bool has_nan, uint32_t *leaf,
		    float *out)
{
	if (m->weights) {
		add_line(m, x, out);
		return;
	}
	for (size_t g = 0; g < m->n_groups; g++)
		out[g] = m->start[g];
	pd_boost_leaves(&m->trees, x, has_nan, leaf);
	for (size_t t = 0; t < m->n_trees; t++) {
		float v = m->value[leaf[t]];
		size_t g = m->group[t];
		if (m->drop && m->in_place)
			v = ((m->start[g] + v) - m->start[g]) * m->drop[t];
		else if (m->drop)
			v *= m->drop[t];
		out[g] += v;
	}
}

/* ---- links */

static float sigmoid(float v)
{
	float e = expf(-v < 88.7f ? -v : 88.7f);
	return 1.0f / (e + 1.0f);
}

static void softmax(float *v, size_t n)
{
	float max = v[0];
	double sum = 0;
	for (size_t i = 1; i < n; i++)
		max = v[i] > max ? v[i] : max;
	for (size_t i = 0; i < n; i++) {
		v[i] = expf(v[i] - max);
		sum += (double)v[i];
	}
	for (size_t i = 0; i < n; i++)
		v[i] /= (float)sum;
}

static size_t largest(const float *v, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		best = v[i] > v[best] ? i : best;
	return best;
}

void pd_xgb_link_row(const struct pd_xgb *m, float *v)
{
	if (m->link == PD_XGB_SOFTPROB)
		softmax(v, m->n_groups);
	if (m->link == PD_XGB_SOFTMAX)
		v[0] = (float)largest(v, m->n_groups);
	for (size_t i = 0; i < m->n_groups; i++) {
		if (m->link == PD_XGB_LOGISTIC)
			v[i] = sigmoid(v[i]);
		if (m->link == PD_XGB_EXP)
			v[i] = expf(v[i]);
		if (m->link == PD_XGB_HINGE)
			v[i] = v[i] > 0;
	}
}

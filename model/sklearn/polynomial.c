#include "model/recognise_table.h"

/*
 * PolynomialFeatures: products of features, in the order of itertools' combinations. Each product
 * is multiplied from its last factor towards the first.
 * Source: sklearn/preprocessing/_polynomial.py.
 */

#define FACTORS_MAX ((size_t)1 << 24) /* of all the products together */

struct polynomial {
	size_t n_products; /* without the bias */
	size_t low, high;  /* degrees */
	const uint32_t *factors;
	const uint32_t *start; /* n_products + 1 positions in factors */
	bool bias;
};

static enum pd_code multiply(const struct pd_step *s, const struct pd_matrix *in,
			     struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct polynomial *p = s->self;
	struct pd_matrix m = { 0 };
	double *x = NULL;
	PD_TRY(pd_matrix_dense(in, arena, &m, err));
	PD_TRY(pd_step_room(arena, m.n_rows, s->n_out, sizeof(*x), &x, err));
	for (size_t row = 0; row < m.n_rows; row++) {
		const double *from = m.x + row * m.n_cols;
		double *to = x + row * s->n_out;
		if (p->bias)
			*to++ = 1.0;
		for (size_t i = 0; i < p->n_products; i++) {
			uint32_t k = p->start[i + 1] - 1;
			double v = from[p->factors[k]];
			while (k-- > p->start[i]) {
				v *= from[p->factors[k]];
				if (m.f32)
					v = (double)(float)v;
			}
			to[i] = v;
		}
	}
	struct pd_flow dense = {
		.x = { .n_rows = m.n_rows, .n_cols = s->n_out, .f32 = m.f32, .x = x }
	};
	struct pd_flow flow = dense;
	if (in->sparse)
		PD_TRY(pd_flow_stack(&dense, 1, true, m.n_rows, arena, &flow, err));
	*out = flow.x;
	return PD_OK;
}

static const struct pd_step_ops polynomial_ops = { .transform = multiply };

static enum pd_code read_degrees(const struct pd_node *object, struct polynomial *p,
				 struct pd_err *err)
{
	const struct pd_node *n = NULL;
	int64_t low = 0, high = 0;
	PD_TRY(pd_attr(object, "degree", &n, err));
	bool pair = (n->kind == PD_NODE_TUPLE || n->kind == PD_NODE_LIST) && n->n_items == 2;
	if (pair ? !pd_node_to_i64(n->items[0], &low) || !pd_node_to_i64(n->items[1], &high)
		 : !pd_node_to_i64(n, &high))
		return pd_attr_fail(object, "degree", err, "is not a number or two");
	if (low < 0 || high < low || high > 64)
		return pd_attr_fail(object, "degree", err, "is %lld to %lld", (long long)low,
				    (long long)high);
	p->low = low > 1 ? (size_t)low : 1;
	p->high = (size_t)high;
	return PD_OK;
}

/* The next combination of `degree` columns below n in place; false after the last. */
static bool advance(uint32_t *c, size_t degree, size_t n, bool once)
{
	for (size_t i = degree; i-- > 0;) {
		size_t last = once ? n - (degree - i) : n - 1;
		if (c[i] >= last)
			continue;
		c[i]++;
		for (size_t k = i + 1; k < degree; k++)
			c[k] = c[k - 1] + (once ? 1 : 0);
		return true;
	}
	return false;
}

/* Write all the products; with factors NULL only count them. */
static bool list_products(struct polynomial *p, size_t n, bool once, uint32_t *factors,
			  uint32_t *start, size_t *out_factors)
{
	size_t at = 0, i = 0;
	uint32_t c[64];
	for (size_t degree = p->low; degree <= p->high && (!once || degree <= n); degree++) {
		for (size_t k = 0; k < degree; k++)
			c[k] = once ? (uint32_t)k : 0;
		do {
			if (at + degree > FACTORS_MAX)
				return false;
			if (factors) {
				memcpy(factors + at, c, degree * sizeof(*c));
				start[i] = (uint32_t)at;
			}
			at += degree;
			i++;
		} while (advance(c, degree, n, once));
	}
	if (factors)
		start[i] = (uint32_t)at;
	p->n_products = i;
	*out_factors = at;
	return true;
}

enum pd_code pd_make_polynomial_features(struct pd_build *b, const struct pd_node *object,
					 struct pd_step *s, struct pd_err *err)
{
	struct polynomial *p = PD_ARENA_NEW(b->arena, struct polynomial);
	bool once = false;
	size_t n_factors = 0, n_out = 0;
	if (!s->n_in)
		PD_TRY(pd_attr_size(object, "n_input_features_", 1, PD_FEATURES_MAX, &s->n_in,
				    err));
	PD_TRY(pd_attr_bool(object, "interaction_only", &once, err));
	p->bias = true;
	PD_TRY(pd_attr_bool(object, "include_bias", &p->bias, err));
	PD_TRY(read_degrees(object, p, err));
	if (!list_products(p, s->n_in, once, NULL, NULL, &n_factors))
		return pd_attr_fail(object, "degree", err, "gives too many products");
	PD_TRY(pd_attr_size(object, "n_output_features_", 0, PD_FEATURES_MAX, &n_out, err));
	s->n_out = p->n_products + p->bias;
	if (n_out != s->n_out)
		return pd_attr_fail(object, "n_output_features_", err, "is %zu, not %zu", n_out,
				    s->n_out);
	uint32_t *factors = PD_ARENA_ARRAY(b->arena, uint32_t, n_factors);
	uint32_t *start = PD_ARENA_ARRAY(b->arena, uint32_t, p->n_products + 1);
	(void)list_products(p, s->n_in, once, factors, start, &n_factors);
	p->factors = factors;
	p->start = start;
	s->self = p;
	s->ops = &polynomial_ops;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

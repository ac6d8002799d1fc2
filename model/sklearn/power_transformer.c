#include "model/recognise_table.h"

#include <math.h>

/*
 * PowerTransformer: Yeo-Johnson or Box-Cox by column, then its own StandardScaler.
 * Source: sklearn/preprocessing/_data.py, PowerTransformer.
 */

struct power {
	const double *lambdas;
	bool box_cox;
	const struct pd_step *scaler; /* NULL: not standardized */
};

static double box_cox(double x, double l)
{
	return l == 0 ? log(x) : expm1(l * log(x)) / l;
}

static double yeo_johnson(double x, double l)
{
	if (x >= 0)
		return fabs(l) < __DBL_EPSILON__ ? log1p(x) : expm1(l * log1p(x)) / l;
	if (fabs(l - 2) > __DBL_EPSILON__)
		return -expm1((2 - l) * log1p(-x)) / (2 - l);
	return -log1p(-x);
}

static enum pd_code transform(const struct pd_step *s, const struct pd_matrix *in,
			      struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct power *p = s->self;
	double *x = NULL;
	if (in->sparse)
		return pd_fail(err, PD_INVALID, "PowerTransformer takes no sparse matrix");
	PD_TRY(pd_step_room(arena, in->n_rows, in->n_cols, sizeof(*x), &x, err));
	for (size_t i = 0; i < in->n_rows * in->n_cols; i++) {
		double v = in->x[i], l = p->lambdas[i % in->n_cols];
		if (p->box_cox && v <= 0)
			return pd_fail(err, PD_INVALID,
				       "The Box-Cox transformation can only be applied to strictly "
				       "positive data (row %zu, column %zu)",
				       i / in->n_cols, i % in->n_cols);
		if (!isnan(v))
			v = p->box_cox ? box_cox(v, l) : yeo_johnson(v, l);
		x[i] = in->f32 ? (double)(float)v : v;
	}
	struct pd_matrix m = { .n_rows = in->n_rows, .n_cols = in->n_cols, .f32 = in->f32, .x = x };
	*out = m;
	return p->scaler ? p->scaler->ops->transform(p->scaler, &m, arena, out, err) : PD_OK;
}

static const struct pd_step_ops power_ops = { .transform = transform };

enum pd_code pd_make_power_transformer(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err)
{
	struct power *p = PD_ARENA_NEW(b->arena, struct power);
	struct pd_str method = PD_STR("yeo-johnson");
	const struct pd_array *a = NULL;
	bool standardize = true;
	PD_TRY(pd_attr_text(object, "method", &method, err));
	p->box_cox = pd_str_eqz(method, "box-cox");
	if (!p->box_cox && !pd_str_eqz(method, "yeo-johnson"))
		return pd_option_fail(object, "method", method, err);
	PD_TRY(pd_attr_array(object, "lambdas_", &a, err));
	PD_TRY(pd_step_width(s, object, a->n_items, err));
	PD_TRY(pd_attr_doubles(b, object, "lambdas_", s->n_in, &p->lambdas, err));
	PD_TRY(pd_attr_bool(object, "standardize", &standardize, err));
	if (standardize) {
		const struct pd_node *scaler = NULL;
		struct pd_step *inner = PD_ARENA_NEW(b->arena, struct pd_step);
		PD_TRY(pd_attr(object, "_scaler", &scaler, err));
		if (!pd_node_is(scaler, PD_NODE_OBJECT) ||
		    !pd_str_eqz(pd_node_class(scaler), "StandardScaler"))
			return pd_attr_fail(object, "_scaler", err, "is no StandardScaler");
		inner->n_in = s->n_in;
		PD_TRY(pd_make_standard_scaler(b, scaler, inner, err));
		p->scaler = inner;
	}
	s->self = p;
	s->ops = &power_ops;
	s->n_out = s->n_in;
	s->nan_ok = true;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

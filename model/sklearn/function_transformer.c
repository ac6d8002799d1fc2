#include "model/recognise_table.h"
#include "model/sklearn/ufunc.h"

#include <math.h>

/*
 * FunctionTransformer with no function, or with one of numpy's that works on each value. numpy's
 * own exp, log and their kin differ from libm in the last place for some arguments.
 * Source: sklearn/preprocessing/_function_transformer.py.
 */

static double square(double x)
{
	return x * x;
}

static double negative(double x)
{
	return -x;
}

static double reciprocal(double x)
{
	return 1.0 / x;
}

static double sign(double x)
{
	return isnan(x) ? x : (double)(x > 0) - (double)(x < 0);
}

static double degrees(double x)
{
	return x * (180.0 / M_PI);
}

static double radians(double x)
{
	return x * (M_PI / 180.0);
}

static const struct pd_ufunc ufuncs[] = {
	{ "abs", fabs, true },
	{ "absolute", fabs, true },
	{ "arcsinh", asinh, true },
	{ "arctan", atan, true },
	{ "cbrt", cbrt, true },
	{ "ceil", ceil, true },
	{ "cos", cos, false },
	{ "cosh", cosh, false },
	{ "deg2rad", radians, true },
	{ "degrees", degrees, true },
	{ "exp", exp, false },
	{ "exp2", exp2, false },
	{ "expm1", expm1, true },
	{ "fabs", fabs, true },
	{ "floor", floor, true },
	{ "log", log, false },
	{ "log10", log10, false },
	{ "log1p", log1p, true },
	{ "log2", log2, false },
	{ "negative", negative, true },
	{ "rad2deg", degrees, true },
	{ "radians", radians, true },
	{ "reciprocal", reciprocal, false },
	{ "rint", rint, true },
	{ "sign", sign, true },
	{ "sin", sin, true },
	{ "sinh", sinh, true },
	{ "sqrt", sqrt, true },
	{ "square", square, true },
	{ "tan", tan, true },
	{ "tanh", tanh, true },
	{ "trunc", trunc, true },
};

enum pd_code pd_ufunc_read(const struct pd_node *object, const char *name,
			   const struct pd_ufunc **out, struct pd_err *err)
{
	const struct pd_node *n = pd_attr_opt(object, name);
	*out = NULL;
	if (!n)
		return PD_OK;
	if (n->kind != PD_NODE_GLOBAL)
		return pd_option_fail(object, name, PD_STR("a function of its own"), err);
	bool numpy = pd_str_eqz(n->s, "numpy") || pd_str_starts(n->s, PD_STR("numpy."));
	for (size_t i = 0; numpy && i < PD_LEN(ufuncs); i++)
		if (pd_str_eqz(n->t, ufuncs[i].name))
			*out = &ufuncs[i];
	return *out ? PD_OK : pd_option_fail(object, name, n->t, err);
}

struct function {
	const struct pd_ufunc *f; /* NULL: identity */
	bool validate;
};

static enum pd_code apply(const struct pd_ufunc *f, struct pd_matrix *m, struct pd_arena *arena,
			  struct pd_err *err)
{
	double *v = NULL;
	size_t n = m->sparse ? m->start[m->n_rows] : m->n_rows * m->n_cols;
	const double *from = m->sparse ? m->val : m->x;
	if (m->sparse && !f->keeps_zero)
		return pd_fail(err, PD_INVALID, "FunctionTransformer: %s takes no sparse matrix",
			       f->name);
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*v), &v, err));
	for (size_t i = 0; i < n; i++)
		v[i] = m->f32 ? (double)(float)f->fn(from[i]) : f->fn(from[i]);
	if (m->sparse)
		m->val = v;
	else
		m->x = v;
	return PD_OK;
}

static enum pd_code transform_each(const struct pd_step *s, const struct pd_flow *in,
				   struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct function *f = s->self;
	static const struct pd_step nobody;
	struct pd_flow flow = *in;
	if (f->validate)
		PD_TRY(pd_flow_matrix(in, s, arena, &flow.x, err));
	else if (f->f && in->frame)
		PD_TRY(pd_frame_matrix(in->frame, &nobody, arena, &flow.x, err));
	if (f->validate || f->f)
		flow.frame = NULL;
	if (f->f)
		PD_TRY(apply(f->f, &flow.x, arena, err));
	*out = flow;
	return PD_OK;
}

static const struct pd_step_ops function_ops = { .flow = transform_each };

/* functools.partial(check_array, ...), which HistGradientBoosting puts before its numbers: they are
 * checked by what follows. */
static bool only_checks(const struct pd_node *f)
{
	if (!pd_node_is(f, PD_NODE_OBJECT) || !pd_str_eqz(pd_node_class(f), "partial") ||
	    !pd_str_eqz(pd_node_module(f), "functools"))
		return false;
	const struct pd_node *args = f->obj->args;
	return args && args->n_items == 1 && pd_node_is(args->items[0], PD_NODE_GLOBAL) &&
	       pd_str_eqz(args->items[0]->s, "sklearn.utils.validation") &&
	       pd_str_eqz(args->items[0]->t, "check_array");
}

enum pd_code pd_make_function_transformer(struct pd_build *b, const struct pd_node *object,
					  struct pd_step *s, struct pd_err *err)
{
	struct function *f = PD_ARENA_NEW(b->arena, struct function);
	const struct pd_node *args = pd_attr_opt(object, "kw_args");
	if (!only_checks(pd_attr_opt(object, "func")))
		PD_TRY(pd_ufunc_read(object, "func", &f->f, err));
	PD_TRY(pd_attr_bool(object, "validate", &f->validate, err));
	if (args && !(args->kind == PD_NODE_DICT && !args->n_items))
		return pd_option_fail(object, "kw_args", PD_STR("{...}"), err);
	s->self = f;
	s->ops = &function_ops;
	s->n_out = s->n_in;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

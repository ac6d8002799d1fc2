#include <assert.h>

#include "model/recognise_table.h"
#include "model/sklearn/ufunc.h"

/*
 * TransformedTargetRegressor: a regressor whose predictions go back through one of numpy's
 * functions or a StandardScaler.
 * Source: sklearn/compose/_target.py, predict.
 */

struct transformed {
	struct pd_chain regressor;
	const struct pd_ufunc *inverse; /* NULL: none */
	size_t n_out;                   /* of the scaler; 0: no scaler */
	const double *scale, *mean;     /* NULL: not */
	bool flat;                      /* trained on a one-dimensional target */
};

static enum pd_code answer(const struct pd_step *s, enum pd_method method, const struct pd_flow *in,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	const struct transformed *t = s->self;
	double *y = NULL;
	assert(t->n_out || (!t->scale && !t->mean));
	PD_TRY(pd_chain_predict(&t->regressor, method, in, arena, out, err));
	if (out->kind != PD_RESULT_F64 && out->kind != PD_RESULT_F32)
		return pd_fail(err, PD_INVALID, "the regressor inside predicts no reals");
	if (t->n_out && t->n_out != out->n_cols)
		return pd_fail(err, PD_INVALID, "%zu predictions a row for a scaler of %zu",
			       out->n_cols, t->n_out);
	bool f32 = out->kind == PD_RESULT_F32;
	PD_TRY(pd_step_room(arena, out->n_rows, out->n_cols, sizeof(*y), &y, err));
	for (size_t i = 0; i < out->n_rows * out->n_cols; i++) {
		double v = out->f[i];
		if (t->inverse)
			v = t->inverse->fn(v);
		if (t->scale)
			v *= t->scale[i % t->n_out];
		if (f32)
			v = (double)(float)v;
		if (t->mean)
			v += t->mean[i % t->n_out];
		y[i] = f32 ? (double)(float)v : v;
	}
	out->f = y;
	out->flat = t->flat && out->n_cols == 1;
	return PD_OK;
}

static const struct pd_step_ops transformed_ops = { .answer = answer };

static enum pd_code read_scaler(struct pd_build *b, const struct pd_node *scaler,
				struct transformed *t, struct pd_err *err)
{
	bool with_mean = true, with_std = true;
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_bool(scaler, "with_mean", &with_mean, err));
	PD_TRY(pd_attr_bool(scaler, "with_std", &with_std, err));
	if (!with_mean && !with_std)
		return PD_OK;
	PD_TRY(pd_attr_array(scaler, with_std ? "scale_" : "mean_", &a, err));
	t->n_out = a->n_items;
	if (!t->n_out)
		return pd_attr_fail(scaler, "scale_", err, "is empty");
	if (with_std)
		PD_TRY(pd_attr_doubles(b, scaler, "scale_", t->n_out, &t->scale, err));
	if (with_mean)
		PD_TRY(pd_attr_doubles(b, scaler, "mean_", t->n_out, &t->mean, err));
	return PD_OK;
}

enum pd_code pd_make_transformed_target(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, struct pd_err *err)
{
	struct transformed *t = PD_ARENA_NEW(b->arena, struct transformed);
	const struct pd_node *regressor = NULL, *transformer = NULL;
	size_t dims = 1;
	PD_TRY(pd_attr(object, "regressor_", &regressor, err));
	PD_TRY(pd_attr(object, "transformer_", &transformer, err));
	PD_TRY(pd_attr_size(object, "_training_dim", 1, 2, &dims, err));
	t->flat = dims == 1;
	PD_TRY(pd_build_chain(b, regressor, PD_STR("regressor"), &t->regressor, err));
	if (!pd_chain_can(&t->regressor, PD_METHOD_PREDICT))
		return pd_attr_fail(object, "regressor_", err, "cannot predict");
	if (!pd_node_is(transformer, PD_NODE_OBJECT))
		return pd_attr_fail(object, "transformer_", err, "is no estimator");
	struct pd_str cls = pd_node_class(transformer);
	if (pd_str_eqz(cls, "FunctionTransformer"))
		PD_TRY(pd_ufunc_read(transformer, "inverse_func", &t->inverse, err));
	else if (pd_str_eqz(cls, "StandardScaler"))
		PD_TRY(read_scaler(b, transformer, t, err));
	else
		return pd_option_fail(object, "transformer", cls, err);
	const struct pd_step *first = t->regressor.steps[0];
	s->n_in = first->n_in;
	s->names = first->names;
	s->n_names = first->n_names;
	s->self = t;
	s->ops = &transformed_ops;
	s->n_out = pd_chain_n_out(&t->regressor);
	s->can = PD_CAN(PD_METHOD_PREDICT);
	return PD_OK;
}

#include <math.h>

#include "model/recognise_table.h"
#include "model/xgboost/learner.h"

/*
 * XGBoost's Booster and the wrappers XGBRegressor, XGBClassifier, XGBRanker and their forests,
 * which hold the bytes of a Booster. MLmodel says which wrapper a bare file belongs to.
 * Source: XGBoost, python-package/xgboost/sklearn.py, predict, predict_proba.
 */

struct xgb {
	struct pd_xgb m;
	bool classifier;
	float missing;            /* a value that is missing besides NaN */
	struct pd_labels classes; /* n is 0: class numbers */
};

/* One row as float32; whether any value is missing. */
static bool take_row(const struct xgb *g, const double *from, size_t n, double *x)
{
	bool has_nan = false;
	for (size_t i = 0; i < n; i++) {
		float v = (float)from[i];
		x[i] = v == g->missing ? (double)NAN : (double)v;
		has_nan |= isnan(x[i]);
	}
	return has_nan;
}

/* *out: n_groups floats a row. */
static enum pd_code run_rows(const struct xgb *g, const struct pd_matrix *in,
			     struct pd_arena *arena, float **out, struct pd_err *err)
{
	size_t k = g->m.n_groups;
	double *x = NULL;
	uint32_t *leaf = NULL;
	PD_TRY(pd_step_room(arena, in->n_cols, 1, sizeof(*x), &x, err));
	PD_TRY(pd_step_room(arena, g->m.trees.n_trees, 1, sizeof(*leaf), &leaf, err));
	PD_TRY(pd_step_room(arena, in->n_rows, k, sizeof(**out), out, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		bool has_nan = take_row(g, in->x + row * in->n_cols, in->n_cols, x);
		pd_xgb_margins(&g->m, x, has_nan, leaf, *out + row * k);
		pd_xgb_link_row(&g->m, *out + row * k);
	}
	return PD_OK;
}

static size_t class_of(const struct xgb *g, const float *p)
{
	size_t best = 0;
	if (g->m.link == PD_XGB_SOFTMAX)
		return (size_t)p[0];
	if (g->m.n_groups == 1)
		return p[0] > 0.5f;
	for (size_t i = 1; i < g->m.n_groups; i++)
		best = p[i] > p[best] ? i : best;
	return best;
}

static enum pd_code labels(const struct xgb *g, const float *p, size_t n_rows,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	int64_t *number = NULL;
	uint32_t *index = NULL;
	PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*number), &number, err));
	PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*index), &index, err));
	for (size_t row = 0; row < n_rows; row++) {
		index[row] = (uint32_t)class_of(g, p + row * g->m.n_groups);
		number[row] = index[row];
	}
	if (g->classes.n)
		return pd_labels_take(&g->classes, 1, index, n_rows, arena, out, err);
	*out = (struct pd_result){
		.kind = PD_RESULT_I64, .n_rows = n_rows, .n_cols = 1, .flat = true, .i = number
	};
	return PD_OK;
}

static enum pd_code answer(const struct pd_step *s, enum pd_method method,
			   const struct pd_matrix *in, struct pd_arena *arena,
			   struct pd_result *out, struct pd_err *err)
{
	const struct xgb *g = s->self;
	struct pd_matrix x = { 0 };
	float *p = NULL;
	double *y = NULL;
	size_t k = g->m.n_groups, n = g->m.link == PD_XGB_SOFTMAX ? 1 : k;
	PD_TRY(pd_matrix_dense(in, arena, &x, err));
	PD_TRY(run_rows(g, &x, arena, &p, err));
	if (g->classifier && method == PD_METHOD_PREDICT)
		return labels(g, p, x.n_rows, arena, out, err);
	bool both = method == PD_METHOD_PROBA && k == 1;
	n = both ? 2 : n;
	PD_TRY(pd_step_room(arena, x.n_rows, n, sizeof(*y), &y, err));
	for (size_t row = 0; row < x.n_rows; row++)
		for (size_t i = 0; i < n; i++) {
			const float *v = p + row * k;
			y[row * n + i] = (double)(both ? (i ? v[0] : 1.0f - v[0]) : v[i]);
		}
	*out = (struct pd_result){
		.kind = PD_RESULT_F32, .n_rows = x.n_rows, .n_cols = n, .flat = n == 1, .f = y
	};
	return PD_OK;
}

static const struct pd_step_ops xgb_ops = { .predict = answer };

/* ---- reading */

static enum pd_code read_booster(struct pd_build *b, const struct pd_node *booster,
				 struct pd_step *s, struct xgb *g, bool wrapped, struct pd_err *err)
{
	const struct pd_node *handle = pd_attr_opt(booster, "handle");
	if (!pd_node_is(handle, PD_NODE_BYTES))
		return pd_attr_fail(booster, "handle", err, "is not the bytes of a model");
	PD_TRY(pd_xgb_read(&g->m, handle->s, wrapped, b->arena, b->scratch, err));
	s->n_in = g->m.n_columns;
	s->names = g->m.names;
	s->n_names = g->m.n_names;
	s->n_out = g->m.link == PD_XGB_SOFTMAX ? 1 : g->m.n_groups;
	s->self = g;
	s->ops = &xgb_ops;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	s->nan_ok = s->nan_ok_sparse = true;
	s->inf_ok = wrapped; /* a DMatrix refuses it, predicting in place does not */
	s->as_f32 = true;
	return PD_OK;
}

static enum pd_code make_classifier(const struct pd_node *object, struct pd_step *s, struct xgb *g,
				    struct pd_err *err)
{
	if (g->m.n_groups > 1 && g->m.link != PD_XGB_SOFTPROB && g->m.link != PD_XGB_SOFTMAX)
		return pd_option_fail(object, "classes", PD_STR("several labels a row"), err);
	g->classifier = true;
	s->n_out = 1;
	if (g->m.link == PD_XGB_SOFTPROB || g->m.link == PD_XGB_LOGISTIC ||
	    g->m.link == PD_XGB_HINGE)
		s->can |= PD_CAN(PD_METHOD_PROBA);
	return PD_OK;
}

static bool is_classifier(struct pd_str cls)
{
	return pd_str_eqz(cls, "XGBClassifier") || pd_str_eqz(cls, "XGBRFClassifier");
}

enum pd_code pd_make_xgb_booster(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct pd_err *err)
{
	struct xgb *g = PD_ARENA_NEW(b->arena, struct xgb);
	struct pd_str module = { 0 }, cls = b->model_class;
	ptrdiff_t dot = pd_str_rfind(cls, '.');
	g->missing = NAN;
	if (dot >= 0) {
		module = pd_str_head(cls, (size_t)dot);
		cls = pd_str_skip(cls, (size_t)dot + 1);
	}
	bool wrapped = pd_str_eqz(module, "xgboost.sklearn");
	PD_TRY(read_booster(b, object, s, g, wrapped, err));
	return wrapped && is_classifier(cls) ? make_classifier(object, s, g, err) : PD_OK;
}

enum pd_code pd_make_xgb(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err)
{
	const struct pd_node *booster = NULL, *missing = pd_attr_opt(object, "missing");
	const struct pd_node *encoder = pd_attr_opt(object, "_le");
	struct xgb *g = PD_ARENA_NEW(b->arena, struct xgb);
	double value = NAN;
	PD_TRY(pd_attr(object, "_Booster", &booster, err));
	if (!pd_node_is(booster, PD_NODE_OBJECT) ||
	    !pd_str_eqz(pd_node_class(booster), "Booster") ||
	    !pd_str_starts(pd_node_module(booster), PD_STR("xgboost.")))
		return pd_attr_fail(object, "_Booster", err, "is not a Booster; was it fitted?");
	if (missing && !pd_node_to_f64(missing, &value))
		return pd_attr_fail(object, "missing", err, "is not a number");
	g->missing = (float)value;
	PD_TRY(read_booster(b, booster, s, g, true, err));
	if (!is_classifier(s->cls))
		return PD_OK;
	PD_TRY(make_classifier(object, s, g, err));
	if (!pd_node_is(encoder, PD_NODE_OBJECT)) /* until 1.5 */
		return PD_OK;
	PD_TRY(pd_attr_labels(b, encoder, "classes_", &g->classes, err));
	if (g->classes.n < (g->m.n_groups > 1 ? g->m.n_groups : 2))
		return pd_attr_fail(object, "_le", err, "has %zu classes", g->classes.n);
	return PD_OK;
}

#include <math.h>

#include "model/chain.h"
#include "model/lightgbm/text.h"
#include "model/recognise_table.h"

/*
 * LightGBM's Booster and the wrappers LGBMRegressor, LGBMClassifier, LGBMRanker, which hold the
 * text of a Booster. All in double, trees in order.
 * Source: LightGBM, src/boosting/gbdt_prediction.cpp, objective/; python-package, sklearn.py.
 */

struct lgbm {
	struct pd_lgbm m;
	bool classifier;
	struct pd_labels classes;
};

/* ---- input: categories of pandas become their numbers */

static double code_of(const struct pd_lgbm_categories *c, const struct pd_cell *v)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->words ? v->kind == PD_CELL_STR && pd_str_eq(c->words[i], v->s)
			     : (v->kind == PD_CELL_F64 && c->numbers[i] == v->f) ||
				       ((v->kind == PD_CELL_I64 || v->kind == PD_CELL_BOOL) &&
					c->numbers[i] == (double)v->i))
			return (double)i;
	}
	return NAN;
}

static enum pd_code code_column(const struct pd_lgbm_categories *c, const struct pd_col *in,
				size_t n_rows, struct pd_arena *arena, struct pd_col *out,
				struct pd_err *err)
{
	double *f = NULL;
	PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*f), &f, err));
	for (size_t row = 0; row < n_rows; row++) {
		struct pd_cell v = pd_col_cell(in, row);
		f[row] = code_of(c, &v);
	}
	*out = (struct pd_col){ .name = in->name, .kind = PD_COL_F64, .f = f };
	return PD_OK;
}

/* An unnamed table holds codes already, as an array does for LightGBM. */
static enum pd_code take_flow(const struct pd_step *s, const struct lgbm *g,
			      const struct pd_flow *in, struct pd_arena *arena,
			      struct pd_matrix *out, struct pd_err *err)
{
	struct pd_flow flow = *in;
	struct pd_frame frame;
	struct pd_col *cols = NULL;
	if (in->frame && in->frame->named && g->m.categories &&
	    in->frame->n_cols == g->m.n_columns) {
		frame = *in->frame;
		PD_TRY(pd_step_room(arena, frame.n_cols, 1, sizeof(*cols), &cols, err));
		memcpy(cols, frame.cols, frame.n_cols * sizeof(*cols));
		for (size_t i = 0; i < frame.n_cols; i++)
			if (g->m.categories[i])
				PD_TRY(code_column(g->m.categories[i], &frame.cols[i], frame.n_rows,
						   arena, &cols[i], err));
		frame.cols = cols;
		flow.frame = &frame;
	}
	PD_TRY(pd_flow_matrix(&flow, s, arena, out, err));
	return pd_matrix_dense(out, arena, out, err);
}

/* ---- sums */

static double leaf_value(const struct pd_lgbm *m, size_t tree, uint32_t leaf, const double *x)
{
	if (!m->linear[tree])
		return m->value[leaf];
	const struct pd_lgbm_line *l = &m->lines[leaf];
	double y = l->constant;
	for (uint32_t i = l->first; i < l->first + l->n; i++) {
		double v = x[m->features[i]];
		if (isnan(v))
			return m->value[leaf];
		y += m->coefs[i] * v;
	}
	return y;
}

static void softmax(double *v, size_t n)
{
	double max = v[0], sum = 0;
	for (size_t i = 1; i < n; i++)
		max = v[i] > max ? v[i] : max;
	for (size_t i = 0; i < n; i++) {
		v[i] = exp(v[i] - max);
		sum += v[i];
	}
	for (size_t i = 0; i < n; i++)
		v[i] /= sum;
}

static void link_row(const struct pd_lgbm *m, double *v)
{
	if (m->link == PD_LGBM_SOFTMAX) {
		softmax(v, m->n_classes);
		return;
	}
	for (size_t i = 0; i < m->n_classes; i++) {
		switch (m->link) {
		case PD_LGBM_SQRT:
			v[i] = (double)((v[i] > 0) - (v[i] < 0)) * v[i] * v[i];
			break;
		case PD_LGBM_EXP:
			v[i] = exp(v[i]);
			break;
		case PD_LGBM_SIGMOID:
			v[i] = 1.0 / (1.0 + exp(-m->sigmoid * v[i]));
			break;
		case PD_LGBM_LOG1P_EXP:
			v[i] = log1p(exp(v[i]));
			break;
		case PD_LGBM_IDENTITY:
		case PD_LGBM_SOFTMAX:
			break;
		}
	}
}

static enum pd_code sum_rows(const struct pd_lgbm *m, const struct pd_matrix *in,
			     struct pd_arena *arena, double **out, struct pd_err *err)
{
	size_t k = m->n_classes, n_trees = m->trees.n_trees;
	double *y = NULL;
	uint32_t *leaf = NULL;
	PD_TRY(pd_step_room(arena, in->n_rows, k, sizeof(*y), &y, err));
	PD_TRY(pd_step_room(arena, n_trees, 1, sizeof(*leaf), &leaf, err));
	memset(y, 0, in->n_rows * k * sizeof(*y));
	for (size_t row = 0; row < in->n_rows; row++) {
		const double *x = in->x + row * in->n_cols;
		double *to = y + row * k;
		bool has_nan = false;
		for (size_t i = 0; i < in->n_cols; i++)
			has_nan |= isnan(x[i]);
		pd_boost_leaves(&m->trees, x, has_nan, leaf);
		for (size_t t = 0, turn = 0; t < n_trees; t++) {
			to[turn] += leaf_value(m, t, leaf[t], x);
			turn = turn + 1 < k ? turn + 1 : 0;
		}
		size_t n_rounds = n_trees / k;
		for (size_t i = 0; m->average && n_rounds && i < k; i++)
			to[i] /= (double)n_rounds;
		link_row(m, to);
	}
	*out = y;
	return PD_OK;
}

/* ---- answers */

static enum pd_code classify(const struct lgbm *g, enum pd_method method, const double *y,
			     size_t n_rows, struct pd_arena *arena, struct pd_result *out,
			     struct pd_err *err)
{
	size_t k = g->classes.n, n = g->m.n_classes;
	double *p = NULL;
	uint32_t *best = NULL;
	PD_TRY(pd_step_room(arena, n_rows, k, sizeof(*p), &p, err));
	PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*best), &best, err));
	for (size_t row = 0; row < n_rows; row++) {
		double *to = p + row * k;
		for (size_t i = 0; i < k; i++)
			to[i] = n > 1 ? y[row * n + i] : i ? y[row] : 1.0 - y[row];
		best[row] = 0;
		for (size_t i = 1; i < k; i++)
			best[row] = to[i] > to[best[row]] ? (uint32_t)i : best[row];
	}
	if (method == PD_METHOD_PREDICT)
		return pd_labels_take(&g->classes, 1, best, n_rows, arena, out, err);
	*out = (struct pd_result){ .kind = PD_RESULT_F64, .n_rows = n_rows, .n_cols = k, .f = p };
	return PD_OK;
}

static enum pd_code answer(const struct pd_step *s, enum pd_method method, const struct pd_flow *in,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	const struct lgbm *g = s->self;
	struct pd_matrix x = { 0 };
	double *y = NULL;
	PD_TRY(take_flow(s, g, in, arena, &x, err));
	PD_TRY(sum_rows(&g->m, &x, arena, &y, err));
	if (g->classifier)
		return classify(g, method, y, x.n_rows, arena, out, err);
	*out = (struct pd_result){ .kind = PD_RESULT_F64,
				   .n_rows = x.n_rows,
				   .n_cols = g->m.n_classes,
				   .flat = g->m.n_classes == 1,
				   .f = y };
	return PD_OK;
}

static const struct pd_step_ops lgbm_ops = { .answer = answer };

/* ---- reading */

/* best_iteration: rounds that count after early stopping; 0 or less: all. */
static enum pd_code read_booster(struct pd_build *b, const struct pd_node *booster,
				 struct pd_step *s, struct lgbm *g, struct pd_err *err)
{
	int64_t best = 0;
	const struct pd_node *text = pd_attr_opt(booster, "_handle");
	const struct pd_node *n = pd_attr_opt(booster, "best_iteration");
	text = text ? text : pd_attr_opt(booster, "handle"); /* until 3.3 */
	if (!pd_node_is(text, PD_NODE_TEXT))
		return pd_attr_fail(booster, "_handle", err, "is not the text of a model");
	if (n && !pd_node_to_i64(n, &best))
		return pd_attr_fail(booster, "best_iteration", err, "is not a whole number");
	PD_TRY(pd_lgbm_read(&g->m, text->s, best > 0 ? (size_t)best : 0, b->arena, b->scratch,
			    err));
	s->n_in = g->m.n_columns;
	s->n_out = g->m.n_classes;
	s->self = g;
	s->ops = &lgbm_ops;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	s->nan_ok = s->nan_ok_sparse = s->inf_ok = true;
	return PD_OK;
}

enum pd_code pd_make_lgbm_booster(struct pd_build *b, const struct pd_node *object,
				  struct pd_step *s, struct pd_err *err)
{
	return read_booster(b, object, s, PD_ARENA_NEW(b->arena, struct lgbm), err);
}

static enum pd_code read_classes(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct lgbm *g, struct pd_err *err)
{
	const struct pd_node *encoder = pd_attr_opt(object, "_le");
	if (pd_node_is(encoder, PD_NODE_OBJECT))
		PD_TRY(pd_attr_labels(b, encoder, "classes_", &g->classes, err));
	else
		PD_TRY(pd_attr_labels(b, object, "_classes", &g->classes, err));
	if (g->m.n_classes == 1 ? g->classes.n != 2 : g->classes.n != g->m.n_classes)
		return pd_attr_fail(object, "_classes", err, "are %zu, the trees give %zu",
				    g->classes.n, g->m.n_classes);
	g->classifier = true;
	s->n_out = 1;
	s->can |= PD_CAN(PD_METHOD_PROBA);
	return PD_OK;
}

enum pd_code pd_make_lgbm(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			  struct pd_err *err)
{
	const struct pd_node *booster = NULL, *objective = pd_attr_opt(object, "_objective");
	struct lgbm *g = PD_ARENA_NEW(b->arena, struct lgbm);
	PD_TRY(pd_attr(object, "_Booster", &booster, err));
	if (!pd_node_is(booster, PD_NODE_OBJECT) ||
	    !pd_str_eqz(pd_node_class(booster), "Booster") ||
	    !pd_str_starts(pd_node_module(booster), PD_STR("lightgbm.")))
		return pd_attr_fail(object, "_Booster", err, "is not a Booster; was it fitted?");
	if (objective && !pd_node_is(objective, PD_NODE_TEXT))
		return pd_option_fail(object, "objective", PD_STR("a function"), err);
	PD_TRY(read_booster(b, booster, s, g, err));
	if (pd_str_eqz(s->cls, "LGBMClassifier"))
		return read_classes(b, object, s, g, err);
	return PD_OK;
}

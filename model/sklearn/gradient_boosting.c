#include "model/kernel/sums.h"
#include "model/recognise_table.h"
#include "model/sklearn/boosting.h"
#include "model/sklearn/nested.h"
#include "model/sklearn/tree_read.h"

#include <float.h>
#include <math.h>

/*
 * GradientBoosting*: a start, to which each round adds learning_rate * leaf for every class. The
 * start is what `init_` predicts for the rows as float32, brought through the loss's link.
 * Source: sklearn/ensemble/_gb.py, _raw_predict_init, _raw_predict; _gb_losses.py until 1.3.
 */

#define NEW_LOSSES 1004 /* 1.4: the losses of sklearn._loss, another start for several classes */
#define F64_EPS    1008 /* 1.8: probabilities are kept off 0 by float64's eps */

struct gb {
	struct pd_forest trees;
	struct pd_boosting out;
	unsigned version;
	const double *start;    /* of each class, when it is the same for all rows */
	struct pd_nested *init; /* else, or NULL: zero */
};

/* ---- the start */

static void link_row(const struct gb *g, double *p)
{
	size_t k = g->out.n_raw;
	double eps = g->version >= F64_EPS ? DBL_EPSILON : (double)FLT_EPSILON, mean = 0;
	for (size_t i = 0; i < k; i++) {
		p[i] = p[i] < eps ? eps : p[i] > 1 - eps ? 1 - eps : p[i];
		mean += log(p[i]) / (double)k;
	}
	if (k == 1) {
		p[0] = log(p[0] / (1 - p[0]));
		p[0] = g->out.link == PD_BOOST_EXPONENTIAL ? 0.5 * p[0] : p[0];
		return;
	}
	for (size_t i = 0; i < k; i++)
		p[i] = g->version >= NEW_LOSSES ? log(p[i] / exp(mean)) : log(p[i]);
}

static enum pd_code start_of_init(const struct gb *g, const struct pd_matrix *in,
				  struct pd_arena *arena, double *raw, struct pd_err *err)
{
	struct pd_result r = { 0 };
	size_t k = g->out.n_raw, n_classes = g->out.classes.n;
	if (!g->out.classifier) {
		PD_TRY(pd_nested_doubles(g->init, PD_METHOD_PREDICT, &(struct pd_flow){ .x = *in },
					 1, arena, &r, err));
		memcpy(raw, r.f, in->n_rows * sizeof(*raw));
		return PD_OK;
	}
	PD_TRY(pd_nested_doubles(g->init, PD_METHOD_PROBA, &(struct pd_flow){ .x = *in }, n_classes,
				 arena, &r, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		double *to = raw + row * k;
		memcpy(to, r.f + row * n_classes + (k == 1), k * sizeof(*to));
		link_row(g, to);
	}
	return PD_OK;
}

static enum pd_code as_float32(const struct pd_matrix *in, struct pd_arena *arena,
			       struct pd_matrix *out, struct pd_err *err)
{
	double *x = NULL;
	*out = *in;
	size_t n = in->sparse ? in->start[in->n_rows] : in->n_rows * in->n_cols;
	const double *from = in->sparse ? in->val : in->x;
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*x), &x, err));
	for (size_t i = 0; i < n; i++)
		x[i] = (double)(float)from[i];
	out->x = in->sparse ? in->x : x;
	out->val = in->sparse ? x : in->val;
	out->f32 = true;
	return PD_OK;
}

static enum pd_code fill_start(const struct gb *g, const struct pd_matrix *in,
			       struct pd_arena *arena, double *raw, struct pd_err *err)
{
	size_t k = g->out.n_raw;
	struct pd_matrix x = { 0 };
	if (g->init) {
		PD_TRY(as_float32(in, arena, &x, err));
		return start_of_init(g, &x, arena, raw, err);
	}
	for (size_t row = 0; row < in->n_rows; row++)
		for (size_t i = 0; i < k; i++)
			raw[row * k + i] = g->start ? g->start[i] : 0.0;
	return PD_OK;
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct gb *g = s->self;
	double *raw = NULL;
	PD_TRY(pd_step_room(arena, in->n_rows, g->out.n_raw, sizeof(*raw), &raw, err));
	PD_TRY(fill_start(g, in, arena, raw, err));
	PD_TRY(pd_forest_add(&g->trees, in, arena, raw, err));
	return pd_boosting_answer(&g->out, method, raw, in->n_rows, arena, out, err);
}

static const struct pd_step_ops gb_ops = { .predict = predict };

/* ---- reading */

static bool is_class(const struct pd_node *object, const char *cls)
{
	return pd_node_is(object, PD_NODE_OBJECT) && pd_str_eqz(pd_node_class(object), cls) &&
	       pd_str_starts(pd_node_module(object), PD_STR("sklearn."));
}

/* DummyRegressor and DummyClassifier, the usual `init_`, say the same for every row. */
static enum pd_code read_dummy(struct pd_build *b, const struct pd_node *init, struct gb *g,
			       struct pd_err *err)
{
	const double *p = NULL;
	size_t k = g->out.n_raw;
	struct pd_str strategy = PD_STR("prior");
	double *start = PD_ARENA_ARRAY(b->arena, double, k);
	if (!g->out.classifier) {
		PD_TRY(pd_attr_doubles(b, init, "constant_", 1, &p, err));
		start[0] = p[0];
	} else {
		PD_TRY(pd_attr_text(init, "strategy", &strategy, err));
		if (!pd_str_eqz(strategy, "prior"))
			return pd_option_fail(init, "strategy", strategy, err);
		PD_TRY(pd_attr_doubles(b, init, "class_prior_", g->out.classes.n, &p, err));
		memcpy(start, p + (k == 1), k * sizeof(*start));
		link_row(g, start);
	}
	g->start = start;
	return PD_OK;
}

static enum pd_code read_init(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			      struct gb *g, struct pd_err *err)
{
	const struct pd_node *init = NULL;
	PD_TRY(pd_attr(object, "init_", &init, err));
	if (pd_node_is(init, PD_NODE_TEXT) && pd_str_eqz(init->s, "zero"))
		return PD_OK;
	if (is_class(init, g->out.classifier ? "DummyClassifier" : "DummyRegressor"))
		return read_dummy(b, init, g, err);
	g->init = PD_ARENA_NEW(b->arena, struct pd_nested);
	if (pd_nested_read(b, init, s->n_in, g->init, err) != PD_OK)
		return pd_err_prefix(err, "init_");
	if (g->out.classifier && !pd_nested_can(g->init, PD_METHOD_PROBA))
		return pd_attr_fail(object, "init_", err, "has no predict_proba");
	return PD_OK;
}

/* estimators_ in the order they are added: round by round. */
static enum pd_code find_trees(struct pd_build *b, const struct pd_node *object, struct gb *g,
			       const struct pd_node ***out, size_t *out_n, struct pd_err *err)
{
	const struct pd_node *n = NULL, **trees = NULL;
	PD_TRY(pd_attr(object, "estimators_", &n, err));
	if (n->kind != PD_NODE_ARRAY || n->arr->type->kind != PD_DT_OBJECT || n->arr->n_dims != 2 ||
	    !n->arr->n_items || n->arr->n_items > PD_TREES_MAX)
		return pd_attr_fail(object, "estimators_", err, "is not a table of trees");
	size_t rounds = (size_t)n->arr->shape[0], k = (size_t)n->arr->shape[1];
	if (k != g->out.n_raw)
		return pd_attr_fail(object, "estimators_", err, "has %zu trees a round, not %zu", k,
				    g->out.n_raw);
	PD_TRY(pd_arena_try(b->scratch, rounds * k, sizeof(*trees), &trees, err));
	for (size_t i = 0; i < rounds; i++)
		for (size_t j = 0; j < k; j++)
			trees[i * k + j] =
				n->arr->objects[n->arr->fortran ? j * rounds + i : i * k + j];
	*out = trees;
	*out_n = rounds * k;
	return PD_OK;
}

static enum pd_code read_loss(const struct pd_node *object, struct gb *g, struct pd_err *err)
{
	static const char *const losses[] = { "squared_error", "ls",    "absolute_error",
					      "lad",           "huber", "quantile" };
	struct pd_str loss = { 0 };
	PD_TRY(pd_attr_text(object, "loss", &loss, err));
	g->out.link = PD_BOOST_IDENTITY;
	for (size_t i = 0; !g->out.classifier && i < PD_LEN(losses); i++)
		if (pd_str_eqz(loss, losses[i]))
			return PD_OK;
	if (!g->out.classifier)
		return pd_option_fail(object, "loss", loss, err);
	if (pd_str_eqz(loss, "exponential") && g->out.classes.n == 2)
		g->out.link = PD_BOOST_EXPONENTIAL;
	else if (pd_str_eqz(loss, "log_loss") || pd_str_eqz(loss, "deviance"))
		g->out.link = g->out.classes.n == 2 ? PD_BOOST_EXPIT : PD_BOOST_SOFTMAX;
	else
		return pd_option_fail(object, "loss", loss, err);
	/* since 1.4 and with the exponential loss, a raw value of 0 is the second class */
	g->out.zero_is_second = g->version >= NEW_LOSSES || g->out.link == PD_BOOST_EXPONENTIAL;
	return PD_OK;
}

static enum pd_code read_trees(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			       struct gb *g, struct pd_err *err)
{
	const struct pd_node **trees = NULL, *rate_node = NULL;
	struct pd_tree_target target = { 0 };
	double rate = 0;
	size_t n = 0;
	PD_TRY(find_trees(b, object, g, &trees, &n, err));
	PD_TRY(pd_attr(object, "learning_rate", &rate_node, err));
	if (!pd_node_to_f64(rate_node, &rate))
		return pd_attr_fail(object, "learning_rate", err, "is not a number");
	PD_TRY(pd_tree_width(s, object, trees[0], err));
	PD_TRY(pd_tree_target_read(b, trees[0], false, &target, err));
	if (target.n_outputs != 1)
		return pd_attr_fail(object, "estimators_", err, "are trees of %zu outputs",
				    target.n_outputs);
	PD_TRY(pd_trees_read(b, trees, n, s->n_in, &target, &g->trees, NULL, err));
	for (size_t i = 0; i < g->trees.n_leaves; i++)
		g->trees.values[i] *= rate;
	g->trees.n_turns = g->out.n_raw;
	g->trees.missing_left = NULL; /* NaN is refused; its own loop does not know it */
	return PD_OK;
}

enum pd_code pd_make_gradient_boosting(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err)
{
	struct gb *g = PD_ARENA_NEW(b->arena, struct gb);
	g->version = pd_sklearn_version(object);
	PD_TRY(pd_boosting_target(b, object, s, &g->out, err));
	PD_TRY(read_loss(object, g, err));
	PD_TRY(read_trees(b, object, s, g, err));
	PD_TRY(read_init(b, object, s, g, err));
	s->self = g;
	s->ops = &gb_ops;
	s->as_f32 = true;
	return PD_OK;
}

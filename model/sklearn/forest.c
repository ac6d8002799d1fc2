#include "model/recognise_table.h"
#include "model/kernel/sums.h"
#include "model/sklearn/tree_read.h"

#include <math.h>

/*
 * RandomForest* and ExtraTrees*: the sum of the trees' values in list order, divided by their
 * number; a classifier takes the first largest probability.
 * Source: sklearn/ensemble/_forest.py, predict, predict_proba.
 */

struct forest {
	struct pd_forest trees;
	struct pd_tree_target target;
};

static enum pd_code labels(const struct forest *f, const double *p, size_t n_rows,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	uint32_t *index = NULL;
	size_t n_out = f->target.n_outputs, width = f->target.width;
	PD_TRY(pd_step_room(arena, n_rows, n_out, sizeof(*index), &index, err));
	for (size_t i = 0; i < n_rows * n_out; i++)
		index[i] = (uint32_t)pd_argmax(p + i * width, f->target.n_classes[i % n_out]);
	return pd_labels_take(f->target.labels, n_out, index, n_rows, arena, out, err);
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct forest *f = s->self;
	double *y = NULL, n_trees = (double)f->trees.n_trees;
	size_t n = f->trees.n_values;
	PD_TRY(pd_forest_sum(&f->trees, in, arena, &y, err));
	for (size_t i = 0; i < in->n_rows * n; i++)
		y[i] /= n_trees;
	if (f->target.classifier && method == PD_METHOD_PREDICT)
		return labels(f, y, in->n_rows, arena, out, err);
	for (size_t i = 0; method == PD_METHOD_LOG_PROBA && i < in->n_rows * n; i++)
		y[i] = log(y[i]);
	*out = (struct pd_result){ .kind = PD_RESULT_F64,
				   .n_rows = in->n_rows,
				   .n_cols = n,
				   .flat = !f->target.classifier && n == 1,
				   .f = y };
	return PD_OK;
}

static const struct pd_step_ops forest_ops = { .predict = predict };

static enum pd_code find_estimators(const struct pd_node *object, const struct pd_node **out,
				    struct pd_err *err)
{
	const struct pd_node *list = NULL;
	PD_TRY(pd_attr(object, "estimators_", &list, err));
	if (list->kind != PD_NODE_LIST || !list->n_items || list->n_items > PD_TREES_MAX)
		return pd_attr_fail(object, "estimators_", err, "is not a list of trees");
	*out = list;
	return PD_OK;
}

enum pd_code pd_make_forest(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err)
{
	struct forest *f = PD_ARENA_NEW(b->arena, struct forest);
	const struct pd_node *list = NULL;
	bool classifier = pd_str_ends(s->cls, PD_STR("Classifier")), takes_nan = false;
	PD_TRY(find_estimators(object, &list, err));
	PD_TRY(pd_tree_width(s, object, list->items[0], err));
	PD_TRY(pd_tree_target_read(b, object, classifier, &f->target, err));
	PD_TRY(pd_trees_read(b, (const struct pd_node *const *)list->items, list->n_items, s->n_in,
			     &f->target, &f->trees, NULL, err));
	PD_TRY(pd_tree_takes_nan(list->items[0], &takes_nan, err));
	s->nan_ok = takes_nan && pd_sklearn_version(object) >= 1004;
	s->self = f;
	s->ops = &forest_ops;
	s->as_f32 = true;
	s->n_out = f->target.n_outputs;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	if (classifier)
		s->can |= pd_tree_proba_bits(&f->target);
	return PD_OK;
}

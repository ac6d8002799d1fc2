#include "model/recognise_table.h"
#include "model/kernel/sums.h"
#include "model/sklearn/tree_read.h"

#include <math.h>

/*
 * DecisionTree* and ExtraTree*: one tree. A classifier chooses its label by the values as stored,
 * before they are made probabilities.
 * Source: sklearn/tree/_classes.py, predict, predict_proba.
 */

struct tree {
	struct pd_forest forest;
	struct pd_tree_target target;
	const uint32_t *best; /* classifier: of each leaf and output, the label */
};

static enum pd_code labels(const struct tree *t, const uint32_t *leaf, size_t n_rows,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	uint32_t *index = NULL;
	size_t n_out = t->target.n_outputs;
	PD_TRY(pd_step_room(arena, n_rows, n_out, sizeof(*index), &index, err));
	for (size_t i = 0; i < n_rows; i++)
		memcpy(index + i * n_out, t->best + leaf[i] * n_out, n_out * sizeof(*index));
	return pd_labels_take(t->target.labels, n_out, index, n_rows, arena, out, err);
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct tree *t = s->self;
	uint32_t *leaf = NULL;
	double *y = NULL;
	size_t n = t->forest.n_values;
	PD_TRY(pd_forest_leaf(&t->forest, in, arena, &leaf, err));
	if (t->target.classifier && method == PD_METHOD_PREDICT)
		return labels(t, leaf, in->n_rows, arena, out, err);
	PD_TRY(pd_step_room(arena, in->n_rows, n, sizeof(*y), &y, err));
	for (size_t i = 0; i < in->n_rows; i++)
		for (size_t k = 0; k < n; k++) {
			double v = t->forest.values[leaf[i] * n + k];
			y[i * n + k] = method == PD_METHOD_LOG_PROBA ? log(v) : v;
		}
	*out = (struct pd_result){ .kind = PD_RESULT_F64,
				   .n_rows = in->n_rows,
				   .n_cols = n,
				   .flat = !t->target.classifier && n == 1,
				   .f = y };
	return PD_OK;
}

static const struct pd_step_ops tree_ops = { .predict = predict };

static enum pd_code choose_labels(struct pd_build *b, struct tree *t, const double *raw,
				  struct pd_err *err)
{
	size_t n_out = t->target.n_outputs, width = t->target.width;
	uint32_t *best = NULL;
	PD_TRY(pd_arena_try(b->arena, t->forest.n_leaves * n_out, sizeof(*best), &best, err));
	for (size_t i = 0; i < t->forest.n_leaves * n_out; i++)
		best[i] = (uint32_t)pd_argmax(raw + i * width, t->target.n_classes[i % n_out]);
	t->best = best;
	return PD_OK;
}

enum pd_code pd_make_tree(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			  struct pd_err *err)
{
	struct tree *t = PD_ARENA_NEW(b->arena, struct tree);
	bool classifier = pd_str_ends(s->cls, PD_STR("Classifier"));
	double *raw = NULL;
	PD_TRY(pd_tree_width(s, object, object, err));
	PD_TRY(pd_tree_target_read(b, object, classifier, &t->target, err));
	PD_TRY(pd_trees_read(b, &object, 1, s->n_in, &t->target, &t->forest,
			     classifier ? &raw : NULL, err));
	if (classifier)
		PD_TRY(choose_labels(b, t, raw, err));
	PD_TRY(pd_tree_takes_nan(object, &s->nan_ok, err));
	s->self = t;
	s->ops = &tree_ops;
	s->as_f32 = true;
	s->n_out = t->target.n_outputs;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	if (classifier)
		s->can |= pd_tree_proba_bits(&t->target);
	return PD_OK;
}

#include <math.h>

#include "model/recognise_table.h"
#include "model/sklearn/nested.h"
#include "model/sklearn/tree_read.h"

/*
 * IsolationForest: a leaf is worth the nodes on the way to it (the root is 1) and what a random
 * tree of its samples would add; the score is a power of 2.
 * Source: sklearn/ensemble/_iforest.py.
 */

#define TAKES_NAN 1006 /* 1.6 */
#define EULER     0.5772156649015329

struct isolation {
	struct pd_forest trees;
	double denominator;
	double offset;
};

static double path_length(double n)
{
	if (n <= 1)
		return 0;
	return n == 2 ? 1 : 2.0 * (log(n - 1.0) + EULER) - 2.0 * (n - 1.0) / n;
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct isolation *f = s->self;
	double *d = NULL;
	int64_t *label = NULL;
	PD_TRY(pd_forest_sum(&f->trees, in, arena, &d, err));
	for (size_t i = 0; i < in->n_rows; i++) {
		double share = f->denominator != 0 ? d[i] / f->denominator : 1.0;
		d[i] = -pow(2, -share) - f->offset;
	}
	*out = (struct pd_result){ .n_rows = in->n_rows, .n_cols = 1, .flat = true };
	if (method == PD_METHOD_DECISION) {
		out->kind = PD_RESULT_F64;
		out->f = d;
		return PD_OK;
	}
	PD_TRY(pd_step_room(arena, in->n_rows, 1, sizeof(*label), &label, err));
	for (size_t i = 0; i < in->n_rows; i++)
		label[i] = d[i] < 0 ? -1 : 1;
	out->kind = PD_RESULT_I64;
	out->i = label;
	return PD_OK;
}

static const struct pd_step_ops isolation_ops = { .predict = predict };

static int64_t field(const struct pd_tree_source *t, size_t node, size_t offset)
{
	int64_t v;
	memcpy(&v, t->nodes + node * t->stride + offset, sizeof(v));
	return v;
}

/* The tree has been checked: children come behind their parent. */
static void fill_depths(const struct pd_tree_source *t, uint32_t *depth)
{
	depth[0] = 1;
	for (size_t i = 0; i < t->n_nodes; i++) {
		int64_t left = field(t, i, t->left), right = field(t, i, t->right);
		if (left == -1)
			continue;
		depth[left] = depth[right] = depth[i] + 1;
	}
}

static enum pd_code fill_values(struct pd_build *b, const struct pd_tree_shapes *shapes,
				struct pd_forest *f, struct pd_err *err)
{
	uint32_t *depth = NULL;
	size_t largest = 0;
	for (size_t t = 0; t < f->n_trees; t++)
		largest = shapes->sources[t].n_nodes > largest ? shapes->sources[t].n_nodes
							       : largest;
	PD_TRY(pd_arena_try(b->scratch, largest, sizeof(*depth), &depth, err));
	for (size_t t = 0; t < f->n_trees; t++) {
		const struct pd_tree_source *src = &shapes->sources[t];
		fill_depths(src, depth);
		for (uint32_t leaf = shapes->first_leaf[t]; leaf < shapes->first_leaf[t + 1];
		     leaf++) {
			uint32_t node = shapes->leaf_nodes[leaf];
			double n = (double)field(src, node, src->samples);
			f->values[leaf] = (double)depth[node] + path_length(n) - 1.0;
		}
	}
	return PD_OK;
}

static enum pd_code read_numbers(const struct pd_node *object, struct isolation *f,
				 struct pd_err *err)
{
	const struct pd_node *offset = NULL;
	size_t max_samples = 0;
	const char *name = pd_attr_opt(object, "_max_samples") ? "_max_samples" : "max_samples_";
	PD_TRY(pd_attr_size(object, name, 1, SIZE_MAX / 2, &max_samples, err));
	PD_TRY(pd_attr(object, "offset_", &offset, err));
	if (!pd_node_to_f64(offset, &f->offset))
		return pd_attr_fail(object, "offset_", err, "is not a number");
	f->denominator = (double)f->trees.n_trees * path_length((double)max_samples);
	return PD_OK;
}

enum pd_code pd_make_isolation_forest(struct pd_build *b, const struct pd_node *object,
				      struct pd_step *s, struct pd_err *err)
{
	struct isolation *f = PD_ARENA_NEW(b->arena, struct isolation);
	struct pd_tree_shapes shapes = { 0 };
	const struct pd_node *list = NULL;
	PD_TRY(pd_attr(object, "estimators_", &list, err));
	if (list->kind != PD_NODE_LIST || !list->n_items || list->n_items > PD_TREES_MAX)
		return pd_attr_fail(object, "estimators_", err, "is not a list of trees");
	if (!s->n_in)
		PD_TRY(pd_attr_size(object, "n_features_", 1, PD_FEATURES_MAX, &s->n_in, err));
	PD_TRY(pd_columns_read(b, object, "estimators_features_", list->n_items, s->n_in,
			       &shapes.columns, &shapes.lengths, err));
	PD_TRY(pd_trees_shape(b, (const struct pd_node *const *)list->items, list->n_items, s->n_in,
			      &shapes, &f->trees, err));
	PD_TRY(fill_values(b, &shapes, &f->trees, err));
	PD_TRY(read_numbers(object, f, err));
	s->nan_ok = pd_sklearn_version(object) >= TAKES_NAN;
	s->self = f;
	s->ops = &isolation_ops;
	s->as_f32 = true;
	s->n_out = 1;
	s->can = PD_CAN(PD_METHOD_PREDICT) | PD_CAN(PD_METHOD_DECISION);
	return PD_OK;
}

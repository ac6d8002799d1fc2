#include "model/sklearn/tree_read.h"

#include <stdlib.h>

#include "model/kernel/sums.h"

#define FRACTIONS_SINCE 1004 /* scikit-learn 1.4: values of classifiers are fractions */

/* ---- what is predicted */

static enum pd_code read_outputs(struct pd_build *b, const struct pd_node *object,
				 struct pd_tree_target *t, struct pd_err *err)
{
	t->n_outputs = 1;
	if (pd_attr_opt(object, "n_outputs_"))
		PD_TRY(pd_attr_size(object, "n_outputs_", 1, PD_OUTPUTS_MAX, &t->n_outputs, err));
	PD_TRY(pd_arena_try(b->arena, t->n_outputs, sizeof(*t->n_classes), &t->n_classes, err));
	return pd_arena_try(b->arena, t->n_outputs, sizeof(*t->labels), &t->labels, err);
}

/* classes_ is an array of labels, or a list of such arrays when there are several outputs. */
static enum pd_code read_classes(struct pd_build *b, const struct pd_node *object,
				 struct pd_tree_target *t, struct pd_err *err)
{
	const struct pd_node *classes = NULL;
	PD_TRY(pd_attr(object, "classes_", &classes, err));
	bool many = classes->kind == PD_NODE_LIST;
	if (many ? classes->n_items != t->n_outputs : t->n_outputs != 1)
		return pd_attr_fail(object, "classes_", err, "does not fit %zu outputs",
				    t->n_outputs);
	for (size_t i = 0; i < t->n_outputs; i++) {
		const struct pd_node *one = many ? classes->items[i] : classes;
		char cls[256];
		if (pd_labels_read(b, one, "classes_", &t->labels[i], err) != PD_OK)
			return pd_err_prefix(err, "%s", pd_class_text(object, cls, sizeof(cls)));
		if (t->labels[i].kind != t->labels[0].kind)
			return pd_attr_fail(object, "classes_", err, "has labels of two kinds");
		t->n_classes[i] = t->labels[i].n;
		t->width = t->n_classes[i] > t->width ? t->n_classes[i] : t->width;
	}
	return PD_OK;
}

enum pd_code pd_tree_target_read(struct pd_build *b, const struct pd_node *object, bool classifier,
				 struct pd_tree_target *out, struct pd_err *err)
{
	*out = (struct pd_tree_target){ .classifier = classifier, .width = 1 };
	PD_TRY(read_outputs(b, object, out, err));
	for (size_t i = 0; i < out->n_outputs; i++)
		out->n_classes[i] = 1;
	if (!classifier)
		return PD_OK;
	out->counts = pd_sklearn_version(object) < FRACTIONS_SINCE;
	return read_classes(b, object, out, err);
}

unsigned pd_tree_proba_bits(const struct pd_tree_target *t)
{
	return t->n_outputs > 1 ? 0 : PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_LOG_PROBA);
}

/* ---- one tree */

static enum pd_code find_tree(const struct pd_node *estimator, const struct pd_node **out,
			      struct pd_err *err)
{
	const struct pd_node *t = NULL;
	if (!pd_node_is(estimator, PD_NODE_OBJECT))
		return pd_fail(err, PD_CORRUPT, "not a tree estimator");
	PD_TRY(pd_attr(estimator, "tree_", &t, err));
	if (!pd_node_is(t, PD_NODE_OBJECT) || !pd_str_eqz(pd_node_class(t), "Tree") ||
	    !pd_str_starts(pd_node_module(t), PD_STR("sklearn.")))
		return pd_attr_fail(estimator, "tree_", err, "is not a sklearn Tree");
	*out = t;
	return PD_OK;
}

static enum pd_code find_field(const struct pd_node *tree, const struct pd_dtype *type,
			       const char *name, enum pd_dtype_kind kind, size_t *out,
			       struct pd_err *err)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct pd_dtype_field *f = &type->fields[i];
		if (!pd_str_eqz(f->name, name))
			continue;
		if (f->type->kind != kind || f->type->itemsize != 8 || f->type->big_endian)
			return pd_attr_fail(tree, "nodes", err, "has a field %s of an unknown kind",
					    name);
		*out = f->offset;
		return PD_OK;
	}
	return pd_attr_fail(tree, "nodes", err, "has no field %s", name);
}

static void find_missing(const struct pd_dtype *type, struct pd_tree_source *out)
{
	out->missing_left = -1;
	for (size_t i = 0; i < type->n_fields; i++)
		if (pd_str_eqz(type->fields[i].name, "missing_go_to_left") &&
		    type->fields[i].type->itemsize == 1)
			out->missing_left = (ptrdiff_t)type->fields[i].offset;
}

static enum pd_code read_nodes(const struct pd_node *tree, struct pd_tree_source *out,
			       struct pd_err *err)
{
	const struct pd_node *n = NULL;
	PD_TRY(pd_attr(tree, "nodes", &n, err));
	if (n->kind != PD_NODE_ARRAY || n->arr->type->kind != PD_DT_STRUCT || n->arr->n_dims != 1)
		return pd_attr_fail(tree, "nodes", err, "is not an array of nodes");
	const struct pd_dtype *type = n->arr->type;
	*out = (struct pd_tree_source){ .nodes = n->arr->data,
					.stride = type->itemsize,
					.n_nodes = n->arr->n_items };
	find_missing(type, out);
	PD_TRY(find_field(tree, type, "left_child", PD_DT_INT, &out->left, err));
	PD_TRY(find_field(tree, type, "right_child", PD_DT_INT, &out->right, err));
	PD_TRY(find_field(tree, type, "feature", PD_DT_INT, &out->feature, err));
	PD_TRY(find_field(tree, type, "threshold", PD_DT_FLOAT, &out->threshold, err));
	PD_TRY(find_field(tree, type, "n_node_samples", PD_DT_INT, &out->samples, err));
	int64_t count = 0;
	const struct pd_node *said = pd_attr_opt(tree, "node_count");
	if (said && (!pd_node_to_i64(said, &count) || (uint64_t)count != out->n_nodes))
		return pd_attr_fail(tree, "node_count", err, "is not the number of nodes, %zu",
				    out->n_nodes);
	return PD_OK;
}

static enum pd_code read_values(struct pd_build *b, const struct pd_node *tree, size_t n_nodes,
				const struct pd_tree_target *t, const unsigned char **out,
				struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(tree, "values", &a, err));
	if (a->n_dims != 3 || (size_t)a->shape[0] != n_nodes ||
	    (size_t)a->shape[1] != t->n_outputs || (size_t)a->shape[2] != t->width)
		return pd_attr_fail(tree, "values", err, "has another shape than (%zu, %zu, %zu)",
				    n_nodes, t->n_outputs, t->width);
	*out = a->data;
	if (a->type->kind == PD_DT_FLOAT && a->type->itemsize == 8 && !a->type->big_endian &&
	    !a->fortran)
		return PD_OK;
	const double *copy = NULL;
	PD_TRY(pd_array_doubles(a, b->scratch, &copy, err));
	*out = (const unsigned char *)copy;
	return PD_OK;
}

/* ---- the values of leaves */

static void normalize(double *p, size_t n)
{
	double sum = pd_sum_pairwise(p, n);
	if (sum == 0)
		sum = 1;
	for (size_t i = 0; i < n; i++)
		p[i] /= sum;
}

static void fill_values(const struct pd_tree_target *t, struct pd_forest *f, double *raw,
			const unsigned char *values, const uint32_t *leaf_nodes, size_t first,
			size_t end)
{
	size_t n = t->n_outputs * t->width;
	for (size_t leaf = first; leaf < end; leaf++) {
		double *to = f->values + leaf * n;
		memcpy(to, values + (size_t)leaf_nodes[leaf] * n * sizeof(*to), n * sizeof(*to));
		if (raw)
			memcpy(raw + leaf * n, to, n * sizeof(*to));
		for (size_t k = 0; t->counts && k < t->n_outputs; k++)
			normalize(to + k * t->width, t->n_classes[k]);
	}
}

/* ---- all trees */

static int by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* In a genuine forest no two trees are one object; a small file could otherwise name one large
 * tree many times. */
static enum pd_code check_distinct(struct pd_build *b, const struct pd_node *const *trees, size_t n,
				   struct pd_err *err)
{
	uint32_t *ids = NULL;
	PD_TRY(pd_arena_try(b->scratch, n, sizeof(*ids), &ids, err));
	for (size_t i = 0; i < n; i++)
		ids[i] = trees[i]->id;
	qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 1; i < n; i++)
		if (ids[i] == ids[i - 1])
			return pd_fail(err, PD_CORRUPT, "two trees of the forest are one object");
	return PD_OK;
}

/* What the constructor was given: the width that feature numbers must stay below. */
static enum pd_code check_width(const struct pd_node *tree, size_t n_columns, struct pd_err *err)
{
	int64_t n = 0;
	const struct pd_node *args = tree->obj->args;
	if (!args || !args->n_items)
		return PD_OK;
	if (!pd_node_to_i64(args->items[0], &n) || n < 0 || (uint64_t)n != n_columns)
		return pd_fail(err, PD_CORRUPT, "a tree of %lld features in a model of %zu",
			       (long long)n, n_columns);
	return PD_OK;
}

static enum pd_code read_sources(struct pd_build *b, const struct pd_node *const *objects, size_t n,
				 size_t n_columns, const struct pd_tree_target *t,
				 struct pd_tree_source *sources, const unsigned char **values,
				 struct pd_err *err)
{
	const struct pd_node **trees = NULL;
	PD_TRY(pd_arena_try(b->scratch, n, sizeof(*trees), &trees, err));
	for (size_t i = 0; i < n; i++) {
		enum pd_code code = find_tree(objects[i], &trees[i], err);
		if (code == PD_OK)
			code = check_width(trees[i], n_columns, err);
		if (code == PD_OK)
			code = read_nodes(trees[i], &sources[i], err);
		if (code == PD_OK)
			code = read_values(b, trees[i], sources[i].n_nodes, t, &values[i], err);
		if (code != PD_OK)
			return n > 1 ? pd_err_prefix(err, "tree %zu", i) : code;
	}
	return check_distinct(b, trees, n, err);
}

enum pd_code pd_trees_read(struct pd_build *b, const struct pd_node *const *objects, size_t n,
			   size_t n_columns, const struct pd_tree_target *target,
			   struct pd_forest *out, double **out_raw, struct pd_err *err)
{
	struct pd_tree_source *sources = NULL;
	const unsigned char **values = NULL;
	const uint32_t *leaf_nodes = NULL, *first_leaf = NULL;
	double *raw = NULL;
	size_t n_values = target->n_outputs * target->width;
	PD_TRY(pd_arena_try(b->scratch, n, sizeof(*sources), &sources, err));
	PD_TRY(pd_arena_try(b->scratch, n, sizeof(*values), &values, err));
	PD_TRY(read_sources(b, objects, n, n_columns, target, sources, values, err));
	PD_TRY(pd_forest_build(out, sources, n, n_columns, n_values, b->arena, b->scratch,
			       &leaf_nodes, &first_leaf, err));
	if (out_raw)
		PD_TRY(pd_arena_try(b->scratch, out->n_leaves * n_values, sizeof(*raw), &raw, err));
	for (size_t i = 0; i < n; i++)
		fill_values(target, out, raw, values[i], leaf_nodes, first_leaf[i],
			    first_leaf[i + 1]);
	if (out_raw)
		*out_raw = raw;
	return PD_OK;
}

enum pd_code pd_trees_shape(struct pd_build *b, const struct pd_node *const *objects, size_t n,
			    size_t n_columns, struct pd_tree_shapes *shapes, struct pd_forest *out,
			    struct pd_err *err)
{
	struct pd_tree_source *sources = NULL;
	const struct pd_node **trees = NULL;
	PD_TRY(pd_arena_try(b->scratch, n, sizeof(*sources), &sources, err));
	PD_TRY(pd_arena_try(b->scratch, n, sizeof(*trees), &trees, err));
	for (size_t i = 0; i < n; i++) {
		enum pd_code code = find_tree(objects[i], &trees[i], err);
		if (code == PD_OK)
			code = check_width(trees[i], shapes->lengths[i], err);
		if (code == PD_OK)
			code = read_nodes(trees[i], &sources[i], err);
		if (code != PD_OK)
			return pd_err_prefix(err, "tree %zu", i);
		sources[i].columns = shapes->columns[i];
		sources[i].n_columns = shapes->lengths[i];
	}
	PD_TRY(check_distinct(b, trees, n, err));
	shapes->sources = sources;
	return pd_forest_build(out, sources, n, n_columns, 1, b->arena, b->scratch,
			       &shapes->leaf_nodes, &shapes->first_leaf, err);
}

/* ---- input rules */

static bool one_of(struct pd_str s, const char *const *words)
{
	for (; *words; words++)
		if (pd_str_eqz(s, *words))
			return true;
	return false;
}

/*
 * Source: sklearn/tree/_classes.py: 1.3 and 1.4 for splitter "best"; 1.6 also for "random" in
 * ExtraTree*; 1.9 for every criterion. A monotonic constraint ruled it out before 1.9.
 */
enum pd_code pd_tree_takes_nan(const struct pd_node *tree, bool *out, struct pd_err *err)
{
	static const char *const criteria[] = {
		"gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson", NULL
	};
	struct pd_str splitter = PD_STR("best"), criterion = PD_STR("gini");
	unsigned version = pd_sklearn_version(tree);
	bool extra = pd_str_starts(pd_node_class(tree), PD_STR("ExtraTree"));
	*out = false;
	PD_TRY(pd_attr_text(tree, "splitter", &splitter, err));
	PD_TRY(pd_attr_text(tree, "criterion", &criterion, err));
	if (version < 1003 || (extra && version < 1006))
		return PD_OK;
	if (extra)
		*out = pd_str_eqz(splitter, "random");
	else
		*out = version >= 1009 || pd_str_eqz(splitter, "best");
	if (version < 1009)
		*out = *out && one_of(criterion, criteria) && !pd_attr_opt(tree, "monotonic_cst");
	return PD_OK;
}

enum pd_code pd_tree_width(struct pd_step *s, const struct pd_node *object,
			   const struct pd_node *tree, struct pd_err *err)
{
	const struct pd_node *t = NULL;
	int64_t n = 0;
	if (s->n_in)
		return PD_OK;
	PD_TRY(find_tree(tree, &t, err));
	if (!t->obj->args || !t->obj->args->n_items ||
	    !pd_node_to_i64(t->obj->args->items[0], &n) || n < 1)
		return pd_attr_fail(object, "n_features_in_", err, "is missing");
	return pd_step_width(s, object, (size_t)n, err);
}

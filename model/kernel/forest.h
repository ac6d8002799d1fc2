/*
 * model/kernel/forest.h - many decision trees walked at once.
 *
 * A node is 8 bytes: a float limit and a word with the feature and the children. Children stand
 * side by side, so one index names both, and `!(x <= limit)` is added to it: no branch. A leaf
 * points at itself, so that trees of different depth can go on in step; it compares the reserved
 * value 0.0 with its limit, whose sign says on which side of its pair it stands and whose other
 * bits hold the leaf's number. Several trees of one row (or several rows of one tree) are walked
 * in turn, so that their memory reads overlap.
 *
 * x is cast to float32 as scikit-learn does, and thresholds are doubles; `(double)x <= t` is the
 * same as `x <= limit` where limit is the largest float not above t. So the float compare is exact.
 *
 * Only columns that some node asks for are copied; a sparse row needs no dense row of the model's
 * width. Trees are summed in list order from 0.0, which is the library's order.
 */
#ifndef PD_MODEL_KERNEL_FOREST_H
#define PD_MODEL_KERNEL_FOREST_H

#include "model/step.h"

#define PD_FOREST_SLOTS_MAX  ((size_t)1 << 30)
#define PD_FOREST_LEAVES_MAX ((size_t)0x3f000000)

struct pd_forest_node {
	float limit;
	uint32_t go; /* pair << feature_bits | feature */
};

/* The same where 32 bits cannot hold both. */
struct pd_forest_wide {
	float limit;
	uint32_t feature;
	uint32_t pair;
};

struct pd_forest {
	const struct pd_forest_node *nodes; /* or NULL: wide */
	const struct pd_forest_wide *wide;
	unsigned feature_bits;
	size_t n_trees;
	const uint32_t *roots;  /* slot of each tree's root */
	const uint32_t *depths; /* steps from the root to the deepest leaf */
	size_t n_slots;
	size_t n_leaves;
	size_t n_columns;
	size_t n_used;                     /* columns some node asks for */
	const uint32_t *used;              /* the column of used feature k; ascending */
	const uint32_t *place;             /* of a column: used feature + 1, 0: nobody asks;
					    * NULL in a wide model of few nodes: search `used` */
	const unsigned char *missing_left; /* a bit a slot: NaN goes left; NULL: never */
	size_t n_values;                   /* a leaf */
	size_t n_turns;                    /* a row has n_turns sums of n_values, and tree t adds to
					    * sum t % n_turns: rounds of one tree a class */
	double *values;                    /* n_leaves * n_values, in order of leaf number */
};

/* Used feature + 1 of a column, or 0. */
static inline uint32_t pd_forest_place(const struct pd_forest *f, uint32_t column)
{
	if (f->place)
		return f->place[column];
	size_t low = 0, high = f->n_used;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (f->used[mid] < column)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->n_used && f->used[low] == column ? (uint32_t)low + 1 : 0;
}

/* One tree as the library holds it; arrays not aligned. */
struct pd_tree_source {
	const unsigned char *nodes;
	size_t stride; /* bytes of a node */
	size_t n_nodes;
	size_t left, right, feature, threshold, samples; /* offsets of 8-byte fields */
	const uint32_t *columns;                         /* of its features, or NULL: the same */
	size_t n_columns;                                /* of `columns` */
	ptrdiff_t missing_left;                          /* offset of a byte, or -1 */
};

/*
 * Check and lay out n trees. values are allocated, not filled: leaf k of the forest stands for node
 * (*out_leaf_nodes)[k] of its tree, and tree t has the leaves from (*out_first_leaf)[t] to before
 * (*out_first_leaf)[t + 1]; both lie in `scratch`.
 * PD_CORRUPT: a child that is no later node, or has two parents, a feature beyond n_columns; the
 * text names tree and node.  PD_TOO_LARGE.
 */
PD_MUST enum pd_code pd_forest_build(struct pd_forest *f, const struct pd_tree_source *trees,
				     size_t n_trees, size_t n_columns, size_t n_values,
				     struct pd_arena *arena, struct pd_arena *scratch,
				     const uint32_t **out_leaf_nodes,
				     const uint32_t **out_first_leaf, struct pd_err *err);

/* *out: n_rows * n_turns * n_values, for each row the sum over the trees in order. The matrix has
 * been checked: finite in float32, or NaN. */
PD_MUST enum pd_code pd_forest_sum(const struct pd_forest *f, const struct pd_matrix *in,
				   struct pd_arena *arena, double **out, struct pd_err *err);

/* The same, added to what is in acc. */
PD_MUST enum pd_code pd_forest_add(const struct pd_forest *f, const struct pd_matrix *in,
				   struct pd_arena *arena, double *acc, struct pd_err *err);

/* *out: for each row the leaf it reaches in the first tree. */
PD_MUST enum pd_code pd_forest_leaf(const struct pd_forest *f, const struct pd_matrix *in,
				    struct pd_arena *arena, uint32_t **out, struct pd_err *err);

#endif

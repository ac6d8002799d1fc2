/*
 * model/kernel/boost.h - boosted trees whose nodes compare doubles: HistGradientBoosting, LightGBM
 * and XGBoost (whose float32 values are doubles, exactly). A node may ask for a category instead of
 * comparing, and says where missing values go.
 *
 * Children stand side by side, and the answer of a comparison is added to the left one's number.
 * A leaf compares with NaN, which is never true, and so finds itself again: eight trees of a row go
 * on in step until none moves.
 *
 * A caller gives one row as doubles and gets the leaf of every tree; what it sums, and in which
 * precision, is its own business.
 */
#ifndef PD_MODEL_KERNEL_BOOST_H
#define PD_MODEL_KERNEL_BOOST_H

#include "model/recognise.h"

#define PD_BOOST_NODES_MAX ((size_t)1 << 30)

enum {
	PD_BOOST_MISSING_LEFT = 1, /* missing values go left */
	PD_BOOST_NAN_IS_ZERO = 2,  /* NaN is compared as 0 */
	PD_BOOST_ZERO_MISSING = 4, /* NaN and what is within 1e-35 of 0 are missing */
	PD_BOOST_CATEGORY = 8,     /* in the set: left */
	PD_BOOST_CAT_NAN = 16,     /* category: below 0 or not known is missing, else right */
	PD_BOOST_SET_RIGHT = 32,   /* in the set: right */
	PD_BOOST_LEAF = 64,
};

/* One node as a reader found it; a leaf has left == right == 0. */
struct pd_boost_source {
	double limit; /* x <= limit: left */
	uint32_t feature;
	uint32_t flags;
	uint32_t left, right;    /* numbers within the tree */
	uint32_t set;            /* category: first word in `words` */
	uint32_t n_words;        /* category */
	uint32_t known, n_known; /* PD_BOOST_CAT_NAN: the words of known categories */
};

struct pd_boost_node {
	double limit;
	uint32_t feature;
	uint32_t pair; /* the left child; a leaf: one below itself */
};

struct pd_boost_extra {
	uint32_t flags;
	uint32_t set, n_words;
	uint32_t known, n_known;
};

struct pd_boost {
	size_t n_trees;
	size_t n_columns;
	size_t n_nodes;
	struct pd_boost_node *nodes;
	struct pd_boost_extra *extra; /* of each node */
	uint32_t *source;             /* of each node: its number within its tree, as given */
	uint32_t *roots;              /* n_trees + 1 */
	uint32_t *depths;
	unsigned char *plain; /* of each tree: no flag that matters while no value is missing */
	const uint32_t *words;
};

/* Add trees one after another to a model of n_trees trees and at most n_nodes nodes. */
struct pd_boost_builder {
	struct pd_boost *f;
	struct pd_arena *scratch;
	size_t n_trees, n_nodes; /* room */
	uint32_t *queue;
	unsigned char *seen;
	uint32_t *depth;
};

PD_MUST enum pd_code pd_boost_begin(struct pd_boost_builder *b, struct pd_boost *f, size_t n_trees,
				    size_t n_nodes, size_t n_columns, struct pd_arena *arena,
				    struct pd_arena *scratch, struct pd_err *err);

/* Node 0 is the root. PD_CORRUPT: a child outside, or reached twice; a feature beyond n_columns.
 * Nodes that nothing leads to are left out. */
PD_MUST enum pd_code pd_boost_add(struct pd_boost_builder *b, const struct pd_boost_source *nodes,
				  size_t n, struct pd_err *err);

/* leaf[t]: the node that row x comes to in tree t. x has n_columns values, has_nan says whether any
 * is NaN. */
void pd_boost_leaves(const struct pd_boost *f, const double *x, bool has_nan, uint32_t *leaf);

#endif

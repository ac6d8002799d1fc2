/*
 * model/sklearn/tree_read.h - sklearn.tree._tree.Tree: its nodes and values, checked.
 * Nodes are 56 bytes up to scikit-learn 1.2 and 64 since 1.3, which adds missing_go_to_left and
 * padding with undefined bytes; fields are found by name. values has the shape (node_count,
 * n_outputs, max_n_classes): weighted counts until 1.3, fractions since 1.4.
 */
#ifndef PD_MODEL_SKLEARN_TREE_READ_H
#define PD_MODEL_SKLEARN_TREE_READ_H

#include "model/kernel/forest.h"
#include "model/recognise.h"

/* What a tree model predicts. */
struct pd_tree_target {
	bool classifier;
	bool counts; /* values are counts, to be divided by their sum */
	size_t n_outputs;
	size_t width;             /* max_n_classes: values of one output in a leaf */
	size_t *n_classes;        /* of each output */
	struct pd_labels *labels; /* of each output */
};

/* n_outputs_, n_classes_, classes_ of a tree or forest. */
PD_MUST enum pd_code pd_tree_target_read(struct pd_build *b, const struct pd_node *object,
					 bool classifier, struct pd_tree_target *out,
					 struct pd_err *err);

/* The PD_CAN bits of probabilities: none with several outputs, where they are a list of tables. */
unsigned pd_tree_proba_bits(const struct pd_tree_target *t);

/* The trees of `objects` (DecisionTree... estimators, each with a tree_) as one forest; its values
 * are set: a regressor's first value of each output, a classifier's probabilities. raw: those of
 * classifiers as stored, in `scratch`, or NULL when not wanted. */
PD_MUST enum pd_code pd_trees_read(struct pd_build *b, const struct pd_node *const *objects,
				   size_t n, size_t n_columns, const struct pd_tree_target *target,
				   struct pd_forest *out, double **out_raw, struct pd_err *err);

/* The same without values (1 a leaf, to be filled): tree i compares columns[i] (NULL: all), of
 * which it has lengths[i]. Sources, leaf_nodes and first_leaf as in pd_forest_build; scratch. */
struct pd_tree_shapes {
	const uint32_t *const *columns;
	const size_t *lengths;
	const struct pd_tree_source *sources;
	const uint32_t *leaf_nodes;
	const uint32_t *first_leaf;
};
PD_MUST enum pd_code pd_trees_shape(struct pd_build *b, const struct pd_node *const *objects,
				    size_t n, size_t n_columns, struct pd_tree_shapes *shapes,
				    struct pd_forest *out, struct pd_err *err);

/* Whether this tree's library takes NaN in dense input. */
PD_MUST enum pd_code pd_tree_takes_nan(const struct pd_node *tree, bool *out, struct pd_err *err);

/* n_features_in_, or its older names, or the first tree's own. */
PD_MUST enum pd_code pd_tree_width(struct pd_step *s, const struct pd_node *object,
				   const struct pd_node *tree, struct pd_err *err);

#endif

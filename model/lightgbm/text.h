/*
 * model/lightgbm/text.h - the text LightGBM saves a model as, since version 3.
 *
 *   tree                      the word, then lines KEY=VALUE: num_class, num_tree_per_iteration,
 *                             max_feature_idx, objective, feature_infos, perhaps average_output
 *   Tree=0                    and lines for its arrays, numbers between blanks:
 *     num_leaves=L              a tree of one leaf has leaf_value alone
 *     split_feature threshold decision_type left_child right_child: L - 1 each
 *     leaf_value: L             child c < 0 is leaf ~c
 *     cat_boundaries cat_threshold: sets of categories, 32 bits a word
 *     is_linear=1 leaf_const num_features leaf_features leaf_coeff: a line in each leaf
 *   end of trees              then parameters, and pandas_categorical: JSON lists of categories
 *
 * decision_type: 1 a category, 2 missing goes left, 4 zero is missing, 8 NaN is missing.
 * Numbers have 17 digits and are read back exactly.
 * Source: LightGBM, src/io/tree.cpp, src/boosting/gbdt_model_text.cpp.
 */
#ifndef PD_MODEL_LIGHTGBM_TEXT_H
#define PD_MODEL_LIGHTGBM_TEXT_H

#include "model/kernel/boost.h"

#define PD_LGBM_COLUMNS_MAX ((size_t)1 << 24)

enum pd_lgbm_link {
	PD_LGBM_IDENTITY,
	PD_LGBM_SQRT, /* sign(m) * m * m */
	PD_LGBM_EXP,
	PD_LGBM_SIGMOID,
	PD_LGBM_SOFTMAX,
	PD_LGBM_LOG1P_EXP,
};

/* The line in a leaf. */
struct pd_lgbm_line {
	double constant;
	uint32_t first, n; /* in `features` and `coefs` */
};

/* A list of pandas_categorical: words, or numbers. */
struct pd_lgbm_categories {
	size_t n;
	const struct pd_str *words; /* or NULL */
	const double *numbers;
};

struct pd_lgbm {
	struct pd_boost trees;
	const double *value;              /* of each node */
	const struct pd_lgbm_line *lines; /* of each node, or NULL: none is linear */
	const unsigned char *linear;      /* a byte a tree */
	const uint32_t *features;
	const double *coefs;
	size_t n_classes; /* trees a round */
	bool average;
	enum pd_lgbm_link link;
	double sigmoid;
	size_t n_columns;
	const struct pd_lgbm_categories **categories; /* of each column, NULL: numbers; or NULL */
};

/* n_rounds: 0 for all.  PD_CORRUPT, PD_UNSUPPORTED (an objective), PD_TOO_LARGE: with the tree in
 * front. Memory: arena. */
PD_MUST enum pd_code pd_lgbm_read(struct pd_lgbm *m, struct pd_str text, size_t n_rounds,
				  struct pd_arena *arena, struct pd_arena *scratch,
				  struct pd_err *err);

#endif

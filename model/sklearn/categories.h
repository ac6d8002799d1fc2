/*
 * model/sklearn/categories.h - the categories of one feature, as encoders learn them: text, numbers,
 * booleans, None and NaN, mixed as they come. A number is found by value (2.0 is the category 2), a
 * missing value is None if the categories hold that, else NaN if they hold that.
 */
#ifndef PD_MODEL_SKLEARN_CATEGORIES_H
#define PD_MODEL_SKLEARN_CATEGORIES_H

#include "base/map.h"
#include "model/recognise.h"

#define PD_NO_CATEGORY UINT32_MAX

struct pd_categories {
	size_t n;
	struct pd_map texts;
	size_t n_numbers;
	const double *numbers;      /* ascending */
	const uint32_t *number_pos; /* their positions */
	uint32_t none;              /* position of None, or PD_NO_CATEGORY */
	uint32_t nan;
};

/* A list of one array a feature; sets the step's width. *out: s->n_in of them. */
PD_MUST enum pd_code pd_categories_read(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, const struct pd_categories **out,
					struct pd_err *err);

/* Position, or PD_NO_CATEGORY. */
uint32_t pd_category_find(const struct pd_categories *c, struct pd_cell cell);

/* Positions of all the cells of a flow, feature by feature: out[feature * n_rows + row]. It makes
 * scikit-learn's checks of shape and names; infinities are refused. */
PD_MUST enum pd_code pd_categories_encode(const struct pd_step *s, const struct pd_categories *c,
					  const struct pd_flow *in, struct pd_arena *arena,
					  uint32_t **out, struct pd_err *err);

/* "Found unknown categories ... in column N during transform". */
enum pd_code pd_category_unknown(const struct pd_step *s, const struct pd_flow *in, size_t feature,
				 size_t row, struct pd_err *err);

/* _default_to_infrequent_mappings of a feature, n of them below n; NULL: none. */
PD_MUST enum pd_code pd_infrequent_read(struct pd_build *b, const struct pd_node *object,
					size_t feature, size_t n_features, size_t n,
					const uint32_t **out, struct pd_err *err);

/* The option dtype of an encoder: *out_f32, or float64 or a wide integer. PD_UNSUPPORTED. */
PD_MUST enum pd_code pd_encoder_dtype(const struct pd_node *object, bool *out_f32,
				      struct pd_err *err);

#endif

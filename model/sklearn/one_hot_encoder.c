#include "model/recognise_table.h"
#include "model/sklearn/categories.h"

/*
 * OneHotEncoder: a 1 in the column of the category. Which column a category has is settled when the
 * model is read: categories that are rare share the last column of their feature, and a dropped
 * category has none.
 * Source: sklearn/preprocessing/_encoders.py, OneHotEncoder.transform.
 */

struct feature {
	const uint32_t *column; /* of each category, or PD_NO_CATEGORY: all zeros */
	uint32_t unknown;       /* the same for what was not seen */
};

struct one_hot {
	const struct pd_categories *categories;
	const struct feature *features;
	bool refuse_unknown;
	bool sparse;
	bool f32;
};

static enum pd_code encode(const struct pd_step *s, const struct pd_flow *in,
			   struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct one_hot *e = s->self;
	uint32_t *pos = NULL, *start = NULL, *col = NULL, n = 0;
	double *val = NULL;
	size_t n_rows = pd_flow_rows(in);
	PD_TRY(pd_categories_encode(s, e->categories, in, arena, &pos, err));
	PD_TRY(pd_step_room(arena, n_rows + 1, 1, sizeof(*start), &start, err));
	PD_TRY(pd_step_room(arena, n_rows, s->n_in, sizeof(*col), &col, err));
	PD_TRY(pd_step_room(arena, n_rows, s->n_in, sizeof(*val), &val, err));
	start[0] = 0;
	for (size_t row = 0; row < n_rows; row++) {
		for (size_t k = 0; k < s->n_in; k++) {
			uint32_t at = pos[k * n_rows + row];
			if (at == PD_NO_CATEGORY && e->refuse_unknown)
				return pd_category_unknown(s, in, k, row, err);
			uint32_t c = at == PD_NO_CATEGORY ? e->features[k].unknown
							  : e->features[k].column[at];
			if (c == PD_NO_CATEGORY)
				continue;
			col[n] = c;
			val[n++] = 1.0;
		}
		start[row + 1] = n;
	}
	struct pd_matrix m = { .n_rows = n_rows,
			       .n_cols = s->n_out,
			       .sparse = true,
			       .f32 = e->f32,
			       .start = start,
			       .col = col,
			       .val = val };
	*out = (struct pd_flow){ .x = m };
	return e->sparse ? PD_OK : pd_matrix_dense(&m, arena, &out->x, err);
}

static const struct pd_step_ops one_hot_ops = { .flow = encode };

/* ---- reading */

/* The dropped code of a feature after grouping, or PD_NO_CATEGORY. */
static enum pd_code read_drop(const struct pd_node *object, size_t feature, size_t n_features,
			      const uint32_t *grouped, size_t n, uint32_t *out, struct pd_err *err)
{
	const char *name = "_drop_idx_after_grouping";
	bool after = pd_node_attr(object, pd_str_from(name)) != NULL;
	int64_t i = 0;
	if (!after)
		name = "drop_idx_"; /* until 1.2: as the categories stand */
	const struct pd_node *list = pd_attr_opt(object, name);
	*out = PD_NO_CATEGORY;
	if (!list)
		return PD_OK;
	if (list->kind != PD_NODE_ARRAY || list->arr->n_items != n_features)
		return pd_attr_fail(object, name, err, "is not an array of one for each feature");
	const struct pd_array *a = list->arr;
	if (a->type->kind == PD_DT_OBJECT) {
		if (pd_node_is(a->objects[feature], PD_NODE_NONE))
			return PD_OK;
		if (!a->objects[feature] || !pd_node_to_i64(a->objects[feature], &i))
			return pd_attr_fail(object, name, err, "holds no number");
	} else if (a->type->kind == PD_DT_INT) {
		i = pd_array_i64(a, feature);
	} else {
		return pd_attr_fail(object, name, err, "is not an array of numbers");
	}
	if (i < 0 || (uint64_t)i >= n)
		return pd_attr_fail(object, name, err, "holds %lld of %zu", (long long)i, n);
	*out = grouped && !after ? grouped[i] : (uint32_t)i;
	return PD_OK;
}

/* Columns of one feature from `base` on; *n_cols of them. */
static enum pd_code read_feature(struct pd_build *b, const struct pd_node *object, size_t i,
				 size_t n_features, size_t n, bool rare_takes_unknown, size_t base,
				 struct feature *f, size_t *n_cols, struct pd_err *err)
{
	const uint32_t *grouped = NULL;
	uint32_t drop = 0, last = (uint32_t)n - 1;
	uint32_t *column = PD_ARENA_ARRAY(b->arena, uint32_t, n);
	PD_TRY(pd_infrequent_read(b, object, i, n_features, n, &grouped, err));
	PD_TRY(read_drop(object, i, n_features, grouped, n, &drop, err));
	if (grouped) {
		last = 0;
		for (size_t k = 0; k < n; k++)
			last = grouped[k] > last ? grouped[k] : last;
	}
	if (drop != PD_NO_CATEGORY && drop > last)
		return pd_attr_fail(object, "drop_idx_", err, "holds %u of %u", drop, last + 1);
	for (size_t k = 0; k < n; k++) {
		uint32_t code = grouped ? grouped[k] : (uint32_t)k;
		column[k] = code == drop ? PD_NO_CATEGORY
					 : (uint32_t)base + code - (uint32_t)(code > drop);
	}
	f->column = column;
	f->unknown = PD_NO_CATEGORY;
	if (grouped && rare_takes_unknown && last != drop)
		f->unknown = (uint32_t)base + last - (uint32_t)(last > drop);
	*n_cols = (size_t)last + 1 - (drop != PD_NO_CATEGORY);
	return PD_OK;
}

static enum pd_code read_unknown(const struct pd_node *object, struct one_hot *e,
				 bool *out_rare_takes, struct pd_err *err)
{
	struct pd_str how = PD_STR("error");
	PD_TRY(pd_attr_text(object, "handle_unknown", &how, err));
	e->refuse_unknown = pd_str_eqz(how, "error");
	*out_rare_takes = pd_str_eqz(how, "infrequent_if_exist") || pd_str_eqz(how, "warn");
	if (e->refuse_unknown || *out_rare_takes || pd_str_eqz(how, "ignore"))
		return PD_OK;
	return pd_option_fail(object, "handle_unknown", how, err);
}

enum pd_code pd_make_one_hot_encoder(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err)
{
	struct one_hot *e = PD_ARENA_NEW(b->arena, struct one_hot);
	bool rare_takes = false;
	e->sparse = true;
	PD_TRY(pd_attr_bool(object, "sparse", &e->sparse, err)); /* until 1.1 */
	PD_TRY(pd_attr_bool(object, "sparse_output", &e->sparse, err));
	PD_TRY(pd_encoder_dtype(object, &e->f32, err));
	PD_TRY(read_unknown(object, e, &rare_takes, err));
	PD_TRY(pd_categories_read(b, object, s, &e->categories, err));
	struct feature *features = PD_ARENA_ARRAY(b->arena, struct feature, s->n_in);
	for (size_t i = 0; i < s->n_in; i++) {
		size_t n_cols = 0;
		PD_TRY(read_feature(b, object, i, s->n_in, e->categories[i].n, rare_takes, s->n_out,
				    &features[i], &n_cols, err));
		s->n_out += n_cols;
		if (s->n_out > PD_FEATURES_MAX)
			return pd_attr_fail(object, "categories_", err, "are too many");
	}
	e->features = features;
	s->self = e;
	s->ops = &one_hot_ops;
	s->nan_ok = s->nan_ok_sparse = true;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

#include "model/recognise_table.h"
#include "model/sklearn/categories.h"

#include <math.h>

/*
 * OrdinalEncoder: the position of the category, with rare ones grouped, as a number.
 * Source: sklearn/preprocessing/_encoders.py, OrdinalEncoder.transform.
 */

struct ordinal {
	const struct pd_categories *categories;
	const double *const *values; /* of each category of each feature */
	bool refuse_unknown;
	double unknown;
	bool f32;
};

static enum pd_code encode(const struct pd_step *s, const struct pd_flow *in,
			   struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct ordinal *e = s->self;
	uint32_t *pos = NULL;
	double *x = NULL;
	size_t n_rows = pd_flow_rows(in);
	PD_TRY(pd_categories_encode(s, e->categories, in, arena, &pos, err));
	PD_TRY(pd_step_room(arena, n_rows, s->n_in, sizeof(*x), &x, err));
	for (size_t k = 0; k < s->n_in; k++) {
		for (size_t row = 0; row < n_rows; row++) {
			uint32_t at = pos[k * n_rows + row];
			if (at == PD_NO_CATEGORY && e->refuse_unknown)
				return pd_category_unknown(s, in, k, row, err);
			x[row * s->n_in + k] = at == PD_NO_CATEGORY ? e->unknown : e->values[k][at];
		}
	}
	*out = (struct pd_flow){
		.x = { .n_rows = n_rows, .n_cols = s->n_in, .f32 = e->f32, .x = x }
	};
	return PD_OK;
}

static const struct pd_step_ops ordinal_ops = { .flow = encode };

/* Position of the missing category of a feature that _missing_indices names, or PD_NO_CATEGORY. */
static enum pd_code read_missing(const struct pd_node *object, size_t feature,
				 const struct pd_categories *c, uint32_t *out, struct pd_err *err)
{
	const struct pd_node *dict = pd_attr_opt(object, "_missing_indices");
	*out = PD_NO_CATEGORY;
	if (!dict)
		return PD_OK;
	if (dict->kind != PD_NODE_DICT)
		return pd_attr_fail(object, "_missing_indices", err, "is not a dict");
	for (size_t i = 0; i + 1 < dict->n_items; i += 2) {
		int64_t key = 0, at = 0;
		if (!pd_node_to_i64(dict->items[i], &key) ||
		    !pd_node_to_i64(dict->items[i + 1], &at))
			return pd_attr_fail(object, "_missing_indices", err, "holds no numbers");
		if (key < 0 || (uint64_t)key != feature)
			continue;
		if (at < 0 || (uint64_t)at >= c->n)
			return pd_attr_fail(object, "_missing_indices", err, "holds %lld of %zu",
					    (long long)at, c->n);
		*out = (uint32_t)at;
	}
	return PD_OK;
}

static enum pd_code read_values(struct pd_build *b, const struct pd_node *object, size_t feature,
				size_t n_features, const struct pd_categories *c, double missing,
				const double **out, struct pd_err *err)
{
	const uint32_t *grouped = NULL;
	uint32_t gone = PD_NO_CATEGORY;
	double *v = PD_ARENA_ARRAY(b->arena, double, c->n);
	PD_TRY(pd_infrequent_read(b, object, feature, n_features, c->n, &grouped, err));
	PD_TRY(read_missing(object, feature, c, &gone, err));
	for (size_t i = 0; i < c->n; i++) {
		uint32_t code = grouped && i != gone ? grouped[i] : (uint32_t)i;
		v[i] = code == gone ? missing : (double)code;
	}
	*out = v;
	return PD_OK;
}

static enum pd_code read_number(const struct pd_node *object, const char *name, double *out,
				struct pd_err *err)
{
	const struct pd_node *n = pd_attr_opt(object, name);
	if (n && !pd_node_to_f64(n, out))
		return pd_attr_fail(object, name, err, "is not a number");
	return PD_OK;
}

enum pd_code pd_make_ordinal_encoder(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err)
{
	struct ordinal *e = PD_ARENA_NEW(b->arena, struct ordinal);
	struct pd_str how = PD_STR("error");
	double missing = NAN;
	PD_TRY(pd_attr_text(object, "handle_unknown", &how, err));
	e->refuse_unknown = pd_str_eqz(how, "error");
	if (!e->refuse_unknown && !pd_str_eqz(how, "use_encoded_value"))
		return pd_option_fail(object, "handle_unknown", how, err);
	if (!e->refuse_unknown && !pd_attr_opt(object, "unknown_value"))
		return pd_attr_fail(object, "unknown_value", err, "is missing");
	PD_TRY(read_number(object, "unknown_value", &e->unknown, err));
	PD_TRY(read_number(object, "encoded_missing_value", &missing, err));
	PD_TRY(pd_encoder_dtype(object, &e->f32, err));
	PD_TRY(pd_categories_read(b, object, s, &e->categories, err));
	const double **values = PD_ARENA_ARRAY(b->arena, const double *, s->n_in);
	for (size_t i = 0; i < s->n_in; i++)
		PD_TRY(read_values(b, object, i, s->n_in, &e->categories[i], missing, &values[i],
				   err));
	e->values = values;
	s->self = e;
	s->ops = &ordinal_ops;
	s->n_out = s->n_in;
	s->nan_ok = s->nan_ok_sparse = true;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

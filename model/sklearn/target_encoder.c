#include "model/recognise_table.h"
#include "model/sklearn/categories.h"

/*
 * TargetEncoder: the target's smoothed mean of the category, the whole mean for what is unknown.
 * With several classes a feature gives a column for each.
 * Source: sklearn/preprocessing/_target_encoder.py.
 */

struct target {
	const struct pd_categories *categories;
	size_t n_classes;               /* 1 unless multiclass */
	const double *const *encodings; /* n_in * n_classes */
	const double *mean;             /* n_classes */
};

static enum pd_code encode(const struct pd_step *s, const struct pd_flow *in,
			   struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct target *t = s->self;
	uint32_t *pos = NULL;
	double *x = NULL;
	size_t n_rows = pd_flow_rows(in);
	PD_TRY(pd_categories_encode(s, t->categories, in, arena, &pos, err));
	PD_TRY(pd_step_room(arena, n_rows, s->n_out, sizeof(*x), &x, err));
	for (size_t k = 0; k < s->n_out; k++) {
		for (size_t row = 0; row < n_rows; row++) {
			uint32_t at = pos[k / t->n_classes * n_rows + row];
			x[row * s->n_out + k] = at == PD_NO_CATEGORY ? t->mean[k % t->n_classes]
								     : t->encodings[k][at];
		}
	}
	*out = (struct pd_flow){ .x = { .n_rows = n_rows, .n_cols = s->n_out, .x = x } };
	return PD_OK;
}

static const struct pd_step_ops target_ops = { .flow = encode };

static enum pd_code read_mean(struct pd_build *b, const struct pd_node *object, struct target *t,
			      struct pd_err *err)
{
	const struct pd_node *n = NULL;
	double *one = PD_ARENA_NEW(b->arena, double);
	PD_TRY(pd_attr(object, "target_mean_", &n, err));
	t->mean = one;
	if (t->n_classes == 1 && pd_node_to_f64(n, one))
		return PD_OK;
	return pd_attr_doubles(b, object, "target_mean_", t->n_classes, &t->mean, err);
}

static enum pd_code read_encodings(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct target *t, struct pd_err *err)
{
	const struct pd_node *list = NULL;
	PD_TRY(pd_attr(object, "encodings_", &list, err));
	if (list->kind != PD_NODE_LIST || list->n_items != s->n_out)
		return pd_attr_fail(object, "encodings_", err, "is not a list of %zu arrays",
				    s->n_out);
	const double **encodings = PD_ARENA_ARRAY(b->arena, const double *, s->n_out);
	for (size_t k = 0; k < s->n_out; k++) {
		const struct pd_node *n = list->items[k];
		size_t want = t->categories[k / t->n_classes].n;
		if (!pd_node_is(n, PD_NODE_ARRAY) || !pd_dtype_is_number(n->arr->type) ||
		    n->arr->n_items != want)
			return pd_attr_fail(object, "encodings_", err,
					    "%zu does not fit the %zu categories", k, want);
		double *copy = PD_ARENA_ARRAY(b->arena, double, want);
		for (size_t i = 0; i < want; i++)
			copy[i] = pd_array_f64(n->arr, i);
		encodings[k] = copy;
	}
	t->encodings = encodings;
	return PD_OK;
}

enum pd_code pd_make_target_encoder(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err)
{
	struct target *t = PD_ARENA_NEW(b->arena, struct target);
	struct pd_str type = { 0 };
	struct pd_labels classes = { 0 };
	PD_TRY(pd_categories_read(b, object, s, &t->categories, err));
	PD_TRY(pd_attr_text(object, "target_type_", &type, err));
	t->n_classes = 1;
	if (pd_str_eqz(type, "multiclass")) {
		PD_TRY(pd_attr_labels(b, object, "classes_", &classes, err));
		t->n_classes = classes.n;
	} else if (!pd_str_eqz(type, "binary") && !pd_str_eqz(type, "continuous")) {
		return pd_option_fail(object, "target_type_", type, err);
	}
	s->n_out = s->n_in * t->n_classes;
	if (s->n_out > PD_FEATURES_MAX)
		return pd_attr_fail(object, "classes_", err, "are too many");
	PD_TRY(read_mean(b, object, t, err));
	PD_TRY(read_encodings(b, object, s, t, err));
	s->self = t;
	s->ops = &target_ops;
	s->nan_ok = s->nan_ok_sparse = true;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

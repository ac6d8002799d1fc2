#include <math.h>

#include "model/kernel/boost.h"
#include "model/recognise_table.h"
#include "model/sklearn/boosting.h"

/*
 * HistGradientBoosting*: float64 is compared with float64; NaN has a side of its own; categories
 * are bits of eight words. A node is packed, of 52 bytes or 56, its fields are found by name.
 * Source: sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx, gradient_boosting.py.
 */

#define SET_WORDS 8u

struct hist {
	struct pd_boost trees;
	struct pd_boosting out;
	const double *value; /* of each node of `trees` */
	const double *start;
};

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct hist *h = s->self;
	size_t k = h->out.n_raw;
	struct pd_matrix x = { 0 };
	double *raw = NULL;
	uint32_t *leaf = NULL;
	PD_TRY(pd_matrix_dense(in, arena, &x, err));
	PD_TRY(pd_step_room(arena, in->n_rows, k, sizeof(*raw), &raw, err));
	PD_TRY(pd_step_room(arena, h->trees.n_trees, 1, sizeof(*leaf), &leaf, err));
	for (size_t row = 0; row < in->n_rows; row++) {
		const double *cells = x.x + row * x.n_cols;
		double *to = raw + row * k;
		bool has_nan = false;
		for (size_t i = 0; i < x.n_cols; i++)
			has_nan |= isnan(cells[i]);
		memcpy(to, h->start, k * sizeof(*to));
		pd_boost_leaves(&h->trees, cells, has_nan, leaf);
		for (size_t t = 0, turn = 0; t < h->trees.n_trees; t++) {
			to[turn] += h->value[leaf[t]];
			turn = turn + 1 < k ? turn + 1 : 0;
		}
	}
	return pd_boosting_answer(&h->out, method, raw, in->n_rows, arena, out, err);
}

static const struct pd_step_ops hist_ops = { .predict = predict };

/* ---- nodes */

enum field { VALUE, LIMIT, FEATURE, MISSING, LEFT, RIGHT, IS_LEAF, IS_CATEGORY, SET, N_FIELDS };

static const struct {
	const char *name;
	bool optional; /* categories came with 0.24 */
	bool real;
} fields[N_FIELDS] = {
	[VALUE] = { "value", false, true },
	[LIMIT] = { "num_threshold", false, true },
	[FEATURE] = { "feature_idx", false, false },
	[MISSING] = { "missing_go_to_left", false, false },
	[LEFT] = { "left", false, false },
	[RIGHT] = { "right", false, false },
	[IS_LEAF] = { "is_leaf", false, false },
	[IS_CATEGORY] = { "is_categorical", true, false },
	[SET] = { "bitset_idx", true, false },
};

/* What reading one model needs. */
struct reader {
	struct pd_build *b;
	const struct pd_node *object;
	struct hist *h;
	const struct pd_node **predictors;
	size_t n_predictors;
	size_t n_nodes;
	size_t n_in;
	uint32_t *words;
	size_t n_words, cap_words;
	uint32_t *known; /* of each feature: first of its SET_WORDS words */
	const struct pd_dtype_field *at[N_FIELDS];
	size_t n_sets; /* of the tree at hand */
};

static const struct pd_dtype_field *field_of(const struct pd_dtype *type, enum field f)
{
	const struct pd_dtype_field *found = pd_dtype_field_find(type, pd_str_from(fields[f].name));
	if (!found && f == LIMIT)
		return pd_dtype_field_find(type, PD_STR("threshold")); /* until 0.23 */
	return found;
}

static enum pd_code find_fields(struct reader *r, const struct pd_node *predictor,
				const struct pd_dtype *type, struct pd_err *err)
{
	for (int i = 0; i < N_FIELDS; i++) {
		const struct pd_dtype_field *f = r->at[i] = field_of(type, (enum field)i);
		if (!f && fields[i].optional)
			continue;
		bool real = f && f->type->kind == PD_DT_FLOAT && f->type->itemsize == 8;
		bool whole = f && (f->type->kind == PD_DT_INT || f->type->kind == PD_DT_UINT ||
				   f->type->kind == PD_DT_BOOL);
		if (!(fields[i].real ? real : whole) || f->type->big_endian)
			return pd_attr_fail(predictor, "nodes", err, "has no field %s that fits",
					    fields[i].name);
	}
	return PD_OK;
}

static uint64_t whole_at(const struct reader *r, const unsigned char *node, enum field f)
{
	uint64_t v = 0;
	if (r->at[f])
		memcpy(&v, node + r->at[f]->offset, r->at[f]->type->itemsize);
	return v;
}

static double real_at(const struct reader *r, const unsigned char *node, enum field f)
{
	double v;
	memcpy(&v, node + r->at[f]->offset, sizeof(v));
	return v;
}

static enum pd_code read_inner(struct reader *r, const unsigned char *node, size_t first_word,
			       struct pd_boost_source *out, struct pd_err *err)
{
	uint64_t feature = whole_at(r, node, FEATURE);
	uint64_t left = whole_at(r, node, LEFT), right = whole_at(r, node, RIGHT);
	if (left > UINT32_MAX || right > UINT32_MAX || feature >= r->n_in || (!left && !right))
		return pd_fail(err, PD_CORRUPT, "feature %llu of %zu, children %llu and %llu",
			       (unsigned long long)feature, r->n_in, (unsigned long long)left,
			       (unsigned long long)right);
	*out = (struct pd_boost_source){ .limit = real_at(r, node, LIMIT),
					 .feature = (uint32_t)feature,
					 .left = (uint32_t)left,
					 .right = (uint32_t)right };
	out->flags = whole_at(r, node, MISSING) ? PD_BOOST_MISSING_LEFT : 0;
	if (!whole_at(r, node, IS_CATEGORY))
		return PD_OK;
	uint64_t set = whole_at(r, node, SET);
	if (set >= r->n_sets || !r->known || r->known[feature] == UINT32_MAX)
		return pd_fail(err, PD_CORRUPT, "set %llu of %zu, of feature %llu",
			       (unsigned long long)set, r->n_sets, (unsigned long long)feature);
	out->flags |= PD_BOOST_CATEGORY | PD_BOOST_CAT_NAN;
	out->set = (uint32_t)(first_word + set * SET_WORDS);
	out->known = r->known[feature];
	out->n_words = out->n_known = SET_WORDS;
	return PD_OK;
}

static enum pd_code add_words(struct reader *r, const struct pd_array *a, struct pd_err *err)
{
	for (size_t i = 0; i < a->n_items; i++) {
		if (r->n_words == r->cap_words)
			return pd_fail(err, PD_CORRUPT, "more sets than nodes");
		r->words[r->n_words++] = (uint32_t)pd_array_i64(a, i);
	}
	return PD_OK;
}

static enum pd_code read_sets(struct reader *r, const struct pd_node *predictor, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	r->n_sets = 0;
	if (!r->known || !pd_attr_opt(predictor, "raw_left_cat_bitsets"))
		return PD_OK;
	PD_TRY(pd_attr_array(predictor, "raw_left_cat_bitsets", &a, err));
	if (a->n_dims != 2 || (a->shape[1] != SET_WORDS && a->n_items) || a->fortran ||
	    a->type->kind != PD_DT_UINT || a->type->itemsize != 4)
		return pd_attr_fail(predictor, "raw_left_cat_bitsets", err, "has another shape");
	r->n_sets = a->n_items / SET_WORDS;
	return add_words(r, a, err);
}

static enum pd_code read_tree(struct reader *r, struct pd_boost_builder *to,
			      struct pd_boost_source *nodes, double *value,
			      const struct pd_node *predictor, struct pd_err *err)
{
	const struct pd_array *a = pd_attr_opt(predictor, "nodes")->arr;
	struct pd_boost *f = &r->h->trees;
	size_t first_word = r->n_words, first_node = f->n_nodes;
	PD_TRY(find_fields(r, predictor, a->type, err));
	PD_TRY(read_sets(r, predictor, err));
	for (size_t i = 0; i < a->n_items; i++) {
		const unsigned char *node = a->data + i * a->type->itemsize;
		nodes[i] = (struct pd_boost_source){ 0 };
		if (!whole_at(r, node, IS_LEAF) &&
		    read_inner(r, node, first_word, &nodes[i], err) != PD_OK)
			return pd_err_prefix(err, "node %zu", i);
	}
	PD_TRY(pd_boost_add(to, nodes, a->n_items, err));
	for (size_t i = first_node; i < f->n_nodes; i++)
		value[i] = real_at(r, a->data + f->source[i] * a->type->itemsize, VALUE);
	return PD_OK;
}

/* ---- the whole */

static enum pd_code count_tree(struct reader *r, const struct pd_node *predictor,
			       struct pd_err *err)
{
	if (!pd_node_is(predictor, PD_NODE_OBJECT) ||
	    !pd_str_eqz(pd_node_class(predictor), "TreePredictor"))
		return pd_attr_fail(r->object, "_predictors", err, "has no TreePredictor");
	const struct pd_node *n = pd_attr_opt(predictor, "nodes");
	if (!pd_node_is(n, PD_NODE_ARRAY) || n->arr->type->kind != PD_DT_STRUCT ||
	    n->arr->n_dims != 1 || !n->arr->n_items)
		return pd_attr_fail(predictor, "nodes", err, "is not an array of nodes");
	PD_TRY(pd_build_once(r->b, n, err));
	r->n_nodes += n->arr->n_items;
	return r->n_nodes > PD_BOOST_NODES_MAX
		       ? pd_fail(err, PD_TOO_LARGE, "more than %zu nodes", PD_BOOST_NODES_MAX)
		       : PD_OK;
}

static enum pd_code find_predictors(struct reader *r, struct pd_err *err)
{
	const struct pd_node *rounds = NULL;
	size_t k = r->h->out.n_raw;
	PD_TRY(pd_attr(r->object, "_predictors", &rounds, err));
	if (rounds->kind != PD_NODE_LIST || rounds->n_items > PD_TREES_MAX / k)
		return pd_attr_fail(r->object, "_predictors", err, "is not a list of rounds");
	PD_TRY(pd_arena_try(r->b->scratch, rounds->n_items * k, sizeof(*r->predictors),
			    &r->predictors, err));
	for (size_t i = 0; i < rounds->n_items; i++) {
		const struct pd_node *round = rounds->items[i];
		if (!pd_node_is(round, PD_NODE_LIST) || round->n_items != k)
			return pd_attr_fail(r->object, "_predictors", err,
					    "has no %zu trees in round %zu", k, i);
		for (size_t j = 0; j < k; j++) {
			PD_TRY(count_tree(r, round->items[j], err));
			r->predictors[r->n_predictors++] = round->items[j];
		}
	}
	return PD_OK;
}

/* bin_thresholds_ of a categorical feature: the codes that were seen. */
static enum pd_code read_known(struct reader *r, const struct pd_node *mapper, size_t feature,
			       const struct pd_node *codes, struct pd_err *err)
{
	uint32_t *set = r->words + r->n_words;
	if (!pd_node_is(codes, PD_NODE_ARRAY) || !pd_dtype_is_number(codes->arr->type))
		return pd_attr_fail(mapper, "bin_thresholds_", err, "has no codes of feature %zu",
				    feature);
	for (size_t i = 0; i < codes->arr->n_items; i++) {
		double c = pd_array_f64(codes->arr, i);
		if (c >= 0 && c < 256)
			set[(unsigned)c / 32] |= 1u << (unsigned)c % 32;
	}
	r->known[feature] = (uint32_t)r->n_words;
	r->n_words += SET_WORDS;
	return PD_OK;
}

static enum pd_code read_categories(struct reader *r, struct pd_err *err)
{
	const struct pd_node *mapper = pd_attr_opt(r->object, "_bin_mapper");
	const struct pd_array *is = NULL;
	if (!pd_node_is(mapper, PD_NODE_OBJECT) || !pd_attr_opt(mapper, "is_categorical_"))
		return PD_OK;
	PD_TRY(pd_attr_array(mapper, "is_categorical_", &is, err));
	const struct pd_node *codes = pd_attr_opt(mapper, "bin_thresholds_");
	if (is->n_items != r->n_in || !pd_node_is(codes, PD_NODE_LIST) || codes->n_items != r->n_in)
		return pd_attr_fail(mapper, "is_categorical_", err, "is not of %zu features",
				    r->n_in);
	r->cap_words = SET_WORDS * (r->n_in + r->n_nodes);
	PD_TRY(pd_arena_try(r->b->arena, r->cap_words, sizeof(*r->words), &r->words, err));
	PD_TRY(pd_arena_try(r->b->scratch, r->n_in, sizeof(*r->known), &r->known, err));
	for (size_t i = 0; i < r->n_in; i++) {
		r->known[i] = UINT32_MAX;
		if (pd_array_i64(is, i))
			PD_TRY(read_known(r, mapper, i, codes->items[i], err));
	}
	return PD_OK;
}

static enum pd_code read_trees(struct reader *r, struct pd_err *err)
{
	struct pd_boost_builder to;
	struct pd_boost_source *nodes = NULL;
	double *value = NULL;
	size_t n_largest = 0;
	for (size_t i = 0; i < r->n_predictors; i++) {
		size_t n = pd_attr_opt(r->predictors[i], "nodes")->arr->n_items;
		n_largest = n > n_largest ? n : n_largest;
	}
	PD_TRY(pd_arena_try(r->b->scratch, n_largest, sizeof(*nodes), &nodes, err));
	PD_TRY(pd_arena_try(r->b->arena, r->n_nodes, sizeof(*value), &value, err));
	PD_TRY(pd_boost_begin(&to, &r->h->trees, r->n_predictors, r->n_nodes, r->n_in, r->b->arena,
			      r->b->scratch, err));
	for (size_t i = 0; i < r->n_predictors; i++)
		if (read_tree(r, &to, nodes, value, r->predictors[i], err) != PD_OK)
			return pd_err_prefix(err, "tree %zu", i);
	r->h->value = value;
	r->h->trees.words = r->words;
	return PD_OK;
}

static bool is_one_of(struct pd_str s, const char *const *words)
{
	for (; *words; words++)
		if (pd_str_eqz(s, *words))
			return true;
	return false;
}

static enum pd_code read_loss(const struct pd_node *object, struct hist *h, struct pd_err *err)
{
	static const char *const identity[] = { "squared_error",  "least_squares",
						"absolute_error", "least_absolute_deviation",
						"quantile",       NULL };
	static const char *const log_link[] = { "poisson", "gamma", NULL };
	static const char *const logistic[] = { "log_loss", "auto", "binary_crossentropy",
						"categorical_crossentropy", NULL };
	struct pd_str loss = { 0 };
	PD_TRY(pd_attr_text(object, "loss", &loss, err));
	if (h->out.classifier ? !is_one_of(loss, logistic)
			      : !is_one_of(loss, identity) && !is_one_of(loss, log_link))
		return pd_option_fail(object, "loss", loss, err);
	h->out.link = !h->out.classifier ? PD_BOOST_IDENTITY
		      : h->out.n_raw > 1 ? PD_BOOST_SOFTMAX
					 : PD_BOOST_EXPIT;
	if (!h->out.classifier && is_one_of(loss, log_link))
		h->out.link = PD_BOOST_LOG;
	return PD_OK;
}

static enum pd_code read_start(struct pd_build *b, const struct pd_node *object, struct hist *h,
			       struct pd_err *err)
{
	const struct pd_node *n = NULL;
	double one = 0;
	PD_TRY(pd_attr(object, "_baseline_prediction", &n, err));
	if (h->out.n_raw > 1 || !pd_node_to_f64(n, &one))
		return pd_attr_doubles(b, object, "_baseline_prediction", h->out.n_raw, &h->start,
				       err);
	double *start = PD_ARENA_NEW(b->arena, double);
	*start = one;
	h->start = start;
	return PD_OK;
}

enum pd_code pd_make_hist_boosting(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err)
{
	struct hist *h = PD_ARENA_NEW(b->arena, struct hist);
	size_t n_in = 0;
	PD_TRY(pd_boosting_target(b, object, s, &h->out, err));
	if (!s->n_in && pd_attr_opt(object, "_n_features")) { /* until 1.0 */
		PD_TRY(pd_attr_size(object, "_n_features", 1, PD_FEATURES_MAX, &n_in, err));
		PD_TRY(pd_step_width(s, object, n_in, err));
	}
	if (!s->n_in)
		PD_TRY(pd_attr_size(object, "n_features_", 1, PD_FEATURES_MAX, &s->n_in, err));
	struct reader r = { .b = b, .object = object, .h = h, .n_in = s->n_in };
	PD_TRY(read_loss(object, h, err));
	PD_TRY(read_start(b, object, h, err));
	PD_TRY(find_predictors(&r, err));
	PD_TRY(read_categories(&r, err));
	PD_TRY(read_trees(&r, err));
	s->self = h;
	s->ops = &hist_ops;
	s->nan_ok = s->nan_ok_sparse = s->inf_ok = true;
	return PD_OK;
}

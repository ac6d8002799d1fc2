#include "model/xgboost/learner.h"

#include <math.h>

#include "base/num.h"
#include "model/xgboost/ubjson.h"

#define CATEGORY_MAX (1u << 24)
#define WORDS_MAX    ((size_t)1 << 26) /* of all sets of categories */
#define COLUMNS_MAX  ((size_t)1 << 24)

struct reader {
	struct pd_xgb *m;
	struct pd_arena *arena, *scratch;
	const struct pd_xval *learner, *model; /* model: of gbtree */
	size_t n_trees, n_nodes, n_largest;
	size_t n_words, used_words;
	uint32_t *words;
	float *value;
	uint32_t *group;
	struct pd_boost_builder to;
	struct pd_boost_source *nodes;
};

/* ---- small values: numbers are often text */

static struct pd_str text_of(const struct pd_xval *v)
{
	return v && v->kind == PD_XVAL_TEXT ? pd_str_of(v->text, v->n) : (struct pd_str){ 0 };
}

static enum pd_code whole(const struct pd_xval *map, const char *key, size_t min, size_t max,
			  size_t otherwise, size_t *out, struct pd_err *err)
{
	const struct pd_xval *v = pd_xval_find(map, key);
	int64_t i = -1;
	*out = otherwise;
	if (!v)
		return PD_OK;
	if (v->kind == PD_XVAL_NUMBER && v->f >= 0 && v->f <= 0x1p53 && v->f == floor(v->f))
		i = (int64_t)v->f;
	else if (!pd_str_to_i64(text_of(v), &i))
		i = -1;
	if (i < 0 || (uint64_t)i < min || (uint64_t)i > max)
		return pd_fail(err, PD_CORRUPT, "%s is not within %zu to %zu", key, min, max);
	*out = (size_t)i;
	return PD_OK;
}

static enum pd_code member(const struct pd_xval *map, const char *key, const struct pd_xval **out,
			   struct pd_err *err)
{
	*out = pd_xval_find(map, key);
	return *out ? PD_OK : pd_fail(err, PD_CORRUPT, "%s is missing", key);
}

/* ---- objective and start */

static enum pd_code read_objective(struct reader *r, struct pd_err *err)
{
	static const struct {
		const char *name;
		enum pd_xgb_link link;
	} objectives[] = {
		{ "binary:hinge", PD_XGB_HINGE },
		{ "binary:logistic", PD_XGB_LOGISTIC },
		{ "binary:logitraw", PD_XGB_IDENTITY },
		{ "count:poisson", PD_XGB_EXP },
		{ "multi:softmax", PD_XGB_SOFTMAX },
		{ "multi:softprob", PD_XGB_SOFTPROB },
		{ "rank:map", PD_XGB_IDENTITY },
		{ "rank:ndcg", PD_XGB_IDENTITY },
		{ "rank:pairwise", PD_XGB_IDENTITY },
		{ "reg:absoluteerror", PD_XGB_IDENTITY },
		{ "reg:gamma", PD_XGB_EXP },
		{ "reg:linear", PD_XGB_IDENTITY },
		{ "reg:logistic", PD_XGB_LOGISTIC },
		{ "reg:pseudohubererror", PD_XGB_IDENTITY },
		{ "reg:quantileerror", PD_XGB_IDENTITY },
		{ "reg:squarederror", PD_XGB_IDENTITY },
		{ "reg:squaredlogerror", PD_XGB_IDENTITY },
		{ "reg:tweedie", PD_XGB_EXP },
		{ "survival:aft", PD_XGB_EXP },
		{ "survival:cox", PD_XGB_EXP },
	};
	struct pd_str name = text_of(pd_xval_find(pd_xval_find(r->learner, "objective"), "name"));
	for (size_t i = 0; i < PD_LEN(objectives); i++)
		if (pd_str_eqz(name, objectives[i].name)) {
			r->m->link = objectives[i].link;
			return PD_OK;
		}
	return pd_fail(err, PD_UNSUPPORTED, "objective '%.*s' has no native predictor yet",
		       PD_STR_ARG(pd_str_head(name, 60)));
}

static float to_margin(enum pd_xgb_link link, float b)
{
	if (link == PD_XGB_LOGISTIC)
		return -logf(1.0f / b - 1.0f);
	return link == PD_XGB_EXP ? logf(b) : b;
}

/* "5E-1", or since 3.1 "[5E-1,2E0]": one for all groups, or one each. */
static enum pd_code read_start(struct reader *r, const struct pd_xval *param, struct pd_err *err)
{
	struct pd_str text = text_of(pd_xval_find(param, "base_score")), word = { 0 };
	float *start = NULL;
	size_t n = 0, k = r->m->n_groups;
	PD_TRY(pd_arena_try(r->arena, k, sizeof(*start), &start, err));
	if (text.n && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = pd_str_of(text.p + 1, text.n - 2);
	while (text.n) {
		double v = 0;
		(void)pd_str_split(text, ',', &word, &text);
		word = pd_str_trim(word);
		if (n == k || !word.n || !pd_f64_parse(word, &v))
			return pd_fail(err, PD_CORRUPT, "base_score does not fit %zu groups", k);
		start[n++] = to_margin(r->m->link, (float)v);
	}
	if (n != 1 && n != k)
		return pd_fail(err, PD_CORRUPT, "base_score does not fit %zu groups", k);
	for (size_t i = n; i < k; i++)
		start[i] = start[0];
	r->m->start = start;
	return PD_OK;
}

static enum pd_code read_params(struct reader *r, struct pd_err *err)
{
	const struct pd_xval *param = NULL;
	size_t n_class = 0, n_target = 0;
	PD_TRY(member(r->learner, "learner_model_param", &param, err));
	PD_TRY(whole(param, "num_class", 0, PD_OUTPUTS_MAX, 0, &n_class, err));
	PD_TRY(whole(param, "num_target", 0, PD_OUTPUTS_MAX, 1, &n_target, err));
	PD_TRY(whole(param, "num_feature", 1, COLUMNS_MAX, 0, &r->m->n_columns, err));
	if (!r->m->n_columns)
		return pd_fail(err, PD_CORRUPT, "num_feature is missing");
	r->m->n_groups = n_class > n_target ? n_class : n_target;
	r->m->n_groups = r->m->n_groups ? r->m->n_groups : 1;
	PD_TRY(read_objective(r, err));
	return read_start(r, param, err);
}

static enum pd_code read_names(struct reader *r, struct pd_err *err)
{
	const struct pd_xval *list = pd_xval_find(r->learner, "feature_names");
	struct pd_str *names = NULL;
	if (!list || list->kind != PD_XVAL_LIST || list->n != r->m->n_columns)
		return PD_OK;
	PD_TRY(pd_arena_try(r->arena, list->n, sizeof(*names), &names, err));
	for (size_t i = 0; i < list->n; i++)
		names[i] = pd_arena_str(r->arena, text_of(&list->items[i]));
	r->m->names = names;
	r->m->n_names = list->n;
	return PD_OK;
}

/* ---- trees */

/* The arrays of a tree that count, each with a number a node. */
struct arrays {
	const struct pd_xval *left, *right, *feature, *condition, *missing, *type;
	size_t n;
};

static enum pd_code find_arrays(const struct pd_xval *tree, struct arrays *a, struct pd_err *err)
{
	size_t width = 0;
	PD_TRY(whole(pd_xval_find(tree, "tree_param"), "size_leaf_vector", 0, PD_OUTPUTS_MAX, 0,
		     &width, err));
	if (width > 1)
		return pd_fail(err, PD_UNSUPPORTED,
			       "leaves of %zu values have no native predictor yet", width);
	PD_TRY(member(tree, "left_children", &a->left, err));
	PD_TRY(member(tree, "right_children", &a->right, err));
	PD_TRY(member(tree, "split_indices", &a->feature, err));
	PD_TRY(member(tree, "split_conditions", &a->condition, err));
	PD_TRY(member(tree, "default_left", &a->missing, err));
	a->type = pd_xval_find(tree, "split_type"); /* since 1.3 */
	a->n = pd_xval_count(a->left);
	if (!a->n || pd_xval_count(a->right) != a->n || pd_xval_count(a->feature) != a->n ||
	    pd_xval_count(a->condition) != a->n || pd_xval_count(a->missing) != a->n ||
	    (a->type && pd_xval_count(a->type) != a->n))
		return pd_fail(err, PD_CORRUPT, "arrays of several lengths, or empty");
	return PD_OK;
}

static bool index_at(const struct pd_xval *list, size_t i, size_t limit, uint32_t *out)
{
	double v = 0;
	if (!pd_xval_number(list, i, &v) || !(v >= 0 && v < (double)limit))
		return false;
	*out = (uint32_t)v;
	return true;
}

/* The largest float below c: x < c is x <= that. Nothing is below -inf. */
static double limit_of(double c)
{
	float f = (float)c;
	return f > -INFINITY ? (double)nextafterf(f, -INFINITY) : (double)NAN;
}

static enum pd_code read_node(struct reader *r, const struct arrays *a, size_t i,
			      struct pd_boost_source *n, struct pd_err *err)
{
	double left = -1, c = 0, missing = 0, type = 0;
	bool whole_node = pd_xval_number(a->left, i, &left) &&
			  pd_xval_number(a->condition, i, &c) &&
			  pd_xval_number(a->missing, i, &missing) &&
			  (!a->type || pd_xval_number(a->type, i, &type));
	*n = (struct pd_boost_source){ 0 };
	if (whole_node && left == -1)
		return PD_OK;
	if (!whole_node || !index_at(a->left, i, a->n, &n->left) ||
	    !index_at(a->right, i, a->n, &n->right) || !n->left || !n->right ||
	    !index_at(a->feature, i, r->m->n_columns, &n->feature))
		return pd_fail(err, PD_CORRUPT, "node %zu: a child or a feature is outside", i);
	n->limit = limit_of(c);
	n->flags = (missing != 0 ? PD_BOOST_MISSING_LEFT : 0u) |
		   (type == 1 ? (unsigned)(PD_BOOST_CATEGORY | PD_BOOST_SET_RIGHT) : 0u);
	return PD_OK;
}

/* Numbers `first` to before `first + n` of `categories` as bits. */
static enum pd_code read_set(struct reader *r, const struct pd_xval *categories, size_t first,
			     size_t n, struct pd_boost_source *node, struct pd_err *err)
{
	uint32_t max = 0, c = 0;
	for (size_t i = first; i < first + n; i++) {
		if (!index_at(categories, i, CATEGORY_MAX, &c))
			return pd_fail(err, PD_CORRUPT, "categories do not fit");
		max = c > max ? c : max;
	}
	size_t n_words = n ? max / 32 + 1 : 0;
	while (r->used_words + n_words > r->n_words) {
		uint32_t *bigger = NULL;
		size_t cap = r->n_words ? 2 * r->n_words : 256;
		if (cap > WORDS_MAX)
			return pd_fail(err, PD_TOO_LARGE, "sets of more than %zu words", WORDS_MAX);
		PD_TRY(pd_arena_try(r->arena, cap, sizeof(*bigger), &bigger, err));
		if (r->used_words)
			memcpy(bigger, r->words, r->used_words * sizeof(*bigger));
		r->words = bigger;
		r->n_words = cap;
	}
	node->set = (uint32_t)r->used_words;
	node->n_words = (uint32_t)n_words;
	for (size_t i = first; i < first + n && index_at(categories, i, CATEGORY_MAX, &c); i++)
		r->words[r->used_words + c / 32] |= 1u << c % 32;
	r->used_words += n_words;
	return PD_OK;
}

static enum pd_code read_sets(struct reader *r, const struct pd_xval *tree, size_t n_nodes,
			      struct pd_err *err)
{
	const struct pd_xval *nodes = pd_xval_find(tree, "categories_nodes");
	const struct pd_xval *segments = pd_xval_find(tree, "categories_segments");
	const struct pd_xval *sizes = pd_xval_find(tree, "categories_sizes");
	const struct pd_xval *categories = pd_xval_find(tree, "categories");
	size_t n_all = pd_xval_count(categories);
	for (size_t i = 0; i < pd_xval_count(nodes); i++) {
		uint32_t node = 0, first = 0, n = 0;
		if (!index_at(nodes, i, n_nodes, &node) ||
		    !index_at(segments, i, n_all + 1, &first) ||
		    !index_at(sizes, i, n_all - first + 1, &n) ||
		    !(r->nodes[node].flags & PD_BOOST_CATEGORY) || r->nodes[node].n_words)
			return pd_fail(err, PD_CORRUPT, "set %zu of categories does not fit", i);
		PD_TRY(read_set(r, categories, first, n, &r->nodes[node], err));
	}
	return PD_OK;
}

static enum pd_code read_tree(struct reader *r, const struct pd_xval *tree, struct pd_err *err)
{
	struct pd_boost *f = &r->m->trees;
	struct arrays a = { 0 };
	size_t first = f->n_nodes;
	PD_TRY(find_arrays(tree, &a, err));
	for (size_t i = 0; i < a.n; i++)
		PD_TRY(read_node(r, &a, i, &r->nodes[i], err));
	PD_TRY(read_sets(r, tree, a.n, err));
	PD_TRY(pd_boost_add(&r->to, r->nodes, a.n, err));
	for (size_t i = first; i < f->n_nodes; i++) {
		double v = 0;
		(void)pd_xval_number(a.condition, f->source[i], &v);
		r->value[i] = (float)v;
	}
	return PD_OK;
}

static enum pd_code count_nodes(struct reader *r, const struct pd_xval *trees, struct pd_err *err)
{
	for (size_t i = 0; i < r->n_trees; i++) {
		size_t n = pd_xval_count(pd_xval_find(&trees->items[i], "left_children"));
		r->n_nodes += n;
		r->n_largest = n > r->n_largest ? n : r->n_largest;
	}
	if (r->n_nodes > PD_BOOST_NODES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%zu nodes", r->n_nodes);
	PD_TRY(pd_arena_try(r->arena, r->n_nodes, sizeof(*r->value), &r->value, err));
	PD_TRY(pd_arena_try(r->arena, r->n_trees, sizeof(*r->group), &r->group, err));
	PD_TRY(pd_arena_try(r->scratch, r->n_largest, sizeof(*r->nodes), &r->nodes, err));
	return pd_boost_begin(&r->to, &r->m->trees, r->n_trees, r->n_nodes, r->m->n_columns,
			      r->arena, r->scratch, err);
}

static enum pd_code read_trees(struct reader *r, struct pd_err *err)
{
	const struct pd_xval *trees = NULL, *info = NULL;
	PD_TRY(member(r->model, "trees", &trees, err));
	PD_TRY(member(r->model, "tree_info", &info, err));
	r->n_trees = trees->kind == PD_XVAL_LIST ? trees->n : 0;
	if (pd_xval_count(info) != r->n_trees)
		return pd_fail(err, PD_CORRUPT, "tree_info is not of %zu trees", r->n_trees);
	PD_TRY(count_nodes(r, trees, err));
	for (size_t i = 0; i < r->n_trees; i++) {
		if (!index_at(info, i, r->m->n_groups, &r->group[i]))
			return pd_fail(err, PD_CORRUPT, "tree %zu: group beyond %zu", i,
				       r->m->n_groups);
		if (read_tree(r, &trees->items[i], err) != PD_OK)
			return pd_err_prefix(err, "tree %zu", i);
	}
	r->m->value = r->value;
	r->m->group = r->group;
	r->m->trees.words = r->words;
	r->m->n_trees = r->n_trees;
	return PD_OK;
}

/* best_iteration counts rounds from 0. */
static enum pd_code read_best(struct reader *r, struct pd_err *err)
{
	size_t best = 0, parallel = 1;
	const struct pd_xval *a = pd_xval_find(r->learner, "attributes");
	if (!pd_xval_find(a, "best_iteration"))
		return PD_OK;
	PD_TRY(whole(a, "best_iteration", 0, PD_TREES_MAX, 0, &best, err));
	PD_TRY(whole(pd_xval_find(r->model, "gbtree_model_param"), "num_parallel_tree", 0,
		     PD_TREES_MAX, 1, &parallel, err));
	size_t round = (parallel ? parallel : 1) * r->m->n_groups;
	if (best + 1 < r->n_trees / round + (r->n_trees % round != 0))
		r->m->n_trees = (best + 1) * round;
	return PD_OK;
}

/* ---- dart, gblinear, the whole */

static enum pd_code floats(struct reader *r, const struct pd_xval *from, const char *key, size_t n,
			   const float **out, struct pd_err *err)
{
	const struct pd_xval *list = pd_xval_find(from, key);
	float *f = NULL;
	if (pd_xval_count(list) != n)
		return pd_fail(err, PD_CORRUPT, "%s does not have %zu numbers", key, n);
	PD_TRY(pd_arena_try(r->arena, n, sizeof(*f), &f, err));
	for (size_t i = 0; i < n; i++) {
		double v = 0;
		if (!pd_xval_number(list, i, &v))
			return pd_fail(err, PD_CORRUPT, "%s has no number %zu", key, i);
		f[i] = (float)v;
	}
	*out = f;
	return PD_OK;
}

static enum pd_code read_booster(struct reader *r, bool wrapped, struct pd_err *err)
{
	const struct pd_xval *booster = NULL;
	PD_TRY(member(r->learner, "gradient_booster", &booster, err));
	struct pd_str name = text_of(pd_xval_find(booster, "name"));
	bool dart = pd_str_eqz(name, "dart");
	if (pd_str_eqz(name, "gblinear"))
		return floats(r, pd_xval_find(booster, "model"), "weights",
			      (r->m->n_columns + 1) * r->m->n_groups, &r->m->weights, err);
	if (!dart && !pd_str_eqz(name, "gbtree"))
		return pd_fail(err, PD_UNSUPPORTED, "booster '%.*s' has no native predictor yet",
			       PD_STR_ARG(pd_str_head(name, 60)));
	const struct pd_xval *tree = dart ? pd_xval_find(booster, "gbtree") : booster;
	PD_TRY(member(tree, "model", &r->model, err));
	PD_TRY(read_trees(r, err));
	if (dart)
		PD_TRY(floats(r, booster, "weight_drop", r->n_trees, &r->m->drop, err));
	return wrapped ? read_best(r, err) : PD_OK;
}

enum pd_code pd_xgb_read(struct pd_xgb *m, struct pd_str bytes, bool wrapped,
			 struct pd_arena *arena, struct pd_arena *scratch, struct pd_err *err)
{
	*m = (struct pd_xgb){ .in_place = wrapped };
	struct reader r = { .m = m, .arena = arena, .scratch = scratch };
	struct pd_xval root = { 0 };
	if (pd_str_starts(bytes, PD_STR("binf")))
		return pd_fail(err, PD_UNSUPPORTED,
			       "the binary format of XGBoost before 1.0 is not read: save the "
			       "model as .ubj or .json");
	PD_TRY(pd_xval_read(bytes, scratch, &root, err));
	const struct pd_xval *model = pd_xval_find(&root, "Model"); /* beside Config in a pickle */
	PD_TRY(member(model ? model : &root, "learner", &r.learner, err));
	PD_TRY(read_params(&r, err));
	PD_TRY(read_names(&r, err));
	return read_booster(&r, wrapped, err);
}

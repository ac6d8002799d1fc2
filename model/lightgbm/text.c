#include "model/lightgbm/text.h"

#include <math.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/num.h"

/* ---- lines and numbers */

static struct pd_str next_line(struct pd_str *rest)
{
	struct pd_str line = { 0 };
	(void)pd_str_split(*rest, '\n', &line, rest);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static struct pd_str next_word(struct pd_str *rest)
{
	struct pd_str word = { 0 };
	while (rest->n && !word.n)
		(void)pd_str_split(*rest, ' ', &word, rest);
	return word;
}

static bool read_real(struct pd_str word, double *out)
{
	struct pd_str bare = word.n && word.p[0] == '-' ? pd_str_skip(word, 1) : word;
	if (!word.n)
		return false;
	if (pd_f64_parse(word, out))
		return true;
	if (pd_str_eqz(bare, "inf"))
		*out = bare.n == word.n ? INFINITY : -INFINITY;
	else if (pd_str_eqz(bare, "nan"))
		*out = NAN;
	else
		return false;
	return true;
}

/* A table of `key` and what stands behind its `=`. */
struct line {
	const char *key;
	struct pd_str value;
};

static bool keep_line(struct line *lines, size_t n, struct pd_str line)
{
	struct pd_str key = { 0 }, value = { 0 };
	if (!pd_str_split(line, '=', &key, &value))
		return false;
	for (size_t i = 0; i < n; i++)
		if (pd_str_eqz(key, lines[i].key)) {
			lines[i].value = value;
			return true;
		}
	return false;
}

static enum pd_code whole(const struct line *l, int64_t min, int64_t max, int64_t *out,
			  struct pd_err *err)
{
	if (!pd_str_to_i64(l->value, out) || *out < min || *out > max)
		return pd_fail(err, PD_CORRUPT, "%s=%.*s is not within %lld to %lld", l->key,
			       PD_STR_ARG(pd_str_head(l->value, 40)), (long long)min,
			       (long long)max);
	return PD_OK;
}

static enum pd_code wrong_count(const struct line *l, size_t n, struct pd_err *err)
{
	return pd_fail(err, PD_CORRUPT, "%s does not have %zu numbers that fit", l->key, n);
}

/* Exactly n numbers. */
static enum pd_code reals(const struct line *l, size_t n, double *out, struct pd_err *err)
{
	struct pd_str rest = l->value;
	for (size_t i = 0; i < n; i++)
		if (!read_real(next_word(&rest), &out[i]))
			return wrong_count(l, n, err);
	return next_word(&rest).n ? wrong_count(l, n, err) : PD_OK;
}

static enum pd_code wholes(const struct line *l, size_t n, int64_t min, int64_t max, int64_t *out,
			   struct pd_err *err)
{
	struct pd_str rest = l->value;
	for (size_t i = 0; i < n; i++)
		if (!pd_str_to_i64(next_word(&rest), &out[i]) || out[i] < min || out[i] > max)
			return wrong_count(l, n, err);
	return next_word(&rest).n ? wrong_count(l, n, err) : PD_OK;
}

/* ---- header */

enum head { NUM_CLASS, PER_ROUND, MAX_FEATURE, OBJECTIVE, INFOS, VERSION, N_HEAD };

struct reader {
	struct pd_lgbm *m;
	struct pd_arena *arena, *scratch;
	struct line head[N_HEAD];
	size_t n_trees, n_leaves, n_largest; /* of the file: counted first */
	size_t n_words, n_terms;             /* room for words of sets, terms of lines */
	size_t used_words, used_terms;
	uint32_t *words;
	double *value;
	struct pd_lgbm_line *lines;
	unsigned char *linear;
	uint32_t *features;
	double *coefs;
	struct pd_boost_builder to;
	struct pd_boost_source *nodes; /* of the largest tree */
	double *real;                  /* as many */
	int64_t *left, *right, *feature, *type, *bounds;
};

static double option(struct pd_str words, struct pd_str key, double otherwise)
{
	for (struct pd_str w = next_word(&words); w.n; w = next_word(&words)) {
		double v = 0;
		if (w.n > key.n && pd_str_starts(w, key) && pd_f64_parse(pd_str_skip(w, key.n), &v))
			return v;
	}
	return otherwise;
}

static bool has_word(struct pd_str words, const char *wanted)
{
	for (struct pd_str w = next_word(&words); w.n; w = next_word(&words))
		if (pd_str_eqz(w, wanted))
			return true;
	return false;
}

static enum pd_code read_objective(struct pd_lgbm *m, struct pd_str line, struct pd_err *err)
{
	static const struct {
		const char *name;
		enum pd_lgbm_link link;
	} objectives[] = {
		{ "", PD_LGBM_IDENTITY },
		{ "binary", PD_LGBM_SIGMOID },
		{ "cross_entropy", PD_LGBM_SIGMOID },
		{ "cross_entropy_lambda", PD_LGBM_LOG1P_EXP },
		{ "custom", PD_LGBM_IDENTITY },
		{ "fair", PD_LGBM_IDENTITY },
		{ "gamma", PD_LGBM_EXP },
		{ "huber", PD_LGBM_IDENTITY },
		{ "lambdarank", PD_LGBM_IDENTITY },
		{ "mape", PD_LGBM_IDENTITY },
		{ "multiclass", PD_LGBM_SOFTMAX },
		{ "multiclassova", PD_LGBM_SIGMOID },
		{ "poisson", PD_LGBM_EXP },
		{ "quantile", PD_LGBM_IDENTITY },
		{ "rank_xendcg", PD_LGBM_IDENTITY },
		{ "regression", PD_LGBM_IDENTITY },
		{ "regression_l1", PD_LGBM_IDENTITY },
		{ "tweedie", PD_LGBM_EXP },
	};
	struct pd_str rest = line, name = next_word(&rest);
	for (size_t i = 0; i < PD_LEN(objectives); i++) {
		if (!pd_str_eqz(name, objectives[i].name))
			continue;
		m->link = objectives[i].link;
		if (m->link == PD_LGBM_IDENTITY && has_word(rest, "sqrt"))
			m->link = PD_LGBM_SQRT;
		m->sigmoid = option(rest, PD_STR("sigmoid:"), 1.0);
		return PD_OK;
	}
	return pd_fail(err, PD_UNSUPPORTED, "objective=%.*s has no native predictor yet",
		       PD_STR_ARG(pd_str_head(line, 60)));
}

static enum pd_code read_head(struct reader *r, struct pd_str *rest, struct pd_err *err)
{
	static const char *const keys[N_HEAD] = {
		[NUM_CLASS] = "num_class",         [PER_ROUND] = "num_tree_per_iteration",
		[MAX_FEATURE] = "max_feature_idx", [OBJECTIVE] = "objective",
		[INFOS] = "feature_infos",         [VERSION] = "version",
	};
	int64_t n = 0, last = 0, classes = 0;
	for (size_t i = 0; i < N_HEAD; i++)
		r->head[i].key = keys[i];
	if (!pd_str_eqz(next_line(rest), "tree"))
		return pd_fail(err, PD_CORRUPT, "the first line is not `tree`");
	while (rest->n && !pd_str_starts(*rest, PD_STR("Tree=")) &&
	       !pd_str_starts(*rest, PD_STR("end of trees"))) {
		struct pd_str line = next_line(rest);
		(void)keep_line(r->head, N_HEAD, line);
		r->m->average |= pd_str_eqz(line, "average_output");
	}
	if (!pd_str_eqz(r->head[VERSION].value, "v3") && !pd_str_eqz(r->head[VERSION].value, "v4"))
		return pd_fail(err, PD_UNSUPPORTED, "version=%.*s of LightGBM's text is not read",
			       PD_STR_ARG(pd_str_head(r->head[VERSION].value, 20)));
	PD_TRY(whole(&r->head[PER_ROUND], 1, (int64_t)PD_OUTPUTS_MAX, &n, err));
	PD_TRY(whole(&r->head[NUM_CLASS], 1, (int64_t)PD_OUTPUTS_MAX, &classes, err));
	PD_TRY(whole(&r->head[MAX_FEATURE], 0, (int64_t)PD_LGBM_COLUMNS_MAX - 1, &last, err));
	r->m->n_classes = (size_t)n;
	r->m->n_columns = (size_t)last + 1;
	PD_TRY(read_objective(r->m, r->head[OBJECTIVE].value, err));
	if (r->m->link == PD_LGBM_SOFTMAX && n < 2)
		return pd_fail(err, PD_CORRUPT, "multiclass of one class");
	return PD_OK;
}

/* ---- trees */

enum key {
	NUM_LEAVES,
	NUM_CAT,
	FEATURE,
	THRESHOLD,
	TYPE,
	LEFT,
	RIGHT,
	VALUE,
	BOUNDS,
	SETS,
	IS_LINEAR,
	CONST,
	N_TERMS,
	TERMS,
	COEFS,
	N_KEYS
};

static void clear_keys(struct line *l)
{
	static const char *const keys[N_KEYS] = {
		"num_leaves", "num_cat",     "split_feature", "threshold",      "decision_type",
		"left_child", "right_child", "leaf_value",    "cat_boundaries", "cat_threshold",
		"is_linear",  "leaf_const",  "num_features",  "leaf_features",  "leaf_coeff",
	};
	for (size_t i = 0; i < N_KEYS; i++)
		l[i] = (struct line){ .key = keys[i] };
}

/* From behind "Tree=": its lines, up to the next tree or the end. */
static void take_tree(struct pd_str *rest, struct line *l)
{
	clear_keys(l);
	while (rest->n && !pd_str_starts(*rest, PD_STR("Tree=")) &&
	       !pd_str_starts(*rest, PD_STR("end of trees")))
		(void)keep_line(l, N_KEYS, next_line(rest));
}

static size_t count_words(struct pd_str s)
{
	size_t n = 0;
	while (next_word(&s).n)
		n++;
	return n;
}

static enum pd_code leaves_of(const struct line *l, size_t *out, struct pd_err *err)
{
	int64_t n = 0;
	/* a number and a blank each */
	PD_TRY(whole(&l[NUM_LEAVES], 1, (int64_t)(l[VALUE].value.n / 2 + 1), &n, err));
	*out = (size_t)n;
	return PD_OK;
}

static enum pd_code count_trees(struct reader *r, struct pd_str rest, size_t n_rounds,
				struct pd_err *err)
{
	struct line l[N_KEYS];
	while (pd_str_starts(rest, PD_STR("Tree="))) {
		size_t n = 0;
		if (n_rounds && r->n_trees / r->m->n_classes >= n_rounds)
			break;
		(void)next_line(&rest);
		take_tree(&rest, l);
		if (leaves_of(l, &n, err) != PD_OK)
			return pd_err_prefix(err, "tree %zu", r->n_trees);
		r->n_trees++;
		r->n_leaves += n;
		r->n_largest = n > r->n_largest ? n : r->n_largest;
		r->n_words += count_words(l[SETS].value);
		r->n_terms += count_words(l[TERMS].value);
	}
	if (r->n_trees % r->m->n_classes)
		return pd_fail(err, PD_CORRUPT, "%zu trees, %zu a round", r->n_trees,
			       r->m->n_classes);
	return PD_OK;
}

static enum pd_code make_room(struct reader *r, struct pd_err *err)
{
	size_t n_nodes = 2 * r->n_leaves, n = r->n_largest;
	size_t n_bounds = n + 1;
	PD_TRY(pd_arena_try(r->arena, n_nodes, sizeof(*r->value), &r->value, err));
	PD_TRY(pd_arena_try(r->arena, r->n_trees, 1, &r->linear, err));
	PD_TRY(pd_arena_try(r->arena, r->n_words, sizeof(*r->words), &r->words, err));
	PD_TRY(pd_arena_try(r->arena, r->n_terms, sizeof(*r->features), &r->features, err));
	PD_TRY(pd_arena_try(r->arena, r->n_terms, sizeof(*r->coefs), &r->coefs, err));
	if (r->n_terms)
		PD_TRY(pd_arena_try(r->arena, n_nodes, sizeof(*r->lines), &r->lines, err));
	PD_TRY(pd_arena_try(r->scratch, 2 * n, sizeof(*r->nodes), &r->nodes, err));
	PD_TRY(pd_arena_try(r->scratch, n, sizeof(*r->real), &r->real, err));
	PD_TRY(pd_arena_try(r->scratch, n, sizeof(*r->left), &r->left, err));
	PD_TRY(pd_arena_try(r->scratch, n, sizeof(*r->right), &r->right, err));
	PD_TRY(pd_arena_try(r->scratch, n, sizeof(*r->feature), &r->feature, err));
	PD_TRY(pd_arena_try(r->scratch, n, sizeof(*r->type), &r->type, err));
	PD_TRY(pd_arena_try(r->scratch, n_bounds, sizeof(*r->bounds), &r->bounds, err));
	return pd_boost_begin(&r->to, &r->m->trees, r->n_trees, n_nodes, r->m->n_columns, r->arena,
			      r->scratch, err);
}

/* Words of the tree's sets; r->bounds: where each begins. */
static enum pd_code read_sets(struct reader *r, const struct line *l, size_t n_inner, size_t *out_n,
			      struct pd_err *err)
{
	int64_t n = 0;
	if (l[NUM_CAT].value.n)
		PD_TRY(whole(&l[NUM_CAT], 0, (int64_t)n_inner, &n, err));
	*out_n = (size_t)n;
	if (!n)
		return PD_OK;
	size_t n_words = count_words(l[SETS].value);
	PD_TRY(wholes(&l[BOUNDS], (size_t)n + 1, 0, (int64_t)n_words, r->bounds, err));
	for (int64_t i = 0; i < n; i++)
		if (r->bounds[i] > r->bounds[i + 1])
			return pd_fail(err, PD_CORRUPT, "cat_boundaries do not ascend");
	struct pd_str rest = l[SETS].value;
	for (size_t i = 0; i < n_words; i++) {
		int64_t word = 0;
		if (!pd_str_to_i64(next_word(&rest), &word) || word < 0 || word > UINT32_MAX)
			return wrong_count(&l[SETS], n_words, err);
		r->words[r->used_words + i] = (uint32_t)word;
	}
	r->used_words += n_words;
	return PD_OK;
}

static enum pd_code put_inner(struct reader *r, size_t i, size_t n_leaves, size_t first_word,
			      size_t n_sets, struct pd_err *err)
{
	int64_t type = r->type[i], missing = type >> 2 & 3;
	struct pd_boost_source *n = &r->nodes[i];
	size_t n_inner = n_leaves - 1;
	if (!r->left[i] || !r->right[i])
		return pd_fail(err, PD_CORRUPT, "node %zu: the root as a child", i);
	*n = (struct pd_boost_source){ .limit = r->real[i], .feature = (uint32_t)r->feature[i] };
	n->left = (uint32_t)(r->left[i] < 0 ? (int64_t)n_inner + ~r->left[i] : r->left[i]);
	n->right = (uint32_t)(r->right[i] < 0 ? (int64_t)n_inner + ~r->right[i] : r->right[i]);
	if (type & 1) {
		double set = r->real[i];
		if (!(set >= 0 && set < (double)n_sets))
			return pd_fail(err, PD_CORRUPT, "node %zu: set %g of %zu", i, set, n_sets);
		size_t k = (size_t)set;
		n->flags = PD_BOOST_CATEGORY;
		n->set = (uint32_t)(first_word + (size_t)r->bounds[k]);
		n->n_words = (uint32_t)(r->bounds[k + 1] - r->bounds[k]);
		return PD_OK;
	}
	if (missing == 3)
		return pd_fail(err, PD_CORRUPT, "node %zu: decision_type %lld", i, (long long)type);
	n->flags = (type & 2 ? PD_BOOST_MISSING_LEFT : 0u) |
		   (missing == 1 ? PD_BOOST_ZERO_MISSING : 0u) |
		   (missing != 2 ? PD_BOOST_NAN_IS_ZERO : 0u);
	return PD_OK;
}

static enum pd_code read_inner(struct reader *r, const struct line *l, size_t n_leaves,
			       struct pd_err *err)
{
	size_t n = n_leaves - 1, n_sets = 0, first_word = r->used_words;
	if (!n)
		return PD_OK;
	PD_TRY(wholes(&l[FEATURE], n, 0, (int64_t)r->m->n_columns - 1, r->feature, err));
	PD_TRY(reals(&l[THRESHOLD], n, r->real, err));
	PD_TRY(wholes(&l[TYPE], n, 0, 15, r->type, err));
	PD_TRY(wholes(&l[LEFT], n, -(int64_t)n_leaves, (int64_t)n - 1, r->left, err));
	PD_TRY(wholes(&l[RIGHT], n, -(int64_t)n_leaves, (int64_t)n - 1, r->right, err));
	PD_TRY(read_sets(r, l, n, &n_sets, err));
	for (size_t i = 0; i < n; i++)
		PD_TRY(put_inner(r, i, n_leaves, first_word, n_sets, err));
	return PD_OK;
}

/* The lines of the leaves: r->left their numbers of terms, r->real their constants; *out_first the
 * first term. */
static enum pd_code read_lines(struct reader *r, const struct line *l, size_t n_leaves,
			       size_t *out_first, struct pd_err *err)
{
	size_t n = 0;
	PD_TRY(reals(&l[CONST], n_leaves, r->real, err));
	PD_TRY(wholes(&l[N_TERMS], n_leaves, 0, (int64_t)r->n_terms, r->left, err));
	for (size_t i = 0; i < n_leaves; i++)
		n += (size_t)r->left[i];
	if (n > r->n_terms - r->used_terms)
		return wrong_count(&l[TERMS], n, err);
	PD_TRY(reals(&l[COEFS], n, r->coefs + r->used_terms, err));
	struct pd_str rest = l[TERMS].value;
	for (size_t i = 0; i < n; i++) {
		int64_t f = 0;
		if (!pd_str_to_i64(next_word(&rest), &f) || f < 0 || (uint64_t)f >= r->m->n_columns)
			return wrong_count(&l[TERMS], n, err);
		r->features[r->used_terms + i] = (uint32_t)f;
	}
	*out_first = r->used_terms;
	r->used_terms += n;
	return PD_OK;
}

static void put_lines(struct reader *r, size_t first_node, size_t n_inner, size_t first_term)
{
	const struct pd_boost *f = &r->m->trees;
	for (size_t i = 0, term = first_term; r->lines && i <= n_inner; i++) {
		int64_t n = r->left[i];
		r->left[i] = (int64_t)term; /* the number is needed no longer than the place */
		term += (size_t)n;
		r->right[i] = n;
	}
	for (size_t i = first_node; r->lines && i < f->n_nodes; i++)
		if (f->source[i] >= n_inner) {
			size_t leaf = f->source[i] - n_inner;
			r->lines[i] = (struct pd_lgbm_line){ r->real[leaf], (uint32_t)r->left[leaf],
							     (uint32_t)r->right[leaf] };
		}
}

static enum pd_code read_tree(struct reader *r, const struct line *l, struct pd_err *err)
{
	struct pd_boost *f = &r->m->trees;
	size_t n_leaves = 0, first_node = f->n_nodes, tree = f->n_trees, first_term = 0;
	int64_t linear = 0;
	PD_TRY(leaves_of(l, &n_leaves, err));
	size_t n_inner = n_leaves - 1;
	memset(r->nodes, 0, 2 * n_leaves * sizeof(*r->nodes));
	PD_TRY(read_inner(r, l, n_leaves, err));
	PD_TRY(pd_boost_add(&r->to, r->nodes, n_inner + n_leaves, err));
	PD_TRY(reals(&l[VALUE], n_leaves, r->real, err));
	for (size_t i = first_node; i < f->n_nodes; i++)
		if (f->source[i] >= n_inner)
			r->value[i] = r->real[f->source[i] - n_inner];
	if (l[IS_LINEAR].value.n)
		PD_TRY(whole(&l[IS_LINEAR], 0, 1, &linear, err));
	if (!linear)
		return PD_OK;
	PD_TRY(read_lines(r, l, n_leaves, &first_term, err));
	/* without any term the constants are still what counts */
	for (size_t i = first_node; !r->lines && i < f->n_nodes; i++)
		if (f->source[i] >= n_inner)
			r->value[i] = r->real[f->source[i] - n_inner];
	put_lines(r, first_node, n_inner, first_term);
	r->linear[tree] = r->lines != NULL;
	return PD_OK;
}

static enum pd_code read_trees(struct reader *r, struct pd_str rest, struct pd_err *err)
{
	struct line l[N_KEYS];
	for (size_t i = 0; i < r->n_trees; i++) {
		(void)next_line(&rest);
		take_tree(&rest, l);
		if (read_tree(r, l, err) != PD_OK)
			return pd_err_prefix(err, "tree %zu", i);
	}
	return PD_OK;
}

/* ---- categories of pandas */

static enum pd_code read_list(struct reader *r, const json_t *list,
			      const struct pd_lgbm_categories **out, struct pd_err *err)
{
	size_t n = json_array_size(list), i;
	const json_t *v;
	struct pd_lgbm_categories *c = PD_ARENA_NEW(r->arena, struct pd_lgbm_categories);
	struct pd_str *words = NULL;
	double *numbers = NULL;
	if (!json_is_array(list))
		return pd_fail(err, PD_CORRUPT, "pandas_categorical holds no lists");
	PD_TRY(pd_arena_try(r->arena, n, sizeof(*words), &words, err));
	PD_TRY(pd_arena_try(r->arena, n, sizeof(*numbers), &numbers, err));
	json_array_foreach(list, i, v)
	{
		numbers[i] = json_is_boolean(v) ? json_is_true(v) : json_number_value(v);
		words[i] = pd_arena_str(r->arena, pd_json_str(v));
		if (json_is_string(v) != json_is_string(json_array_get(list, 0)))
			return pd_fail(err, PD_UNSUPPORTED, "categories of two kinds");
	}
	*c = (struct pd_lgbm_categories){ .n = n, .numbers = numbers };
	c->words = n && json_is_string(json_array_get(list, 0)) ? words : NULL;
	*out = c;
	return PD_OK;
}

/* A column of categories has its values between colons, others have [low:high] or none. */
static bool is_category(struct pd_str info)
{
	return info.n && info.p[0] != '[' && !pd_str_eqz(info, "none");
}

static enum pd_code read_categories(struct reader *r, struct pd_str text, struct pd_err *err)
{
	PD_AUTO_JSON json_t *lists = NULL;
	struct pd_str infos = r->head[INFOS].value, line = { 0 };
	static const struct pd_str key = { "pandas_categorical:", 19 };
	while (text.n && !pd_str_starts(line, key))
		line = next_line(&text);
	if (!pd_str_starts(line, key) || pd_str_eqz(pd_str_skip(line, key.n), "null"))
		return PD_OK;
	PD_TRY(pd_json_parse(pd_str_skip(line, key.n), &lists, err));
	if (!json_is_array(lists) || !json_array_size(lists))
		return PD_OK;
	PD_TRY(pd_arena_try(r->arena, r->m->n_columns, sizeof(*r->m->categories), &r->m->categories,
			    err));
	size_t k = 0;
	for (size_t i = 0; i < r->m->n_columns; i++)
		if (is_category(next_word(&infos)) && k++ < json_array_size(lists))
			PD_TRY(read_list(r, json_array_get(lists, k - 1), &r->m->categories[i],
					 err));
	if (k != json_array_size(lists)) /* one of them is constant: which, nothing tells */
		r->m->categories = NULL;
	return PD_OK;
}

enum pd_code pd_lgbm_read(struct pd_lgbm *m, struct pd_str text, size_t n_rounds,
			  struct pd_arena *arena, struct pd_arena *scratch, struct pd_err *err)
{
	*m = (struct pd_lgbm){ 0 };
	struct reader r = { .m = m, .arena = arena, .scratch = scratch };
	struct pd_str rest = text;
	PD_TRY(read_head(&r, &rest, err));
	PD_TRY(count_trees(&r, rest, n_rounds, err));
	PD_TRY(make_room(&r, err));
	PD_TRY(read_trees(&r, rest, err));
	PD_TRY(read_categories(&r, rest, err));
	m->trees.words = r.words;
	m->value = r.value;
	m->lines = r.lines;
	m->linear = r.linear;
	m->features = r.features;
	m->coefs = r.coefs;
	return PD_OK;
}

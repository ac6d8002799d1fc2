#include <math.h>
#include <stdlib.h>

#include "model/kernel/forest.h"
#include "tests/unit/pd_test.h"

/* Trees made by a small generator, walked by the kernel and by the obvious loop. */

struct node {
	int64_t left, right, feature;
	double threshold;
	int64_t samples;
	unsigned char missing_left;
};

struct grove {
	struct pd_arena arena;
	struct pd_arena scratch;
	struct pd_forest forest;
	struct node *nodes[64];
	struct pd_tree_source trees[64];
	size_t n_trees;
	size_t n_columns;
	const uint32_t *leaf_nodes;
	const uint32_t *first_leaf;
	struct pd_err err;
};

static uint64_t seed;

static uint32_t next_random(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

static double random_value(void)
{
	return ((double)next_random() / 2147483648.0 - 0.5) * 4;
}

static void add_tree(struct grove *g, struct node *nodes, size_t n)
{
	g->nodes[g->n_trees] = nodes;
	g->trees[g->n_trees++] = (struct pd_tree_source){
		.nodes = (const unsigned char *)nodes,
		.stride = sizeof(struct node),
		.n_nodes = n,
		.left = offsetof(struct node, left),
		.right = offsetof(struct node, right),
		.feature = offsetof(struct node, feature),
		.threshold = offsetof(struct node, threshold),
		.samples = offsetof(struct node, samples),
		.missing_left = offsetof(struct node, missing_left),
	};
}

/* n_inner splits of random leaves: children come after their parent, as in the library. */
static void add_random_tree(struct grove *g, size_t n_inner, bool own_feature)
{
	size_t n = 1, n_open = 1;
	struct node *nodes = calloc(2 * n_inner + 1, sizeof(*nodes));
	uint32_t *open = calloc(n_inner + 2, sizeof(*open));
	nodes[0].left = nodes[0].right = -1;
	for (size_t i = 0; i < n_inner; i++) {
		size_t pick = next_random() % n_open;
		struct node *v = &nodes[open[pick]];
		v->left = (int64_t)n;
		v->right = (int64_t)n + 1;
		v->feature = (int64_t)(own_feature ? i : next_random() % g->n_columns);
		v->threshold = random_value();
		v->samples = next_random() % 1000;
		v->missing_left = next_random() & 1;
		open[pick] = (uint32_t)n;
		open[n_open++] = (uint32_t)n + 1;
		nodes[n].left = nodes[n].right = nodes[n + 1].left = nodes[n + 1].right = -1;
		nodes[n].feature = nodes[n + 1].feature = -2;
		n += 2;
	}
	free(open);
	add_tree(g, nodes, n);
}

static enum pd_code build(struct grove *g, size_t n_values)
{
	enum pd_code code = pd_forest_build(&g->forest, g->trees, g->n_trees, g->n_columns,
					    n_values, &g->arena, &g->scratch, &g->leaf_nodes,
					    &g->first_leaf, &g->err);
	for (size_t i = 0; code == PD_OK && i < g->forest.n_leaves * n_values; i++)
		g->forest.values[i] = random_value();
	return code;
}

static void end(struct grove *g)
{
	for (size_t i = 0; i < g->n_trees; i++)
		free(g->nodes[i]);
	pd_arena_end(&g->arena);
	pd_arena_end(&g->scratch);
}

static size_t walk_plainly(const struct node *nodes, const double *x)
{
	size_t i = 0;
	while (nodes[i].left != -1) {
		float v = (float)x[nodes[i].feature];
		bool left = isnan(v) ? nodes[i].missing_left != 0 : (double)v <= nodes[i].threshold;
		i = (size_t)(left ? nodes[i].left : nodes[i].right);
	}
	return i;
}

static size_t leaf_number(const struct grove *g, size_t tree, size_t node)
{
	for (size_t k = g->first_leaf[tree]; k < g->first_leaf[tree + 1]; k++)
		if (g->leaf_nodes[k] == node)
			return k;
	fail_msg("node %zu is no leaf of tree %zu", node, tree);
	return 0;
}

static void sum_plainly(const struct grove *g, const double *x, double *acc)
{
	size_t n = g->forest.n_values;
	for (size_t k = 0; k < n; k++)
		acc[k] = 0;
	for (size_t t = 0; t < g->n_trees; t++) {
		size_t leaf = leaf_number(g, t, walk_plainly(g->nodes[t], x));
		for (size_t k = 0; k < n; k++)
			acc[k] += g->forest.values[leaf * n + k];
	}
}

static void assert_sums_equal(struct grove *g, const struct pd_matrix *in, const double *rows)
{
	double *got = NULL, want[8];
	size_t n = g->forest.n_values;
	assert_ok(pd_forest_sum(&g->forest, in, &g->scratch, &got, &g->err));
	for (size_t r = 0; r < in->n_rows; r++) {
		sum_plainly(g, rows + r * g->n_columns, want);
		assert_memory_equal(got + r * n, want, n * sizeof(*want));
	}
}

static double *random_rows(struct grove *g, size_t n_rows, unsigned nan_in_256)
{
	double *x = PD_ARENA_ARRAY(&g->scratch, double, n_rows * g->n_columns);
	for (size_t i = 0; i < n_rows * g->n_columns; i++)
		x[i] = next_random() % 256 < nan_in_256 ? NAN : random_value();
	return x;
}

static void assert_dense_equal(struct grove *g, size_t n_rows, unsigned nan_in_256)
{
	double *x = random_rows(g, n_rows, nan_in_256);
	struct pd_matrix in = { .n_rows = n_rows, .n_cols = g->n_columns, .x = x };
	assert_sums_equal(g, &in, x);
}

static void init(struct grove *g, size_t n_columns, size_t n_trees)
{
	seed = 42 + n_columns + n_trees;
	*g = (struct grove){ .n_columns = n_columns };
	for (size_t i = 0; i < n_trees; i++)
		add_random_tree(g, 1 + next_random() % 60, false);
}

PD_TEST(batches_of_every_size_give_the_plain_sums)
{
	struct grove g;
	init(&g, 9, 21);
	assert_ok(build(&g, 3));
	assert_non_null(g.forest.nodes);
	for (size_t n = 1; n <= 40; n++)
		assert_dense_equal(&g, n, 0);
	assert_dense_equal(&g, 1300, 0);
	end(&g);
}

PD_TEST(missing_values_go_where_the_node_says)
{
	struct grove g;
	init(&g, 9, 21);
	assert_ok(build(&g, 1));
	assert_dense_equal(&g, 1, 128);
	assert_dense_equal(&g, 600, 5);
	end(&g);
}

PD_TEST(sparse_rows_give_the_sums_of_dense_ones)
{
	struct grove g;
	init(&g, 400, 17);
	assert_ok(build(&g, 2));
	enum { ROWS = 27, EACH = 5 };
	uint32_t start[ROWS + 1], col[ROWS * EACH];
	double val[ROWS * EACH], *x = PD_ARENA_ARRAY(&g.scratch, double, ROWS *g.n_columns);
	for (uint32_t r = 0; r < ROWS; r++) {
		start[r] = r * EACH;
		for (uint32_t k = 0; k < EACH; k++) {
			col[r * EACH + k] = k * 80 + next_random() % 80;
			val[r * EACH + k] = random_value();
			x[r * g.n_columns + col[r * EACH + k]] = val[r * EACH + k];
		}
	}
	start[ROWS] = ROWS * EACH;
	struct pd_matrix in = { .n_rows = ROWS,
				.n_cols = g.n_columns,
				.sparse = true,
				.start = start,
				.col = col,
				.val = val };
	assert_sums_equal(&g, &in, x);
	end(&g);
}

PD_TEST(nodes_too_many_for_a_packed_word_are_walked_as_well)
{
	struct grove g = { .n_columns = 66000 };
	seed = 7;
	for (size_t i = 0; i < 9; i++)
		add_random_tree(&g, i ? 30 : 66000, i == 0);
	assert_ok(build(&g, 1));
	assert_null(g.forest.nodes);
	assert_non_null(g.forest.wide);
	assert_dense_equal(&g, 1, 0);
	assert_dense_equal(&g, 17, 0);
	end(&g);
}

static struct node *inner_and_leaves(int64_t left, int64_t right, int64_t feature, double threshold)
{
	struct node *n = calloc(3, sizeof(*n));
	n[0] = (struct node){ left, right, feature, threshold, 3, 0 };
	n[1] = n[2] = (struct node){ -1, -1, -2, -2, 1, 0 };
	return n;
}

static void assert_goes(double threshold, double x, size_t node)
{
	struct grove g = { .n_columns = 1 };
	uint32_t *leaf = NULL;
	struct pd_matrix in = { .n_rows = 1, .n_cols = 1, .x = &x };
	add_tree(&g, inner_and_leaves(1, 2, 0, threshold), 3);
	assert_ok(build(&g, 1));
	assert_ok(pd_forest_leaf(&g.forest, &in, &g.scratch, &leaf, &g.err));
	assert_non_null(g.leaf_nodes);
	if (g.leaf_nodes)
		assert_int_equal(g.leaf_nodes[*leaf], node);
	end(&g);
}

PD_TEST(a_limit_between_two_floats_decides_as_the_double_does)
{
	double low = (double)0.1f, high = (double)nextafterf(0.1f, 1);
	double between = low + (high - low) * 0.75; /* rounds up to the higher float */
	assert_goes(between, low, 1);
	assert_goes(between, high, 2);
	assert_goes(-between, -low, 2);
	assert_goes(-between, -high, 1);
	assert_goes(low, low, 1);
	assert_goes(INFINITY, 3e38, 1);
	assert_goes(1e300, 3e38, 1);
	assert_goes(-INFINITY, -3e38, 2);
	assert_goes(NAN, 0, 2);
	assert_goes(-0.0, 0.0, 1);
	assert_goes(1e-50, 1e-60, 1);
}

static void assert_refused(struct node *nodes, size_t n, const char *text)
{
	struct grove g = { .n_columns = 2 };
	add_tree(&g, nodes, n);
	assert_code(build(&g, 1), PD_CORRUPT);
	if (!strstr(g.err.text, text))
		fail_msg("\"%s\" does not say \"%s\"", g.err.text, text);
	end(&g);
}

PD_TEST(children_that_are_no_later_nodes_are_refused)
{
	assert_refused(inner_and_leaves(1, 3, 0, 0), 3, "node 0: children 1 and 3 of 3");
	assert_refused(inner_and_leaves(-2, 2, 0, 0), 3, "children -2");
	assert_refused(inner_and_leaves(0, 2, 0, 0), 3, "children 0");
	assert_refused(inner_and_leaves(2, 2, 0, 0), 3, "children 2 and 2");
	assert_refused(inner_and_leaves(1, INT64_MAX, 0, 0), 3, "children");
	assert_refused(inner_and_leaves(1, 2, 0, 0), 0, "no nodes");
}

PD_TEST(features_outside_the_model_are_refused)
{
	assert_refused(inner_and_leaves(1, 2, 2, 0), 3, "feature 2 of 2");
	assert_refused(inner_and_leaves(1, 2, -1, 0), 3, "feature -1");
	assert_refused(inner_and_leaves(1, 2, INT64_MIN, 0), 3, "feature");
}

PD_TEST(a_node_with_two_parents_is_refused)
{
	struct node *n = calloc(4, sizeof(*n));
	n[0] = (struct node){ 1, 2, 0, 0, 1, 0 };
	n[1] = (struct node){ 2, 3, 0, 0, 1, 0 };
	n[2] = n[3] = (struct node){ -1, -1, -2, 0, 1, 0 };
	assert_refused(n, 4, "two parents");
}

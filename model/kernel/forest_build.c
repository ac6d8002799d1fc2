#include "model/kernel/forest.h"

#include <math.h>
#include <stdlib.h>

#define LEAF_BITS 0x40000000u /* a positive float; the leaf's number is added */
#define SIGN_BIT  0x80000000u

/* A table over all columns is made when it is no larger than the nodes, or small anyway: the number
 * of columns is only a number in the file. */
#define TABLE_COLUMNS (1u << 18)

/* What the two passes share. */
struct builder {
	struct pd_forest *f;
	struct pd_forest_node *nodes;
	struct pd_forest_wide *wide;
	unsigned char *missing_left;
	uint32_t next_pair;
	uint32_t next_leaf;
	uint32_t *leaf_nodes;
	uint32_t *stack;     /* node, slot, depth for each entry */
	unsigned char *seen; /* a byte a node of the tree at hand */
	uint32_t *asked;     /* columns the nodes ask for, as they come */
	size_t n_asked;
	bool any_missing_left;
};

static int64_t field_i64(const struct pd_tree_source *t, size_t node, size_t offset)
{
	int64_t v;
	memcpy(&v, t->nodes + node * t->stride + offset, sizeof(v));
	return v;
}

static double field_f64(const struct pd_tree_source *t, size_t node, size_t offset)
{
	double v;
	memcpy(&v, t->nodes + node * t->stride + offset, sizeof(v));
	return v;
}

/* The column of the model that a node compares. The feature has been checked. */
static uint32_t column_of(const struct pd_tree_source *t, size_t node)
{
	uint32_t feature = (uint32_t)field_i64(t, node, t->feature);
	return t->columns ? t->columns[feature] : feature;
}

static bool goes_left_when_missing(const struct pd_tree_source *t, size_t node)
{
	return t->missing_left >= 0 && t->nodes[node * t->stride + (size_t)t->missing_left] != 0;
}

/* The largest float that is not above t. */
static float limit_of(double t)
{
	float f = (float)t;
	return (double)f > t ? nextafterf(f, -INFINITY) : f;
}

/* ---- first pass: is every node what it should be, and which columns are asked for */

static enum pd_code check_node(const struct pd_tree_source *t, size_t tree, size_t node,
			       size_t n_columns, struct pd_err *err)
{
	int64_t left = field_i64(t, node, t->left), right = field_i64(t, node, t->right);
	int64_t feature = field_i64(t, node, t->feature);
	int64_t n = (int64_t)t->n_nodes, i = (int64_t)node;
	if (left == -1)
		return PD_OK;
	if (left <= i || left >= n || right <= i || right >= n || left == right)
		return pd_fail(err, PD_CORRUPT,
			       "tree %zu, node %zu: children %lld and %lld of %zu nodes", tree,
			       node, (long long)left, (long long)right, t->n_nodes);
	if (feature < 0 || (uint64_t)feature >= n_columns)
		return pd_fail(err, PD_CORRUPT, "tree %zu, node %zu: feature %lld of %zu", tree,
			       node, (long long)feature, n_columns);
	return PD_OK;
}

static enum pd_code check_tree(struct builder *b, const struct pd_tree_source *t, size_t tree,
			       struct pd_err *err)
{
	memset(b->seen, 0, t->n_nodes);
	for (size_t i = 0; i < t->n_nodes; i++) {
		PD_TRY(check_node(t, tree, i, t->columns ? t->n_columns : b->f->n_columns, err));
		int64_t left = field_i64(t, i, t->left), right = field_i64(t, i, t->right);
		if (left == -1)
			continue;
		if (b->seen[left]++ || b->seen[right]++)
			return pd_fail(err, PD_CORRUPT,
				       "tree %zu, node %zu: a child has two parents", tree, i);
		b->asked[b->n_asked++] = column_of(t, i);
		b->any_missing_left |= goes_left_when_missing(t, i);
	}
	return PD_OK;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Through a table: each column once, ascending. */
static size_t sort_with_table(uint32_t *asked, size_t n, uint32_t *table, size_t n_columns)
{
	size_t used = 0;
	for (size_t i = 0; i < n; i++)
		table[asked[i]] = 1;
	for (size_t i = 0; i < n_columns; i++) {
		if (!table[i])
			continue;
		asked[used++] = (uint32_t)i;
		table[i] = (uint32_t)used;
	}
	return used;
}

static size_t sort_without_table(uint32_t *asked, size_t n)
{
	size_t used = 0;
	qsort(asked, n, sizeof(*asked), by_number);
	for (size_t i = 0; i < n; i++)
		if (!used || asked[used - 1] != asked[i])
			asked[used++] = asked[i];
	return used;
}

static enum pd_code number_columns(struct builder *b, struct pd_arena *arena, struct pd_err *err)
{
	struct pd_forest *f = b->f;
	uint32_t *used = NULL, *table = NULL;
	if (f->n_columns <= TABLE_COLUMNS || f->n_columns <= b->n_asked) {
		PD_TRY(pd_arena_try(arena, f->n_columns, sizeof(*table), &table, err));
		f->n_used = sort_with_table(b->asked, b->n_asked, table, f->n_columns);
	} else {
		f->n_used = sort_without_table(b->asked, b->n_asked);
	}
	PD_TRY(pd_arena_try(arena, f->n_used, sizeof(*used), &used, err));
	if (f->n_used)
		memcpy(used, b->asked, f->n_used * sizeof(*used));
	f->used = used;
	f->place = table;
	return PD_OK;
}

/* ---- second pass: the layout */

static void put_node(struct builder *b, uint32_t slot, float limit, uint32_t feature, uint32_t pair)
{
	if (b->nodes)
		b->nodes[slot] = (struct pd_forest_node){
			limit, (uint32_t)((uint64_t)pair << b->f->feature_bits) | feature
		};
	else
		b->wide[slot] = (struct pd_forest_wide){ limit, feature, pair };
}

static void put_leaf(struct builder *b, uint32_t slot, uint32_t node)
{
	uint32_t bits = LEAF_BITS + b->next_leaf;
	float limit;
	if (slot & 1)
		bits |= SIGN_BIT;
	memcpy(&limit, &bits, sizeof(limit));
	put_node(b, slot, limit, 0, slot / 2);
	b->leaf_nodes[b->next_leaf++] = node;
}

static uint32_t put_inner(struct builder *b, const struct pd_tree_source *t, uint32_t slot,
			  uint32_t node)
{
	uint32_t pair = b->next_pair++;
	uint32_t feature = pd_forest_place(b->f, column_of(t, node));
	put_node(b, slot, limit_of(field_f64(t, node, t->threshold)), feature, pair);
	if (b->missing_left && goes_left_when_missing(t, node))
		b->missing_left[slot / 8] |= (unsigned char)(1u << (slot % 8));
	return pair;
}

static void push(struct builder *b, size_t *n, uint32_t node, uint32_t slot, uint32_t depth)
{
	uint32_t *e = b->stack + 3 * (*n)++;
	e[0] = node;
	e[1] = slot;
	e[2] = depth;
}

/* Depth first, the child more samples went to before the other: what is read one after another
 * stands close together. Returns the depth. */
static uint32_t lay_tree(struct builder *b, const struct pd_tree_source *t, uint32_t root)
{
	uint32_t deepest = 0;
	size_t n = 0;
	push(b, &n, 0, root, 0);
	while (n) {
		const uint32_t *e = b->stack + 3 * --n;
		uint32_t node = e[0], slot = e[1], depth = e[2];
		int64_t left = field_i64(t, node, t->left), right = field_i64(t, node, t->right);
		if (depth > deepest)
			deepest = depth;
		if (left == -1) {
			put_leaf(b, slot, node);
			continue;
		}
		uint32_t pair = put_inner(b, t, slot, node);
		bool left_hot = field_i64(t, (size_t)left, t->samples) >=
				field_i64(t, (size_t)right, t->samples);
		if (left_hot)
			push(b, &n, (uint32_t)right, 2 * pair + 1, depth + 1);
		push(b, &n, (uint32_t)left, 2 * pair, depth + 1);
		if (!left_hot)
			push(b, &n, (uint32_t)right, 2 * pair + 1, depth + 1);
	}
	return deepest;
}

static unsigned bits_for(size_t largest)
{
	unsigned n = 0;
	while (largest >> n)
		n++;
	return n;
}

static enum pd_code make_room(struct builder *b, size_t n_nodes, size_t n_trees, size_t n_largest,
			      struct pd_arena *arena, struct pd_arena *scratch, struct pd_err *err)
{
	struct pd_forest *f = b->f;
	f->n_slots = n_nodes + n_trees; /* a root has nobody beside it */
	if (f->n_slots > PD_FOREST_SLOTS_MAX || n_nodes > PD_FOREST_LEAVES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%zu nodes in %zu trees", n_nodes, n_trees);
	f->feature_bits = bits_for(f->n_used);
	if (f->feature_bits + bits_for(f->n_slots / 2) <= 32)
		PD_TRY(pd_arena_try(arena, f->n_slots, sizeof(*b->nodes), &b->nodes, err));
	else
		PD_TRY(pd_arena_try(arena, f->n_slots, sizeof(*b->wide), &b->wide, err));
	f->nodes = b->nodes;
	f->wide = b->wide;
	if (b->any_missing_left)
		PD_TRY(pd_arena_try(arena, f->n_slots / 8 + 1, 1, &b->missing_left, err));
	f->missing_left = b->missing_left;
	PD_TRY(pd_arena_try(scratch, n_nodes, sizeof(*b->leaf_nodes), &b->leaf_nodes, err));
	return pd_arena_try(scratch, n_largest, 3 * sizeof(*b->stack), &b->stack, err);
}

static enum pd_code count_nodes(const struct pd_tree_source *trees, size_t n_trees, size_t *out_sum,
				size_t *out_largest, struct pd_err *err)
{
	size_t sum = 0, largest = 0;
	for (size_t i = 0; i < n_trees; i++) {
		if (!trees[i].n_nodes)
			return pd_fail(err, PD_CORRUPT, "tree %zu has no nodes", i);
		sum += trees[i].n_nodes;
		largest = trees[i].n_nodes > largest ? trees[i].n_nodes : largest;
		if (sum > PD_FOREST_SLOTS_MAX)
			return pd_fail(err, PD_TOO_LARGE, "more than %zu nodes",
				       PD_FOREST_SLOTS_MAX);
	}
	*out_sum = sum;
	*out_largest = largest;
	return PD_OK;
}

enum pd_code pd_forest_build(struct pd_forest *f, const struct pd_tree_source *trees,
			     size_t n_trees, size_t n_columns, size_t n_values,
			     struct pd_arena *arena, struct pd_arena *scratch,
			     const uint32_t **out_leaf_nodes, const uint32_t **out_first_leaf,
			     struct pd_err *err)
{
	struct builder b = { .f = f };
	size_t n_nodes = 0, n_largest = 0;
	uint32_t *roots = NULL, *depths = NULL, *first_leaf = NULL;
	*f = (struct pd_forest){
		.n_trees = n_trees, .n_columns = n_columns, .n_values = n_values, .n_turns = 1
	};
	PD_TRY(count_nodes(trees, n_trees, &n_nodes, &n_largest, err));
	PD_TRY(pd_arena_try(scratch, n_nodes, sizeof(*b.asked), &b.asked, err));
	PD_TRY(pd_arena_try(scratch, n_largest, 1, &b.seen, err));
	for (size_t i = 0; i < n_trees; i++)
		PD_TRY(check_tree(&b, &trees[i], i, err));
	PD_TRY(number_columns(&b, arena, err));
	PD_TRY(make_room(&b, n_nodes, n_trees, n_largest, arena, scratch, err));
	PD_TRY(pd_arena_try(arena, n_trees, sizeof(*roots), &roots, err));
	PD_TRY(pd_arena_try(arena, n_trees, sizeof(*depths), &depths, err));
	PD_TRY(pd_arena_try(scratch, n_trees + 1, sizeof(*first_leaf), &first_leaf, err));
	for (size_t i = 0; i < n_trees; i++) {
		first_leaf[i] = b.next_leaf;
		roots[i] = 2 * b.next_pair++;
		depths[i] = lay_tree(&b, &trees[i], roots[i]);
	}
	first_leaf[n_trees] = b.next_leaf;
	f->roots = roots;
	f->depths = depths;
	f->n_leaves = b.next_leaf;
	size_t cells = 0;
	if (!pd_mul_size(f->n_leaves, n_values, &cells))
		return pd_fail(err, PD_TOO_LARGE, "%zu leaves of %zu values", f->n_leaves,
			       n_values);
	PD_TRY(pd_arena_try(arena, cells, sizeof(*f->values), &f->values, err));
	*out_leaf_nodes = b.leaf_nodes;
	*out_first_leaf = first_leaf;
	return PD_OK;
}

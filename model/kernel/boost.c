#include "model/kernel/boost.h"

#include <math.h>

#define LANES       8
#define STRIDE      4      /* steps between two looks whether all have arrived */
#define ALMOST_ZERO 1e-35f /* LightGBM's kZeroThreshold is a float */

/* ---- building */

enum pd_code pd_boost_begin(struct pd_boost_builder *b, struct pd_boost *f, size_t n_trees,
			    size_t n_nodes, size_t n_columns, struct pd_arena *arena,
			    struct pd_arena *scratch, struct pd_err *err)
{
	if (n_nodes > PD_BOOST_NODES_MAX || n_trees > PD_TREES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%zu nodes in %zu trees", n_nodes, n_trees);
	*b = (struct pd_boost_builder){
		.f = f, .scratch = scratch, .n_trees = n_trees, .n_nodes = n_nodes
	};
	const uint32_t *words = f->words;
	*f = (struct pd_boost){ .n_columns = n_columns, .words = words };
	PD_TRY(pd_arena_try(arena, n_nodes, sizeof(*f->nodes), &f->nodes, err));
	PD_TRY(pd_arena_try(arena, n_nodes, sizeof(*f->extra), &f->extra, err));
	PD_TRY(pd_arena_try(arena, n_nodes, sizeof(*f->source), &f->source, err));
	PD_TRY(pd_arena_try(arena, n_trees + 1, sizeof(*f->roots), &f->roots, err));
	PD_TRY(pd_arena_try(arena, n_trees, sizeof(*f->depths), &f->depths, err));
	PD_TRY(pd_arena_try(arena, n_trees, 1, &f->plain, err));
	PD_TRY(pd_arena_try(scratch, n_nodes, sizeof(*b->queue), &b->queue, err));
	PD_TRY(pd_arena_try(scratch, n_nodes, sizeof(*b->depth), &b->depth, err));
	return pd_arena_try(scratch, n_nodes, 1, &b->seen, err);
}

static void put_leaf(struct pd_boost *f, uint32_t slot)
{
	f->nodes[slot] = (struct pd_boost_node){ .limit = NAN, .pair = slot - 1 };
	f->extra[slot] = (struct pd_boost_extra){ .flags = PD_BOOST_LEAF };
}

static enum pd_code check_inner(const struct pd_boost_builder *b, const struct pd_boost_source *n,
				size_t node, size_t n_nodes, struct pd_err *err)
{
	if (n->left >= n_nodes || n->right >= n_nodes || n->left == n->right || b->seen[n->left] ||
	    b->seen[n->right])
		return pd_fail(err, PD_CORRUPT,
			       "tree %zu, node %zu: children %u and %u of %zu nodes, or one that "
			       "has a parent",
			       b->f->n_trees, node, n->left, n->right, n_nodes);
	if (n->feature >= b->f->n_columns)
		return pd_fail(err, PD_CORRUPT, "tree %zu, node %zu: feature %u of %zu",
			       b->f->n_trees, node, n->feature, b->f->n_columns);
	return PD_OK;
}

static void put_inner(struct pd_boost_builder *b, const struct pd_boost_source *n, uint32_t slot,
		      uint32_t pair)
{
	struct pd_boost *f = b->f;
	f->nodes[slot] = (struct pd_boost_node){ n->limit, n->feature, pair };
	f->extra[slot] = (struct pd_boost_extra){ n->flags, n->set, n->n_words, n->known,
						  n->n_known };
	if (n->flags & (PD_BOOST_CATEGORY | PD_BOOST_ZERO_MISSING))
		f->plain[f->n_trees] = 0;
}

/* Breadth first: what is near the root stands together. */
enum pd_code pd_boost_add(struct pd_boost_builder *b, const struct pd_boost_source *nodes, size_t n,
			  struct pd_err *err)
{
	struct pd_boost *f = b->f;
	uint32_t root = (uint32_t)f->n_nodes, used = 1, deepest = 0;
	if (!n || f->n_trees == b->n_trees || n > b->n_nodes - f->n_nodes)
		return pd_fail(err, PD_CORRUPT, "tree %zu has %zu nodes", f->n_trees, n);
	memset(b->seen, 0, n);
	b->seen[0] = 1;
	b->queue[0] = 0;
	b->depth[0] = 0;
	f->plain[f->n_trees] = 1;
	for (uint32_t i = 0; i < used; i++) {
		const struct pd_boost_source *s = &nodes[b->queue[i]];
		f->source[root + i] = b->queue[i];
		deepest = b->depth[i];
		if (!s->left && !s->right) {
			put_leaf(f, root + i);
			continue;
		}
		PD_TRY(check_inner(b, s, b->queue[i], n, err));
		put_inner(b, s, root + i, root + used);
		b->seen[s->left] = b->seen[s->right] = 1;
		b->depth[used] = b->depth[used + 1] = b->depth[i] + 1;
		b->queue[used++] = s->left;
		b->queue[used++] = s->right;
	}
	f->roots[f->n_trees] = root;
	f->depths[f->n_trees++] = deepest;
	f->n_nodes += used;
	return PD_OK;
}

/* ---- walking */

static inline bool in_set(const struct pd_boost *f, uint32_t first, uint32_t n_words,
			  uint64_t category)
{
	return category / 32 < n_words && (f->words[first + category / 32] >> (category % 32) & 1);
}

static uint32_t step_category(const struct pd_boost *f, uint32_t slot, double v)
{
	const struct pd_boost_extra *e = &f->extra[slot];
	uint32_t left = f->nodes[slot].pair, missing = left + !(e->flags & PD_BOOST_MISSING_LEFT);
	if (isnan(v))
		return missing;
	if (e->flags & PD_BOOST_CAT_NAN) {
		if (v < 0)
			return missing;
		/* scikit-learn's cast to an unsigned byte */
		uint64_t c = v < 2147483648.0 ? (uint64_t)v & 0xff : 0;
		if (in_set(f, e->set, e->n_words, c))
			return left;
		return in_set(f, e->known, e->n_known, c) ? left + 1 : missing;
	}
	if (e->flags & PD_BOOST_SET_RIGHT)
		return left +
		       (v >= 0 && v < 16777216.0 && in_set(f, e->set, e->n_words, (uint64_t)v));
	/* LightGBM's cast to int: -0.5 is 0 */
	if (v <= -1 || v >= 2147483648.0)
		return left + 1;
	return left + !in_set(f, e->set, e->n_words, (uint64_t)(int64_t)v);
}

/* Any node, any value. */
static uint32_t step(const struct pd_boost *f, const double *x, uint32_t slot)
{
	const struct pd_boost_node *n = &f->nodes[slot];
	uint32_t flags = f->extra[slot].flags;
	double v = x[n->feature];
	if (flags & PD_BOOST_LEAF)
		return slot;
	if (flags & PD_BOOST_CATEGORY)
		return step_category(f, slot, v);
	if (isnan(v) && (flags & PD_BOOST_NAN_IS_ZERO))
		v = 0;
	if (isnan(v) || ((flags & PD_BOOST_ZERO_MISSING) && fabs(v) <= (double)ALMOST_ZERO))
		return n->pair + !(flags & PD_BOOST_MISSING_LEFT);
	return n->pair + !(v <= n->limit);
}

static void walk_one(const struct pd_boost *f, size_t tree, const double *x, uint32_t *leaf)
{
	uint32_t slot = f->roots[tree];
	while (!(f->extra[slot].flags & PD_BOOST_LEAF))
		slot = step(f, x, slot);
	*leaf = slot;
}

#define EACH_LANE(what) what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7)
#define STEP(k)         at[k] = nodes[at[k]].pair + !(x[nodes[at[k]].feature] <= nodes[at[k]].limit);
#define LAST_STEP(k)                                                                               \
	{                                                                                          \
		uint32_t next = nodes[at[k]].pair +                                                \
				!(x[nodes[at[k]].feature] <= nodes[at[k]].limit);                  \
		moved |= next ^ at[k];                                                             \
		at[k] = next;                                                                      \
	}

/* LANES plain trees for a row without NaN. */
static void walk_plain(const struct pd_boost *f, size_t tree, const double *x, uint32_t *leaf)
{
	const struct pd_boost_node *nodes = f->nodes;
	uint32_t at[LANES], depth = 0;
	for (size_t k = 0; k < LANES; k++) {
		at[k] = f->roots[tree + k];
		depth = f->depths[tree + k] > depth ? f->depths[tree + k] : depth;
	}
	for (uint32_t d = 0; d < depth; d += STRIDE) {
		uint32_t moved = 0;
		for (size_t s = 0; s < STRIDE - 1; s++) {
			EACH_LANE(STEP)
		}
		EACH_LANE(LAST_STEP)
		if (!moved)
			break;
	}
	memcpy(leaf, at, sizeof(at));
}

static bool all_plain(const struct pd_boost *f, size_t tree)
{
	for (size_t k = 0; k < LANES; k++)
		if (!f->plain[tree + k])
			return false;
	return true;
}

void pd_boost_leaves(const struct pd_boost *f, const double *x, bool has_nan, uint32_t *leaf)
{
	size_t t = 0;
	for (; t + LANES <= f->n_trees; t += LANES) {
		if (!has_nan && all_plain(f, t)) {
			walk_plain(f, t, x, leaf + t);
			continue;
		}
		for (size_t k = 0; k < LANES; k++)
			walk_one(f, t + k, x, &leaf[t + k]);
	}
	for (; t < f->n_trees; t++)
		walk_one(f, t, x, &leaf[t]);
}

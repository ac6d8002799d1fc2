#include "model/kernel/forest.h"

#include <math.h>

#define LANES      8 /* trees of one row, or rows of one tree, walked in turn */
#define STRIDE     4 /* steps between two looks whether all have arrived */
#define LEAF_MASK  0x3fffffffu
#define CHUNK_MAX  512u                /* rows that are prepared together */
#define CHUNK_SIZE ((size_t)256 << 10) /* bytes of prepared rows that should stay in the cache */

#define PD_INLINE static inline __attribute__((always_inline))

/* ---- one step */

PD_INLINE uint32_t step(const struct pd_forest *f, const bool wide, const unsigned bits,
			const uint32_t mask, const float *x, const size_t pitch, uint32_t slot)
{
	if (wide) {
		const struct pd_forest_wide *n = &f->wide[slot];
		return 2 * n->pair + !(x[n->feature * pitch] <= n->limit);
	}
	const struct pd_forest_node *n = &f->nodes[slot];
	return 2 * (n->go >> bits) + !(x[(size_t)(n->go & mask) * pitch] <= n->limit);
}

/*
 * All lanes down to their leaves, `depth` steps at most. Lane k reads x[feature * pitch + k * apart].
 * Constant arguments make this four functions; written out so that every lane has its register.
 */
#define EACH_LANE(what) what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7)
#define STEP(k)         at[k] = step(f, wide, bits, mask, x + (k)*apart, pitch, at[k]);
#define LAST_STEP(k)                                                                               \
	{                                                                                          \
		uint32_t next = step(f, wide, bits, mask, x + (k)*apart, pitch, at[k]);            \
		moved |= next ^ at[k];                                                             \
		at[k] = next;                                                                      \
	}

PD_INLINE void descend(const struct pd_forest *f, const bool wide, const float *x,
		       const size_t pitch, const size_t apart, uint32_t depth, uint32_t *slots)
{
	const unsigned bits = f->feature_bits;
	const uint32_t mask = (1u << bits) - 1;
	uint32_t at[LANES];
	memcpy(at, slots, sizeof(at));
	for (uint32_t d = 0; d < depth; d += STRIDE) {
		uint32_t moved = 0;
		for (size_t s = 0; s < STRIDE - 1; s++) {
			EACH_LANE(STEP)
		}
		EACH_LANE(LAST_STEP)
		if (!moved)
			break;
	}
	memcpy(slots, at, sizeof(at));
}

/* The same where x may be NaN, which the node sends to the side it remembers. */
static uint32_t step_nan(const struct pd_forest *f, const float *x, size_t pitch, uint32_t slot)
{
	uint32_t feature, pair;
	float limit;
	if (f->nodes) {
		feature = f->nodes[slot].go & ((1u << f->feature_bits) - 1);
		pair = f->nodes[slot].go >> f->feature_bits;
		limit = f->nodes[slot].limit;
	} else {
		feature = f->wide[slot].feature;
		pair = f->wide[slot].pair;
		limit = f->wide[slot].limit;
	}
	float v = x[feature * pitch];
	if (isnan(v) && f->missing_left)
		return 2 * pair + !(f->missing_left[slot / 8] >> (slot % 8) & 1);
	return 2 * pair + !(v <= limit);
}

static uint32_t leaf_of(const struct pd_forest *f, uint32_t slot)
{
	float limit = f->nodes ? f->nodes[slot].limit : f->wide[slot].limit;
	uint32_t bits;
	memcpy(&bits, &limit, sizeof(bits));
	return bits & LEAF_MASK;
}

/* ---- one row through all trees */

static uint32_t walk_one(const struct pd_forest *f, size_t tree, const float *x, size_t pitch)
{
	uint32_t slot = f->roots[tree];
	for (uint32_t d = f->depths[tree]; d; d--)
		slot = step_nan(f, x, pitch, slot);
	return leaf_of(f, slot);
}

static void walk_trees(const struct pd_forest *f, size_t tree, const float *x, uint32_t *leaf)
{
	uint32_t at[LANES], depth = 0;
	for (size_t k = 0; k < LANES; k++) {
		at[k] = f->roots[tree + k];
		depth = f->depths[tree + k] > depth ? f->depths[tree + k] : depth;
	}
	if (f->nodes)
		descend(f, false, x, 1, 0, depth, at);
	else
		descend(f, true, x, 1, 0, depth, at);
	for (size_t k = 0; k < LANES; k++)
		leaf[k] = leaf_of(f, at[k]);
}

/* The last group may walk some trees a second time rather than one by one. */
static void walk_row(const struct pd_forest *f, const float *x, bool has_nan, uint32_t *leaf)
{
	if (has_nan || f->n_trees < LANES) {
		for (size_t t = 0; t < f->n_trees; t++)
			leaf[t] = walk_one(f, t, x, 1);
		return;
	}
	for (size_t t = 0; t + LANES <= f->n_trees; t += LANES)
		walk_trees(f, t, x, leaf + t);
	if (f->n_trees % LANES)
		walk_trees(f, f->n_trees - LANES, x, leaf + f->n_trees - LANES);
}

/* ---- LANES rows through one tree; x is laid out feature by feature, LANES rows each */

static void walk_rows(const struct pd_forest *f, size_t tree, const float *x, bool has_nan,
		      uint32_t *leaf)
{
	uint32_t at[LANES];
	for (size_t k = 0; k < LANES; k++)
		at[k] = f->roots[tree];
	if (has_nan) {
		for (size_t k = 0; k < LANES; k++)
			leaf[k] = walk_one(f, tree, x + k, LANES);
		return;
	}
	if (f->nodes)
		descend(f, false, x, LANES, 1, f->depths[tree], at);
	else
		descend(f, true, x, LANES, 1, f->depths[tree], at);
	for (size_t k = 0; k < LANES; k++)
		leaf[k] = leaf_of(f, at[k]);
}

/* ---- rows as the walkers want them: used columns as float, a 0.0 in front */

static bool fill_dense(const struct pd_forest *f, const struct pd_matrix *in, size_t row, float *x,
		       size_t pitch)
{
	const double *from = in->x + row * in->n_cols;
	bool has_nan = false;
	x[0] = 0;
	for (size_t i = 0; i < f->n_used; i++) {
		float v = (float)from[f->used[i]];
		has_nan |= isnan(v);
		x[(i + 1) * pitch] = v;
	}
	return has_nan;
}

/* x is all zeros. Of equal columns the last counts, as in the library's own loop. */
static void fill_sparse(const struct pd_forest *f, const struct pd_matrix *in, size_t row, float *x,
			size_t pitch)
{
	for (uint32_t i = in->start[row]; i < in->start[row + 1]; i++) {
		uint32_t place = pd_forest_place(f, in->col[i]);
		if (place)
			x[place * pitch] = (float)in->val[i];
	}
}

static void clear_sparse(const struct pd_forest *f, const struct pd_matrix *in, size_t row,
			 float *x, size_t pitch)
{
	for (uint32_t i = in->start[row]; i < in->start[row + 1]; i++)
		x[pd_forest_place(f, in->col[i]) * pitch] = 0;
}

static void add_leaf(const struct pd_forest *f, uint32_t leaf, double *acc)
{
	const double *v = f->values + leaf * f->n_values;
	for (size_t k = 0; k < f->n_values; k++)
		acc[k] += v[k];
}

/* ---- a few rows, each by itself */

static enum pd_code sum_rows(const struct pd_forest *f, const struct pd_matrix *in, size_t first,
			     size_t n_rows, struct pd_arena *arena, double *acc, struct pd_err *err)
{
	float *x = NULL;
	uint32_t *leaf = NULL;
	PD_TRY(pd_step_room(arena, f->n_used + 1, 1, sizeof(*x), &x, err));
	PD_TRY(pd_step_room(arena, f->n_trees, 1, sizeof(*leaf), &leaf, err));
	if (in->sparse)
		memset(x, 0, (f->n_used + 1) * sizeof(*x));
	for (size_t r = 0; r < n_rows; r++) {
		bool has_nan = false;
		if (in->sparse)
			fill_sparse(f, in, first + r, x, 1);
		else
			has_nan = fill_dense(f, in, first + r, x, 1);
		walk_row(f, x, has_nan, leaf);
		double *to = acc + r * f->n_turns * f->n_values;
		for (size_t t = 0, turn = 0; t < f->n_trees; t++) {
			add_leaf(f, leaf[t], to + turn * f->n_values);
			turn = turn + 1 < f->n_turns ? turn + 1 : 0;
		}
		if (in->sparse)
			clear_sparse(f, in, first + r, x, 1);
	}
	return PD_OK;
}

/* ---- many rows: a chunk of them through one tree after another, so that a tree is read once a
 * chunk, and each row still adds its trees in order */

static void sum_chunk(const struct pd_forest *f, const float *x, const bool *has_nan,
		      size_t n_groups, double *acc)
{
	size_t group_size = (f->n_used + 1) * LANES, width = f->n_turns * f->n_values;
	uint32_t leaf[LANES];
	for (size_t t = 0; t < f->n_trees; t++) {
		double *turn = acc + t % f->n_turns * f->n_values;
		for (size_t g = 0; g < n_groups; g++) {
			double *to = turn + g * LANES * width;
			walk_rows(f, t, x + g * group_size, has_nan[g], leaf);
			for (size_t k = 0; k < LANES; k++)
				add_leaf(f, leaf[k], to + k * width);
		}
	}
}

static enum pd_code sum_chunks(const struct pd_forest *f, const struct pd_matrix *in, size_t n_rows,
			       struct pd_arena *arena, double *acc, struct pd_err *err)
{
	size_t group_size = (f->n_used + 1) * LANES;
	size_t n_groups = CHUNK_SIZE / (group_size * sizeof(float));
	bool has_nan[CHUNK_MAX / LANES];
	float *x = NULL;
	n_groups = n_groups < 1 ? 1 : n_groups > CHUNK_MAX / LANES ? CHUNK_MAX / LANES : n_groups;
	PD_TRY(pd_step_room(arena, n_groups, group_size, sizeof(*x), &x, err));
	memset(x, 0, n_groups * group_size * sizeof(*x));
	for (size_t row = 0; row < n_rows; row += n_groups * LANES) {
		size_t n = (n_rows - row) / LANES;
		n = n < n_groups ? n : n_groups;
		for (size_t i = 0; i < n * LANES; i++) {
			float *to = x + i / LANES * group_size + i % LANES;
			bool nan = false;
			if (in->sparse)
				fill_sparse(f, in, row + i, to, LANES);
			else
				nan = fill_dense(f, in, row + i, to, LANES);
			has_nan[i / LANES] = nan || (i % LANES && has_nan[i / LANES]);
		}
		sum_chunk(f, x, has_nan, n, acc + row * f->n_turns * f->n_values);
		for (size_t i = 0; in->sparse && i < n * LANES; i++)
			clear_sparse(f, in, row + i, x + i / LANES * group_size + i % LANES, LANES);
	}
	return PD_OK;
}

enum pd_code pd_forest_add(const struct pd_forest *f, const struct pd_matrix *in,
			   struct pd_arena *arena, double *acc, struct pd_err *err)
{
	size_t n_lanes = in->n_rows - in->n_rows % LANES;
	if (n_lanes)
		PD_TRY(sum_chunks(f, in, n_lanes, arena, acc, err));
	if (n_lanes < in->n_rows)
		PD_TRY(sum_rows(f, in, n_lanes, in->n_rows - n_lanes, arena,
				acc + n_lanes * f->n_turns * f->n_values, err));
	return PD_OK;
}

enum pd_code pd_forest_sum(const struct pd_forest *f, const struct pd_matrix *in,
			   struct pd_arena *arena, double **out, struct pd_err *err)
{
	size_t width = f->n_turns * f->n_values;
	PD_TRY(pd_step_room(arena, in->n_rows, width, sizeof(**out), out, err));
	memset(*out, 0, in->n_rows * width * sizeof(**out));
	return pd_forest_add(f, in, arena, *out, err);
}

enum pd_code pd_forest_leaf(const struct pd_forest *f, const struct pd_matrix *in,
			    struct pd_arena *arena, uint32_t **out, struct pd_err *err)
{
	float *x = NULL;
	uint32_t *leaf = NULL;
	PD_TRY(pd_step_room(arena, f->n_used + 1, 1, sizeof(*x), &x, err));
	PD_TRY(pd_step_room(arena, in->n_rows, 1, sizeof(*leaf), &leaf, err));
	if (in->sparse)
		memset(x, 0, (f->n_used + 1) * sizeof(*x));
	for (size_t row = 0; row < in->n_rows; row++) {
		if (in->sparse)
			fill_sparse(f, in, row, x, 1);
		else
			fill_dense(f, in, row, x, 1);
		leaf[row] = walk_one(f, 0, x, 1);
		if (in->sparse)
			clear_sparse(f, in, row, x, 1);
	}
	*out = leaf;
	return PD_OK;
}

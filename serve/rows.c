/*
 * Rows of cells become typed columns. While a table is read its cells lie row by row in the
 * scratch, `stride` apart; a column that turns up late widens all rows there are.
 */
#include <math.h>

#include "serve/scoring.h"

#define CELL_ABSENT ((enum pd_cell_kind)(PD_CELL_MAP + 1)) /* not even null, while reading */
#define LINEAR_MAX  16 /* columns found by comparing; more go through the map */

/* ---------------------------------------------------------------- columns */

static unsigned kinds_of(const struct pd_cell *cells, size_t stride, size_t n)
{
	unsigned kinds = 0;
	for (size_t i = 0; i < n; i++)
		kinds |= 1u << cells[i * stride].kind;
	return kinds;
}

static bool is_null(const struct pd_cell *c)
{
	return c->kind == PD_CELL_NULL || c->kind == CELL_ABSENT;
}

static void set_nulls(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
		      struct pd_arena *arena)
{
	col->has_null = true;
	col->null = pd_arena_alloc(arena, n);
	for (size_t i = 0; i < n; i++)
		col->null[i] = is_null(&cells[i * stride]);
}

static void fill_floats(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
			struct pd_arena *arena)
{
	col->kind = PD_COL_F64;
	col->f = pd_arena_alloc(arena, n * sizeof(*col->f));
	for (size_t i = 0; i < n; i++) {
		const struct pd_cell *c = &cells[i * stride];
		col->f[i] = c->kind == PD_CELL_F64 ? c->f : is_null(c) ? NAN : (double)c->i;
	}
}

static void fill_ints(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
		      struct pd_arena *arena)
{
	col->kind = PD_COL_I64;
	col->i = pd_arena_alloc(arena, n * sizeof(*col->i));
	for (size_t i = 0; i < n; i++)
		col->i[i] = cells[i * stride].i;
}

static void fill_bools(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
		       struct pd_arena *arena)
{
	col->kind = PD_COL_BOOL;
	col->b = pd_arena_alloc(arena, n);
	for (size_t i = 0; i < n; i++)
		col->b[i] = !is_null(&cells[i * stride]) && cells[i * stride].i;
}

static void fill_texts(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
		       struct pd_arena *arena)
{
	col->kind = PD_COL_STR;
	col->s = pd_arena_alloc(arena, n * sizeof(*col->s));
	for (size_t i = 0; i < n; i++) {
		const struct pd_cell *c = &cells[i * stride];
		if (is_null(c))
			col->s[i] = PD_STR("");
		else
			col->s[i] = c->s;
	}
}

static void fill_any(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
		     struct pd_arena *arena)
{
	col->kind = PD_COL_ANY;
	col->v = pd_arena_alloc(arena, n * sizeof(*col->v));
	static const struct pd_cell nothing = { .kind = PD_CELL_NULL };
	for (size_t i = 0; i < n; i++) {
		const struct pd_cell *c = &cells[i * stride];
		col->v[i] = is_null(c) ? nothing : *c;
	}
}

void pd_col_from_cells(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
		       struct pd_arena *arena)
{
	unsigned kinds = kinds_of(cells, stride, n);
	unsigned nulls = kinds & (1u << PD_CELL_NULL | 1u << CELL_ABSENT);
	unsigned values = kinds & ~nulls;
	if (nulls)
		set_nulls(col, cells, stride, n, arena);
	if (!values)
		col->kind = PD_COL_NULL;
	else if (values == 1u << PD_CELL_I64 && !nulls)
		fill_ints(col, cells, stride, n, arena);
	else if (!(values & ~(1u << PD_CELL_I64 | 1u << PD_CELL_F64)))
		fill_floats(col, cells, stride, n, arena);
	else if (values == 1u << PD_CELL_BOOL)
		fill_bools(col, cells, stride, n, arena);
	else if (values == 1u << PD_CELL_STR)
		fill_texts(col, cells, stride, n, arena);
	else
		fill_any(col, cells, stride, n, arena);
}

/* ---------------------------------------------------------------- rows */

void pd_rows_begin(struct pd_rows *t, struct pd_json_in *in)
{
	*t = (struct pd_rows){ .in = in };
	in->scratch->n_cells = 0;
	in->scratch->n_names = 0;
	pd_map_init(&t->by_name, in->arena);
}

static enum pd_code reserve(struct pd_rows *t, size_t n_rows, size_t stride)
{
	struct pd_scratch *s = t->in->scratch;
	size_t need = 0;
	if (!pd_mul_size(n_rows, stride, &need) || need > PD_SCORE_CELLS_MAX)
		return pd_fail(t->in->err, PD_TOO_LARGE,
			       "the table has more than %zu cells (row %zu of %zu columns)",
			       PD_SCORE_CELLS_MAX, n_rows, stride);
	if (need <= s->cap_cells)
		return PD_OK;
	size_t cap = s->cap_cells ? s->cap_cells : 256;
	while (cap < need)
		cap *= 2;
	s->cells = pd_xrealloc(s->cells, cap * sizeof(*s->cells));
	s->cap_cells = cap;
	return PD_OK;
}

static void set_absent(struct pd_cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cells[i].kind = CELL_ABSENT;
}

/* Twice as wide; the rows there are move apart, the last one first. */
static enum pd_code widen(struct pd_rows *t)
{
	size_t old = t->stride;
	size_t stride = old ? old * 2 : 8;
	PD_TRY(reserve(t, t->n_rows, stride));
	struct pd_cell *cells = t->in->scratch->cells;
	for (size_t r = t->n_rows; r-- > 0;) {
		memmove(cells + r * stride, cells + r * old, old * sizeof(*cells));
		set_absent(cells + r * stride + old, stride - old);
	}
	t->stride = stride;
	return PD_OK;
}

static enum pd_code begin_row(struct pd_rows *t)
{
	if (!t->stride)
		t->stride = 8;
	PD_TRY(reserve(t, t->n_rows + 1, t->stride));
	set_absent(t->in->scratch->cells + t->n_rows * t->stride, t->stride);
	t->n_rows++;
	return PD_OK;
}

/* Column `at` of the row that is being read. */
static enum pd_code take_cell(struct pd_rows *t, size_t at)
{
	while (at >= t->stride)
		PD_TRY(widen(t));
	if (at >= t->n_cols)
		t->n_cols = at + 1;
	struct pd_cell cell;
	PD_TRY(pd_json_value(t->in, &cell));
	t->in->scratch->cells[(t->n_rows - 1) * t->stride + at] = cell;
	return PD_OK;
}

static enum pd_code add_name(struct pd_rows *t, struct pd_str name)
{
	struct pd_scratch *s = t->in->scratch;
	if (s->n_names == s->cap_names) {
		s->cap_names = s->cap_names ? s->cap_names * 2 : 32;
		s->names = pd_xrealloc(s->names, s->cap_names * sizeof(*s->names));
	}
	s->names[s->n_names++] = name;
	if (s->n_names <= LINEAR_MAX)
		return PD_OK;
	for (size_t i = t->by_name.n; i < s->n_names; i++)
		PD_TRY(pd_map_put(&t->by_name, s->names[i], (uint32_t)i, t->in->err));
	return PD_OK;
}

/* Rows mostly have the same keys in the same order: `hint` is where this one is expected. */
static enum pd_code column_of(struct pd_rows *t, struct pd_str key, size_t hint, size_t *out)
{
	const struct pd_scratch *s = t->in->scratch;
	*out = hint;
	if (hint < s->n_names && pd_str_eq(s->names[hint], key))
		return PD_OK;
	if (s->n_names > LINEAR_MAX) {
		uint32_t found = 0;
		*out = pd_map_find(&t->by_name, key, &found) ? found : s->n_names;
	} else {
		for (*out = 0; *out < s->n_names; ++*out)
			if (pd_str_eq(s->names[*out], key))
				return PD_OK;
	}
	return *out == s->n_names ? add_name(t, key) : PD_OK;
}

enum pd_code pd_rows_object(struct pd_rows *t)
{
	PD_TRY(begin_row(t));
	PD_TRY(pd_json_open(t->in, '{'));
	size_t at = 0;
	for (bool more = pd_json_first(t->in, '}'); more;) {
		struct pd_str key;
		PD_TRY(pd_json_key(t->in, &key));
		PD_TRY(column_of(t, key, at, &at));
		PD_TRY(take_cell(t, at));
		at++;
		PD_TRY(pd_json_more(t->in, '}', &more));
	}
	return PD_OK;
}

enum pd_code pd_rows_list(struct pd_rows *t)
{
	PD_TRY(begin_row(t));
	PD_TRY(pd_json_open(t->in, '['));
	size_t at = 0;
	for (bool more = pd_json_first(t->in, ']'); more; at++) {
		PD_TRY(take_cell(t, at));
		PD_TRY(pd_json_more(t->in, ']', &more));
	}
	return PD_OK;
}

enum pd_code pd_rows_value(struct pd_rows *t)
{
	PD_TRY(begin_row(t));
	return take_cell(t, 0);
}

static bool has_absent(const struct pd_rows *t)
{
	const struct pd_cell *cells = t->in->scratch->cells;
	for (size_t r = 0; r < t->n_rows; r++)
		for (size_t c = 0; c < t->n_cols; c++)
			if (cells[r * t->stride + c].kind == CELL_ABSENT)
				return true;
	return false;
}

enum pd_code pd_rows_end(struct pd_rows *t, bool named, struct pd_frame *out)
{
	struct pd_scratch *s = t->in->scratch;
	struct pd_arena *arena = t->in->arena;
	*out = (struct pd_frame){ .origin = PD_FROM_TABLE,
				  .n_rows = t->n_rows,
				  .n_cols = t->n_cols,
				  .named = named,
				  .n_dims = 2 };
	out->cols = pd_arena_zalloc(arena, t->n_cols * sizeof(*out->cols));
	int64_t *shape = pd_arena_alloc(arena, 2 * sizeof(*shape));
	shape[0] = (int64_t)t->n_rows;
	shape[1] = (int64_t)t->n_cols;
	out->shape = shape;
	for (size_t i = 0; i < t->n_cols; i++) {
		if (named)
			out->cols[i].name = s->names[i];
		pd_col_from_cells(&out->cols[i], s->cells + i, t->stride, t->n_rows, arena);
	}
	t->ragged = t->n_rows > 1 && has_absent(t);
	return PD_OK;
}

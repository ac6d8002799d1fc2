#include "model/frame.h"

#include <math.h>
#include <stdlib.h>

#include "model/text.h"

ptrdiff_t pd_frame_find(const struct pd_frame *f, struct pd_str name)
{
	for (size_t i = 0; f->named && i < f->n_cols; i++)
		if (pd_str_eq(f->cols[i].name, name))
			return (ptrdiff_t)i;
	return -1;
}

struct pd_cell pd_col_cell(const struct pd_col *c, size_t row)
{
	if (c->kind == PD_COL_NULL || (c->has_null && c->null[row]))
		return (struct pd_cell){ .kind = PD_CELL_NULL };
	switch (c->kind) {
	case PD_COL_BOOL:
		return (struct pd_cell){ .kind = PD_CELL_BOOL, .i = c->b[row] };
	case PD_COL_I64:
		return (struct pd_cell){ .kind = PD_CELL_I64, .i = c->i[row] };
	case PD_COL_F64:
		return (struct pd_cell){ .kind = PD_CELL_F64, .f = c->f[row] };
	case PD_COL_STR:
		return (struct pd_cell){ .kind = PD_CELL_STR, .s = c->s[row] };
	default:
		return c->v[row];
	}
}

bool pd_col_has_text(const struct pd_col *c, size_t n_rows)
{
	if (c->kind != PD_COL_STR && c->kind != PD_COL_ANY)
		return false;
	for (size_t i = 0; i < n_rows; i++)
		if (pd_col_cell(c, i).kind >= PD_CELL_STR)
			return true;
	return false;
}

static enum pd_code not_a_number(const struct pd_col *c, size_t row, struct pd_cell cell,
				 struct pd_err *err)
{
	static const char *const words[] = {
		[PD_CELL_NULL] = "null",     [PD_CELL_BOOL] = "a boolean",
		[PD_CELL_I64] = "a number",  [PD_CELL_F64] = "a number",
		[PD_CELL_STR] = "text",      [PD_CELL_LIST] = "a list",
		[PD_CELL_MAP] = "an object",
	};
	if (cell.kind == PD_CELL_STR)
		return pd_fail(err, PD_INVALID,
			       "column '%.*s', row %zu: could not convert string "
			       "to float: '%.*s'",
			       PD_STR_ARG(c->name), row, PD_STR_ARG(pd_str_head(cell.s, 80)));
	return pd_fail(err, PD_INVALID, "column '%.*s', row %zu: a number is wanted, got %s",
		       PD_STR_ARG(c->name), row, words[cell.kind]);
}

enum pd_code pd_col_f64(const struct pd_col *c, size_t row, double *out, struct pd_err *err)
{
	struct pd_cell cell = pd_col_cell(c, row);
	switch (cell.kind) {
	case PD_CELL_NULL:
		*out = NAN;
		return PD_OK;
	case PD_CELL_BOOL:
	case PD_CELL_I64:
		*out = (double)cell.i;
		return PD_OK;
	case PD_CELL_F64:
		*out = cell.f;
		return PD_OK;
	default:
		return not_a_number(c, row, cell, err);
	}
}

/* ---- types of CSV columns, as pandas.read_csv infers them */

struct seen {
	bool not_bool;
	bool not_int;
	bool not_float;
	bool any;
};

static void look_at(struct seen *seen, struct pd_str text)
{
	int64_t i;
	double f;
	bool b;
	seen->any = true;
	if (!seen->not_bool && !pd_text_to_bool(text, &b))
		seen->not_bool = true;
	if (!seen->not_int && !pd_str_to_i64(pd_str_trim(text), &i))
		seen->not_int = true;
	if (!seen->not_float && !pd_text_to_f64(text, &f))
		seen->not_float = true;
}

static void mark_null(struct pd_col *c, size_t row, size_t n_rows, struct pd_arena *arena)
{
	if (!c->has_null) {
		c->null = pd_arena_zalloc(arena, n_rows);
		c->has_null = true;
	}
	c->null[row] = 1;
}

static void to_bools(struct pd_col *c, size_t n_rows, struct pd_arena *arena)
{
	unsigned char *out = pd_arena_zalloc(arena, n_rows);
	bool b = false;
	for (size_t i = 0; i < n_rows; i++)
		out[i] = pd_text_to_bool(c->s[i], &b) && b;
	c->kind = PD_COL_BOOL;
	c->b = out;
}

static void to_ints(struct pd_col *c, size_t n_rows, struct pd_arena *arena)
{
	int64_t *out = PD_ARENA_ARRAY(arena, int64_t, n_rows);
	for (size_t i = 0; i < n_rows; i++)
		if (!pd_str_to_i64(pd_str_trim(c->s[i]), &out[i]))
			out[i] = 0; /* unreachable: every text was looked at */
	c->kind = PD_COL_I64;
	c->i = out;
}

static void to_floats(struct pd_col *c, size_t n_rows, struct pd_arena *arena)
{
	double *out = PD_ARENA_ARRAY(arena, double, n_rows);
	for (size_t i = 0; i < n_rows; i++)
		if ((c->has_null && c->null[i]) || !pd_text_to_f64(c->s[i], &out[i]))
			out[i] = NAN;
	c->kind = PD_COL_F64;
	c->f = out;
}

static void infer_col(struct pd_col *c, size_t n_rows, struct pd_arena *arena)
{
	struct seen seen = { 0 };
	for (size_t i = 0; i < n_rows; i++) {
		if (c->has_null && c->null[i])
			continue;
		if (pd_text_is_null(c->s[i]))
			mark_null(c, i, n_rows, arena);
		else
			look_at(&seen, c->s[i]);
	}
	if (!seen.any)
		c->kind = PD_COL_NULL;
	else if (!seen.not_bool && !c->has_null)
		to_bools(c, n_rows, arena);
	else if (!seen.not_int && !c->has_null)
		to_ints(c, n_rows, arena);
	else if (!seen.not_float)
		to_floats(c, n_rows, arena);
}

void pd_frame_infer(struct pd_frame *f, struct pd_arena *arena)
{
	for (size_t i = 0; f->origin == PD_FROM_CSV && i < f->n_cols; i++)
		if (f->cols[i].kind == PD_COL_STR)
			infer_col(&f->cols[i], f->n_rows, arena);
}

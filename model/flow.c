#include "model/chain.h"

/* Tables beside one another, and a table as an answer. */

static const struct pd_step nobody; /* for checks of a frame that no estimator makes */

static bool has_text(const struct pd_flow *f)
{
	for (size_t i = 0; f->frame && i < f->frame->n_cols; i++)
		if (pd_col_has_text(&f->frame->cols[i], f->frame->n_rows))
			return true;
	return false;
}

static enum pd_code as_matrix(const struct pd_flow *f, struct pd_arena *arena,
			      struct pd_matrix *out, struct pd_err *err)
{
	*out = f->x;
	return f->frame ? pd_frame_matrix(f->frame, &nobody, arena, out, err) : PD_OK;
}

/* ---- dense */

static enum pd_code stack_dense(const struct pd_matrix *parts, size_t n, size_t n_rows,
				size_t n_cols, struct pd_arena *arena, struct pd_matrix *out,
				struct pd_err *err)
{
	double *x = NULL;
	size_t at = 0;
	bool f32 = n > 0;
	PD_TRY(pd_step_room(arena, n_rows, n_cols, sizeof(*x), &x, err));
	for (size_t i = 0; i < n; i++) {
		struct pd_matrix m = { 0 };
		PD_TRY(pd_matrix_dense(&parts[i], arena, &m, err));
		for (size_t row = 0; m.n_cols && row < n_rows; row++)
			memcpy(x + row * n_cols + at, m.x + row * m.n_cols, m.n_cols * sizeof(*x));
		at += m.n_cols;
		f32 &= m.f32;
	}
	*out = (struct pd_matrix){ .n_rows = n_rows, .n_cols = n_cols, .f32 = f32, .x = x };
	return PD_OK;
}

/* ---- sparse: zeros of dense parts are left out, as scipy does */

static size_t count_stored(const struct pd_matrix *m)
{
	size_t n = 0;
	if (m->sparse)
		return m->start[m->n_rows];
	for (size_t i = 0; i < m->n_rows * m->n_cols; i++)
		n += m->x[i] != 0;
	return n;
}

static uint32_t put_row(const struct pd_matrix *m, size_t row, uint32_t shift, uint32_t *col,
			double *val)
{
	uint32_t n = 0;
	if (!m->sparse) {
		const double *x = m->x + row * m->n_cols;
		for (uint32_t k = 0; k < m->n_cols; k++) {
			if (x[k] == 0)
				continue;
			col[n] = shift + k;
			val[n++] = x[k];
		}
		return n;
	}
	for (uint32_t k = m->start[row]; k < m->start[row + 1]; k++) {
		col[n] = shift + m->col[k];
		val[n++] = m->val[k];
	}
	return n;
}

static enum pd_code stack_sparse(const struct pd_matrix *parts, size_t n, size_t n_rows,
				 size_t n_cols, struct pd_arena *arena, struct pd_matrix *out,
				 struct pd_err *err)
{
	uint32_t *start = NULL, *col = NULL, at = 0;
	double *val = NULL;
	size_t n_stored = 0;
	bool f32 = n > 0;
	for (size_t i = 0; i < n; i++) {
		n_stored += count_stored(&parts[i]);
		f32 &= parts[i].f32;
	}
	if (n_stored > UINT32_MAX || n_cols > UINT32_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%zu values in one request", n_stored);
	PD_TRY(pd_step_room(arena, n_rows + 1, 1, sizeof(*start), &start, err));
	PD_TRY(pd_step_room(arena, n_stored, 1, sizeof(*col), &col, err));
	PD_TRY(pd_step_room(arena, n_stored, 1, sizeof(*val), &val, err));
	start[0] = 0;
	for (size_t row = 0; row < n_rows; row++) {
		uint32_t shift = 0;
		for (size_t i = 0; i < n; i++) {
			at += put_row(&parts[i], row, shift, col + at, val + at);
			shift += (uint32_t)parts[i].n_cols;
		}
		start[row + 1] = at;
	}
	*out = (struct pd_matrix){ .n_rows = n_rows,
				   .n_cols = n_cols,
				   .sparse = true,
				   .f32 = f32,
				   .start = start,
				   .col = col,
				   .val = val };
	return PD_OK;
}

/* ---- with text */

static enum pd_code put_columns(const struct pd_flow *f, struct pd_col *cols,
				struct pd_arena *arena, struct pd_err *err)
{
	struct pd_matrix m = { 0 };
	if (f->frame) {
		for (size_t i = 0; i < f->frame->n_cols; i++) {
			cols[i] = f->frame->cols[i];
			cols[i].name = (struct pd_str){ 0 };
		}
		return PD_OK;
	}
	PD_TRY(pd_matrix_dense(&f->x, arena, &m, err));
	for (size_t i = 0; i < m.n_cols; i++) {
		double *v = NULL;
		PD_TRY(pd_step_room(arena, m.n_rows, 1, sizeof(*v), &v, err));
		for (size_t row = 0; row < m.n_rows; row++)
			v[row] = m.x[row * m.n_cols + i];
		cols[i] = (struct pd_col){ .kind = PD_COL_F64, .f32 = m.f32, .f = v };
	}
	return PD_OK;
}

static enum pd_code stack_frame(const struct pd_flow *parts, size_t n, size_t n_rows, size_t n_cols,
				struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	struct pd_frame *frame = PD_ARENA_NEW(arena, struct pd_frame);
	size_t at = 0;
	PD_TRY(pd_step_room(arena, n_cols, 1, sizeof(*frame->cols), &frame->cols, err));
	for (size_t i = 0; i < n; i++) {
		PD_TRY(put_columns(&parts[i], frame->cols + at, arena, err));
		at += pd_flow_cols(&parts[i]);
	}
	frame->n_rows = n_rows;
	frame->n_cols = n_cols;
	frame->n_dims = 2;
	*out = (struct pd_flow){ .frame = frame };
	return PD_OK;
}

enum pd_code pd_flow_stack(const struct pd_flow *parts, size_t n, bool sparse, size_t n_rows,
			   struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	size_t n_cols = 0;
	bool text = false;
	struct pd_matrix *m = NULL;
	*out = (struct pd_flow){ 0 };
	for (size_t i = 0; i < n; i++) {
		text |= has_text(&parts[i]);
		n_cols += pd_flow_cols(&parts[i]);
	}
	if (text && !sparse)
		return stack_frame(parts, n, n_rows, n_cols, arena, out, err);
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*m), &m, err));
	for (size_t i = 0; i < n; i++)
		PD_TRY(as_matrix(&parts[i], arena, &m[i], err));
	if (sparse)
		return stack_sparse(m, n, n_rows, n_cols, arena, &out->x, err);
	return stack_dense(m, n, n_rows, n_cols, arena, &out->x, err);
}

/* ---- answers */

static enum pd_code number_result(const struct pd_flow *in, struct pd_arena *arena,
				  struct pd_result *out, struct pd_err *err)
{
	struct pd_matrix m = { 0 }, dense = { 0 };
	double *cells = NULL;
	PD_TRY(as_matrix(in, arena, &m, err));
	PD_TRY(pd_matrix_dense(&m, arena, &dense, err));
	size_t n = dense.n_rows * dense.n_cols;
	PD_TRY(pd_step_room(arena, dense.n_rows, dense.n_cols, sizeof(*cells), &cells, err));
	if (n)
		memcpy(cells, dense.x, n * sizeof(*cells));
	*out = (struct pd_result){ .kind = dense.f32 ? PD_RESULT_F32 : PD_RESULT_F64,
				   .n_rows = dense.n_rows,
				   .n_cols = dense.n_cols,
				   .f = cells };
	return PD_OK;
}

/* All columns of one kind, without nulls. */
static bool all_of(const struct pd_frame *f, enum pd_col_kind kind)
{
	for (size_t i = 0; i < f->n_cols; i++)
		if (f->cols[i].kind != kind || f->cols[i].has_null)
			return false;
	return f->n_cols > 0;
}

enum pd_code pd_flow_result(const struct pd_flow *in, struct pd_arena *arena, struct pd_result *out,
			    struct pd_err *err)
{
	const struct pd_frame *f = in->frame;
	if (!f || !(all_of(f, PD_COL_I64) || all_of(f, PD_COL_BOOL) || all_of(f, PD_COL_STR)))
		return number_result(in, arena, out, err);
	size_t cell = f->cols[0].kind == PD_COL_I64    ? sizeof(int64_t)
		      : f->cols[0].kind == PD_COL_BOOL ? 1
						       : sizeof(struct pd_str);
	*out = (struct pd_result){ .kind = f->cols[0].kind == PD_COL_I64    ? PD_RESULT_I64
					   : f->cols[0].kind == PD_COL_BOOL ? PD_RESULT_BOOL
									    : PD_RESULT_STR,
				   .n_rows = f->n_rows,
				   .n_cols = f->n_cols };
	unsigned char *cells = NULL;
	PD_TRY(pd_step_room(arena, f->n_rows, f->n_cols, cell, &cells, err));
	for (size_t row = 0; row < f->n_rows; row++)
		for (size_t i = 0; i < f->n_cols; i++)
			memcpy(cells + (row * f->n_cols + i) * cell,
			       (const unsigned char *)f->cols[i].data + row * cell, cell);
	out->f = (double *)(void *)cells;
	return PD_OK;
}

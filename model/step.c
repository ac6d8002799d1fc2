#include "model/step.h"

#include <float.h>
#include <math.h>

/* The most cells a request may ask for: 16 GiB of doubles. */
#define CELLS_MAX ((size_t)1 << 31)

static const char *const method_names[PD_N_METHODS] = {
	[PD_METHOD_PREDICT] = "predict",
	[PD_METHOD_PROBA] = "predict_proba",
	[PD_METHOD_LOG_PROBA] = "predict_log_proba",
	[PD_METHOD_DECISION] = "decision_function",
	[PD_METHOD_TRANSFORM] = "transform",
};

const char *pd_method_name(enum pd_method m)
{
	return method_names[m];
}

bool pd_method_parse(const char *name, enum pd_method *out)
{
	for (size_t i = 0; i < PD_N_METHODS; i++) {
		if (strcmp(name, method_names[i]) == 0) {
			*out = (enum pd_method)i;
			return true;
		}
	}
	return false;
}

enum pd_code pd_step_room(struct pd_arena *arena, size_t n_rows, size_t n_cols, size_t size,
			  void *out_p, struct pd_err *err)
{
	size_t n = 0;
	if (!pd_mul_size(n_rows, n_cols, &n) || n > CELLS_MAX)
		return pd_fail(err, PD_TOO_LARGE, "a table of %zu rows and %zu columns", n_rows,
			       n_cols);
	void *p = NULL;
	if (n < (1u << 20))
		p = pd_arena_alloc(arena, n * size);
	else
		PD_TRY(pd_arena_try(arena, n, size, &p, err));
	*(void **)out_p = p;
	return PD_OK;
}

/* ---- scikit-learn's checks of input */

static enum pd_code bad_value(const struct pd_step *s, double v, size_t row, size_t col,
			      struct pd_err *err)
{
	char where[160];
	if (col < s->n_names)
		snprintf(where, sizeof(where), "row %zu, column '%.*s'", row,
			 PD_STR_ARG(pd_str_head(s->names[col], 100)));
	else
		snprintf(where, sizeof(where), "row %zu, column %zu", row, col);
	if (isnan(v))
		return pd_fail(err, PD_INVALID, "Input X contains NaN (%s); %.*s does not take it",
			       where, PD_STR_ARG(s->cls));
	return pd_fail(err, PD_INVALID,
		       "Input X contains infinity or a value too large for dtype('%s') (%s)",
		       s->as_f32 ? "float32" : "float64", where);
}

/* A finite double that the cast to float32 makes infinite, or an infinite one. */
static inline bool fits(double v, bool as_f32)
{
	return as_f32 ? fabsf((float)v) <= FLT_MAX : fabs(v) <= DBL_MAX;
}

static enum pd_code check_values(const struct pd_step *s, const struct pd_matrix *in,
				 struct pd_err *err)
{
	bool nan_ok = in->sparse ? s->nan_ok_sparse : s->nan_ok;
	const double *v = in->sparse ? in->val : in->x;
	size_t n = in->sparse ? in->start[in->n_rows] : in->n_rows * in->n_cols;
	for (size_t i = 0; i < n; i++) {
		if (fits(v[i], s->as_f32) || (nan_ok && isnan(v[i])) || (s->inf_ok && !isnan(v[i])))
			continue;
		if (!in->sparse)
			return bad_value(s, v[i], i / in->n_cols, i % in->n_cols, err);
		size_t row = 0;
		while (in->start[row + 1] <= i)
			row++;
		return bad_value(s, v[i], row, in->col[i], err);
	}
	return PD_OK;
}

/* ---- a frame as numbers */

static bool has_name(const struct pd_str *names, size_t n, struct pd_str name)
{
	for (size_t i = 0; i < n; i++)
		if (pd_str_eq(names[i], name))
			return true;
	return false;
}

/* The text scikit-learn gives, on one line: unseen names, missing names or a wrong order. */
static enum pd_code names_differ(const struct pd_frame *f, const struct pd_step *s,
				 struct pd_err *err)
{
	char list[400];
	size_t at = 0;
	list[0] = 0;
	for (size_t i = 0; i < f->n_cols && at < sizeof(list) - 120; i++)
		if (!has_name(s->names, s->n_names, f->cols[i].name))
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s'%.*s'",
					       at ? ", " : "; unseen at fit time: ",
					       PD_STR_ARG(pd_str_head(f->cols[i].name, 60)));
	size_t unseen = at;
	for (size_t i = 0; i < s->n_names && at < sizeof(list) - 120; i++)
		if (pd_frame_find(f, s->names[i]) < 0)
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s'%.*s'",
					       at > unseen ? ", " : "; missing: ",
					       PD_STR_ARG(pd_str_head(s->names[i], 60)));
	if (!at)
		snprintf(list, sizeof(list), "; they must be in the same order as in fit");
	return pd_fail(err, PD_INVALID,
		       "The feature names should match those that were passed during fit%s", list);
}

static enum pd_code check_names(const struct pd_frame *f, const struct pd_step *s,
				struct pd_err *err)
{
	if (!f->named || !s->n_names)
		return PD_OK;
	if (f->n_cols != s->n_names)
		return names_differ(f, s, err);
	for (size_t i = 0; i < f->n_cols; i++)
		if (!pd_str_eq(f->cols[i].name, s->names[i]))
			return names_differ(f, s, err);
	return PD_OK;
}

static enum pd_code fill_column(const struct pd_col *c, size_t n_rows, size_t stride, double *out,
				struct pd_err *err)
{
	if (c->kind == PD_COL_F64 && !c->has_null) {
		for (size_t i = 0; i < n_rows; i++)
			out[i * stride] = c->f[i];
		return PD_OK;
	}
	for (size_t i = 0; i < n_rows; i++)
		PD_TRY(pd_col_f64(c, i, &out[i * stride], err));
	return PD_OK;
}

static enum pd_code check_dims(const struct pd_frame *f, const struct pd_step *s,
			       struct pd_err *err)
{
	if (f->n_dims == 1)
		return pd_fail(err, PD_INVALID,
			       "Expected 2D array, got 1D array instead: wrap "
			       "each row in a list of its own");
	if (f->n_dims > 2)
		return pd_fail(err, PD_INVALID,
			       "Found array with dim %u, while dim <= 2 is "
			       "required by %.*s",
			       f->n_dims, PD_STR_ARG(s->cls));
	return check_names(f, s, err);
}

static enum pd_code check_shape(const struct pd_step *s, size_t n_rows, size_t n_cols,
				struct pd_err *err)
{
	if (!n_rows)
		return pd_fail(err, PD_INVALID,
			       "Found array with 0 sample(s) while a minimum of 1 is required by "
			       "%.*s",
			       PD_STR_ARG(s->cls));
	if (s->n_in && n_cols != s->n_in)
		return pd_fail(err, PD_INVALID,
			       "X has %zu features, but %.*s is expecting %zu features as input",
			       n_cols, PD_STR_ARG(s->cls), s->n_in);
	return PD_OK;
}

enum pd_code pd_step_check(const struct pd_step *s, const struct pd_matrix *in, struct pd_err *err)
{
	PD_TRY(check_shape(s, in->n_rows, in->n_cols, err));
	return check_values(s, in, err);
}

enum pd_code pd_step_check_frame(const struct pd_step *s, const struct pd_frame *f,
				 struct pd_err *err)
{
	PD_TRY(check_dims(f, s, err));
	return check_shape(s, f->n_rows, f->n_cols, err);
}

enum pd_code pd_frame_matrix(const struct pd_frame *f, const struct pd_step *s,
			     struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	PD_TRY(check_dims(f, s, err));
	double *x = NULL;
	bool f32 = f->n_cols > 0;
	PD_TRY(pd_step_room(arena, f->n_rows, f->n_cols, sizeof(*x), &x, err));
	for (size_t i = 0; i < f->n_cols; i++) {
		PD_TRY(fill_column(&f->cols[i], f->n_rows, f->n_cols, x + i, err));
		f32 &= f->cols[i].f32;
	}
	*out = (struct pd_matrix){ .n_rows = f->n_rows, .n_cols = f->n_cols, .f32 = f32, .x = x };
	return PD_OK;
}

enum pd_code pd_matrix_dense(const struct pd_matrix *in, struct pd_arena *arena,
			     struct pd_matrix *out, struct pd_err *err)
{
	*out = *in;
	if (!in->sparse)
		return PD_OK;
	double *x = NULL;
	PD_TRY(pd_step_room(arena, in->n_rows, in->n_cols, sizeof(*x), &x, err));
	memset(x, 0, in->n_rows * in->n_cols * sizeof(*x));
	for (size_t row = 0; row < in->n_rows; row++)
		for (uint32_t k = in->start[row]; k < in->start[row + 1]; k++)
			x[row * in->n_cols + in->col[k]] += in->val[k];
	*out = (struct pd_matrix){
		.n_rows = in->n_rows, .n_cols = in->n_cols, .f32 = in->f32, .x = x
	};
	return PD_OK;
}

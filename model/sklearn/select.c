#include "model/recognise_table.h"

#include <math.h>
#include <stdlib.h>

/*
 * Feature selection: a mask of columns, made once when the model is read.
 * Source: sklearn/feature_selection/: _variance_threshold.py, _univariate_selection.py, _rfe.py,
 * _from_model.py.
 */

struct selection {
	const uint32_t *keep; /* n_out columns, ascending */
	const uint32_t *to;   /* of each column its new place, or UINT32_MAX */
};

static enum pd_code select_sparse(const struct pd_step *s, const struct pd_matrix *in,
				  struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct selection *k = s->self;
	uint32_t *start = NULL, *col = NULL, n = 0;
	double *val = NULL;
	PD_TRY(pd_step_room(arena, in->n_rows + 1, 1, sizeof(*start), &start, err));
	PD_TRY(pd_step_room(arena, in->start[in->n_rows], 1, sizeof(*col), &col, err));
	PD_TRY(pd_step_room(arena, in->start[in->n_rows], 1, sizeof(*val), &val, err));
	start[0] = 0;
	for (size_t row = 0; row < in->n_rows; row++) {
		for (uint32_t i = in->start[row]; i < in->start[row + 1]; i++) {
			if (k->to[in->col[i]] == UINT32_MAX)
				continue;
			col[n] = k->to[in->col[i]];
			val[n++] = in->val[i];
		}
		start[row + 1] = n;
	}
	*out = *in;
	out->n_cols = s->n_out;
	out->start = start;
	out->col = col;
	out->val = val;
	return PD_OK;
}

static enum pd_code select_columns(const struct pd_step *s, const struct pd_matrix *in,
				   struct pd_arena *arena, struct pd_matrix *out,
				   struct pd_err *err)
{
	const struct selection *k = s->self;
	double *x = NULL;
	if (in->sparse)
		return select_sparse(s, in, arena, out, err);
	PD_TRY(pd_step_room(arena, in->n_rows, s->n_out, sizeof(*x), &x, err));
	for (size_t row = 0; row < in->n_rows; row++)
		for (size_t i = 0; i < s->n_out; i++)
			x[row * s->n_out + i] = in->x[row * in->n_cols + k->keep[i]];
	*out = (struct pd_matrix){
		.n_rows = in->n_rows, .n_cols = s->n_out, .f32 = in->f32, .x = x
	};
	return PD_OK;
}

static const struct pd_step_ops select_ops = { .transform = select_columns };

static enum pd_code finish(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			   const bool *mask, struct pd_err *err)
{
	struct selection *k = PD_ARENA_NEW(b->arena, struct selection);
	uint32_t *keep = PD_ARENA_ARRAY(b->arena, uint32_t, s->n_in);
	uint32_t *to = PD_ARENA_ARRAY(b->arena, uint32_t, s->n_in);
	for (size_t i = 0; i < s->n_in; i++) {
		to[i] = mask[i] ? (uint32_t)s->n_out : UINT32_MAX;
		if (mask[i])
			keep[s->n_out++] = (uint32_t)i;
	}
	if (!s->n_out)
		return pd_attr_fail(object, "the mask", err, "keeps no feature");
	k->keep = keep;
	k->to = to;
	s->self = k;
	s->ops = &select_ops;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

/* A one-dimensional array of numbers as wide as the input. */
static enum pd_code read_scores(struct pd_build *b, const struct pd_node *object, const char *name,
				struct pd_step *s, const double **out, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, name, &a, err));
	PD_TRY(pd_step_width(s, object, a->n_items, err));
	return pd_attr_doubles(b, object, name, s->n_in, out, err);
}

static enum pd_code read_number(const struct pd_node *object, const char *name, double *out,
				struct pd_err *err)
{
	const struct pd_node *n = NULL;
	PD_TRY(pd_attr(object, name, &n, err));
	return pd_node_to_f64(n, out) ? PD_OK : pd_attr_fail(object, name, err, "is not a number");
}

enum pd_code pd_make_variance_threshold(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, struct pd_err *err)
{
	const double *variances = NULL;
	double threshold = 0;
	PD_TRY(read_scores(b, object, "variances_", s, &variances, err));
	PD_TRY(read_number(object, "threshold", &threshold, err));
	bool *mask = PD_ARENA_ARRAY(b->scratch, bool, s->n_in);
	for (size_t i = 0; i < s->n_in; i++)
		mask[i] = variances[i] > threshold;
	s->nan_ok = s->nan_ok_sparse = true;
	return finish(b, object, s, mask, err);
}

struct score {
	double v;
	size_t i;
};

static int by_score(const void *a, const void *b)
{
	const struct score *x = a, *y = b;
	if (x->v != y->v)
		return x->v < y->v ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

/* Ascending, ties by position; NaN counts as the lowest, as _clean_nans has it. */
static struct score *sorted_scores(struct pd_build *b, const double *v, size_t n)
{
	struct score *sorted = PD_ARENA_ARRAY(b->scratch, struct score, n);
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct score){ isnan(v[i]) ? -__DBL_MAX__ : v[i], i };
	qsort(sorted, n, sizeof(*sorted), by_score);
	return sorted;
}

enum pd_code pd_make_select_k_best(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err)
{
	const double *scores = NULL;
	const struct pd_node *n = NULL;
	size_t k = 0;
	PD_TRY(read_scores(b, object, "scores_", s, &scores, err));
	PD_TRY(pd_attr(object, "k", &n, err));
	if (pd_node_is(n, PD_NODE_TEXT) && pd_str_eqz(n->s, "all"))
		k = s->n_in;
	else
		PD_TRY(pd_attr_size(object, "k", 0, PD_FEATURES_MAX, &k, err));
	struct score *sorted = sorted_scores(b, scores, s->n_in);
	bool *mask = PD_ARENA_ARRAY(b->scratch, bool, s->n_in);
	for (size_t i = 0; i < s->n_in; i++)
		mask[sorted[i].i] = i + k >= s->n_in;
	return finish(b, object, s, mask, err);
}

enum pd_code pd_make_select_percentile(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err)
{
	const double *scores = NULL;
	double percentile = 0;
	PD_TRY(read_scores(b, object, "scores_", s, &scores, err));
	PD_TRY(read_number(object, "percentile", &percentile, err));
	if (!(percentile >= 0 && percentile <= 100))
		return pd_attr_fail(object, "percentile", err, "is not within 0 to 100");
	size_t n = s->n_in;
	struct score *sorted = sorted_scores(b, scores, n);
	bool *mask = PD_ARENA_ARRAY(b->scratch, bool, n);
	/* numpy.percentile, linear: between neighbours, from the nearer end */
	double at = (100 - percentile) / 100 * (double)(n - 1);
	size_t lo = (size_t)at, hi = lo + 1 < n ? lo + 1 : lo;
	double t = at - (double)lo, gap = sorted[hi].v - sorted[lo].v;
	double limit = t >= 0.5 ? sorted[hi].v - gap * (1 - t) : sorted[lo].v + gap * t;
	size_t n_kept = 0, max_kept = (size_t)((double)n * percentile / 100);
	for (size_t i = 0; i < n; i++) {
		double v = isnan(scores[i]) ? -__DBL_MAX__ : scores[i];
		mask[i] = percentile == 100 || (percentile > 0 && v > limit);
		n_kept += mask[i];
	}
	for (size_t i = 0; i < n && percentile > 0 && n_kept < max_kept; i++) {
		double v = isnan(scores[i]) ? -__DBL_MAX__ : scores[i];
		if (!mask[i] && v == limit) {
			mask[i] = true;
			n_kept++;
		}
	}
	return finish(b, object, s, mask, err);
}

static enum pd_code read_support(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, bool **out_mask, struct pd_err *err)
{
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, "support_", &a, err));
	if (a->type->kind != PD_DT_BOOL)
		return pd_attr_fail(object, "support_", err, "is not a mask");
	PD_TRY(pd_step_width(s, object, a->n_items, err));
	*out_mask = PD_ARENA_ARRAY(b->scratch, bool, s->n_in);
	for (size_t i = 0; i < s->n_in; i++)
		(*out_mask)[i] = pd_array_i64(a, i) != 0;
	return PD_OK;
}

/* RFE, RFECV. As a last step they predict with what is left; that is not native yet. */
enum pd_code pd_make_rfe(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err)
{
	bool *mask = NULL;
	PD_TRY(read_support(b, object, s, &mask, err));
	return finish(b, object, s, mask, err);
}

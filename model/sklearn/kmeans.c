#include "model/recognise_table.h"

#include <math.h>

/*
 * KMeans, MiniBatchKMeans: the nearest centre, the first of equal ones. `transform` gives the
 * distances.
 * Source: sklearn/cluster/_kmeans.py.
 */

struct kmeans {
	const double *centers;
	size_t n;
};

static double squared(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	return sum;
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct kmeans *k = s->self;
	struct pd_matrix m = { 0 };
	int64_t *label = NULL;
	(void)method;
	PD_TRY(pd_matrix_dense(in, arena, &m, err));
	PD_TRY(pd_step_room(arena, m.n_rows, 1, sizeof(*label), &label, err));
	for (size_t row = 0; row < m.n_rows; row++) {
		double best = INFINITY;
		label[row] = 0;
		for (size_t c = 0; c < k->n; c++) {
			double d = squared(m.x + row * m.n_cols, k->centers + c * m.n_cols,
					   m.n_cols);
			if (d < best) {
				best = d;
				label[row] = (int64_t)c;
			}
		}
	}
	*out = (struct pd_result){
		.kind = PD_RESULT_I64, .n_rows = m.n_rows, .n_cols = 1, .flat = true, .i = label
	};
	return PD_OK;
}

static enum pd_code distances(const struct pd_step *s, const struct pd_matrix *in,
			      struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct kmeans *k = s->self;
	struct pd_matrix m = { 0 };
	double *x = NULL;
	PD_TRY(pd_matrix_dense(in, arena, &m, err));
	PD_TRY(pd_step_room(arena, m.n_rows, k->n, sizeof(*x), &x, err));
	for (size_t row = 0; row < m.n_rows; row++)
		for (size_t c = 0; c < k->n; c++)
			x[row * k->n + c] = sqrt(
				squared(m.x + row * m.n_cols, k->centers + c * m.n_cols, m.n_cols));
	*out = (struct pd_matrix){ .n_rows = m.n_rows, .n_cols = k->n, .x = x };
	return PD_OK;
}

static const struct pd_step_ops kmeans_ops = { .predict = predict, .transform = distances };

enum pd_code pd_make_kmeans(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err)
{
	struct kmeans *k = PD_ARENA_NEW(b->arena, struct kmeans);
	const struct pd_array *a = NULL;
	PD_TRY(pd_attr_array(object, "cluster_centers_", &a, err));
	if (a->n_dims != 2 || !a->shape[0])
		return pd_attr_fail(object, "cluster_centers_", err, "is not a table");
	k->n = (size_t)a->shape[0];
	PD_TRY(pd_step_width(s, object, (size_t)a->shape[1], err));
	PD_TRY(pd_attr_doubles(b, object, "cluster_centers_", a->n_items, &k->centers, err));
	s->self = k;
	s->ops = &kmeans_ops;
	s->n_out = k->n;
	s->can = PD_CAN(PD_METHOD_PREDICT) | PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

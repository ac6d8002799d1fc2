#include "model/sklearn/nested.h"

/* ---- building */

static const struct pd_node *final_of(const struct pd_node *object)
{
	for (unsigned depth = 0; depth < 20 && pd_is_pipeline(object); depth++) {
		const struct pd_node *steps = pd_attr_opt(object, "steps");
		object = steps->items[steps->n_items - 1]->items[1];
	}
	return object;
}

enum pd_code pd_nested_read(struct pd_build *b, const struct pd_node *object, size_t n_in,
			    struct pd_nested *out, struct pd_err *err)
{
	*out = (struct pd_nested){ .final = final_of(object) };
	return pd_build_nested(b, object, n_in, &out->chain, err);
}

static bool is_identity(const uint32_t *columns, size_t n, size_t n_in)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i] != i)
			return false;
	return n == n_in;
}

static enum pd_code read_columns(struct pd_build *b, const struct pd_node *object, const char *name,
				 const struct pd_node *array, size_t n_in, const uint32_t **out,
				 size_t *out_n, struct pd_err *err)
{
	if (!pd_node_is(array, PD_NODE_ARRAY) || array->arr->n_dims != 1 ||
	    (array->arr->type->kind != PD_DT_INT && array->arr->type->kind != PD_DT_UINT) ||
	    !array->arr->n_items || array->arr->n_items > PD_FEATURES_MAX)
		return pd_attr_fail(object, name, err, "has no array of column numbers");
	uint32_t *columns = NULL;
	PD_TRY(pd_arena_try(b->arena, array->arr->n_items, sizeof(*columns), &columns, err));
	for (size_t i = 0; i < array->arr->n_items; i++) {
		int64_t c = pd_array_i64(array->arr, i);
		if (c < 0 || (uint64_t)c >= n_in)
			return pd_attr_fail(object, name, err, "has column %lld of %zu",
					    (long long)c, n_in);
		columns[i] = (uint32_t)c;
	}
	*out_n = array->arr->n_items;
	*out = is_identity(columns, *out_n, n_in) ? NULL : columns;
	return PD_OK;
}

enum pd_code pd_columns_read(struct pd_build *b, const struct pd_node *object, const char *name,
			     size_t n, size_t n_in, const uint32_t *const **out,
			     const size_t **out_lengths, struct pd_err *err)
{
	const struct pd_node *list = NULL;
	const uint32_t **columns = NULL;
	size_t *lengths = NULL;
	PD_TRY(pd_attr(object, name, &list, err));
	if (list->kind != PD_NODE_LIST || list->n_items != n)
		return pd_attr_fail(object, name, err, "is not a list of %zu", n);
	PD_TRY(pd_arena_try(b->arena, n, sizeof(*columns), &columns, err));
	PD_TRY(pd_arena_try(b->arena, n, sizeof(*lengths), &lengths, err));
	for (size_t i = 0; i < n; i++)
		PD_TRY(read_columns(b, object, name, list->items[i], n_in, &columns[i], &lengths[i],
				    err));
	*out = columns;
	*out_lengths = lengths;
	return PD_OK;
}

static enum pd_code read_members(struct pd_build *b, const struct pd_node *list, size_t n_in,
				 struct pd_nested *members, const uint32_t *const *columns,
				 const size_t *lengths, struct pd_err *err)
{
	for (size_t i = 0; i < list->n_items; i++) {
		if (pd_nested_read(b, list->items[i], columns ? lengths[i] : n_in, &members[i],
				   err) != PD_OK)
			return pd_err_prefix(err, "estimator %zu", i);
		members[i].columns = columns ? columns[i] : NULL;
		members[i].n_columns = columns ? lengths[i] : n_in;
	}
	return PD_OK;
}

enum pd_code pd_nested_list(struct pd_build *b, const struct pd_node *object, const char *name,
			    const char *features, struct pd_step *s, struct pd_nested **out,
			    size_t *out_n, struct pd_err *err)
{
	const struct pd_node *list = NULL;
	const uint32_t *const *columns = NULL;
	const size_t *lengths = NULL;
	struct pd_nested *members = NULL;
	PD_TRY(pd_attr(object, name, &list, err));
	if (list->kind != PD_NODE_LIST || !list->n_items || list->n_items > PD_NESTED_MAX)
		return pd_attr_fail(object, name, err, "is not a list of estimators");
	PD_TRY(pd_arena_try(b->arena, list->n_items, sizeof(*members), &members, err));
	if (features && s->n_in)
		PD_TRY(pd_columns_read(b, object, features, list->n_items, s->n_in, &columns,
				       &lengths, err));
	PD_TRY(read_members(b, list, s->n_in, members, columns, lengths, err));
	for (size_t i = 0; i < list->n_items && !features; i++) {
		size_t width = pd_chain_n_in(&members[i].chain);
		if (s->n_in && width && width != s->n_in)
			return pd_attr_fail(object, name, err, "take %zu and %zu features", s->n_in,
					    width);
		s->n_in = width ? width : s->n_in;
	}
	if (!s->n_in)
		return pd_attr_fail(object, "n_features_in_", err, "is missing");
	*out = members;
	*out_n = list->n_items;
	return PD_OK;
}

/* ---- predicting */

bool pd_nested_can(const struct pd_nested *n, enum pd_method method)
{
	return pd_chain_can(&n->chain, method);
}

/* Of a matrix: a step that chooses columns takes no frame. */
static enum pd_code take_columns(const struct pd_nested *n, const struct pd_matrix *in,
				 struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	struct pd_matrix dense = { 0 };
	double *x = NULL;
	PD_TRY(pd_matrix_dense(in, arena, &dense, err));
	PD_TRY(pd_step_room(arena, in->n_rows, n->n_columns, sizeof(*x), &x, err));
	for (size_t row = 0; row < in->n_rows; row++)
		for (size_t k = 0; k < n->n_columns; k++)
			x[row * n->n_columns + k] = dense.x[row * in->n_cols + n->columns[k]];
	*out = (struct pd_matrix){
		.n_rows = in->n_rows, .n_cols = n->n_columns, .f32 = in->f32, .x = x
	};
	return PD_OK;
}

enum pd_code pd_nested_predict(const struct pd_nested *n, enum pd_method method,
			       const struct pd_flow *in, struct pd_arena *arena,
			       struct pd_result *out, struct pd_err *err)
{
	struct pd_flow flow = *in;
	if (n->columns)
		PD_TRY(take_columns(n, &in->x, arena, &flow.x, err));
	return pd_chain_predict(&n->chain, method, &flow, arena, out, err);
}

enum pd_code pd_nested_doubles(const struct pd_nested *n, enum pd_method method,
			       const struct pd_flow *in, size_t n_cols, struct pd_arena *arena,
			       struct pd_result *out, struct pd_err *err)
{
	double *f = NULL;
	PD_TRY(pd_nested_predict(n, method, in, arena, out, err));
	if (out->kind == PD_RESULT_STR || (n_cols && out->n_cols != n_cols))
		return pd_fail(err, PD_INVALID, "a member of an ensemble gives %s",
			       out->kind == PD_RESULT_STR ? "text" : "another width");
	if (out->kind == PD_RESULT_F64 || out->kind == PD_RESULT_F32)
		return PD_OK;
	PD_TRY(pd_step_room(arena, out->n_rows, out->n_cols, sizeof(*f), &f, err));
	for (size_t i = 0; i < out->n_rows * out->n_cols; i++)
		f[i] = out->kind == PD_RESULT_I64 ? (double)out->i[i] : (double)out->b[i];
	out->f = f;
	out->kind = PD_RESULT_F64;
	return PD_OK;
}

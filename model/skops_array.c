/* The parts of a skops file that lie in members of their own: arrays, sparse matrices, bytes. */
#include "model/dtype.h"
#include "model/npy.h"
#include "model/skops_internal.h"

static enum pd_code read_file(struct pd_skops *s, const struct pd_node *state,
			      const struct pd_node **out_name, struct pd_str *out,
			      struct pd_err *err)
{
	PD_TRY(pd_skops_want(state, "file", PD_NODE_TEXT, out_name, err));
	struct pd_str name = (*out_name)->s;
	const struct pd_zip_member *m = pd_zip_find(&s->zip, name);
	if (!m)
		return pd_fail(err, PD_CORRUPT, "member \"%.*s\" is missing", PD_STR_ARG(name));
	return pd_zip_read(&s->zip, m, out, err);
}

static bool text_is(const struct pd_node *n, const char *z)
{
	return pd_node_is(n, PD_NODE_TEXT) && pd_str_eqz(n->s, z);
}

/* ---------------------------------------------------------------- arrays */

static enum pd_code load_npy(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			     struct pd_err *err)
{
	const struct pd_node *name = NULL;
	struct pd_str bytes;
	struct pd_array *a = NULL;
	PD_TRY(read_file(s, state, &name, &bytes, err));
	if (pd_npy_decode(s->tree, bytes, &a, err) != PD_OK)
		return pd_err_prefix(err, "%.*s", PD_STR_ARG(name->s));
	bool plain = text_is(pd_node_find(state, PD_STR("__class__")), "ndarray");
	enum pd_node_kind kind = a->n_dims == 0 && !plain ? PD_NODE_SCALAR : PD_NODE_ARRAY;
	PD_TRY(pd_node_new(s->tree, kind, state->offset, out, err));
	(*out)->arr = a;
	return PD_OK;
}

static enum pd_code shape_of(struct pd_skops *s, const struct pd_node *tuple, int64_t **out,
			     struct pd_err *err)
{
	int64_t *sides = NULL;
	if (!pd_node_is(tuple, PD_NODE_TUPLE) || !tuple->n_items ||
	    tuple->n_items > PD_ARRAY_DIMS_MAX)
		return pd_fail(err, PD_CORRUPT, "an array of objects without a proper shape");
	PD_TRY(pd_tree_alloc(s->tree, tuple->n_items, sizeof(*sides), &sides, err));
	for (size_t i = 0; i < tuple->n_items; i++)
		if (!pd_node_to_i64(tuple->items[i], &sides[i]))
			return pd_fail(err, PD_CORRUPT, "an array shape that is not integers");
	*out = sides;
	return PD_OK;
}

/* Lists of `side` items become one list of all their items. */
static enum pd_code flatten(struct pd_skops *s, struct pd_node *lists, int64_t side,
			    struct pd_node **out, struct pd_err *err)
{
	PD_TRY(pd_node_new(s->tree, PD_NODE_LIST, lists->offset, out, err));
	for (size_t i = 0; i < lists->n_items; i++) {
		const struct pd_node *row = lists->items[i];
		if (row->kind != PD_NODE_LIST || (int64_t)row->n_items != side)
			return pd_fail(err, PD_CORRUPT,
				       "an array of objects whose rows differ from its shape");
		PD_TRY(pd_node_append(s->tree, *out, row->items, row->n_items, err));
	}
	return PD_OK;
}

static enum pd_code load_objects(struct pd_skops *s, const struct pd_node *state,
				 struct pd_node **out, struct pd_err *err)
{
	static const struct pd_dtype object = { .kind = PD_DT_OBJECT, .itemsize = sizeof(void *) };
	struct pd_node *list = NULL;
	struct pd_node *tuple = NULL;
	struct pd_array *a = NULL;
	int64_t *shape = NULL;
	PD_TRY(pd_skops_child(s, state, "shape", &tuple, err));
	PD_TRY(shape_of(s, tuple, &shape, err));
	PD_TRY(pd_skops_list(s, state, "content", PD_NODE_LIST, &list, err));
	for (size_t d = 1; d < tuple->n_items; d++)
		PD_TRY(flatten(s, list, shape[d], &list, err));
	PD_TRY(pd_array_objects(s->tree, &object, shape, tuple->n_items, false, list->items,
				list->n_items, &a, err));
	PD_TRY(pd_node_new(s->tree, PD_NODE_ARRAY, state->offset, out, err));
	(*out)->arr = a;
	return PD_OK;
}

enum pd_code pd_skops_ndarray(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			      struct pd_err *err)
{
	const struct pd_node *type = pd_node_find(state, PD_STR("type"));
	if (text_is(type, "numpy"))
		return load_npy(s, state, out, err);
	if (text_is(type, "json"))
		return load_objects(s, state, out, err);
	return pd_fail(err, PD_CORRUPT, "an array of no known type");
}

/* It is written as an empty array of that type. */
enum pd_code pd_skops_dtype(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			    struct pd_err *err)
{
	struct pd_node *array = NULL;
	PD_TRY(pd_skops_child(s, state, "content", &array, err));
	if (!pd_node_is(array, PD_NODE_ARRAY))
		return pd_fail(err, PD_CORRUPT, "a numpy type that is not an array");
	PD_TRY(pd_node_new(s->tree, PD_NODE_DTYPE, state->offset, out, err));
	(*out)->dtype = array->arr->type;
	return PD_OK;
}

enum pd_code pd_skops_bytes(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			    struct pd_err *err)
{
	const struct pd_node *name = NULL;
	struct pd_str bytes;
	PD_TRY(read_file(s, state, &name, &bytes, err));
	PD_TRY(pd_node_new(s->tree, PD_NODE_BYTES, state->offset, out, err));
	(*out)->s = bytes;
	return PD_OK;
}

/* ---------------------------------------------------------------- sparse matrices */

static enum pd_code add_part(struct pd_skops *s, struct pd_node *dict, const char *key,
			     struct pd_node *value, struct pd_err *err)
{
	struct pd_node *pair[2] = { NULL, value };
	PD_TRY(pd_node_text(s->tree, pd_str_from(key), value->offset, &pair[0], err));
	return pd_node_append(s->tree, dict, pair, 2, err);
}

/* The shape is an array in the file and a tuple of ints in the object. */
static enum pd_code shape_tuple(struct pd_skops *s, const struct pd_array *a, struct pd_node **out,
				struct pd_err *err)
{
	if (a->n_dims != 1 || a->n_items > 2 ||
	    (a->type->kind != PD_DT_INT && a->type->kind != PD_DT_UINT))
		return pd_fail(err, PD_CORRUPT, "a sparse matrix without a proper shape");
	PD_TRY(pd_node_new(s->tree, PD_NODE_TUPLE, 0, out, err));
	for (size_t i = 0; i < a->n_items; i++) {
		struct pd_node *side = NULL;
		PD_TRY(pd_node_int(s->tree, pd_array_i64(a, i), 0, &side, err));
		PD_TRY(pd_node_append(s->tree, *out, &side, 1, err));
	}
	return PD_OK;
}

/* One member of the .npz under the name that the attribute has; absent ones are left out. */
static enum pd_code load_part(struct pd_skops *s, const struct pd_zip *npz, const char *name,
			      struct pd_node *dict, struct pd_err *err)
{
	char file[32];
	int n = snprintf(file, sizeof(file), "%s.npy", name);
	const struct pd_zip_member *m = pd_zip_find(npz, pd_str_of(file, (size_t)n));
	struct pd_str bytes;
	struct pd_array *a = NULL;
	struct pd_node *value = NULL;
	if (!m)
		return PD_OK;
	PD_TRY(pd_zip_read(npz, m, &bytes, err));
	if (pd_npy_decode(s->tree, bytes, &a, err) != PD_OK)
		return pd_err_prefix(err, "%s", file);
	if (strcmp(name, "shape") == 0) {
		PD_TRY(shape_tuple(s, a, &value, err));
		return add_part(s, dict, "_shape", value, err);
	}
	PD_TRY(pd_node_new(s->tree, PD_NODE_ARRAY, dict->offset, &value, err));
	value->arr = a;
	return add_part(s, dict, name, value, err);
}

/* A .npz of scipy.sparse.save_npz becomes the object with the state that a pickle of it has. */
enum pd_code pd_skops_sparse(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			     struct pd_err *err)
{
	static const char *const parts[] = { "shape",   "data", "indices", "indptr",
					     "offsets", "row",  "col" };
	const struct pd_node *name = NULL;
	struct pd_node *cls = NULL;
	struct pd_str bytes;
	struct pd_zip npz;
	PD_TRY(read_file(s, state, &name, &bytes, err));
	if (pd_zip_open(&npz, bytes, s->inflate, err) != PD_OK)
		return pd_err_prefix(err, "%.*s", PD_STR_ARG(name->s));
	PD_TRY(pd_skops_class(s, state, &cls, err));
	cls->called = true;
	PD_TRY(pd_node_object(s->tree, PD_MADE_SKOPS, cls, state->offset, out, err));
	struct pd_node *dict = NULL;
	PD_TRY(pd_node_new(s->tree, PD_NODE_DICT, state->offset, &dict, err));
	for (size_t i = 0; i < PD_LEN(parts); i++)
		if (load_part(s, &npz, parts[i], dict, err) != PD_OK)
			return pd_err_prefix(err, "%.*s", PD_STR_ARG(name->s));
	(*out)->obj->state = dict;
	return PD_OK;
}

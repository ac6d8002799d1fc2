/*
 * What numpy's calls in a pickle stand for, and the raw arrays of joblib.
 *
 *   dtype       numpy.dtype("f8", False, True), state
 *               (3, "<", subarray, names, fields, itemsize, alignment, flags [, metadata])
 *   array       _reconstruct(ndarray, (0,), b"b"), state (1, shape, dtype, fortran, data)
 *   protocol 5  _frombuffer(bytes, dtype, shape, "C" or "F")
 *   scalar      scalar(dtype, bytes)
 *   joblib      NumpyArrayWrapper, state {shape, order, dtype, ...}; directly behind its BUILD:
 *               [one byte n, n bytes of padding] and the data; for objects a whole pickle
 */
#include "base/auto.h"
#include "model/dtype.h"
#include "model/pickle_internal.h"

static bool is_seq(const struct pd_node *n)
{
	return pd_node_is(n, PD_NODE_TUPLE) || pd_node_is(n, PD_NODE_LIST);
}

static enum pd_code want_items(struct pd_unpickler *u, const struct pd_node *n, size_t least,
			       const char *what, struct pd_err *err)
{
	if (!is_seq(n) || n->n_items < least)
		return pd_unpickle_fail(u, err, "%s that is not a tuple of %zu", what, least);
	return PD_OK;
}

/* ---------------------------------------------------------------- dtypes */

enum pd_code pd_unpickle_dtype(struct pd_unpickler *u, const struct pd_node *args,
			       struct pd_node *n, struct pd_err *err)
{
	struct pd_dtype *d = NULL;
	PD_TRY(want_items(u, args, 1, "a numpy type", err));
	const struct pd_node *code = args->items[0];
	if (code->kind != PD_NODE_TEXT)
		return pd_unpickle_fail(u, err, "a numpy type without its code");
	if (pd_dtype_parse(u->tree, code->s, &d, err) != PD_OK)
		return pd_unpickle_at(u, err);
	n->kind = PD_NODE_DTYPE;
	n->dtype = d;
	return PD_OK;
}

static enum pd_code read_shape(struct pd_unpickler *u, const struct pd_node *shape,
			       const int64_t **out, size_t *out_n, struct pd_err *err)
{
	int64_t *sides = NULL;
	if (pd_node_is(shape, PD_NODE_INT)) {
		PD_TRY(pd_tree_alloc(u->tree, 1, sizeof(*sides), &sides, err));
		sides[0] = shape->i;
		*out = sides;
		*out_n = 1;
		return PD_OK;
	}
	if (!is_seq(shape) || shape->n_items > PD_ARRAY_DIMS_MAX)
		return pd_unpickle_fail(u, err, "an array without a proper shape");
	PD_TRY(pd_tree_alloc(u->tree, shape->n_items, sizeof(*sides), &sides, err));
	for (size_t i = 0; i < shape->n_items; i++) {
		if (shape->items[i]->kind != PD_NODE_INT)
			return pd_unpickle_fail(u, err, "%s in the shape of an array",
						pd_node_label(shape->items[i], u->tree->arena));
		sides[i] = shape->items[i]->i;
	}
	*out = sides;
	*out_n = shape->n_items;
	return PD_OK;
}

/* (dtype, offset [, title]) of one name. */
static enum pd_code read_field(struct pd_unpickler *u, const struct pd_node *name,
			       const struct pd_node *fields, struct pd_dtype_field *out,
			       struct pd_err *err)
{
	if (name->kind != PD_NODE_TEXT)
		return pd_unpickle_fail(u, err, "a record field without a name");
	const struct pd_node *f = pd_node_find(fields, name->s);
	PD_TRY(want_items(u, f, 2, "a record field", err));
	const struct pd_node *type = f->items[0];
	const struct pd_node *offset = f->items[1];
	if (type->kind != PD_NODE_DTYPE || offset->kind != PD_NODE_INT || offset->i < 0)
		return pd_unpickle_fail(u, err, "record field \"%.*s\" without type and offset",
					PD_STR_ARG(name->s));
	*out = (struct pd_dtype_field){ .name = name->s,
					.offset = (size_t)offset->i,
					.type = type->dtype };
	return PD_OK;
}

static enum pd_code read_fields(struct pd_unpickler *u, struct pd_dtype *d,
				const struct pd_node *names, const struct pd_node *fields,
				struct pd_err *err)
{
	struct pd_dtype_field *list = NULL;
	if (d->kind != PD_DT_STRUCT || !is_seq(names))
		return pd_unpickle_fail(u, err, "a record type without field names");
	PD_TRY(pd_tree_alloc(u->tree, names->n_items, sizeof(*list), &list, err));
	for (size_t i = 0; i < names->n_items; i++)
		PD_TRY(read_field(u, names->items[i], fields, &list[i], err));
	d->fields = list;
	d->n_fields = names->n_items;
	return PD_OK;
}

static enum pd_code read_subarray(struct pd_unpickler *u, const struct pd_node *pair,
				  struct pd_dtype **d, struct pd_err *err)
{
	const int64_t *shape = NULL;
	size_t n_dims = 0;
	PD_TRY(want_items(u, pair, 2, "an array type", err));
	if (pair->items[0]->kind != PD_NODE_DTYPE)
		return pd_unpickle_fail(u, err, "an array type without its base");
	PD_TRY(read_shape(u, pair->items[1], &shape, &n_dims, err));
	if (pd_dtype_subarray(u->tree, pair->items[0]->dtype, shape, n_dims, d, err) != PD_OK)
		return pd_unpickle_at(u, err);
	return PD_OK;
}

/* Itemsize of the kinds whose code does not settle it; -1 says that it does. */
static enum pd_code set_itemsize(struct pd_unpickler *u, struct pd_dtype *d,
				 const struct pd_node *size, struct pd_err *err)
{
	if (size->kind != PD_NODE_INT || size->i > (int64_t)PD_DTYPE_ITEMSIZE_MAX)
		return pd_unpickle_fail(u, err, "a numpy type without a proper size");
	bool open = d->kind == PD_DT_STRUCT || d->kind == PD_DT_TEXT || d->kind == PD_DT_BYTES;
	if (open && size->i >= 0)
		d->itemsize = (size_t)size->i;
	if (d->kind == PD_DT_TEXT && d->itemsize % 4)
		return pd_unpickle_fail(u, err, "a text type of %zu bytes", d->itemsize);
	return PD_OK;
}

/* A new pd_dtype replaces the old one: arrays that were checked against that keep it. */
enum pd_code pd_unpickle_dtype_state(struct pd_unpickler *u, struct pd_node *n,
				     const struct pd_node *state, struct pd_err *err)
{
	struct pd_dtype *d = NULL;
	PD_TRY(want_items(u, state, 7, "the state of a numpy type", err));
	const struct pd_node *order = state->items[1];
	const struct pd_node *subarray = state->items[2];
	const struct pd_node *names = state->items[3];
	if (order->kind != PD_NODE_TEXT || order->s.n != 1)
		return pd_unpickle_fail(u, err, "a numpy type without its byte order");
	PD_TRY(pd_tree_alloc(u->tree, 1, sizeof(*d), &d, err));
	*d = *n->dtype;
	d->big_endian = order->s.p[0] == '>';
	PD_TRY(set_itemsize(u, d, state->items[5], err));
	if (names->kind != PD_NODE_NONE)
		PD_TRY(read_fields(u, d, names, state->items[4], err));
	if (subarray->kind != PD_NODE_NONE)
		PD_TRY(read_subarray(u, subarray, &d, err));
	if (pd_dtype_check_fields(d, err) != PD_OK)
		return pd_unpickle_at(u, err);
	n->dtype = d;
	return PD_OK;
}

/* ---------------------------------------------------------------- arrays */

/* `n` becomes an array over the items of a list or over bytes. */
static enum pd_code set_array(struct pd_unpickler *u, struct pd_node *n,
			      const struct pd_dtype *type, const struct pd_node *shape_node,
			      bool fortran, const struct pd_node *data, struct pd_err *err)
{
	const int64_t *shape = NULL;
	size_t n_dims = 0;
	struct pd_array *a = NULL;
	struct pd_str bytes = data->s;
	enum pd_code code = PD_OK;
	PD_TRY(read_shape(u, shape_node, &shape, &n_dims, err));
	if (data->kind == PD_NODE_LIST) {
		code = pd_array_objects(u->tree, type, shape, n_dims, fortran, data->items,
					data->n_items, &a, err);
	} else if (data->kind == PD_NODE_BYTES || data->kind == PD_NODE_TEXT) {
		/* numpy: data of Python 2 that was read as text is Latin-1 */
		if (data->kind == PD_NODE_TEXT)
			PD_TRY(pd_unpickle_latin1(u, data->s, &bytes, err));
		code = pd_array_new(u->tree, type, shape, n_dims, fortran, bytes, &a, err);
	} else {
		return pd_unpickle_fail(u, err, "%s as the data of an array",
					pd_node_label(data, u->tree->arena));
	}
	if (code != PD_OK)
		return pd_unpickle_at(u, err);
	n->kind = PD_NODE_ARRAY;
	n->arr = a;
	return PD_OK;
}

enum pd_code pd_unpickle_array_state(struct pd_unpickler *u, struct pd_node *n,
				     struct pd_node *state, struct pd_err *err)
{
	const struct pd_node *args = n->obj->args;
	PD_TRY(want_items(u, args, 1, "an array's class", err));
	const struct pd_node *cls = args->items[0];
	if (cls->kind != PD_NODE_GLOBAL || !pd_str_starts(cls->s, PD_STR("numpy"))) {
		/* an array subclass of somebody else's: for the recognisers to refuse */
		n->obj->state = state;
		return PD_OK;
	}
	PD_TRY(want_items(u, state, 5, "the state of an array", err));
	const struct pd_node *type = state->items[2];
	const struct pd_node *fortran = state->items[3];
	if (type->kind != PD_NODE_DTYPE)
		return pd_unpickle_fail(u, err, "an array without its type");
	bool columns = (fortran->kind == PD_NODE_BOOL || fortran->kind == PD_NODE_INT) &&
		       fortran->i;
	return set_array(u, n, type->dtype, state->items[1], columns, state->items[4], err);
}

enum pd_code pd_unpickle_frombuffer(struct pd_unpickler *u, const struct pd_node *args,
				    struct pd_node *n, struct pd_err *err)
{
	PD_TRY(want_items(u, args, 4, "the arguments of _frombuffer", err));
	const struct pd_node *data = args->items[0];
	const struct pd_node *type = args->items[1];
	const struct pd_node *shape = args->items[2];
	const struct pd_node *order = args->items[3];
	if (data->kind != PD_NODE_BYTES || type->kind != PD_NODE_DTYPE ||
	    order->kind != PD_NODE_TEXT)
		return pd_unpickle_fail(u, err, "_frombuffer without bytes, type and order");
	bool fortran = pd_str_eq(order->s, PD_STR("F"));
	if (pd_str_eq(order->s, PD_STR("K")))
		return pd_fail(err, PD_UNSUPPORTED, "offset %zu: an array with permuted axes",
			       u->at);
	if (!fortran && !pd_str_eq(order->s, PD_STR("C")))
		return pd_unpickle_fail(u, err, "an array of order \"%.*s\"", PD_STR_ARG(order->s));
	return set_array(u, n, type->dtype, shape, fortran, data, err);
}

enum pd_code pd_unpickle_scalar(struct pd_unpickler *u, const struct pd_node *args,
				struct pd_node *n, struct pd_err *err)
{
	struct pd_array *a = NULL;
	struct pd_str bytes;
	PD_TRY(want_items(u, args, 2, "a numpy scalar", err));
	const struct pd_node *type = args->items[0];
	const struct pd_node *data = args->items[1];
	if (type->kind != PD_NODE_DTYPE ||
	    (data->kind != PD_NODE_BYTES && data->kind != PD_NODE_TEXT))
		return pd_unpickle_fail(u, err, "a numpy scalar without type and bytes");
	bytes = data->s;
	if (data->kind == PD_NODE_TEXT)
		PD_TRY(pd_unpickle_latin1(u, data->s, &bytes, err));
	if (pd_array_new(u->tree, type->dtype, NULL, 0, false, bytes, &a, err) != PD_OK)
		return pd_unpickle_at(u, err);
	n->kind = PD_NODE_SCALAR;
	n->arr = a;
	return PD_OK;
}

/* ---------------------------------------------------------------- joblib */

/* Objects in an array: a whole pickle of the array follows, with a memo of its own. */
static enum pd_code raw_objects(struct pd_unpickler *u, struct pd_node *n, struct pd_err *err)
{
	PD_AUTO(pd_unpickler) inner = {
		.r = u->r, .tree = u->tree, .opts = u->opts, .pickle = ++u->n_inner
	};
	PD_TRY(pd_unpickle_run(&inner, err));
	const struct pd_node *array = inner.stack[0];
	if (inner.code && !u->code)
		u->code = inner.code;
	if (array->kind != PD_NODE_ARRAY)
		return pd_unpickle_fail(u, err, "%s where an array of objects is due",
					pd_node_label(array, u->tree->arena));
	n->kind = PD_NODE_ARRAY;
	n->arr = array->arr;
	u->r.at = inner.r.at;
	return PD_OK;
}

static enum pd_code skip_padding(struct pd_unpickler *u, const struct pd_node *align,
				 struct pd_err *err)
{
	uint8_t n = 0;
	struct pd_str padding;
	if (!align || align->kind == PD_NODE_NONE)
		return PD_OK;
	PD_TRY(pd_read_u8(&u->r, &n, err));
	return pd_read_bytes(&u->r, n, &padding, err);
}

static enum pd_code raw_numbers(struct pd_unpickler *u, struct pd_node *n,
				const struct pd_dtype *type, struct pd_err *err)
{
	const struct pd_node *order = pd_node_attr(n, PD_STR("order"));
	const int64_t *shape = NULL;
	size_t n_dims = 0;
	size_t size = 0;
	struct pd_array *a = NULL;
	struct pd_str bytes;
	if (!pd_node_is(order, PD_NODE_TEXT))
		return pd_unpickle_fail(u, err, "a joblib array without its order");
	PD_TRY(read_shape(u, pd_node_attr(n, PD_STR("shape")), &shape, &n_dims, err));
	if (pd_array_size(type, shape, n_dims, &size, err) != PD_OK)
		return pd_unpickle_at(u, err);
	PD_TRY(skip_padding(u, pd_node_attr(n, PD_STR("numpy_array_alignment_bytes")), err));
	PD_TRY(pd_read_bytes(&u->r, size, &bytes, err));
	bool fortran = pd_str_eq(order->s, PD_STR("F"));
	if (pd_array_new(u->tree, type, shape, n_dims, fortran, bytes, &a, err) != PD_OK)
		return pd_unpickle_at(u, err);
	n->kind = PD_NODE_ARRAY;
	n->arr = a;
	return PD_OK;
}

static bool has_objects(const struct pd_dtype *d)
{
	bool found = d->kind == PD_DT_OBJECT;
	for (size_t i = 0; i < d->n_fields && !found; i++)
		found = d->fields[i].type->kind == PD_DT_OBJECT;
	return found;
}

/* The array is made from its dtype in the memo and takes the wrapper's place there. */
static enum pd_code check_memo(struct pd_unpickler *u, const struct pd_node *type,
			       struct pd_err *err)
{
	if (!u->opts->trace || (u->wrapper_index && type->memo_index))
		return PD_OK;
	return pd_fail(err, PD_UNSUPPORTED, "offset %zu: an array that is not in the memo", u->at);
}

static enum pd_code mark_numbers(struct pd_unpickler *u, const struct pd_array *a,
				 uint32_t type_index, struct pd_err *err)
{
	struct pd_pickle_trace *t = u->opts->trace;
	if (!t)
		return PD_OK;
	PD_TRY(pd_unpickle_mark(u, PD_MARK_NUMBERS, u->wrapper_index - 1, err));
	t->marks[t->n - 1].array = a;
	t->marks[t->n - 1].type_index = type_index - 1;
	return PD_OK;
}

enum pd_code pd_unpickle_raw_array(struct pd_unpickler *u, struct pd_node *n, struct pd_err *err)
{
	if (u->pickle || !pd_str_eq(pd_node_class(n), PD_STR("NumpyArrayWrapper")))
		return pd_fail(
			err, PD_UNSUPPORTED,
			"offset %zu: a %s, as joblib before 0.9.3 wrote (load the model with "
			"joblib and dump it again)",
			u->at, pd_node_label(n, u->tree->arena));
	const struct pd_node *type = pd_node_attr(n, PD_STR("dtype"));
	if (!pd_node_is(type, PD_NODE_DTYPE))
		return pd_unpickle_fail(u, err, "a joblib array without its type");
	u->tree->format = "joblib";
	PD_TRY(check_memo(u, type, err));
	if (!has_objects(type->dtype)) {
		PD_TRY(raw_numbers(u, n, type->dtype, err));
		return mark_numbers(u, n->arr, type->memo_index, err);
	}
	PD_TRY(pd_unpickle_mark(u, PD_MARK_OBJECTS, 0, err));
	PD_TRY(raw_objects(u, n, err));
	u->at = u->r.at;
	return pd_unpickle_mark(u, PD_MARK_OBJECTS_END, u->wrapper_index - 1, err);
}

/*
 *   0  "\x93NUMPY"        8  bytes of header: 2 (version 1) or 4 (2, 3), little-endian
 *   6  major, minor          header: {'descr': '<f8', 'fortran_order': False, 'shape': (3,), }
 *                            data
 */
#include "model/npy.h"

#include "base/reader.h"
#include "model/dtype.h"
#include "model/literal.h"

#define HEADER_MAX  (1u << 20)
#define DESCR_DEPTH 8 /* records inside records */

static enum pd_code read_header(struct pd_reader *r, struct pd_str *out, struct pd_err *err)
{
	struct pd_str magic;
	uint8_t version[2];
	uint32_t n = 0;
	PD_TRY(pd_read_bytes(r, 6, &magic, err));
	PD_TRY(pd_read_u8(r, &version[0], err));
	PD_TRY(pd_read_u8(r, &version[1], err));
	if (!pd_str_eq(magic, PD_STR("\x93NUMPY")))
		return pd_fail(err, PD_CORRUPT, "not a .npy file");
	if (version[0] < 1 || version[0] > 3 || version[1] != 0)
		return pd_fail(err, PD_UNSUPPORTED, ".npy version %u.%u", version[0], version[1]);
	if (version[0] == 1) {
		uint16_t n_short = 0;
		PD_TRY(pd_read_u16le(r, &n_short, err));
		n = n_short;
	} else {
		PD_TRY(pd_read_u32le(r, &n, err));
	}
	if (n > HEADER_MAX)
		return pd_fail(err, PD_TOO_LARGE, "a .npy header of %u bytes", n);
	return pd_read_bytes(r, n, out, err);
}

static enum pd_code read_shape(struct pd_tree *t, const struct pd_node *shape, int64_t **out,
			       struct pd_err *err)
{
	int64_t *sides = NULL;
	if (!pd_node_is(shape, PD_NODE_TUPLE) || shape->n_items > PD_ARRAY_DIMS_MAX)
		return pd_fail(err, PD_CORRUPT, "a .npy header without a proper shape");
	PD_TRY(pd_tree_alloc(t, shape->n_items, sizeof(*sides), &sides, err));
	for (size_t i = 0; i < shape->n_items; i++) {
		if (shape->items[i]->kind != PD_NODE_INT)
			return pd_fail(err, PD_CORRUPT, "a .npy shape that is not integers");
		sides[i] = shape->items[i]->i;
	}
	*out = sides;
	return PD_OK;
}

static enum pd_code read_descr(struct pd_tree *t, const struct pd_node *descr, unsigned depth,
			       struct pd_dtype **out, struct pd_err *err);

/* (name, descr) or (name, descr, shape); a name may be a (title, name) pair. */
static enum pd_code read_field(struct pd_tree *t, const struct pd_node *item, unsigned depth,
			       struct pd_dtype_field *out, struct pd_err *err)
{
	struct pd_dtype *type = NULL;
	int64_t *shape = NULL;
	if (item->kind != PD_NODE_TUPLE || item->n_items < 2 || item->n_items > 3)
		return pd_fail(err, PD_CORRUPT, "a .npy record field that is not a pair");
	const struct pd_node *name = item->items[0];
	if (name->kind == PD_NODE_TUPLE && name->n_items == 2)
		name = name->items[1];
	if (name->kind != PD_NODE_TEXT)
		return pd_fail(err, PD_CORRUPT, "a .npy record field without a name");
	PD_TRY(read_descr(t, item->items[1], depth + 1, &type, err));
	if (item->n_items == 3) {
		PD_TRY(read_shape(t, item->items[2], &shape, err));
		PD_TRY(pd_dtype_subarray(t, type, shape, item->items[2]->n_items, &type, err));
	}
	out->name = name->s;
	out->type = type;
	return PD_OK;
}

/* Fields follow one another; padding is a field too, without a name. */
static enum pd_code read_record(struct pd_tree *t, const struct pd_node *list, unsigned depth,
				struct pd_dtype **out, struct pd_err *err)
{
	struct pd_dtype_field *fields = NULL;
	struct pd_dtype *d = NULL;
	PD_TRY(pd_tree_alloc(t, list->n_items, sizeof(*fields), &fields, err));
	PD_TRY(pd_tree_alloc(t, 1, sizeof(*d), &d, err));
	*d = (struct pd_dtype){ .kind = PD_DT_STRUCT, .fields = fields };
	for (size_t i = 0; i < list->n_items; i++) {
		struct pd_dtype_field *f = &fields[d->n_fields];
		PD_TRY(read_field(t, list->items[i], depth, f, err));
		f->offset = d->itemsize;
		d->itemsize += f->type->itemsize;
		if (d->itemsize > PD_DTYPE_ITEMSIZE_MAX)
			return pd_fail(err, PD_TOO_LARGE, "a .npy record of %zu bytes",
				       d->itemsize);
		d->n_fields += f->name.n > 0;
	}
	*out = d;
	return PD_OK;
}

static enum pd_code read_descr(struct pd_tree *t, const struct pd_node *descr, unsigned depth,
			       struct pd_dtype **out, struct pd_err *err)
{
	if (depth > DESCR_DEPTH)
		return pd_fail(err, PD_TOO_LARGE, "a .npy type nested %u deep", depth);
	if (pd_node_is(descr, PD_NODE_LIST))
		return read_record(t, descr, depth, out, err);
	if (!pd_node_is(descr, PD_NODE_TEXT))
		return pd_fail(err, PD_CORRUPT, "a .npy header without a type");
	PD_TRY(pd_dtype_parse(t, descr->s, out, err));
	if ((*out)->kind == PD_DT_OBJECT)
		return pd_fail(err, PD_DENIED, "a .npy file of objects, which is a pickle");
	return PD_OK;
}

enum pd_code pd_npy_decode(struct pd_tree *t, struct pd_str bytes, struct pd_array **out,
			   struct pd_err *err)
{
	struct pd_reader r = pd_reader_of(bytes.p, bytes.n);
	struct pd_str text;
	struct pd_node *header = NULL;
	struct pd_dtype *type = NULL;
	int64_t *shape = NULL;
	PD_TRY(read_header(&r, &text, err));
	PD_TRY(pd_literal_parse(t, PD_LITERAL_PYTHON, pd_str_trim(text), &header, err));
	const struct pd_node *order = pd_node_find(header, PD_STR("fortran_order"));
	const struct pd_node *sides = pd_node_find(header, PD_STR("shape"));
	if (!pd_node_is(order, PD_NODE_BOOL))
		return pd_fail(err, PD_CORRUPT, "a .npy header without its order");
	PD_TRY(read_descr(t, pd_node_find(header, PD_STR("descr")), 0, &type, err));
	PD_TRY(read_shape(t, sides, &shape, err));
	struct pd_str data = pd_str_skip(bytes, r.at);
	return pd_array_new(t, type, shape, sides->n_items, order->i, data, out, err);
}

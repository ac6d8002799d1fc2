#include "model/dtype.h"

/* Items of no bytes cost the file nothing, but each walk over them some time. */
#define EMPTY_ITEMS_MAX ((size_t)1 << 20)

struct code_row {
	char letter;
	size_t size; /* the only one; 0: any, see `unit` */
	size_t unit; /* bytes for each counted item */
	enum pd_dtype_kind kind;
};

static const struct code_row codes[] = {
	{ 'b', 1, 0, PD_DT_BOOL },   { '?', 0, 0, PD_DT_BOOL },     { 'i', 1, 0, PD_DT_INT },
	{ 'i', 2, 0, PD_DT_INT },    { 'i', 4, 0, PD_DT_INT },      { 'i', 8, 0, PD_DT_INT },
	{ 'u', 1, 0, PD_DT_UINT },   { 'u', 2, 0, PD_DT_UINT },     { 'u', 4, 0, PD_DT_UINT },
	{ 'u', 8, 0, PD_DT_UINT },   { 'f', 2, 0, PD_DT_FLOAT },    { 'f', 4, 0, PD_DT_FLOAT },
	{ 'f', 8, 0, PD_DT_FLOAT },  { 'c', 8, 0, PD_DT_COMPLEX },  { 'c', 16, 0, PD_DT_COMPLEX },
	{ 'U', 0, 4, PD_DT_TEXT },   { 'S', 0, 1, PD_DT_BYTES },    { 'a', 0, 1, PD_DT_BYTES },
	{ 'V', 0, 1, PD_DT_STRUCT }, { 'O', 4, 0, PD_DT_OBJECT },   { 'O', 8, 0, PD_DT_OBJECT },
	{ 'O', 0, 0, PD_DT_OBJECT }, { 'M', 8, 0, PD_DT_DATETIME }, { 'm', 8, 0, PD_DT_TIMEDELTA },
};

static const struct code_row *find_code(char letter, size_t size)
{
	for (size_t i = 0; i < PD_LEN(codes); i++)
		if (codes[i].letter == letter && (codes[i].unit || codes[i].size == size))
			return &codes[i];
	return NULL;
}

/* Digits up to the end or a '[' (the unit of a date). */
static bool parse_size(struct pd_str s, size_t *out)
{
	struct pd_str digits;
	struct pd_str unit;
	pd_str_split(s, '[', &digits, &unit);
	size_t v = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' || v > PD_DTYPE_ITEMSIZE_MAX)
			return false;
		v = v * 10 + (size_t)(digits.p[i] - '0');
	}
	*out = v;
	return v <= PD_DTYPE_ITEMSIZE_MAX;
}

enum pd_code pd_dtype_parse(struct pd_tree *t, struct pd_str code, struct pd_dtype **out,
			    struct pd_err *err)
{
	bool big = code.n && code.p[0] == '>';
	struct pd_str bare = code;
	if (code.n && strchr("<>=|", code.p[0]))
		bare = pd_str_skip(code, 1);
	size_t size = 0;
	if (!bare.n || !parse_size(pd_str_skip(bare, 1), &size))
		return pd_fail(err, PD_CORRUPT, "\"%.*s\" is not a numpy type", PD_STR_ARG(code));
	const struct code_row *row = find_code(bare.p[0], size);
	if (!row)
		return pd_fail(err, PD_UNSUPPORTED, "arrays of numpy type \"%.*s\" are not read",
			       PD_STR_ARG(code));
	if (row->unit && !pd_mul_size(size, row->unit, &size))
		return pd_fail(err, PD_CORRUPT, "numpy type \"%.*s\" overflows", PD_STR_ARG(code));
	struct pd_dtype *d = NULL;
	PD_TRY(pd_tree_alloc(t, 1, sizeof(*d), &d, err));
	*d = (struct pd_dtype){ .kind = row->kind, .big_endian = big, .itemsize = size };
	if (row->letter == '?')
		d->itemsize = 1;
	if (row->kind == PD_DT_OBJECT)
		d->itemsize = sizeof(void *);
	*out = d;
	return PD_OK;
}

enum pd_code pd_dtype_subarray(struct pd_tree *t, const struct pd_dtype *base, const int64_t *shape,
			       size_t n_dims, struct pd_dtype **out, struct pd_err *err)
{
	size_t count = 0;
	size_t size = 0;
	PD_TRY(pd_shape_items(shape, n_dims, &count, err));
	if (!pd_mul_size(count, base->itemsize, &size) || size > PD_DTYPE_ITEMSIZE_MAX)
		return pd_fail(err, PD_TOO_LARGE, "an array type of %zu items of %zu bytes", count,
			       base->itemsize);
	struct pd_dtype *d = NULL;
	PD_TRY(pd_tree_alloc(t, 1, sizeof(*d), &d, err));
	*d = (struct pd_dtype){
		.kind = PD_DT_SUBARRAY, .itemsize = size, .sub = base, .n_sub = count
	};
	*out = d;
	return PD_OK;
}

enum pd_code pd_dtype_check_fields(const struct pd_dtype *d, struct pd_err *err)
{
	for (size_t i = 0; i < d->n_fields; i++) {
		const struct pd_dtype_field *f = &d->fields[i];
		if (f->offset > d->itemsize || f->type->itemsize > d->itemsize - f->offset)
			return pd_fail(err, PD_CORRUPT,
				       "field \"%.*s\" (%zu bytes at %zu) lies outside its record "
				       "of %zu bytes",
				       PD_STR_ARG(f->name), f->type->itemsize, f->offset,
				       d->itemsize);
	}
	return PD_OK;
}

enum pd_code pd_array_size(const struct pd_dtype *type, const int64_t *shape, size_t n_dims,
			   size_t *out_bytes, struct pd_err *err)
{
	size_t n = 0;
	PD_TRY(pd_shape_items(shape, n_dims, &n, err));
	if (!pd_mul_size(n, type->itemsize, out_bytes))
		return pd_fail(err, PD_CORRUPT, "an array of %zu items of %zu bytes overflows", n,
			       type->itemsize);
	return PD_OK;
}

/* Both orders are one for up to one dimension longer than 1. */
static bool order_matters(const int64_t *shape, size_t n_dims)
{
	size_t n_long = 0;
	for (size_t i = 0; i < n_dims; i++)
		n_long += shape[i] != 1;
	return n_long > 1;
}

static enum pd_code array_of(struct pd_tree *t, const struct pd_dtype *type, const int64_t *shape,
			     size_t n_dims, bool fortran, struct pd_array **out, struct pd_err *err)
{
	size_t n = 0;
	PD_TRY(pd_shape_items(shape, n_dims, &n, err));
	if (!type->itemsize && n > EMPTY_ITEMS_MAX)
		return pd_fail(err, PD_TOO_LARGE, "an array of %zu items without bytes", n);
	PD_TRY(pd_tree_alloc(t, 1, sizeof(**out), out, err));
	**out = (struct pd_array){ .type = type,
				   .n_dims = (unsigned)n_dims,
				   .shape = shape,
				   .n_items = n,
				   .fortran = fortran && order_matters(shape, n_dims) };
	return PD_OK;
}

enum pd_code pd_array_new(struct pd_tree *t, const struct pd_dtype *type, const int64_t *shape,
			  size_t n_dims, bool fortran, struct pd_str data, struct pd_array **out,
			  struct pd_err *err)
{
	size_t bytes = 0;
	if (type->kind == PD_DT_OBJECT)
		return pd_fail(err, PD_CORRUPT, "an array of objects in the form of bytes");
	PD_TRY(pd_array_size(type, shape, n_dims, &bytes, err));
	if (bytes != data.n)
		return pd_fail(err, PD_CORRUPT,
			       "an array whose shape takes %zu bytes has %zu bytes of data", bytes,
			       data.n);
	PD_TRY(array_of(t, type, shape, n_dims, fortran, out, err));
	(*out)->data = (const unsigned char *)data.p;
	return PD_OK;
}

enum pd_code pd_array_objects(struct pd_tree *t, const struct pd_dtype *type, const int64_t *shape,
			      size_t n_dims, bool fortran, struct pd_node **items, size_t n_items,
			      struct pd_array **out, struct pd_err *err)
{
	if (type->kind != PD_DT_OBJECT)
		return pd_fail(err, PD_CORRUPT, "an array of numbers in the form of a list");
	PD_TRY(array_of(t, type, shape, n_dims, fortran, out, err));
	if ((*out)->n_items != n_items)
		return pd_fail(err, PD_CORRUPT, "an array shape of %zu objects for a list of %zu",
			       (*out)->n_items, n_items);
	(*out)->objects = items;
	return PD_OK;
}

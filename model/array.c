/* Reading the items of numpy arrays (model/node.h): any byte order, unaligned, either order. */
#include "model/node.h"

#include <math.h>

enum pd_code pd_shape_items(const int64_t *shape, size_t n_dims, size_t *out, struct pd_err *err)
{
	if (n_dims > PD_ARRAY_DIMS_MAX)
		return pd_fail(err, PD_CORRUPT, "an array of %zu dimensions", n_dims);
	size_t items = 1;
	bool none = false;
	for (size_t i = 0; i < n_dims; i++) {
		if (shape[i] < 0)
			return pd_fail(err, PD_CORRUPT, "an array with a side of %lld",
				       (long long)shape[i]);
		if (shape[i] == 0)
			none = true;
		else if (!pd_mul_size(items, (size_t)shape[i], &items) || items > INT64_MAX)
			return pd_fail(err, PD_CORRUPT, "an array shape that overflows");
	}
	*out = none ? 0 : items;
	return PD_OK;
}

bool pd_dtype_is_number(const struct pd_dtype *t)
{
	return t->kind == PD_DT_BOOL || t->kind == PD_DT_INT || t->kind == PD_DT_UINT ||
	       t->kind == PD_DT_FLOAT;
}

const struct pd_dtype_field *pd_dtype_field_find(const struct pd_dtype *t, struct pd_str name)
{
	for (size_t i = 0; i < t->n_fields; i++)
		if (pd_str_eq(t->fields[i].name, name))
			return &t->fields[i];
	return NULL;
}

/* The item's bytes as an unsigned number. itemsize is 1, 2, 4 or 8. */
static uint64_t raw_bits(const struct pd_array *a, size_t i)
{
	const unsigned char *p = a->data + i * a->type->itemsize;
	uint16_t b2 = 0;
	uint32_t b4 = 0;
	uint64_t b8 = 0;
	bool swap = a->type->big_endian;
	switch (a->type->itemsize) {
	case 1:
		return *p;
	case 2:
		memcpy(&b2, p, sizeof(b2));
		return swap ? __builtin_bswap16(b2) : b2;
	case 4:
		memcpy(&b4, p, sizeof(b4));
		return swap ? __builtin_bswap32(b4) : b4;
	default:
		memcpy(&b8, p, sizeof(b8));
		return swap ? __builtin_bswap64(b8) : b8;
	}
}

/* spec: IEEE 754 binary16 */
static double half_to_f64(uint16_t h)
{
	int exponent = h >> 10 & 31;
	double fraction = h & 1023;
	double v = 0;
	if (exponent == 31)
		v = fraction != 0 ? NAN : INFINITY;
	else if (exponent == 0)
		v = ldexp(fraction, -24);
	else
		v = ldexp(fraction + 1024, exponent - 25);
	return h >> 15 ? -v : v;
}

double pd_array_f64(const struct pd_array *a, size_t i)
{
	if (a->type->kind == PD_DT_UINT)
		return (double)raw_bits(a, i);
	if (a->type->kind != PD_DT_FLOAT)
		return (double)pd_array_i64(a, i);
	uint64_t bits = raw_bits(a, i);
	if (a->type->itemsize == 2)
		return half_to_f64((uint16_t)bits);
	if (a->type->itemsize == 4) {
		uint32_t b4 = (uint32_t)bits;
		float f = 0;
		memcpy(&f, &b4, sizeof(f));
		return (double)f;
	}
	double f = 0;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

int64_t pd_array_i64(const struct pd_array *a, size_t i)
{
	uint64_t bits = raw_bits(a, i);
	if (a->type->kind == PD_DT_BOOL)
		return bits != 0;
	if (a->type->kind == PD_DT_FLOAT) {
		double f = pd_array_f64(a, i);
		if (!(f >= -0x1p63 && f < 0x1p63))
			return INT64_MIN;
		return (int64_t)f;
	}
	if (a->type->kind == PD_DT_INT && a->type->itemsize < 8) {
		unsigned shift = 64 - 8 * (unsigned)a->type->itemsize;
		return (int64_t)(bits << shift) >> shift;
	}
	return (int64_t)bits;
}

enum pd_code pd_array_text(const struct pd_array *a, size_t i, struct pd_arena *arena,
			   struct pd_str *out, struct pd_err *err)
{
	if (a->type->kind != PD_DT_TEXT)
		return pd_fail(err, PD_CORRUPT, "an array of text is wanted");
	size_t n_chars = a->type->itemsize / 4;
	static const struct pd_dtype char_types[2] = {
		{ .kind = PD_DT_UINT, .itemsize = 4 },
		{ .kind = PD_DT_UINT, .itemsize = 4, .big_endian = true },
	};
	struct pd_array chars = { .type = &char_types[a->type->big_endian],
				  .data = n_chars ? a->data + i * a->type->itemsize : NULL };
	while (n_chars > 0 && raw_bits(&chars, n_chars - 1) == 0)
		n_chars--;
	char *p = NULL;
	PD_TRY(pd_arena_try(arena, n_chars * 4 + 1, 1, &p, err));
	size_t n = 0;
	for (size_t k = 0; k < n_chars; k++) {
		uint64_t c = raw_bits(&chars, k);
		if (c > 0x10ffff)
			return pd_fail(err, PD_CORRUPT, "text item %zu holds no code point", i);
		n += pd_utf8_put(p + n, (uint32_t)c);
	}
	*out = (struct pd_str){ p, n };
	return PD_OK;
}

/* Columns become rows: the last index of the result runs fastest. */
static void transpose(const struct pd_array *a, double *out)
{
	size_t stride[PD_ARRAY_DIMS_MAX] = { 0 }; /* of each index in the source, in items */
	size_t step = 1;
	for (unsigned d = 0; d < a->n_dims; d++) {
		stride[d] = step;
		step *= (size_t)a->shape[d];
	}
	int64_t at[PD_ARRAY_DIMS_MAX] = { 0 };
	size_t from = 0;
	for (size_t k = 0; k < a->n_items; k++) {
		out[k] = pd_array_f64(a, from);
		for (unsigned d = a->n_dims; d > 0; d--) {
			from += stride[d - 1];
			if (++at[d - 1] < a->shape[d - 1])
				break;
			from -= stride[d - 1] * (size_t)at[d - 1];
			at[d - 1] = 0;
		}
	}
}

enum pd_code pd_array_doubles(const struct pd_array *a, struct pd_arena *arena, const double **out,
			      struct pd_err *err)
{
	if (!pd_dtype_is_number(a->type))
		return pd_fail(err, PD_CORRUPT, "an array of numbers is wanted, not of kind '%c'",
			       a->type->kind);
	bool plain = a->type->kind == PD_DT_FLOAT && a->type->itemsize == 8 && !a->type->big_endian;
	if (plain && !a->fortran && (uintptr_t)a->data % _Alignof(double) == 0) {
		*out = (const double *)(const void *)a->data;
		return PD_OK;
	}
	double *copy = NULL;
	PD_TRY(pd_arena_try(arena, a->n_items, sizeof(*copy), &copy, err));
	if (a->fortran)
		transpose(a, copy);
	else if (plain && a->n_items)
		memcpy(copy, a->data, a->n_items * sizeof(*copy));
	else
		for (size_t i = 0; i < a->n_items; i++)
			copy[i] = pd_array_f64(a, i);
	*out = copy;
	return PD_OK;
}

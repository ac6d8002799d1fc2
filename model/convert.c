#include "model/convert.h"

#include <inttypes.h>
#include <math.h>

#include "base/num.h"
#include "model/text.h"

struct conversion {
	struct pd_col *col;
	size_t n_rows;
	enum pd_origin origin;
	enum pd_type type;
	struct pd_arena *arena;
	struct pd_err *err;
};

static const char *numpy_name(enum pd_type t)
{
	switch (t) {
	case PD_TYPE_BOOLEAN:
		return "bool";
	case PD_TYPE_INTEGER:
		return "int32";
	case PD_TYPE_LONG:
		return "int64";
	case PD_TYPE_FLOAT:
		return "float32";
	case PD_TYPE_DOUBLE:
		return "float64";
	default:
		return pd_type_name(t);
	}
}

static enum pd_code refuse(const struct conversion *k, size_t row, const char *why,
			   struct pd_str value)
{
	if (k->origin == PD_FROM_CSV)
		return pd_fail(
			k->err, PD_BAD_REQUEST,
			"Failed to parse input as a Pandas DataFrame. Ensure that the input is a "
			"valid CSV-formatted Pandas DataFrame produced using the "
			"`pandas.DataFrame.to_csv()` method. Error: column %.*s, row %zu: %s%.*s",
			PD_STR_ARG(k->col->name), row, why, PD_STR_ARG(pd_str_head(value, 80)));
	return pd_fail(
		k->err, PD_BAD_REQUEST,
		"Invalid input. Data is not compatible with model signature. Failed to convert "
		"column %.*s to type '%s'. Error: row %zu: %s%.*s",
		PD_STR_ARG(k->col->name), numpy_name(k->type), row, why,
		PD_STR_ARG(pd_str_head(value, 80)));
}

static bool is_null(const struct pd_col *c, size_t row)
{
	return c->kind == PD_COL_NULL || (c->has_null && c->null[row]);
}

/* A CSV field that is one of pandas' words for "no value" becomes null. */
static void mark_csv_nulls(struct conversion *k)
{
	struct pd_col *c = k->col;
	for (size_t i = 0; i < k->n_rows; i++) {
		if (is_null(c, i) || !pd_text_is_null(c->s[i]))
			continue;
		if (!c->has_null)
			c->null = pd_arena_zalloc(k->arena, k->n_rows);
		c->has_null = true;
		c->null[i] = 1;
	}
}

/* ---- numbers */

static enum pd_code cell_f64(const struct conversion *k, size_t row, double *out)
{
	struct pd_cell cell = pd_col_cell(k->col, row);
	switch (cell.kind) {
	case PD_CELL_NULL:
		*out = NAN;
		return PD_OK;
	case PD_CELL_BOOL:
	case PD_CELL_I64:
		*out = (double)cell.i;
		return PD_OK;
	case PD_CELL_F64:
		*out = cell.f;
		return PD_OK;
	case PD_CELL_STR:
		if (pd_text_to_f64(cell.s, out))
			return PD_OK;
		return refuse(k, row, "could not convert string to float: ", cell.s);
	default:
		return refuse(k, row, "a list or an object where a number is wanted", PD_STR(""));
	}
}

static enum pd_code to_float(struct conversion *k)
{
	struct pd_col *c = k->col;
	bool narrow = k->type == PD_TYPE_FLOAT;
	if (c->kind == PD_COL_F64 && !narrow)
		return PD_OK;
	double *out = PD_ARENA_ARRAY(k->arena, double, k->n_rows);
	for (size_t i = 0; i < k->n_rows; i++) {
		PD_TRY(cell_f64(k, i, &out[i]));
		if (narrow)
			out[i] = (double)(float)out[i];
	}
	if (c->kind == PD_COL_NULL) {
		c->has_null = true;
		c->null = memset(pd_arena_alloc(k->arena, k->n_rows), 1, k->n_rows);
	} else if (c->kind == PD_COL_ANY) {
		c->has_null = true;
		c->null = pd_arena_zalloc(k->arena, k->n_rows);
		for (size_t i = 0; i < k->n_rows; i++)
			c->null[i] = c->v[i].kind == PD_CELL_NULL;
	}
	c->kind = PD_COL_F64;
	c->f32 = narrow;
	c->f = out;
	return PD_OK;
}

static enum pd_code int_of_f64(const struct conversion *k, size_t row, double f, int64_t *out)
{
	if (!isfinite(f))
		return refuse(k, row, "cannot convert non-finite values (NA or inf) to integer",
			      PD_STR(""));
	if (f < -0x1p63 || f >= 0x1p63)
		return refuse(k, row, "a number beyond 64 bits", PD_STR(""));
	*out = (int64_t)f; /* pandas and numpy cut the fraction off */
	return PD_OK;
}

static enum pd_code cell_i64(const struct conversion *k, size_t row, int64_t *out)
{
	struct pd_cell cell = pd_col_cell(k->col, row);
	switch (cell.kind) {
	case PD_CELL_NULL:
		return int_of_f64(k, row, NAN, out);
	case PD_CELL_BOOL:
	case PD_CELL_I64:
		*out = cell.i;
		return PD_OK;
	case PD_CELL_F64:
		return int_of_f64(k, row, cell.f, out);
	case PD_CELL_STR:
		if (pd_str_to_i64(pd_str_trim(cell.s), out))
			return PD_OK;
		return refuse(k, row, "invalid literal for int() with base 10: ", cell.s);
	default:
		return refuse(k, row, "a list or an object where a number is wanted", PD_STR(""));
	}
}

static enum pd_code to_int(struct conversion *k)
{
	struct pd_col *c = k->col;
	bool narrow = k->type == PD_TYPE_INTEGER;
	if (c->kind == PD_COL_I64 && !c->has_null && !narrow)
		return PD_OK;
	int64_t *out = PD_ARENA_ARRAY(k->arena, int64_t, k->n_rows);
	for (size_t i = 0; i < k->n_rows; i++) {
		PD_TRY(cell_i64(k, i, &out[i]));
		if (narrow && (out[i] < INT32_MIN || out[i] > INT32_MAX))
			return refuse(k, i, "a number beyond 32 bits", PD_STR(""));
	}
	c->kind = PD_COL_I64;
	c->has_null = false;
	c->i = out;
	return PD_OK;
}

/* ---- booleans: astype(bool), where everything but zero and empty is true */

static enum pd_code cell_bool(const struct conversion *k, size_t row, unsigned char *out)
{
	bool b = false;
	struct pd_cell cell = pd_col_cell(k->col, row);
	switch (cell.kind) {
	case PD_CELL_NULL: /* None is false; in a column of numbers it had become NaN: true */
		*out = k->col->kind == PD_COL_I64 || k->col->kind == PD_COL_F64;
		return PD_OK;
	case PD_CELL_BOOL:
	case PD_CELL_I64:
		*out = cell.i != 0;
		return PD_OK;
	case PD_CELL_F64:
		*out = cell.f != 0;
		return PD_OK;
	case PD_CELL_STR:
		if (k->origin == PD_FROM_CSV && !pd_text_to_bool(cell.s, &b))
			return refuse(k, row, "not a boolean: ", cell.s);
		*out = k->origin == PD_FROM_CSV ? b : cell.s.n > 0;
		return PD_OK;
	default:
		*out = cell.n_items > 0;
		return PD_OK;
	}
}

static enum pd_code to_bool(struct conversion *k)
{
	struct pd_col *c = k->col;
	if (c->kind == PD_COL_BOOL && !c->has_null)
		return PD_OK;
	unsigned char *out = pd_arena_zalloc(k->arena, k->n_rows);
	for (size_t i = 0; i < k->n_rows; i++) {
		if (k->origin == PD_FROM_CSV && is_null(c, i))
			return refuse(k, i, "Bool column has NA values", PD_STR(""));
		PD_TRY(cell_bool(k, i, &out[i]));
	}
	c->kind = PD_COL_BOOL;
	c->has_null = false;
	c->b = out;
	return PD_OK;
}

/* ---- text: numpy's str dtype writes every value out */

static enum pd_code cell_text(const struct conversion *k, size_t row, struct pd_str *out)
{
	struct pd_cell cell = pd_col_cell(k->col, row);
	switch (cell.kind) {
	case PD_CELL_NULL:
		*out = PD_STR("None");
		return PD_OK;
	case PD_CELL_BOOL:
		*out = cell.i ? PD_STR("True") : PD_STR("False");
		return PD_OK;
	case PD_CELL_I64:
		*out = pd_str_from(pd_arena_printf(k->arena, "%" PRId64, cell.i));
		return PD_OK;
	case PD_CELL_F64: {
		char text[PD_NUM_F64_MAX];
		*out = pd_arena_str(k->arena, pd_str_of(text, pd_f64_format(cell.f, text)));
		return PD_OK;
	}
	case PD_CELL_STR:
		*out = cell.s;
		return PD_OK;
	default:
		return refuse(k, row, "a list or an object where text is wanted", PD_STR(""));
	}
}

static enum pd_code to_text(struct conversion *k)
{
	struct pd_col *c = k->col;
	if (k->origin != PD_FROM_TENSOR || (c->kind == PD_COL_STR && !c->has_null))
		return PD_OK;
	struct pd_str *out = PD_ARENA_ARRAY(k->arena, struct pd_str, k->n_rows);
	for (size_t i = 0; i < k->n_rows; i++)
		PD_TRY(cell_text(k, i, &out[i]));
	c->kind = PD_COL_STR;
	c->has_null = false;
	c->s = out;
	return PD_OK;
}

static enum pd_code check_cells(struct conversion *k, enum pd_cell_kind kind)
{
	for (size_t i = 0; i < k->n_rows; i++) {
		struct pd_cell cell = pd_col_cell(k->col, i);
		if (cell.kind != kind && cell.kind != PD_CELL_NULL)
			return refuse(k, i,
				      kind == PD_CELL_LIST
					      ? "Expected data to be list or numpy array"
					      : "Expected data to be dictionary",
				      PD_STR(""));
	}
	return PD_OK;
}

enum pd_code pd_col_convert(struct pd_col *c, size_t n_rows, enum pd_origin origin,
			    enum pd_type type, struct pd_arena *arena, struct pd_err *err)
{
	struct conversion k = { c, n_rows, origin, type, arena, err };
	if (origin == PD_FROM_CSV && c->kind == PD_COL_STR)
		mark_csv_nulls(&k);
	switch (type) {
	case PD_TYPE_DOUBLE:
	case PD_TYPE_FLOAT:
		return to_float(&k);
	case PD_TYPE_LONG:
	case PD_TYPE_INTEGER:
		return to_int(&k);
	case PD_TYPE_BOOLEAN:
		return to_bool(&k);
	case PD_TYPE_STRING:
		return to_text(&k);
	case PD_TYPE_ARRAY:
		return check_cells(&k, PD_CELL_LIST);
	case PD_TYPE_OBJECT:
	case PD_TYPE_MAP:
		return check_cells(&k, PD_CELL_MAP);
	default:
		return PD_OK;
	}
}

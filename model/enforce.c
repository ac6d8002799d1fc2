/*
 * What MLflow's server does between the request and the model, in two steps that are one here:
 * it casts columns to the signature's types (leniently: pandas' astype, numpy's array(), or
 * read_csv's dtype, by the door the data came through), then it enforces names, counts and shapes.
 * Sources: mlflow/utils/proto_json_utils.py, mlflow/models/utils.py.
 */
#include "model/signature.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "model/convert.h"

#define LISTED_MAX 4000 /* bytes of column names in one error line; the line itself is cut */

static bool has_names(const struct pd_schema *s)
{
	return s->n && (s->tensor ? s->tensors[0].name.n : s->cols[0].name.n) > 0;
}

static struct pd_str spec_name(const struct pd_schema *s, size_t i)
{
	return s->tensor ? s->tensors[i].name : s->cols[i].name;
}

static bool spec_required(const struct pd_schema *s, size_t i)
{
	return s->tensor || s->cols[i].required;
}

/* ---- names */

/* Python's repr of a text, for lists of names in MLflow's messages. */
static void put_repr(struct pd_buf *b, struct pd_str s)
{
	char quote = pd_str_find(s, '\'') >= 0 && pd_str_find(s, '"') < 0 ? '"' : '\'';
	pd_buf_char(b, quote);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == quote || s.p[i] == '\\')
			pd_buf_char(b, '\\');
		pd_buf_char(b, s.p[i]);
	}
	pd_buf_char(b, quote);
}

static bool known(const struct pd_schema *s, struct pd_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (pd_str_eq(spec_name(s, i), name))
			return true;
	return false;
}

static void put_extra(struct pd_buf *b, const struct pd_schema *s, const struct pd_frame *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n_cols; i++) {
		if (f->named && known(s, f->cols[i].name))
			continue;
		pd_buf_z(b, n++ ? ", " : " Note that there were extra inputs: [");
		if (f->named)
			put_repr(b, f->cols[i].name);
		else
			pd_buf_i64(b, (int64_t)i);
	}
	if (n)
		pd_buf_z(b, "].");
}

static enum pd_code missing_inputs(const struct pd_schema *s, const struct pd_frame *f,
				   struct pd_err *err)
{
	struct pd_buf b __attribute__((cleanup(pd_buf_end)));
	pd_buf_init(&b, LISTED_MAX);
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (!spec_required(s, i) || pd_frame_find(f, spec_name(s, i)) >= 0)
			continue;
		pd_buf_z(&b, n++ ? ", " : "");
		put_repr(&b, spec_name(s, i));
	}
	pd_buf_z(&b, "].");
	put_extra(&b, s, f);
	return pd_fail(err, PD_INVALID,
		       "Failed to enforce schema. Error: Model is missing inputs [%s", b.p);
}

/* The column for spec i: usually the one at the same place. */
static ptrdiff_t find_col(const struct pd_frame *f, struct pd_str name, size_t at)
{
	if (at < f->n_cols && pd_str_eq(f->cols[at].name, name))
		return (ptrdiff_t)at;
	return pd_frame_find(f, name);
}

/* Put the frame's columns in the order of the specs; drop the rest. */
static enum pd_code arrange(const struct pd_schema *s, struct pd_frame *f, struct pd_arena *arena,
			    struct pd_err *err)
{
	struct pd_col *cols = PD_ARENA_ARRAY(arena, struct pd_col, s->n);
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		ptrdiff_t at = f->named ? find_col(f, spec_name(s, i), i) : -1;
		if (at >= 0)
			cols[n++] = f->cols[at];
		else if (spec_required(s, i))
			return missing_inputs(s, f, err);
	}
	f->cols = cols;
	f->n_cols = n;
	return PD_OK;
}

static bool in_order(const struct pd_schema *s, const struct pd_frame *f)
{
	if (!f->named || f->n_cols != s->n)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!pd_str_eq(f->cols[i].name, spec_name(s, i)))
			return false;
	return true;
}

/* A bare list meets a signature of one named column: it is that column. */
static void adopt_name(const struct pd_schema *s, struct pd_frame *f)
{
	if (f->named || s->n != 1 || f->n_cols != 1 || f->origin != PD_FROM_TENSOR)
		return;
	f->cols[0].name = spec_name(s, 0);
	f->named = true;
}

/* ---- column signatures */

static enum pd_code enforce_columns(const struct pd_schema *s, struct pd_frame *f,
				    struct pd_arena *arena, struct pd_err *err)
{
	if (has_names(s)) {
		adopt_name(s, f);
		if (!in_order(s, f))
			PD_TRY(arrange(s, f, arena, err));
	} else if (f->n_cols < s->n) {
		return pd_fail(
			err, PD_INVALID,
			"Failed to enforce schema. Error: Model inference is missing inputs. "
			"The model signature declares %zu inputs  but the provided value only "
			"has %zu inputs. Note: the inputs were not named in the signature so we "
			"can only verify their count.",
			s->n, f->n_cols);
	} else {
		f->n_cols = s->n;
	}
	size_t spec = 0;
	for (size_t i = 0; i < f->n_cols; i++, spec++) {
		while (has_names(s) && !pd_str_eq(s->cols[spec].name, f->cols[i].name))
			spec++; /* an optional column that is not there */
		PD_TRY(pd_col_convert(&f->cols[i], f->n_rows, f->origin, s->cols[spec].type, arena,
				      err));
	}
	return PD_OK;
}

/* ---- tensor signatures */

static void put_shape(struct pd_buf *b, const int64_t *shape, unsigned n)
{
	pd_buf_char(b, '(');
	for (unsigned i = 0; i < n; i++) {
		pd_buf_z(b, i ? ", " : "");
		pd_buf_i64(b, shape[i]);
	}
	pd_buf_z(b, n == 1 ? ",)" : ")");
}

static enum pd_code wrong_shape(const int64_t *shape, unsigned n, const struct pd_tensor_spec *t,
				struct pd_err *err)
{
	struct pd_buf got __attribute__((cleanup(pd_buf_end)));
	struct pd_buf want __attribute__((cleanup(pd_buf_end)));
	pd_buf_init(&got, LISTED_MAX);
	pd_buf_init(&want, LISTED_MAX);
	put_shape(&got, shape, n);
	put_shape(&want, t->shape, t->n_dims);
	return pd_fail(err, PD_INVALID,
		       "Failed to enforce schema. Error: Shape of input %s does not match expected "
		       "shape %s.",
		       got.p, want.p);
}

static enum pd_code check_shape(const int64_t *shape, unsigned n, const struct pd_tensor_spec *t,
				struct pd_err *err)
{
	if (n != t->n_dims)
		return wrong_shape(shape, n, t, err);
	for (unsigned i = 0; i < n; i++)
		if (t->shape[i] != -1 && t->shape[i] != shape[i])
			return wrong_shape(shape, n, t, err);
	return PD_OK;
}

static enum pd_code tensor_type(const struct pd_tensor_spec *t, enum pd_type *out,
				struct pd_err *err)
{
	static const struct {
		const char *dtype;
		enum pd_type type;
	} known_types[] = {
		{ "float64", PD_TYPE_DOUBLE }, { "float32", PD_TYPE_FLOAT },
		{ "float16", PD_TYPE_FLOAT },  { "int64", PD_TYPE_LONG },
		{ "int32", PD_TYPE_INTEGER },  { "int16", PD_TYPE_INTEGER },
		{ "int8", PD_TYPE_INTEGER },   { "uint8", PD_TYPE_INTEGER },
		{ "uint16", PD_TYPE_INTEGER }, { "uint32", PD_TYPE_LONG },
		{ "uint64", PD_TYPE_LONG },    { "bool", PD_TYPE_BOOLEAN },
		{ "object", PD_TYPE_ANY },     { "str", PD_TYPE_STRING },
	};
	for (size_t i = 0; i < PD_LEN(known_types); i++)
		if (pd_str_eqz(t->dtype, known_types[i].dtype)) {
			*out = known_types[i].type;
			return PD_OK;
		}
	return pd_fail(err, PD_UNSUPPORTED, "a tensor of dtype '%.*s' in the signature",
		       PD_STR_ARG(t->dtype));
}

static enum pd_code convert_all(struct pd_frame *f, const struct pd_tensor_spec *t,
				struct pd_arena *arena, struct pd_err *err)
{
	enum pd_type type = PD_TYPE_ANY;
	PD_TRY(tensor_type(t, &type, err));
	for (size_t i = 0; i < f->n_cols; i++)
		PD_TRY(pd_col_convert(&f->cols[i], f->n_rows, f->origin, type, arena, err));
	return PD_OK;
}

/* A table of one column may stand for (-1,) and (-1, 1), one of several for (-1, n). */
static enum pd_code check_table_shape(const struct pd_frame *f, const struct pd_tensor_spec *t,
				      struct pd_err *err)
{
	int64_t shape[2] = { (int64_t)f->n_rows, (int64_t)f->n_cols };
	if (!f->n_rows)
		return pd_fail(err, PD_INVALID,
			       "Failed to enforce schema. Error: Input DataFrame is empty.");
	if (f->n_cols == 1 && t->n_dims == 1)
		return check_shape(shape, 1, t, err);
	return check_shape(shape, 2, t, err);
}

static enum pd_code enforce_one_tensor(const struct pd_tensor_spec *t, struct pd_frame *f,
				       struct pd_arena *arena, struct pd_err *err)
{
	if (f->origin == PD_FROM_TENSOR && f->named)
		return pd_fail(
			err, PD_INVALID,
			"Failed to enforce schema. Error: This model contains a tensor-based "
			"model signature with no input names, which suggests a numpy array "
			"input, but an input with names was found.");
	PD_TRY(convert_all(f, t, arena, err));
	if (f->origin != PD_FROM_TENSOR)
		return check_table_shape(f, t, err);
	int64_t shape[2] = { (int64_t)f->n_rows, (int64_t)f->n_cols };
	const int64_t *have = f->shape ? f->shape : shape;
	assert(f->shape || f->n_dims <= 2);
	return check_shape(have, f->n_dims, t, err);
}

static enum pd_code enforce_named_tensors(const struct pd_schema *s, struct pd_frame *f,
					  struct pd_arena *arena, struct pd_err *err)
{
	adopt_name(s, f);
	if (!in_order(s, f))
		PD_TRY(arrange(s, f, arena, err));
	for (size_t i = 0; i < s->n; i++) {
		const struct pd_tensor_spec *t = &s->tensors[i];
		int64_t shape[2] = { (int64_t)f->n_rows, 1 };
		enum pd_type type = PD_TYPE_ANY;
		PD_TRY(tensor_type(t, &type, err));
		PD_TRY(check_shape(shape, t->n_dims == 1 ? 1 : 2, t, err));
		PD_TRY(pd_col_convert(&f->cols[i], f->n_rows, f->origin, type, arena, err));
	}
	return PD_OK;
}

enum pd_code pd_signature_enforce(const struct pd_signature *s, struct pd_frame *f,
				  struct pd_arena *arena, struct pd_err *err)
{
	const struct pd_schema *in = s ? s->inputs : NULL;
	if (!in || !in->n || in->tensor)
		pd_frame_infer(f, arena);
	if (!in || !in->n)
		return PD_OK;
	if (!in->tensor)
		return enforce_columns(in, f, arena, err);
	if (has_names(in))
		return enforce_named_tensors(in, f, arena, err);
	return enforce_one_tensor(&in->tensors[0], f, arena, err);
}

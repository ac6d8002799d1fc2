#include "model/recognise_table.h"

#include <stdlib.h>

/*
 * DictVectorizer: a row is a dict. Text gives the feature "name=value" with 1, numbers and booleans
 * the feature "name", a list of texts several features; null is left out; what the vocabulary does
 * not know is ignored.
 * Source: sklearn/feature_extraction/_dict_vectorizer.py, _transform.
 */

struct vectorizer {
	struct pd_map vocabulary; /* feature -> column */
	struct pd_str separator;
	size_t n_features;
	bool sparse;
	bool f32;
};

/* What is the same for every row of one column of the frame. */
struct column {
	uint64_t prefix; /* hash of "name=" */
	uint32_t index;  /* of the feature "name" */
	bool known;      /* there is such a feature */
};

struct rows {
	const struct vectorizer *v;
	uint32_t *col;
	double *val;
	size_t n; /* entries so far */
};

static void put_entry(struct rows *r, uint32_t col, double val)
{
	r->col[r->n] = col;
	r->val[r->n++] = r->v->f32 ? (double)(float)val : val;
}

static void put_text(struct rows *r, const struct column *c, struct pd_str name,
		     struct pd_str value)
{
	const struct pd_str parts[] = { name, r->v->separator, value };
	uint32_t col = 0;
	if (pd_map_find_parts(&r->v->vocabulary, parts, 3, pd_map_hash_more(c->prefix, value),
			      &col))
		put_entry(r, col, 1.0);
}

static enum pd_code put_cell(struct rows *r, const struct column *c, struct pd_str name,
			     struct pd_cell cell, size_t row, struct pd_err *err)
{
	switch (cell.kind) {
	case PD_CELL_NULL:
		return PD_OK;
	case PD_CELL_BOOL:
	case PD_CELL_I64:
		if (c->known)
			put_entry(r, c->index, (double)cell.i);
		return PD_OK;
	case PD_CELL_F64:
		if (c->known)
			put_entry(r, c->index, cell.f);
		return PD_OK;
	case PD_CELL_STR:
		put_text(r, c, name, cell.s);
		return PD_OK;
	case PD_CELL_LIST:
		for (size_t i = 0; i < cell.n_items; i++) {
			if (cell.items[i].kind != PD_CELL_STR)
				return pd_fail(err, PD_INVALID,
					       "row %zu, '%.*s': a list may hold text only", row,
					       PD_STR_ARG(pd_str_head(name, 80)));
			put_text(r, c, name, cell.items[i].s);
		}
		return PD_OK;
	default:
		return pd_fail(err, PD_INVALID,
			       "row %zu, '%.*s': an object is no feature value; give text or a "
			       "number",
			       row, PD_STR_ARG(pd_str_head(name, 80)));
	}
}

/* ---- columns ascending within a row; of equal ones the first given stays first */

struct entry {
	uint32_t col;
	uint32_t given;
	double val;
};

static int by_column(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->col != y->col)
		return x->col < y->col ? -1 : 1;
	return x->given < y->given ? -1 : x->given > y->given;
}

static void sort_long_row(uint32_t *col, double *val, size_t n, struct pd_arena *arena)
{
	struct entry *e = pd_arena_alloc(arena, n * sizeof(*e));
	for (size_t i = 0; i < n; i++)
		e[i] = (struct entry){ col[i], (uint32_t)i, val[i] };
	qsort(e, n, sizeof(*e), by_column);
	for (size_t i = 0; i < n; i++) {
		col[i] = e[i].col;
		val[i] = e[i].val;
	}
}

static void sort_row(uint32_t *col, double *val, size_t n, struct pd_arena *arena)
{
	if (n > 64) {
		sort_long_row(col, val, n, arena);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t c = col[i];
		double v = val[i];
		size_t k = i;
		for (; k && col[k - 1] > c; k--) {
			col[k] = col[k - 1];
			val[k] = val[k - 1];
		}
		col[k] = c;
		val[k] = v;
	}
}

/* ---- the step */

static struct column *prepare(const struct vectorizer *v, const struct pd_frame *in,
			      struct pd_arena *arena)
{
	struct column *c = pd_arena_alloc(arena, in->n_cols * sizeof(*c));
	for (size_t i = 0; i < in->n_cols; i++) {
		uint64_t h = pd_map_hash_more(pd_map_hash_begin(), in->cols[i].name);
		c[i].known = pd_map_find_parts(&v->vocabulary, &in->cols[i].name, 1, h,
					       &c[i].index);
		c[i].prefix = pd_map_hash_more(h, v->separator);
	}
	return c;
}

/* The most entries a frame can give: one a cell, and those of lists. */
static size_t count_entries(const struct pd_frame *in)
{
	size_t n = in->n_rows * in->n_cols;
	for (size_t i = 0; i < in->n_cols; i++) {
		const struct pd_col *c = &in->cols[i];
		for (size_t row = 0; c->kind == PD_COL_ANY && row < in->n_rows; row++)
			if (c->v[row].kind == PD_CELL_LIST)
				n += c->v[row].n_items;
	}
	return n;
}

static enum pd_code vectorize(const struct pd_step *s, const struct pd_frame *in,
			      struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	const struct vectorizer *v = s->self;
	if (!in->named)
		return pd_fail(err, PD_INVALID,
			       "DictVectorizer takes one dict a row: columns need names");
	if (!in->n_rows)
		return pd_fail(err, PD_INVALID, "Sample sequence X is empty");
	struct rows r = { .v = v };
	uint32_t *start = NULL;
	size_t n = count_entries(in);
	if (n > UINT32_MAX || in->n_rows > UINT32_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%zu values in one request", n);
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*r.col), &r.col, err));
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*r.val), &r.val, err));
	PD_TRY(pd_step_room(arena, in->n_rows + 1, 1, sizeof(*start), &start, err));
	const struct column *cols = prepare(v, in, arena);
	start[0] = 0;
	for (size_t row = 0; row < in->n_rows; row++) {
		for (size_t i = 0; i < in->n_cols; i++)
			PD_TRY(put_cell(&r, &cols[i], in->cols[i].name,
					pd_col_cell(&in->cols[i], row), row, err));
		sort_row(r.col + start[row], r.val + start[row], r.n - start[row], arena);
		start[row + 1] = (uint32_t)r.n;
	}
	struct pd_matrix sparse = { .n_rows = in->n_rows,
				    .n_cols = v->n_features,
				    .sparse = true,
				    .f32 = v->f32,
				    .start = start,
				    .col = r.col,
				    .val = r.val };
	if (!v->sparse)
		return pd_matrix_dense(&sparse, arena, out, err);
	*out = sparse;
	return PD_OK;
}

static const struct pd_step_ops dict_vectorizer_ops = { .read = vectorize };

static enum pd_code read_vocabulary(struct pd_build *b, const struct pd_node *object,
				    struct vectorizer *v, struct pd_err *err)
{
	const struct pd_node *dict = NULL;
	PD_TRY(pd_attr(object, "vocabulary_", &dict, err));
	if (dict->kind != PD_NODE_DICT || !dict->n_items || dict->n_items % 2)
		return pd_attr_fail(object, "vocabulary_", err, "is not a dict of features");
	v->n_features = dict->n_items / 2;
	if (v->n_features > PD_FEATURES_MAX)
		return pd_attr_fail(object, "vocabulary_", err, "has %zu features", v->n_features);
	pd_map_init(&v->vocabulary, b->arena);
	for (size_t i = 0; i < dict->n_items; i += 2) {
		int64_t column = 0;
		if (!pd_node_to_i64(dict->items[i + 1], &column) || column < 0 ||
		    (uint64_t)column >= v->n_features)
			return pd_attr_fail(object, "vocabulary_", err,
					    "entry %zu has no column below %zu", i / 2,
					    v->n_features);
		/* a feature that is not named by text cannot be asked for */
		if (dict->items[i]->kind == PD_NODE_TEXT)
			PD_TRY(pd_map_put(&v->vocabulary, pd_arena_str(b->arena, dict->items[i]->s),
					  (uint32_t)column, err));
	}
	return PD_OK;
}

static enum pd_code read_dtype(const struct pd_node *object, struct vectorizer *v,
			       struct pd_err *err)
{
	const struct pd_node *n = pd_attr_opt(object, "dtype");
	if (!n)
		return PD_OK;
	if (n->kind != PD_NODE_GLOBAL)
		return pd_option_fail(object, "dtype", PD_STR("?"), err);
	v->f32 = pd_str_eqz(n->t, "float32");
	if (!v->f32 && !pd_str_eqz(n->t, "float64") && !pd_str_eqz(n->t, "float"))
		return pd_option_fail(object, "dtype", n->t, err);
	return PD_OK;
}

enum pd_code pd_make_dict_vectorizer(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err)
{
	struct vectorizer *v = PD_ARENA_NEW(b->arena, struct vectorizer);
	struct pd_str separator = PD_STR("=");
	v->sparse = true;
	PD_TRY(pd_attr_text(object, "separator", &separator, err));
	PD_TRY(pd_attr_bool(object, "sparse", &v->sparse, err));
	PD_TRY(read_dtype(object, v, err));
	PD_TRY(read_vocabulary(b, object, v, err));
	v->separator = pd_arena_str(b->arena, separator);
	s->self = v;
	s->ops = &dict_vectorizer_ops;
	s->n_in = 0;
	s->n_out = v->n_features;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

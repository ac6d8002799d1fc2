#include "model/recognise_table.h"
#include "model/sklearn/compose.h"

/*
 * ColumnTransformer: chains over chosen columns, their results beside one another. A frame with
 * names finds its columns by name, in any order and with more of them; anything else by position.
 * Source: sklearn/compose/_column_transformer.py, transform, _hstack.
 */

struct part {
	struct pd_chain chain;
	struct pd_str name;
	const uint32_t *cols; /* positions at fit time */
	size_t n_cols;
	bool one_dim; /* a single name or number: a list of values, not a table */
	bool weighted;
	double weight;
};

struct columns {
	const struct part *parts;
	size_t n_parts;
	bool sparse;
};

/* ---- which columns */

static const uint32_t *find_columns(const struct pd_step *s, const struct pd_frame *f,
				    const struct columns *c, struct pd_arena *arena,
				    struct pd_err *err)
{
	uint32_t *at = pd_arena_alloc(arena, s->n_in * sizeof(*at));
	memset(at, 0xff, s->n_in * sizeof(*at));
	for (size_t i = 0; i < c->n_parts; i++) {
		for (size_t k = 0; k < c->parts[i].n_cols; k++) {
			uint32_t col = c->parts[i].cols[k];
			if (at[col] != UINT32_MAX)
				continue;
			ptrdiff_t found = col < f->n_cols && pd_str_eq(f->cols[col].name,
								       s->names[col])
						  ? (ptrdiff_t)col
						  : pd_frame_find(f, s->names[col]);
			if (found < 0) {
				(void)pd_fail(err, PD_INVALID, "columns are missing: '%.*s'",
					      PD_STR_ARG(pd_str_head(s->names[col], 100)));
				return NULL;
			}
			at[col] = (uint32_t)found;
		}
	}
	return at;
}

static enum pd_code check_width(const struct pd_step *s, const struct pd_flow *in,
				struct pd_err *err)
{
	if (in->frame && in->frame->n_dims != 2)
		return pd_fail(err, PD_INVALID, "Expected a table for %.*s, got %u dimension(s)",
			       PD_STR_ARG(s->cls), in->frame->n_dims);
	if (!pd_flow_rows(in))
		return pd_fail(err, PD_INVALID, "Found array with 0 sample(s)");
	if (in->frame && in->frame->named && s->n_names)
		return PD_OK;
	if (pd_flow_cols(in) != s->n_in)
		return pd_fail(err, PD_INVALID,
			       "X has %zu features, but %.*s is expecting %zu features as input",
			       pd_flow_cols(in), PD_STR_ARG(s->cls), s->n_in);
	return PD_OK;
}

static enum pd_code take_frame(const struct pd_frame *f, const struct part *p, const uint32_t *at,
			       struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	struct pd_frame *some = PD_ARENA_NEW(arena, struct pd_frame);
	*some = (struct pd_frame){ .origin = f->origin,
				   .n_rows = f->n_rows,
				   .n_cols = p->n_cols,
				   .named = f->named,
				   .n_dims = p->one_dim ? 1 : 2 };
	PD_TRY(pd_step_room(arena, p->n_cols, 1, sizeof(*some->cols), &some->cols, err));
	for (size_t i = 0; i < p->n_cols; i++)
		some->cols[i] = f->cols[at ? at[p->cols[i]] : p->cols[i]];
	*out = (struct pd_flow){ .frame = some };
	return PD_OK;
}

static enum pd_code take_matrix(const struct pd_matrix *m, const struct part *p,
				struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	double *x = NULL;
	if (p->one_dim)
		return pd_fail(err, PD_INVALID, "Expected 2D array, got 1D array instead");
	PD_TRY(pd_step_room(arena, m->n_rows, p->n_cols, sizeof(*x), &x, err));
	for (size_t row = 0; row < m->n_rows; row++)
		for (size_t i = 0; i < p->n_cols; i++)
			x[row * p->n_cols + i] = m->x[row * m->n_cols + p->cols[i]];
	*out = (struct pd_flow){
		.x = { .n_rows = m->n_rows, .n_cols = p->n_cols, .f32 = m->f32, .x = x }
	};
	return PD_OK;
}

/* ---- the step */

enum pd_code pd_flow_scale(struct pd_flow *f, double by, struct pd_arena *arena, struct pd_err *err)
{
	static const struct pd_step nobody;
	double *v = NULL;
	if (f->frame)
		PD_TRY(pd_frame_matrix(f->frame, &nobody, arena, &f->x, err));
	f->frame = NULL;
	size_t n = f->x.sparse ? f->x.start[f->x.n_rows] : f->x.n_rows * f->x.n_cols;
	const double *from = f->x.sparse ? f->x.val : f->x.x;
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*v), &v, err));
	for (size_t i = 0; i < n; i++)
		v[i] = f->x.f32 ? (double)(float)(from[i] * by) : from[i] * by;
	if (f->x.sparse)
		f->x.val = v;
	else
		f->x.x = v;
	return PD_OK;
}

static enum pd_code run_part(const struct part *p, const struct pd_flow *in,
			     const struct pd_matrix *dense, const uint32_t *at,
			     struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	struct pd_flow some = { 0 };
	if (in->frame)
		PD_TRY(take_frame(in->frame, p, at, arena, &some, err));
	else
		PD_TRY(take_matrix(dense, p, arena, &some, err));
	PD_TRY(pd_chain_transform(&p->chain, &some, arena, out, err));
	return p->weighted ? pd_flow_scale(out, p->weight, arena, err) : PD_OK;
}

static enum pd_code transform_columns(const struct pd_step *s, const struct pd_flow *in,
				      struct pd_arena *arena, struct pd_flow *out,
				      struct pd_err *err)
{
	const struct columns *c = s->self;
	const uint32_t *at = NULL;
	struct pd_flow *parts = NULL;
	struct pd_matrix dense = { 0 };
	PD_TRY(check_width(s, in, err));
	if (!in->frame)
		PD_TRY(pd_matrix_dense(&in->x, arena, &dense, err));
	if (in->frame && in->frame->named && s->n_names) {
		at = find_columns(s, in->frame, c, arena, err);
		if (!at)
			return err->code;
	}
	PD_TRY(pd_step_room(arena, c->n_parts, 1, sizeof(*parts), &parts, err));
	for (size_t i = 0; i < c->n_parts; i++)
		if (run_part(&c->parts[i], in, &dense, at, arena, &parts[i], err) != PD_OK)
			return pd_err_prefix(err, "\"%.*s\"",
					     PD_STR_ARG(pd_str_head(c->parts[i].name, 80)));
	return pd_flow_stack(parts, c->n_parts, c->sparse, pd_flow_rows(in), arena, out, err);
}

static const struct pd_step_ops column_ops = { .flow = transform_columns };

/* ---- reading */

struct reading {
	struct pd_build *b;
	const struct pd_node *object;
	struct pd_step *s;
	struct pd_map names; /* feature_names_in_ -> position */
	struct part *part;
	uint32_t *cols;
	size_t cap;
};

static enum pd_code put_column(struct reading *r, int64_t i, struct pd_err *err)
{
	size_t n = r->s->n_in;
	if (i < 0)
		i += (int64_t)n;
	if (i < 0 || (uint64_t)i >= n)
		return pd_attr_fail(r->object, "transformers_", err,
				    "\"%.*s\" takes a column beyond the %zu there are",
				    PD_STR_ARG(pd_str_head(r->part->name, 80)), n);
	if (r->part->n_cols == r->cap)
		return pd_attr_fail(r->object, "transformers_", err, "has too many columns");
	r->cols[r->part->n_cols++] = (uint32_t)i;
	return PD_OK;
}

static enum pd_code find_name(struct reading *r, struct pd_str name, int64_t *out,
			      struct pd_err *err)
{
	uint32_t at = 0;
	if (!pd_map_find(&r->names, name, &at))
		return pd_attr_fail(r->object, "transformers_", err,
				    "\"%.*s\" takes column '%.*s', which feature_names_in_ lacks",
				    PD_STR_ARG(pd_str_head(r->part->name, 80)),
				    PD_STR_ARG(pd_str_head(name, 80)));
	*out = at;
	return PD_OK;
}

static enum pd_code put_named(struct reading *r, struct pd_str name, struct pd_err *err)
{
	int64_t at = 0;
	PD_TRY(find_name(r, name, &at, err));
	return put_column(r, at, err);
}

static enum pd_code put_item(struct reading *r, const struct pd_node *n, struct pd_err *err)
{
	int64_t i = 0;
	if (pd_node_is(n, PD_NODE_TEXT))
		return put_named(r, n->s, err);
	if (!n || !pd_node_to_i64(n, &i))
		return pd_attr_fail(r->object, "transformers_", err,
				    "\"%.*s\" has a column that is neither name nor number",
				    PD_STR_ARG(pd_str_head(r->part->name, 80)));
	return put_column(r, i, err);
}

static enum pd_code put_mask(struct reading *r, bool on, size_t i, struct pd_err *err)
{
	return on ? put_column(r, (int64_t)i, err) : PD_OK;
}

static bool is_mask(struct pd_node *const *items, size_t n)
{
	return n && pd_node_is(items[0], PD_NODE_BOOL);
}

static enum pd_code put_items(struct reading *r, struct pd_node *const *items, size_t n,
			      struct pd_err *err)
{
	bool mask = is_mask(items, n);
	if (mask && n != r->s->n_in)
		return pd_attr_fail(r->object, "transformers_", err, "has a mask of %zu columns",
				    n);
	for (size_t i = 0; i < n; i++) {
		if (!mask)
			PD_TRY(put_item(r, items[i], err));
		else if (!pd_node_is(items[i], PD_NODE_BOOL))
			return pd_attr_fail(r->object, "transformers_", err, "mixes a mask");
		else
			PD_TRY(put_mask(r, items[i]->i, i, err));
	}
	return PD_OK;
}

static enum pd_code put_array(struct reading *r, const struct pd_array *a, struct pd_err *err)
{
	struct pd_str name = { 0 };
	if (a->n_dims != 1)
		return pd_attr_fail(r->object, "transformers_", err, "has columns of %u dimensions",
				    a->n_dims);
	if (a->type->kind == PD_DT_OBJECT)
		return put_items(r, a->objects, a->n_items, err);
	if (a->type->kind == PD_DT_BOOL && a->n_items != r->s->n_in)
		return pd_attr_fail(r->object, "transformers_", err, "has a mask of %zu columns",
				    a->n_items);
	for (size_t i = 0; i < a->n_items; i++) {
		if (a->type->kind == PD_DT_TEXT) {
			PD_TRY(pd_array_text(a, i, r->b->scratch, &name, err));
			PD_TRY(put_named(r, name, err));
		} else if (a->type->kind == PD_DT_BOOL) {
			PD_TRY(put_mask(r, pd_array_i64(a, i) != 0, i, err));
		} else if (a->type->kind == PD_DT_INT || a->type->kind == PD_DT_UINT) {
			PD_TRY(put_column(r, pd_array_i64(a, i), err));
		} else {
			return pd_attr_fail(r->object, "transformers_", err,
					    "has columns of numpy kind '%c'", (char)a->type->kind);
		}
	}
	return PD_OK;
}

/* One end of a slice: a number as Python counts, or a name. */
static enum pd_code slice_end(struct reading *r, const struct pd_node *n, int64_t none,
			      int64_t after_name, int64_t *out, struct pd_err *err)
{
	int64_t width = (int64_t)r->s->n_in;
	*out = none;
	if (!n || pd_node_is(n, PD_NODE_NONE))
		return PD_OK;
	if (pd_node_is(n, PD_NODE_TEXT)) {
		PD_TRY(find_name(r, n->s, out, err));
		*out += after_name; /* slices of names include their end */
		return PD_OK;
	}
	if (!pd_node_to_i64(n, out))
		return pd_attr_fail(r->object, "transformers_", err, "has a slice of no numbers");
	if (*out < 0)
		*out = *out < -width ? 0 : *out + width;
	if (*out > width)
		*out = width;
	return PD_OK;
}

static enum pd_code put_slice(struct reading *r, const struct pd_node *slice, struct pd_err *err)
{
	const struct pd_node *args = slice->obj->args;
	int64_t start = 0, stop = 0, step = 1;
	if (!pd_node_is(args, PD_NODE_TUPLE) || args->n_items != 3)
		return pd_attr_fail(r->object, "transformers_", err, "has a slice without ends");
	PD_TRY(slice_end(r, args->items[0], 0, 0, &start, err));
	PD_TRY(slice_end(r, args->items[1], (int64_t)r->s->n_in, 1, &stop, err));
	if (!pd_node_is(args->items[2], PD_NODE_NONE) &&
	    (!pd_node_to_i64(args->items[2], &step) || step < 1))
		return pd_attr_fail(r->object, "transformers_", err, "has a slice that goes back");
	for (int64_t i = start; i < stop; i += step) {
		PD_TRY(put_column(r, i, err));
		if (step > stop - i)
			break;
	}
	return PD_OK;
}

static enum pd_code read_columns(struct reading *r, const struct pd_node *n, struct pd_err *err)
{
	int64_t i = 0;
	r->part->one_dim = pd_node_is(n, PD_NODE_TEXT) || (n && pd_node_to_i64(n, &i));
	if (r->part->one_dim)
		return put_item(r, n, err);
	if (pd_node_is(n, PD_NODE_LIST) || pd_node_is(n, PD_NODE_TUPLE))
		return put_items(r, n->items, n->n_items, err);
	if (pd_node_is(n, PD_NODE_ARRAY))
		return put_array(r, n->arr, err);
	if (pd_node_is(n, PD_NODE_OBJECT) && pd_str_eqz(pd_node_class(n), "slice"))
		return put_slice(r, n, err);
	/* 1.5 and 1.6: a list of its own class */
	if (pd_node_is(n, PD_NODE_OBJECT) && pd_str_eqz(pd_node_class(n), "_RemainderColsList")) {
		const struct pd_node *data = pd_attr_opt(n, "data");
		if (pd_node_is(data, PD_NODE_LIST))
			return put_items(r, data->items, data->n_items, err);
	}
	return pd_attr_fail(r->object, "transformers_", err, "\"%.*s\" has columns of unknown form",
			    PD_STR_ARG(pd_str_head(r->part->name, 80)));
}

enum pd_code pd_weight_read(const struct pd_node *object, struct pd_str name, double *out,
			    bool *out_found, struct pd_err *err)
{
	const struct pd_node *weights = pd_attr_opt(object, "transformer_weights");
	const struct pd_node *w = NULL;
	*out_found = false;
	if (!weights)
		return PD_OK;
	if (weights->kind != PD_NODE_DICT)
		return pd_attr_fail(object, "transformer_weights", err, "is not a dict");
	w = pd_node_find(weights, name);
	if (!w || w->kind == PD_NODE_NONE)
		return PD_OK;
	if (!pd_node_to_f64(w, out))
		return pd_attr_fail(object, "transformer_weights", err, "holds no number");
	*out_found = true;
	return PD_OK;
}

/* *out_taken: it gives columns. */
static enum pd_code read_part(struct reading *r, const struct pd_node *triple, struct part *p,
			      bool *out_taken, struct pd_err *err)
{
	*out_taken = false;
	if (!pd_node_is(triple, PD_NODE_TUPLE) || triple->n_items != 3 ||
	    !pd_node_is(triple->items[0], PD_NODE_TEXT))
		return pd_attr_fail(r->object, "transformers_", err,
				    "holds something else than (name, transformer, columns)");
	const struct pd_node *inner = triple->items[1];
	if (pd_node_is(inner, PD_NODE_TEXT) && pd_str_eqz(inner->s, "drop"))
		return PD_OK;
	*p = (struct part){ .name = pd_arena_str(r->b->arena, triple->items[0]->s) };
	r->part = p;
	r->cols = pd_arena_alloc(r->b->arena, r->cap * sizeof(*r->cols));
	PD_TRY(read_columns(r, triple->items[2], err));
	p->cols = r->cols;
	if (!p->n_cols)
		return PD_OK; /* not fitted, not used */
	PD_TRY(pd_weight_read(r->object, p->name, &p->weight, &p->weighted, err));
	PD_TRY(pd_build_chain(r->b, inner, p->name, &p->chain, err));
	if (!pd_chain_can(&p->chain, PD_METHOD_TRANSFORM))
		return pd_attr_fail(r->object, "transformers_", err, "\"%.*s\" cannot transform",
				    PD_STR_ARG(pd_str_head(p->name, 80)));
	if (pd_chain_n_in(&p->chain) && pd_chain_n_in(&p->chain) != p->n_cols)
		return pd_attr_fail(r->object, "transformers_", err,
				    "\"%.*s\" takes %zu columns, but was fitted with %zu",
				    PD_STR_ARG(pd_str_head(p->name, 80)), p->n_cols,
				    pd_chain_n_in(&p->chain));
	*out_taken = true;
	return PD_OK;
}

static size_t width_of(const struct part *p)
{
	return p->chain.n_steps ? pd_chain_n_out(&p->chain) : p->n_cols;
}

static enum pd_code read_parts(struct reading *r, const struct pd_node *list, struct columns *c,
			       struct pd_err *err)
{
	struct part *parts = PD_ARENA_ARRAY(r->b->arena, struct part, list->n_items);
	size_t n_out = 0;
	bool known = true;
	for (size_t i = 0; i < list->n_items; i++) {
		bool taken = false;
		struct part *p = &parts[c->n_parts];
		if (read_part(r, list->items[i], p, &taken, err) != PD_OK)
			return p->name.n ? pd_err_prefix(err, "\"%.*s\"",
							 PD_STR_ARG(pd_str_head(p->name, 80)))
					 : err->code;
		if (!taken)
			continue;
		known &= width_of(p) > 0;
		n_out += width_of(p);
		c->n_parts++;
	}
	c->parts = parts;
	r->s->n_out = known ? n_out : 0;
	return PD_OK;
}

enum pd_code pd_make_column_transformer(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, struct pd_err *err)
{
	struct columns *c = PD_ARENA_NEW(b->arena, struct columns);
	struct reading r = { .b = b, .object = object, .s = s };
	const struct pd_node *list = NULL;
	PD_TRY(pd_attr(object, "transformers_", &list, err));
	if ((list->kind != PD_NODE_LIST && list->kind != PD_NODE_TUPLE) ||
	    list->n_items > PD_STEPS_MAX)
		return pd_attr_fail(object, "transformers_", err, "is not a list of transformers");
	if (!s->n_in) /* 0.22 and 0.23 */
		PD_TRY(pd_attr_size(object, "_n_features", 1, PD_FEATURES_MAX, &s->n_in, err));
	r.cap = s->n_in;
	pd_map_init(&r.names, b->scratch);
	for (size_t i = 0; i < s->n_names; i++)
		PD_TRY(pd_map_put(&r.names, s->names[i], (uint32_t)i, err));
	PD_TRY(pd_attr_bool(object, "sparse_output_", &c->sparse, err));
	PD_TRY(read_parts(&r, list, c, err));
	s->self = c;
	s->ops = &column_ops;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

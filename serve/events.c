/* Running a recipe: events to features, predictions to replies. */
#include "serve/recipe_internal.h"

#include <assert.h>

#include "base/num.h"

/* ---------------------------------------------------------------- reading */

void pd_events_begin(struct pd_events *e, const struct pd_recipe *recipe, struct pd_arena *arena,
		     struct pd_scratch *scratch, struct pd_err *err)
{
	*e = (struct pd_events){ .recipe = recipe };
	pd_json_in_init(&e->in, (struct pd_str){ "", 0 }, arena, scratch, err);
	pd_rows_begin(&e->table, &e->in);
}

/* Empty; kept from one request to the next. */
static struct pd_buf *text_buffer(const struct pd_events *e)
{
	struct pd_buf *text = &e->in.scratch->text;
	if (!text->max)
		pd_buf_init(text, PD_RECIPE_SIZE_MAX);
	pd_buf_clear(text);
	return text;
}

static struct pd_cell *slots_of(const struct pd_events *e, size_t row)
{
	return e->in.scratch->stack + row * (size_t)e->recipe->n_slots;
}

static const struct path_node *child_named(const struct path_node *node, struct pd_str key)
{
	for (const struct path_node *n = node->child; n; n = n->next)
		if (pd_str_eq(n->key, key))
			return n;
	return NULL;
}

/* The fields below a value that is kept as a whole. */
static void fill_from_cell(struct pd_events *e, size_t row, const struct path_node *node,
			   const struct pd_cell *cell)
{
	if (node->slot != NO_SLOT)
		slots_of(e, row)[node->slot] = *cell;
	for (size_t i = 0; node->child && cell->kind == PD_CELL_MAP && i < cell->n_items; i += 2) {
		const struct path_node *child = child_named(node, cell->items[i].s);
		if (child)
			fill_from_cell(e, row, child, &cell->items[i + 1]);
	}
	for (const struct path_node *n = node->child; n && cell->kind == PD_CELL_LIST;
	     n = n->next) {
		int64_t at = 0;
		if (pd_str_to_i64(n->key, &at) && at >= 0 && (size_t)at < cell->n_items)
			fill_from_cell(e, row, n, &cell->items[at]);
	}
}

static enum pd_code read_node(struct pd_events *e, size_t row, const struct path_node *node)
{
	struct pd_json_in *in = &e->in;
	int next = pd_json_peek(in);
	if (next != '{' || node->slot != NO_SLOT) {
		struct pd_cell cell;
		PD_TRY(pd_json_value(in, &cell));
		fill_from_cell(e, row, node, &cell);
		return PD_OK;
	}
	PD_TRY(pd_json_open(in, '{'));
	for (bool more = pd_json_first(in, '}'); more;) {
		struct pd_str key;
		PD_TRY(pd_json_key(in, &key));
		const struct path_node *child = child_named(node, key);
		PD_TRY(child ? read_node(e, row, child) : pd_json_skip(in));
		PD_TRY(pd_json_more(in, '}', &more));
	}
	return PD_OK;
}

static enum pd_code read_event(struct pd_events *e)
{
	struct pd_json_in *in = &e->in;
	size_t n_slots = (size_t)e->recipe->n_slots;
	if (pd_json_peek(in) != '{')
		return pd_json_fail(in, "An event is a JSON object");
	if (n_slots && e->n >= PD_SCORE_CELLS_MAX / n_slots)
		return pd_fail(in->err, PD_TOO_LARGE, "there are more than %zu events", e->n);
	const char *at = in->at;
	if (!e->recipe->features)
		PD_TRY(pd_rows_object(&e->table));
	if (n_slots || e->recipe->features) {
		in->at = at;
		struct pd_cell *slots = pd_scratch_push(in->scratch, n_slots);
		for (size_t i = 0; i < n_slots; i++)
			slots[i].kind = CELL_MISSING;
		PD_TRY(read_node(e, e->n, &e->recipe->root));
	}
	e->n++;
	return PD_OK;
}

static enum pd_code read_text(struct pd_events *e)
{
	struct pd_json_in *in = &e->in;
	e->list = pd_json_peek(in) == '[';
	if (!e->list) {
		PD_TRY(read_event(e));
		return pd_json_finish(in);
	}
	PD_TRY(pd_json_open(in, '['));
	for (bool more = pd_json_first(in, ']'); more;) {
		PD_TRY(read_event(e));
		PD_TRY(pd_json_more(in, ']', &more));
	}
	return pd_json_finish(in);
}

enum pd_code pd_events_text(struct pd_events *e, struct pd_str text)
{
	pd_json_in_text(&e->in, text);
	return read_text(e);
}

enum pd_code pd_events_one(struct pd_events *e, struct pd_str text)
{
	pd_json_in_text(&e->in, text);
	PD_TRY(read_event(e));
	return pd_json_finish(&e->in);
}

/* ---------------------------------------------------------------- texts */

/* What is not there, or null in a longer text. */
static enum pd_code no_field(const struct pd_events *e, size_t row, const struct part *p,
			     const char *how)
{
	struct pd_err *err = e->in.err;
	enum pd_code code = pd_fail(err, PD_BAD_REQUEST, "the event %s field `%.*s`", how,
				    PD_STR_ARG(e->recipe->by_slot[p->slot]->path));
	return e->list ? pd_err_prefix(err, "event %zu", row) : code;
}

static void put_cell_text(struct pd_buf *out, const struct pd_cell *cell)
{
	if (cell->kind == PD_CELL_STR)
		pd_buf_str(out, cell->s);
	else if (cell->kind == PD_CELL_F64)
		pd_buf_f64(out, cell->f);
	else
		pd_write_cell(out, cell);
}

/* What a reply is made with; NULL parts in features. */
struct answer {
	const struct pd_model_facts *facts;
	const struct pd_result *result;
	size_t row;
};

static struct pd_str fact(const struct pd_model_facts *f, enum part_kind kind)
{
	switch (kind) {
	case PART_RUN_ID:
		return f->run_id;
	case PART_MODEL_NAME:
		return f->model_name;
	case PART_MODEL_VERSION:
		return f->model_version;
	default:
		return f->model_id;
	}
}

static enum pd_code put_part(const struct pd_events *e, size_t row, const struct part *p,
			     const struct answer *a, struct pd_buf *out)
{
	/* a feature's template has no other parts: it was compiled so */
	assert(a || p->kind == PART_TEXT || p->kind == PART_SLOT);
	if (p->kind == PART_TEXT) {
		pd_buf_str(out, p->text);
	} else if (p->kind == PART_SLOT) {
		const struct pd_cell *cell = &slots_of(e, row)[p->slot];
		if (cell->kind == CELL_MISSING)
			return no_field(e, row, p, "has no");
		if (cell->kind == PD_CELL_NULL)
			return no_field(e, row, p, "has null in");
		put_cell_text(out, cell);
	} else if (p->kind != PART_PREDICTION) {
		pd_buf_str(out, fact(a->facts, p->kind));
	} else if (a->result->kind == PD_RESULT_STR && a->result->flat) {
		pd_buf_str(out, a->result->s[a->row]);
	} else {
		pd_write_prediction(out, a->result, a->row);
	}
	return PD_OK;
}

static enum pd_code put_parts(const struct pd_events *e, size_t row, const struct template *t,
			      const struct answer *a, struct pd_buf *out)
{
	for (const struct part *p = t->parts; p; p = p->next)
		PD_TRY(put_part(e, row, p, a, out));
	return PD_OK;
}

/* ---------------------------------------------------------------- features */

static enum pd_code feature_cell(const struct pd_events *e, size_t row, const struct feature *f,
				 struct pd_buf *text, struct pd_cell *out)
{
	const struct part *only = f->template.n_parts == 1 ? f->template.parts : NULL;
	if (f->constant) {
		*out = f->value;
		return PD_OK;
	}
	if (only && only->kind == PART_SLOT) {
		*out = slots_of(e, row)[only->slot];
		return out->kind == CELL_MISSING ? no_field(e, row, only, "has no") : PD_OK;
	}
	pd_buf_clear(text);
	PD_TRY(put_parts(e, row, &f->template, NULL, text));
	PD_TRY(pd_buf_check(text, "a feature's text", e->in.err));
	*out = (struct pd_cell){ .kind = PD_CELL_STR,
				 .s = pd_arena_str(e->in.arena, pd_buf_view(text)) };
	return PD_OK;
}

static enum pd_code make_frame(struct pd_events *e, struct pd_buf *text)
{
	struct pd_arena *arena = e->in.arena;
	const struct pd_recipe *recipe = e->recipe;
	int64_t *shape = pd_arena_alloc(arena, 2 * sizeof(*shape));
	shape[0] = (int64_t)e->n;
	shape[1] = (int64_t)recipe->n_features;
	e->frame = (struct pd_frame){ .origin = PD_FROM_TABLE,
				      .n_rows = e->n,
				      .n_cols = recipe->n_features,
				      .named = true,
				      .n_dims = 2,
				      .shape = shape };
	e->frame.cols = PD_ARENA_ARRAY(arena, struct pd_col, recipe->n_features);
	struct pd_cell *cells = pd_arena_alloc(arena, e->n * sizeof(*cells));
	struct pd_col *col = e->frame.cols;
	for (const struct feature *f = recipe->features; f; f = f->next, col++) {
		for (size_t row = 0; row < e->n; row++)
			PD_TRY(feature_cell(e, row, f, text, &cells[row]));
		col->name = f->name;
		pd_col_from_cells(col, cells, 1, e->n, arena);
	}
	return PD_OK;
}

enum pd_code pd_events_end(struct pd_events *e)
{
	if (!e->recipe->features)
		return pd_rows_end(&e->table, true, &e->frame);
	return make_frame(e, text_buffer(e));
}

/* ---------------------------------------------------------------- replies */

static enum pd_code put_hole(const struct pd_events *e, const struct template *t,
			     const struct answer *a, struct pd_buf *out)
{
	const struct part *only = t->n_parts == 1 ? t->parts : NULL;
	if (only && only->kind == PART_PREDICTION) {
		pd_write_prediction(out, a->result, a->row);
		return PD_OK;
	}
	if (only && only->kind == PART_SLOT) {
		const struct pd_cell *cell = &slots_of(e, a->row)[only->slot];
		if (cell->kind == CELL_MISSING)
			return no_field(e, a->row, only, "has no");
		pd_write_cell(out, cell);
		return PD_OK;
	}
	if (only && only->kind > PART_PREDICTION && !fact(a->facts, only->kind).n) {
		pd_buf_z(out, "null");
		return PD_OK;
	}
	struct pd_buf *text = text_buffer(e);
	PD_TRY(put_parts(e, a->row, t, a, text));
	PD_TRY(pd_buf_check(text, "a text of the reply", e->in.err));
	pd_write_text(out, pd_buf_view(text));
	return PD_OK;
}

enum pd_code pd_recipe_reply(const struct pd_events *e, const struct pd_model_facts *facts,
			     const struct pd_result *r, size_t row, struct pd_buf *out)
{
	struct answer a = { .facts = facts, .result = r, .row = row };
	if (!e->recipe->reply) {
		pd_buf_z(out, "{\"prediction\": ");
		pd_write_prediction(out, r, row);
		pd_buf_char(out, '}');
	}
	for (const struct reply_op *op = e->recipe->reply; op; op = op->next) {
		pd_buf_str(out, op->json);
		if (op->hole)
			PD_TRY(put_hole(e, &op->template, &a, out));
	}
	return PD_OK;
}

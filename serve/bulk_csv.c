/*
 * CSV in blocks: the bytes of every record are written as they came, the prediction behind them.
 */
#include "base/num.h"
#include "serve/bulk_internal.h"
#include "serve/csv_in.h"

struct csv {
	struct bulk *b;
	struct pd_arena arena; /* of the header: lives through all blocks */
	struct pd_str *names;
	size_t n_names;
	enum pd_col_kind *kinds; /* of the columns so far; NULL: no value yet */
	bool head_written;
	struct pd_str head;     /* the header as it came */
	struct pd_str head_end; /* its line end */
};

/* One block: records as they came, and the fields in the scratch. */
struct block {
	struct pd_csv_in in;
	struct pd_str *raw; /* arena */
	struct pd_str *end; /* line ends */
	size_t *line;
	size_t n;
};

/* ---------------------------------------------------------------- reading */

static size_t whole_records(const struct bulk *b)
{
	return b->ended ? b->in.n : pd_csv_whole(pd_buf_view(&b->in));
}

static struct pd_str line_end(const struct pd_csv_in *in, struct pd_str raw)
{
	const char *from = raw.p + raw.n;
	return pd_str_of(from, (size_t)(in->at - from));
}

static enum pd_code read_head(struct csv *c, struct pd_csv_in *in)
{
	struct pd_arena *block_arena = in->arena;
	in->arena = &c->arena;
	PD_TRY(pd_csv_header(in, &c->names, &c->n_names));
	in->arena = block_arena;
	for (size_t i = 0; i < c->n_names; i++)
		c->names[i] = pd_arena_str(&c->arena, c->names[i]);
	c->kinds = PD_ARENA_ARRAY(&c->arena, enum pd_col_kind, c->n_names);
	c->head = pd_arena_str(&c->arena, in->raw);
	c->head_end = pd_arena_str(&c->arena, line_end(in, in->raw));
	if (!c->head_end.n)
		c->head_end = PD_STR("\n");
	return PD_OK;
}

static void begin_block(struct csv *c, size_t n_bytes, struct block *k)
{
	struct bulk *b = c->b;
	pd_scorer_reset(&b->scorer);
	b->scorer.scratch.n_cells = 0;
	*k = (struct block){ 0 };
	pd_csv_in_init(&k->in, pd_str_of(b->in.p, n_bytes), &b->scorer.arena, &b->scorer.scratch,
		       b->err);
	k->in.line = b->line;
	size_t most = 1;
	for (size_t i = 0; i < n_bytes; i++)
		most += b->in.p[i] == '\n' || b->in.p[i] == '\r';
	k->raw = pd_arena_alloc(&b->scorer.arena, most * sizeof(*k->raw));
	k->end = pd_arena_alloc(&b->scorer.arena, most * sizeof(*k->end));
	k->line = pd_arena_alloc(&b->scorer.arena, most * sizeof(*k->line));
}

static enum pd_code read_block(struct csv *c, size_t n_bytes, struct block *k)
{
	begin_block(c, n_bytes, k);
	if (!c->names)
		PD_TRY(read_head(c, &k->in));
	for (;;) {
		bool any = false;
		PD_TRY(pd_csv_next(&k->in, &any));
		if (!any)
			break;
		PD_TRY(pd_csv_pad(&k->in, c->n_names));
		k->raw[k->n] = k->in.raw;
		k->end[k->n] = line_end(&k->in, k->in.raw);
		if (!k->end[k->n].n)
			k->end[k->n] = c->head_end;
		k->line[k->n++] = k->in.record_line;
	}
	c->b->line = k->in.line;
	return PD_OK;
}

/* ---------------------------------------------------------------- types */

static bool is_number(enum pd_col_kind kind)
{
	return kind == PD_COL_I64 || kind == PD_COL_F64;
}

/* The first value in the column that is no number, for the error. */
static enum pd_code does_not_fit(struct csv *c, const struct block *k, size_t col,
				 const struct pd_col *text)
{
	static const char *const words[] = {
		[PD_COL_BOOL] = "true or false", [PD_COL_I64] = "numbers", [PD_COL_F64] = "numbers"
	};
	double unused;
	size_t row = 0;
	while (row + 1 < k->n &&
	       ((text->has_null && text->null[row]) ||
		(is_number(c->kinds[col]) && pd_f64_parse(text->s[row], &unused))))
		row++;
	(void)pd_fail(c->b->err, PD_BAD_REQUEST, "column `%.*s` was %s so far, and here is '%.*s'",
		      PD_STR_ARG(c->names[col]), words[c->kinds[col]],
		      PD_STR_ARG(pd_str_head(text->s[row], 60)));
	return bulk_fail_at(c->b, k->line[row]);
}

/* As pandas infers them, but one type from the first block to the last. */
static enum pd_code infer(struct csv *c, const struct block *k, struct pd_frame *f)
{
	struct pd_arena *arena = &c->b->scorer.arena;
	struct pd_col *text = pd_arena_alloc(arena, f->n_cols * sizeof(*text));
	memcpy(text, f->cols, f->n_cols * sizeof(*text));
	pd_frame_infer(f, arena);
	for (size_t i = 0; i < f->n_cols; i++) {
		struct pd_col *col = &f->cols[i];
		enum pd_col_kind so_far = c->kinds[i];
		if (col->kind == PD_COL_NULL || col->kind == so_far)
			continue;
		if (so_far == PD_COL_NULL || (is_number(so_far) && is_number(col->kind))) {
			c->kinds[i] = col->kind;
		} else if (so_far == PD_COL_STR) {
			col->kind = PD_COL_STR;
			col->s = text[i].s;
		} else {
			return does_not_fit(c, k, i, &text[i]);
		}
	}
	f->origin = PD_FROM_TABLE;
	return PD_OK;
}

/* ---------------------------------------------------------------- writing */

/* Quoted where it has to be. */
static void put_field(struct pd_buf *out, struct pd_str text)
{
	bool plain = true;
	for (size_t i = 0; i < text.n && plain; i++)
		plain = !strchr(",\"\r\n", text.p[i]);
	if (plain) {
		pd_buf_str(out, text);
		return;
	}
	pd_buf_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			pd_buf_char(out, '"');
		pd_buf_char(out, text.p[i]);
	}
	pd_buf_char(out, '"');
}

static void put_value(struct pd_buf *out, const struct pd_result *r, size_t at)
{
	switch (r->kind) {
	case PD_RESULT_F64:
	case PD_RESULT_F32:
		pd_buf_f64(out, r->f[at]);
		break;
	case PD_RESULT_I64:
		pd_buf_i64(out, r->i[at]);
		break;
	case PD_RESULT_BOOL:
		pd_buf_z(out, r->b[at] ? "True" : "False");
		break;
	case PD_RESULT_STR:
		put_field(out, r->s[at]);
		break;
	}
}

static void put_head(struct csv *c, const struct pd_result *r)
{
	struct pd_buf *out = &c->b->text;
	if (c->head_written)
		return;
	c->head_written = true;
	pd_buf_str(out, c->head);
	for (size_t i = 0; i < r->n_cols; i++) {
		pd_buf_char(out, ',');
		if (r->names)
			put_field(out, r->names[i]);
		else if (r->flat)
			pd_buf_z(out, "prediction");
		else
			pd_buf_printf(out, "prediction_%zu", i);
	}
	pd_buf_str(out, c->head_end);
}

static void put_rows(struct csv *c, const struct block *k, const struct pd_result *r)
{
	struct pd_buf *out = &c->b->text;
	put_head(c, r);
	for (size_t row = 0; row < k->n; row++) {
		pd_buf_str(out, k->raw[row]);
		for (size_t i = 0; i < r->n_cols; i++) {
			pd_buf_char(out, ',');
			put_value(out, r, row * r->n_cols + i);
		}
		pd_buf_str(out, k->end[row]);
	}
}

/* ---------------------------------------------------------------- blocks */

static enum pd_code predict(struct csv *c, const struct block *k, size_t from, size_t n,
			    struct pd_result *out)
{
	struct bulk *b = c->b;
	struct pd_frame f = { 0 };
	struct block part = { .line = k->line + from, .n = n };
	pd_csv_frame(&k->in, c->names, c->n_names, from * c->n_names, n, &f);
	if (!b->model->signature || !b->model->signature->inputs)
		PD_TRY(infer(c, &part, &f));
	return pd_score_frame(b->model, &b->scorer, &f, out, b->err);
}

/* The types of the columns begin again as they were before the block: row by row, the one that
 * does not go with those before it shows. */
static enum pd_code blame(struct csv *c, const struct block *k, const enum pd_col_kind *kinds,
			  enum pd_code code)
{
	struct pd_err whole = *c->b->err;
	memcpy(c->kinds, kinds, c->n_names * sizeof(*kinds));
	struct pd_result unused;
	for (size_t i = 0; i < k->n; i++)
		if (predict(c, k, i, 1, &unused) != PD_OK)
			return bulk_fail_at(c->b, k->line[i]);
	*c->b->err = whole;
	(void)bulk_fail_at(c->b, k->line[0]);
	return code;
}

static enum pd_code one_block(struct csv *c, size_t n_bytes)
{
	struct bulk *b = c->b;
	struct block k;
	struct pd_result r = { .n_cols = 1, .flat = true };
	if (read_block(c, n_bytes, &k) != PD_OK)
		return pd_err_prefix(b->err, "%s", b->opts.input);
	if (k.n) {
		enum pd_col_kind *kinds = pd_arena_alloc(&b->scorer.arena,
							 c->n_names * sizeof(*kinds));
		memcpy(kinds, c->kinds, c->n_names * sizeof(*kinds));
		enum pd_code code = predict(c, &k, 0, k.n, &r);
		if (code != PD_OK)
			return b->located ? code : blame(c, &k, kinds, code);
		put_rows(c, &k, &r);
	}
	b->n_rows += k.n;
	PD_TRY(bulk_flush(b));
	bulk_use(b, n_bytes);
	return PD_OK;
}

static enum pd_code all_blocks(struct csv *c)
{
	struct bulk *b = c->b;
	for (;;) {
		size_t most = b->opts.block_bytes;
		size_t n = 0;
		for (;; most *= 2) {
			PD_TRY(bulk_fill(b, most));
			n = whole_records(b);
			if (n || b->ended)
				break;
		}
		if (!n && c->names)
			break;
		PD_TRY(one_block(c, n));
		if (!n)
			break;
	}
	struct pd_result none = { .n_cols = 1, .flat = true };
	put_head(c, &none); /* a table without rows has a header all the same */
	return bulk_flush(b);
}

enum pd_code bulk_csv(struct bulk *b)
{
	struct csv c = { .b = b };
	enum pd_code code = all_blocks(&c);
	pd_arena_end(&c.arena);
	return code;
}

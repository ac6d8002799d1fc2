/* JSON lines: a line an object, empty lines left out. */
#include "serve/bulk_internal.h"

/* The lines of one block; borrowed from the input. */
struct lines {
	struct pd_str *text; /* arena */
	size_t *number;
	size_t n;
};

/* How many bytes of `in` are whole lines. The last line may lack its end. */
static size_t whole_lines(const struct bulk *b)
{
	if (b->ended)
		return b->in.n;
	const char *end = memrchr(b->in.p, '\n', b->in.n);
	return end ? (size_t)(end - b->in.p) + 1 : 0;
}

static void split_lines(struct bulk *b, size_t n_bytes, struct lines *out)
{
	struct pd_str rest = pd_str_of(b->in.p, n_bytes);
	size_t most = 1;
	for (size_t i = 0; i < n_bytes; i++)
		most += b->in.p[i] == '\n';
	out->text = pd_arena_alloc(&b->scorer.arena, most * sizeof(*out->text));
	out->number = pd_arena_alloc(&b->scorer.arena, most * sizeof(*out->number));
	out->n = 0;
	while (rest.n) {
		struct pd_str line;
		(void)pd_str_split(rest, '\n', &line, &rest);
		line = pd_str_trim(line);
		out->text[out->n] = line;
		out->number[out->n] = b->line++;
		out->n += line.n > 0;
	}
}

static enum pd_code line_events(struct bulk *b, const struct lines *lines, size_t *out_at)
{
	struct pd_events e;
	struct pd_result result = { 0 };
	pd_events_begin(&e, b->model->recipe, &b->scorer.arena, &b->scorer.scratch, b->err);
	for (*out_at = 0; *out_at < lines->n; ++*out_at)
		PD_TRY(pd_events_one(&e, lines->text[*out_at]));
	*out_at = 0;
	PD_TRY(pd_events_end(&e));
	PD_TRY(pd_score_frame(b->model, &b->scorer, &e.frame, &result, b->err));
	for (; *out_at < lines->n; ++*out_at) {
		PD_TRY(pd_recipe_reply(&e, &b->model->facts, &result, *out_at, &b->text));
		pd_buf_char(&b->text, '\n');
	}
	return PD_OK;
}

static enum pd_code line_rows(struct bulk *b, const struct lines *lines, size_t *out_at)
{
	struct pd_json_in in;
	struct pd_rows rows;
	struct pd_frame frame = { 0 };
	struct pd_result result = { 0 };
	pd_json_in_init(&in, (struct pd_str){ "", 0 }, &b->scorer.arena, &b->scorer.scratch,
			b->err);
	pd_rows_begin(&rows, &in);
	for (*out_at = 0; *out_at < lines->n; ++*out_at) {
		pd_json_in_text(&in, lines->text[*out_at]);
		PD_TRY(pd_rows_object(&rows));
		PD_TRY(pd_json_finish(&in));
	}
	*out_at = 0;
	PD_TRY(pd_rows_end(&rows, true, &frame));
	PD_TRY(pd_score_frame(b->model, &b->scorer, &frame, &result, b->err));
	for (size_t row = 0; row < result.n_rows; row++) {
		pd_buf_z(&b->text, "{\"prediction\": ");
		pd_write_prediction(&b->text, &result, row);
		pd_buf_z(&b->text, "}\n");
	}
	return PD_OK;
}

static enum pd_code predict(struct bulk *b, const struct lines *lines, size_t *out_at)
{
	return b->model->recipe ? line_events(b, lines, out_at) : line_rows(b, lines, out_at);
}

/* Which line of a block that failed is to blame: the first one that fails alone. */
static enum pd_code blame(struct bulk *b, const struct lines *lines, size_t at, enum pd_code code)
{
	struct pd_err whole = *b->err;
	for (size_t i = at; i < lines->n; i++) {
		struct lines one = { lines->text + i, lines->number + i, 1 };
		pd_buf_clear(&b->text);
		if (predict(b, &one, &at) != PD_OK)
			return bulk_fail_at(b, one.number[0]);
	}
	*b->err = whole; /* only together do they fail */
	(void)bulk_fail_at(b, lines->number[0]);
	return code;
}

enum pd_code bulk_jsonl(struct bulk *b)
{
	for (;;) {
		struct lines lines;
		size_t most = b->opts.block_bytes;
		size_t n = 0;
		for (;; most *= 2) {
			PD_TRY(bulk_fill(b, most));
			n = whole_lines(b);
			if (n || b->ended)
				break;
		}
		if (!n)
			return PD_OK;
		pd_scorer_reset(&b->scorer);
		split_lines(b, n, &lines);
		size_t at = 0;
		enum pd_code code = lines.n ? predict(b, &lines, &at) : PD_OK;
		if (code != PD_OK)
			return blame(b, &lines, at, code);
		b->n_rows += lines.n;
		PD_TRY(bulk_flush(b));
		bulk_use(b, n);
	}
}

#include "serve/bulk.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "serve/bulk_internal.h"

#define BLOCK_BYTES ((size_t)1 << 20)
#define TEXT_MAX    ((size_t)2 << 30) /* results of a block */

enum pd_code bulk_fill(struct bulk *b, size_t most)
{
	while (!b->ended && b->in.n < most) {
		size_t want = most - b->in.n;
		char *room = pd_buf_room(&b->in, want);
		if (!room)
			return pd_fail(b->err, PD_TOO_LARGE, "%s: more than %zu bytes in one piece",
				       b->opts.input, b->in.max);
		ssize_t n = read(b->fd, room, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pd_fail_errno(b->err, errno, "cannot read %s", b->opts.input);
		b->ended = n == 0;
		pd_buf_wrote(&b->in, (size_t)n);
	}
	return PD_OK;
}

void bulk_use(struct bulk *b, size_t n)
{
	memmove(b->in.p, b->in.p + n, b->in.n - n);
	b->in.n -= n;
}

enum pd_code bulk_flush(struct bulk *b)
{
	PD_TRY(pd_buf_check(&b->text, "the answer", b->err));
	if (b->text.n)
		PD_TRY(b->out->write(b->out->ctx, pd_buf_view(&b->text), b->err));
	pd_buf_clear(&b->text);
	return PD_OK;
}

enum pd_code bulk_fail_at(struct bulk *b, size_t line)
{
	if (b->located)
		return b->err->code;
	b->located = true;
	return pd_err_prefix(b->err, "%s, line %zu", b->opts.input, line);
}

/* One scoring request, or with a recipe an event or a list of them. */
static enum pd_code whole_json(struct bulk *b)
{
	struct pd_frame frame = { 0 };
	struct pd_result result;
	struct pd_read_opts opts = { .dict_rows = b->model->dict_rows };
	PD_TRY(bulk_fill(b, PD_BULK_JSON_MAX));
	if (!b->ended)
		return pd_fail(b->err, PD_TOO_LARGE,
			       "%s: more than %zu bytes of JSON; use --content-type jsonl",
			       b->opts.input, PD_BULK_JSON_MAX);
	if (b->model->recipe) {
		PD_TRY(pd_score_text(b->model, &b->scorer, pd_buf_view(&b->in), &b->text,
				     &b->n_rows, b->err));
	} else {
		PD_TRY(pd_read_json(pd_buf_view(&b->in), &opts, &b->scorer.arena,
				    &b->scorer.scratch, &frame, b->err));
		PD_TRY(pd_score_frame(b->model, &b->scorer, &frame, &result, b->err));
		pd_write_predictions(&b->text, &result);
		b->n_rows = result.n_rows;
	}
	pd_buf_char(&b->text, '\n');
	return bulk_flush(b);
}

static enum pd_code run(struct bulk *b)
{
	switch (b->opts.form) {
	case PD_BULK_JSONL:
		return bulk_jsonl(b);
	case PD_BULK_CSV:
		return bulk_csv(b);
	default:
		return whole_json(b) == PD_OK ? PD_OK : pd_err_prefix(b->err, "%s", b->opts.input);
	}
}

enum pd_code pd_bulk_run(const struct pd_scored *model, int fd, const struct pd_bulk_opts *opts,
			 const struct pd_bulk_out *out, size_t *out_rows, struct pd_err *err)
{
	struct bulk b = { .model = model, .fd = fd, .opts = *opts, .out = out, .err = err };
	size_t max = opts->form == PD_BULK_JSON ? PD_BULK_JSON_MAX : PD_BULK_LINE_MAX;
	b.line = 1;
	if (!b.opts.block_bytes)
		b.opts.block_bytes = BLOCK_BYTES;
	pd_buf_init(&b.in, max + b.opts.block_bytes);
	pd_buf_init(&b.text, TEXT_MAX);
	enum pd_code code = run(&b);
	*out_rows = b.n_rows;
	pd_buf_end(&b.in);
	pd_buf_end(&b.text);
	pd_scorer_end(&b.scorer);
	return code;
}

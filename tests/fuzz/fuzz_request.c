/*
 * Any bytes are a request whose frame is sound (every cell of every column can be read, texts are
 * UTF-8), or refused with a line that says why; and every prefix of a good request is refused.
 */
#include <assert.h>
#include <stdlib.h>

#include "serve/scoring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_cell(const struct pd_cell *cell)
{
	if (cell->kind == PD_CELL_STR)
		assert(pd_utf8_check(cell->s));
	if (cell->kind == PD_CELL_LIST || cell->kind == PD_CELL_MAP)
		for (size_t i = 0; i < cell->n_items; i++)
			walk_cell(&cell->items[i]);
	assert(cell->kind <= PD_CELL_MAP);
}

static void walk_frame(const struct pd_frame *f)
{
	for (size_t c = 0; c < f->n_cols; c++) {
		assert(pd_utf8_check(f->cols[c].name));
		for (size_t r = 0; r < f->n_rows; r++) {
			struct pd_cell cell = pd_col_cell(&f->cols[c], r);
			walk_cell(&cell);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_arena arena = { 0 };
	struct pd_scratch scratch = { 0 };
	struct pd_err err = { 0 };
	struct pd_frame frame;
	struct pd_read_opts opts = { .dict_rows = size & 1 };
	struct pd_str text = { (const char *)data, size };
	enum pd_code code = pd_read_json(text, &opts, &arena, &scratch, &frame, &err);
	if (code == PD_OK)
		walk_frame(&frame);
	else
		assert(err.code == code && err.text[0]);
	pd_scratch_end(&scratch);
	pd_arena_end(&arena);
	return 0;
}

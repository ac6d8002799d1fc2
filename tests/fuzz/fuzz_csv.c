/*
 * Any bytes are a table all of whose cells can be read, before and after their types are inferred,
 * or refused; what is said to be whole records ends with a line.
 */
#include <assert.h>

#include "serve/csv_in.h"
#include "serve/scoring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct pd_frame *f)
{
	for (size_t c = 0; c < f->n_cols; c++)
		for (size_t r = 0; r < f->n_rows; r++) {
			struct pd_cell cell = pd_col_cell(&f->cols[c], r);
			assert(cell.kind <= PD_CELL_STR);
			assert(cell.kind != PD_CELL_STR || pd_utf8_check(cell.s));
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_arena arena = { 0 };
	struct pd_scratch scratch = { 0 };
	struct pd_err err = { 0 };
	struct pd_frame frame;
	struct pd_str text = { (const char *)data, size };
	size_t whole = pd_csv_whole(text);
	assert(whole <= size && (!whole || data[whole - 1] == '\n'));
	if (pd_read_csv(text, &arena, &scratch, &frame, &err) == PD_OK) {
		walk(&frame);
		pd_frame_infer(&frame, &arena);
		walk(&frame);
	}
	pd_scratch_end(&scratch);
	pd_arena_end(&arena);
	return 0;
}

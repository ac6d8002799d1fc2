/*
 * serve/bulk.h - predictions for files and pipes.
 *
 * JSON is one scoring request, read whole. JSON lines and CSV are read in blocks: memory does not
 * grow with the input. What goes in and comes out:
 *   json    {"dataframe_split": ...}, ...        {"predictions": [...]}
 *   jsonl   an object of features a line         {"prediction": ...} a line
 *   csv     a header, rows                       the bytes of the input, with a last column
 *                                                `prediction` (prediction_0, ... or the model's
 *                                                names, where a row has several values)
 * With a recipe a JSON line is an event, and the line that answers it is the recipe's reply.
 *
 * A row that cannot be predicted ends it all, with an error that names its line. CSV columns
 * without a signature get the types that the first block suggests; a later value that does not
 * fit is such an error, not a silent change of type.
 */
#ifndef PD_SERVE_BULK_H
#define PD_SERVE_BULK_H

#include "serve/score.h"

#define PD_BULK_JSON_MAX ((size_t)1 << 30)  /* bytes of a whole JSON input */
#define PD_BULK_LINE_MAX ((size_t)64 << 20) /* bytes of one line or record */

enum pd_bulk_form { PD_BULK_JSON, PD_BULK_JSONL, PD_BULK_CSV };

/* Where results go; called with whole lines. */
struct pd_bulk_out {
	enum pd_code (*write)(void *ctx, struct pd_str bytes, struct pd_err *err);
	void *ctx;
};

struct pd_bulk_opts {
	enum pd_bulk_form form;
	const char *input;  /* its name in texts */
	size_t block_bytes; /* 0: as it is best; small ones are for tests */
};

/* fd: borrowed. *out_rows: predicted. PD_BAD_REQUEST and PD_INVALID name input and line. */
PD_MUST enum pd_code pd_bulk_run(const struct pd_scored *model, int fd,
				 const struct pd_bulk_opts *opts, const struct pd_bulk_out *out,
				 size_t *out_rows, struct pd_err *err);

#endif

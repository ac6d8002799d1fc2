/*
 * serve/bulk_internal.h - a batch that is running: the input's bytes that are not used up yet,
 * and the block that is being predicted.
 */
#ifndef PD_SERVE_BULK_INTERNAL_H
#define PD_SERVE_BULK_INTERNAL_H

#include "serve/bulk.h"

struct bulk {
	const struct pd_scored *model;
	int fd;
	struct pd_bulk_opts opts;
	const struct pd_bulk_out *out;
	struct pd_err *err;
	struct pd_scorer scorer;
	struct pd_buf in;   /* read and not used up */
	struct pd_buf text; /* results of a block */
	bool ended;         /* no more bytes will come */
	bool located;       /* the error names its line already */
	size_t line;        /* number of the first line in `in`, from 1 */
	size_t n_rows;
};

/* Read until `in` has a block, or all there is. */
PD_MUST enum pd_code bulk_fill(struct bulk *b, size_t most);
/* Forget the first n bytes of `in`. */
void bulk_use(struct bulk *b, size_t n);
PD_MUST enum pd_code bulk_flush(struct bulk *b);
/* Put the input's name and a line before the error; its code. */
enum pd_code bulk_fail_at(struct bulk *b, size_t line);

PD_MUST enum pd_code bulk_jsonl(struct bulk *b);
PD_MUST enum pd_code bulk_csv(struct bulk *b);

#endif

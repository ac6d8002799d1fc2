/*
 * serve/csv_in.h - CSV records one by one (RFC 4180, and what pandas.read_csv also takes: CR, LF
 * and CR LF mixed, empty lines skipped, text behind a closing quote).
 */
#ifndef PD_SERVE_CSV_IN_H
#define PD_SERVE_CSV_IN_H

#include "serve/json_in.h"

#define PD_CSV_COLUMNS_MAX 65536

struct pd_csv_in {
	const char *at;
	const char *end;
	struct pd_arena *arena;     /* kept */
	struct pd_scratch *scratch; /* kept; fields are appended to its cells */
	struct pd_err *err;         /* kept */
	size_t line;                /* of the next record's first byte, from 1 */
	size_t record_line;         /* of the record that was read last */
	struct pd_str raw;          /* its bytes, without the line's end */
	size_t n_fields;            /* of it */
};

void pd_csv_in_init(struct pd_csv_in *in, struct pd_str text, struct pd_arena *arena,
		    struct pd_scratch *scratch, struct pd_err *err);

/* The next record's fields, STR or NULL (empty), appended to scratch->cells; *out_any is false at
 * the end. PD_BAD_REQUEST: a quote is never closed; text that is not UTF-8. */
PD_MUST enum pd_code pd_csv_next(struct pd_csv_in *in, bool *out_any);

/* The header: names, given as pandas names them ("Unnamed: 2", "a.1" for a second "a"), in the
 * arena. PD_BAD_REQUEST: there is none. */
PD_MUST enum pd_code pd_csv_header(struct pd_csv_in *in, struct pd_str **out_names, size_t *out_n);

/* Make the record that was read last as wide as the header. PD_BAD_REQUEST: it is wider. */
PD_MUST enum pd_code pd_csv_pad(struct pd_csv_in *in, size_t n_names);

/* n_rows records of n_names cells in the scratch, from cell `from` on, as a frame of the arena. */
void pd_csv_frame(const struct pd_csv_in *in, const struct pd_str *names, size_t n_names,
		  size_t from, size_t n_rows, struct pd_frame *out);

/* How many bytes at the front of `text` are whole records, as far as the text goes. */
size_t pd_csv_whole(struct pd_str text);

#endif

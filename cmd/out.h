/*
 * cmd/out.h - results for people and for programs: aligned tables, JSON, plain ids.
 * What the store holds may hold anything: control characters are shown as '?' in tables, so that
 * no name can move a terminal's cursor.
 */
#ifndef PD_CMD_OUT_H
#define PD_CMD_OUT_H

#include "cmd/cmd.h"

#define PD_TABLE_COLS_MAX 12

struct pd_table {
	struct pd_ctx *ctx; /* kept */
	size_t n_cols;
	size_t n_rows;
	size_t cap_rows;
	struct pd_str *cells; /* row by row, the head first; arena */
};

/* heads: n_cols literals. */
void pd_table_init(struct pd_table *t, struct pd_ctx *ctx, size_t n_cols,
		   const char *const heads[]);
/* One row of n_cols texts, borrowed until the table is printed. */
void pd_table_add(struct pd_table *t, const struct pd_str cells[]);
/* With a head in bold on a terminal; nothing but the head's line for an empty table. */
void pd_table_print(const struct pd_table *t);

/* Indented JSON and a newline. */
void pd_out_json(struct pd_ctx *ctx, const json_t *j);
/* A line of text. */
void pd_out_line(struct pd_ctx *ctx, struct pd_str text);
/* Text with control characters as '?'. */
void pd_out_clean(struct pd_ctx *ctx, struct pd_str text);
/* One member of every object of an array, a line each. */
void pd_out_ids(struct pd_ctx *ctx, const json_t *objects, const char *key);
/* "head      value", nothing when the value is empty. */
void pd_out_field(struct pd_ctx *ctx, const char *head, struct pd_str value);
/* "head      key=value" for every one of an array. */
void pd_out_pairs(struct pd_ctx *ctx, const char *head, const json_t *pairs);
/* A note for people on the diagnostic stream; silent with --quiet. */
void pd_out_note(struct pd_ctx *ctx, const char *fmt, ...) PD_PRINTF(2, 3);

/* Columns a text takes on a terminal: 2 for wide, 0 for combining characters. */
size_t pd_text_width(struct pd_str s);

/* "2026-11-24 10:48:00" in local time; empty for 0. Memory: arena. */
struct pd_str pd_out_time(struct pd_ctx *ctx, int64_t ms);

/* Is it a terminal, and is colour wanted (NO_COLOR, TERM=dumb)? */
bool pd_out_is_terminal(FILE *f);
bool pd_out_has_colour(const struct pd_env *env, FILE *f);

#endif

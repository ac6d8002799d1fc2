/*
 * model/frame.h - what goes into a model and what comes out.
 *
 * A frame is a table of typed columns, the same thing MLflow calls a DataFrame, or an unnamed
 * tensor. It is filled by a reader (serve/), checked against a signature (model/signature.h) and
 * read by a model. A row of a frame with names is also "one dict": null cells are left out.
 * A result is what a model answers: n_rows x n_cols values of one kind.
 *
 * Both lie in an arena of the request; nothing here is released singly. After warm-up a request
 * that fits its arena allocates nothing.
 */
#ifndef PD_MODEL_FRAME_H
#define PD_MODEL_FRAME_H

#include "base/arena.h"

enum pd_col_kind {
	PD_COL_NULL, /* no value in any row (yet) */
	PD_COL_BOOL, /* b */
	PD_COL_I64,  /* i */
	PD_COL_F64,  /* f; null cells hold NaN too */
	PD_COL_STR,  /* s */
	PD_COL_ANY,  /* v: cells of several kinds */
};

enum pd_cell_kind {
	PD_CELL_NULL,
	PD_CELL_BOOL, /* i */
	PD_CELL_I64,  /* i */
	PD_CELL_F64,  /* f */
	PD_CELL_STR,  /* s */
	PD_CELL_LIST, /* items */
	PD_CELL_MAP,  /* items: key (STR), value, key, value ... */
};

struct pd_cell {
	enum pd_cell_kind kind;
	union {
		int64_t i;
		double f;
		struct pd_str s;
		struct {
			const struct pd_cell *items;
			size_t n_items;
		};
	};
};

struct pd_col {
	struct pd_str name; /* UTF-8; empty in a frame without names */
	enum pd_col_kind kind;
	bool has_null;       /* some row is null: `null` is set */
	bool f32;            /* F64 whose values came through float32: numpy would hold float32 */
	unsigned char *null; /* a byte a row, 1: no value; NULL when has_null is false */
	union {
		unsigned char *b;
		int64_t *i;
		double *f;
		struct pd_str *s;
		struct pd_cell *v;
		void *data;
	};
};

/* Which door the values came through: MLflow converts types differently behind each. */
enum pd_origin {
	PD_FROM_TABLE,  /* dataframe_split, dataframe_records: pandas' astype */
	PD_FROM_TENSOR, /* instances, inputs: numpy's array(values, dtype) */
	PD_FROM_CSV,    /* every column is STR as written, null where the field is empty, until the
			 * signature or pd_frame_infer gives it a type */
};

struct pd_frame {
	enum pd_origin origin;
	size_t n_rows;
	size_t n_cols;
	bool named;          /* columns have names: order is then free */
	struct pd_col *cols; /* n_cols */
	/* A tensor (`inputs`, `instances` with nested lists) has unnamed columns; its true shape: */
	unsigned
		n_dims; /* 2 for a table; 1: a list of scalars (n_cols is 1); > 2: cols flattened */
	const int64_t *shape;
};

enum pd_result_kind { PD_RESULT_F64, PD_RESULT_F32, PD_RESULT_I64, PD_RESULT_BOOL, PD_RESULT_STR };

struct pd_result {
	enum pd_result_kind kind;
	size_t n_rows;
	size_t n_cols; /* values a row */
	bool flat;     /* one value a row, printed without inner brackets */
	union {
		double *f; /* F64, and F32 as the doubles they equal */
		int64_t *i;
		unsigned char *b;
		struct pd_str *s;
	}; /* n_rows * n_cols, row by row, in the arena given to predict or in the model */
	const struct pd_str *names; /* n_cols names when the answer is a table, or NULL */
};

/* Position of the column called `name`, or -1. */
ptrdiff_t pd_frame_find(const struct pd_frame *f, struct pd_str name);

/* Cell of a column as a tagged value (null where the row has none). */
struct pd_cell pd_col_cell(const struct pd_col *c, size_t row);

/* Some cell is text, a list or an object: no column of numbers. */
bool pd_col_has_text(const struct pd_col *c, size_t n_rows);

/*
 * Give the STR columns of a CSV frame the types that pandas.read_csv infers: int64, float64, bool
 * (True/False in its spellings) or text; pandas' words for "no value" (NaN, NA, null, ...) become
 * null. Other columns stay as they are.
 */
void pd_frame_infer(struct pd_frame *f, struct pd_arena *arena);

/* Number in a BOOL, I64, F64 or NULL column (null: NaN). PD_INVALID: text or mixed; the error names
 * the column and row. */
PD_MUST enum pd_code pd_col_f64(const struct pd_col *c, size_t row, double *out,
				struct pd_err *err);

#endif

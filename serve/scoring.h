/*
 * serve/scoring.h - MLflow's scoring protocol: from the bytes of a request to a frame, and from a
 * model's answer to bytes.
 * Source: mlflow/pyfunc/scoring_server/__init__.py, mlflow/utils/proto_json_utils.py.
 *
 * The readers go over the bytes once and write columns; texts in the frame may point into the
 * input, which stays as long as the frame is used. With a warm arena and scratch they allocate
 * nothing.
 */
#ifndef PD_SERVE_SCORING_H
#define PD_SERVE_SCORING_H

#include "base/buf.h"
#include "base/map.h"
#include "model/model.h"
#include "serve/json_in.h"

#define PD_SCORE_CELLS_MAX ((size_t)32 << 20) /* rows x columns of one request */

struct pd_read_opts {
	bool dict_rows; /* the model takes one dict a row: rows may have different keys */
};

/*
 * The body of a JSON request: dataframe_split, dataframe_records, instances or inputs; params and
 * other fields are checked to be JSON and left out.
 * PD_BAD_REQUEST with MLflow's words where it has some.  PD_TOO_LARGE.
 */
PD_MUST enum pd_code pd_read_json(struct pd_str body, const struct pd_read_opts *opts,
				  struct pd_arena *arena, struct pd_scratch *scratch,
				  struct pd_frame *out, struct pd_err *err);

/*
 * A CSV text with a header line, as pandas.read_csv takes it: quoted fields, doubled quotes, CR,
 * LF or CR LF, empty lines skipped. All columns are STR (PD_FROM_CSV).
 */
PD_MUST enum pd_code pd_read_csv(struct pd_str body, struct pd_arena *arena,
				 struct pd_scratch *scratch, struct pd_frame *out,
				 struct pd_err *err);

/* One JSON object a row, already inside `in`: rows of a table that the caller begins and ends. */
struct pd_rows {
	struct pd_json_in *in; /* kept */
	size_t n_rows;
	size_t n_cols;
	size_t stride; /* cells a row takes in the scratch */
	struct pd_map by_name;
	bool ragged; /* some row lacks a column */
};

void pd_rows_begin(struct pd_rows *t, struct pd_json_in *in);
PD_MUST enum pd_code pd_rows_object(struct pd_rows *t); /* an object comes next in `in` */
PD_MUST enum pd_code pd_rows_list(struct pd_rows *t);   /* a list comes next in `in` */
PD_MUST enum pd_code pd_rows_value(struct pd_rows *t);  /* any value: a row of one column */
/* named: from the records' keys. The frame lies in the arena. */
PD_MUST enum pd_code pd_rows_end(struct pd_rows *t, bool named, struct pd_frame *out);

/*
 * A column from n cells, `stride` apart: of one kind where they allow it (integers beside floats
 * are floats, integers beside nulls too, as in pandas), else PD_COL_ANY.
 */
void pd_col_from_cells(struct pd_col *col, const struct pd_cell *cells, size_t stride, size_t n,
		       struct pd_arena *arena);

/* {"predictions": [...]}, byte for byte what MLflow's server writes. */
void pd_write_predictions(struct pd_buf *out, const struct pd_result *r);

/* The answer for one row: a value, a list of them, or an object of named ones. */
void pd_write_prediction(struct pd_buf *out, const struct pd_result *r, size_t row);

/* A value as JSON, laid out as Python's json.dumps does it. */
void pd_write_cell(struct pd_buf *out, const struct pd_cell *cell);

/* {"error_code": ..., "message": ...} */
void pd_write_error(struct pd_buf *out, const struct pd_err *err);

/* A JSON text in ASCII, other characters as \uXXXX: Python's ensure_ascii. */
void pd_write_text(struct pd_buf *out, struct pd_str s);

#endif

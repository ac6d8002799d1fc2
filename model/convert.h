/*
 * model/convert.h - one column to the type a signature asks for, as the library behind the door
 * it came through would do it.
 */
#ifndef PD_MODEL_CONVERT_H
#define PD_MODEL_CONVERT_H

#include "model/signature.h"

/*
 * Convert in place; new values lie in `arena`. A column that has the type already is not touched.
 * PD_BAD_REQUEST: some value does not convert (MLflow answers 400 BAD_REQUEST); names column, row
 * and value.
 * Differences from MLflow, on purpose: an integer that does not fit is refused, not wrapped.
 * DOUBLE, FLOAT -> F64 (FLOAT rounded to float32); LONG, INTEGER -> I64; BOOLEAN -> BOOL;
 * STRING -> text from instances/inputs and CSV, from a table values stay what they are (pandas
 * casts to object); ARRAY, OBJECT, MAP: the kind of each cell is checked; others untouched.
 */
PD_MUST enum pd_code pd_col_convert(struct pd_col *c, size_t n_rows, enum pd_origin origin,
				    enum pd_type type, struct pd_arena *arena, struct pd_err *err);

#endif

/*
 * model/text.h - what a text means as a value where pandas or numpy would convert it.
 * Source: pandas.read_csv (default na_values, true and false spellings), Python's float().
 */
#ifndef PD_MODEL_TEXT_H
#define PD_MODEL_TEXT_H

#include "base/str.h"

/* True, TRUE, true, False, FALSE, false. */
bool pd_text_to_bool(struct pd_str s, bool *out);

/* A decimal number, inf, infinity or nan in any case, with a sign, white space around allowed;
 * exactly rounded. */
bool pd_text_to_f64(struct pd_str s, double *out);

/* Empty, or one of pandas' words for a missing value. */
bool pd_text_is_null(struct pd_str s);

#endif

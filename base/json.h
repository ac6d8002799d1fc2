/*
 * base/json.h - jansson, with our errors and limits. Reference counts as jansson's; PD_AUTO_JSON
 * (base/auto.h) releases at the end of the scope. Not for the scoring path, which has its own
 * single-pass reader (serve/).
 */
#ifndef PD_BASE_JSON_H
#define PD_BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"

#define PD_JSON_DEPTH_MAX 200 /* arrays and objects inside one another */

/* The whole text is one JSON value of any kind; NaN and Infinity are refused; of equal keys the
 * last wins. *out is given. PD_CORRUPT with line and column. */
PD_MUST enum pd_code pd_json_parse(struct pd_str text, json_t **out, struct pd_err *err);

/* Append compact JSON: no spaces, keys in insertion order, reals as the shortest text that reads
 * back the same (6.1, 1e+16), as Python writes them. */
void pd_json_write(struct pd_buf *b, const json_t *j);
/* The same, indented by two spaces, for people. */
void pd_json_write_pretty(struct pd_buf *b, const json_t *j);

/* Borrowed text of a string value, {NULL, 0} for NULL or another type. */
struct pd_str pd_json_str(const json_t *j);

/* New string; s must be well-formed UTF-8 (else JSON null). */
json_t *pd_json_from(struct pd_str s);

#endif

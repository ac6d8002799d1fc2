/*
 * model/literal.h - JSON, and the Python literals of .npy headers, as nodes. For what model files
 * hold: NaN and Infinity are numbers (Python's json writes them), texts without escapes point into
 * the input, integers keep all their digits. Of equal keys the last wins (pd_node_find).
 */
#ifndef PD_MODEL_LITERAL_H
#define PD_MODEL_LITERAL_H

#include "model/node.h"

#define PD_LITERAL_DEPTH_MAX 1500 /* a skops object is three levels of JSON */

enum pd_literal {
	PD_LITERAL_JSON,
	PD_LITERAL_PYTHON, /* also: tuples, single quotes, True, False, None, a comma at the end */
};

/* All of `text` (kept) is one value. PD_CORRUPT with the offset in `text`; PD_TOO_LARGE. */
PD_MUST enum pd_code pd_literal_parse(struct pd_tree *t, enum pd_literal grammar,
				      struct pd_str text, struct pd_node **out, struct pd_err *err);

#endif

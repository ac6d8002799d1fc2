/*
 * model/xgboost/ubjson.h - the values of an XGBoost model file, from UBJSON or JSON.
 *
 * UBJSON as XGBoost writes it: a letter for the kind, then the value, numbers big-endian.
 *   Z null   T F booleans   i U I l L  whole numbers of 1, 1 (unsigned), 2, 4, 8 bytes
 *   d D      reals of 4 and 8 bytes    S  a length (a whole number) and UTF-8
 *   {  then length, key, value ... }   keys have no S
 *   [  then values ... ], or # and a count before the values, or $, their letter, # and a count:
 *      then no value has a letter of its own, and no ] follows
 * Spec: ubjson.org, draft 12; XGBoost, src/common/json.cc.
 */
#ifndef PD_MODEL_XGBOOST_UBJSON_H
#define PD_MODEL_XGBOOST_UBJSON_H

#include "base/arena.h"

#define PD_XVAL_DEPTH_MAX 64u

enum pd_xval_kind {
	PD_XVAL_NULL,
	PD_XVAL_NUMBER,
	PD_XVAL_TEXT,
	PD_XVAL_LIST,
	PD_XVAL_PACKED,
	PD_XVAL_MAP
};

struct pd_xval {
	enum pd_xval_kind kind;
	char type; /* PACKED: the letter of its numbers */
	size_t n;  /* items, or bytes of text */
	union {
		double f;                   /* NUMBER; booleans are 0 and 1 */
		const char *text;           /* TEXT */
		const unsigned char *bytes; /* PACKED */
		struct pd_xval *items;      /* LIST */
		struct pd_xpair *pairs;     /* MAP */
	};
};

struct pd_xpair {
	struct pd_str key;
	struct pd_xval value;
};

/* Either form, by its first bytes. Texts and packed arrays may point into `bytes`. PD_CORRUPT,
 * PD_TOO_LARGE. */
PD_MUST enum pd_code pd_xval_read(struct pd_str bytes, struct pd_arena *arena, struct pd_xval *out,
				  struct pd_err *err);

/* A member of a map; NULL when absent or no map. */
const struct pd_xval *pd_xval_find(const struct pd_xval *map, const char *key);

/* Number i of a LIST or PACKED; false when it is none. */
bool pd_xval_number(const struct pd_xval *list, size_t i, double *out);

/* Number of items of a list, 0 for anything else. */
size_t pd_xval_count(const struct pd_xval *list);

#endif

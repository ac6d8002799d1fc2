/*
 * base/num.h - numbers as text and back, exactly.
 * A double is printed with the fewest digits that read back as the same double, laid out as
 * Python's repr does it (0.1, 5.0, 1e+16, 1e-05, -0.0); text is read to the nearest double. The
 * locale plays no part. A float32 that is kept as the double it equals is printed as that double,
 * which is what numpy's tolist() and then json.dump make of it.
 */
#ifndef PD_BASE_NUM_H
#define PD_BASE_NUM_H

#include "base/buf.h"
#include "base/str.h"

#define PD_NUM_F64_MAX 25 /* "-1.2345678901234567e-308" and a NUL */
#define PD_NUM_I64_MAX 21 /* "-9223372036854775808" and a NUL */

/* Write v at out (room for PD_NUM_F64_MAX); the number of bytes before the NUL. nan, inf, -inf. */
size_t pd_f64_format(double v, char *out);
/* The same, NaN, Infinity and -Infinity as Python's json.dumps writes them. */
size_t pd_f64_format_json(double v, char *out);
/* Room for PD_NUM_I64_MAX. */
size_t pd_i64_format(int64_t v, char *out);

void pd_buf_f64(struct pd_buf *b, double v);      /* pd_f64_format */
void pd_buf_f64_json(struct pd_buf *b, double v); /* pd_f64_format_json */

enum pd_num_kind {
	PD_NUM_NONE, /* not a number */
	PD_NUM_I64,  /* an integer within int64 */
	PD_NUM_F64,  /* with a point or exponent, or an integer beyond int64 */
};

/*
 * Read the JSON number at the front of s (spec: RFC 8259, section 6), nothing else: no white
 * space, no sign +, no leading zeros. *out_len: the bytes it takes; what follows is the caller's
 * business. Beyond the range of doubles is infinity, as Python's json reads it.
 */
enum pd_num_kind pd_num_read(struct pd_str s, int64_t *out_i, double *out_f, size_t *out_len);

/* All of s as a decimal number in the wider grammar of CSV files and Python's float(): sign +,
 * ".5", "5.", leading zeros; no white space, no inf or nan. False when it is anything else. */
bool pd_f64_parse(struct pd_str s, double *out);

#endif

/*
 * base/reader.h - bounds-checked reads over bytes in memory that an enemy may have written.
 * No pointer arithmetic on input happens anywhere else: every read is a must-use call that fails
 * with PD_CORRUPT, naming the offset, when the bytes are not there.
 */
#ifndef PD_BASE_READER_H
#define PD_BASE_READER_H

#include "base/err.h"
#include "base/str.h"

struct pd_reader {
	const unsigned char *p; /* borrowed */
	size_t n;
	size_t at; /* 0 to n */
};

static inline struct pd_reader pd_reader_of(const void *p, size_t n)
{
	return (struct pd_reader){ p, n, 0 };
}

static inline size_t pd_reader_left(const struct pd_reader *r)
{
	return r->n - r->at;
}

PD_MUST enum pd_code pd_read_u8(struct pd_reader *r, uint8_t *out, struct pd_err *err);
PD_MUST enum pd_code pd_read_u16le(struct pd_reader *r, uint16_t *out, struct pd_err *err);
PD_MUST enum pd_code pd_read_u32le(struct pd_reader *r, uint32_t *out, struct pd_err *err);
PD_MUST enum pd_code pd_read_u64le(struct pd_reader *r, uint64_t *out, struct pd_err *err);
PD_MUST enum pd_code pd_read_i32le(struct pd_reader *r, int32_t *out, struct pd_err *err);
PD_MUST enum pd_code pd_read_f64be(struct pd_reader *r, double *out, struct pd_err *err);
/* n bytes; *out points into the input. */
PD_MUST enum pd_code pd_read_bytes(struct pd_reader *r, uint64_t n, struct pd_str *out,
				   struct pd_err *err);
/* Up to a newline, which is consumed and not part of *out. */
PD_MUST enum pd_code pd_read_line(struct pd_reader *r, struct pd_str *out, struct pd_err *err);

#endif

/*
 * base/buf.h - text or bytes that are built. A maximum is given at init; the first error sticks;
 * appends return nothing; pd_buf_check is the one mandatory check before the bytes are used.
 * Invariants: after init `p` is never NULL and p[n] is NUL; n <= max.
 */
#ifndef PD_BASE_BUF_H
#define PD_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct pd_buf {
	char *p;
	size_t n;   /* bytes used, without the NUL */
	size_t cap; /* bytes allocated; 0: p is the shared empty text */
	size_t max; /* most bytes it may hold */
	enum pd_code failed;
};

void pd_buf_init(struct pd_buf *b, size_t max);
void pd_buf_end(struct pd_buf *b);   /* accepts a zeroed object */
void pd_buf_clear(struct pd_buf *b); /* empty again, memory kept, error forgotten */

void pd_buf_put(struct pd_buf *b, const void *p, size_t n);
void pd_buf_str(struct pd_buf *b, struct pd_str s);
void pd_buf_z(struct pd_buf *b, const char *z);
void pd_buf_char(struct pd_buf *b, char c);
void pd_buf_i64(struct pd_buf *b, int64_t v);
void pd_buf_printf(struct pd_buf *b, const char *fmt, ...) PD_PRINTF(2, 3);

/* A JSON string literal with its quotes. `s` is well-formed UTF-8. */
void pd_buf_json_str(struct pd_buf *b, struct pd_str s);

/* Room for n more bytes; NULL when the maximum is passed. The caller writes there and then adds
 * what it wrote to b->n with pd_buf_wrote. */
char *pd_buf_room(struct pd_buf *b, size_t n);
void pd_buf_wrote(struct pd_buf *b, size_t n);

static inline struct pd_str pd_buf_view(const struct pd_buf *b)
{
	return (struct pd_str){ b->p, b->n };
}

/* PD_TOO_LARGE: the maximum was passed.  `what` names the buffer in the text. */
PD_MUST enum pd_code pd_buf_check(const struct pd_buf *b, const char *what, struct pd_err *err);

/* The bytes, NUL behind; given, release with free(). The buffer is empty afterwards. */
char *pd_buf_take(struct pd_buf *b, size_t *out_n);

#endif

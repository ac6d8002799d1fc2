/*
 * model/inflate.h - compressed bytes made plain, within limits: a small file must not become an
 * endless one. One allowance is shared by everything that one file expands.
 */
#ifndef PD_MODEL_INFLATE_H
#define PD_MODEL_INFLATE_H

#include "base/arena.h"

#define PD_INFLATE_RATIO_MAX 100                /* forests shrink to a fifth at best */
#define PD_INFLATE_FLOOR     ((size_t)64 << 20) /* always allowed: arrays of zeros are small */
#define PD_INFLATE_MAX       ((size_t)32 << 30)

struct pd_inflate {
	struct pd_arena *arena; /* kept: results live there */
	size_t left;            /* bytes that may still be made */
};

void pd_inflate_init(struct pd_inflate *x, struct pd_arena *arena, size_t file_size);

/* A raw deflate stream (as in ZIP) of exactly `size` bytes when plain. PD_CORRUPT, PD_TOO_LARGE. */
PD_MUST enum pd_code pd_inflate_raw(struct pd_inflate *x, struct pd_str in, size_t size,
				    struct pd_str *out, struct pd_err *err);

/* A zlib or gzip stream of unknown size; nothing may follow it. */
PD_MUST enum pd_code pd_inflate_zlib(struct pd_inflate *x, struct pd_str in, struct pd_str *out,
				     struct pd_err *err);

/* bzip2, xz, lzma or lz4 frames, by libarchive. */
PD_MUST enum pd_code pd_inflate_other(struct pd_inflate *x, struct pd_str in, struct pd_str *out,
				      struct pd_err *err);

#endif

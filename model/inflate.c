#include "model/inflate.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/auto.h"
#include "base/lib.h"

void pd_inflate_init(struct pd_inflate *x, struct pd_arena *arena, size_t file_size)
{
	size_t left = PD_INFLATE_MAX;
	if (file_size < (PD_INFLATE_MAX - PD_INFLATE_FLOOR) / PD_INFLATE_RATIO_MAX)
		left = file_size * PD_INFLATE_RATIO_MAX + PD_INFLATE_FLOOR;
	*x = (struct pd_inflate){ .arena = arena, .left = left };
}

static enum pd_code too_large(struct pd_err *err)
{
	return pd_fail(err, PD_TOO_LARGE, "expands to far more than its size allows");
}

/* A heap buffer that grows up to what is left. */
struct growing {
	unsigned char *p;
	size_t n;
	size_t cap;
};

static void growing_end(struct growing *g)
{
	free(g->p);
	*g = (struct growing){ 0 };
}

static enum pd_code grow(const struct pd_inflate *x, struct growing *g, size_t hint,
			 struct pd_err *err)
{
	size_t cap = g->cap ? g->cap * 2 : hint;
	if (cap > x->left)
		cap = x->left;
	if (cap == g->cap)
		return too_large(err);
	void *p = realloc(g->p, cap);
	if (!p)
		return pd_fail(err, PD_NO_MEMORY, "no memory for %zu bytes", cap);
	g->p = p;
	g->cap = cap;
	return PD_OK;
}

/* The bytes now belong to the arena. */
static struct pd_str keep(struct pd_inflate *x, struct growing *g)
{
	struct pd_str s = pd_str_of((char *)g->p, g->n);
	x->left -= g->n;
	if (g->p)
		pd_arena_defer(x->arena, free, g->p);
	*g = (struct growing){ 0 };
	return s;
}

static uInt piece(size_t n)
{
	return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

/* One call of inflate over as much as an unsigned int counts. */
static int step(z_stream *z, struct pd_str in, size_t *at, struct growing *g)
{
	uInt n_in = piece(in.n - *at);
	uInt n_out = piece(g->cap - g->n);
	z->next_in = (unsigned char *)(uintptr_t)in.p + *at;
	z->avail_in = n_in;
	z->next_out = g->p + g->n;
	z->avail_out = n_out;
	int rc = inflate(z, Z_NO_FLUSH);
	*at += n_in - z->avail_in;
	g->n += n_out - z->avail_out;
	return rc;
}

static void z_end(z_stream *z)
{
	inflateEnd(z);
}

enum pd_code pd_inflate_raw(struct pd_inflate *x, struct pd_str in, size_t size, struct pd_str *out,
			    struct pd_err *err)
{
	PD_CLEANUP(growing_end) struct growing g = { 0 };
	PD_CLEANUP(z_end) z_stream z = { 0 };
	size_t at = 0;
	int rc = Z_OK;
	if (size > x->left)
		return too_large(err);
	g.cap = size + 1; /* one more tells whether the stream is longer than it says */
	g.p = malloc(g.cap);
	if (!g.p || inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return pd_fail(err, PD_NO_MEMORY, "no memory for %zu bytes", size);
	while (rc == Z_OK && g.n <= size)
		rc = step(&z, in, &at, &g);
	if (rc != Z_STREAM_END || g.n != size || at != in.n)
		return pd_fail(err, PD_CORRUPT, "compressed data are damaged (%zu bytes of %zu)",
			       g.n, size);
	*out = keep(x, &g);
	return PD_OK;
}

enum pd_code pd_inflate_zlib(struct pd_inflate *x, struct pd_str in, struct pd_str *out,
			     struct pd_err *err)
{
	PD_CLEANUP(growing_end) struct growing g = { 0 };
	PD_CLEANUP(z_end) z_stream z = { 0 };
	size_t at = 0;
	int rc = Z_OK;
	if (inflateInit2(&z, MAX_WBITS + 32) != Z_OK) /* + 32: zlib or gzip, whichever it is */
		return pd_fail(err, PD_NO_MEMORY, "no memory to expand");
	while (rc == Z_OK) {
		if (g.n == g.cap)
			PD_TRY(grow(x, &g, in.n * 4 + 4096, err));
		rc = step(&z, in, &at, &g);
	}
	if (rc != Z_STREAM_END)
		return pd_fail(err, PD_CORRUPT,
			       "compressed data are damaged at byte %zu of %zu: %s", at, in.n,
			       z.msg ? z.msg : "they end too early");
	if (at != in.n)
		return pd_fail(err, PD_CORRUPT, "%zu bytes behind the compressed data", in.n - at);
	*out = keep(x, &g);
	return PD_OK;
}

/* ---------------------------------------------------------------- what libarchive reads */

#define FUNCTIONS(X)                                                                               \
	X(error_string)                                                                            \
	X(filter_count)                                                                            \
	X(read_data)                                                                               \
	X(read_free)                                                                               \
	X(read_new)                                                                                \
	X(read_next_header)                                                                        \
	X(read_open_memory)                                                                        \
	X(read_support_filter_bzip2)                                                               \
	X(read_support_filter_lz4)                                                                 \
	X(read_support_filter_lzma)                                                                \
	X(read_support_filter_xz)                                                                  \
	X(read_support_format_raw)

static struct {
#define SLOT(name) __typeof__(archive_##name) *name;
	FUNCTIONS(SLOT)
#undef SLOT
} lib;

static enum pd_code load(struct pd_err *err)
{
#define NAME(name) "archive_" #name,
	static const char *const names[] = { FUNCTIONS(NAME) };
#undef NAME
	static_assert(sizeof(lib) == PD_LEN(names) * sizeof(void *), "a slot for each name");
	return pd_lib_load("libarchive.so.13", names, PD_LEN(names), &lib, err);
}

static void archive_end(struct archive **a)
{
	lib.read_free(*a);
}

static bool archive_begin(struct archive *a, struct pd_str in)
{
	struct archive_entry *entry = NULL;
	return a && lib.read_support_format_raw(a) == ARCHIVE_OK &&
	       lib.read_support_filter_bzip2(a) >= ARCHIVE_WARN &&
	       lib.read_support_filter_xz(a) >= ARCHIVE_WARN &&
	       lib.read_support_filter_lzma(a) >= ARCHIVE_WARN &&
	       lib.read_support_filter_lz4(a) >= ARCHIVE_WARN &&
	       lib.read_open_memory(a, in.p, in.n) == ARCHIVE_OK &&
	       lib.read_next_header(a, &entry) == ARCHIVE_OK;
}

enum pd_code pd_inflate_other(struct pd_inflate *x, struct pd_str in, struct pd_str *out,
			      struct pd_err *err)
{
	PD_CLEANUP(growing_end) struct growing g = { 0 };
	PD_TRY(load(err));
	PD_CLEANUP(archive_end) struct archive *a = lib.read_new();
	ssize_t got = 1;
	if (!archive_begin(a, in) || lib.filter_count(a) < 2)
		return pd_fail(err, PD_CORRUPT, "compressed data are damaged");
	while (got > 0) {
		if (g.n == g.cap)
			PD_TRY(grow(x, &g, in.n * 4 + 4096, err));
		got = lib.read_data(a, g.p + g.n, g.cap - g.n);
		g.n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		return pd_fail(err, PD_CORRUPT, "compressed data are damaged: %s",
			       lib.error_string(a));
	*out = keep(x, &g);
	return PD_OK;
}

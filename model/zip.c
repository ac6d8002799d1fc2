/*
 * ZIP, as much as Python's zipfile writes. Little-endian.
 *   spec: APPNOTE 6.3.10
 *
 *   local header, before each member's data      central directory, one entry a member
 *     0  PK\3\4                                     0  PK\1\2
 *     6  flags                                      8  flags
 *     8  method                                    10  method
 *    26  bytes of name                             16  crc, packed, size (4 each)
 *    28  bytes of extra                            28  bytes of name, extra, comment (2 each)
 *    30  name, extra, data                         42  offset of the local header
 *                                                  46  name, extra, comment
 *   end record, last in the file                 its 64-bit form, and its locator (20 bytes)
 *     0  PK\5\6                                     0  PK\6\6         0  PK\6\7
 *     8  entries here, in all (2 each)             24  entries here, in all (8 each)
 *    12  size, offset of the directory             40  size, offset    8  its offset
 *    20  bytes of comment, comment
 * Sizes and offsets of 0xffffffff stand in extra field 1, as 8 bytes each, in this order.
 */
#include "model/zip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/reader.h"

#define LOCAL_SIG       0x04034b50u
#define CENTRAL_SIG     0x02014b50u
#define END_SIG         0x06054b50u
#define END64_SIG       0x06064b50u
#define LOCATOR_SIG     0x07064b50u
#define LOCAL_SIZE      30
#define CENTRAL_SIZE    46
#define END_SIZE        22
#define END64_SIZE      56
#define LOCATOR_SIZE    20
#define COMMENT_MAX     65535
#define FLAG_ENCRYPTED  1u
#define METHOD_DEFLATED 8

struct directory {
	uint64_t n;
	uint64_t at;
	uint64_t size;
	size_t end; /* where the directory must end */
};

/* A reader over [at, end) that names offsets of the whole archive. */
static enum pd_code reader_at(struct pd_str bytes, uint64_t at, struct pd_reader *out,
			      struct pd_err *err)
{
	*out = pd_reader_of(bytes.p, bytes.n);
	if (at > bytes.n)
		return pd_fail(err, PD_CORRUPT, "an archive part lies outside the file");
	out->at = (size_t)at;
	return PD_OK;
}

static enum pd_code skip(struct pd_reader *r, uint64_t n, struct pd_err *err)
{
	struct pd_str ignored;
	return pd_read_bytes(r, n, &ignored, err);
}

static enum pd_code expect_sig(struct pd_reader *r, uint32_t want, const char *what,
			       struct pd_err *err)
{
	size_t at = r->at;
	uint32_t sig = 0;
	PD_TRY(pd_read_u32le(r, &sig, err));
	if (sig != want)
		return pd_fail(err, PD_CORRUPT, "offset %zu: no %s of an archive", at, what);
	return PD_OK;
}

/* ---------------------------------------------------------------- the end record */

static bool end_at(struct pd_str bytes, size_t at)
{
	const unsigned char *p = (const unsigned char *)bytes.p + at;
	if (p[0] != 'P' || p[1] != 'K' || p[2] != 5 || p[3] != 6)
		return false;
	size_t comment = p[20] | (size_t)p[21] << 8;
	return at + END_SIZE + comment == bytes.n;
}

static enum pd_code find_end(struct pd_str bytes, size_t *out, struct pd_err *err)
{
	size_t last = bytes.n < END_SIZE ? 0 : bytes.n - END_SIZE;
	size_t first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
	for (size_t at = last; bytes.n >= END_SIZE; at--) {
		if (end_at(bytes, at)) {
			*out = at;
			return PD_OK;
		}
		if (at == first)
			break;
	}
	return pd_fail(err, PD_CORRUPT, "an archive without its directory (cut off?)");
}

static enum pd_code read_end64(struct pd_str bytes, size_t end, struct directory *d,
			       struct pd_err *err)
{
	struct pd_reader r;
	uint64_t at = 0;
	if (end < LOCATOR_SIZE + END64_SIZE)
		return pd_fail(err, PD_CORRUPT, "an archive without its 64-bit directory");
	PD_TRY(reader_at(bytes, end - LOCATOR_SIZE, &r, err));
	PD_TRY(expect_sig(&r, LOCATOR_SIG, "64-bit locator", err));
	PD_TRY(skip(&r, 4, err));
	PD_TRY(pd_read_u64le(&r, &at, err));
	if (at != end - LOCATOR_SIZE - END64_SIZE)
		return pd_fail(err, PD_CORRUPT, "a 64-bit directory that is not at the end");
	PD_TRY(reader_at(bytes, at, &r, err));
	PD_TRY(expect_sig(&r, END64_SIG, "64-bit directory", err));
	PD_TRY(skip(&r, 28, err));
	PD_TRY(pd_read_u64le(&r, &d->n, err));
	PD_TRY(pd_read_u64le(&r, &d->size, err));
	PD_TRY(pd_read_u64le(&r, &d->at, err));
	d->end = (size_t)at;
	return PD_OK;
}

static enum pd_code read_end(struct pd_str bytes, struct directory *d, struct pd_err *err)
{
	struct pd_reader r;
	size_t end = 0;
	uint16_t n = 0;
	uint32_t size = 0;
	uint32_t at = 0;
	PD_TRY(find_end(bytes, &end, err));
	PD_TRY(reader_at(bytes, end + 10, &r, err));
	PD_TRY(pd_read_u16le(&r, &n, err));
	PD_TRY(pd_read_u32le(&r, &size, err));
	PD_TRY(pd_read_u32le(&r, &at, err));
	*d = (struct directory){ .n = n, .at = at, .size = size, .end = end };
	if (n == UINT16_MAX || size == UINT32_MAX || at == UINT32_MAX)
		PD_TRY(read_end64(bytes, end, d, err));
	if (d->at > d->end || d->size != d->end - d->at)
		return pd_fail(err, PD_CORRUPT, "an archive directory that is not at the end");
	if (d->n > d->size / CENTRAL_SIZE)
		return pd_fail(err, PD_CORRUPT,
			       "an archive directory of %zu bytes for %llu members",
			       (size_t)d->size, (unsigned long long)d->n);
	return PD_OK;
}

/* ---------------------------------------------------------------- members */

/* Replace each of the three values that reads 0xffffffff by its 8 bytes in extra field 1. */
static enum pd_code read_extra64(struct pd_str extra, uint64_t *values[3], struct pd_err *err)
{
	struct pd_reader r = pd_reader_of(extra.p, extra.n);
	while (pd_reader_left(&r) >= 4) {
		uint16_t id = 0;
		uint16_t n = 0;
		struct pd_str body;
		PD_TRY(pd_read_u16le(&r, &id, err));
		PD_TRY(pd_read_u16le(&r, &n, err));
		PD_TRY(pd_read_bytes(&r, n, &body, err));
		if (id != 1)
			continue;
		struct pd_reader wide = pd_reader_of(body.p, body.n);
		for (size_t i = 0; i < 3; i++)
			if (*values[i] == UINT32_MAX)
				PD_TRY(pd_read_u64le(&wide, values[i], err));
	}
	return PD_OK;
}

static enum pd_code check_member(const struct pd_zip *z, const struct pd_zip_member *m,
				 uint16_t flags, struct pd_err *err)
{
	if (!pd_utf8_check(m->name) || !pd_path_is_safe(m->name))
		return pd_fail(err, PD_CORRUPT, "an unsafe member name \"%.*s\"",
			       PD_STR_ARG(m->name));
	if (flags & FLAG_ENCRYPTED)
		return pd_fail(err, PD_UNSUPPORTED, "member \"%.*s\" is encrypted",
			       PD_STR_ARG(m->name));
	if (m->method != 0 && m->method != METHOD_DEFLATED)
		return pd_fail(err, PD_UNSUPPORTED, "member \"%.*s\" is packed by method %u",
			       PD_STR_ARG(m->name), m->method);
	if (m->method == 0 && m->packed != m->size)
		return pd_fail(err, PD_CORRUPT, "member \"%.*s\" has two sizes",
			       PD_STR_ARG(m->name));
	if (m->packed > z->bytes.n || m->header_at > z->bytes.n)
		return pd_fail(err, PD_CORRUPT, "member \"%.*s\" lies outside the file",
			       PD_STR_ARG(m->name));
	return PD_OK;
}

/* The local header says where the data are; its name must be the directory's. */
static enum pd_code read_local(const struct pd_zip *z, struct pd_zip_member *m, struct pd_err *err)
{
	struct pd_reader r;
	uint16_t n_name = 0;
	uint16_t n_extra = 0;
	struct pd_str name;
	struct pd_str data;
	PD_TRY(reader_at(z->bytes, m->header_at, &r, err));
	PD_TRY(expect_sig(&r, LOCAL_SIG, "member", err));
	PD_TRY(skip(&r, 22, err));
	PD_TRY(pd_read_u16le(&r, &n_name, err));
	PD_TRY(pd_read_u16le(&r, &n_extra, err));
	PD_TRY(pd_read_bytes(&r, n_name, &name, err));
	PD_TRY(skip(&r, n_extra, err));
	if (!pd_str_eq(name, m->name))
		return pd_fail(err, PD_CORRUPT, "member \"%.*s\" is called \"%.*s\" in place",
			       PD_STR_ARG(m->name), PD_STR_ARG(name));
	m->data_at = r.at;
	return pd_read_bytes(&r, m->packed, &data, err);
}

static enum pd_code read_member(const struct pd_zip *z, struct pd_reader *r,
				struct pd_zip_member *m, struct pd_err *err)
{
	uint16_t flags = 0;
	uint16_t lengths[3] = { 0 }; /* name, extra, comment */
	uint32_t sizes[2] = { 0 };   /* packed, plain */
	uint32_t header_at = 0;
	struct pd_str extra;
	PD_TRY(expect_sig(r, CENTRAL_SIG, "directory entry", err));
	PD_TRY(skip(r, 4, err));
	PD_TRY(pd_read_u16le(r, &flags, err));
	PD_TRY(pd_read_u16le(r, &m->method, err));
	PD_TRY(skip(r, 4, err));
	PD_TRY(pd_read_u32le(r, &m->crc, err));
	for (size_t i = 0; i < 2; i++)
		PD_TRY(pd_read_u32le(r, &sizes[i], err));
	for (size_t i = 0; i < 3; i++)
		PD_TRY(pd_read_u16le(r, &lengths[i], err));
	PD_TRY(skip(r, 8, err));
	PD_TRY(pd_read_u32le(r, &header_at, err));
	PD_TRY(pd_read_bytes(r, lengths[0], &m->name, err));
	PD_TRY(pd_read_bytes(r, lengths[1], &extra, err));
	PD_TRY(skip(r, lengths[2], err));
	uint64_t wide[3] = { sizes[1], sizes[0], header_at };
	uint64_t *values[3] = { &wide[0], &wide[1], &wide[2] };
	PD_TRY(read_extra64(extra, values, err));
	m->size = (size_t)wide[0];
	m->packed = (size_t)wide[1];
	m->header_at = (size_t)wide[2];
	PD_TRY(check_member(z, m, flags, err));
	return read_local(z, m, err);
}

static int by_place(const void *a, const void *b)
{
	const struct pd_zip_member *x = a;
	const struct pd_zip_member *y = b;
	return (x->header_at > y->header_at) - (x->header_at < y->header_at);
}

static enum pd_code check_overlap(const struct pd_zip *z, const struct directory *d,
				  struct pd_err *err)
{
	for (size_t i = 0; i < z->n_members; i++) {
		const struct pd_zip_member *m = &z->members[i];
		uint64_t next = i + 1 < z->n_members ? m[1].header_at : d->at;
		if (m->data_at + m->packed > next)
			return pd_fail(err, PD_CORRUPT, "member \"%.*s\" overlaps what follows it",
				       PD_STR_ARG(m->name));
	}
	return PD_OK;
}

static enum pd_code build_index(struct pd_zip *z, struct pd_err *err)
{
	pd_map_init(&z->index, z->inflate->arena);
	for (size_t i = 0; i < z->n_members; i++) {
		uint32_t at = 0;
		if (pd_map_find(&z->index, z->members[i].name, &at))
			return pd_fail(err, PD_CORRUPT, "two members are called \"%.*s\"",
				       PD_STR_ARG(z->members[i].name));
		PD_TRY(pd_map_put(&z->index, z->members[i].name, (uint32_t)i, err));
	}
	return PD_OK;
}

enum pd_code pd_zip_open(struct pd_zip *z, struct pd_str bytes, struct pd_inflate *inflate,
			 struct pd_err *err)
{
	struct directory d;
	struct pd_reader r;
	*z = (struct pd_zip){ .bytes = bytes, .inflate = inflate };
	PD_TRY(read_end(bytes, &d, err));
	PD_TRY(pd_arena_try(inflate->arena, (size_t)d.n, sizeof(*z->members), &z->members, err));
	PD_TRY(reader_at(bytes, d.at, &r, err));
	r.n = d.end;
	for (; z->n_members < d.n; z->n_members++)
		PD_TRY(read_member(z, &r, &z->members[z->n_members], err));
	if (pd_reader_left(&r))
		return pd_fail(err, PD_CORRUPT, "an archive directory longer than its members");
	if (z->n_members)
		qsort(z->members, z->n_members, sizeof(*z->members), by_place);
	PD_TRY(check_overlap(z, &d, err));
	return build_index(z, err);
}

const struct pd_zip_member *pd_zip_find(const struct pd_zip *z, struct pd_str name)
{
	uint32_t at = 0;
	return pd_map_find(&z->index, name, &at) ? &z->members[at] : NULL;
}

enum pd_code pd_zip_read(const struct pd_zip *z, const struct pd_zip_member *m, struct pd_str *out,
			 struct pd_err *err)
{
	*out = pd_str_head(pd_str_skip(z->bytes, m->data_at), m->packed);
	if (m->method == METHOD_DEFLATED &&
	    pd_inflate_raw(z->inflate, *out, m->size, out, err) != PD_OK)
		return pd_err_prefix(err, "%.*s", PD_STR_ARG(m->name));
	if (crc32_z(0, (const unsigned char *)out->p, out->n) != m->crc)
		return pd_fail(err, PD_CORRUPT, "%.*s: the checksum is wrong", PD_STR_ARG(m->name));
	return PD_OK;
}

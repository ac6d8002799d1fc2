#include "base/reader.h"

#include <inttypes.h>

enum pd_code pd_read_bytes(struct pd_reader *r, uint64_t n, struct pd_str *out, struct pd_err *err)
{
	if (n > r->n - r->at)
		return pd_fail(err, PD_CORRUPT,
			       "offset %zu: %" PRIu64 " bytes wanted, %zu are left", r->at, n,
			       r->n - r->at);
	*out = pd_str_of((const char *)r->p + r->at, (size_t)n);
	r->at += (size_t)n;
	return PD_OK;
}

static enum pd_code read_le(struct pd_reader *r, unsigned n, uint64_t *out, struct pd_err *err)
{
	struct pd_str bytes = { 0 };
	PD_TRY(pd_read_bytes(r, n, &bytes, err));
	uint64_t v = 0;
	for (unsigned i = n; i > 0; i--)
		v = v << 8 | (unsigned char)bytes.p[i - 1];
	*out = v;
	return PD_OK;
}

enum pd_code pd_read_u8(struct pd_reader *r, uint8_t *out, struct pd_err *err)
{
	uint64_t v = 0;
	PD_TRY(read_le(r, 1, &v, err));
	*out = (uint8_t)v;
	return PD_OK;
}

enum pd_code pd_read_u16le(struct pd_reader *r, uint16_t *out, struct pd_err *err)
{
	uint64_t v = 0;
	PD_TRY(read_le(r, 2, &v, err));
	*out = (uint16_t)v;
	return PD_OK;
}

enum pd_code pd_read_u32le(struct pd_reader *r, uint32_t *out, struct pd_err *err)
{
	uint64_t v = 0;
	PD_TRY(read_le(r, 4, &v, err));
	*out = (uint32_t)v;
	return PD_OK;
}

enum pd_code pd_read_u64le(struct pd_reader *r, uint64_t *out, struct pd_err *err)
{
	return read_le(r, 8, out, err);
}

enum pd_code pd_read_i32le(struct pd_reader *r, int32_t *out, struct pd_err *err)
{
	uint32_t v = 0;
	PD_TRY(pd_read_u32le(r, &v, err));
	memcpy(out, &v, sizeof(v));
	return PD_OK;
}

enum pd_code pd_read_f64be(struct pd_reader *r, double *out, struct pd_err *err)
{
	uint64_t v = 0;
	PD_TRY(read_le(r, 8, &v, err));
	v = __builtin_bswap64(v);
	memcpy(out, &v, sizeof(v));
	return PD_OK;
}

enum pd_code pd_read_line(struct pd_reader *r, struct pd_str *out, struct pd_err *err)
{
	struct pd_str rest = pd_str_of((const char *)r->p + r->at, r->n - r->at);
	ptrdiff_t end = pd_str_find(rest, '\n');
	if (end < 0)
		return pd_fail(err, PD_CORRUPT, "offset %zu: a line without an end", r->at);
	*out = pd_str_head(rest, (size_t)end);
	r->at += (size_t)end + 1;
	return PD_OK;
}

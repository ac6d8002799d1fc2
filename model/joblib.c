#include "model/joblib.h"

static const struct {
	struct pd_str magic;
	const char *name;
} compressions[] = {
	{ { "\x1f\x8b", 2 }, "gzip" },        { { "BZh", 3 }, "bzip2" },
	{ { "\xfd\x37zXZ\0", 6 }, "xz" },     { { "]\0\0", 3 }, "lzma" },
	{ { "\x04\x22\x4d\x18", 4 }, "lz4" }, { { "ZF0x", 4 }, "joblib before 0.10" },
};

/* spec: RFC 1950, 2.2: 8 is deflate, and both bytes are a multiple of 31 */
static bool is_zlib(struct pd_str s)
{
	if (s.n < 2 || s.p[0] != 0x78)
		return false;
	return (((unsigned)(unsigned char)s.p[0] << 8) | (unsigned char)s.p[1]) % 31 == 0;
}

const char *pd_joblib_compression(struct pd_str bytes)
{
	if (is_zlib(bytes))
		return "zlib";
	for (size_t i = 0; i < PD_LEN(compressions); i++)
		if (pd_str_starts(bytes, compressions[i].magic))
			return compressions[i].name;
	return NULL;
}

enum pd_code pd_joblib_expand(struct pd_inflate *x, struct pd_str bytes, struct pd_str *out,
			      struct pd_err *err)
{
	const char *name = pd_joblib_compression(bytes);
	if (!name)
		return pd_fail(err, PD_CORRUPT, "not compressed");
	if (pd_str_starts(bytes, PD_STR("ZF0x")))
		return pd_fail(err, PD_UNSUPPORTED,
			       "compressed by %s: load it with joblib and dump it again", name);
	bool by_zlib = strcmp(name, "zlib") == 0 || strcmp(name, "gzip") == 0;
	enum pd_code code = by_zlib ? pd_inflate_zlib(x, bytes, out, err)
				    : pd_inflate_other(x, bytes, out, err);
	return code == PD_OK ? PD_OK : pd_err_prefix(err, "%s", name);
}

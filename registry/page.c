#include "registry/page.h"

#include <stdio.h>

#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(struct pd_str in, struct pd_buf *out)
{
	for (size_t i = 0; i < in.n; i += 3) {
		uint32_t v = 0;
		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (i + k < in.n ? (unsigned char)in.p[i + k] : 0);
		pd_buf_char(out, alphabet[v >> 18]);
		pd_buf_char(out, alphabet[v >> 12 & 63]);
		pd_buf_char(out, i + 1 < in.n ? alphabet[v >> 6 & 63] : '=');
		pd_buf_char(out, i + 2 < in.n ? alphabet[v & 63] : '=');
	}
}

/* As Python's base64.b64decode without validation: characters of no meaning are skipped, what
 * follows complete padding is ignored; false when the padding is wrong. */
static bool decode(struct pd_str in, struct pd_buf *out)
{
	uint32_t v = 0;
	unsigned n = 0, n_pad = 0;
	for (size_t i = 0; i < in.n; i++) {
		const char *at = in.p[i] ? strchr(alphabet, in.p[i]) : NULL;
		if (in.p[i] == '=') {
			n_pad++;
			if (n % 4 >= 2 && n % 4 + n_pad >= 4)
				return true;
		} else if (at) {
			n_pad = 0;
			v = v << 6 | (uint32_t)(at - alphabet);
			if (n % 4 > 0)
				pd_buf_char(out, (char)(v >> (6 - n % 4 * 2)));
			n++;
		}
	}
	return n % 4 == 0;
}

/* repr(bytes): what is not ASCII is escaped. */
static void put_bytes(struct pd_buf *out, struct pd_str bytes)
{
	char quote = pd_str_find(bytes, '\'') >= 0 && pd_str_find(bytes, '"') < 0 ? '"' : '\'';
	pd_buf_printf(out, "b%c", quote);
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];
		if (c == (unsigned char)quote || c == '\\')
			pd_buf_printf(out, "\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			pd_buf_char(out, (char)c);
		else if (c == '\t' || c == '\n' || c == '\r')
			pd_buf_z(out, c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r");
		else
			pd_buf_printf(out, "\\x%02x", c);
	}
	pd_buf_char(out, quote);
}

json_t *pd_page_token_of(struct pd_str text)
{
	PD_CLEANUP(pd_buf_end) struct pd_buf b = { 0 };
	pd_buf_init(&b, SIZE_MAX);
	encode(text, &b);
	return pd_json_from(pd_buf_view(&b));
}

bool pd_page_token_text(struct pd_str token, struct pd_buf *out)
{
	return decode(token, out);
}

json_t *pd_page_token(int64_t offset)
{
	char text[64];
	snprintf(text, sizeof(text), "{\"offset\": %lld}", (long long)offset);
	return pd_page_token_of(pd_str_from(text));
}

enum pd_code pd_page_offset(struct pd_str token, int64_t *out, struct pd_err *err)
{
	*out = 0;
	if (token.n == 0)
		return PD_OK;
	PD_CLEANUP(pd_buf_end) struct pd_buf b = { 0 };
	pd_buf_init(&b, PD_PAGE_TOKEN_MAX);
	if (token.n > PD_PAGE_TOKEN_MAX || !decode(token, &b))
		return pd_fail(err, PD_INVALID, "Invalid page token, could not base64-decode");
	PD_AUTO_JSON json_t *j = NULL;
	PD_CLEANUP(pd_buf_end) struct pd_buf repr = { 0 };
	pd_buf_init(&repr, PD_PAGE_TOKEN_MAX * 4);
	put_bytes(&repr, pd_buf_view(&b));
	if (pd_json_parse(pd_buf_view(&b), &j, NULL) != PD_OK || !json_is_object(j))
		return pd_fail(err, PD_INVALID, "Invalid page token, decoded value=%s", repr.p);
	const json_t *offset = json_object_get(j, "offset");
	struct pd_str text = pd_json_str(offset);
	double real = json_is_real(offset) ? json_real_value(offset) : 0;
	if (json_is_integer(offset) && json_integer_value(offset) != 0) {
		*out = json_integer_value(offset);
		return PD_OK;
	}
	if (real != 0 && real > -1e15 && real < 1e15) {
		*out = (int64_t)real;
		return PD_OK;
	}
	if (!json_is_string(offset) || text.n == 0) {
		pd_buf_clear(&repr);
		pd_buf_py_repr_value(&repr, j);
		return pd_fail(err, PD_INVALID, "Invalid page token, parsed value=%s", repr.p);
	}
	if (!pd_str_to_i64(pd_str_trim(text), out))
		return pd_fail(err, PD_INVALID, "Invalid page token, not stringable %.*s",
			       PD_STR_ARG(text));
	return PD_OK;
}

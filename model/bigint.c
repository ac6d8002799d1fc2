/* Integers beyond int64: only random generators' states have them, so they are kept as bytes. */
#include "model/node.h"

#define LIMBS_MAX 480 /* 32 bits each: more than PD_NODE_DIGITS_MAX digits need */

enum pd_code pd_node_long(struct pd_tree *t, struct pd_str bytes, size_t offset,
			  struct pd_node **out, struct pd_err *err)
{
	size_t n = bytes.n;
	const unsigned char *p = (const unsigned char *)bytes.p;
	while (n > 1 &&
	       ((p[n - 1] == 0 && p[n - 2] < 0x80) || (p[n - 1] == 0xff && p[n - 2] >= 0x80)))
		n--;
	if (n > 8) {
		PD_TRY(pd_node_new(t, PD_NODE_BIGINT, offset, out, err));
		(*out)->s = pd_str_of(bytes.p, n);
		return PD_OK;
	}
	uint64_t v = n && p[n - 1] >= 0x80 ? UINT64_MAX : 0;
	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return pd_node_int(t, (int64_t)v, offset, out, err);
}

/* limbs = limbs * factor + add; returns how many are in use now. */
static size_t limbs_step(uint32_t *limbs, size_t n, uint32_t factor, uint32_t add)
{
	uint64_t carry = add;
	for (size_t i = 0; i < n; i++) {
		carry += (uint64_t)limbs[i] * factor;
		limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry)
		limbs[n++] = (uint32_t)carry;
	return n;
}

static void limbs_negate(uint32_t *limbs, size_t n)
{
	uint64_t carry = 1;
	for (size_t i = 0; i < n; i++) {
		carry += (uint32_t)~limbs[i];
		limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/* Nine digits at a time: a file of many long numbers must not take quadratic time. */
static enum pd_code limbs_of(struct pd_str digits, uint32_t *limbs, size_t *out_n,
			     struct pd_err *err)
{
	size_t n = 0;
	if (!digits.n)
		return pd_fail(err, PD_CORRUPT, "an integer without digits");
	if (digits.n > PD_NODE_DIGITS_MAX)
		return pd_fail(err, PD_TOO_LARGE, "an integer of %zu digits", digits.n);
	for (size_t i = 0; i < digits.n;) {
		uint32_t chunk = 0;
		uint32_t factor = 1;
		for (; i < digits.n && factor < 1000000000; i++, factor *= 10) {
			if (digits.p[i] < '0' || digits.p[i] > '9')
				return pd_fail(err, PD_CORRUPT, "\"%.*s\" is not an integer",
					       PD_STR_ARG(pd_str_head(digits, 40)));
			chunk = chunk * 10 + (uint32_t)(digits.p[i] - '0');
		}
		n = limbs_step(limbs, n, factor, chunk);
	}
	*out_n = n;
	return PD_OK;
}

enum pd_code pd_node_decimal(struct pd_tree *t, struct pd_str text, size_t offset,
			     struct pd_node **out, struct pd_err *err)
{
	uint32_t limbs[LIMBS_MAX] = { 0 };
	size_t n = 0;
	char *bytes = NULL;
	bool negative = text.n && text.p[0] == '-';
	PD_TRY(limbs_of(pd_str_skip(text, negative), limbs, &n, err));
	n++; /* room for the sign */
	if (negative)
		limbs_negate(limbs, n);
	PD_TRY(pd_tree_alloc(t, n * 4, 1, &bytes, err));
	for (size_t i = 0; i < n * 4; i++)
		bytes[i] = (char)(limbs[i / 4] >> (8 * (i % 4)));
	return pd_node_long(t, pd_str_of(bytes, n * 4), offset, out, err);
}

#include "model/xgboost/ubjson.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/reader.h"

struct parser {
	struct pd_reader r;
	struct pd_arena *arena;
	unsigned depth;
};

static size_t width_of(char type)
{
	switch (type) {
	case 'i':
	case 'U':
		return 1;
	case 'I':
		return 2;
	case 'l':
	case 'd':
		return 4;
	case 'L':
	case 'D':
		return 8;
	default:
		return 0;
	}
}

static double number_at(char type, const unsigned char *p)
{
	uint64_t v = 0;
	float f;
	double d;
	for (size_t i = 0; i < width_of(type); i++)
		v = v << 8 | p[i];
	uint32_t low = (uint32_t)v;
	switch (type) {
	case 'i':
		return (double)(int8_t)v;
	case 'U':
		return (double)v;
	case 'I':
		return (double)(int16_t)v;
	case 'l':
		return (double)(int32_t)v;
	case 'L':
		return (double)(int64_t)v;
	case 'd':
		memcpy(&f, &low, sizeof(f));
		return (double)f;
	default:
		memcpy(&d, &v, sizeof(d));
		return d;
	}
}

static enum pd_code bad(const struct parser *p, const char *what, struct pd_err *err)
{
	return pd_fail(err, PD_CORRUPT, "offset %zu: %s", p->r.at, what);
}

static enum pd_code letter(struct parser *p, char *out, struct pd_err *err)
{
	uint8_t c = 0;
	do
		PD_TRY(pd_read_u8(&p->r, &c, err));
	while (c == 'N');
	*out = (char)c;
	return PD_OK;
}

static enum pd_code number(struct parser *p, char type, double *out, struct pd_err *err)
{
	struct pd_str bytes = { 0 };
	if (!width_of(type))
		return bad(p, "a number is wanted", err);
	PD_TRY(pd_read_bytes(&p->r, width_of(type), &bytes, err));
	*out = number_at(type, (const unsigned char *)bytes.p);
	return PD_OK;
}

/* A whole number with its letter: a length or a count, not beyond what is left of the file. */
static enum pd_code length(struct parser *p, char type, size_t *out, struct pd_err *err)
{
	double v = 0;
	if (type == 'd' || type == 'D')
		return bad(p, "a length is wanted", err);
	PD_TRY(number(p, type, &v, err));
	if (v < 0 || v > (double)pd_reader_left(&p->r))
		return bad(p, "a length beyond the end of the file", err);
	*out = (size_t)v;
	return PD_OK;
}

static enum pd_code text(struct parser *p, char type, struct pd_str *out, struct pd_err *err)
{
	size_t n = 0;
	PD_TRY(length(p, type, &n, err));
	return pd_read_bytes(&p->r, n, out, err);
}

static enum pd_code value(struct parser *p, char type, struct pd_xval *out, struct pd_err *err);

/* Room for one more of n items. */
static enum pd_code grow(struct parser *p, void **items, size_t n, size_t *cap, size_t size,
			 struct pd_err *err)
{
	void *bigger = NULL;
	if (n < *cap)
		return PD_OK;
	size_t more = *cap ? 2 * *cap : 4;
	PD_TRY(pd_arena_try(p->arena, more, size, &bigger, err));
	if (n)
		memcpy(bigger, *items, n * size);
	*items = bigger;
	*cap = more;
	return PD_OK;
}

static enum pd_code map(struct parser *p, struct pd_xval *out, struct pd_err *err)
{
	size_t n = 0, cap = 0;
	void *pairs = NULL;
	for (;;) {
		char c = 0;
		struct pd_xpair one = { 0 };
		PD_TRY(letter(p, &c, err));
		if (c == '}')
			break;
		PD_TRY(text(p, c, &one.key, err));
		PD_TRY(letter(p, &c, err));
		PD_TRY(value(p, c, &one.value, err));
		PD_TRY(grow(p, &pairs, n, &cap, sizeof(one), err));
		((struct pd_xpair *)pairs)[n++] = one;
	}
	*out = (struct pd_xval){ .kind = PD_XVAL_MAP, .n = n, .pairs = pairs };
	return PD_OK;
}

/* Behind "[$": letter, #, count. */
static enum pd_code packed(struct parser *p, struct pd_xval *out, struct pd_err *err)
{
	char type = 0, c = 0;
	size_t n = 0;
	struct pd_str bytes = { 0 };
	PD_TRY(letter(p, &type, err));
	PD_TRY(letter(p, &c, err));
	if (c != '#' || !width_of(type))
		return bad(p, "a packed array of no numbers", err);
	PD_TRY(letter(p, &c, err));
	PD_TRY(length(p, c, &n, err));
	PD_TRY(pd_read_bytes(&p->r, (uint64_t)n * width_of(type), &bytes, err));
	*out = (struct pd_xval){ .kind = PD_XVAL_PACKED,
				 .type = type,
				 .n = n,
				 .bytes = (const unsigned char *)bytes.p };
	return PD_OK;
}

static enum pd_code list(struct parser *p, struct pd_xval *out, struct pd_err *err)
{
	char c = 0;
	size_t n = 0, cap = 0, count = SIZE_MAX;
	void *items = NULL;
	PD_TRY(letter(p, &c, err));
	if (c == '$')
		return packed(p, out, err);
	if (c == '#') {
		PD_TRY(letter(p, &c, err));
		PD_TRY(length(p, c, &count, err));
		c = 0;
	}
	while (n < count) {
		struct pd_xval one = { 0 };
		if (n || count != SIZE_MAX)
			PD_TRY(letter(p, &c, err));
		if (count == SIZE_MAX && c == ']')
			break;
		PD_TRY(value(p, c, &one, err));
		PD_TRY(grow(p, &items, n, &cap, sizeof(one), err));
		((struct pd_xval *)items)[n++] = one;
	}
	*out = (struct pd_xval){ .kind = PD_XVAL_LIST, .n = n, .items = items };
	return PD_OK;
}

static enum pd_code value(struct parser *p, char type, struct pd_xval *out, struct pd_err *err)
{
	struct pd_str s = { 0 };
	char c = 0;
	*out = (struct pd_xval){ .kind = PD_XVAL_NULL };
	if (type == '{' || type == '[') {
		if (p->depth == PD_XVAL_DEPTH_MAX)
			return pd_fail(err, PD_TOO_LARGE, "offset %zu: nested more than %u deep",
				       p->r.at, PD_XVAL_DEPTH_MAX);
		p->depth++;
		PD_TRY(type == '{' ? map(p, out, err) : list(p, out, err));
		p->depth--;
		return PD_OK;
	}
	if (type == 'Z')
		return PD_OK;
	if (type == 'S') {
		PD_TRY(letter(p, &c, err));
		PD_TRY(text(p, c, &s, err));
		*out = (struct pd_xval){ .kind = PD_XVAL_TEXT, .n = s.n, .text = s.p };
		return PD_OK;
	}
	out->kind = PD_XVAL_NUMBER;
	out->f = type == 'T';
	return type == 'T' || type == 'F' ? PD_OK : number(p, type, &out->f, err);
}

/* ---- JSON */

static enum pd_code from_json(const json_t *j, struct pd_arena *arena, struct pd_xval *out,
			      struct pd_err *err)
{
	size_t i = 0;
	const char *key;
	const json_t *v;
	struct pd_str s = { 0 };
	*out = (struct pd_xval){ .kind = PD_XVAL_NULL };
	if (json_is_object(j)) {
		struct pd_xpair *pairs = NULL;
		PD_TRY(pd_arena_try(arena, json_object_size(j), sizeof(*pairs), &pairs, err));
		json_object_foreach((json_t *)j, key, v)
		{
			pairs[i].key = pd_arena_str(arena, pd_str_from(key));
			PD_TRY(from_json(v, arena, &pairs[i++].value, err));
		}
		*out = (struct pd_xval){ .kind = PD_XVAL_MAP, .n = i, .pairs = pairs };
	} else if (json_is_array(j)) {
		struct pd_xval *items = NULL;
		PD_TRY(pd_arena_try(arena, json_array_size(j), sizeof(*items), &items, err));
		json_array_foreach(j, i, v) PD_TRY(from_json(v, arena, &items[i], err));
		*out = (struct pd_xval){ .kind = PD_XVAL_LIST, .n = i, .items = items };
	} else if (json_is_string(j)) {
		s = pd_arena_str(arena, pd_json_str(j));
		*out = (struct pd_xval){ .kind = PD_XVAL_TEXT, .n = s.n, .text = s.p };
	} else if (!json_is_null(j)) {
		out->kind = PD_XVAL_NUMBER;
		out->f = json_is_boolean(j) ? json_is_true(j) : json_number_value(j);
	}
	return PD_OK;
}

enum pd_code pd_xval_read(struct pd_str bytes, struct pd_arena *arena, struct pd_xval *out,
			  struct pd_err *err)
{
	struct parser p = { .r = pd_reader_of(bytes.p, bytes.n), .arena = arena };
	PD_AUTO_JSON json_t *j = NULL;
	char c = 0;
	size_t at = 1;
	while (at < bytes.n && strchr(" \t\r\n", bytes.p[at]) && bytes.p[at])
		at++;
	if (at < bytes.n && bytes.p[0] == '{' && (bytes.p[at] == '"' || bytes.p[at] == '}')) {
		PD_TRY(pd_json_parse(bytes, &j, err));
		return from_json(j, arena, out, err);
	}
	PD_TRY(letter(&p, &c, err));
	PD_TRY(value(&p, c, out, err));
	return out->kind == PD_XVAL_MAP ? PD_OK : bad(&p, "not a model of XGBoost", err);
}

/* ---- reading */

const struct pd_xval *pd_xval_find(const struct pd_xval *m, const char *key)
{
	for (size_t i = 0; m && m->kind == PD_XVAL_MAP && i < m->n; i++)
		if (pd_str_eqz(m->pairs[i].key, key))
			return &m->pairs[i].value;
	return NULL;
}

size_t pd_xval_count(const struct pd_xval *l)
{
	return l && (l->kind == PD_XVAL_LIST || l->kind == PD_XVAL_PACKED) ? l->n : 0;
}

bool pd_xval_number(const struct pd_xval *l, size_t i, double *out)
{
	if (i >= pd_xval_count(l))
		return false;
	if (l->kind == PD_XVAL_PACKED) {
		*out = number_at(l->type, l->bytes + i * width_of(l->type));
		return true;
	}
	*out = l->items[i].f;
	return l->items[i].kind == PD_XVAL_NUMBER;
}

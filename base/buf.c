#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static char empty_text[1];

void pd_buf_init(struct pd_buf *b, size_t max)
{
	*b = (struct pd_buf){ .p = empty_text, .max = max };
}

void pd_buf_end(struct pd_buf *b)
{
	if (b->cap)
		free(b->p);
	*b = (struct pd_buf){ .p = empty_text };
}

void pd_buf_clear(struct pd_buf *b)
{
	b->n = 0;
	b->failed = PD_OK;
	if (b->cap)
		b->p[0] = '\0';
}

char *pd_buf_room(struct pd_buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->max || b->n > b->max - n) {
		b->failed = PD_TOO_LARGE;
		return NULL;
	}
	size_t need = b->n + n + 1;
	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : 64;
		while (cap < need)
			cap = cap < (size_t)1 << 62 ? cap * 2 : need;
		b->p = pd_xrealloc(b->cap ? b->p : NULL, cap);
		b->cap = cap;
		b->p[b->n] = '\0';
	}
	return b->p + b->n;
}

void pd_buf_wrote(struct pd_buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

void pd_buf_put(struct pd_buf *b, const void *p, size_t n)
{
	char *at = n ? pd_buf_room(b, n) : NULL;
	if (!at)
		return;
	memcpy(at, p, n);
	pd_buf_wrote(b, n);
}

void pd_buf_str(struct pd_buf *b, struct pd_str s)
{
	pd_buf_put(b, s.p, s.n);
}

void pd_buf_z(struct pd_buf *b, const char *z)
{
	pd_buf_put(b, z, strlen(z));
}

void pd_buf_char(struct pd_buf *b, char c)
{
	pd_buf_put(b, &c, 1);
}

void pd_buf_i64(struct pd_buf *b, int64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)v);
	pd_buf_put(b, text, (size_t)n);
}

void pd_buf_printf(struct pd_buf *b, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(text)) {
		pd_buf_put(b, text, (size_t)n);
	} else if (n > 0) {
		char *at = pd_buf_room(b, (size_t)n);
		if (at) {
			vsnprintf(at, (size_t)n + 1, fmt, again);
			pd_buf_wrote(b, (size_t)n);
		}
	}
	va_end(again);
}

static void put_escape(struct pd_buf *b, unsigned char c)
{
	static const char short_names[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
					    ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };
	if (c < sizeof(short_names) && short_names[c]) {
		pd_buf_char(b, '\\');
		pd_buf_char(b, short_names[c]);
	} else {
		pd_buf_printf(b, "\\u%04x", c);
	}
}

void pd_buf_json_str(struct pd_buf *b, struct pd_str s)
{
	pd_buf_char(b, '"');
	size_t from = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		pd_buf_put(b, s.p + from, i - from);
		put_escape(b, c);
		from = i + 1;
	}
	if (s.n > from)
		pd_buf_put(b, s.p + from, s.n - from);
	pd_buf_char(b, '"');
}

enum pd_code pd_buf_check(const struct pd_buf *b, const char *what, struct pd_err *err)
{
	if (!b->failed)
		return PD_OK;
	return pd_fail(err, b->failed, "%s is larger than %zu bytes", what, b->max);
}

char *pd_buf_take(struct pd_buf *b, size_t *out_n)
{
	char *p = b->cap ? b->p : pd_xcalloc(1, 1);
	if (out_n)
		*out_n = b->n;
	*b = (struct pd_buf){ .p = empty_text, .max = b->max };
	return p;
}

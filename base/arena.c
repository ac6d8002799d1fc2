#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#define ALIGN      16
#define CHUNK_MIN  ((size_t)8 << 10)
#define CHUNK_GROW ((size_t)1 << 20) /* chunks double up to this */

struct pd_arena_chunk {
	struct pd_arena_chunk *next;
	size_t size; /* bytes behind the header */
	size_t used;
	char pad[ALIGN - sizeof(size_t) * 3 % ALIGN];
};

struct pd_arena_defer {
	struct pd_arena_defer *next;
	void (*fn)(void *arg);
	void *arg;
};

/* A debug item is as long as it was asked for: one byte too many is seen. */
static size_t item_size(size_t n)
{
#ifdef PD_ARENA_DEBUG
	return n;
#else
	return (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
#endif
}

static char *chunk_data(struct pd_arena_chunk *c)
{
	return (char *)(c + 1);
}

static void run_defers(struct pd_arena *a)
{
	while (a->defers) {
		struct pd_arena_defer *d = a->defers;
		a->defers = d->next;
		d->fn(d->arg);
	}
}

void pd_arena_end(struct pd_arena *a)
{
	run_defers(a);
	for (struct pd_arena_chunk *c = a->chunks; c;) {
		struct pd_arena_chunk *next = c->next;
		free(c);
		c = next;
	}
	a->chunks = NULL;
	a->used = 0;
}

#ifdef PD_ARENA_DEBUG
void pd_arena_reset(struct pd_arena *a)
{
	pd_arena_end(a);
}
#else
void pd_arena_reset(struct pd_arena *a)
{
	run_defers(a);
	struct pd_arena_chunk *keep = a->chunks;
	if (!keep)
		return;
	for (struct pd_arena_chunk *c = keep->next; c;) {
		struct pd_arena_chunk *next = c->next;
		if (c->size > keep->size) {
			struct pd_arena_chunk *old = keep;
			keep = c;
			c = old;
		}
		free(c);
		c = next;
	}
	keep->next = NULL;
	keep->used = 0;
	a->chunks = keep;
	a->used = 0;
}
#endif

/* NULL when the system has no memory. */
static struct pd_arena_chunk *chunk_new(struct pd_arena *a, size_t need)
{
	size_t size = need;
#ifndef PD_ARENA_DEBUG
	size_t grow = a->chunks ? a->chunks->size * 2 : CHUNK_MIN;
	if (grow > CHUNK_GROW)
		grow = CHUNK_GROW;
	if (size < grow)
		size = grow;
#endif
	struct pd_arena_chunk *c = malloc(sizeof(*c) + size);
	if (!c)
		return NULL;
	*c = (struct pd_arena_chunk){ .next = a->chunks, .size = size };
	a->chunks = c;
	return c;
}

/* `size` is aligned already. */
static void *take(struct pd_arena *a, size_t size)
{
	struct pd_arena_chunk *c = a->chunks;
	if (!c || c->size - c->used < size)
		c = chunk_new(a, size);
	if (!c)
		return NULL;
	void *p = chunk_data(c) + c->used;
	c->used += size;
	a->used += size;
#ifdef PD_ARENA_DEBUG
	c->used = c->size;
#endif
	return p;
}

void *pd_arena_alloc(struct pd_arena *a, size_t size)
{
	void *p = size <= SIZE_MAX / 2 ? take(a, item_size(size)) : NULL;
	if (!p) {
		fputs("podium: out of memory\n", stderr);
		_Exit(1);
	}
	return p;
}

void *pd_arena_zalloc(struct pd_arena *a, size_t size)
{
	return memset(pd_arena_alloc(a, size), 0, size);
}

enum pd_code pd_arena_try(struct pd_arena *a, size_t n, size_t size, void *out_p,
			  struct pd_err *err)
{
	size_t bytes = 0;
	if (!pd_mul_size(n, size, &bytes) || bytes > SIZE_MAX / 2 ||
	    (a->limit && (bytes > a->limit || a->used > a->limit - bytes)))
		return pd_fail(err, PD_TOO_LARGE, "%zu items of %zu bytes pass the memory limit", n,
			       size);
	void *p = take(a, item_size(bytes));
	if (!p)
		return pd_fail(err, PD_NO_MEMORY, "no memory for %zu items of %zu bytes", n, size);
	memset(p, 0, bytes);
	memcpy(out_p, &p, sizeof(p));
	return PD_OK;
}

struct pd_str pd_arena_str(struct pd_arena *a, struct pd_str s)
{
	return (struct pd_str){ pd_arena_z(a, s), s.n };
}

char *pd_arena_z(struct pd_arena *a, struct pd_str s)
{
	char *z = pd_arena_alloc(a, s.n + 1);
	if (s.n)
		memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return z;
}

char *pd_arena_printf(struct pd_arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	size_t size = n < 0 ? 1 : (size_t)n + 1;
	char *z = pd_arena_alloc(a, size);
	z[0] = '\0';
	if (n > 0)
		vsnprintf(z, size, fmt, again);
	va_end(again);
	return z;
}

void pd_arena_defer(struct pd_arena *a, void (*fn)(void *arg), void *arg)
{
	struct pd_arena_defer *d = PD_ARENA_NEW(a, struct pd_arena_defer);
	*d = (struct pd_arena_defer){ .next = a->defers, .fn = fn, .arg = arg };
	a->defers = d;
}

/*
 * base/arena.h - memory that is released all at once: one arena per request, command or model.
 * Nothing in it is freed singly. pd_arena_defer registers handles that close with it, run in
 * reverse order. A zeroed struct is a valid empty arena. Not shared between threads while
 * allocating; what lies in it may be read by all.
 * With -DPD_ARENA_DEBUG (the sanitizer variants) every item is an allocation of its own, so that
 * memory checkers see overruns.
 */
#ifndef PD_BASE_ARENA_H
#define PD_BASE_ARENA_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct pd_arena_chunk;
struct pd_arena_defer;

struct pd_arena {
	struct pd_arena_chunk *chunks; /* newest first */
	struct pd_arena_defer *defers; /* newest first */
	size_t used;                   /* bytes handed out since the last reset */
	size_t limit;                  /* 0: none; only pd_arena_try looks at it */
};

void pd_arena_end(struct pd_arena *a);

/* Forget everything, run the deferred calls, keep the largest chunk for the next use. */
void pd_arena_reset(struct pd_arena *a);

/* Aligned to 16 bytes, not cleared; never NULL. For sizes that are ours. Size 0 is allowed. */
void *pd_arena_alloc(struct pd_arena *a, size_t size) __attribute__((returns_nonnull));
void *pd_arena_zalloc(struct pd_arena *a, size_t size) __attribute__((returns_nonnull));

/* For sizes that come from a file or a peer: n items of `size` bytes, cleared.
 * PD_TOO_LARGE: the product overflows or passes a->limit.  PD_NO_MEMORY. */
PD_MUST enum pd_code pd_arena_try(struct pd_arena *a, size_t n, size_t size, void *out_p,
				  struct pd_err *err);

/* Copies, with a NUL behind that is not counted. */
struct pd_str pd_arena_str(struct pd_arena *a, struct pd_str s);
char *pd_arena_z(struct pd_arena *a, struct pd_str s);
char *pd_arena_printf(struct pd_arena *a, const char *fmt, ...) PD_PRINTF(2, 3);

/* Call fn(arg) when the arena is reset or ended. */
void pd_arena_defer(struct pd_arena *a, void (*fn)(void *arg), void *arg);

#define PD_ARENA_NEW(a, type)      ((type *)pd_arena_zalloc((a), sizeof(type)))
#define PD_ARENA_ARRAY(a, type, n) ((type *)pd_arena_zalloc((a), sizeof(type) * (n)))

#endif

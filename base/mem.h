/*
 * base/mem.h - small fixed allocations that end the process when memory is gone, and checked
 * multiplication for sizes that come from a file or a peer.
 */
#ifndef PD_BASE_MEM_H
#define PD_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Never NULL; size 0 gives a pointer that can be freed. Release with free(). */
void *pd_xmalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *pd_xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
void *pd_xrealloc(void *p, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
char *pd_xstrdup(const char *z) __attribute__((malloc, returns_nonnull, nonnull));

/* *out = a * b; false on overflow, *out then unspecified. */
static inline bool pd_mul_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

#define PD_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif

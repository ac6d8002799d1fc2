/*
 * base/str.h - text that is read: a pointer and a length, borrowed, not NUL-terminated.
 * An empty string may have p == NULL. Text is UTF-8 unless a header says otherwise; what comes
 * from outside is checked with pd_utf8_check before it is stored.
 */
#ifndef PD_BASE_STR_H
#define PD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pd_str {
	const char *p;
	size_t n; /* bytes */
};

#define PD_STR(literal) ((struct pd_str){ "" literal, sizeof(literal) - 1 })
#define PD_STR_ARG(s)   (int)(s).n, (s).p ? (s).p : "" /* for "%.*s" */

static inline struct pd_str pd_str_from(const char *z)
{
	return (struct pd_str){ z, z ? strlen(z) : 0 };
}

static inline struct pd_str pd_str_of(const char *p, size_t n)
{
	return (struct pd_str){ p, n };
}

static inline bool pd_str_eq(struct pd_str a, struct pd_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool pd_str_eqz(struct pd_str a, const char *z)
{
	return pd_str_eq(a, pd_str_from(z));
}

/* Order of bytes; a prefix comes first. */
int pd_str_cmp(struct pd_str a, struct pd_str b);
bool pd_str_eq_nocase(struct pd_str a, struct pd_str b); /* ASCII letters only */
bool pd_str_starts(struct pd_str s, struct pd_str prefix);
bool pd_str_ends(struct pd_str s, struct pd_str suffix);

/* Offset of the first / last `c`, or -1. */
ptrdiff_t pd_str_find(struct pd_str s, char c);
ptrdiff_t pd_str_rfind(struct pd_str s, char c);

/* From `from` (clamped) to the end / to before `to` (clamped). */
struct pd_str pd_str_skip(struct pd_str s, size_t from);
struct pd_str pd_str_head(struct pd_str s, size_t to);

/* Split at the first `c`: *out_head before it, *out_tail behind it. False (head is all of s, tail
 * empty) when there is none. */
bool pd_str_split(struct pd_str s, char c, struct pd_str *out_head, struct pd_str *out_tail);

/* Without ASCII white space at both ends. */
struct pd_str pd_str_trim(struct pd_str s);

/* A heap copy with NUL behind; given, release with free(). */
char *pd_str_dup(struct pd_str s);

/* Whole decimal number in int64 range, nothing around it; false otherwise. */
bool pd_str_to_i64(struct pd_str s, int64_t *out);

/* Well-formed UTF-8 (no surrogates, no overlong forms, nothing above U+10FFFF). */
bool pd_utf8_check(struct pd_str s);

/* Write code point c (up to U+10FFFF; surrogates are let through) as UTF-8: 1 to 4 bytes. Returns
 * how many. */
size_t pd_utf8_put(char *p, uint32_t c);

/* Number of code points of well-formed UTF-8: MLflow's limits count characters, not bytes. */
size_t pd_utf8_chars(struct pd_str s);

/* Edit distance of two short names (up to 64 bytes; longer ones are far from anything), for
 * "did you mean". */
unsigned pd_str_distance(struct pd_str a, struct pd_str b);

#endif

/* Small texts of the filter language: names, quotes, and how Python would print them. */
#include "registry/check.h"
#include "registry/filter_internal.h"

#define TEXT_MAX 300 /* bytes of a filter that a message repeats */

bool pd_names_have(struct pd_names names, struct pd_str key)
{
	for (size_t i = 0; i < names.n; i++)
		if (pd_str_eqz(key, names.at[i]))
			return true;
	return false;
}

/* As Python prints a set or a list of texts. */
const char *pd_names_text(struct pd_filter_parser *p, struct pd_names names, char open, char close)
{
	struct pd_buf b;
	pd_buf_init(&b, PD_ERR_MAX);
	pd_buf_char(&b, open);
	for (size_t i = 0; i < names.n; i++)
		pd_buf_printf(&b, "%s'%s'", i ? ", " : "", names.at[i]);
	pd_buf_char(&b, close);
	const char *z = pd_arena_z(p->arena, pd_buf_view(&b));
	pd_buf_end(&b);
	return z;
}

static size_t whole_head(struct pd_str s, size_t keep)
{
	if (keep >= s.n)
		return s.n;
	while (keep > 0 && ((unsigned char)s.p[keep] & 0xc0) == 0x80)
		keep--;
	return keep;
}

struct pd_str pd_filter_cut(struct pd_str s)
{
	return pd_str_head(s, whole_head(s, TEXT_MAX));
}

struct pd_str pd_filter_upper(struct pd_arena *arena, struct pd_str s)
{
	char *z = pd_arena_z(arena, s);
	for (char *c = z; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - ('a' - 'A'));
	return pd_str_of(z, s.n);
}

struct pd_str pd_filter_unquote(struct pd_str s, char quote)
{
	if (s.n >= 2 && s.p[0] == quote && s.p[s.n - 1] == quote)
		return pd_str_of(s.p + 1, s.n - 2);
	return s;
}

const char *pd_filter_repr(struct pd_arena *arena, struct pd_str s)
{
	struct pd_buf b;
	pd_buf_init(&b, SIZE_MAX);
	pd_buf_py_repr(&b, pd_filter_cut(s));
	const char *z = pd_arena_z(arena, pd_buf_view(&b));
	pd_buf_end(&b);
	return z;
}

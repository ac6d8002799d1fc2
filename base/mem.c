#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *p)
{
	if (!p) {
		static const char text[] = "podium: out of memory\n";
		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			_exit(1);
		_exit(1);
	}
	return p;
}

void *pd_xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *pd_xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1));
}

void *pd_xrealloc(void *p, size_t size)
{
	return checked(realloc(p, size ? size : 1));
}

char *pd_xstrdup(const char *z)
{
	return checked(strdup(z));
}

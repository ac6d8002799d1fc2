#include "serve/mhd.h"

#include <assert.h>

#include "base/lib.h"
#include "base/mem.h"

struct pd_mhd pd_mhd;

enum pd_code pd_mhd_load(struct pd_err *err)
{
#define NAME(name) "MHD_" #name,
	static const char *const names[] = { PD_MHD_FUNCTIONS(NAME) };
#undef NAME
	static_assert(sizeof(pd_mhd) == PD_LEN(names) * sizeof(void *), "a slot for each name");
	return pd_lib_load("libmicrohttpd.so.12", names, PD_LEN(names), &pd_mhd, err);
}

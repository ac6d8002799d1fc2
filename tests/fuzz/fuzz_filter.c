/* Filters and orders of every search: the first byte picks which, the rest is the text. */
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "registry/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_filter filter = { 0 };
	struct pd_order order = { 0 };
	if (size == 0)
		return 0;
	enum pd_search search = (enum pd_search)(data[0] % 5);
	struct pd_str text = pd_str_of((const char *)data + 1, size - 1);
	if (pd_filter_parse(search, text, &arena, &filter, &err) == PD_OK && filter.n > size)
		__builtin_trap();
	if (search != PD_SEARCH_LOGGED_MODELS)
		(void)(pd_order_parse(search, text, &arena, &order, &err) == PD_OK);
	return 0;
}

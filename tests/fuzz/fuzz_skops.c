/* skops files: the archive, its JSON, its arrays. */
#include <stddef.h>
#include <stdint.h>

#include "model/skops.h"
#include "tests/fuzz/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_inflate inflate;
	struct pd_tree tree;
	pd_inflate_init(&inflate, &arena, size);
	pd_tree_init(&tree, &arena, size);
	if (pd_skops_decode(pd_str_of((const char *)data, size), NULL, &inflate, &tree, &err) ==
	    PD_OK)
		pd_walk(&tree);
	return 0;
}

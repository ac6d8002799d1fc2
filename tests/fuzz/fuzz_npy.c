/* .npy files; their headers are Python literals. */
#include <stddef.h>
#include <stdint.h>

#include "model/npy.h"
#include "tests/fuzz/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree;
	struct pd_array *a = NULL;
	struct pd_node *n = NULL;
	pd_tree_init(&tree, &arena, size);
	if (pd_npy_decode(&tree, pd_str_of((const char *)data, size), &a, &err) != PD_OK ||
	    pd_node_new(&tree, PD_NODE_ARRAY, 0, &n, &err) != PD_OK)
		return 0;
	n->arr = a;
	tree.root = n;
	pd_walk(&tree);
	return 0;
}

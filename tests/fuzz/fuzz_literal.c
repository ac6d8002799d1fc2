/* JSON as skops writes it, and Python literals as .npy headers hold them. */
#include <stddef.h>
#include <stdint.h>

#include "model/literal.h"
#include "tests/fuzz/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const uint8_t *data, size_t size, enum pd_literal grammar)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree;
	struct pd_str text = pd_str_of((const char *)data, size);
	pd_tree_init(&tree, &arena, size);
	if (pd_literal_parse(&tree, grammar, text, &tree.root, &err) == PD_OK)
		pd_walk(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse(data, size, PD_LITERAL_JSON);
	parse(data, size, PD_LITERAL_PYTHON);
	return 0;
}

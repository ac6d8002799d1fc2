/* Pickles of every protocol, once as a server reads them and once as an audit does. */
#include <stddef.h>
#include <stdint.h>

#include "model/pickle.h"
#include "tests/fuzz/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const uint8_t *data, size_t size, const struct pd_pickle_opts *opts)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree;
	struct pd_reader r = pd_reader_of(data, size);
	pd_tree_init(&tree, &arena, size);
	if (pd_pickle_decode(&r, opts, &tree, &err) == PD_OK)
		pd_walk(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PD_AUTO(pd_pickle_trace) trace = { 0 };
	const struct pd_pickle_opts audit = { .audit = true, .trace = &trace };
	decode(data, size, NULL);
	decode(data, size, &audit);
	return 0;
}

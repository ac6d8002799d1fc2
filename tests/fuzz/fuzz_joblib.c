/* joblib files, compressed ones too. */
#include <stddef.h>
#include <stdint.h>

#include "model/joblib.h"
#include "tests/fuzz/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_inflate inflate;
	struct pd_tree tree;
	struct pd_str bytes = pd_str_of((const char *)data, size);
	pd_inflate_init(&inflate, &arena, size);
	if (pd_joblib_compression(bytes) &&
	    pd_joblib_expand(&inflate, bytes, &bytes, &err) != PD_OK)
		return 0;
	struct pd_reader r = pd_reader_of(bytes.p, bytes.n);
	pd_tree_init(&tree, &arena, bytes.n);
	if (pd_pickle_decode(&r, NULL, &tree, &err) == PD_OK)
		pd_walk(&tree);
	return 0;
}

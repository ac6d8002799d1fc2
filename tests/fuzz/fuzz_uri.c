/*
 * Any bytes are either a URI whose parts lie within it, or refused with a line that says why. A
 * path below a run or a model never leaves it.
 */
#include <assert.h>

#include "base/file.h"
#include "registry/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_arena arena = { 0 };
	struct pd_err err = { 0 };
	struct pd_uri u;
	if (pd_uri_parse(pd_str_of((const char *)data, size), &arena, &u, &err) != PD_OK) {
		assert(err.text[0]);
	} else {
		assert(pd_utf8_check(u.path));
		bool below = u.kind != PD_URI_PATH && u.kind != PD_URI_OTHER;
		assert(!below || !u.path.n || pd_path_is_safe(u.path));
		assert(u.kind != PD_URI_RUN || u.run_id.n);
		assert(!u.name.n || u.selector.n);
	}
	pd_arena_end(&arena);
	return 0;
}

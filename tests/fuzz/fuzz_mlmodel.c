/* MLmodel files and the signatures in them. */
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "model/mlmodel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_mlmodel *m = NULL;
	if (pd_mlmodel_parse(pd_str_of((const char *)data, size), &arena, &m, &err) == PD_OK)
		(void)pd_mlmodel_value(pd_mlmodel_flavor(m, "sklearn"), "code");
	return 0;
}

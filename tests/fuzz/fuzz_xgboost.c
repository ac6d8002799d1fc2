/* XGBoost's UBJSON and JSON: values, trees, and a row through what was read. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "model/xgboost/learner.h"

#define COLUMNS_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena)
	arena = { .limit = (size_t)64 << 20 };
	struct pd_xgb m;
	if (pd_xgb_read(&m, pd_str_of((const char *)data, size), true, &arena, &arena, &err) !=
		    PD_OK ||
	    m.n_columns > COLUMNS_MAX)
		return 0;
	double *x = PD_ARENA_ARRAY(&arena, double, m.n_columns);
	uint32_t *leaf = PD_ARENA_ARRAY(&arena, uint32_t, m.trees.n_trees);
	float *out = PD_ARENA_ARRAY(&arena, float, m.n_groups);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < m.n_columns; i++)
			x[i] = round == 2 ? (double)NAN : round ? 1e30 : (double)i - 1;
		pd_xgb_margins(&m, x, round == 2, leaf, out);
		pd_xgb_link_row(&m, out);
	}
	return 0;
}

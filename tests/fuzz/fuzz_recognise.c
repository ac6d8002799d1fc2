/* Pickles that decode, as models: what the recognisers let through must predict without harm. */
#include <math.h>

#include "base/auto.h"
#include "model/model.h"
#include "model/pickle.h"

#define ROWS      9
#define WIDTH_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(struct pd_frame *f, size_t n_cols, struct pd_arena *arena)
{
	f->n_cols = n_cols;
	f->cols = PD_ARENA_ARRAY(arena, struct pd_col, n_cols);
	for (size_t i = 0; i < n_cols; i++) {
		double *v = PD_ARENA_ARRAY(arena, double, ROWS);
		for (size_t r = 0; r < ROWS; r++)
			v[r] = r == 7 ? NAN : (double)(r * i) - 4.5;
		f->cols[i] = (struct pd_col){ .kind = PD_COL_F64, .f = v };
	}
}

static void fill_dict(struct pd_frame *f, struct pd_arena *arena)
{
	struct pd_str *text = PD_ARENA_ARRAY(arena, struct pd_str, ROWS);
	for (size_t r = 0; r < ROWS; r++)
		text[r] = r % 2 ? PD_STR("x") : PD_STR("y");
	fill(f, 2, arena);
	f->named = true;
	f->cols[0].name = PD_STR("n");
	f->cols[1] = (struct pd_col){ .kind = PD_COL_STR, .name = PD_STR("k"), .s = text };
}

static void predict(const struct pd_tree *tree, const char *method)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_model *m = NULL;
	struct pd_err err = { 0 };
	struct pd_result result = { 0 };
	struct pd_frame f = { .n_rows = ROWS, .n_dims = 2 };
	struct pd_model_opts opts = { .method = method };
	const struct pd_str *names = NULL;
	if (pd_model_of_tree(tree, &opts, &m, &err) != PD_OK)
		return;
	size_t n_cols = pd_model_features(m, &names);
	if (pd_model_takes_dicts(m))
		fill_dict(&f, &arena);
	else if (n_cols <= WIDTH_MAX)
		fill(&f, n_cols, &arena);
	for (f.n_rows = ROWS; f.n_rows && f.n_cols; f.n_rows--) /* with and without the NaN row */
		if (pd_model_predict(m, &f, &arena, &result, &err) == PD_OK && result.n_rows > ROWS)
			abort();
	pd_model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_err err = { 0 };
	struct pd_tree tree;
	struct pd_reader r = pd_reader_of(data, size);
	pd_tree_init(&tree, &arena, size);
	if (pd_pickle_decode(&r, NULL, &tree, &err) != PD_OK)
		return 0;
	predict(&tree, NULL);
	predict(&tree, "predict_proba");
	predict(&tree, "transform");
	return 0;
}

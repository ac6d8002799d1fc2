/*
 * predict_file MODEL METHOD < rows.json - a model's answers without a server around it.
 * stdin: {"columns": [...], "data": [[...], ...]} (a table), [{...}, ...] (one dict a row) or
 * [[...], ...] (no names). stdout: a JSON object with the kind and the values, reals as
 * Python's json prints them. METHOD "-": the model's own choice.
 * With a fourth argument N: the time of one prediction over N rounds, in nanoseconds, on stderr.
 */
#include <time.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/num.h"
#include "model/model.h"

static struct pd_cell cell_of(const json_t *j, struct pd_arena *arena)
{
	if (json_is_boolean(j))
		return (struct pd_cell){ .kind = PD_CELL_BOOL, .i = json_is_true(j) };
	if (json_is_integer(j))
		return (struct pd_cell){ .kind = PD_CELL_I64, .i = json_integer_value(j) };
	if (json_is_real(j))
		return (struct pd_cell){ .kind = PD_CELL_F64, .f = json_real_value(j) };
	if (json_is_string(j))
		return (struct pd_cell){ .kind = PD_CELL_STR, .s = pd_json_str(j) };
	if (!json_is_array(j))
		return (struct pd_cell){ .kind = json_is_object(j) ? PD_CELL_MAP : PD_CELL_NULL };
	size_t n = json_array_size(j);
	struct pd_cell *items = PD_ARENA_ARRAY(arena, struct pd_cell, n);
	for (size_t i = 0; i < n; i++)
		items[i] = cell_of(json_array_get(j, i), arena);
	return (struct pd_cell){ .kind = PD_CELL_LIST, .items = items, .n_items = n };
}

static void add_column(struct pd_frame *f, struct pd_str name, struct pd_arena *arena)
{
	struct pd_cell *cells = PD_ARENA_ARRAY(arena, struct pd_cell, f->n_rows);
	f->cols[f->n_cols++] = (struct pd_col){ .name = name, .kind = PD_COL_ANY, .v = cells };
}

static void fill_table(struct pd_frame *f, const json_t *columns, const json_t *data,
		       struct pd_arena *arena)
{
	size_t n = columns ? json_array_size(columns) : json_array_size(json_array_get(data, 0));
	f->n_rows = json_array_size(data);
	f->named = columns != NULL;
	f->cols = PD_ARENA_ARRAY(arena, struct pd_col, n);
	for (size_t c = 0; c < n; c++) {
		add_column(f, pd_json_str(json_array_get(columns, c)), arena);
		for (size_t r = 0; r < f->n_rows; r++)
			f->cols[c].v[r] = cell_of(json_array_get(json_array_get(data, r), c),
						  arena);
	}
}

static void fill_dicts(struct pd_frame *f, const json_t *rows, struct pd_arena *arena)
{
	size_t r, n = 0;
	json_t *row, *value;
	const char *key;
	f->n_rows = json_array_size(rows);
	f->named = true;
	json_array_foreach(rows, r, row) n += json_object_size(row);
	f->cols = PD_ARENA_ARRAY(arena, struct pd_col, n);
	json_array_foreach(rows, r, row)
	{
		json_object_foreach(row, key, value)
		{
			ptrdiff_t at = pd_frame_find(f, pd_str_from(key));
			if (at < 0) {
				at = (ptrdiff_t)f->n_cols;
				add_column(f, pd_str_from(key), arena);
			}
			f->cols[at].v[r] = cell_of(value, arena);
		}
	}
}

static void print_value(const struct pd_result *r, size_t i)
{
	PD_AUTO(pd_buf) text = { 0 };
	char number[PD_NUM_F64_MAX];
	switch (r->kind) {
	case PD_RESULT_I64:
		printf("%lld", (long long)r->i[i]);
		return;
	case PD_RESULT_BOOL:
		printf(r->b[i] ? "true" : "false");
		return;
	case PD_RESULT_STR:
		pd_buf_init(&text, 1 << 20);
		pd_buf_json_str(&text, r->s[i]);
		printf("%s", text.p);
		return;
	default:
		(void)pd_f64_format_json(r->f[i], number);
		printf("%s", number);
	}
}

static void print_result(const struct pd_result *r)
{
	static const char *const kinds[] = { "f64", "f32", "i64", "bool", "str" };
	printf("{\"kind\": \"%s\", \"values\": [", kinds[r->kind]);
	for (size_t i = 0; i < r->n_rows; i++) {
		printf("%s%s", i ? ", " : "", r->flat ? "" : "[");
		for (size_t k = 0; k < r->n_cols; k++) {
			printf("%s", k ? ", " : "");
			print_value(r, i * r->n_cols + k);
		}
		printf("%s", r->flat ? "" : "]");
	}
	printf("]}\n");
}

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static enum pd_code measure(const struct pd_model *m, const struct pd_frame *f, long long rounds,
			    struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_result r = { 0 };
	double start = now_ns();
	for (long long i = 0; i < rounds; i++) {
		pd_arena_reset(&arena);
		PD_TRY(pd_model_predict(m, f, &arena, &r, err));
	}
	fprintf(stderr, "%.0f ns a round of %zu rows\n", (now_ns() - start) / (double)rounds,
		f->n_rows);
	return PD_OK;
}

static enum pd_code run(int argc, char **argv, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_buf) text = { 0 };
	PD_AUTO_JSON json_t *rows = NULL;
	struct pd_model_opts opts = { .method = strcmp(argv[2], "-") ? argv[2] : NULL };
	struct pd_model *m = NULL;
	struct pd_frame f = { .n_dims = 2 };
	struct pd_result r = { 0 };
	int64_t rounds = 0;
	double start = now_ns();
	PD_TRY(pd_model_load(argv[1], &opts, &m, err));
	double loaded = now_ns() - start;
	pd_buf_init(&text, (size_t)1 << 30);
	enum pd_code code = pd_fd_read(&text, 0, "stdin", err);
	if (code == PD_OK)
		code = pd_json_parse(pd_buf_view(&text), &rows, err);
	if (code == PD_OK) {
		if (json_is_object(rows))
			fill_table(&f, json_object_get(rows, "columns"),
				   json_object_get(rows, "data"), &arena);
		else if (json_is_object(json_array_get(rows, 0)))
			fill_dicts(&f, rows, &arena);
		else
			fill_table(&f, NULL, rows, &arena);
		code = pd_model_predict(m, &f, &arena, &r, err);
	}
	if (code == PD_OK)
		print_result(&r);
	if (code == PD_OK && argc > 3 && pd_str_to_i64(pd_str_from(argv[3]), &rounds)) {
		fprintf(stderr, "loaded in %.2f ms\n", loaded / 1e6);
		code = measure(m, &f, rounds, err);
	}
	pd_model_free(m);
	return code;
}

int main(int argc, char **argv)
{
	struct pd_err err = { 0 };
	if (argc < 3) {
		fprintf(stderr, "usage: predict_file MODEL METHOD [ROUNDS] < rows.json\n");
		return 2;
	}
	if (run(argc, argv, &err) != PD_OK) {
		fprintf(stderr, "%s: %s\n", pd_code_name(err.code), err.text);
		return 1;
	}
	return 0;
}

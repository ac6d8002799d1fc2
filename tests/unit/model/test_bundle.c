#include "tests/unit/pd_test.h"

#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "model/bundle.h"
#include "model/mlmodel.h"

static void read_back(const char *dir, struct pd_arena *arena, struct pd_mlmodel **out)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(dir, "MLmodel");
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 1 << 16);
	assert_ok(pd_file_read(&b, path, &err));
	assert_ok(pd_mlmodel_parse(pd_arena_str(arena, pd_buf_view(&b)), arena, out, &err));
}

PD_TEST(stamping_replaces_the_owner_and_keeps_the_rest)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	const char *dir = pd_test_dir();
	PD_AUTO_FREE char *path = pd_path_join(dir, "MLmodel");
	assert_ok(pd_file_put(
		path, PD_STR("run_id:\n  old\nflavors:\n  sklearn: {code: x}\nmodel_id: null\n"),
		&err));
	struct pd_bundle_opts opts = { .run_id = "new: \"run\"", .model_id = "m-7" };
	assert_ok(pd_bundle_stamp(dir, &opts, &err));
	struct pd_mlmodel *m = NULL;
	read_back(dir, &a, &m);
	assert_str_is(m->run_id, "new: \"run\"");
	assert_str_is(m->model_id, "m-7");
	assert_str_is(pd_mlmodel_value(pd_mlmodel_flavor(m, "sklearn"), "code"), "x");
	assert_int_equal(m->artifact_path.n, 0);
}

PD_TEST(what_is_no_model_leaves_no_folder)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *file = pd_path_join(pd_test_dir(), "x.pkl");
	PD_AUTO_FREE char *dir = pd_path_join(pd_test_dir(), "out");
	struct pd_bundle_opts opts = { 0 };
	assert_ok(pd_file_put(file, PD_STR("\x80\x04N."), &err));
	assert_code(pd_bundle_write(file, dir, &opts, &err), PD_UNSUPPORTED);
	assert_non_null(strstr(err.text, "holds no estimator"));
	assert_ok(pd_file_put(file, PD_STR("cos\nsystem\n(S'true'\ntR."), &err));
	assert_code(pd_bundle_write(file, dir, &opts, &err), PD_DENIED);
	assert_false(pd_path_exists(dir));
}

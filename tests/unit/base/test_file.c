#include "tests/unit/pd_test.h"

#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"

PD_TEST(a_file_appears_only_when_committed)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(pd_test_dir(), "x");
	{
		PD_AUTO(pd_file_out) f = { 0 };
		assert_ok(pd_file_out_begin(&f, path, 0666, &err));
		assert_ok(pd_file_out_write(&f, "abc", 3, &err));
		assert_false(pd_path_exists(path));
	}
	assert_false(pd_path_exists(path));
	assert_ok(pd_file_put(path, PD_STR("abc"), &err));
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 3);
	assert_ok(pd_file_read(&b, path, &err));
	assert_string_equal(b.p, "abc");
	pd_buf_end(&b);
	pd_buf_init(&b, 2);
	assert_code(pd_file_read(&b, path, &err), PD_TOO_LARGE);
}

PD_TEST(a_directory_is_not_a_file)
{
	struct pd_err err = { 0 };
	struct pd_file_map m = { 0 };
	const char *dir = pd_test_dir();
	assert_code(pd_file_map_open(&m, dir, 100, &err), PD_INVALID);
	assert_non_null(strstr(err.text, "is a directory"));
	PD_AUTO_FREE char *none = pd_path_join(dir, "none");
	assert_code(pd_file_map_open(&m, none, 100, &err), PD_NOT_FOUND);
}

PD_TEST(paths_that_climb_are_not_safe)
{
	assert_true(pd_path_is_safe(PD_STR("a/b.txt")));
	assert_false(pd_path_is_safe(PD_STR("")));
	assert_false(pd_path_is_safe(PD_STR("/a")));
	assert_false(pd_path_is_safe(PD_STR("a//b")));
	assert_false(pd_path_is_safe(PD_STR("a/../b")));
	assert_false(pd_path_is_safe(PD_STR("..")));
	assert_false(pd_path_is_safe(PD_STR("a\\..\\b")));
}

PD_TEST(absolute_paths_are_folded)
{
	PD_AUTO_FREE char *p = pd_path_absolute("/a/./b//../c/");
	assert_string_equal(p, "/a/c");
	PD_AUTO_FREE char *top = pd_path_absolute("/../..");
	assert_string_equal(top, "/");
}

PD_TEST(folders_are_made_and_removed_whole)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *deep = pd_path_join(pd_test_dir(), "a/b/c");
	assert_ok(pd_dir_make(deep, &err));
	assert_ok(pd_dir_make(deep, &err));
	assert_true(pd_path_is_dir(deep));
	PD_AUTO_FREE char *file = pd_path_join(deep, "f");
	assert_ok(pd_file_put(file, PD_STR("1"), &err));
	PD_AUTO_FREE char *below = pd_path_join(file, "g");
	assert_code(pd_dir_make(below, &err), PD_EXISTS);
	assert_ok(pd_tree_remove(deep, &err));
	assert_false(pd_path_exists(deep));
	assert_ok(pd_tree_remove(deep, &err));
}

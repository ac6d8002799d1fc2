#include "tests/unit/pd_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/artifact.h"

/* A store at DIR/store with MLmodel, data/model.pkl and data/deep/x.txt; an empty DIR/out. */
struct fixture {
	char *dir;
	char *root;
	char *out;
	struct pd_artifacts *a;
	struct pd_arena arena;
	struct pd_err err;
};

static void write_file(const char *dir, const char *rel, const char *text)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(dir, rel);
	PD_AUTO_FREE char *parent = pd_xstrdup(path);
	*strrchr(parent, '/') = '\0';
	assert_ok(pd_dir_make(parent, &err));
	assert_ok(pd_file_put(path, pd_str_from(text), &err));
}

static void assert_file(const char *dir, const char *rel, const char *text)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(dir, rel);
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 1000);
	if (pd_file_read(&b, path, &err) != PD_OK)
		fail_msg("%s", err.text);
	assert_string_equal(b.p, text);
}

static bool there(const char *dir, const char *rel)
{
	PD_AUTO_FREE char *path = pd_path_join(dir, rel);
	return pd_path_exists(path);
}

/* Names in a folder, hidden ones too. */
static size_t n_names(const char *path)
{
	size_t n = 0;
	PD_AUTO_DIR DIR *dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n - 2;
}

static void link_to(const char *dir, const char *rel, const char *target)
{
	PD_AUTO_FREE char *path = pd_path_join(dir, rel);
	assert_int_equal(symlink(target, path), 0);
}

static void fixture_init(struct fixture *fx)
{
	*fx = (struct fixture){ 0 };
	PD_AUTO_FREE char *prefix = pd_path_join(pd_test_dir(), "artifact");
	assert_ok(pd_dir_temp(prefix, &fx->dir, &fx->err));
	fx->root = pd_path_join(fx->dir, "store");
	fx->out = pd_path_join(fx->dir, "out");
	write_file(fx->root, "MLmodel", "flavors: {}\n");
	write_file(fx->root, "data/model.pkl", "pickle");
	write_file(fx->root, "data/deep/x.txt", "x");
	assert_ok(pd_dir_make(fx->out, &fx->err));
	assert_ok(pd_artifacts_open(NULL, pd_str_from(fx->root), &fx->a, &fx->err));
}

static void fixture_end(struct fixture *fx)
{
	pd_artifacts_close(fx->a);
	pd_arena_end(&fx->arena);
	free(fx->dir);
	free(fx->root);
	free(fx->out);
}

#define WITH_STORE                                                                                 \
	__attribute__((cleanup(fixture_end))) struct fixture fx;                                   \
	fixture_init(&fx)

PD_TEST(a_listing_is_sorted_and_one_level_deep_or_whole)
{
	WITH_STORE;
	struct pd_artifact_list l;
	assert_ok(pd_artifacts_list(fx.a, PD_STR(""), false, &fx.arena, &l, &fx.err));
	assert_int_equal(l.n, 2);
	assert_str_is(l.items[0].path, "MLmodel");
	assert_int_equal(l.items[0].size_bytes, 12);
	assert_str_is(l.items[1].path, "data");
	assert_true(l.items[1].is_dir);
	assert_ok(pd_artifacts_list(fx.a, PD_STR("data"), false, &fx.arena, &l, &fx.err));
	assert_int_equal(l.n, 2);
	assert_str_is(l.items[0].path, "data/deep");
	assert_ok(pd_artifacts_list(fx.a, PD_STR(""), true, &fx.arena, &l, &fx.err));
	assert_int_equal(l.n, 5);
	assert_str_is(l.items[3].path, "data/deep/x.txt");
	assert_ok(pd_artifacts_list(fx.a, PD_STR("MLmodel"), false, &fx.arena, &l, &fx.err));
	assert_int_equal(l.n, 0);
	assert_code(pd_artifacts_list(fx.a, PD_STR("no"), false, &fx.arena, &l, &fx.err),
		    PD_NOT_FOUND);
}

PD_TEST(a_folder_is_fetched_by_its_contents_and_a_file_by_its_name)
{
	WITH_STORE;
	struct pd_transfer t = { 0 };
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, &t, &fx.err));
	assert_file(fx.out, "MLmodel", "flavors: {}\n");
	assert_file(fx.out, "data/deep/x.txt", "x");
	assert_int_equal(t.done.files_done, 3);
	assert_int_equal(t.done.bytes_done, 19);
	assert_int_equal(n_names(fx.out), 2);
	PD_AUTO_FREE char *one = pd_path_join(fx.dir, "new/one");
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR("data/model.pkl"), one, NULL, &fx.err));
	assert_file(one, "model.pkl", "pickle");
	assert_int_equal(n_names(one), 1);
}

PD_TEST(what_is_there_and_the_same_is_not_moved_again)
{
	WITH_STORE;
	struct pd_transfer t = { 0 };
	write_file(fx.out, "MLmodel", "flavors: {}\n");
	write_file(fx.out, "data/model.pkl", "older!");
	write_file(fx.out, "mine.txt", "mine");
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, &t, &fx.err));
	assert_int_equal(t.n_skipped, 1);
	assert_int_equal(t.done.files_done, 2);
	assert_file(fx.out, "data/model.pkl", "pickle");
	assert_file(fx.out, "mine.txt", "mine");
	t = (struct pd_transfer){ 0 };
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, &t, &fx.err));
	assert_int_equal(t.n_skipped, 3);
	assert_int_equal(t.done.files_done, 0);
}

PD_TEST(a_folder_where_a_file_is_meant_leaves_all_as_it_was)
{
	WITH_STORE;
	write_file(fx.out, "data/model.pkl/in/the/way", "x");
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err), PD_EXISTS);
	assert_non_null(strstr(fx.err.text, "data/model.pkl: a folder"));
	assert_false(there(fx.out, "MLmodel"));
	assert_int_equal(n_names(fx.out), 1);
	PD_AUTO_FREE char *file = pd_path_join(fx.root, "MLmodel");
	assert_code(pd_artifacts_fetch(fx.a, PD_STR("data"), file, NULL, &fx.err), PD_EXISTS);
}

PD_TEST(a_file_where_a_folder_is_meant_leaves_all_as_it_was)
{
	WITH_STORE;
	write_file(fx.out, "data", "x");
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err), PD_EXISTS);
	assert_file(fx.out, "data", "x");
	assert_int_equal(n_names(fx.out), 1);
}

PD_TEST(links_inside_the_root_are_followed)
{
	WITH_STORE;
	link_to(fx.root, "data/again", "../MLmodel");
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err));
	assert_file(fx.out, "data/again", "flavors: {}\n");
	PD_AUTO_FREE char *copy = pd_path_join(fx.out, "data/again");
	struct stat st;
	assert_int_equal(lstat(copy, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

PD_TEST(links_out_of_the_root_are_refused)
{
	WITH_STORE;
	write_file(fx.dir, "secret/key", "s3cret");
	link_to(fx.root, "data/leak", "../../secret");
	struct pd_artifact_list l;
	struct pd_artifact one;
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 100);
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err), PD_DENIED);
	assert_int_equal(n_names(fx.out), 0);
	assert_code(pd_artifacts_fetch(fx.a, PD_STR("data/leak/key"), fx.out, NULL, &fx.err),
		    PD_DENIED);
	assert_code(pd_artifacts_list(fx.a, PD_STR("data/leak"), false, &fx.arena, &l, &fx.err),
		    PD_DENIED);
	assert_code(pd_artifacts_stat(fx.a, PD_STR("data/leak/key"), &fx.arena, &one, &fx.err),
		    PD_DENIED);
	assert_code(pd_artifacts_read(fx.a, PD_STR("data/leak/key"), 0, 10, &b, &fx.err),
		    PD_DENIED);
	PD_AUTO_FREE char *local = pd_path_join(fx.root, "MLmodel");
	assert_code(pd_artifacts_put(fx.a, local, PD_STR("data/leak/new/x"), NULL, &fx.err),
		    PD_DENIED);
	assert_code(pd_artifacts_remove(fx.a, PD_STR("data/leak/key"), false, &fx.err), PD_DENIED);
	assert_file(fx.dir, "secret/key", "s3cret");
}

PD_TEST(links_in_a_circle_are_refused)
{
	WITH_STORE;
	link_to(fx.root, "data/up", "..");
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err), PD_INVALID);
	assert_non_null(strstr(fx.err.text, "circle"));
	assert_int_equal(n_names(fx.out), 0);
}

PD_TEST(a_link_to_nothing_is_named)
{
	WITH_STORE;
	link_to(fx.root, "data/gone", "nowhere");
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err), PD_NOT_FOUND);
	assert_non_null(strstr(fx.err.text, "data/gone"));
}

PD_TEST(pipes_and_odd_names_are_refused)
{
	WITH_STORE;
	PD_AUTO_FREE char *pipe = pd_path_join(fx.root, "data/pipe");
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err), PD_INVALID);
	assert_int_equal(unlink(pipe), 0);
	write_file(fx.root, "data/\xff\xfe", "x");
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err), PD_INVALID);
	assert_int_equal(n_names(fx.out), 0);
}

PD_TEST(paths_that_climb_are_refused_by_every_call)
{
	WITH_STORE;
	struct pd_artifact one;
	struct pd_artifact_list l;
	static const char *const bad[] = { "..",   "../x", "/etc/passwd", "data/../MLmodel",
					   "a//b", "a\\b" };
	for (size_t i = 0; i < PD_LEN(bad); i++) {
		struct pd_str path = pd_str_from(bad[i]);
		assert_code(pd_artifacts_stat(fx.a, path, &fx.arena, &one, &fx.err), PD_INVALID);
		assert_code(pd_artifacts_list(fx.a, path, true, &fx.arena, &l, &fx.err),
			    PD_INVALID);
		assert_code(pd_artifacts_fetch(fx.a, path, fx.out, NULL, &fx.err), PD_INVALID);
		assert_code(pd_artifacts_put(fx.a, fx.out, path, NULL, &fx.err), PD_INVALID);
		assert_code(pd_artifacts_remove(fx.a, path, true, &fx.err), PD_INVALID);
	}
}

PD_TEST(files_and_folders_are_put_below_the_root)
{
	WITH_STORE;
	write_file(fx.out, "a.txt", "a");
	write_file(fx.out, "b/c.txt", "c");
	PD_AUTO_FREE char *file = pd_path_join(fx.out, "a.txt");
	assert_ok(pd_artifacts_put(fx.a, file, PD_STR("new/name.txt"), NULL, &fx.err));
	assert_file(fx.root, "new/name.txt", "a");
	assert_ok(pd_artifacts_put(fx.a, fx.out, PD_STR("tree"), NULL, &fx.err));
	assert_file(fx.root, "tree/b/c.txt", "c");
	assert_ok(pd_artifacts_put(fx.a, fx.out, PD_STR(""), NULL, &fx.err));
	assert_file(fx.root, "b/c.txt", "c");
	assert_int_equal(n_names(fx.root), 6);
	PD_AUTO_FREE char *none = pd_path_join(fx.out, "none");
	assert_code(pd_artifacts_put(fx.a, none, PD_STR("x"), NULL, &fx.err), PD_NOT_FOUND);
}

PD_TEST(a_root_is_made_by_the_first_put)
{
	WITH_STORE;
	struct pd_artifacts *a = NULL;
	struct pd_artifact one;
	PD_AUTO_FREE char *root = pd_path_join(fx.dir, "x/y/z");
	PD_AUTO_FREE char *local = pd_path_join(fx.root, "MLmodel");
	assert_ok(pd_artifacts_open(NULL, pd_str_from(root), &a, &fx.err));
	assert_code(pd_artifacts_stat(a, PD_STR(""), &fx.arena, &one, &fx.err), PD_NOT_FOUND);
	assert_ok(pd_artifacts_put(a, local, PD_STR("m/MLmodel"), NULL, &fx.err));
	assert_file(root, "m/MLmodel", "flavors: {}\n");
	assert_int_equal(n_names(root), 1);
	pd_artifacts_close(a);
}

PD_TEST(removing_a_folder_must_be_meant)
{
	WITH_STORE;
	assert_code(pd_artifacts_remove(fx.a, PD_STR("data"), false, &fx.err), PD_INVALID);
	assert_ok(pd_artifacts_remove(fx.a, PD_STR("MLmodel"), false, &fx.err));
	assert_code(pd_artifacts_remove(fx.a, PD_STR("MLmodel"), false, &fx.err), PD_NOT_FOUND);
	assert_ok(pd_artifacts_remove(fx.a, PD_STR("data"), true, &fx.err));
	assert_int_equal(n_names(fx.root), 0);
}

PD_TEST(removing_a_link_leaves_what_it_points_to)
{
	WITH_STORE;
	write_file(fx.dir, "other/x", "x");
	link_to(fx.root, "out", "../other");
	assert_ok(pd_artifacts_remove(fx.a, PD_STR("out"), true, &fx.err));
	assert_false(there(fx.root, "out"));
	assert_file(fx.dir, "other/x", "x");
}

PD_TEST(a_part_of_an_object_is_read)
{
	WITH_STORE;
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, 100);
	assert_ok(pd_artifacts_read(fx.a, PD_STR("data/model.pkl"), 1, 3, &b, &fx.err));
	assert_string_equal(b.p, "ick");
	assert_ok(pd_artifacts_read(fx.a, PD_STR("data/model.pkl"), 4, UINT64_MAX, &b, &fx.err));
	assert_string_equal(b.p, "ickle");
	assert_ok(pd_artifacts_read(fx.a, PD_STR("data/model.pkl"), 60, 3, &b, &fx.err));
	assert_string_equal(b.p, "ickle");
	assert_code(pd_artifacts_read(fx.a, PD_STR("data"), 0, 1, &b, &fx.err), PD_INVALID);
}

PD_TEST(a_root_may_be_one_file)
{
	WITH_STORE;
	struct pd_artifacts *a = NULL;
	struct pd_artifact one;
	PD_AUTO_FREE char *root = pd_path_join(fx.root, "data/model.pkl");
	assert_ok(pd_artifacts_open(NULL, pd_str_from(root), &a, &fx.err));
	assert_ok(pd_artifacts_stat(a, PD_STR(""), &fx.arena, &one, &fx.err));
	assert_false(one.is_dir);
	assert_ok(pd_artifacts_fetch(a, PD_STR(""), fx.out, NULL, &fx.err));
	assert_file(fx.out, "model.pkl", "pickle");
	pd_artifacts_close(a);
}

PD_TEST(what_a_killed_copy_left_is_swept_by_the_next)
{
	WITH_STORE;
	write_file(fx.out, PD_TREE_STAGE_PREFIX ".abcdef/half", "x");
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, NULL, &fx.err));
	assert_int_equal(n_names(fx.out), 2);
}

PD_TEST(a_file_uri_is_a_path_and_other_schemes_are_named)
{
	WITH_STORE;
	struct pd_artifacts *a = NULL;
	struct pd_artifact one;
	PD_AUTO_FREE char *path = pd_path_join(fx.dir, "a b");
	write_file(path, "x", "x");
	const char *uri = pd_arena_printf(&fx.arena, "file://%s/a%%20b", fx.dir);
	assert_ok(pd_artifacts_open(NULL, pd_str_from(uri), &a, &fx.err));
	assert_ok(pd_artifacts_stat(a, PD_STR("x"), &fx.arena, &one, &fx.err));
	pd_artifacts_close(a);
	assert_code(pd_artifacts_open(NULL, PD_STR("s3://b/k"), &a, &fx.err), PD_UNSUPPORTED);
	assert_non_null(strstr(fx.err.text, "s3"));
	assert_code(pd_artifacts_open(NULL, PD_STR("modles:/a/1"), &a, &fx.err), PD_UNSUPPORTED);
	assert_non_null(strstr(fx.err.text, "modles"));
	assert_code(pd_artifacts_open(NULL, PD_STR("a\0b"), &a, &fx.err), PD_INVALID);
}

static void count_call(void *ctx, const struct pd_progress *p)
{
	size_t *n = ctx;
	assert_true(p->bytes_done <= p->bytes_total);
	++*n;
}

PD_TEST(progress_is_told_as_bytes_arrive)
{
	WITH_STORE;
	size_t n = 0;
	struct pd_transfer t = { .progress = count_call, .ctx = &n };
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, &t, &fx.err));
	assert_true(n >= 3);
	assert_int_equal(t.done.bytes_total, 19);
}

static void stop_after_one(void *ctx, const struct pd_progress *p)
{
	if (p->files_done == 1)
		*(volatile sig_atomic_t *)ctx = SIGTERM;
}

PD_TEST(a_copy_that_is_stopped_leaves_nothing_behind)
{
	WITH_STORE;
	volatile sig_atomic_t stop = 0;
	struct pd_transfer t = { .progress = stop_after_one,
				 .ctx = (void *)(uintptr_t)&stop,
				 .stop = &stop };
	assert_code(pd_artifacts_fetch(fx.a, PD_STR(""), fx.out, &t, &fx.err), PD_IO);
	assert_int_equal(t.done.files_done, 1);
	assert_int_equal(n_names(fx.out), 0);
}

PD_TEST(many_files_are_copied_whole)
{
	WITH_STORE;
	for (int i = 0; i < 40; i++) {
		char name[32];
		snprintf(name, sizeof name, "many/%d/f", i);
		write_file(fx.root, name, name);
	}
	assert_ok(pd_artifacts_fetch(fx.a, PD_STR("many"), fx.out, NULL, &fx.err));
	assert_file(fx.out, "39/f", "many/39/f");
	assert_int_equal(n_names(fx.out), 40);
}

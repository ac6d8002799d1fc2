#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "base/file.h"
#include "cmd/git.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"

static void put(const char *dir, const char *name, const char *text)
{
	PD_AUTO_FREE char *path = pd_path_join(dir, name);
	PD_AUTO_FREE char *folder = pd_xstrdup(path);
	*strrchr(folder, '/') = '\0';
	assert_ok(pd_dir_make(folder, NULL));
	assert_ok(pd_file_put(path, pd_str_from(text), NULL));
}

struct fixture {
	struct pd_arena arena;
	struct pd_git git;
};

static void fixture_end(struct fixture *f)
{
	pd_arena_end(&f->arena);
}

#define FIXTURE PD_CLEANUP(fixture_end) struct fixture f = { 0 }

PD_TEST(a_branch_is_followed_to_its_commit_from_a_folder_below)
{
	FIXTURE;
	const char *dir = pd_test_dir();
	put(dir, ".git/HEAD", "ref: refs/heads/topic/x\n");
	put(dir, ".git/refs/heads/topic/x", HASH "\n");
	put(dir, ".git/config",
	    "[core]\n\turl = no\n[remote \"origin\"]\n\turl = https://me:pw@host/x.git\n");
	put(dir, "a/b/c", "");
	PD_AUTO_FREE char *below = pd_path_join(dir, "a/b");
	assert_true(pd_git_read(below, &f.arena, &f.git));
	assert_str_is(f.git.commit, HASH);
	assert_str_is(f.git.branch, "topic/x");
	assert_str_is(f.git.url, "https://host/x.git");
}

PD_TEST(packed_references_and_detached_heads_are_read)
{
	FIXTURE;
	const char *dir = pd_test_dir();
	put(dir, ".git/HEAD", "ref: refs/heads/main\n");
	put(dir, ".git/packed-refs", "# pack-refs with: peeled\n" HASH " refs/heads/main\n^" HASH);
	assert_true(pd_git_read(dir, &f.arena, &f.git));
	assert_str_is(f.git.commit, HASH);
	put(dir, ".git/HEAD", HASH "\n");
	assert_true(pd_git_read(dir, &f.arena, &f.git));
	assert_str_is(f.git.commit, HASH);
	assert_int_equal(f.git.branch.n, 0);
}

PD_TEST(a_worktree_finds_its_repository)
{
	FIXTURE;
	const char *dir = pd_test_dir();
	put(dir, "main/.git/worktrees/w/HEAD", "ref: refs/heads/w\n");
	put(dir, "main/.git/worktrees/w/commondir", "../..\n");
	put(dir, "main/.git/refs/heads/w", HASH);
	put(dir, "w/.git", "gitdir: ../main/.git/worktrees/w\n");
	PD_AUTO_FREE char *tree = pd_path_join(dir, "w");
	assert_true(pd_git_read(tree, &f.arena, &f.git));
	assert_str_is(f.git.commit, HASH);
	assert_str_is(f.git.branch, "w");
}

PD_TEST(a_repository_that_makes_no_sense_gives_no_commit)
{
	FIXTURE;
	const char *dir = pd_test_dir();
	put(dir, ".git/HEAD", "ref: ../../../etc/passwd\n");
	assert_true(pd_git_read(dir, &f.arena, &f.git));
	assert_int_equal(f.git.commit.n, 0);
	put(dir, ".git/HEAD", "ref: refs/heads/a\n");
	put(dir, ".git/refs/heads/a", "ref: refs/heads/a\n");
	assert_true(pd_git_read(dir, &f.arena, &f.git));
	assert_int_equal(f.git.commit.n, 0);
	put(dir, ".git/HEAD", "zebra");
	assert_true(pd_git_read(dir, &f.arena, &f.git));
	assert_int_equal(f.git.commit.n, 0);
}

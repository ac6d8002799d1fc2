/*
 * Every unit test again and again, each time with one more allocation or system call failing: the
 * first, the second, ... until the test runs through. A test may fail then, and the process may end
 * for want of memory; it may not crash, hang or trip a sanitizer. Linked into torture-tests only,
 * with a copy of libpodium.a in which the names below were replaced by torture_NAME; tests and
 * libraries keep the real ones.
 *
 * Each run is a child of its own. The calls are counted in a first run; of more than
 * RUNS_MAX calls an even sample is made to fail.
 */
#include "tests/unit/torture.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"

#define RUNS_MAX      60 /* failures tried of each kind in each test */
#define TEST_SECONDS  20 /* a child that takes longer hangs */
#define EXIT_SANITIZE 99 /* ASAN_OPTIONS=exitcode=99 */
#define EXIT_MISSED   98 /* the call that was to fail was never made */

enum kind { MEMORY, IO, N_KINDS };

static const char *const kind_names[N_KINDS] = { "allocation", "system call" };

/* Shared with the child: how often each kind was called. */
static struct {
	atomic_long calls[N_KINDS];
} * seen;

static enum kind fail_kind;
static long fail_at; /* 0: never */

static bool fails_now(enum kind kind)
{
	long n = atomic_fetch_add(&seen->calls[kind], 1) + 1;
	return fail_at && kind == fail_kind && n == fail_at;
}

/* ---------------------------------------------------------------- the wrapped calls */

#define WRAP(type, name, params, args, kind, error, failed)                                        \
	type torture_##name params;                                                                \
	type torture_##name params                                                                 \
	{                                                                                          \
		if (!seen || !fails_now(kind))                                                     \
			return name args;                                                          \
		errno = (error);                                                                   \
		return failed;                                                                     \
	}

WRAP(void *, malloc, (size_t n), (n), MEMORY, ENOMEM, NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), MEMORY, ENOMEM, NULL)
WRAP(void *, realloc, (void *p, size_t n), (p, n), MEMORY, ENOMEM, NULL)
WRAP(void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t at),
     (p, n, prot, flags, fd, at), IO, ENOMEM, MAP_FAILED)
WRAP(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), IO, EIO, -1)
WRAP(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), IO, EIO, -1)
WRAP(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), IO, ENOSPC, -1)
WRAP(int, fstat, (int fd, struct stat *st), (fd, st), IO, EIO, -1)
WRAP(int, fsync, (int fd), (fd), IO, EIO, -1)
WRAP(int, rename, (const char *from, const char *to), (from, to), IO, EIO, -1)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), IO, ENOSPC, -1)
WRAP(int, unlink, (const char *path), (path), IO, EIO, -1)
WRAP(DIR *, opendir, (const char *path), (path), IO, EMFILE, NULL)
WRAP(int, mkstemp, (char *path), (path), IO, EMFILE, -1)

/* ---------------------------------------------------------------- the runs */

static void run_child(const struct pd_test *t, enum kind kind, long at)
{
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(quiet, STDOUT_FILENO);
	if (at && !getenv("V"))
		dup2(quiet, STDERR_FILENO);
	alarm(TEST_SECONDS);
	fail_kind = kind;
	fail_at = at;
	void *state = NULL;
	t->fn(&state); /* outside a group of cmocka's, an assertion that fails ends the process */
	_exit(at && atomic_load(&seen->calls[kind]) < at ? EXIT_MISSED : 0);
}

static int run(const struct pd_test *t, enum kind kind, long at)
{
	for (int i = 0; i < N_KINDS; i++)
		atomic_store(&seen->calls[i], 0);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		run_child(t, kind, at);
	int status = 0;
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static bool is_bad(int status)
{
	return !WIFEXITED(status) || WEXITSTATUS(status) == EXIT_SANITIZE;
}

static bool torture_kind(const struct pd_test *t, enum kind kind, long n_calls, size_t *n_runs)
{
	long step = n_calls > RUNS_MAX ? n_calls / RUNS_MAX : 1;
	bool good = true;
	for (long at = 1; at <= n_calls; at += step) {
		int status = run(t, kind, at);
		++*n_runs;
		if (!is_bad(status))
			continue;
		good = false;
		printf("torture: %s %s: %s %ld of %ld failing: %s %d\n", t->file, t->name,
		       kind_names[kind], at, n_calls, WIFSIGNALED(status) ? "signal" : "exit",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return good;
}

static bool torture_one(const struct pd_test *t, size_t *n_runs)
{
	if (run(t, MEMORY, 0) != 0) {
		printf("torture: %s %s: fails untortured\n", t->file, t->name);
		return false;
	}
	long n_calls[N_KINDS];
	for (int i = 0; i < N_KINDS; i++)
		n_calls[i] = atomic_load(&seen->calls[i]);
	bool good = true;
	for (int i = 0; i < N_KINDS; i++)
		good &= torture_kind(t, (enum kind)i, n_calls[i], n_runs);
	return good;
}

int pd_torture(const struct pd_test *tests, const char *pattern)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *dir = NULL;
	if (pd_dir_temp("/tmp/podium-torture", &dir, &err) != PD_OK)
		return 1;
	setenv("TMPDIR", dir, 1);
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 1;
	size_t passed = 0;
	size_t failed = 0;
	size_t n_runs = 0;
	for (const struct pd_test *t = tests; t; t = t->next) {
		if (pattern && fnmatch(pattern, t->name, 0) != 0)
			continue;
		if (torture_one(t, &n_runs))
			passed++;
		else
			failed++;
	}
	failed += pd_tree_remove(dir, NULL) != PD_OK;
	printf("torture: %zu runs\ntorture: %zu passed, %zu failed\n", n_runs, passed, failed);
	return failed != 0;
}

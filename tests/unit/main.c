#include "tests/unit/torture.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static struct pd_test *tests;
static size_t n_tests;
static char *dirs[4096];
static size_t n_dirs;

void pd_test_register(struct pd_test *t)
{
	t->next = tests;
	tests = t;
	n_tests++;
}

const char *pd_test_dir(void)
{
	struct pd_err err = { 0 };
	const char *tmp = getenv("TMPDIR");
	char prefix[256];
	snprintf(prefix, sizeof(prefix), "%s/podium-unit", tmp ? tmp : "/tmp");
	assert_true(n_dirs < PD_LEN(dirs));
	assert_ok(pd_dir_temp(prefix, &dirs[n_dirs], &err));
	return dirs[n_dirs++];
}

static void remove_dirs(void)
{
	for (size_t i = 0; i < n_dirs; i++) {
		if (pd_tree_remove(dirs[i], NULL) != PD_OK)
			fprintf(stderr, "cannot remove %s\n", dirs[i]);
		free(dirs[i]);
	}
}

static int by_file(const void *a, const void *b)
{
	const struct CMUnitTest *x = a;
	const struct CMUnitTest *y = b;
	return strcmp(x->name, y->name);
}

static char *label_of(const struct pd_test *t)
{
	const char *base = strrchr(t->file, '/');
	base = base ? base + 1 : t->file;
	size_t size = strlen(base) + strlen(t->name) + 2;
	char *label = pd_xmalloc(size);
	snprintf(label, size, "%.*s:%s", (int)strcspn(base, "."), base, t->name);
	return label;
}

int main(int argc, char **argv)
{
	if (pd_torture)
		return pd_torture(tests, argc > 1 ? argv[1] : NULL);
	struct CMUnitTest *list = pd_xcalloc(n_tests, sizeof(*list));
	size_t n = 0;
	for (const struct pd_test *t = tests; t; t = t->next) {
		char *label = label_of(t);
		if (argc > 1 && fnmatch(argv[1], label, 0) != 0) {
			free(label);
			continue;
		}
		list[n++] = (struct CMUnitTest){ .name = label, .test_func = t->fn };
	}
	qsort(list, n, sizeof(*list), by_file);
	int failed = _cmocka_run_group_tests("podium", list, n, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)list[i].name);
	free(list);
	remove_dirs();
	return failed || n == 0;
}

#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"

struct walk {
	struct pd_arena *arena;
	const char *confine;
	struct pd_tree *tree;
	struct {
		dev_t dev;
		ino_t ino;
	} above[PD_TREE_DEPTH_MAX]; /* the folders we are in */
};

static bool is_within(const char *path, const char *root)
{
	size_t n = strlen(root);
	return strncmp(path, root, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/' || (n && root[n - 1] == '/'));
}

static bool is_hidden(const char *name)
{
	struct pd_str s = pd_str_from(name);
	return pd_str_starts(s, PD_STR(PD_TREE_STAGE_PREFIX)) ||
	       pd_str_starts(s, PD_STR(PD_TREE_MLFLOW_PREFIX));
}

static struct pd_tree_entry *add(struct walk *w)
{
	struct pd_tree *t = w->tree;
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 16;
		struct pd_tree_entry *more = PD_ARENA_ARRAY(w->arena, struct pd_tree_entry, cap);
		if (t->n)
			memcpy(more, t->entries, t->n * sizeof *more);
		t->entries = more;
		t->cap = cap;
	}
	return &t->entries[t->n++];
}

/* Follow `path` to the end of its links. */
static enum pd_code real_path(struct walk *w, const char *path, const char **out,
			      struct pd_err *err)
{
	PD_AUTO_FREE char *real = realpath(path, NULL);
	if (!real && errno == ENOENT)
		return pd_fail(err, PD_NOT_FOUND, "%s: the link leads nowhere", path);
	if (!real)
		return pd_fail_errno(err, errno, "%s", path);
	if (w->confine && !is_within(real, w->confine))
		return pd_fail(err, PD_DENIED, "%s: the link leads out of %s", path, w->confine);
	*out = pd_arena_z(w->arena, pd_str_from(real));
	return PD_OK;
}

static enum pd_code walk_dir(struct walk *w, const char *path, struct pd_str rel, size_t depth,
			     struct pd_err *err);

static enum pd_code walk_one(struct walk *w, const char *path, struct pd_str rel, size_t depth,
			     struct pd_err *err)
{
	struct stat st;
	const char *real = path;
	if (lstat(path, &st) != 0)
		return pd_fail_errno(err, errno, "%s", path);
	if (S_ISLNK(st.st_mode)) {
		PD_TRY(real_path(w, path, &real, err));
		if (stat(real, &st) != 0)
			return pd_fail_errno(err, errno, "%s", path);
	}
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return pd_fail(err, PD_INVALID, "%s: neither a file nor a folder", path);
	if (w->tree->n == PD_TREE_ENTRIES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%s: more than %zu files and folders", path,
			       PD_TREE_ENTRIES_MAX);
	*add(w) = (struct pd_tree_entry){
		.rel = rel,
		.real = real,
		.is_dir = S_ISDIR(st.st_mode),
		.mode = st.st_mode,
		.size_bytes = S_ISDIR(st.st_mode) ? 0 : (uint64_t)st.st_size,
		.modified_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000,
	};
	if (!S_ISDIR(st.st_mode)) {
		w->tree->n_bytes += (uint64_t)st.st_size;
		return PD_OK;
	}
	return walk_dir(w, real, rel, depth + 1, err);
}

static enum pd_code enter(struct walk *w, const char *path, size_t depth, struct pd_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return pd_fail_errno(err, errno, "%s", path);
	for (size_t i = 0; i < depth; i++)
		if (w->above[i].dev == st.st_dev && w->above[i].ino == st.st_ino)
			return pd_fail(err, PD_INVALID, "%s: links go round in a circle", path);
	if (depth == PD_TREE_DEPTH_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%s: more than %d folders inside one another",
			       path, PD_TREE_DEPTH_MAX);
	w->above[depth].dev = st.st_dev;
	w->above[depth].ino = st.st_ino;
	return PD_OK;
}

struct names {
	char **p;
	size_t n;
	size_t cap;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum pd_code read_names(struct walk *w, const char *path, struct names *out,
			       struct pd_err *err)
{
	PD_AUTO_DIR DIR *dir = opendir(path);
	if (!dir)
		return pd_fail_errno(err, errno, "%s", path);
	struct dirent *e;
	while ((errno = 0, e = readdir(dir))) {
		struct pd_str name = pd_str_from(e->d_name);
		if (pd_str_eqz(name, ".") || pd_str_eqz(name, "..") || is_hidden(e->d_name))
			continue;
		if (!pd_utf8_check(name) || !pd_path_is_safe(name))
			return pd_fail(err, PD_INVALID,
				       "%s/%s: a name that is not UTF-8 or has a backslash", path,
				       pd_utf8_check(name) ? e->d_name : "?");
		if (out->n == out->cap) {
			out->cap = out->cap ? 2 * out->cap : 32;
			char **more = PD_ARENA_ARRAY(w->arena, char *, out->cap);
			if (out->n)
				memcpy(more, out->p, out->n * sizeof *more);
			out->p = more;
		}
		if (out->n == PD_TREE_ENTRIES_MAX)
			return pd_fail(err, PD_TOO_LARGE, "%s: more than %zu files and folders",
				       path, PD_TREE_ENTRIES_MAX);
		out->p[out->n++] = pd_arena_z(w->arena, name);
	}
	if (errno)
		return pd_fail_errno(err, errno, "%s", path);
	if (out->n)
		qsort(out->p, out->n, sizeof *out->p, by_name);
	return PD_OK;
}

static enum pd_code walk_dir(struct walk *w, const char *path, struct pd_str rel, size_t depth,
			     struct pd_err *err)
{
	struct names names = { 0 };
	PD_TRY(enter(w, path, depth, err));
	PD_TRY(read_names(w, path, &names, err));
	for (size_t i = 0; i < names.n; i++) {
		const char *full = pd_arena_printf(w->arena, "%s/%s", path, names.p[i]);
		const char *below = rel.n ? pd_arena_printf(w->arena, "%.*s/%s", PD_STR_ARG(rel),
							    names.p[i])
					  : names.p[i];
		PD_TRY(walk_one(w, full, pd_str_from(below), depth, err));
	}
	return PD_OK;
}

enum pd_code pd_tree_walk(const char *root, const char *confine, struct pd_arena *arena,
			  struct pd_tree *out, struct pd_err *err)
{
	struct walk w = { .arena = arena, .confine = confine, .tree = out };
	*out = (struct pd_tree){ 0 };
	const char *real = root;
	PD_TRY(real_path(&w, root, &real, err));
	if (pd_path_is_dir(real))
		return walk_dir(&w, real, PD_STR(""), 0, err);
	const char *slash = strrchr(root, '/');
	return walk_one(&w, real, pd_arena_str(arena, pd_str_from(slash ? slash + 1 : root)), 0,
			err);
}

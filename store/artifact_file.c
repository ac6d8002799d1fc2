/* Artifacts in folders of this machine. */
#include "store/artifact.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"

struct file_store {
	struct pd_artifacts base;
	char *root; /* absolute, links not followed yet: it may be made later */
};

static const char *root_of(const struct pd_artifacts *a)
{
	return ((const struct file_store *)a)->root;
}

static enum pd_code file_open(const struct pd_env *env, struct pd_str uri,
			      struct pd_artifacts **out, struct pd_err *err)
{
	(void)env;
	(void)err;
	struct file_store *s = pd_xcalloc(1, sizeof *s);
	PD_AUTO_FREE char *path = pd_str_dup(uri);
	s->base.ops = &pd_artifact_file;
	s->root = pd_path_absolute(path);
	*out = &s->base;
	return PD_OK;
}

static void file_close(struct pd_artifacts *a)
{
	struct file_store *s = (struct file_store *)a;
	free(s->root);
	free(s);
}

static bool is_within(const char *path, const char *root)
{
	size_t n = strlen(root);
	return strncmp(path, root, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/' || strcmp(root, "/") == 0);
}

static char *joined(const struct pd_artifacts *a, struct pd_str path)
{
	PD_AUTO_FREE char *rel = pd_str_dup(path);
	return path.n ? pd_path_join(root_of(a), rel) : pd_xstrdup(root_of(a));
}

/* What stands at `path` once links are followed, which may not lead out of the root. *out_real
 * and *out_root are given, release with free(). */
static enum pd_code locate(struct pd_artifacts *a, struct pd_str path, char **out_root,
			   char **out_real, struct pd_err *err)
{
	PD_AUTO_FREE char *root = realpath(root_of(a), NULL);
	PD_AUTO_FREE char *full = joined(a, path);
	PD_AUTO_FREE char *real = root ? realpath(full, NULL) : NULL;
	if (!root && (errno == ENOENT || errno == ENOTDIR))
		return pd_fail(err, PD_NOT_FOUND, "%s: nothing there", root_of(a));
	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return pd_fail(err, PD_NOT_FOUND, "no artifact \"%.*s\" in %s", PD_STR_ARG(path),
			       root_of(a));
	if (!real)
		return pd_fail_errno(err, errno, "%s", full);
	if (!is_within(real, root))
		return pd_fail(err, PD_DENIED, "%s: the link leads out of %s", full, root_of(a));
	*out_root = PD_TAKE(root);
	*out_real = PD_TAKE(real);
	return PD_OK;
}

static struct pd_artifact described(struct pd_str path, const struct stat *st)
{
	bool is_dir = S_ISDIR(st->st_mode);
	return (struct pd_artifact){
		.path = path,
		.is_dir = is_dir,
		.size_bytes = is_dir ? 0 : (uint64_t)st->st_size,
		.modified_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000,
	};
}

static enum pd_code file_stat(struct pd_artifacts *a, struct pd_str path, struct pd_arena *arena,
			      struct pd_artifact *out, struct pd_err *err)
{
	PD_AUTO_FREE char *root = NULL;
	PD_AUTO_FREE char *real = NULL;
	struct stat st;
	PD_TRY(locate(a, path, &root, &real, err));
	assert(root && real);
	if (stat(real, &st) != 0)
		return pd_fail_errno(err, errno, "%s", real);
	*out = described(pd_arena_str(arena, path), &st);
	return PD_OK;
}

static enum pd_code list_deep(const char *root, const char *real, struct pd_str path,
			      struct pd_arena *arena, struct pd_artifact_list *out,
			      struct pd_err *err)
{
	struct pd_tree tree;
	PD_TRY(pd_tree_walk(real, root, arena, &tree, err));
	out->items = PD_ARENA_ARRAY(arena, struct pd_artifact, tree.n);
	for (size_t i = 0; i < tree.n; i++) {
		const struct pd_tree_entry *e = &tree.entries[i];
		const char *full = pd_arena_printf(arena, "%.*s%s%.*s", PD_STR_ARG(path),
						   path.n ? "/" : "", PD_STR_ARG(e->rel));
		out->items[out->n++] = (struct pd_artifact){
			.path = pd_str_from(full),
			.is_dir = e->is_dir,
			.size_bytes = e->size_bytes,
			.modified_ms = e->modified_ms,
		};
	}
	return PD_OK;
}

static int by_path(const void *a, const void *b)
{
	return pd_str_cmp(((const struct pd_artifact *)a)->path,
			  ((const struct pd_artifact *)b)->path);
}

/* One level shows also what fetch would refuse, a link by what it points to, as MLflow does. */
static enum pd_code list_level(const char *real, struct pd_str path, struct pd_arena *arena,
			       struct pd_artifact_list *out, struct pd_err *err)
{
	PD_AUTO_DIR DIR *dir = opendir(real);
	size_t cap = 0;
	if (!dir)
		return pd_fail_errno(err, errno, "%s", real);
	for (struct dirent *e; (errno = 0, e = readdir(dir));) {
		struct pd_str name = pd_str_from(e->d_name);
		struct stat st = { 0 };
		if (pd_str_eqz(name, ".") || pd_str_eqz(name, "..") || !pd_utf8_check(name) ||
		    pd_str_starts(name, PD_STR(PD_TREE_STAGE_PREFIX)) ||
		    pd_str_starts(name, PD_STR(PD_TREE_MLFLOW_PREFIX)))
			continue;
		if (fstatat(dirfd(dir), e->d_name, &st, 0) != 0 &&
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue; /* gone meanwhile */
		if (out->n == cap) {
			cap = cap ? 2 * cap : 32;
			struct pd_artifact *more = PD_ARENA_ARRAY(arena, struct pd_artifact, cap);
			if (out->n)
				memcpy(more, out->items, out->n * sizeof *more);
			out->items = more;
		}
		const char *full = pd_arena_printf(arena, "%.*s%s%s", PD_STR_ARG(path),
						   path.n ? "/" : "", e->d_name);
		out->items[out->n++] = described(pd_str_from(full), &st);
	}
	if (errno)
		return pd_fail_errno(err, errno, "%s", real);
	if (out->n)
		qsort(out->items, out->n, sizeof *out->items, by_path);
	return PD_OK;
}

static enum pd_code file_list(struct pd_artifacts *a, struct pd_str path, bool deep,
			      struct pd_arena *arena, struct pd_artifact_list *out,
			      struct pd_err *err)
{
	PD_AUTO_FREE char *root = NULL;
	PD_AUTO_FREE char *real = NULL;
	PD_TRY(locate(a, path, &root, &real, err));
	assert(root && real);
	if (!pd_path_is_dir(real))
		return PD_OK;
	return deep ? list_deep(root, real, path, arena, out, err)
		    : list_level(real, path, arena, out, err);
}

static enum pd_code file_read(struct pd_artifacts *a, struct pd_str path, uint64_t from, uint64_t n,
			      struct pd_buf *out, struct pd_err *err)
{
	PD_AUTO_FREE char *root = NULL;
	PD_AUTO_FREE char *real = NULL;
	struct stat st;
	PD_TRY(locate(a, path, &root, &real, err));
	assert(root && real);
	PD_AUTO_FD int fd = open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return pd_fail_errno(err, errno, "%s", real);
	if (!S_ISREG(st.st_mode))
		return pd_fail(err, PD_INVALID, "%s: not a file", real);
	uint64_t size = (uint64_t)st.st_size;
	n = from >= size ? 0 : n < size - from ? n : size - from;
	while (n > 0) {
		size_t step = n < 65536 ? (size_t)n : 65536;
		char *room = pd_buf_room(out, step);
		if (!room)
			return pd_buf_check(out, real, err);
		ssize_t got = pread(fd, room, step, (off_t)from);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pd_fail_errno(err, errno, "%s", real);
		if (got == 0)
			return PD_OK;
		pd_buf_wrote(out, (size_t)got);
		from += (uint64_t)got;
		n -= (uint64_t)got;
	}
	return PD_OK;
}

static enum pd_code file_fetch(struct pd_artifacts *a, struct pd_str path, const char *dest,
			       struct pd_transfer *t, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO_FREE char *root = NULL;
	PD_AUTO_FREE char *real = NULL;
	struct pd_tree tree;
	PD_TRY(locate(a, path, &root, &real, err));
	assert(root && real);
	/* walked by the name that was asked for: a link's target may be called otherwise */
	PD_AUTO_FREE char *full = joined(a, path);
	PD_TRY(pd_tree_walk(full, root, &arena, &tree, err));
	return pd_tree_copy(&tree, dest, t, err);
}

/* The folder that the parts of `path` before the last name must lie in: nothing on the way may be
 * a link out of the root. */
static enum pd_code check_way(struct pd_artifacts *a, struct pd_str path, struct pd_err *err)
{
	PD_AUTO_FREE char *root = realpath(root_of(a), NULL);
	for (struct pd_str way = path; root && way.n;) {
		PD_AUTO_FREE char *full = joined(a, way);
		PD_AUTO_FREE char *real = realpath(full, NULL);
		if (real && !is_within(real, root))
			return pd_fail(err, PD_DENIED, "%s: the link leads out of %s", full,
				       root_of(a));
		if (real)
			return PD_OK;
		ptrdiff_t slash = pd_str_rfind(way, '/');
		way = pd_str_head(way, slash > 0 ? (size_t)slash : 0);
	}
	return PD_OK;
}

static enum pd_code file_put(struct pd_artifacts *a, const char *local, struct pd_str path,
			     struct pd_transfer *t, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree;
	if (!pd_path_exists(local))
		return pd_fail(err, PD_NOT_FOUND, "%s: nothing there", local);
	PD_TRY(check_way(a, path, err));
	PD_TRY(pd_tree_walk(local, NULL, &arena, &tree, err));
	PD_AUTO_FREE char *to = joined(a, path);
	if (pd_path_is_dir(local))
		return pd_tree_copy(&tree, to, t, err);
	char *slash = strrchr(to, '/');
	tree.entries[0].rel = pd_arena_str(&arena, pd_str_from(slash + 1));
	slash[slash == to] = '\0';
	return pd_tree_copy(&tree, to, t, err);
}

/* ---------------------------------------------------------------- piece by piece */

#define WRITEBACK_BYTES ((uint64_t)8 << 20) /* handed to the disk early: commit waits for less */

struct file_upload {
	struct pd_artifact_upload base;
	struct pd_file_out out;
	uint64_t n_bytes;
	uint64_t n_handed;
};

static enum pd_code upload_write(struct pd_artifact_upload *u, const void *p, size_t n,
				 struct pd_err *err)
{
	struct file_upload *f = (struct file_upload *)u;
	PD_TRY(pd_file_out_write(&f->out, p, n, err));
	f->n_bytes += n;
	if (f->n_bytes - f->n_handed >= WRITEBACK_BYTES) {
		sync_file_range(f->out.fd, (off_t)f->n_handed, (off_t)(f->n_bytes - f->n_handed),
				SYNC_FILE_RANGE_WRITE);
		f->n_handed = f->n_bytes;
	}
	return PD_OK;
}

static enum pd_code upload_commit(struct pd_artifact_upload *u, struct pd_err *err)
{
	struct file_upload *f = (struct file_upload *)u;
	if (pd_path_is_dir(f->out.path))
		return pd_fail(err, PD_INVALID, "%s: is a folder", f->out.path);
	return pd_file_out_commit(&f->out, err);
}

static void upload_end(struct pd_artifact_upload *u)
{
	struct file_upload *f = (struct file_upload *)u;
	pd_file_out_end(&f->out);
	free(f);
}

/* The name is one that no listing shows. Not mkostemp, whose mode would have to be mended with the
 * umask, which other threads use. */
static enum pd_code open_hidden(const char *dir, struct pd_file_out *out, struct pd_err *err)
{
	char name[sizeof(PD_TREE_MLFLOW_PREFIX) + 32] = PD_TREE_MLFLOW_PREFIX;
	pd_random_hex(name + strlen(name), 12);
	PD_AUTO_FREE char *tmp = pd_path_join(dir, name);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return pd_fail_errno(err, errno, "%s", dir);
	out->tmp = PD_TAKE(tmp);
	out->fd = fd;
	return PD_OK;
}

static enum pd_code file_begin(struct pd_artifacts *a, struct pd_str path,
			       struct pd_artifact_upload **out, struct pd_err *err)
{
	PD_TRY(check_way(a, path, err));
	struct file_upload *f = pd_xcalloc(1, sizeof *f);
	f->base = (struct pd_artifact_upload){ upload_write, upload_commit, upload_end };
	f->out = (struct pd_file_out){ .fd = -1, .path = joined(a, path) };
	PD_AUTO_FREE char *dir = pd_xstrdup(f->out.path);
	char *slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	enum pd_code code = pd_path_is_dir(f->out.path)
				    ? pd_fail(err, PD_INVALID, "%s: is a folder", f->out.path)
				    : pd_dir_make(dir, err);
	if (code == PD_OK)
		code = open_hidden(dir, &f->out, err);
	if (code != PD_OK)
		upload_end(&f->base);
	else
		*out = &f->base;
	return code;
}

/* ---------------------------------------------------------------- the rest */

static enum pd_code file_remove(struct pd_artifacts *a, struct pd_str path, bool deep,
				struct pd_err *err)
{
	PD_AUTO_FREE char *full = joined(a, path);
	ptrdiff_t slash = pd_str_rfind(path, '/');
	PD_TRY(check_way(a, pd_str_head(path, slash > 0 ? (size_t)slash : 0), err));
	struct stat st;
	int gone = lstat(full, &st) != 0 ? errno : 0;
	if (!path.n && (gone == ENOENT || gone == ENOTDIR))
		return pd_fail(err, PD_NOT_FOUND, "%s: nothing there", root_of(a));
	if (gone == ENOENT || gone == ENOTDIR)
		return pd_fail(err, PD_NOT_FOUND, "no artifact \"%.*s\" in %s", PD_STR_ARG(path),
			       root_of(a));
	if (gone)
		return pd_fail_errno(err, gone, "%s", full);
	if (strcmp(full, "/") == 0)
		return pd_fail(err, PD_DENIED, "/: the whole file system is not removed");
	if (S_ISDIR(st.st_mode) && !deep)
		return pd_fail(err, PD_INVALID, "%s: a folder; it goes only with all that is in it",
			       full);
	return pd_tree_remove(full, err);
}

static enum pd_code file_local(struct pd_artifacts *a, struct pd_str path, struct pd_arena *arena,
			       struct pd_str *out, struct pd_err *err)
{
	PD_AUTO_FREE char *root = NULL;
	PD_AUTO_FREE char *real = NULL;
	PD_TRY(locate(a, path, &root, &real, err));
	assert(root && real);
	*out = pd_arena_str(arena, pd_str_from(real));
	return PD_OK;
}

const struct pd_artifact_ops pd_artifact_file = {
	.scheme = "",
	.open = file_open,
	.close = file_close,
	.stat = file_stat,
	.list = file_list,
	.read = file_read,
	.fetch = file_fetch,
	.put = file_put,
	.begin = file_begin,
	.remove = file_remove,
	.local = file_local,
};

#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"

#define STEP_BYTES ((size_t)16 << 20) /* copied between two reports of progress */
#define READ_BYTES ((size_t)256 << 10)
#define SYNC_FEW   16 /* up to so many files are synced one by one, more with their file system */

struct copy {
	struct pd_tree *tree;
	const struct pd_tree_source *source; /* NULL: the entries are files here */
	const char *dest;
	struct pd_transfer *t;
	char *parent; /* the nearest folder that exists, dest itself or above it */
	char *stage;  /* hidden folder in `parent`, NULL when there is none */
	int stage_fd; /* holds the lock that says "still in use" */
	size_t n_new;
};

static void copy_end(struct copy *c)
{
	struct pd_err ignored;
	if (c->stage && pd_tree_remove(c->stage, &ignored) != PD_OK)
		ignored.code = PD_OK; /* the next copy to this place removes it */
	pd_auto_fd(&c->stage_fd);
	free(c->stage);
	free(c->parent);
}

static enum pd_code report(struct copy *c, uint64_t n_bytes, size_t n_files, struct pd_err *err)
{
	c->t->done.bytes_done += n_bytes;
	c->t->done.files_done += n_files;
	if (c->t->progress)
		c->t->progress(c->t->ctx, &c->t->done);
	if (c->t->stop && *c->t->stop)
		return pd_fail(err, PD_IO, "%s: stopped", c->dest);
	return PD_OK;
}

/* ---------------------------------------------------------------- against the destination */

static bool same_bytes(const char *a, const char *b)
{
	PD_AUTO_FILE FILE *fa = fopen(a, "rbe");
	PD_AUTO_FILE FILE *fb = fopen(b, "rbe");
	PD_AUTO_FREE char *buf = pd_xmalloc(2 * READ_BYTES);
	while (fa && fb) {
		size_t na = fread(buf, 1, READ_BYTES, fa);
		size_t nb = fread(buf + READ_BYTES, 1, READ_BYTES, fb);
		if (na != nb || memcmp(buf, buf + READ_BYTES, na) != 0)
			return false;
		if (na < READ_BYTES)
			return !ferror(fa) && !ferror(fb);
	}
	return false;
}

static enum pd_code hold_against(struct pd_tree_entry *e, const char *there, struct pd_err *err)
{
	struct stat st;
	e->is_same = false;
	if (lstat(there, &st) != 0) {
		if (errno == ENOENT)
			return PD_OK;
		if (errno == ENOTDIR) /* said better of the part that is in the way */
			return pd_fail(err, PD_EXISTS, "%s: a file is in the way", there);
		return pd_fail_errno(err, errno, "%s", there);
	}
	bool is_link = S_ISLNK(st.st_mode);
	bool is_dir = is_link ? pd_path_is_dir(there) : S_ISDIR(st.st_mode);
	if (e->is_dir && is_dir && is_link)
		return pd_fail(err, PD_DENIED, "%s: a link to a folder, not written through",
			       there);
	if (e->is_dir && !is_dir)
		return pd_fail(err, PD_EXISTS, "%s: a file, where a folder is to be made", there);
	if (!e->is_dir && is_dir)
		return pd_fail(err, PD_EXISTS, "%s: a folder, where a file is to be written",
			       there);
	e->is_same = e->is_dir || (S_ISREG(st.st_mode) && (uint64_t)st.st_size == e->size_bytes &&
				   e->real && same_bytes(e->real, there));
	return PD_OK;
}

static enum pd_code compare(struct copy *c, struct pd_err *err)
{
	for (size_t i = 0; i < c->tree->n; i++) {
		struct pd_tree_entry *e = &c->tree->entries[i];
		PD_AUTO_FREE char *rel = pd_str_dup(e->rel);
		PD_AUTO_FREE char *there = pd_path_join(c->dest, rel);
		PD_TRY(hold_against(e, there, err));
		if (e->is_dir)
			continue;
		c->t->n_skipped += e->is_same;
		c->t->done.files_total += !e->is_same;
		c->t->done.bytes_total += e->is_same ? 0 : e->size_bytes;
	}
	c->n_new = c->t->done.files_total;
	return PD_OK;
}

/* ---------------------------------------------------------------- the hidden folder */

/* Remove what killed processes left. A folder whose lock is held is somebody's work. */
static void sweep(const char *parent)
{
	PD_AUTO_DIR DIR *dir = opendir(parent);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (!pd_str_starts(pd_str_from(e->d_name), PD_STR(PD_TREE_STAGE_PREFIX ".")))
			continue;
		struct pd_err ignored;
		PD_AUTO_FREE char *path = pd_path_join(parent, e->d_name);
		PD_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		    pd_tree_remove(path, &ignored) != PD_OK)
			return; /* not ours to remove; it does no harm */
	}
}

static enum pd_code stage_once(struct copy *c, bool *out_ours, struct pd_err *err)
{
	PD_AUTO_FREE char *prefix = pd_path_join(c->parent, PD_TREE_STAGE_PREFIX);
	PD_AUTO_FREE char *path = NULL;
	PD_TRY(pd_dir_temp(prefix, &path, err));
	PD_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* another process may sweep it away before the lock is ours */
	struct stat st;
	*out_ours = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
		    st.st_nlink > 0;
	if (!*out_ours)
		return PD_OK;
	c->stage = PD_TAKE(path);
	c->stage_fd = pd_take_fd(&fd);
	return PD_OK;
}

static enum pd_code make_stage(struct copy *c, struct pd_err *err)
{
	sweep(c->parent);
	for (int i = 0; i < 100; i++) {
		bool ours = false;
		PD_TRY(stage_once(c, &ours, err));
		if (ours)
			return PD_OK;
	}
	return pd_fail(err, PD_BUSY, "%s: no hidden folder could be kept there", c->parent);
}

static char *existing_parent(const char *dest)
{
	char *path = pd_path_absolute(dest);
	while (strcmp(path, "/") != 0 && !pd_path_exists(path)) {
		char *slash = strrchr(path, '/');
		slash[slash == path] = '\0';
	}
	return path;
}

/* ---------------------------------------------------------------- one file */

static enum pd_code copy_plain(struct copy *c, int in, int out, const char *what, uint64_t *n,
			       struct pd_err *err)
{
	PD_AUTO_FREE char *buf = pd_xmalloc(READ_BYTES);
	for (;;) {
		ssize_t got = read(in, buf, READ_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pd_fail_errno(err, errno, "%s", what);
		if (got == 0)
			return PD_OK;
		PD_TRY(pd_fd_write(out, buf, (size_t)got, what, err));
		*n += (uint64_t)got;
		PD_TRY(report(c, (uint64_t)got, 0, err));
	}
}

/* Shared blocks where the file system has them, else inside the kernel, else by hand. */
static enum pd_code copy_bytes(struct copy *c, int in, int out, const struct pd_tree_entry *e,
			       const char *what, uint64_t *n, struct pd_err *err)
{
	if (ioctl(out, FICLONE, in) == 0) {
		*n = e->size_bytes;
		return report(c, *n, 0, err);
	}
	for (;;) {
		ssize_t got = copy_file_range(in, NULL, out, NULL, STEP_BYTES, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
				return pd_fail_errno(err, errno, "%s", what);
			/* at the end, or not possible here: the rest by hand, which may be none */
			return copy_plain(c, in, out, what, n, err);
		}
		*n += (uint64_t)got;
		PD_TRY(report(c, (uint64_t)got, 0, err));
	}
}

static enum pd_code bring_file(struct copy *c, const struct pd_tree_entry *e, const char *to,
			       const char *what, struct pd_err *err)
{
	PD_AUTO_FD int out = open(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (out < 0)
		return pd_fail_errno(err, errno, "%s", what);
	PD_TRY(c->source->bring(c->source->ctx, e, out, c->t, err));
	if (c->n_new <= SYNC_FEW && fsync(out) != 0)
		return pd_fail_errno(err, errno, "%s", what);
	return report(c, 0, 1, err);
}

/* `what` is the final name, for texts: nobody knows the hidden one. */
static enum pd_code copy_file(struct copy *c, const struct pd_tree_entry *e, const char *to,
			      const char *what, struct pd_err *err)
{
	PD_AUTO_FD int in = open(e->real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (in < 0 || fstat(in, &st) != 0)
		return pd_fail_errno(err, errno, "%s", e->real);
	if (!S_ISREG(st.st_mode))
		return pd_fail(err, PD_INVALID, "%s: not a regular file", e->real);
	mode_t mode = 0666 | (e->mode & 0111);
	PD_AUTO_FD int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (out < 0)
		return pd_fail_errno(err, errno, "%s", what);
	uint64_t n = 0;
	PD_TRY(copy_bytes(c, in, out, e, what, &n, err));
	if (fstat(in, &st) != 0 || (uint64_t)st.st_size != n || n != e->size_bytes)
		return pd_fail(err, PD_CONFLICT, "%s: changed while it was copied", e->real);
	if (c->n_new <= SYNC_FEW && fsync(out) != 0)
		return pd_fail_errno(err, errno, "%s", what);
	return report(c, 0, 1, err);
}

static enum pd_code fill_stage(struct copy *c, struct pd_err *err)
{
	for (size_t i = 0; i < c->tree->n; i++) {
		const struct pd_tree_entry *e = &c->tree->entries[i];
		if (e->is_same && !e->is_dir)
			continue;
		PD_AUTO_FREE char *rel = pd_str_dup(e->rel);
		PD_AUTO_FREE char *to = pd_path_join(c->stage, rel);
		PD_AUTO_FREE char *what = pd_path_join(c->dest, rel);
		if (e->is_dir && mkdir(to, 0777) != 0)
			return pd_fail_errno(err, errno, "%s", what);
		if (!e->is_dir)
			PD_TRY(c->source ? bring_file(c, e, to, what, err)
					 : copy_file(c, e, to, what, err));
	}
	if (c->n_new > SYNC_FEW && syncfs(c->stage_fd) != 0)
		return pd_fail_errno(err, errno, "%s: sync", c->dest);
	return PD_OK;
}

/* ---------------------------------------------------------------- under the final names */

static enum pd_code sync_dir(const char *path, bool whole, struct pd_err *err)
{
	PD_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (whole ? syncfs(fd) : fsync(fd)) != 0)
		return pd_fail_errno(err, errno, "%s: sync", path);
	return PD_OK;
}

static enum pd_code sync_names(struct copy *c, struct pd_err *err)
{
	size_t n_dirs = 0;
	for (size_t i = 0; i < c->tree->n; i++)
		n_dirs += c->tree->entries[i].is_dir;
	if (n_dirs > SYNC_FEW)
		return sync_dir(c->dest, true, err);
	for (size_t i = 0; i < c->tree->n; i++) {
		if (!c->tree->entries[i].is_dir)
			continue;
		PD_AUTO_FREE char *rel = pd_str_dup(c->tree->entries[i].rel);
		PD_AUTO_FREE char *path = pd_path_join(c->dest, rel);
		PD_TRY(sync_dir(path, false, err));
	}
	return sync_dir(c->dest, false, err);
}

static enum pd_code publish(struct copy *c, struct pd_err *err)
{
	PD_TRY(pd_dir_make(c->dest, err));
	for (size_t i = 0; i < c->tree->n; i++) {
		const struct pd_tree_entry *e = &c->tree->entries[i];
		if (e->is_same)
			continue;
		PD_AUTO_FREE char *rel = pd_str_dup(e->rel);
		PD_AUTO_FREE char *from = pd_path_join(c->stage, rel);
		PD_AUTO_FREE char *to = pd_path_join(c->dest, rel);
		bool done = e->is_dir ? mkdir(to, 0777) == 0 || errno == EEXIST
				      : rename(from, to) == 0;
		if (!done)
			return pd_fail_errno(err, errno, "%s", to);
	}
	return sync_names(c, err);
}

static enum pd_code run(struct copy *c, struct pd_err *err)
{
	if (pd_path_exists(c->dest) && !pd_path_is_dir(c->dest))
		return pd_fail(err, PD_EXISTS, "%s: a file, where a folder is wanted", c->dest);
	PD_TRY(compare(c, err));
	if (!c->n_new && pd_path_is_dir(c->dest)) {
		bool all = true;
		for (size_t i = 0; i < c->tree->n; i++)
			all = all && c->tree->entries[i].is_same;
		if (all)
			return PD_OK;
	}
	c->parent = existing_parent(c->dest);
	PD_TRY(make_stage(c, err));
	PD_TRY(fill_stage(c, err));
	return publish(c, err);
}

enum pd_code pd_tree_bring(struct pd_tree *tree, const struct pd_tree_source *source,
			   const char *dest, struct pd_transfer *t, struct pd_err *err)
{
	struct pd_transfer unheard = { 0 };
	PD_AUTO(copy) c = {
		.tree = tree, .source = source, .dest = dest, .t = t ? t : &unheard, .stage_fd = -1
	};
	return run(&c, err);
}

enum pd_code pd_tree_copy(struct pd_tree *tree, const char *dest, struct pd_transfer *t,
			  struct pd_err *err)
{
	return pd_tree_bring(tree, NULL, dest, t, err);
}

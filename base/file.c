#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

#define READ_CHUNK ((size_t)64 << 10)

static enum pd_code open_regular(const char *path, int *out_fd, struct stat *out_st,
				 struct pd_err *err)
{
	PD_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return pd_fail_errno(err, errno, "%s", path);
	if (fstat(fd, out_st) != 0)
		return pd_fail_errno(err, errno, "%s", path);
	if (S_ISDIR(out_st->st_mode))
		return pd_fail(err, PD_INVALID, "%s: is a directory, a file is wanted", path);
	if (!S_ISREG(out_st->st_mode))
		return pd_fail(err, PD_INVALID, "%s: not a regular file", path);
	*out_fd = pd_take_fd(&fd);
	return PD_OK;
}

enum pd_code pd_file_map_open(struct pd_file_map *m, const char *path, size_t max,
			      struct pd_err *err)
{
	PD_AUTO_FD int fd = -1;
	struct stat st = { 0 };
	PD_TRY(open_regular(path, &fd, &st, err));
	*m = (struct pd_file_map){ 0 };
	if ((uint64_t)st.st_size > max)
		return pd_fail(err, PD_TOO_LARGE, "%s: %lld bytes, more than the limit of %zu",
			       path, (long long)st.st_size, max);
	if (st.st_size == 0)
		return PD_OK;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return pd_fail_errno(err, errno, "%s", path);
	*m = (struct pd_file_map){ p, (size_t)st.st_size };
	return PD_OK;
}

void pd_file_map_end(struct pd_file_map *m)
{
	if (m->p)
		munmap((void *)(uintptr_t)m->p, m->n);
	*m = (struct pd_file_map){ 0 };
}

enum pd_code pd_fd_read(struct pd_buf *b, int fd, const char *what, struct pd_err *err)
{
	for (;;) {
		size_t room = b->max > b->n ? b->max - b->n : 0;
		char spare; /* at the maximum: one more byte tells whether the input ends there */
		char *at = &spare;
		size_t want = 1;
		if (room) {
			want = room < READ_CHUNK ? room : READ_CHUNK;
			at = pd_buf_room(b, want);
			if (!at)
				return pd_buf_check(b, what, err);
		}
		ssize_t got = read(fd, at, want);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pd_fail_errno(err, errno, "%s", what);
		if (got == 0)
			return PD_OK;
		if (!room)
			return pd_fail(err, PD_TOO_LARGE, "%s: larger than %zu bytes", what,
				       b->max);
		pd_buf_wrote(b, (size_t)got);
	}
}

enum pd_code pd_file_read(struct pd_buf *b, const char *path, struct pd_err *err)
{
	PD_AUTO_FD int fd = -1;
	struct stat st = { 0 };
	PD_TRY(open_regular(path, &fd, &st, err));
	return pd_fd_read(b, fd, path, err);
}

enum pd_code pd_fd_write(int fd, const void *p, size_t n, const char *what, struct pd_err *err)
{
	const char *at = p;
	while (n > 0) {
		ssize_t put = write(fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return pd_fail_errno(err, errno, "%s", what);
		at += put;
		n -= (size_t)put;
	}
	return PD_OK;
}

static char *tmp_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path) + 1 : 0;
	const char *name = slash ? slash + 1 : path;
	size_t size = strlen(path) + sizeof(".XXXXXX.tmp") + 1;
	char *tmp = pd_xmalloc(size);
	snprintf(tmp, size, "%.*s.%.200s.XXXXXX.tmp", dir_len, path, name);
	return tmp;
}

enum pd_code pd_file_out_begin(struct pd_file_out *f, const char *path, mode_t mode,
			       struct pd_err *err)
{
	*f = (struct pd_file_out){ .fd = -1 };
	if (pd_path_is_dir(path))
		return pd_fail(err, PD_INVALID, "%s: is a directory, a file is wanted", path);
	PD_AUTO_FREE char *tmp = tmp_name(path);
	PD_AUTO_FD int fd = mkostemps(tmp, 4, O_CLOEXEC);
	if (fd < 0)
		return pd_fail_errno(err, errno, "%s", path);
	mode_t mask = umask(0);
	umask(mask);
	if (fchmod(fd, mode & ~mask) != 0) {
		int why = errno;
		unlink(tmp);
		return pd_fail_errno(err, why, "%s", path);
	}
	f->path = pd_xstrdup(path);
	f->tmp = PD_TAKE(tmp);
	f->fd = pd_take_fd(&fd);
	return PD_OK;
}

enum pd_code pd_file_out_write(struct pd_file_out *f, const void *p, size_t n, struct pd_err *err)
{
	return pd_fd_write(f->fd, p, n, f->path, err);
}

static enum pd_code sync_dir_of(const char *path, struct pd_err *err)
{
	PD_AUTO_FREE char *copy = pd_xstrdup(path);
	PD_AUTO_FD int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return pd_fail_errno(err, errno, "%s: sync of its folder", path);
	return PD_OK;
}

enum pd_code pd_file_out_commit(struct pd_file_out *f, struct pd_err *err)
{
	if (fsync(f->fd) != 0)
		return pd_fail_errno(err, errno, "%s", f->path);
	if (rename(f->tmp, f->path) != 0)
		return pd_fail_errno(err, errno, "%s", f->path);
	free(PD_TAKE(f->tmp));
	close(pd_take_fd(&f->fd));
	return sync_dir_of(f->path, err);
}

void pd_file_out_end(struct pd_file_out *f)
{
	if (f->tmp) {
		if (f->fd >= 0)
			close(f->fd);
		unlink(f->tmp);
		free(f->tmp);
	}
	free(f->path);
	*f = (struct pd_file_out){ .fd = -1 };
}

enum pd_code pd_file_put(const char *path, struct pd_str bytes, struct pd_err *err)
{
	PD_AUTO(pd_file_out) f = { 0 };
	PD_TRY(pd_file_out_begin(&f, path, 0666, err));
	PD_TRY(pd_file_out_write(&f, bytes.p, bytes.n, err));
	return pd_file_out_commit(&f, err);
}

static enum pd_code make_one(const char *path, struct pd_err *err)
{
	if (mkdir(path, 0777) == 0 || pd_path_is_dir(path))
		return PD_OK;
	if (errno == EEXIST || errno == ENOTDIR)
		return pd_fail(err, PD_EXISTS, "%s: is not a directory", path);
	return pd_fail_errno(err, errno, "%s", path);
}

enum pd_code pd_dir_make(const char *path, struct pd_err *err)
{
	PD_AUTO_FREE char *part = pd_xstrdup(path);
	for (char *slash = strchr(part + 1, '/'); part[0] && slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		PD_TRY(make_one(part, err));
		*slash = '/';
	}
	return make_one(path, err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

enum pd_code pd_tree_remove(const char *path, struct pd_err *err)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		return pd_fail_errno(err, errno, "%s", path);
	return PD_OK;
}

enum pd_code pd_dir_temp(const char *prefix, char **out_path, struct pd_err *err)
{
	size_t size = strlen(prefix) + sizeof(".XXXXXX");
	PD_AUTO_FREE char *path = pd_xmalloc(size);
	snprintf(path, size, "%s.XXXXXX", prefix);
	if (!mkdtemp(path))
		return pd_fail_errno(err, errno, "%s", prefix);
	*out_path = PD_TAKE(path);
	return PD_OK;
}

char *pd_path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		n--;
	bool slash = n > 0 && dir[n - 1] != '/';
	size_t size = n + strlen(name) + 2;
	char *path = pd_xmalloc(size);
	snprintf(path, size, "%.*s%s%s", (int)n, dir, slash ? "/" : "", name);
	return path;
}

char *pd_path_absolute(const char *path)
{
	PD_AUTO_FREE char *full = NULL;
	if (path[0] == '/') {
		full = pd_xstrdup(path);
	} else {
		PD_AUTO_FREE char *cwd = getcwd(NULL, 0);
		full = pd_path_join(cwd ? cwd : "/", path);
	}
	char *out = pd_xmalloc(strlen(full) + 2);
	size_t n = 0;
	for (const char *p = full; *p;) {
		p += strspn(p, "/");
		size_t len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			while (n > 0 && out[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, p, len);
			n += len;
		}
		p += len;
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}

bool pd_path_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool pd_path_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

bool pd_path_is_safe(struct pd_str rel)
{
	if (!rel.n || memchr(rel.p, '\0', rel.n) || memchr(rel.p, '\\', rel.n))
		return false;
	for (bool more = true; more;) {
		struct pd_str part;
		more = pd_str_split(rel, '/', &part, &rel);
		if (!part.n || pd_str_eq(part, PD_STR(".")) || pd_str_eq(part, PD_STR("..")))
			return false;
	}
	return true;
}

/*
 * base/file.h - files read whole or mapped, and files that appear under their name only when
 * they are whole: pd_file_out writes beside the target and renames on commit.
 */
#ifndef PD_BASE_FILE_H
#define PD_BASE_FILE_H

#include <sys/types.h>

#include "base/buf.h"

/* The bytes of a regular file, mapped read-only (empty file: p == NULL, n == 0). */
struct pd_file_map {
	const unsigned char *p;
	size_t n;
};

/* PD_NOT_FOUND, PD_DENIED, PD_INVALID (a directory or device), PD_TOO_LARGE (over max), PD_IO. */
PD_MUST enum pd_code pd_file_map_open(struct pd_file_map *m, const char *path, size_t max,
				      struct pd_err *err);
void pd_file_map_end(struct pd_file_map *m); /* accepts a zeroed object */

/* Append the whole of a file (or of descriptor fd, named `what` in texts) to b. Errors as above,
 * and PD_TOO_LARGE when b's maximum is passed. */
PD_MUST enum pd_code pd_file_read(struct pd_buf *b, const char *path, struct pd_err *err);
PD_MUST enum pd_code pd_fd_read(struct pd_buf *b, int fd, const char *what, struct pd_err *err);

/* All n bytes, over short writes and EINTR. */
PD_MUST enum pd_code pd_fd_write(int fd, const void *p, size_t n, const char *what,
				 struct pd_err *err);

/*
 * A file being written. begin makes ".NAME.XXXXXX.tmp" in the target's folder; write as often as
 * you like; commit syncs and renames; leaving the scope without commit removes the temporary file
 * and leaves the target as it was.
 */
struct pd_file_out {
	int fd; /* -1 when closed; valid only while tmp is set */
	char *path;
	char *tmp;
};

PD_MUST enum pd_code pd_file_out_begin(struct pd_file_out *f, const char *path, mode_t mode,
				       struct pd_err *err);
PD_MUST enum pd_code pd_file_out_write(struct pd_file_out *f, const void *p, size_t n,
				       struct pd_err *err);
PD_MUST enum pd_code pd_file_out_commit(struct pd_file_out *f, struct pd_err *err);
void pd_file_out_end(struct pd_file_out *f); /* accepts a zeroed object */

/* begin + write + commit. */
PD_MUST enum pd_code pd_file_put(const char *path, struct pd_str bytes, struct pd_err *err);

/* Like mkdir -p. PD_EXISTS when a part of the path is not a directory. */
PD_MUST enum pd_code pd_dir_make(const char *path, struct pd_err *err);

/* Remove a file or a whole folder; links are removed, not followed. Missing is PD_OK. */
PD_MUST enum pd_code pd_tree_remove(const char *path, struct pd_err *err);

/* A new directory "PREFIX.XXXXXX" beside or below; *out_path given, release with free(). */
PD_MUST enum pd_code pd_dir_temp(const char *prefix, char **out_path, struct pd_err *err);

/* "a/b" from "a" and "b" (one slash between); given, release with free(). */
char *pd_path_join(const char *dir, const char *name);

/* Absolute form of a path by the working directory, without resolving links, "." and ".." parts
 * folded; given, release with free(). */
char *pd_path_absolute(const char *path);

bool pd_path_is_dir(const char *path);
bool pd_path_exists(const char *path); /* links not followed */

/* A relative path that stays inside: no empty, "." or ".." parts, no leading slash, no NUL, no
 * backslash. What comes from a peer or an archive must pass before it is joined to a folder. */
bool pd_path_is_safe(struct pd_str rel);

#endif

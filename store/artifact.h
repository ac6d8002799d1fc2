/*
 * store/artifact.h - where the files of runs and models live: one interface over all kinds of
 * artifact stores, a table of back ends by scheme.
 *
 * A store is opened at a root (a run's artifact_uri, a model's location, a plain path); paths are
 * relative to it, "/" between the parts, "" for the root itself, which may be one object. Nothing
 * outside the root is read or written, whatever a path, a name or a link says. What is fetched or
 * put appears under its final name only when whole.
 * Threads: a struct pd_artifacts belongs to one thread at a time; a back end may use more inside.
 */
#ifndef PD_STORE_ARTIFACT_H
#define PD_STORE_ARTIFACT_H

#include "base/buf.h"
#include "base/env.h"
#include "store/tree.h"

struct pd_artifact {
	struct pd_str path; /* below the root */
	bool is_dir;
	uint64_t size_bytes; /* 0 for a folder */
	int64_t modified_ms; /* 0: the store does not say */
};

struct pd_artifact_list {
	struct pd_artifact *items; /* by path */
	size_t n;
};

struct pd_artifacts;       /* an open store */
struct pd_artifact_upload; /* an object that is being put */

/* One kind of store. A path that arrives here is "" or safe (pd_path_is_safe). */
struct pd_artifact_ops {
	const char *scheme; /* lower case; "" for a plain path */
	enum pd_code (*open)(const struct pd_env *env, struct pd_str uri, struct pd_artifacts **out,
			     struct pd_err *err);
	void (*close)(struct pd_artifacts *a);
	enum pd_code (*stat)(struct pd_artifacts *a, struct pd_str path, struct pd_arena *arena,
			     struct pd_artifact *out, struct pd_err *err);
	enum pd_code (*list)(struct pd_artifacts *a, struct pd_str path, bool deep,
			     struct pd_arena *arena, struct pd_artifact_list *out,
			     struct pd_err *err);
	enum pd_code (*read)(struct pd_artifacts *a, struct pd_str path, uint64_t from, uint64_t n,
			     struct pd_buf *out, struct pd_err *err);
	enum pd_code (*fetch)(struct pd_artifacts *a, struct pd_str path, const char *dest,
			      struct pd_transfer *t, struct pd_err *err);
	enum pd_code (*put)(struct pd_artifacts *a, const char *local, struct pd_str path,
			    struct pd_transfer *t, struct pd_err *err);
	enum pd_code (*remove)(struct pd_artifacts *a, struct pd_str path, bool deep,
			       struct pd_err *err);
	/* NULL where an object cannot be put piece by piece */
	enum pd_code (*begin)(struct pd_artifacts *a, struct pd_str path,
			      struct pd_artifact_upload **out, struct pd_err *err);
	/* NULL where bytes are not in files of this machine */
	enum pd_code (*local)(struct pd_artifacts *a, struct pd_str path, struct pd_arena *arena,
			      struct pd_str *out, struct pd_err *err);
};

/* First member of a back end's own struct of an upload. */
struct pd_artifact_upload {
	enum pd_code (*write)(struct pd_artifact_upload *u, const void *p, size_t n,
			      struct pd_err *err);
	enum pd_code (*commit)(struct pd_artifact_upload *u, struct pd_err *err);
	void (*end)(struct pd_artifact_upload *u);
};

/* First member of every back end's own struct. */
struct pd_artifacts {
	const struct pd_artifact_ops *ops;
};

extern const struct pd_artifact_ops pd_artifact_file; /* plain paths */
extern const struct pd_artifact_ops pd_artifact_http;
extern const struct pd_artifact_ops pd_artifact_https;
extern const struct pd_artifact_ops pd_artifact_mlflow; /* mlflow-artifacts: */

/*
 * Open the store at `uri`: a path, file:, or another scheme. Looks at nothing yet. env: kept; its
 * MLFLOW_TRACKING_URI is the server of mlflow-artifacts:. *out given, release with
 * pd_artifacts_close.
 * PD_UNSUPPORTED: no back end for that scheme (named).  PD_INVALID: no proper URI.
 */
PD_MUST enum pd_code pd_artifacts_open(const struct pd_env *env, struct pd_str uri,
				       struct pd_artifacts **out, struct pd_err *err);
void pd_artifacts_close(struct pd_artifacts *a); /* NULL is allowed */

static inline void pd_auto_artifacts(struct pd_artifacts **a)
{
	pd_artifacts_close(*a);
}
#define PD_AUTO_ARTIFACTS __attribute__((cleanup(pd_auto_artifacts))) struct pd_artifacts

/* Errors of all below: PD_NOT_FOUND: nothing there.  PD_INVALID: the path is not safe.
 * PD_DENIED: not readable, or a link leads out of the root. */

PD_MUST enum pd_code pd_artifacts_stat(struct pd_artifacts *a, struct pd_str path,
				       struct pd_arena *arena, struct pd_artifact *out,
				       struct pd_err *err);

/* What is in a folder; deep: below it at any depth, folders too. A single object has an empty
 * list. Arena. */
PD_MUST enum pd_code pd_artifacts_list(struct pd_artifacts *a, struct pd_str path, bool deep,
				       struct pd_arena *arena, struct pd_artifact_list *out,
				       struct pd_err *err);

/* Append up to n bytes of one object from offset `from`; fewer only at its end. PD_TOO_LARGE: the
 * buffer's maximum is passed. */
PD_MUST enum pd_code pd_artifacts_read(struct pd_artifacts *a, struct pd_str path, uint64_t from,
				       uint64_t n, struct pd_buf *out, struct pd_err *err);

/*
 * Bring a folder's contents into the local folder `dest` (dest/MLmodel), or one object to
 * dest/NAME. Files that are there already are not moved again. On an error `dest` is as it was,
 * unless renaming itself failed. t: NULL, or how to do it; filled with what was done.
 * PD_EXISTS: a folder where a file is meant or the other way round.  PD_NO_SPACE, PD_IO.
 */
PD_MUST enum pd_code pd_artifacts_fetch(struct pd_artifacts *a, struct pd_str path,
					const char *dest, struct pd_transfer *t,
					struct pd_err *err);

/* Put the local file or folder `local` at `path`: a file becomes the object of that name, a
 * folder's contents go below it. Parts of the path are made. Errors as fetch. */
PD_MUST enum pd_code pd_artifacts_put(struct pd_artifacts *a, const char *local, struct pd_str path,
				      struct pd_transfer *t, struct pd_err *err);

/*
 * Put one object piece by piece: begin, write as often as you like, commit. It appears under its
 * name at commit, whole and on the disk; pd_artifact_upload_end without commit leaves nothing.
 * *out is given. The store may be closed before the upload.
 * PD_UNSUPPORTED: this kind of store cannot.  PD_EXISTS, PD_INVALID: a folder has that name, or a
 * file stands where a folder is meant.
 */
PD_MUST enum pd_code pd_artifacts_begin(struct pd_artifacts *a, struct pd_str path,
					struct pd_artifact_upload **out, struct pd_err *err);
PD_MUST enum pd_code pd_artifact_upload_write(struct pd_artifact_upload *u, const void *p, size_t n,
					      struct pd_err *err);
PD_MUST enum pd_code pd_artifact_upload_commit(struct pd_artifact_upload *u, struct pd_err *err);
void pd_artifact_upload_end(struct pd_artifact_upload *u); /* NULL is allowed */

/* PD_INVALID: a folder, and not deep. A link goes, what it points to stays. */
PD_MUST enum pd_code pd_artifacts_remove(struct pd_artifacts *a, struct pd_str path, bool deep,
					 struct pd_err *err);

/* The path in this machine's file system, to use the files in place. Arena, absolute.
 * PD_UNSUPPORTED: the store is elsewhere. */
PD_MUST enum pd_code pd_artifacts_local(struct pd_artifacts *a, struct pd_str path,
					struct pd_arena *arena, struct pd_str *out,
					struct pd_err *err);

#endif

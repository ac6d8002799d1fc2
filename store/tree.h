/*
 * store/tree.h - files and folders copied so that nothing half ever stands under its name.
 *
 * A copy is made in four steps: walk the source, hold it against the destination (what is the
 * same is skipped, a folder where a file is meant refuses everything), write what is left into a
 * hidden folder on the same file system, and only when all of it is there and synced, rename file
 * by file. A full disk or a signal in the first three leaves the destination as it was; the
 * hidden folder of a process that was killed is removed by the next copy to that place.
 */
#ifndef PD_STORE_TREE_H
#define PD_STORE_TREE_H

#include <signal.h>
#include <sys/stat.h>

#include "base/arena.h"

#define PD_TREE_DEPTH_MAX   64                /* folders inside one another */
#define PD_TREE_ENTRIES_MAX ((size_t)1 << 20) /* files and folders of one tree */

/* Names that a copy in progress uses, podium's and MLflow's; no listing shows them. */
#define PD_TREE_STAGE_PREFIX  ".podium-stage"
#define PD_TREE_MLFLOW_PREFIX ".artifact.uploading."

struct pd_tree_entry {
	struct pd_str rel; /* below the root, "/" between the parts */
	const char *real;  /* where it is: links followed; NULL: not on this machine */
	bool is_dir;
	bool is_same; /* the destination has it already */
	mode_t mode;
	uint64_t size_bytes;
	int64_t modified_ms;
};

struct pd_tree {
	struct pd_tree_entry *entries; /* a folder comes before what is in it; by name */
	size_t n;
	size_t cap;
	uint64_t n_bytes;
};

struct pd_progress {
	uint64_t bytes_done;
	uint64_t bytes_total;
	size_t files_done;
	size_t files_total;
};

/* How a transfer is done, for every kind of artifact store. A zeroed struct is the default. */
struct pd_transfer {
	void (*progress)(void *ctx, const struct pd_progress *p); /* NULL: nobody listens */
	void *ctx;
	const volatile sig_atomic_t *stop; /* once not 0, what is not whole yet is given up, PD_IO;
					    * NULL: nobody stops it */
	struct pd_progress done;           /* filled while and after: what was moved */
	size_t n_skipped;                  /* filled: files that were there already, the same */
};

/*
 * All files and folders below `root`, or the one file that it is (rel is then its name). Arena.
 * confine: a real path that links may not lead out of, or NULL. Links are followed.
 * PD_NOT_FOUND: no root.  PD_DENIED: a link leads out of `confine`.  PD_INVALID: a name that is
 * not UTF-8 or has a backslash, something that is neither file nor folder, links in a circle.
 * PD_TOO_LARGE: the limits above.
 */
PD_MUST enum pd_code pd_tree_walk(const char *root, const char *confine, struct pd_arena *arena,
				  struct pd_tree *out, struct pd_err *err);

/*
 * Put the entries into the folder `dest`, which is made when it is not there. t may be NULL.
 * PD_EXISTS: a folder stands where a file is meant, or the other way round.
 * PD_DENIED: a link stands where a folder is meant.  PD_NO_SPACE, PD_IO. On any error before the
 * first rename `dest` is as it was.
 */
PD_MUST enum pd_code pd_tree_copy(struct pd_tree *tree, const char *dest, struct pd_transfer *t,
				  struct pd_err *err);

/* Where the bytes of a tree come from that is elsewhere. */
struct pd_tree_source {
	/* Write the whole of one file to the new file `fd`. Counts bytes in `t` and reports them. */
	enum pd_code (*bring)(void *ctx, const struct pd_tree_entry *e, int fd,
			      struct pd_transfer *t, struct pd_err *err);
	void *ctx;
};

/* The same for entries of which only rel, is_dir and size_bytes are set, their names safe. All
 * files are brought: nobody knows yet whether those in `dest` are the same. */
PD_MUST enum pd_code pd_tree_bring(struct pd_tree *tree, const struct pd_tree_source *source,
				   const char *dest, struct pd_transfer *t, struct pd_err *err);

#endif

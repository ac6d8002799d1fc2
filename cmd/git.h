/*
 * cmd/git.h - which commit the working directory stands at, read from .git itself: no git program
 * is run. Files: gitrepository-layout(5); reftables are not read.
 */
#ifndef PD_CMD_GIT_H
#define PD_CMD_GIT_H

#include "base/arena.h"

/* Texts are empty where unknown: a detached head has no branch, a new repository no commit. */
struct pd_git {
	struct pd_str commit; /* 40 or 64 hex digits */
	struct pd_str branch;
	struct pd_str url; /* of the first remote, without user and password */
};

/* Search `dir` and the folders above it. False: there is no repository, or none we can read. */
bool pd_git_read(const char *dir, struct pd_arena *arena, struct pd_git *out);

#endif

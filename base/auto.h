/*
 * base/auto.h - release at the end of the scope.
 * PD_AUTO(pd_tx) tx = { 0 };         calls pd_tx_end(&tx) on every way out of the scope
 * PD_AUTO_FREE char *p = NULL;       free(p);  likewise PD_AUTO_JSON, PD_AUTO_FD, ...
 * return PD_TAKE(p);                 hands the value over: the variable is emptied
 * Leaving a scope may only undo (roll back, unlink, close); what can fail on success is an
 * explicit call whose code is checked. Each third-party handle has its one wrapper here.
 */
#ifndef PD_BASE_AUTO_H
#define PD_BASE_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <dirent.h>
#include <jansson.h>

#define PD_CLEANUP(fn) __attribute__((cleanup(fn), unused))

/* For a struct pd_NOUN with `void pd_NOUN_end(struct pd_NOUN *)` that accepts a zeroed object. */
#define PD_AUTO(noun) PD_CLEANUP(noun##_end) struct noun

#define PD_TAKE(p)                                                                                 \
	__extension__({                                                                            \
		__typeof__(p) pd_taken_ = (p);                                                     \
		(p) = NULL;                                                                        \
		pd_taken_;                                                                         \
	})

static inline void pd_auto_free(void *p)
{
	free(*(void **)p);
}

static inline void pd_auto_json(json_t **j)
{
	json_decref(*j);
}

static inline void pd_auto_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline int pd_take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

static inline void pd_auto_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void pd_auto_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define PD_AUTO_FREE PD_CLEANUP(pd_auto_free)
#define PD_AUTO_JSON PD_CLEANUP(pd_auto_json)
#define PD_AUTO_FD   PD_CLEANUP(pd_auto_fd)
#define PD_AUTO_FILE PD_CLEANUP(pd_auto_file)
#define PD_AUTO_DIR  PD_CLEANUP(pd_auto_dir)

#endif

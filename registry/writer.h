/*
 * registry/writer.h - the one thread of a server that writes, so that many clients share one fsync.
 *
 * Whoever has a request that changes something puts it into the writer's queue. The writer takes
 * all that wait, runs them in one transaction, each in a savepoint of its own, commits, and only
 * then tells each how it went: a request that is answered with success is on the disk. While it
 * commits, the next ones gather. One that fails is undone alone.
 * When the transaction itself is lost (a full disk), each of its requests is run again alone, so
 * that those that fit are done and only the others fail.
 *
 * Threads: put may be called by any thread; `done` is called on the writer's.
 */
#ifndef PD_REGISTRY_WRITER_H
#define PD_REGISTRY_WRITER_H

#include "registry/registry.h"
#include "schema/methods.h"

#define PD_WRITER_GROUP_MAX 1024 /* requests of one transaction */

struct pd_writer;

struct pd_write {
	const char *verb;               /* kept; NULL: the method's usual one */
	const struct pd_method *method; /* of the table */
	json_t *request;                /* checked; kept until done */
	void (*done)(struct pd_write *w);
	void *arg; /* for done */
	/* What came of it. */
	enum pd_code code;
	json_t *body; /* given, when code is PD_OK */
	struct pd_err err;
	struct pd_write *next; /* the queue's */
};

/* A thread with a registry of its own. *out is given; release with pd_writer_stop. Errors as
 * pd_registry_open. env: kept. */
PD_MUST enum pd_code pd_writer_start(const struct pd_env *env, const struct pd_registry_opts *opts,
				     struct pd_writer **out, struct pd_err *err);

/* w: kept until its `done` is called, which is always. */
void pd_writer_put(struct pd_writer *writer, struct pd_write *w);

/* What is in the queue is done first. NULL is allowed. */
void pd_writer_stop(struct pd_writer *writer);

#endif

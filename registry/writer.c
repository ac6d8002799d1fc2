#include "registry/writer.h"

#include <pthread.h>
#include <signal.h>

#include "base/mem.h"

struct pd_writer {
	struct pd_registry *registry; /* the thread's alone */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct pd_write *first; /* the queue; under lock, like all below */
	struct pd_write **last;
	bool stopping;
};

static void run_alone(struct pd_registry *r, struct pd_write *w)
{
	w->err = (struct pd_err){ 0 };
	w->code = pd_registry_run(r, w->verb, w->method, w->request, &w->body, &w->err);
}

/* Up to PD_WRITER_GROUP_MAX of the list from `w` on, in the transaction that was begun; *out_rest is
 * what is left. PD_OK when all that succeeded is committed, else none of it is. */
static enum pd_code run_group(struct pd_registry *r, struct pd_write *w, struct pd_write **out_rest,
			      struct pd_err *err)
{
	for (int i = 0; w && i < PD_WRITER_GROUP_MAX; i++, w = w->next) {
		w->code = pd_registry_group_run(r, w->verb, w->method, w->request, &w->body,
						&w->err);
		if (pd_registry_group_is_lost(r))
			return pd_fail(err, w->code, "%s", w->err.text);
	}
	*out_rest = w;
	return pd_registry_group_commit(r, err);
}

/* No transaction could be begun: waiting for each of them again would take all day. */
static struct pd_write *fail_all(struct pd_write *w, const struct pd_err *err)
{
	for (; w; w = w->next) {
		w->code = err->code;
		w->err = *err;
	}
	return w;
}

/* The group's transaction is gone, and nobody has been told anything yet. */
static struct pd_write *run_again(struct pd_registry *r, struct pd_write *w)
{
	for (int i = 0; w && i < PD_WRITER_GROUP_MAX; i++, w = w->next) {
		json_decref(w->body);
		w->body = NULL;
		run_alone(r, w);
	}
	return w;
}

static void run_list(struct pd_registry *r, struct pd_write *w)
{
	while (w) {
		struct pd_write *rest = NULL;
		struct pd_err err = { 0 };
		if (!w->next) { /* a transaction of its own is cheaper than a savepoint in one */
			run_alone(r, w);
		} else if (pd_registry_group_begin(r, &err) != PD_OK) {
			pd_registry_group_end(r);
			rest = fail_all(w, &err);
		} else {
			enum pd_code code = run_group(r, w, &rest, &err);
			pd_registry_group_end(r);
			if (code != PD_OK)
				rest = run_again(r, w);
		}
		while (w != rest) {
			struct pd_write *next = w->next;
			w->done(w);
			w = next;
		}
	}
}

static void *writer_main(void *arg)
{
	struct pd_writer *writer = arg;
	pthread_mutex_lock(&writer->lock);
	while (writer->first || !writer->stopping) {
		struct pd_write *list = writer->first;
		if (!list) {
			pthread_cond_wait(&writer->more, &writer->lock);
			continue;
		}
		writer->first = NULL;
		writer->last = &writer->first;
		pthread_mutex_unlock(&writer->lock);
		run_list(writer->registry, list);
		pthread_mutex_lock(&writer->lock);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

enum pd_code pd_writer_start(const struct pd_env *env, const struct pd_registry_opts *opts,
			     struct pd_writer **out, struct pd_err *err)
{
	struct pd_registry *registry = NULL;
	PD_TRY(pd_registry_open(env, opts, &registry, err));
	struct pd_writer *w = pd_xcalloc(1, sizeof(*w));
	w->registry = registry;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	sigset_t all, old;
	sigfillset(&all); /* signals are the main thread's business */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int rc = pthread_create(&w->thread, NULL, writer_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0) {
		*out = w;
		return PD_OK;
	}
	pd_registry_close(registry);
	free(w);
	return pd_fail_errno(err, rc, "cannot start the thread that writes");
}

void pd_writer_put(struct pd_writer *writer, struct pd_write *w)
{
	w->next = NULL;
	w->code = PD_OK;
	w->body = NULL;
	w->err = (struct pd_err){ 0 };
	pthread_mutex_lock(&writer->lock);
	*writer->last = w;
	writer->last = &w->next;
	pthread_cond_signal(&writer->more);
	pthread_mutex_unlock(&writer->lock);
}

void pd_writer_stop(struct pd_writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stopping = true;
	pthread_cond_signal(&writer->more);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	pd_registry_close(writer->registry);
	pthread_cond_destroy(&writer->more);
	pthread_mutex_destroy(&writer->lock);
	free(writer);
}

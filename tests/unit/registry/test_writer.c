#include "tests/unit/pd_test.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "registry/writer.h"

#define N 200

static struct pd_err err;
static atomic_uint n_done;

static void count(struct pd_write *w)
{
	(void)w;
	atomic_fetch_add(&n_done, 1);
}

static struct pd_write create(const char *name)
{
	return (struct pd_write){
		.method = pd_method_find("POST", "experiments/create"),
		.request = json_pack("{s:s}", "name", name),
		.done = count,
	};
}

static void wait_for(unsigned n)
{
	while (atomic_load(&n_done) < n)
		usleep(1000);
}

PD_TEST(requests_of_a_group_succeed_and_fail_each_alone)
{
	struct pd_env env;
	PD_AUTO_FREE char *dir = NULL;
	char uri[512];
	struct pd_writer *writer = NULL;
	static struct pd_write writes[N];
	pd_env_init(&env);
	assert_ok(pd_dir_temp("/tmp/podium-writer", &dir, &err));
	snprintf(uri, sizeof(uri), "sqlite:///%s/mlflow.db", dir);
	struct pd_registry_opts opts = { .tracking_uri = uri, .registry_uri = uri, .create = true };
	assert_ok(pd_writer_start(&env, &opts, &writer, &err));
	atomic_store(&n_done, 0);
	for (unsigned i = 0; i < N; i++) {
		char name[32];
		snprintf(name, sizeof(name), "e%u", i / 2); /* the second of each is refused */
		writes[i] = create(name);
		pd_writer_put(writer, &writes[i]);
	}
	wait_for(N);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(writes[i].code, i % 2 ? PD_EXISTS : PD_OK);
		assert_true((writes[i].body != NULL) == (i % 2 == 0));
		json_decref(writes[i].body);
		json_decref(writes[i].request);
	}
	pd_writer_stop(writer);
	assert_ok(pd_tree_remove(dir, &err));
}

PD_TEST(stopping_the_writer_does_what_is_in_its_queue)
{
	struct pd_env env;
	PD_AUTO_FREE char *dir = NULL;
	char uri[512];
	struct pd_writer *writer = NULL;
	struct pd_write w = create("last");
	pd_env_init(&env);
	assert_ok(pd_dir_temp("/tmp/podium-writer", &dir, &err));
	snprintf(uri, sizeof(uri), "sqlite:///%s/mlflow.db", dir);
	struct pd_registry_opts opts = { .tracking_uri = uri, .registry_uri = uri, .create = true };
	assert_ok(pd_writer_start(&env, &opts, &writer, &err));
	atomic_store(&n_done, 0);
	pd_writer_put(writer, &w);
	pd_writer_stop(writer);
	assert_int_equal(atomic_load(&n_done), 1);
	assert_int_equal(w.code, PD_OK);
	json_decref(w.body);
	json_decref(w.request);
	assert_ok(pd_tree_remove(dir, &err));
}

PD_TEST(a_registry_opened_to_read_refuses_writes)
{
	struct pd_env env;
	PD_AUTO_FREE char *dir = NULL;
	PD_AUTO_JSON json_t *body = NULL;
	PD_AUTO_JSON json_t *request = json_pack("{s:s}", "name", "e");
	char uri[512];
	struct pd_registry *r = NULL;
	pd_env_init(&env);
	assert_ok(pd_dir_temp("/tmp/podium-writer", &dir, &err));
	snprintf(uri, sizeof(uri), "sqlite:///%s/mlflow.db", dir);
	struct pd_registry_opts opts = { .tracking_uri = uri, .registry_uri = uri, .create = true };
	assert_ok(pd_registry_open(&env, &opts, &r, &err));
	pd_registry_close(r);
	opts.create = false;
	opts.read_only = true;
	assert_ok(pd_registry_open(&env, &opts, &r, &err));
	assert_int_equal(pd_registry_call(r, "POST", "experiments/create", request, &body, &err),
			 PD_DENIED);
	pd_registry_close(r);
	assert_ok(pd_tree_remove(dir, &err));
}

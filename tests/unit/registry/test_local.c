#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "base/file.h"
#include "registry/batch.h"
#include "registry/local_tracking.h"
#include "registry/registry.h"
#include "schema/methods.h"

static struct pd_err err;
static int64_t clock_ms;

static int64_t test_now_ms(const struct pd_env *env)
{
	(void)env;
	return clock_ms;
}

static const char *no_var(const struct pd_env *env, const char *name)
{
	(void)env;
	(void)name;
	return NULL;
}

struct fixture {
	struct pd_env env;
	struct pd_registry *r;
	char uri[512];
};

static void fixture_end(struct fixture *fx)
{
	pd_registry_close(fx->r);
}

static void open_new(struct fixture *fx, bool create)
{
	struct pd_registry_opts opts = { .artifact_root = "/art", .create = create };
	clock_ms = 1700000000000;
	fx->env = (struct pd_env){ .var = no_var, .now_ms = test_now_ms };
	if (!fx->uri[0])
		snprintf(fx->uri, sizeof(fx->uri), "sqlite:///%s/x.db", pd_test_dir());
	opts.tracking_uri = fx->uri;
	assert_ok(pd_registry_open(&fx->env, &opts, &fx->r, &err));
}

/* The answer to a request written as JSON; {} is not looked at. */
static json_t *call(struct fixture *fx, const char *method, json_t *request)
{
	json_t *out = NULL;
	PD_AUTO_JSON json_t *hold = request;
	enum pd_code code = pd_registry_call(fx->r, NULL, method, request, &out, &err);
	if (code != PD_OK)
		fail_msg("%s: %s", method, err.text);
	return out;
}

static const char *text_at(const json_t *j, const char *a, const char *b, const char *c)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(j, a), b), c));
}

PD_TEST(every_function_has_a_row_in_the_method_table)
{
	static const struct pd_local_method *const tables[] = {
		pd_local_experiments, pd_local_runs,          pd_local_run_data, pd_local_metrics,
		pd_local_inputs,      pd_local_models,        pd_local_aliases,  pd_local_versions,
		pd_local_artifacts,   pd_local_logged_models,
	};
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct pd_local_method *m = tables[i]; m->name; m++) {
			const struct pd_method *row = pd_method_find(m->verb, m->name);
			if (!row)
				fail_msg("%s has no row", m->name);
			assert_ptr_equal(pd_local_find(m->verb, m->name), m->fn);
		}
}

PD_TEST(a_missing_database_is_made_only_when_asked)
{
	struct pd_env env = { .var = no_var, .now_ms = test_now_ms };
	char uri[512];
	const char *dir = pd_test_dir();
	struct pd_registry *r = NULL;
	snprintf(uri, sizeof(uri), "sqlite:///%s/x.db", dir);
	struct pd_registry_opts opts = { .tracking_uri = uri };
	assert_code(pd_registry_open(&env, &opts, &r, &err), PD_NOT_FOUND);
	PD_AUTO_FREE char *path = pd_path_join(dir, "x.db");
	assert_false(pd_path_exists(path));
	opts.create = true;
	assert_ok(pd_registry_open(&env, &opts, &r, &err));
	assert_string_equal(pd_registry_uri(r), uri);
	pd_registry_close(r);
	assert_true(pd_path_exists(path));
}

PD_TEST(stores_that_podium_does_not_have_are_named)
{
	static const char *const uris[] = { "./mlruns", "file:///tmp/x", "databricks",
					    "mysql://h/db", "sqlite://" };
	struct pd_env env = { .var = no_var, .now_ms = test_now_ms };
	struct pd_registry *r = NULL;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct pd_registry_opts opts = { .tracking_uri = uris[i], .create = true };
		enum pd_code code = pd_registry_open(&env, &opts, &r, &err);
		assert_true(code == PD_UNSUPPORTED || code == PD_INVALID);
		assert_non_null(strstr(err.text, uris[i]));
	}
}

PD_TEST(a_new_experiment_has_its_place_and_times)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	open_new(&fx, true);
	PD_AUTO_JSON json_t *made = call(&fx, "experiments/create",
					 json_pack("{s:s}", "name", "a"));
	assert_string_equal(json_string_value(json_object_get(made, "experiment_id")), "1");
	PD_AUTO_JSON json_t *got = call(&fx, "experiments/get",
					json_pack("{s:s}", "experiment_id", "1"));
	const json_t *e = json_object_get(got, "experiment");
	assert_string_equal(json_string_value(json_object_get(e, "artifact_location")), "/art/1");
	assert_int_equal(json_integer_value(json_object_get(e, "creation_time")), clock_ms);
}

PD_TEST(what_was_written_is_there_after_opening_again)
{
	struct fixture fx = { 0 };
	open_new(&fx, true);
	PD_AUTO_JSON json_t *run = call(&fx, "runs/create", json_pack("{s:s}", "run_name", "r"));
	const char *id = text_at(run, "run", "info", "run_id");
	json_decref(call(&fx, "runs/set-tag",
			 json_pack("{s:s, s:s, s:s}", "run_id", id, "key", "k", "value", "v")));
	fixture_end(&fx);
	open_new(&fx, false);
	PD_AUTO_JSON json_t *again = call(&fx, "runs/get", json_pack("{s:s}", "run_id", id));
	const json_t *data = json_object_get(json_object_get(again, "run"), "data");
	assert_int_equal(json_array_size(json_object_get(data, "tags")), 2);
	fixture_end(&fx);
}

PD_TEST(a_batch_that_fails_leaves_nothing)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	open_new(&fx, true);
	PD_AUTO_JSON json_t *run = call(&fx, "runs/create", json_pack("{s:s}", "run_name", "r"));
	const char *id = text_at(run, "run", "info", "run_id");
	json_decref(call(&fx, "runs/log-parameter",
			 json_pack("{s:s, s:s, s:s}", "run_id", id, "key", "p", "value", "1")));
	PD_AUTO_JSON json_t *batch = json_pack("{s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "run_id", id,
					       "params", "key", "new", "value", "1", "key", "p",
					       "value", "2");
	json_t *out = NULL;
	assert_code(pd_registry_call(fx.r, NULL, "runs/log-batch", batch, &out, &err), PD_INVALID);
	assert_null(out);
	PD_AUTO_JSON json_t *again = call(&fx, "runs/get", json_pack("{s:s}", "run_id", id));
	const json_t *data = json_object_get(json_object_get(again, "run"), "data");
	assert_int_equal(json_array_size(json_object_get(data, "params")), 1);
}

PD_TEST(registered_models_may_live_in_a_store_of_their_own)
{
	struct fixture fx = { 0 };
	char models[512];
	open_new(&fx, true);
	fixture_end(&fx);
	snprintf(models, sizeof(models), "sqlite:///%s/models.db", pd_test_dir());
	struct pd_registry_opts opts = { .tracking_uri = fx.uri, .registry_uri = models };
	assert_code(pd_registry_open(&fx.env, &opts, &fx.r, &err), PD_NOT_FOUND);
	opts.create = true;
	assert_ok(pd_registry_open(&fx.env, &opts, &fx.r, &err));
	json_decref(call(&fx, "registered-models/create", json_pack("{s:s}", "name", "a")));
	json_decref(call(&fx, "experiments/create", json_pack("{s:s}", "name", "e")));
	fixture_end(&fx);
	opts = (struct pd_registry_opts){ .tracking_uri = models };
	assert_ok(pd_registry_open(&fx.env, &opts, &fx.r, &err));
	json_decref(call(&fx, "registered-models/get", json_pack("{s:s}", "name", "a")));
	json_t *out = NULL;
	PD_AUTO_JSON json_t *ask = json_pack("{s:s}", "experiment_name", "e");
	assert_code(pd_registry_call(fx.r, NULL, "experiments/get-by-name", ask, &out, &err),
		    PD_NOT_FOUND);
	fixture_end(&fx);
}

PD_TEST(unknown_methods_and_verbs_are_no_endpoints)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	json_t *out = NULL;
	open_new(&fx, true);
	assert_code(pd_registry_call(fx.r, NULL, "runs/nope", NULL, &out, &err), PD_NO_ENDPOINT);
	assert_code(pd_registry_call(fx.r, "PUT", "runs/get", NULL, &out, &err), PD_NO_ENDPOINT);
	assert_null(out);
}

PD_TEST(names_of_runs_are_short_and_in_three_parts)
{
	for (int i = 0; i < 2000; i++) {
		char name[PD_RUN_NAME_MAX];
		struct pd_str first, second, number, rest;
		int64_t n = -1;
		pd_run_name(name);
		assert_true(strlen(name) <= 20);
		assert_true(pd_str_split(pd_str_from(name), '-', &first, &rest));
		assert_true(pd_str_split(rest, '-', &second, &number));
		assert_true(pd_str_to_i64(number, &n));
		assert_in_range(n, 0, 1000);
	}
}

PD_TEST(artifact_places_are_joined_before_the_query)
{
	static const struct {
		const char *root, *want;
	} cases[] = {
		{ "/a", "/a/x" },         { "/a/", "/a/x" },
		{ "/a?b", "/a?b/x" },     { "s3://b/a?q=1", "s3://b/a/x?q=1" },
		{ "s3://b", "s3://b/x" }, { "gs://b/a/#f", "gs://b/a/x#f" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		PD_AUTO_FREE char *have = pd_local_uri_join(cases[i].root, PD_STR("x"));
		assert_string_equal(have, cases[i].want);
	}
}

PD_TEST(lines_that_are_no_calls_are_answered_too)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	open_new(&fx, true);
	char in[] =
		"{\"method\": \"runs/nope\"}\n\nnot json\n[]\n{\"path\": \"runs/get\", \"verb\": "
		"\"GET\", \"query\": [[\"run_id\", \"x\"]]}\n";
	char *text = NULL;
	size_t n = 0;
	FILE *from = fmemopen(in, strlen(in), "r");
	FILE *to = open_memstream(&text, &n);
	assert_ok(pd_batch_run(fx.r, from, to, &err));
	fclose(from);
	fclose(to);
	int lines = 0;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 4);
	assert_non_null(
		strstr(text, "{\"status\":404,\"body\":{\"error_code\":\"ENDPOINT_NOT_FOUND\""));
	assert_non_null(strstr(text, "Run with id=x not found"));
	free(text);
}

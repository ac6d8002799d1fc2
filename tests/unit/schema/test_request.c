#include "tests/unit/pd_test.h"

#include <math.h>

#include "base/auto.h"
#include "base/json.h"
#include "schema/methods.h"

static struct pd_err err;

static enum pd_code check(const char *method, const char *raw, json_t **out)
{
	PD_AUTO_JSON json_t *j = NULL;
	err = (struct pd_err){ 0 };
	*out = NULL;
	assert_ok(pd_json_parse(pd_str_from(raw), &j, &err));
	return pd_request_check(pd_method_find(NULL, method), j, out, &err);
}

static void assert_reads(const char *method, const char *raw, const char *want)
{
	PD_AUTO_JSON json_t *have = NULL;
	PD_AUTO_JSON json_t *expected = NULL;
	assert_ok(check(method, raw, &have));
	assert_ok(pd_json_parse(pd_str_from(want), &expected, &err));
	assert_true(json_equal(have, expected));
}

static void assert_refuses(const char *method, const char *raw, const char *words)
{
	PD_AUTO_JSON json_t *have = NULL;
	assert_code(check(method, raw, &have), PD_INVALID);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, err.text);
}

PD_TEST(every_method_is_found_by_its_name_and_each_of_its_verbs)
{
	for (const struct pd_method *m = pd_methods; m->name; m++) {
		struct pd_str rest = pd_str_from(m->verbs);
		while (rest.n > 0) {
			struct pd_str verb;
			char z[16];
			pd_str_split(rest, ' ', &verb, &rest);
			snprintf(z, sizeof(z), "%.*s", PD_STR_ARG(verb));
			assert_ptr_equal(pd_method_find(z, m->name), m);
			assert_true(pd_method_has_verb(m, z));
		}
		assert_non_null(pd_method_find(NULL, m->name));
		assert_non_null(m->brief);
	}
	assert_null(pd_method_find(NULL, "runs/nope"));
	assert_null(pd_method_find("PUT", "runs/get"));
	assert_null(pd_method_find("", "runs/get"));
}

PD_TEST(fields_are_brought_into_one_form)
{
	assert_reads("runs/update",
		     "{\"run_id\": \"r\", \"endTime\": \"17\", \"runName\": null, \"x\": [1]}",
		     "{\"run_id\": \"r\", \"end_time\": 17}");
	assert_reads("runs/update", "{\"run_id\": \"r\", \"status\": 3}",
		     "{\"run_id\": \"r\", \"status\": \"FINISHED\"}");
	assert_reads("runs/update", "{\"run_id\": \"r\", \"status\": \"NOPE\"}",
		     "{\"run_id\": \"r\"}");
}

PD_TEST(a_required_field_is_looked_for_under_its_own_name)
{
	assert_refuses("runs/get", "{\"runId\": \"r\"}",
		       "Missing value for required parameter 'run_id'");
	assert_refuses("runs/get", "{\"run_id\": \"\"}",
		       "Missing value for required parameter 'run_id'");
	assert_refuses("runs/get", "{\"run_id\": null}",
		       "Missing value for required parameter 'run_id'");
	assert_reads("runs/get", "{\"run_uuid\": \"r\"}", "{\"run_uuid\": \"r\"}");
}

PD_TEST(integers_come_as_numbers_text_or_whole_reals)
{
	assert_reads("runs/create", "{\"start_time\": \"9223372036854775807\"}",
		     "{\"start_time\": 9223372036854775807}");
	assert_reads("runs/create", "{\"start_time\": 3.0}", "{\"start_time\": 3}");
	assert_reads("runs/create", "{\"start_time\": \"1e3\"}", "{\"start_time\": 1000}");
	assert_refuses("runs/create", "{\"start_time\": 1e300}", "'start_time'");
	assert_refuses("runs/create", "{\"start_time\": \" 1\"}", "'start_time'");
	assert_refuses("runs/create", "{\"start_time\": true}", "type 'bool'");
	assert_refuses("runs/search", "{\"max_results\": 3000000000}", "'max_results'");
	assert_refuses("runs/search", "{\"max_results\": 50001}", "'max_results'");
	assert_reads("runs/search", "{\"max_results\": \"50000\"}", "{\"max_results\": 50000}");
}

PD_TEST(numbers_that_json_lacks_come_by_name)
{
	PD_AUTO_JSON json_t *req = NULL;
	const char *raw =
		"{\"run_id\": \"r\", \"key\": \"m\", \"timestamp\": 1, \"value\": \"-inf\"}";
	assert_ok(check("runs/log-metric", raw, &req));
	assert_string_equal(json_string_value(json_object_get(req, "value")), "-Infinity");
	assert_true(isinf(pd_req_double(req, "value")) && pd_req_double(req, "value") < 0);
	assert_refuses("runs/log-metric",
		       "{\"run_id\": \"r\", \"key\": \"m\", \"timestamp\": 1, \"value\": \"nan\"}",
		       "'value'");
}

PD_TEST(a_request_that_cannot_be_read_whole_is_refused)
{
	assert_refuses("runs/log-batch",
		       "{\"run_id\": \"r\", \"params\": [{\"key\": \"a\", \"value\": 3}]}",
		       "parameter 'params'");
	assert_refuses("runs/log-batch", "{\"run_id\": \"r\", \"params\": [null]}", "params[0]");
	assert_refuses("runs/log-batch", "{\"run_id\": \"r\", \"params\": [[]]}", "params[0]");
	assert_refuses("runs/log-batch", "{\"run_id\": \"r\", \"metrics\": [{\"key\": \"a\"}]}",
		       "'metrics[0].value'");
	assert_refuses("runs/create", "{\"user_id\": 3}", "parameter 'user_id'");
}

PD_TEST(two_spellings_of_one_field_are_refused)
{
	assert_refuses("runs/create", "{\"run_name\": \"a\", \"runName\": \"b\"}",
		       "both 'run_name' and 'runName'");
	assert_refuses("runs/log-inputs",
		       "{\"run_id\": \"r\", \"datasets\": [{\"dataset\": {\"source_type\": \"a\", "
		       "\"sourceType\": \"b\"}}]}",
		       "both 'source_type' and 'sourceType'");
}

PD_TEST(only_an_object_is_a_request)
{
	PD_AUTO_JSON json_t *req = NULL;
	assert_code(check("runs/get", "[]", &req), PD_BAD_REQUEST);
	assert_code(check("runs/get", "3", &req), PD_BAD_REQUEST);
	assert_code(pd_request_check(pd_method_find(NULL, "runs/get"), NULL, &req, &err),
		    PD_INVALID);
}

PD_TEST(a_path_gives_the_method_and_the_fields_in_it)
{
	PD_AUTO_JSON json_t *req = json_object();
	const struct pd_method *m = NULL;
	assert_ok(pd_method_route("DELETE", PD_STR("logged-models/m-1/tags/k"), req, &m, &err));
	assert_string_equal(m->name, "logged-models/delete-tag");
	assert_string_equal(json_string_value(json_object_get(req, "model_id")), "m-1");
	assert_string_equal(json_string_value(json_object_get(req, "tag_key")), "k");
	assert_ok(pd_method_route("POST", PD_STR("logged-models/search"), req, &m, &err));
	assert_string_equal(m->name, "logged-models/search");
	assert_ok(pd_method_route("GET", PD_STR("registered-models/alias"), req, &m, &err));
	assert_string_equal(m->verbs, "GET");
	assert_code(pd_method_route("PUT", PD_STR("runs/get"), req, &m, &err), PD_NO_ENDPOINT);
	assert_code(pd_method_route("GET", PD_STR("runs/get/"), req, &m, &err), PD_NO_ENDPOINT);
	assert_code(pd_method_route("GET", PD_STR(""), req, &m, &err), PD_NO_ENDPOINT);
	assert_code(pd_method_route("GET", PD_STR("logged-models/"), req, &m, &err),
		    PD_NO_ENDPOINT);
}

PD_TEST(query_parameters_become_fields)
{
	PD_AUTO_JSON json_t *req = json_object();
	const struct pd_method *m = pd_method_find("GET", "experiments/search");
	assert_ok(pd_request_set_text(m, req, PD_STR("order_by"), PD_STR("name"), &err));
	assert_ok(pd_request_set_text(m, req, PD_STR("order_by"), PD_STR("x"), &err));
	assert_ok(pd_request_set_text(m, req, PD_STR("max_results"), PD_STR("3"), &err));
	assert_ok(pd_request_set_text(m, req, PD_STR("max_results"), PD_STR("4"), &err));
	assert_ok(pd_request_set_text(m, req, PD_STR("unknown"), PD_STR("4"), &err));
	assert_int_equal(json_array_size(json_object_get(req, "order_by")), 2);
	assert_string_equal(json_string_value(json_object_get(req, "max_results")), "3");
	assert_int_equal(json_object_size(req), 2);
}

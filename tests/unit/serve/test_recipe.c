#include "tests/unit/pd_test.h"

#include "serve/recipe.h"

static struct pd_arena arena;
static struct pd_scratch scratch;
static struct pd_recipe *recipe;
static struct pd_events e;
static struct pd_err fx_err;
static struct pd_buf out;

static enum pd_code compile(const char *text)
{
	pd_arena_reset(&arena);
	fx_err = (struct pd_err){ 0 };
	return pd_recipe_parse(pd_str_from(text), &arena, &recipe, &fx_err);
}

static enum pd_code take(const char *events)
{
	pd_events_begin(&e, recipe, &arena, &scratch, &fx_err);
	PD_TRY(pd_events_text(&e, pd_arena_str(&arena, pd_str_from(events))));
	return pd_events_end(&e);
}

static const char *reply(double prediction, size_t row)
{
	double values[] = { prediction, prediction };
	struct pd_model_facts facts = { .run_id = PD_STR("r\xc3\xbcn"),
					.model_version = PD_STR("3") };
	struct pd_result r = {
		.kind = PD_RESULT_F64, .n_rows = 2, .n_cols = 1, .flat = true, .f = values
	};
	if (!out.max)
		pd_buf_init(&out, 10000);
	pd_buf_clear(&out);
	if (pd_recipe_reply(&e, &facts, &r, row, &out) != PD_OK)
		return fx_err.text;
	return out.p;
}

static void refused(const char *text, const char *words)
{
	assert_int_not_equal(compile(text), PD_OK);
	if (!strstr(fx_err.text, words))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, fx_err.text, words);
}

PD_TEST(a_field_alone_keeps_its_type_and_in_text_becomes_text)
{
	assert_ok(compile(
		"{\"features\": {\"pair\": \"{a}_{b.c}\", \"n\": \"{b.n}\", \"t\": \"{b.t}\","
		" \"x\": \"{b.l.1}\", \"k\": 7}}"));
	assert_ok(take("{\"a\": 10, \"z\": [], \"b\": {\"c\": 1.50, \"n\": 5, \"t\": true, "
		       "\"l\": [0, \"one\"]}}"));
	assert_int_equal(e.frame.n_rows, 1);
	assert_int_equal(e.frame.n_cols, 5);
	assert_str_is(e.frame.cols[0].s[0], "10_1.5");
	assert_int_equal(e.frame.cols[1].kind, PD_COL_I64);
	assert_int_equal(e.frame.cols[2].kind, PD_COL_BOOL);
	assert_str_is(e.frame.cols[3].s[0], "one");
	assert_true(e.frame.cols[4].i[0] == 7);
}

PD_TEST(texts_of_fields_are_json_for_all_but_texts_and_numbers)
{
	assert_ok(compile("{\"features\": {\"f\": \"<{a}>{{}}\"}}"));
	assert_ok(
		take("[{\"a\": true}, {\"a\": \"x y\"}, {\"a\": [1, \"\xc3\xa9\"]}, {\"a\": {}}]"));
	assert_str_is(e.frame.cols[0].s[0], "<true>{}");
	assert_str_is(e.frame.cols[0].s[1], "<x y>{}");
	assert_str_is(e.frame.cols[0].s[2], "<[1, \"\\u00e9\"]>{}");
	assert_str_is(e.frame.cols[0].s[3], "<{}>{}");
}

PD_TEST(a_field_that_is_missing_is_named_with_its_event)
{
	assert_ok(compile("{\"features\": {\"f\": \"{a.b}\", \"g\": \"{c}x\"}}"));
	assert_code(take("{\"a\": {}, \"c\": 1}"), PD_BAD_REQUEST);
	assert_string_equal(fx_err.text, "the event has no field `a.b`");
	assert_code(take("[{\"a\": {\"b\": 1}, \"c\": 1}, {\"a\": 5, \"c\": 1}]"), PD_BAD_REQUEST);
	assert_string_equal(fx_err.text, "event 1: the event has no field `a.b`");
	assert_code(take("{\"a\": {\"b\": 1}, \"c\": null}"), PD_BAD_REQUEST);
	assert_string_equal(fx_err.text, "the event has null in field `c`");
	assert_ok(take("{\"a\": {\"b\": null}, \"c\": 1}"));
	assert_int_equal(e.frame.cols[0].kind, PD_COL_NULL);
}

PD_TEST(a_reply_knows_the_prediction_the_model_and_the_event)
{
	assert_ok(compile(
		"{\"features\": {\"f\": \"{a}\"}, \"reply\": {\"p\": \"{prediction}\", \"list\": "
		"[\"{run_id}\", \"v{model_version}\", \"{model_name}\", null, 1.5, \"\"], "
		"\"own\": \"{event.prediction}\", \"a\": \"{a}\", \"text\": "
		"\"{prediction} \\\"q\\\"\"}}"));
	assert_ok(take("[{\"a\": [1], \"prediction\": \"x\"}]"));
	assert_string_equal(
		reply(2.5, 0),
		"{\"p\": 2.5, \"list\": [\"r\\u00fcn\", \"v3\", null, null, 1.5, \"\"], "
		"\"own\": \"x\", \"a\": [1], \"text\": \"2.5 \\\"q\\\"\"}");
	assert_ok(take("{\"a\": 1}"));
	assert_string_equal(reply(1, 0), "the event has no field `prediction`");
}

PD_TEST(without_features_the_event_is_the_features)
{
	assert_ok(compile("{\"reply\": {\"p\": \"{prediction}\", \"id\": \"{id}\"}}"));
	assert_ok(take("[{\"id\": 1, \"x\": 2}, {\"id\": 2, \"y\": \"t\"}]"));
	assert_int_equal(e.frame.n_cols, 3);
	assert_true(e.frame.cols[1].has_null);
	assert_string_equal(reply(1, 1), "{\"p\": 1.0, \"id\": 2}");
	assert_ok(compile("{}"));
	assert_ok(take("{\"x\": 2}"));
	assert_string_equal(reply(1, 0), "{\"prediction\": 1.0}");
}

PD_TEST(a_path_may_lie_below_another)
{
	assert_ok(compile(
		"{\"features\": {\"f\": \"{a.b}\"}, \"reply\": {\"a\": \"{a}\", \"b\": \"{a.b.0}\"}}"));
	assert_ok(take("{\"a\": {\"b\": [3, 4]}}"));
	assert_string_equal(reply(1, 0), "{\"a\": {\"b\": [3, 4]}, \"b\": 3}");
}

PD_TEST(of_equal_fields_the_last_wins)
{
	assert_ok(compile("{\"features\": {\"f\": \"{a}\"}}"));
	assert_ok(take("{\"a\": 1, \"a\": 2}"));
	assert_true(e.frame.cols[0].i[0] == 2);
}

PD_TEST(events_are_objects_and_nothing_behind_them)
{
	assert_ok(compile("{\"features\": {\"f\": \"{a}\"}}"));
	assert_code(take("1"), PD_BAD_REQUEST);
	assert_code(take("[1]"), PD_BAD_REQUEST);
	assert_code(take("{\"a\": 1} x"), PD_BAD_REQUEST);
	assert_code(take("[{\"a\": 1}"), PD_BAD_REQUEST);
	assert_code(take(""), PD_BAD_REQUEST);
	assert_ok(take("[]"));
	assert_int_equal(e.n, 0);
}

PD_TEST(a_wrong_recipe_says_what_is_wrong)
{
	refused("{\"features\": {\"a\": \"{x\"}}", "never closed");
	refused("{\"features\": {\"a\": \"x}\"}}", "without its {");
	refused("{\"features\": {\"a\": \"{}\"}}", "empty");
	refused("{\"features\": {\"a\": \"{x.}\"}}", "empty");
	refused("{\"features\": {\"a\": {}}}", "feature `a`");
	refused("{\"features\": 1}", "\"features\"");
	refused("{\"replies\": 1}", "not \"replies\"");
	refused("[1]", "a recipe is an object");
	refused("{", "line 1");
}

#include "tests/unit/pd_test.h"

#include <string.h>

#include "registry/uri.h"

#define ID "0123456789abcdef0123456789abcdef"

static struct pd_uri parsed(struct pd_arena *a, const char *z)
{
	struct pd_err err = { 0 };
	struct pd_uri u;
	if (pd_uri_parse(pd_str_from(z), a, &u, &err) != PD_OK)
		fail_msg("%s: %s", z, err.text);
	return u;
}

/* kind, name, selector, path of a models:/ URI */
static void assert_model(const char *z, enum pd_uri_kind kind, const char *name,
			 const char *selector, const char *path)
{
	struct pd_arena a = { 0 };
	struct pd_uri u = parsed(&a, z);
	if (u.kind != kind)
		fail_msg("%s: kind %d, not %d", z, (int)u.kind, (int)kind);
	assert_str_is(u.name, name);
	assert_str_is(u.selector, selector);
	assert_str_is(u.path, path);
	assert_str_is(u.scheme, "models");
	pd_arena_end(&a);
}

static void assert_refused(const char *z, const char *why)
{
	struct pd_arena a = { 0 };
	struct pd_err err = { 0 };
	struct pd_uri u;
	if (pd_uri_parse(pd_str_from(z), &a, &u, &err) != PD_INVALID)
		fail_msg("%s is taken", z);
	if (!strstr(err.text, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", z, err.text, why);
	pd_arena_end(&a);
}

static void assert_path(const char *z, const char *path)
{
	struct pd_arena a = { 0 };
	struct pd_uri u = parsed(&a, z);
	assert_int_equal(u.kind, PD_URI_PATH);
	assert_str_is(u.path, path);
	pd_arena_end(&a);
}

PD_TEST(model_uris_have_a_version_stage_alias_or_id)
{
	assert_model("models:/taxi/3", PD_URI_MODEL_VERSION, "taxi", "3", "");
	assert_model("models:/taxi/007", PD_URI_MODEL_VERSION, "taxi", "007", "");
	assert_model("models:/taxi/Production", PD_URI_MODEL_STAGE, "taxi", "Production", "");
	assert_model("models:/taxi/sTaGing", PD_URI_MODEL_STAGE, "taxi", "sTaGing", "");
	assert_model("models:/taxi/LATEST", PD_URI_MODEL_LATEST, "taxi", "LATEST", "");
	assert_model("models:/taxi@champion", PD_URI_MODEL_ALIAS, "taxi", "champion", "");
	assert_model("models:/m-" ID, PD_URI_MODEL_ID, "", "m-" ID, "");
	assert_model("models:/taxi", PD_URI_MODEL_ID, "", "taxi", "");
}

PD_TEST(a_path_may_follow_below_a_model)
{
	assert_model("models:/taxi/3/a/b", PD_URI_MODEL_VERSION, "taxi", "3", "a/b");
	assert_model("models:/taxi/Production/MLmodel", PD_URI_MODEL_STAGE, "taxi", "Production",
		     "MLmodel");
	assert_model("models:/taxi@champion/a//./b/", PD_URI_MODEL_ALIAS, "taxi", "champion",
		     "a/b");
	assert_model("models:/m-" ID "/MLmodel", PD_URI_MODEL_ID, "", "m-" ID, "MLmodel");
	assert_model("models:/taxi/3/", PD_URI_MODEL_VERSION, "taxi", "3", "");
}

PD_TEST(a_name_is_taken_as_it_is)
{
	assert_model("models:/my%20model/1", PD_URI_MODEL_VERSION, "my%20model", "1", "");
	assert_model("models:/my model/1", PD_URI_MODEL_VERSION, "my model", "1", "");
	assert_model("models:/a?b#c/1", PD_URI_MODEL_VERSION, "a?b#c", "1", "");
	assert_model("models:/f\xc3\xa4hre@x", PD_URI_MODEL_ALIAS, "f\xc3\xa4hre", "x", "");
	assert_model("models:/a:b/1", PD_URI_MODEL_VERSION, "a:b", "1", "");
}

PD_TEST(an_at_sign_before_a_version_belongs_to_the_name)
{
	assert_model("models:/a@b/1", PD_URI_MODEL_VERSION, "a@b", "1", "");
	assert_model("models:/a@b/latest", PD_URI_MODEL_LATEST, "a@b", "latest", "");
	assert_model("models:/a@b@c", PD_URI_MODEL_ALIAS, "a@b", "c", "");
}

PD_TEST(slashes_before_a_model_name_do_not_matter)
{
	assert_model("models:///taxi/1", PD_URI_MODEL_VERSION, "taxi", "1", "");
	assert_model("models:////taxi/1", PD_URI_MODEL_VERSION, "taxi", "1", "");
	assert_model("MODELS:/taxi/1", PD_URI_MODEL_VERSION, "taxi", "1", "");
}

PD_TEST(improper_model_uris_are_refused)
{
	assert_refused("models:", "not a proper models:/ URI");
	assert_refused("models:/", "not a proper models:/ URI");
	assert_refused("models:taxi/1", "not a proper models:/ URI");
	assert_refused("models:///", "not a proper models:/ URI");
	assert_refused("models:////", "no model name");
	assert_refused("models:/ /1", "no model name");
	assert_refused("models:/taxi/", "no version, stage or alias");
	assert_refused("models:/taxi/ ", "no version, stage or alias");
	assert_refused("models:/taxi@", "no alias behind the @");
	assert_refused("models:/@champion", "no model name before the @");
	assert_refused("models://taxi/1", "it is models:/taxi/1");
	assert_refused("models:/taxi/1/../x", "may not climb");
	assert_refused("models:/taxi/1/a\\b", "backslash");
}

PD_TEST(run_uris_have_an_id_and_a_path)
{
	struct pd_arena a = { 0 };
	struct pd_uri u = parsed(&a, "runs:/" ID "/model//x/");
	assert_int_equal(u.kind, PD_URI_RUN);
	assert_str_is(u.run_id, ID);
	assert_str_is(u.path, "model/x");
	u = parsed(&a, "runs:/" ID);
	assert_str_is(u.path, "");
	u = parsed(&a, "runs:///" ID "/a%20b");
	assert_str_is(u.path, "a%20b");
	u = parsed(&a, "runs:/x_y-Z/model");
	assert_str_is(u.run_id, "x_y-Z");
	pd_arena_end(&a);
}

PD_TEST(improper_run_uris_are_refused)
{
	assert_refused("runs:", "not a proper runs:/ URI");
	assert_refused("runs:abc", "not a proper runs:/ URI");
	assert_refused("runs:/", "no run id");
	assert_refused("runs://" ID "/model", "it is runs:/" ID "/model");
	assert_refused("runs:/a b/model", "is not a run id");
	assert_refused("runs:/" ID "/../x", "may not climb");
}

PD_TEST(paths_are_taken_as_they_are)
{
	assert_path("model", "model");
	assert_path("/a b/%20/c", "/a b/%20/c");
	assert_path("./c:/x", "./c:/x");
	assert_path("..", "..");
	assert_path("a_b:c", "a_b:c");
	assert_path("1:2", "1:2");
}

PD_TEST(file_uris_are_decoded)
{
	assert_path("file:///a%20b/c", "/a b/c");
	assert_path("file:/a", "/a");
	assert_path("file:a/b", "a/b");
	assert_path("FILE://localhost/a", "/a");
	assert_path("file://127.0.0.1/a", "/a");
	assert_path("file:///a%2", "/a%2");
	assert_path("file:///a%zz%41", "/a%zzA");
	assert_path("file:///%c3%a4", "/\xc3\xa4");
}

PD_TEST(file_uris_of_other_machines_are_refused)
{
	assert_refused("file://host/a", "not of host \"host\"");
	assert_refused("file://host", "not of host \"host\"");
	assert_refused("file:", "no path");
	assert_refused("file://", "no path");
	assert_refused("file:///a?b", "%3F");
	assert_refused("file:///a#b", "%23");
	assert_refused("file:///a%00b", "NUL");
	assert_refused("file:///%ff", "not UTF-8");
}

PD_TEST(windows_paths_are_refused)
{
	assert_refused("C:\\models\\m", "Windows path");
	assert_refused("c:/models/m", "Windows path");
	assert_refused("\\\\server\\share", "Windows path");
}

PD_TEST(other_schemes_are_left_to_the_artifact_stores)
{
	struct pd_arena a = { 0 };
	struct pd_uri u = parsed(&a, "S3://Bucket/Key");
	assert_int_equal(u.kind, PD_URI_OTHER);
	assert_str_is(u.scheme, "s3");
	assert_str_is(u.path, "//Bucket/Key");
	u = parsed(&a, "mlflow-artifacts:/1/x");
	assert_str_is(u.scheme, "mlflow-artifacts");
	pd_arena_end(&a);
}

PD_TEST(text_that_is_no_uri_is_refused)
{
	struct pd_arena a = { 0 };
	struct pd_err err = { 0 };
	struct pd_uri u;
	static char longest[PD_URI_MAX_BYTES + 1];
	memset(longest, 'a', sizeof longest);
	assert_code(pd_uri_parse(PD_STR(""), &a, &u, &err), PD_INVALID);
	assert_code(pd_uri_parse(PD_STR("a\0b"), &a, &u, &err), PD_INVALID);
	assert_code(pd_uri_parse(PD_STR("models:/\xff/1"), &a, &u, &err), PD_INVALID);
	assert_code(pd_uri_parse(pd_str_of(longest, sizeof longest), &a, &u, &err), PD_INVALID);
	assert_ok(pd_uri_parse(pd_str_of(longest, sizeof longest - 1), &a, &u, &err));
	assert_code(pd_uri_parse(PD_STR("prompts:/p/1"), &a, &u, &err), PD_UNSUPPORTED);
	pd_arena_end(&a);
}

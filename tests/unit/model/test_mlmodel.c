#include "tests/unit/pd_test.h"

#include <string.h>

#include "base/auto.h"
#include "model/mlmodel.h"

static const char whole[] =
	"artifact_path: model\n"
	"flavors:\n"
	"  python_function:\n"
	"    env:\n"
	"      conda: conda.yaml\n"
	"      virtualenv: python_env.yaml\n"
	"    loader_module: mlflow.sklearn\n"
	"    model_path: model.pkl\n"
	"    predict_fn: predict\n"
	"  sklearn:\n"
	"    code: null\n"
	"    pickled_model: model.pkl\n"
	"    skops_trusted_types:\n"
	"    - a\n"
	"    - b\n"
	"model_id: m-0123\n"
	"run_id: null\n"
	"signature:\n"
	"  inputs: '[{\"type\": \"double\", \"name\": \"a\", \"required\": true}, {\"type\":\n"
	"    \"long\", \"name\": \"b\", \"optional\": true}]'\n"
	"  outputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float64\", \"shape\": [-1]}}]'\n"
	"  params: null\n";

PD_TEST(an_mlmodel_gives_its_flavors_and_signature)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_mlmodel *m = NULL;
	assert_ok(pd_mlmodel_parse(pd_str_from(whole), &a, &m, &err));
	const struct pd_mlmodel_flavor *f = pd_mlmodel_flavor(m, "python_function");
	assert_non_null(f);
	assert_str_is(pd_mlmodel_value(f, "predict_fn"), "predict");
	assert_str_is(pd_mlmodel_value(f, "env.virtualenv"), "python_env.yaml");
	assert_int_equal(pd_mlmodel_value(pd_mlmodel_flavor(m, "sklearn"), "code").n, 0);
	assert_null(pd_mlmodel_flavor(m, "xgboost"));
	assert_str_is(m->model_id, "m-0123");
	assert_int_equal(m->run_id.n, 0);
	assert_int_equal(m->signature->inputs->n, 2);
	assert_true(m->signature->inputs->cols[0].required);
	assert_false(m->signature->inputs->cols[1].required);
	assert_true(m->signature->outputs->tensor);
	assert_int_equal(m->signature->outputs->tensors[0].shape[0], -1);
}

static void assert_refused(const char *text, enum pd_code code, const char *says)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_mlmodel *m = NULL;
	assert_code(pd_mlmodel_parse(pd_str_from(text), &a, &m, &err), code);
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

PD_TEST(what_is_no_mlmodel_is_refused_with_its_place)
{
	assert_refused("", PD_CORRUPT, "not a YAML mapping");
	assert_refused("- a\n- b\n", PD_CORRUPT, "not a YAML mapping");
	assert_refused("a: 1\n", PD_CORRUPT, "flavors");
	assert_refused("a: [1\nb: ]", PD_CORRUPT, "YAML line");
	assert_refused("flavors: {}\nx: \xff\n", PD_CORRUPT, "UTF-8");
	assert_refused("flavors: {}\nsignature: {inputs: '[{]'}\n", PD_CORRUPT,
		       "signature: inputs");
	assert_refused("flavors: {}\nsignature: {inputs: '[{\"type\": \"quux\"}]'}\n",
		       PD_UNSUPPORTED, "quux");
}

PD_TEST(aliases_that_multiply_are_stopped)
{
	assert_refused("flavors:\n f:\n  a: &a {x: 1, y: 2}\n  b: &b {x: *a, y: *a, z: *a}\n"
		       "  c: &c {x: *b, y: *b, z: *b}\n  d: &d {x: *c, y: *c, z: *c}\n"
		       "  e: &e {x: *d, y: *d, z: *d}\n  f: &f {x: *e, y: *e, z: *e}\n"
		       "  g: &g {x: *f, y: *f, z: *f}\n  h: &h {x: *g, y: *g, z: *g}\n"
		       "  i: &i {x: *h, y: *h, z: *h}\n  j: {x: *i, y: *i, z: *i}\n",
		       PD_TOO_LARGE, "flavor f");
}

#include "base/auto.h"
#include "cmd/locate.h"
#include "cmd/out.h"
#include "model/inspect.h"

#define LISTED_MAX 12 /* names on one line */

struct inspect_args {
	const char *uri;
};

/* ---- for people */

static struct pd_str text_of(struct pd_ctx *ctx, const json_t *j)
{
	if (json_is_string(j))
		return pd_json_str(j);
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, (size_t)1 << 20);
	if (j)
		pd_json_write(&b, j);
	return pd_arena_str(ctx->arena, pd_buf_view(&b));
}

static struct pd_str field_of(struct pd_ctx *ctx, const json_t *object, const char *key)
{
	return text_of(ctx, json_object_get(object, key));
}

/* "a, b, c and 9 more"; columns of a signature as "a double" */
static struct pd_str names_of(struct pd_ctx *ctx, const json_t *list)
{
	PD_AUTO(pd_buf) b = { 0 };
	size_t n = json_array_size(list);
	pd_buf_init(&b, (size_t)1 << 20);
	for (size_t i = 0; i < n && i < LISTED_MAX; i++) {
		const json_t *item = json_array_get(list, i);
		pd_buf_z(&b, i ? ", " : "");
		if (!json_is_object(item)) {
			pd_buf_str(&b, text_of(ctx, item));
			continue;
		}
		struct pd_str name = field_of(ctx, item, "name");
		pd_buf_str(&b, name);
		pd_buf_z(&b, name.n ? " " : "");
		pd_buf_str(&b, field_of(ctx, item, "type"));
	}
	if (n > LISTED_MAX)
		pd_buf_printf(&b, " and %zu more", n - LISTED_MAX);
	return pd_arena_str(ctx->arena, pd_buf_view(&b));
}

static void print_native(struct pd_ctx *ctx, const json_t *j)
{
	PD_AUTO(pd_buf) b = { 0 };
	if (!json_is_true(json_object_get(j, "native"))) {
		pd_out_field(ctx, "native", PD_STR("no"));
		pd_out_field(ctx, "why", field_of(ctx, j, "why"));
		return;
	}
	pd_buf_init(&b, 1 << 16);
	pd_buf_printf(&b, "yes: %s", json_string_value(json_object_get(j, "method")));
	if (pd_str_eqz(field_of(ctx, j, "takes"), "dicts"))
		pd_buf_z(&b, " of one dict a row");
	else if (json_object_get(j, "features"))
		pd_buf_printf(&b, " of %lld columns",
			      json_integer_value(json_object_get(j, "features")));
	pd_out_field(ctx, "native", pd_buf_view(&b));
}

static void print_params(struct pd_ctx *ctx, const json_t *params)
{
	PD_AUTO(pd_buf) b = { 0 };
	const char *key;
	json_t *value;
	pd_buf_init(&b, (size_t)1 << 20);
	json_object_foreach((json_t *)params, key, value)
	{
		if (json_is_null(value))
			continue;
		pd_buf_printf(&b, "%s%s=", b.n ? " " : "", key);
		pd_buf_str(&b, text_of(ctx, value));
	}
	pd_out_field(ctx, "  params", pd_buf_view(&b));
}

static void print_step(struct pd_ctx *ctx, const json_t *step, size_t number)
{
	static const char *const figures[][2] = {
		{ "features_in", "  takes" },    { "features_out", "  gives" },
		{ "coefficients", "  weights" }, { "trees", "  trees" },
		{ "nodes", "  nodes" },
	};
	struct pd_str name = field_of(ctx, step, "name"), cls = field_of(ctx, step, "class");
	struct pd_str version = pd_json_str(json_object_get(step, "version"));
	bool native = json_is_true(json_object_get(step, "native"));
	pd_out_line(ctx, pd_str_from(pd_arena_printf(
				 ctx->arena, "step %zu%s%.*s: %.*s%s%.*s%s", number,
				 name.n ? " " : "", PD_STR_ARG(name), PD_STR_ARG(cls),
				 version.n ? " " : "", PD_STR_ARG(version),
				 native || !version.n ? "" : " (no native predictor)")));
	for (size_t i = 0; i < PD_LEN(figures); i++)
		pd_out_field(ctx, figures[i][1], field_of(ctx, step, figures[i][0]));
	pd_out_field(ctx, "  columns", names_of(ctx, json_object_get(step, "feature_names")));
	pd_out_field(ctx, "  classes", names_of(ctx, json_object_get(step, "classes")));
	print_params(ctx, json_object_get(step, "params"));
}

static void print_people(struct pd_ctx *ctx, const json_t *j)
{
	const json_t *signature = json_object_get(j, "signature");
	size_t i;
	const json_t *step;
	pd_out_field(ctx, "model", field_of(ctx, j, "path"));
	pd_out_field(ctx, "file", field_of(ctx, j, "file"));
	pd_out_field(ctx, "format", field_of(ctx, j, "format"));
	pd_out_field(ctx, "bytes", field_of(ctx, j, "bytes"));
	pd_out_field(ctx, "flavors", names_of(ctx, json_object_get(j, "flavors")));
	pd_out_field(ctx, "mlflow", field_of(ctx, j, "mlflow_version"));
	pd_out_field(ctx, "run id", field_of(ctx, j, "run_id"));
	pd_out_field(ctx, "model id", field_of(ctx, j, "model_id"));
	print_native(ctx, j);
	pd_out_field(ctx, "runs code", names_of(ctx, json_object_get(j, "runs_code")));
	pd_out_field(ctx, "inputs", names_of(ctx, json_object_get(signature, "inputs")));
	pd_out_field(ctx, "outputs", names_of(ctx, json_object_get(signature, "outputs")));
	json_array_foreach(json_object_get(j, "steps"), i, step) print_step(ctx, step, i + 1);
}

/* ---- the command */

static enum pd_code inspect_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct inspect_args *args = p;
	struct pd_located at = { 0 };
	PD_AUTO_JSON json_t *j = NULL;
	PD_TRY(pd_locate_model(ctx, args->uri, ctx->arena, &at, err));
	PD_TRY(pd_model_inspect(at.path, &j, err));
	if (ctx->common.json)
		pd_out_json(ctx, j);
	else if (ctx->common.quiet)
		pd_out_line(ctx, json_is_true(json_object_get(j, "native")) ? PD_STR("native")
									    : PD_STR("python"));
	else
		print_people(ctx, j);
	return PD_OK;
}

static const struct pd_opt inspect_opts[] = {
	PD_ARG(struct inspect_args, uri, "URI", PD_HINT_URI,
	       "models:/NAME@ALIAS, runs:/ID/PATH, a model directory or file"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_inspect = {
	.name = "inspect",
	.brief = "say what a model is: steps, parameters, inputs, native or why not",
	.about = "Reads the files and runs nothing, not even of a model that would run code\n"
		 "when Python loads it. With --quiet only `native`, or `python` when there\n"
		 "is no native predictor.",
	.example = "podium inspect models:/churn@champion\n"
		   "podium inspect model.pkl --json",
	.group = PD_GROUP_DAILY,
	.opts = inspect_opts,
	.args_size = sizeof(struct inspect_args),
	.run = inspect_run,
};

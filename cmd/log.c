#include "cmd/log_internal.h"
#include "cmd/out.h"
#include "cmd/stop.h"

/* The run that is logged into. */
struct target {
	struct pd_str run_id;
	struct pd_str run_name;
	struct pd_str experiment_id;
	struct pd_str artifact_uri;
	bool is_new; /* ours to end */
};

static enum pd_code check_args(const struct pd_log_args *args, struct pd_err *err)
{
	if (!args->model && args->register_name)
		return pd_fail(err, PD_USAGE,
			       "--register needs --model; `podium register` takes a "
			       "model that is logged already");
	if (!args->register_name && args->aliases.n)
		return pd_fail(err, PD_USAGE, "--alias needs --register NAME");
	if (strpbrk(args->model_name, "/:.%\"'") || !*args->model_name)
		return pd_fail(err, PD_USAGE,
			       "--name: `%s`: a model's name is not empty and has none of / : . %% "
			       "\" '",
			       args->model_name);
	if (args->register_name)
		return pd_publish_check(args->register_name, &args->aliases, err);
	return PD_OK;
}

static void take_info(struct pd_ctx *ctx, const json_t *run, struct target *out)
{
	const json_t *info = json_object_get(run, "info");
	out->run_id = pd_rest_str(ctx, info, "run_id");
	out->run_name = pd_rest_str(ctx, info, "run_name");
	out->experiment_id = pd_rest_str(ctx, info, "experiment_id");
	out->artifact_uri = pd_rest_str(ctx, info, "artifact_uri");
}

/* A run that is there: given, or around us. It keeps its status. */
static enum pd_code use_run(struct pd_ctx *ctx, const struct pd_log_args *args, const char *run_id,
			    struct target *out, struct pd_err *err)
{
	json_t *run = NULL;
	PD_TRY(pd_find_run(ctx, run_id, &run, err));
	take_info(ctx, run, out);
	if (pd_str_eqz(pd_rest_str(ctx, json_object_get(run, "info"), "lifecycle_stage"),
		       "deleted"))
		return pd_fail(err, PD_BAD_STATE,
			       "run %s is deleted; `podium runs restore %s` brings it back", run_id,
			       run_id);
	if (args->experiment) {
		json_t *e = NULL;
		PD_TRY(pd_find_experiment(ctx, args->experiment, &e, err));
		if (!pd_str_eq(pd_rest_str(ctx, e, "experiment_id"), out->experiment_id))
			return pd_fail(err, PD_CONFLICT, "run %s is not in experiment `%s`", run_id,
				       args->experiment);
	}
	if (!args->run_name)
		return PD_OK;
	json_t *response = NULL;
	return pd_ctx_call(ctx, NULL, "runs/update",
			   json_pack("{ssss}", "run_id", run_id, "run_name", args->run_name),
			   &response, err);
}

static enum pd_code choose_run(struct pd_ctx *ctx, const struct pd_log_args *args,
			       struct target *out, struct pd_err *err)
{
	struct pd_registry *registry = NULL;
	const char *run_id = args->run_id ? args->run_id : pd_env_var(ctx->env, "MLFLOW_RUN_ID");
	PD_TRY(pd_ctx_registry(ctx, !run_id, &registry, err));
	if (run_id)
		return use_run(ctx, args, run_id, out, err);
	struct pd_start start = { .run_name = args->run_name,
				  .source = "podium",
				  .tags = &(const struct pd_list){ 0 } };
	json_t *run = NULL;
	PD_TRY(pd_use_experiment(ctx, args->experiment, &start.experiment_id, err));
	PD_TRY(pd_start_run(ctx, &start, &run, err));
	take_info(ctx, run, out);
	out->is_new = true;
	return PD_OK;
}

/* ---------------------------------------------------------------- what came of it */

struct result {
	struct pd_str model_id; /* empty: none */
	json_t *version;        /* NULL: none */
};

static enum pd_code send(struct pd_ctx *ctx, const struct pd_log_args *args,
			 const struct pd_log_data *data, const struct target *to,
			 struct result *out, struct pd_err *err)
{
	PD_TRY(pd_stop_check(err));
	PD_TRY(pd_log_data_send(ctx, to->run_id, data, err));
	PD_TRY(pd_log_artifacts_send(ctx, to->artifact_uri, data, err));
	PD_TRY(pd_stop_check(err));
	if (!args->model)
		return PD_OK;
	PD_TRY(pd_log_model_send(ctx, args, to->run_id, &out->model_id, err));
	PD_TRY(pd_stop_check(err));
	if (!args->register_name)
		return PD_OK;
	const char *source = pd_arena_printf(ctx->arena, "models:/%.*s", PD_STR_ARG(out->model_id));
	const struct pd_publish publish = { .name = args->register_name,
					    .source = pd_str_from(source),
					    .model_id = out->model_id,
					    .run_id = to->run_id,
					    .aliases = &args->aliases,
					    .tags = &(const struct pd_list){ 0 } };
	return pd_publish_version(ctx, &publish, &out->version, err);
}

static void set_str(json_t *j, const char *key, struct pd_str value)
{
	if (value.n)
		json_object_set_new(j, key, pd_json_from(value));
}

static void print_json(struct pd_ctx *ctx, const struct pd_log_args *args, const struct target *to,
		       const struct result *r)
{
	json_t *j = pd_rest_keep(ctx, json_object());
	set_str(j, "run_id", to->run_id);
	set_str(j, "run_name", to->run_name);
	set_str(j, "experiment_id", to->experiment_id);
	set_str(j, "artifact_uri", to->artifact_uri);
	set_str(j, "model_id", r->model_id);
	if (r->model_id.n)
		json_object_set_new(j, "model_uri",
				    json_sprintf("models:/%.*s", PD_STR_ARG(r->model_id)));
	if (r->version) {
		json_object_set_new(j, "registered_model", json_string(args->register_name));
		json_object_set(j, "model_version", json_object_get(r->version, "version"));
	}
	pd_out_json(ctx, j);
}

static void print_text(struct pd_ctx *ctx, const struct pd_log_args *args, const struct target *to,
		       const struct result *r)
{
	pd_out_field(ctx, "run", to->run_id);
	if (r->model_id.n)
		pd_out_field(ctx, "model",
			     pd_str_from(pd_arena_printf(ctx->arena, "models:/%.*s",
							 PD_STR_ARG(r->model_id))));
	if (!r->version)
		return;
	struct pd_str number = pd_rest_str(ctx, r->version, "version");
	pd_out_field(ctx, "version",
		     pd_str_from(pd_arena_printf(ctx->arena, "models:/%s/%.*s", args->register_name,
						 PD_STR_ARG(number))));
	for (size_t i = 0; i < args->aliases.n; i++)
		pd_out_field(
			ctx, "alias",
			pd_str_from(pd_arena_printf(ctx->arena, "models:/%s@%s",
						    args->register_name, args->aliases.items[i])));
}

/* What failed stays the error, also when the run cannot be ended. */
static enum pd_code give_up(struct pd_ctx *ctx, const struct target *to, struct pd_err *err)
{
	struct pd_err ignored;
	bool stopped = pd_stop_check(&ignored) != PD_OK;
	if (stopped)
		*err = ignored;
	const char *status = stopped ? "KILLED" : "FAILED";
	if (to->is_new && pd_end_run(ctx, to->run_id, status, &ignored) != PD_OK)
		status = "RUNNING";
	if (to->is_new)
		return pd_err_prefix(err, "run %.*s (%s)", PD_STR_ARG(to->run_id), status);
	return pd_err_prefix(err, "run %.*s", PD_STR_ARG(to->run_id));
}

static enum pd_code log_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct pd_log_args *args = p;
	struct pd_log_data data;
	struct target to = { 0 };
	struct result result = { 0 };
	PD_TRY(check_args(args, err));
	PD_TRY(pd_log_data_read(ctx, args, &data, err));
	if (args->model)
		PD_TRY(pd_log_model_check(ctx, args->model, err));
	pd_stop_watch();
	PD_TRY(choose_run(ctx, args, &to, err));
	if (send(ctx, args, &data, &to, &result, err) != PD_OK)
		return give_up(ctx, &to, err);
	if (to.is_new)
		PD_TRY(pd_end_run(ctx, to.run_id, "FINISHED", err));
	if (ctx->common.json)
		print_json(ctx, args, &to, &result);
	else if (ctx->common.quiet)
		pd_out_line(ctx, to.run_id);
	else
		print_text(ctx, args, &to, &result);
	return PD_OK;
}

static const struct pd_opt log_opts[] = {
	PD_OPT_TEXT(struct pd_log_args, experiment, 'e', "experiment", "EXPERIMENT",
		    PD_HINT_EXPERIMENT, "name or id; a new name is created"),
	PD_OPT_TEXT(struct pd_log_args, run_id, 'r', "run", "RUN", PD_HINT_RUN,
		    "log into this run (else MLFLOW_RUN_ID's, else a new one)"),
	PD_OPT_TEXT(struct pd_log_args, run_name, 'n', "run-name", "NAME", PD_HINT_NONE,
		    "name of the run (else one is made up)"),
	PD_OPT_PAIRS(struct pd_log_args, params, 'p', "param", "KEY=VALUE", "a parameter"),
	PD_OPT_PAIRS(struct pd_log_args, metrics, 'm', "metric", "KEY=VALUE[@STEP]",
		     "a metric's value, nan and inf too"),
	PD_OPT_PAIRS(struct pd_log_args, tags, 't', "tag", "KEY=VALUE", "a tag of the run"),
	PD_OPT_LIST(struct pd_log_args, artifacts, 'a', "artifact", "PATH[=DEST]", PD_HINT_FILE,
		    "a file, or a folder's contents, to keep (below DEST)"),
	PD_OPT_PATH(struct pd_log_args, model, 0, "model", "PATH", PD_HINT_FILE,
		    "an MLflow model folder, or a .pkl, .joblib or .skops file"),
	PD_OPT_TEXT(struct pd_log_args, model_name, 0, "name", "NAME", PD_HINT_NONE,
		    "name of the logged model"),
	PD_OPT_TEXT(struct pd_log_args, register_name, 0, "register", "MODEL", PD_HINT_MODEL,
		    "make it a version of this registered model"),
	PD_OPT_LIST(struct pd_log_args, aliases, 0, "alias", "ALIAS", PD_HINT_NONE,
		    "point this alias at the version"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_log = {
	.name = "log",
	.brief = "log params, metrics, tags, artifacts and a model into a run",
	.about =
		"Without a run to log into, one is made and ends FINISHED; a given or surrounding\n"
		"run keeps its status. A bare model file gets a complete MLflow model around it.\n"
		"-q prints the run's id, --json run_id, model_uri and model_version too.",
	.example = "podium log -e taxi -p depth=20 -m rmse=5.9 -m loss=0.3@7 -a plots=figures\n"
		   "podium log -e taxi --model model.pkl --register taxi --alias champion",
	.group = PD_GROUP_DAILY,
	.opts = log_opts,
	.args_size = sizeof(struct pd_log_args),
	.defaults = &(const struct pd_log_args){ .model_name = "model" },
	.run = log_run,
};

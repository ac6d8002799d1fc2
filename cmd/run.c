#include "cmd/child.h"
#include "cmd/out.h"
#include "cmd/start.h"
#include "cmd/stop.h"

#define STATUS_NOT_EXECUTABLE 126 /* as shells have it */
#define STATUS_NOT_FOUND      127

struct run_args {
	const char *experiment;
	const char *run_name;
	struct pd_list params;
	struct pd_list tags;
	struct pd_list command;
};

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%_-+=:,./";
	return *word && !word[strspn(word, plain)];
}

/* The command as one could type it again. */
static const char *shell_line(struct pd_ctx *ctx, const struct pd_list *command)
{
	struct pd_buf b;
	pd_buf_init(&b, (size_t)1 << 20);
	for (size_t i = 0; i < command->n; i++) {
		const char *word = command->items[i];
		pd_buf_z(&b, i ? " " : "");
		if (is_plain(word)) {
			pd_buf_z(&b, word);
			continue;
		}
		pd_buf_char(&b, '\'');
		for (const char *c = word; *c; c++)
			pd_buf_put(&b, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
		pd_buf_char(&b, '\'');
	}
	const char *line = pd_arena_z(ctx->arena, pd_buf_view(&b));
	pd_buf_end(&b);
	return line;
}

/* The script an interpreter was given, else the program: what MLflow takes from sys.argv[0]. */
static const char *source_name(const struct pd_list *command)
{
	for (size_t i = 1; i < command->n; i++) {
		struct pd_str word = pd_str_from(command->items[i]);
		if (pd_str_ends(word, PD_STR(".py")) || pd_str_ends(word, PD_STR(".R")))
			return word.p;
		if (!pd_str_starts(word, PD_STR("-")))
			break;
	}
	return command->items[0];
}

/* The run around us makes ours a nested one, in its experiment unless another is named. */
static enum pd_code choose_experiment(struct pd_ctx *ctx, const struct run_args *args,
				      struct pd_start *start, struct pd_err *err)
{
	start->parent_run_id = pd_env_var(ctx->env, "MLFLOW_RUN_ID");
	if (!start->parent_run_id)
		return pd_use_experiment(ctx, args->experiment, &start->experiment_id, err);
	json_t *parent = NULL;
	if (pd_find_run(ctx, start->parent_run_id, &parent, err) != PD_OK)
		return pd_err_prefix(err, "the run around this one (MLFLOW_RUN_ID)");
	if (args->experiment)
		return pd_use_experiment(ctx, args->experiment, &start->experiment_id, err);
	start->experiment_id = pd_rest_str(ctx, json_object_get(parent, "info"), "experiment_id");
	return PD_OK;
}

static enum pd_code log_params(struct pd_ctx *ctx, struct pd_str run_id,
			       const struct pd_list *params, struct pd_err *err)
{
	json_t *response = NULL;
	if (!params->n)
		return PD_OK;
	enum pd_code code = pd_ctx_call(
		ctx, NULL, "runs/log-batch",
		json_pack("{ss%so}", "run_id", run_id.p, run_id.n, "params", pd_rest_pairs(params)),
		&response, err);
	if (code != PD_OK && pd_end_run(ctx, run_id, "FAILED", NULL) != PD_OK)
		return code;
	return code;
}

/* What the child finds in its environment. A name of an experiment would contradict the id. */
static struct pd_list child_vars(struct pd_ctx *ctx, const struct pd_start *start,
				 struct pd_str run_id)
{
	const char **vars = pd_arena_zalloc(ctx->arena, 5 * sizeof(*vars));
	struct pd_list list = { vars, 0 };
	vars[list.n++] = pd_arena_printf(ctx->arena, "MLFLOW_RUN_ID=%.*s", PD_STR_ARG(run_id));
	vars[list.n++] = pd_arena_printf(ctx->arena, "MLFLOW_EXPERIMENT_ID=%.*s",
					 PD_STR_ARG(start->experiment_id));
	vars[list.n++] = "MLFLOW_EXPERIMENT_NAME";
	vars[list.n++] = pd_arena_printf(ctx->arena, "MLFLOW_TRACKING_URI=%s",
					 pd_registry_uri(ctx->registry));
	if (ctx->common.registry_uri)
		vars[list.n++] = pd_arena_printf(ctx->arena, "MLFLOW_REGISTRY_URI=%s",
						 ctx->common.registry_uri);
	return list;
}

static enum pd_code finish(struct pd_ctx *ctx, struct pd_str run_id, const struct pd_child_end *end,
			   struct pd_err *err)
{
	json_t *response = NULL;
	const char *status = end->killed ? "KILLED" : end->exit_status ? "FAILED" : "FINISHED";
	PD_TRY(pd_ctx_call(ctx, NULL, "runs/set-tag",
			   json_pack("{ss%ssso}", "run_id", run_id.p, run_id.n, "key",
				     "podium.exit_status", "value",
				     json_sprintf("%d", end->exit_status)),
			   &response, err));
	return pd_end_run(ctx, run_id, status, err);
}

static enum pd_code no_program(struct pd_ctx *ctx, enum pd_code code)
{
	ctx->exit_status = code == PD_DENIED ? STATUS_NOT_EXECUTABLE : STATUS_NOT_FOUND;
	return code;
}

static enum pd_code run_child(struct pd_ctx *ctx, const struct run_args *args, const char *program,
			      const struct pd_start *start, struct pd_str run_id,
			      struct pd_err *err)
{
	struct pd_child_end end;
	struct pd_list vars = child_vars(ctx, start, run_id);
	fflush(ctx->env->out);
	pd_ctx_registry_close(ctx); /* a child may take days */
	enum pd_code code = pd_child_run(program, &args->command, &vars, &end, err);
	if (code != PD_OK)
		end = (struct pd_child_end){ .exit_status = STATUS_NOT_EXECUTABLE };
	ctx->exit_status = end.exit_status;
	struct pd_err finish_err = { 0 };
	if (finish(ctx, run_id, &end, &finish_err) != PD_OK && code == PD_OK) {
		*err = finish_err;
		ctx->exit_status = end.exit_status ? end.exit_status : 1;
		return err->code;
	}
	if (code == PD_OK && end.start_errno)
		return pd_fail_errno(err, end.start_errno, "%s", program);
	return code;
}

static enum pd_code run_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct run_args *args = p;
	struct pd_registry *registry = NULL;
	struct pd_start start = { .run_name = args->run_name,
				  .source = source_name(&args->command),
				  .entry_point = shell_line(ctx, &args->command),
				  .tags = &args->tags };
	const char *program = NULL;
	json_t *run = NULL;
	enum pd_code code = pd_child_find(args->command.items[0], pd_env_var(ctx->env, "PATH"),
					  ctx->arena, &program, err);
	if (code != PD_OK)
		return no_program(ctx, code);
	PD_TRY(pd_ctx_registry(ctx, true, &registry, err));
	PD_TRY(choose_experiment(ctx, args, &start, err));
	pd_stop_watch();
	PD_TRY(pd_start_run(ctx, &start, &run, err));
	const json_t *info = json_object_get(run, "info");
	struct pd_str run_id = pd_rest_str(ctx, info, "run_id");
	PD_TRY(log_params(ctx, run_id, &args->params, err));
	pd_out_note(ctx, "podium: run %.*s (%.*s)", PD_STR_ARG(run_id),
		    PD_STR_ARG(pd_rest_str(ctx, info, "run_name")));
	return run_child(ctx, args, program, &start, run_id, err);
}

static const struct pd_opt run_opts[] = {
	PD_ARG_REST(struct run_args, command, "COMMAND", "the program to run, with its arguments"),
	PD_OPT_TEXT(struct run_args, experiment, 'e', "experiment", "EXPERIMENT",
		    PD_HINT_EXPERIMENT, "name or id; a new name is created"),
	PD_OPT_TEXT(struct run_args, run_name, 'n', "run-name", "NAME", PD_HINT_NONE,
		    "name of the run (else one is made up)"),
	PD_OPT_PAIRS(struct run_args, params, 'p', "param", "KEY=VALUE", "a parameter of the run"),
	PD_OPT_PAIRS(struct run_args, tags, 't', "tag", "KEY=VALUE", "a tag of the run"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_run = {
	.name = "run",
	.brief = "run a command inside a new run",
	.about = "The command finds MLFLOW_RUN_ID, MLFLOW_EXPERIMENT_ID and MLFLOW_TRACKING_URI\n"
		 "in its environment: mlflow.start_run() and `podium log` go into this run. It\n"
		 "ends FINISHED, FAILED or KILLED as the command did, and podium exits with the\n"
		 "command's own status (128 + N for signal N, 127 when it is not there). Inside\n"
		 "another run it is a nested one.",
	.example = "podium run -e taxi -p depth=20 -- python train.py\n"
		   "podium run -e taxi -- sh -c 'make features && ./train'",
	.group = PD_GROUP_DAILY,
	.opts = run_opts,
	.args_size = sizeof(struct run_args),
	.run = run_run,
};

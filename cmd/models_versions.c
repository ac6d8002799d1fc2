#include "cmd/models_internal.h"
#include "cmd/noun.h"
#include "cmd/out.h"

/* ---------------------------------------------------------------- versions */

struct versions_args {
	const char *name;
	int64_t limit;
};

/* The search does not tell aliases, the model does. */
static struct pd_str aliases_of(struct pd_ctx *ctx, const json_t *model, struct pd_str version)
{
	const char *text = "";
	size_t i;
	const json_t *alias;
	json_array_foreach(json_object_get(model, "aliases"), i, alias)
	{
		struct pd_str name = pd_rest_str(ctx, alias, "alias");
		if (pd_str_eq(pd_rest_str(ctx, alias, "version"), version))
			text = pd_arena_printf(ctx->arena, "%s%s%.*s", text, *text ? " " : "",
					       PD_STR_ARG(name));
	}
	return pd_str_from(text);
}

static void print_list(struct pd_ctx *ctx, const json_t *model, const json_t *versions)
{
	static const char *const heads[] = { "VERSION", "ALIASES", "STAGE",
					     "CREATED", "RUN",     "SOURCE" };
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	size_t i;
	const json_t *v;
	json_array_foreach(versions, i, v)
	{
		const struct pd_str cells[] = {
			pd_rest_str(ctx, v, "version"),
			aliases_of(ctx, model, pd_rest_str(ctx, v, "version")),
			pd_rest_str(ctx, v, "current_stage"),
			pd_out_time(ctx, pd_rest_i64(v, "creation_timestamp")),
			pd_rest_str(ctx, v, "run_id"),
			pd_rest_str(ctx, v, "source"),
		};
		pd_table_add(&table, cells);
	}
	pd_table_print(&table);
}

/* The model's name as a filter's literal. MLflow's filters have no escape: the quote that the
 * name does not hold is used. */
static const char *name_filter(struct pd_ctx *ctx, const char *name)
{
	char quote = strchr(name, '\'') ? '"' : '\'';
	return pd_arena_printf(ctx->arena, "name = %c%s%c", quote, name, quote);
}

static enum pd_code versions_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct versions_args *args = p;
	json_t *model = NULL;
	json_t *response = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &model, err));
	json_t *request = json_pack("{sss[s]}", "filter", name_filter(ctx, args->name), "order_by",
				    "version_number DESC");
	PD_TRY(pd_rest_pages(ctx, "model-versions/search", request, "model_versions", args->limit,
			     &response, err));
	const json_t *versions = json_object_get(response, "model_versions");
	if (ctx->common.json)
		pd_out_json(ctx, response);
	else if (ctx->common.quiet)
		pd_out_ids(ctx, versions, "version");
	else
		print_list(ctx, model, versions);
	return PD_OK;
}

static const struct pd_opt versions_opts[] = { PD_ARG(struct versions_args, name, "NAME",
						      PD_HINT_MODEL, "registered model"),
					       PD_NOUN_LIMIT(struct versions_args), PD_OPT_END };

const struct pd_cmd pd_cmd_models_versions = {
	.name = "versions",
	.brief = "list the versions of a registered model, the newest first",
	.example = "podium models versions taxi -n 10",
	.opts = versions_opts,
	.args_size = sizeof(struct versions_args),
	.run = versions_run,
};

/* ---------------------------------------------------------------- stage */

struct stage_args {
	const char *name;
	const char *version;
	const char *stage;
	bool archive;
};

static enum pd_code stage_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct stage_args *args = p;
	json_t *response = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &response, err));
	json_t *request = json_pack("{sssssssb}", "name", args->name, "version", args->version,
				    "stage", args->stage, "archive_existing_versions",
				    args->archive);
	PD_TRY(pd_ctx_call(ctx, NULL, "model-versions/transition-stage", request, &response, err));
	if (ctx->common.json)
		pd_out_json(ctx, response);
	return PD_OK;
}

static const struct pd_opt stage_opts[] = {
	PD_ARG(struct stage_args, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_ARG(struct stage_args, version, "VERSION", PD_HINT_NONE, "version of it"),
	PD_ARG(struct stage_args, stage, "STAGE", PD_HINT_NONE,
	       "None, Staging, Production or Archived"),
	PD_OPT_FLAG(struct stage_args, archive, 0, "archive-existing",
		    "archive the versions that are in that stage"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_models_stage = {
	.name = "stage",
	.brief = "move a version to a stage",
	.about = "Stages are MLflow's older way; aliases (`podium alias set`) replace them.",
	.example = "podium models stage taxi 3 Production --archive-existing",
	.opts = stage_opts,
	.args_size = sizeof(struct stage_args),
	.run = stage_run,
};

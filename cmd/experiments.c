#include "cmd/noun.h"
#include "cmd/out.h"

/* ---------------------------------------------------------------- create */

struct create_args {
	const char *name;
	const char *location;
	struct pd_list tags;
};

static enum pd_code create_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct create_args *args = p;
	struct pd_registry *registry = NULL;
	json_t *response = NULL;
	PD_TRY(pd_ctx_registry(ctx, true, &registry, err));
	json_t *request = json_pack("{ssso}", "name", args->name, "tags",
				    pd_rest_pairs(&args->tags));
	pd_rest_set(request, "artifact_location", args->location);
	PD_TRY(pd_ctx_call(ctx, NULL, "experiments/create", request, &response, err));
	if (ctx->common.json) {
		pd_out_json(ctx, response);
		return PD_OK;
	}
	struct pd_str id = pd_rest_str(ctx, response, "experiment_id");
	if (ctx->common.quiet)
		pd_out_line(ctx, id);
	else
		pd_out_line(ctx, pd_str_from(pd_arena_printf(ctx->arena, "experiment %.*s: %s",
							     PD_STR_ARG(id), args->name)));
	return PD_OK;
}

static const struct pd_opt create_opts[] = {
	PD_ARG(struct create_args, name, "NAME", PD_HINT_NONE, "name of the new experiment"),
	PD_OPT_TEXT(struct create_args, location, 'l', "artifact-location", "URI", PD_HINT_NONE,
		    "where artifacts of its runs go (else below ./mlruns)"),
	PD_OPT_PAIRS(struct create_args, tags, 't', "tag", "KEY=VALUE", "a tag"), PD_OPT_END
};

static const struct pd_cmd create_cmd = {
	.name = "create",
	.brief = "make an experiment",
	.example = "podium experiments create taxi -t team=rides",
	.opts = create_opts,
	.args_size = sizeof(struct create_args),
	.run = create_run,
};

/* ---------------------------------------------------------------- list, search */

static void print_list(struct pd_ctx *ctx, const json_t *experiments)
{
	static const char *const heads[] = { "ID", "NAME", "STAGE", "CREATED", "ARTIFACTS" };
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	size_t i;
	const json_t *e;
	json_array_foreach(experiments, i, e)
	{
		const struct pd_str cells[] = {
			pd_rest_str(ctx, e, "experiment_id"),
			pd_rest_str(ctx, e, "name"),
			pd_rest_str(ctx, e, "lifecycle_stage"),
			pd_out_time(ctx, pd_rest_i64(e, "creation_time")),
			pd_rest_str(ctx, e, "artifact_location"),
		};
		pd_table_add(&table, cells);
	}
	pd_table_print(&table);
}

static enum pd_code search_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	static const struct pd_noun_found what = { "experiments/search", "experiments",
						   "experiment_id", print_list };
	const struct pd_noun_search *args = p;
	return pd_noun_search(ctx, args, &what,
			      json_pack("{ss}", "view_type", pd_rest_view(args->view)), err);
}

#define SEARCH_ROWS PD_NOUN_VIEW, PD_NOUN_ORDER("name ASC"), PD_NOUN_LIMIT(struct pd_noun_search)

static const struct pd_opt list_opts[] = { SEARCH_ROWS, PD_OPT_END };

static const struct pd_opt search_opts[] = {
	PD_NOUN_FILTER("name LIKE 'taxi%' AND tags.team = 'rides'"), SEARCH_ROWS, PD_OPT_END
};

static const struct pd_noun_search search_defaults = { .view = "active" };

static const struct pd_cmd list_cmd = {
	.name = "list",
	.brief = "list experiments",
	.example = "podium experiments list --view all",
	.opts = list_opts,
	.args_size = sizeof(struct pd_noun_search),
	.defaults = &search_defaults,
	.run = search_run,
};

static const struct pd_cmd search_cmd = {
	.name = "search",
	.brief = "find experiments by a filter",
	.example = "podium experiments search \"name LIKE 'taxi%'\"",
	.opts = search_opts,
	.args_size = sizeof(struct pd_noun_search),
	.defaults = &search_defaults,
	.run = search_run,
};

/* ---------------------------------------------------------------- show */

struct one_args {
	const char *experiment;
};

static void print_one(struct pd_ctx *ctx, const json_t *e)
{
	pd_out_field(ctx, "id", pd_rest_str(ctx, e, "experiment_id"));
	pd_out_field(ctx, "name", pd_rest_str(ctx, e, "name"));
	pd_out_field(ctx, "stage", pd_rest_str(ctx, e, "lifecycle_stage"));
	pd_out_field(ctx, "created", pd_out_time(ctx, pd_rest_i64(e, "creation_time")));
	pd_out_field(ctx, "updated", pd_out_time(ctx, pd_rest_i64(e, "last_update_time")));
	pd_out_field(ctx, "artifacts", pd_rest_str(ctx, e, "artifact_location"));
	pd_out_pairs(ctx, "tag", json_object_get(e, "tags"));
}

static enum pd_code show_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct one_args *args = p;
	json_t *e = NULL;
	PD_TRY(pd_find_experiment(ctx, args->experiment, &e, err));
	pd_noun_say(ctx, e, "experiment", "experiment_id", print_one);
	return PD_OK;
}

static const struct pd_opt show_opts[] = { PD_ARG(struct one_args, experiment, "EXPERIMENT",
						  PD_HINT_EXPERIMENT, "name or id"),
					   PD_OPT_END };

static const struct pd_cmd show_cmd = {
	.name = "show",
	.brief = "print one experiment",
	.example = "podium experiments show taxi",
	.opts = show_opts,
	.args_size = sizeof(struct one_args),
	.run = show_run,
};

/* ---------------------------------------------------------------- rename */

static enum pd_code rename_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct pd_noun_rename *args = p;
	json_t *e = NULL;
	json_t *response = NULL;
	PD_TRY(pd_find_experiment(ctx, args->name, &e, err));
	struct pd_str id = pd_rest_str(ctx, e, "experiment_id");
	return pd_ctx_call(
		ctx, NULL, "experiments/update",
		json_pack("{ss%ss}", "experiment_id", id.p, id.n, "new_name", args->new_name),
		&response, err);
}

static const struct pd_opt rename_opts[] = {
	PD_ARG(struct pd_noun_rename, name, "EXPERIMENT", PD_HINT_EXPERIMENT, "name or id"),
	PD_ARG(struct pd_noun_rename, new_name, "NAME", PD_HINT_NONE, "the new name"), PD_OPT_END
};

static const struct pd_cmd rename_cmd = {
	.name = "rename",
	.brief = "give an experiment another name",
	.example = "podium experiments rename taxi taxi-2026",
	.opts = rename_opts,
	.args_size = sizeof(struct pd_noun_rename),
	.run = rename_run,
};

/* ---------------------------------------------------------------- rm, restore */

static enum pd_code rm_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	return pd_noun_each(ctx, p, pd_find_experiment, "experiment_id", "experiment_id",
			    "experiments/delete", err);
}

static enum pd_code restore_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	return pd_noun_each(ctx, p, pd_find_experiment, "experiment_id", "experiment_id",
			    "experiments/restore", err);
}

static const struct pd_opt many_opts[] = { PD_ARG_MANY(struct pd_noun_many, names, "EXPERIMENT",
						       PD_HINT_EXPERIMENT, "name or id"),
					   PD_OPT_END };

static const struct pd_cmd rm_cmd = {
	.name = "rm",
	.brief = "mark experiments and their runs deleted",
	.about = "Nothing is lost: `podium experiments restore` takes it back.",
	.example = "podium experiments rm taxi",
	.opts = many_opts,
	.args_size = sizeof(struct pd_noun_many),
	.run = rm_run,
};

static const struct pd_cmd restore_cmd = {
	.name = "restore",
	.brief = "take the deletion of experiments back",
	.example = "podium experiments restore taxi",
	.opts = many_opts,
	.args_size = sizeof(struct pd_noun_many),
	.run = restore_run,
};

/* ---------------------------------------------------------------- tag */

static enum pd_code tag_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct pd_noun_tag *args = p;
	json_t *e = NULL;
	PD_TRY(pd_rest_retag_check(&args->pairs, &args->remove, err));
	PD_TRY(pd_find_experiment(ctx, args->name, &e, err));
	struct pd_str id = pd_rest_str(ctx, e, "experiment_id");
	const struct pd_retag retag = { .set = "experiments/set-experiment-tag",
					.remove = "experiments/delete-experiment-tag",
					.target = json_pack("{ss%}", "experiment_id", id.p, id.n),
					.pairs = &args->pairs,
					.keys = &args->remove };
	return pd_rest_retag(ctx, &retag, err);
}

static const struct pd_opt tag_opts[] = { PD_ARG(struct pd_noun_tag, name, "EXPERIMENT",
						 PD_HINT_EXPERIMENT, "name or id"),
					  PD_NOUN_TAG_ROWS, PD_OPT_END };

static const struct pd_cmd tag_cmd = {
	.name = "tag",
	.brief = "set or remove tags of an experiment",
	.example = "podium experiments tag taxi team=rides -d draft",
	.opts = tag_opts,
	.args_size = sizeof(struct pd_noun_tag),
	.run = tag_run,
};

static const struct pd_cmd *const verbs[] = {
	&create_cmd, &list_cmd,    &show_cmd, &search_cmd, &rename_cmd,
	&rm_cmd,     &restore_cmd, &tag_cmd,  NULL,
};

const struct pd_cmd pd_cmd_experiments = {
	.name = "experiments",
	.brief = "create, list, search, rename, delete and tag experiments",
	.example = "podium experiments list\npodium experiments create taxi",
	.group = PD_GROUP_NOUN,
	.subs = verbs,
};

#include "cmd/models_internal.h"
#include "cmd/noun.h"
#include "cmd/out.h"

/* ---------------------------------------------------------------- list, search */

/* A model lists {"alias", "version"}, a version lists names. */
struct pd_str pd_models_aliases(struct pd_ctx *ctx, const json_t *aliases)
{
	const char *text = "";
	size_t i;
	const json_t *alias;
	json_array_foreach(aliases, i, alias)
	{
		const char *gap = *text ? " " : "";
		struct pd_str name = pd_json_str(alias);
		if (name.n) {
			text = pd_arena_printf(ctx->arena, "%s%s%.*s", text, gap, PD_STR_ARG(name));
			continue;
		}
		name = pd_rest_str(ctx, alias, "alias");
		struct pd_str version = pd_rest_str(ctx, alias, "version");
		text = pd_arena_printf(ctx->arena, "%s%s%.*s=%.*s", text, gap, PD_STR_ARG(name),
				       PD_STR_ARG(version));
	}
	return pd_str_from(text);
}

static void print_list(struct pd_ctx *ctx, const json_t *models)
{
	static const char *const heads[] = { "NAME", "LATEST", "ALIASES", "UPDATED",
					     "DESCRIPTION" };
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	size_t i;
	const json_t *m;
	json_array_foreach(models, i, m)
	{
		int64_t latest = 0;
		size_t k;
		const json_t *v;
		json_array_foreach(json_object_get(m, "latest_versions"), k,
				   v) if (pd_rest_i64(v, "version") > latest)
			latest = pd_rest_i64(v, "version");
		const char *version = pd_arena_printf(ctx->arena, "%lld", (long long)latest);
		const struct pd_str cells[] = {
			pd_rest_str(ctx, m, "name"),
			pd_str_from(latest ? version : "-"),
			pd_models_aliases(ctx, json_object_get(m, "aliases")),
			pd_out_time(ctx, pd_rest_i64(m, "last_updated_timestamp")),
			pd_rest_str(ctx, m, "description"),
		};
		pd_table_add(&table, cells);
	}
	pd_table_print(&table);
}

static enum pd_code search_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	static const struct pd_noun_found what = { "registered-models/search", "registered_models",
						   "name", print_list };
	return pd_noun_search(ctx, p, &what, json_object(), err);
}

#define SEARCH_ROWS                                                                                \
	PD_NOUN_ORDER("last_updated_timestamp DESC"), PD_NOUN_LIMIT(struct pd_noun_search)

static const struct pd_opt list_opts[] = { SEARCH_ROWS, PD_OPT_END };

static const struct pd_opt search_opts[] = {
	PD_NOUN_FILTER("name LIKE 'taxi%' AND tags.team = 'rides'"), SEARCH_ROWS, PD_OPT_END
};

static const struct pd_cmd list_cmd = {
	.name = "list",
	.brief = "list registered models",
	.example = "podium models list",
	.opts = list_opts,
	.args_size = sizeof(struct pd_noun_search),
	.run = search_run,
};

static const struct pd_cmd search_cmd = {
	.name = "search",
	.brief = "find registered models by a filter",
	.example = "podium models search \"name LIKE 'taxi%'\"",
	.opts = search_opts,
	.args_size = sizeof(struct pd_noun_search),
	.run = search_run,
};

/* ---------------------------------------------------------------- show */

struct show_args {
	const char *name;
	const char *version;
};

static void print_model(struct pd_ctx *ctx, const json_t *m)
{
	pd_out_field(ctx, "name", pd_rest_str(ctx, m, "name"));
	pd_out_field(ctx, "description", pd_rest_str(ctx, m, "description"));
	pd_out_field(ctx, "created", pd_out_time(ctx, pd_rest_i64(m, "creation_timestamp")));
	pd_out_field(ctx, "updated", pd_out_time(ctx, pd_rest_i64(m, "last_updated_timestamp")));
	pd_out_field(ctx, "aliases", pd_models_aliases(ctx, json_object_get(m, "aliases")));
	pd_out_pairs(ctx, "tag", json_object_get(m, "tags"));
}

static void print_version(struct pd_ctx *ctx, const json_t *v)
{
	pd_out_field(ctx, "name", pd_rest_str(ctx, v, "name"));
	pd_out_field(ctx, "version", pd_rest_str(ctx, v, "version"));
	pd_out_field(ctx, "aliases", pd_models_aliases(ctx, json_object_get(v, "aliases")));
	pd_out_field(ctx, "stage", pd_rest_str(ctx, v, "current_stage"));
	pd_out_field(ctx, "status", pd_rest_str(ctx, v, "status"));
	pd_out_field(ctx, "description", pd_rest_str(ctx, v, "description"));
	pd_out_field(ctx, "created", pd_out_time(ctx, pd_rest_i64(v, "creation_timestamp")));
	pd_out_field(ctx, "updated", pd_out_time(ctx, pd_rest_i64(v, "last_updated_timestamp")));
	pd_out_field(ctx, "source", pd_rest_str(ctx, v, "source"));
	pd_out_field(ctx, "run", pd_rest_str(ctx, v, "run_id"));
	pd_out_field(ctx, "model", pd_rest_str(ctx, v, "model_id"));
	pd_out_pairs(ctx, "tag", json_object_get(v, "tags"));
}

static enum pd_code show_version(struct pd_ctx *ctx, const struct show_args *args,
				 struct pd_err *err)
{
	json_t *response = NULL;
	PD_TRY(pd_ctx_call(ctx, NULL, "model-versions/get",
			   json_pack("{ssss}", "name", args->name, "version", args->version),
			   &response, err));
	pd_noun_say(ctx, json_object_get(response, "model_version"), "model_version", "version",
		    print_version);
	return PD_OK;
}

static enum pd_code show_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct show_args *args = p;
	json_t *model = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &model, err));
	if (args->version)
		return show_version(ctx, args, err);
	pd_noun_say(ctx, model, "registered_model", "name", print_model);
	return PD_OK;
}

static const struct pd_opt show_opts[] = {
	PD_ARG(struct show_args, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_ARG_MAYBE(struct show_args, version, "VERSION", PD_HINT_NONE, "one version of it"),
	PD_OPT_END
};

static const struct pd_cmd show_cmd = {
	.name = "show",
	.brief = "print a registered model, or one version of it",
	.example = "podium models show taxi\npodium models show taxi 3",
	.opts = show_opts,
	.args_size = sizeof(struct show_args),
	.run = show_run,
};

/* ---------------------------------------------------------------- create */

struct create_args {
	const char *name;
	const char *description;
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
	pd_rest_set(request, "description", args->description);
	PD_TRY(pd_ctx_call(ctx, NULL, "registered-models/create", request, &response, err));
	if (ctx->common.json)
		pd_out_json(ctx, response);
	else if (ctx->common.quiet)
		pd_out_line(ctx, pd_str_from(args->name));
	else
		fprintf(ctx->env->out, "registered model %s\n", args->name);
	return PD_OK;
}

static const struct pd_opt create_opts[] = {
	PD_ARG(struct create_args, name, "NAME", PD_HINT_NONE, "name of the new model"),
	PD_OPT_TEXT(struct create_args, description, 0, "description", "TEXT", PD_HINT_NONE,
		    "what it is for"),
	PD_OPT_PAIRS(struct create_args, tags, 't', "tag", "KEY=VALUE", "a tag"), PD_OPT_END
};

static const struct pd_cmd create_cmd = {
	.name = "create",
	.brief = "make a registered model without versions",
	.example = "podium models create taxi --description \"ride duration\"",
	.opts = create_opts,
	.args_size = sizeof(struct create_args),
	.run = create_run,
};

/* ---------------------------------------------------------------- rename, describe */

static enum pd_code rename_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct pd_noun_rename *args = p;
	json_t *response = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &response, err));
	return pd_ctx_call(ctx, NULL, "registered-models/rename",
			   json_pack("{ssss}", "name", args->name, "new_name", args->new_name),
			   &response, err);
}

static const struct pd_opt rename_opts[] = {
	PD_ARG(struct pd_noun_rename, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_ARG(struct pd_noun_rename, new_name, "NEW", PD_HINT_NONE, "the new name"), PD_OPT_END
};

static const struct pd_cmd rename_cmd = {
	.name = "rename",
	.brief = "give a registered model another name",
	.example = "podium models rename taxi taxi-2026",
	.opts = rename_opts,
	.args_size = sizeof(struct pd_noun_rename),
	.run = rename_run,
};

struct describe_args {
	const char *name;
	const char *text;
	const char *version;
};

static enum pd_code describe_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct describe_args *args = p;
	json_t *response = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &response, err));
	json_t *request = json_pack("{ssss}", "name", args->name, "description", args->text);
	pd_rest_set(request, "version", args->version);
	return pd_ctx_call(ctx, NULL,
			   args->version ? "model-versions/update" : "registered-models/update",
			   request, &response, err);
}

static const struct pd_opt describe_opts[] = {
	PD_ARG(struct describe_args, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_ARG(struct describe_args, text, "TEXT", PD_HINT_NONE, "the description"),
	PD_OPT_TEXT(struct describe_args, version, 'v', "version", "VERSION", PD_HINT_NONE,
		    "describe one version of it"),
	PD_OPT_END
};

static const struct pd_cmd describe_cmd = {
	.name = "describe",
	.brief = "set the description of a model or a version",
	.example = "podium models describe taxi \"trained on March\" -v 3",
	.opts = describe_opts,
	.args_size = sizeof(struct describe_args),
	.run = describe_run,
};

/* ---------------------------------------------------------------- rm */

struct rm_args {
	const char *name;
	struct pd_list versions;
};

static bool has_text(const struct pd_str *texts, size_t n, struct pd_str text)
{
	for (size_t i = 0; i < n; i++)
		if (pd_str_eq(texts[i], text))
			return true;
	return false;
}

/* All are looked up before the first is deleted; one that is named twice is deleted once. */
static enum pd_code rm_versions(struct pd_ctx *ctx, const struct rm_args *args, struct pd_err *err)
{
	json_t *response = NULL;
	size_t n = args->versions.n;
	struct pd_str *numbers = PD_ARENA_ARRAY(ctx->arena, struct pd_str, n);
	for (size_t i = 0; i < n; i++) {
		PD_TRY(pd_ctx_call(
			ctx, NULL, "model-versions/get",
			json_pack("{ssss}", "name", args->name, "version", args->versions.items[i]),
			&response, err));
		numbers[i] = pd_rest_str(ctx, json_object_get(response, "model_version"),
					 "version");
	}
	for (size_t i = 0; i < n; i++)
		if (!has_text(numbers, i, numbers[i]))
			PD_TRY(pd_ctx_call(ctx, NULL, "model-versions/delete",
					   json_pack("{ssss%}", "name", args->name, "version",
						     numbers[i].p, numbers[i].n),
					   &response, err));
	return PD_OK;
}

static enum pd_code rm_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct rm_args *args = p;
	json_t *response = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &response, err));
	if (!args->versions.n)
		return pd_ctx_call(ctx, NULL, "registered-models/delete",
				   json_pack("{ss}", "name", args->name), &response, err);
	return rm_versions(ctx, args, err);
}

static const struct pd_opt rm_opts[] = {
	PD_ARG(struct rm_args, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_OPT_LIST(struct rm_args, versions, 'v', "version", "VERSION", PD_HINT_NONE,
		    "delete this version only"),
	PD_OPT_END
};

static const struct pd_cmd rm_cmd = {
	.name = "rm",
	.brief = "delete a registered model, or versions of it",
	.about = "There is no way back. The artifacts of the versions stay where they are.",
	.example = "podium models rm taxi -v 2\npodium models rm taxi",
	.opts = rm_opts,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};

/* ---------------------------------------------------------------- tag */

static enum pd_code tag_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct pd_noun_tag *args = p;
	json_t *model = NULL;
	PD_TRY(pd_rest_retag_check(&args->pairs, &args->remove, err));
	PD_TRY(pd_find_model(ctx, args->name, &model, err));
	json_t *target = json_pack("{ss}", "name", args->name);
	pd_rest_set(target, "version", args->version);
	const struct pd_retag retag = {
		.set = args->version ? "model-versions/set-tag" : "registered-models/set-tag",
		.remove = args->version ? "model-versions/delete-tag"
					: "registered-models/delete-tag",
		.target = target,
		.pairs = &args->pairs,
		.keys = &args->remove,
	};
	return pd_rest_retag(ctx, &retag, err);
}

static const struct pd_opt tag_opts[] = {
	PD_ARG(struct pd_noun_tag, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_NOUN_TAG_ROWS,
	PD_OPT_TEXT(struct pd_noun_tag, version, 'v', "version", "VERSION", PD_HINT_NONE,
		    "tags of one version"),
	PD_OPT_END
};

static const struct pd_cmd tag_cmd = {
	.name = "tag",
	.brief = "set or remove tags of a model or a version",
	.example = "podium models tag taxi team=rides\npodium models tag taxi -v 3 checked=yes",
	.opts = tag_opts,
	.args_size = sizeof(struct pd_noun_tag),
	.run = tag_run,
};

static const struct pd_cmd *const verbs[] = {
	&list_cmd,   &show_cmd,     &search_cmd, &create_cmd,          &pd_cmd_models_versions,
	&rename_cmd, &describe_cmd, &tag_cmd,    &pd_cmd_models_stage, &rm_cmd,
	NULL,
};

const struct pd_cmd pd_cmd_models = {
	.name = "models",
	.brief = "registered models and their versions",
	.example = "podium models list\npodium models versions taxi",
	.group = PD_GROUP_NOUN,
	.subs = verbs,
};

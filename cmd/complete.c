#include "base/auto.h"
#include "cmd/out.h"
#include "cmd/rest.h"
#include "schema/methods.h"

#define NAMES_MAX 1000 /* asked of the registry */
#define RUNS_MAX  50

struct complete_args {
	const char *kind;
	const char *prefix;
	const char *model;
};

/* A line each; what would break lines is left out. */
static void offer(struct pd_ctx *ctx, const char *prefix, struct pd_str candidate)
{
	if (pd_str_starts(candidate, pd_str_from(prefix)) && pd_str_find(candidate, '\n') < 0)
		pd_out_line(ctx, candidate);
}

static void offer_members(struct pd_ctx *ctx, const char *prefix, const json_t *objects,
			  const char *key)
{
	size_t i;
	const json_t *o;
	json_array_foreach(objects, i, o) offer(ctx, prefix, pd_rest_str(ctx, o, key));
}

static enum pd_code offer_experiments(struct pd_ctx *ctx, const struct complete_args *args,
				      struct pd_err *err)
{
	json_t *all = NULL;
	PD_TRY(pd_rest_pages(ctx, "experiments/search", json_object(), "experiments", NAMES_MAX,
			     &all, err));
	offer_members(ctx, args->prefix, json_object_get(all, "experiments"), "name");
	return PD_OK;
}

static enum pd_code all_models(struct pd_ctx *ctx, json_t **out, struct pd_err *err)
{
	json_t *all = NULL;
	PD_TRY(pd_rest_pages(ctx, "registered-models/search", json_object(), "registered_models",
			     NAMES_MAX, &all, err));
	*out = json_object_get(all, "registered_models");
	return PD_OK;
}

static enum pd_code offer_models(struct pd_ctx *ctx, const struct complete_args *args,
				 struct pd_err *err)
{
	json_t *models = NULL;
	PD_TRY(all_models(ctx, &models, err));
	offer_members(ctx, args->prefix, models, "name");
	return PD_OK;
}

static enum pd_code offer_aliases(struct pd_ctx *ctx, const struct complete_args *args,
				  struct pd_err *err)
{
	json_t *response = NULL;
	PD_TRY(pd_ctx_call(ctx, NULL, "registered-models/get",
			   json_pack("{ss}", "name", args->model), &response, err));
	offer_members(ctx, args->prefix, pd_rest_at(response, "registered_model.aliases"), "alias");
	return PD_OK;
}

/* before and after: what stands around the id. */
static enum pd_code offer_run_ids(struct pd_ctx *ctx, const char *prefix, const char *before,
				  const char *after, struct pd_err *err)
{
	json_t *all = NULL;
	json_t *runs = NULL;
	json_t *ids = json_array();
	size_t i;
	json_t *o;
	PD_AUTO_JSON json_t *owned = ids;
	PD_TRY(pd_rest_pages(ctx, "experiments/search", json_object(), "experiments", NAMES_MAX,
			     &all, err));
	json_array_foreach(json_object_get(all, "experiments"), i, o)
		json_array_append(ids, json_object_get(o, "experiment_id"));
	PD_TRY(pd_rest_pages(ctx, "runs/search", json_pack("{sO}", "experiment_ids", ids), "runs",
			     RUNS_MAX, &runs, err));
	json_array_foreach(json_object_get(runs, "runs"), i, o)
	{
		struct pd_str id = pd_rest_str(ctx, json_object_get(o, "info"), "run_id");
		offer(ctx, prefix,
		      pd_str_from(pd_arena_printf(ctx->arena, "%s%.*s%s", before, PD_STR_ARG(id),
						  after)));
	}
	return PD_OK;
}

static enum pd_code offer_runs(struct pd_ctx *ctx, const struct complete_args *args,
			       struct pd_err *err)
{
	return offer_run_ids(ctx, args->prefix, "", "", err);
}

/* models:/NAME@ALIAS and models:/NAME/VERSION, of all models whose name fits. */
static enum pd_code offer_model_uris(struct pd_ctx *ctx, const char *prefix, struct pd_err *err)
{
	json_t *models = NULL;
	size_t i, k;
	const json_t *m;
	const json_t *o;
	PD_TRY(all_models(ctx, &models, err));
	json_array_foreach(models, i, m)
	{
		struct pd_str name = pd_rest_str(ctx, m, "name");
		json_array_foreach(json_object_get(m, "aliases"), k, o)
		{
			struct pd_str alias = pd_rest_str(ctx, o, "alias");
			offer(ctx, prefix,
			      pd_str_from(pd_arena_printf(ctx->arena, "models:/%.*s@%.*s",
							  PD_STR_ARG(name), PD_STR_ARG(alias))));
		}
		json_array_foreach(json_object_get(m, "latest_versions"), k, o)
		{
			struct pd_str version = pd_rest_str(ctx, o, "version");
			offer(ctx, prefix,
			      pd_str_from(pd_arena_printf(ctx->arena, "models:/%.*s/%.*s",
							  PD_STR_ARG(name), PD_STR_ARG(version))));
		}
	}
	return PD_OK;
}

static enum pd_code offer_uris(struct pd_ctx *ctx, const struct complete_args *args,
			       struct pd_err *err)
{
	struct pd_str prefix = pd_str_from(args->prefix);
	if (pd_str_starts(prefix, PD_STR("models:/")))
		return offer_model_uris(ctx, args->prefix, err);
	if (pd_str_starts(prefix, PD_STR("runs:/")))
		return offer_run_ids(ctx, args->prefix, "runs:/", "/", err);
	offer(ctx, args->prefix, PD_STR("models:/"));
	offer(ctx, args->prefix, PD_STR("runs:/"));
	return PD_OK;
}

static enum pd_code offer_methods(struct pd_ctx *ctx, const char *prefix)
{
	for (const struct pd_method *m = pd_methods; m->name; m++)
		offer(ctx, prefix, pd_str_from(m->name));
	return PD_OK;
}

static const struct kind {
	const char *name;
	enum pd_code (*offer)(struct pd_ctx *ctx, const struct complete_args *args,
			      struct pd_err *err);
} kinds[] = {
	{ "experiment", offer_experiments },
	{ "model", offer_models },
	{ "alias", offer_aliases },
	{ "run", offer_runs },
	{ "uri", offer_uris },
};

/* Silence is the answer to whatever goes wrong: a shell is waiting for words. */
static enum pd_code complete_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct complete_args *args = p;
	struct pd_registry *registry = NULL;
	struct pd_err ignored = { 0 };
	(void)err;
	if (strcmp(args->kind, "method") == 0)
		return offer_methods(ctx, args->prefix);
	if (strcmp(args->kind, "uri") == 0 && !strchr(args->prefix, '/'))
		return offer_uris(ctx, args, &ignored);
	ctx->hasty = true;
	if (pd_ctx_registry(ctx, false, &registry, &ignored) != PD_OK)
		return PD_OK;
	for (size_t i = 0; i < PD_LEN(kinds); i++)
		if (strcmp(kinds[i].name, args->kind) == 0 &&
		    kinds[i].offer(ctx, args, &ignored) != PD_OK)
			return PD_OK;
	return PD_OK;
}

static const struct pd_opt complete_opts[] = {
	PD_ARG(struct complete_args, kind, "KIND", PD_HINT_NONE,
	       "experiment, model, alias, run, uri or method"),
	PD_ARG_MAYBE(struct complete_args, prefix, "PREFIX", PD_HINT_NONE, "what is typed so far"),
	PD_ARG_MAYBE(struct complete_args, model, "MODEL", PD_HINT_MODEL, "whose aliases"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_complete = {
	.name = "complete",
	.brief = "print names for a shell's completion, a line each",
	.example = "podium complete model ta",
	.group = PD_GROUP_HIDDEN,
	.opts = complete_opts,
	.args_size = sizeof(struct complete_args),
	.defaults = &(const struct complete_args){ .prefix = "", .model = "" },
	.run = complete_run,
};

#include "base/auto.h"
#include "base/file.h"
#include "cmd/out.h"
#include "cmd/publish.h"
#include "registry/uri.h"
#include "store/artifact.h"

struct register_args {
	const char *uri;
	const char *name;
	struct pd_list aliases;
	struct pd_list tags;
	const char *description;
};

/* Is there an MLmodel at the place? A bare file is no model MLflow could load. */
static enum pd_code check_is_model(struct pd_ctx *ctx, const char *typed, struct pd_str place,
				   struct pd_err *err)
{
	PD_AUTO_ARTIFACTS *store = NULL;
	struct pd_artifact found;
	PD_TRY(pd_artifacts_open(ctx->env, place, &store, err));
	enum pd_code code = pd_artifacts_stat(store, PD_STR("MLmodel"), ctx->arena, &found, err);
	if (code == PD_NOT_FOUND)
		return pd_fail(err, PD_NOT_FOUND,
			       "%s: no MLmodel there; `podium log --model FILE` makes a model of a "
			       "file",
			       typed);
	return code;
}

/* What register_model records as the source: a name that stays valid where there is one. */
static enum pd_code find_source(struct pd_ctx *ctx, const struct register_args *args,
				struct pd_publish *out, struct pd_err *err)
{
	struct pd_uri uri;
	struct pd_location at = { 0 };
	PD_TRY(pd_uri_parse(pd_str_from(args->uri), ctx->arena, &uri, err));
	PD_TRY(pd_uri_resolve(ctx->registry, &uri, ctx->arena, &at, err));
	PD_TRY(check_is_model(ctx, args->uri, at.artifact_uri, err));
	out->source = at.artifact_uri;
	if (uri.kind == PD_URI_RUN)
		out->run_id = uri.run_id;
	if (at.name.n) {
		out->source = pd_str_from(pd_arena_printf(ctx->arena, "models:/%.*s/%.*s",
							  PD_STR_ARG(at.name),
							  PD_STR_ARG(at.version)));
		out->run_id = at.run_id;
		return PD_OK;
	}
	if (!at.model_id.n)
		return PD_OK;
	out->model_id = at.model_id;
	out->source =
		pd_str_from(pd_arena_printf(ctx->arena, "models:/%.*s", PD_STR_ARG(at.model_id)));
	return PD_OK;
}

static void print_version(struct pd_ctx *ctx, const struct register_args *args,
			  const struct pd_publish *publish, json_t *version)
{
	struct pd_str number = pd_rest_str(ctx, version, "version");
	const char *uri = pd_arena_printf(ctx->arena, "models:/%s/%.*s", args->name,
					  PD_STR_ARG(number));
	if (ctx->common.json) {
		json_object_set(version, "model_version", json_object_get(version, "version"));
		json_object_set_new(version, "model_uri", json_string(uri));
		if (publish->model_id.n)
			json_object_set_new(version, "model_id", pd_json_from(publish->model_id));
		pd_out_json(ctx, version);
		return;
	}
	if (ctx->common.quiet) {
		pd_out_line(ctx, number);
		return;
	}
	pd_out_field(ctx, "version", pd_str_from(uri));
	for (size_t i = 0; i < args->aliases.n; i++)
		pd_out_field(ctx, "alias",
			     pd_str_from(pd_arena_printf(ctx->arena, "models:/%s@%s", args->name,
							 args->aliases.items[i])));
}

static enum pd_code register_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct register_args *args = p;
	struct pd_registry *registry = NULL;
	json_t *version = NULL;
	struct pd_uri uri;
	struct pd_publish publish = { .name = args->name,
				      .description = args->description,
				      .aliases = &args->aliases,
				      .tags = &args->tags };
	PD_TRY(pd_uri_parse(pd_str_from(args->uri), ctx->arena, &uri, err));
	PD_TRY(pd_publish_check(args->name, &args->aliases, err));
	bool elsewhere = uri.kind == PD_URI_PATH || uri.kind == PD_URI_OTHER;
	PD_TRY(pd_ctx_registry(ctx, elsewhere, &registry, err));
	PD_TRY(find_source(ctx, args, &publish, err));
	PD_TRY(pd_publish_version(ctx, &publish, &version, err));
	print_version(ctx, args, &publish, version);
	return PD_OK;
}

static const struct pd_opt register_opts[] = {
	PD_ARG(struct register_args, uri, "URI", PD_HINT_URI,
	       "a model: runs:/RUN/PATH, models:/m-ID, models:/NAME@ALIAS, a folder"),
	PD_ARG(struct register_args, name, "NAME", PD_HINT_MODEL,
	       "registered model; made when it is not there"),
	PD_OPT_LIST(struct register_args, aliases, 'a', "alias", "ALIAS", PD_HINT_NONE,
		    "point this alias at the new version"),
	PD_OPT_PAIRS(struct register_args, tags, 't', "tag", "KEY=VALUE", "a tag of the version"),
	PD_OPT_TEXT(struct register_args, description, 0, "description", "TEXT", PD_HINT_NONE,
		    "description of the version"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_register = {
	.name = "register",
	.brief = "make a model a version of a registered model",
	.example = "podium register runs:/0f1e2d3c4b5a69788796a5b4c3d2e1f0/model taxi -a champion",
	.group = PD_GROUP_DAILY,
	.opts = register_opts,
	.args_size = sizeof(struct register_args),
	.run = register_run,
};

#include "cmd/cmd.h"

#include "base/auto.h"

void pd_ctx_registry_close(struct pd_ctx *ctx)
{
	pd_registry_close(ctx->registry);
	ctx->registry = NULL;
}

static void close_registry(void *ctx)
{
	pd_ctx_registry_close(ctx);
}

static void release_json(void *j)
{
	json_decref(j);
}

/* The environment with what the command line says laid over it. */
struct overlay {
	struct pd_env env;
	const struct pd_env *under;
	const struct pd_common *common;
};

static const char *overlay_var(const struct pd_env *env, const char *name)
{
	const struct overlay *o = env->ctx;
	if (o->common->tracking_uri && strcmp(name, "MLFLOW_TRACKING_URI") == 0)
		return o->common->tracking_uri;
	if (o->common->registry_uri && strcmp(name, "MLFLOW_REGISTRY_URI") == 0)
		return o->common->registry_uri;
	return o->under->var(o->under, name);
}

static int64_t overlay_now_ms(const struct pd_env *env)
{
	const struct overlay *o = env->ctx;
	return pd_env_now_ms(o->under);
}

void pd_ctx_use_options(struct pd_ctx *ctx)
{
	struct overlay *o = PD_ARENA_NEW(ctx->arena, struct overlay);
	*o = (struct overlay){ .env = *ctx->env, .under = ctx->env, .common = &ctx->common };
	o->env.var = overlay_var;
	o->env.now_ms = overlay_now_ms;
	o->env.ctx = o;
	ctx->env = &o->env;
}

enum pd_code pd_ctx_registry(struct pd_ctx *ctx, bool create, struct pd_registry **out,
			     struct pd_err *err)
{
	if (!ctx->registry) {
		struct pd_registry_opts opts = { .tracking_uri = ctx->common.tracking_uri,
						 .registry_uri = ctx->common.registry_uri,
						 .create = create,
						 .hasty = ctx->hasty };
		PD_TRY(pd_registry_open(ctx->env, &opts, &ctx->registry, err));
		pd_arena_defer(ctx->arena, close_registry, ctx);
	}
	*out = ctx->registry;
	return PD_OK;
}

enum pd_code pd_ctx_call(struct pd_ctx *ctx, const char *verb, const char *method,
			 json_t *taken_request, json_t **out, struct pd_err *err)
{
	PD_AUTO_JSON json_t *request = taken_request;
	if (!request) /* jansson refuses to build one from such text */
		return pd_fail(err, PD_INVALID, "a text is not UTF-8");
	json_t *response = NULL;
	struct pd_registry *registry = NULL;
	PD_TRY(pd_ctx_registry(ctx, false, &registry, err));
	PD_TRY(pd_registry_call(registry, verb, method, request, &response, err));
	pd_arena_defer(ctx->arena, release_json, response);
	ctx->response = response;
	*out = response;
	return PD_OK;
}

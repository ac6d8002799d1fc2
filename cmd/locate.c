#include "cmd/locate.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/url.h"
#include "cmd/find.h"
#include "cmd/transfer.h"
#include "store/artifact.h"

#define NAMES_MAX 8 /* of a run's models in an error */

enum pd_code pd_locate(struct pd_ctx *ctx, const char *uri, struct pd_arena *arena,
		       struct pd_uri *out_uri, struct pd_location *out, struct pd_err *err)
{
	struct pd_registry *registry = NULL;
	PD_TRY(pd_uri_parse(pd_str_from(uri), arena, out_uri, err));
	if (out_uri->kind != PD_URI_PATH && out_uri->kind != PD_URI_OTHER)
		PD_TRY(pd_ctx_registry(ctx, false, &registry, err));
	return pd_uri_resolve(registry, out_uri, arena, out, err);
}

/* The names of the models a run logged: ` `a`, `b``; empty when there are none. */
static const char *models_of(struct pd_ctx *ctx, const json_t *run)
{
	const char *names = "";
	size_t i;
	const json_t *output;
	json_array_foreach(pd_rest_at(run, "outputs.model_outputs"), i, output)
	{
		json_t *response = NULL;
		struct pd_str id = pd_rest_str(ctx, output, "model_id");
		if (i == NAMES_MAX || pd_ctx_call(ctx, NULL, "logged-models/get",
						  json_pack("{ss%}", "model_id", id.p, id.n),
						  &response, NULL) != PD_OK)
			break;
		struct pd_str name = pd_rest_str(ctx, pd_rest_at(response, "model.info"), "name");
		names = pd_arena_printf(ctx->arena, "%s%s`%.*s`", names, i ? ", " : "",
					PD_STR_ARG(name));
	}
	return names;
}

enum pd_code pd_locate_missing(struct pd_ctx *ctx, const struct pd_uri *uri, struct pd_err *err)
{
	json_t *run = NULL;
	if (uri->kind != PD_URI_RUN || err->code != PD_NOT_FOUND || !uri->path.n ||
	    pd_find_run(ctx, pd_arena_z(ctx->arena, uri->run_id), &run, NULL) != PD_OK)
		return pd_err_prefix(err, "%.*s", PD_STR_ARG(uri->text));
	const char *names = models_of(ctx, run);
	return pd_fail(err, PD_NOT_FOUND, "run %.*s has no `%.*s`%s%s", PD_STR_ARG(uri->run_id),
		       PD_STR_ARG(uri->path), *names ? "; its models: " : "", names);
}

/* ---------------------------------------------------------------- models that are elsewhere */

static void remove_folder(void *path)
{
	if (pd_tree_remove(path, NULL) != PD_OK)
		fprintf(stderr, "podium: cannot remove %s\n", (const char *)path);
}

static struct pd_str last_part(const struct pd_location *w)
{
	struct pd_str whole = w->path.n ? w->path : w->root;
	return pd_str_skip(whole, (size_t)(pd_str_rfind(whole, '/') + 1));
}

/* Into a folder that goes with the arena. */
static enum pd_code bring_model(struct pd_ctx *ctx, struct pd_artifacts *store,
				struct pd_arena *arena, struct pd_located *out, struct pd_err *err)
{
	struct pd_artifact found;
	struct pd_transfer t;
	const char *tmp = pd_env_var(ctx->env, "TMPDIR");
	PD_AUTO_FREE char *prefix = pd_path_join(tmp ? tmp : "/tmp", "podium-model");
	PD_AUTO_FREE char *folder = NULL;
	PD_TRY(pd_artifacts_stat(store, out->where.path, arena, &found, err));
	PD_TRY(pd_dir_temp(prefix, &folder, err));
	out->path = pd_arena_z(arena, pd_str_from(folder));
	pd_arena_defer(arena, remove_folder, (void *)(uintptr_t)out->path);
	pd_transfer_init(&t, ctx);
	enum pd_code code = pd_artifacts_fetch(store, out->where.path, out->path, &t, err);
	pd_transfer_done(&t);
	PD_TRY(code);
	if (!found.is_dir)
		out->path =
			pd_arena_printf(arena, "%s/%.*s", folder,
					PD_STR_ARG(pd_url_unquote(arena, last_part(&out->where))));
	return PD_OK;
}

enum pd_code pd_locate_model(struct pd_ctx *ctx, const char *uri, struct pd_arena *arena,
			     struct pd_located *out, struct pd_err *err)
{
	PD_AUTO_ARTIFACTS *store = NULL;
	struct pd_str path;
	*out = (struct pd_located){ 0 };
	PD_TRY(pd_locate(ctx, uri, arena, &out->uri, &out->where, err));
	if (out->uri.kind == PD_URI_PATH) { /* as typed: shorter in texts than the absolute one */
		out->path = pd_arena_z(arena, out->uri.path);
		if (!pd_path_exists(out->path))
			return pd_fail(err, PD_NOT_FOUND, "no model at %s", out->path);
		return PD_OK;
	}
	PD_TRY(pd_artifacts_open(ctx->env, out->where.root, &store, err));
	enum pd_code code = pd_artifacts_local(store, out->where.path, arena, &path, err);
	if (code == PD_UNSUPPORTED)
		code = bring_model(ctx, store, arena, out, err);
	else if (code == PD_OK)
		out->path = path.p;
	return code == PD_OK ? PD_OK : pd_locate_missing(ctx, &out->uri, err);
}

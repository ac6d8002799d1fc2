#include "cmd/locate.h"

#include "base/file.h"
#include "store/artifact.h"

enum pd_code pd_locate(struct pd_ctx *ctx, const char *uri, struct pd_arena *arena,
		       struct pd_uri *out_uri, struct pd_location *out, struct pd_err *err)
{
	struct pd_registry *registry = NULL;
	PD_TRY(pd_uri_parse(pd_str_from(uri), arena, out_uri, err));
	if (out_uri->kind != PD_URI_PATH && out_uri->kind != PD_URI_OTHER)
		PD_TRY(pd_ctx_registry(ctx, false, &registry, err));
	return pd_uri_resolve(registry, out_uri, arena, out, err);
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
	if (pd_artifacts_local(store, out->where.path, arena, &path, err) != PD_OK)
		return pd_err_prefix(err, "%s", uri);
	out->path = path.p;
	return PD_OK;
}

#include "cmd/locate.h"

#include "base/file.h"

enum pd_code pd_locate_model(struct pd_ctx *ctx, const char *uri, struct pd_arena *arena,
			     struct pd_located *out, struct pd_err *err)
{
	(void)ctx;
	*out = (struct pd_located){ 0 };
	PD_TRY(pd_uri_parse(pd_str_from(uri), arena, &out->uri, err));
	if (out->uri.kind != PD_URI_PATH)
		return pd_fail(err, PD_UNSUPPORTED, "%s: only paths can be served yet", uri);
	out->where.artifact_uri = out->uri.path;
	out->path = pd_arena_z(arena, out->uri.path);
	if (!pd_path_exists(out->path))
		return pd_fail(err, PD_NOT_FOUND, "no model at %s", out->path);
	return PD_OK;
}

#include "base/version.h"

#include "base/auto.h"
#include "cmd/cmd.h"
#include "cmd/out.h"

static enum pd_code version_run(struct pd_ctx *ctx, const void *args, struct pd_err *err)
{
	(void)args;
	(void)err;
	if (!ctx->common.json) {
		fprintf(ctx->env->out, ctx->common.quiet ? "%s\n" : "podium %s\n", PD_VERSION);
		return PD_OK;
	}
	PD_AUTO_JSON json_t *j = json_pack("{ssss}", "version", PD_VERSION, "mlflow",
					   PD_MLFLOW_VERSION);
	pd_out_json(ctx, j);
	return PD_OK;
}

static const struct pd_opt version_opts[] = { PD_OPT_END };

const struct pd_cmd pd_cmd_version = {
	.name = "version",
	.brief = "print podium's version and the MLflow it is compatible with",
	.example = "podium version --json",
	.group = PD_GROUP_REST,
	.opts = version_opts,
	.run = version_run,
};

#include "cmd/dump.h"

struct completion_args {
	const char *shell;
};

static enum pd_code completion_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct completion_args *args = p;
	if (strcmp(args->shell, "bash") != 0 && strcmp(args->shell, "zsh") != 0 &&
	    strcmp(args->shell, "fish") != 0)
		return pd_fail(err, PD_USAGE, "SHELL: `%s` is none of bash|zsh|fish", args->shell);
	return pd_dump(ctx, args->shell, err);
}

static const struct pd_opt completion_opts[] = { PD_ARG(struct completion_args, shell, "SHELL",
							PD_HINT_SHELL, "bash, zsh or fish"),
						 PD_OPT_END };

const struct pd_cmd pd_cmd_completion = {
	.name = "completion",
	.brief = "print the completion script of a shell",
	.about = "Names of experiments, models, aliases and runs are completed from the registry.",
	.example = "source <(podium completion bash)\n"
		   "podium completion zsh > \"${fpath[1]}/_podium\"\n"
		   "podium completion fish > ~/.config/fish/completions/podium.fish",
	.group = PD_GROUP_REST,
	.opts = completion_opts,
	.args_size = sizeof(struct completion_args),
	.run = completion_run,
};

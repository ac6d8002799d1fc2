#include "cmd/dump.h"

static const char *const hint_names[PD_N_HINTS] = {
	[PD_HINT_NONE] = "none",
	[PD_HINT_URI] = "uri",
	[PD_HINT_FILE] = "file",
	[PD_HINT_DIR] = "dir",
	[PD_HINT_EXPERIMENT] = "experiment",
	[PD_HINT_MODEL] = "model",
	[PD_HINT_ALIAS] = "alias",
	[PD_HINT_RUN] = "run",
	[PD_HINT_COMMAND] = "command",
	[PD_HINT_METHOD] = "method",
	[PD_HINT_PAIR] = "none",
};

const char *pd_dump_names(struct pd_ctx *ctx, const struct pd_cmd *const *cmds, const char *gap)
{
	const char *text = "";
	for (; *cmds; cmds++)
		if ((*cmds)->group != PD_GROUP_HIDDEN)
			text = pd_arena_printf(ctx->arena, "%s%s%s", text, *text ? gap : "",
					       (*cmds)->name);
	return text;
}

const char *pd_dump_hint(struct pd_ctx *ctx, const struct pd_opt *o)
{
	if (o->kind == PD_OPT_KIND_CHOICE)
		return pd_arena_printf(ctx->arena, "=%s", o->value);
	if (o->hint == PD_HINT_SHELL)
		return "=bash|zsh|fish";
	if (o->hint == PD_HINT_TOPIC)
		return pd_arena_printf(ctx->arena, "=%s", pd_dump_names(ctx, pd_cmds, "|"));
	return hint_names[o->hint];
}

const char *pd_dump_quoted(struct pd_ctx *ctx, const char *text, const char *quote)
{
	const char *out = "";
	for (struct pd_str left = pd_str_from(text), part;;) {
		bool more = pd_str_split(left, '\'', &part, &left);
		out = pd_arena_printf(ctx->arena, "%s%.*s%s", out, PD_STR_ARG(part),
				      more ? quote : "");
		if (!more)
			return out;
	}
}

void pd_dump_walk(struct pd_ctx *ctx, pd_dump_fn *fn)
{
	for (const struct pd_cmd *const *c = pd_cmds; *c; c++) {
		if ((*c)->group == PD_GROUP_HIDDEN)
			continue;
		fn(ctx, *c, (*c)->name);
		for (const struct pd_cmd *const *v = (*c)->subs; v && *v; v++)
			fn(ctx, *v, pd_arena_printf(ctx->arena, "%s %s", (*c)->name, (*v)->name));
	}
}

static enum pd_code list_names(struct pd_ctx *ctx)
{
	fprintf(ctx->env->out, "%s\n", pd_dump_names(ctx, pd_cmds, "\n"));
	return PD_OK;
}

enum pd_code pd_dump(struct pd_ctx *ctx, const char *kind, struct pd_err *err)
{
	if (strcmp(kind, "bash") == 0)
		return pd_dump_bash(ctx);
	if (strcmp(kind, "zsh") == 0)
		return pd_dump_zsh(ctx);
	if (strcmp(kind, "fish") == 0)
		return pd_dump_fish(ctx);
	if (strcmp(kind, "methods") == 0)
		return pd_dump_methods(ctx);
	if (strcmp(kind, "names") == 0)
		return list_names(ctx);
	if (strcmp(kind, "man") == 0)
		return pd_dump_man(ctx, NULL, err);
	if (strncmp(kind, "man:", 4) == 0)
		return pd_dump_man(ctx, kind + 4, err);
	return pd_fail(err, PD_USAGE,
		       "--dump: `%s` is none of bash, zsh, fish, methods, names, man, man:NAME",
		       kind);
}

#include "cmd/help.h"

#include <assert.h>
#include <ctype.h>

#include "cmd/dump.h"
#include "cmd/out.h"

#define COLUMN 26 /* where the help texts start */

static const char *const group_heads[PD_N_GROUPS] = {
	[PD_GROUP_DAILY] = "Daily verbs",
	[PD_GROUP_NOUN] = "Nouns",
	[PD_GROUP_DEPLOY] = "Deploying",
	[PD_GROUP_REST] = "The rest",
};

static void bold(struct pd_ctx *ctx, const char *text)
{
	bool colour = pd_out_has_colour(ctx->env, ctx->env->out);
	fprintf(ctx->env->out, "%s%s%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}

enum pd_code pd_help_overview(struct pd_ctx *ctx)
{
	FILE *out = ctx->env->out;
	fputs("podium - from a trained model to a prediction, in one program\n\n"
	      "usage: podium COMMAND [OPTION...] [ARGUMENT...]\n",
	      out);
	for (int g = 0; g < PD_GROUP_HIDDEN; g++) {
		bool any = false;
		for (const struct pd_cmd *const *c = pd_cmds; *c; c++) {
			if ((int)(*c)->group != g)
				continue;
			if (!any) {
				fputc('\n', out);
				bold(ctx, group_heads[g]);
			}
			any = true;
			fprintf(out, "  %-13s%s\n", (*c)->name, (*c)->brief);
		}
	}
	fputs("\n`podium help COMMAND` or `podium COMMAND -h` tells more, with an example.\n", out);
	return PD_OK;
}

/* ---------------------------------------------------------------- one command */

const char *pd_help_default(struct pd_arena *arena, const struct pd_cmd *cmd,
			    const struct pd_opt *o)
{
	if (!cmd->defaults)
		return NULL;
	const void *at = (const char *)cmd->defaults + o->offset;
	switch (o->kind) {
	case PD_OPT_KIND_TEXT:
	case PD_OPT_KIND_CHOICE:
	case PD_OPT_KIND_MAYBE:
		return *(const char *const *)at;
	case PD_OPT_KIND_INT:
	case PD_OPT_KIND_SIZE: {
		int64_t v = *(const int64_t *)at;
		if (o->kind == PD_OPT_KIND_SIZE && v && v % (1 << 20) == 0)
			return pd_arena_printf(arena, "%lldM", (long long)(v >> 20));
		return v ? pd_arena_printf(arena, "%lld", (long long)v) : NULL;
	}
	case PD_OPT_KIND_REAL: {
		double v = *(const double *)at;
		return v != 0 ? pd_arena_printf(arena, "%g", v) : NULL;
	}
	default:
		return NULL;
	}
}

const char *pd_help_usage(struct pd_arena *arena, const struct pd_cmd *cmd, const char *words)
{
	const char *text = pd_arena_printf(arena, "podium %s", words);
	if (cmd->subs)
		return pd_arena_printf(arena, "%s VERB [OPTION...] [ARGUMENT...]", text);
	text = pd_arena_printf(arena, "%s [OPTION...]", text);
	for (const struct pd_opt *o = cmd->opts; o->kind != PD_OPT_KIND_END; o++) {
		if (o->kind == PD_OPT_KIND_ARG)
			text = pd_arena_printf(arena, "%s %s", text, o->value);
		else if (o->kind == PD_OPT_KIND_MAYBE)
			text = pd_arena_printf(arena, "%s [%s]", text, o->value);
		else if (o->kind == PD_OPT_KIND_MANY)
			text = pd_arena_printf(arena, "%s %s...", text, o->value);
		else if (o->kind == PD_OPT_KIND_ANY)
			text = pd_arena_printf(arena, "%s [%s...]", text, o->value);
		else if (o->kind == PD_OPT_KIND_REST)
			text = pd_arena_printf(arena, "%s [--] %s...", text, o->value);
	}
	return text;
}

static void print_row(struct pd_ctx *ctx, const struct pd_cmd *cmd, const struct pd_opt *o)
{
	char left[128];
	if (!o->name)
		snprintf(left, sizeof(left), "  %s", o->value);
	else if (o->letter)
		snprintf(left, sizeof(left), "  -%c, --%s%s%s", o->letter, o->name,
			 o->value ? " " : "", o->value ? o->value : "");
	else
		snprintf(left, sizeof(left), "      --%s%s%s", o->name, o->value ? " " : "",
			 o->value ? o->value : "");
	FILE *out = ctx->env->out;
	if (strlen(left) + 2 > COLUMN)
		fprintf(out, "%s\n%*s%s", left, COLUMN, "", o->help);
	else
		fprintf(out, "%-*s%s", COLUMN, left, o->help);
	const char *value = cmd ? pd_help_default(ctx->arena, cmd, o) : NULL;
	if (value && *value)
		fprintf(out, " [%s]", value);
	if (o->kind == PD_OPT_KIND_LIST || o->kind == PD_OPT_KIND_PAIRS)
		fputs(" (repeatable)", out);
	fputc('\n', out);
}

static void print_rows(struct pd_ctx *ctx, const char *head, const struct pd_cmd *cmd,
		       const struct pd_opt *opts, bool positional)
{
	bool any = false;
	for (const struct pd_opt *o = opts; o->kind != PD_OPT_KIND_END; o++) {
		if (pd_opt_is_positional(o) != positional)
			continue;
		if (!any)
			fprintf(ctx->env->out, "\n%s:\n", head);
		any = true;
		print_row(ctx, cmd, o);
	}
}

static void print_examples(struct pd_ctx *ctx, const char *example)
{
	fputs("\nexamples:\n", ctx->env->out);
	for (struct pd_str left = pd_str_from(example), line; left.n;) {
		pd_str_split(left, '\n', &line, &left);
		fprintf(ctx->env->out, "  %.*s\n", PD_STR_ARG(line));
	}
}

enum pd_code pd_help_cmd(struct pd_ctx *ctx, const struct pd_cmd *cmd, const char *words)
{
	FILE *out = ctx->env->out;
	fprintf(out, "usage: %s\n", pd_help_usage(ctx->arena, cmd, words));
	fprintf(out, "\n%c%s\n", toupper((unsigned char)cmd->brief[0]), cmd->brief + 1);
	if (cmd->about)
		fprintf(out, "\n%s\n", cmd->about);
	if (cmd->subs) {
		fputs("\nverbs:\n", out);
		for (const struct pd_cmd *const *v = cmd->subs; *v; v++)
			fprintf(out, "  %-13s%s\n", (*v)->name, (*v)->brief);
	} else {
		print_rows(ctx, "arguments", cmd, cmd->opts, true);
		print_rows(ctx, "options", cmd, cmd->opts, false);
	}
	print_rows(ctx, "common options", NULL, pd_common_opts, false);
	print_examples(ctx, cmd->example);
	return PD_OK;
}

/* ---------------------------------------------------------------- podium help */

struct help_args {
	struct pd_list words;
	const char *dump;
};

static enum pd_code help_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct help_args *args = p;
	if (args->dump)
		return pd_dump(ctx, args->dump, err);
	if (!args->words.n)
		return pd_help_overview(ctx);
	const struct pd_cmd *const *cmds = pd_cmds;
	const struct pd_cmd *cmd = NULL;
	const char *words = "";
	for (size_t i = 0; i < args->words.n; i++) {
		const char *word = args->words.items[i];
		if (!cmds)
			return pd_fail(err, PD_USAGE, "`%s` has no verbs", words);
		cmd = pd_cmd_find(cmds, word);
		if (!cmd)
			return pd_cmd_unknown(cmds, i ? "verb" : "command", word, err);
		words = pd_arena_printf(ctx->arena, "%s%s%s", words, i ? " " : "", word);
		cmds = cmd->subs;
	}
	assert(cmd);
	return pd_help_cmd(ctx, cmd, words);
}

static const struct pd_opt help_opts[] = {
	PD_ARG_ANY(struct help_args, words, "COMMAND", PD_HINT_TOPIC, "what to explain"),
	PD_OPT_TEXT(struct help_args, dump, 0, "dump", "KIND", PD_HINT_NONE,
		    "print a generated file: bash, zsh, fish, names, man, man:NAME"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_help = {
	.name = "help",
	.brief = "explain a command",
	.example = "podium help log\npodium help experiments create",
	.group = PD_GROUP_REST,
	.opts = help_opts,
	.args_size = sizeof(struct help_args),
	.run = help_run,
};

#include "cmd/dump.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/version.h"
#include "cmd/help.h"

#define PROSE_MAX ((size_t)1 << 20)

/*
 * man(7) pages. The OPTIONS come from the tables, the prose from docs/man/NAME.md, in a small part
 * of Markdown: "# Heading", paragraphs, `code`, lines indented by four spaces or a tab.
 */

/* Text with roff's own characters escaped; `code` in bold. */
static void put_text(FILE *out, struct pd_str text)
{
	bool bold = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else if (c == '\\') {
			fputs("\\e", out);
		} else if (c == '-') {
			fputs("\\-", out);
		} else if (c == '\'') {
			fputs("\\(aq", out);
		} else if (c == '.' && i == 0) {
			fputs("\\&.", out);
		} else {
			fputc(c, out);
		}
	}
}

static void put_line(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	put_text(out, pd_str_from(text));
	fputs(after, out);
}

/* ---------------------------------------------------------------- prose */

static bool is_code(struct pd_str line)
{
	return pd_str_starts(line, PD_STR("    ")) || pd_str_starts(line, PD_STR("\t"));
}

static void put_heading(FILE *out, struct pd_str line)
{
	fputs(".SH ", out);
	for (size_t i = 0; i < line.n; i++)
		fputc(line.p[i] >= 'a' && line.p[i] <= 'z' ? line.p[i] - 32 : line.p[i], out);
	fputc('\n', out);
}

static void put_prose(FILE *out, struct pd_str left)
{
	bool code = false;
	while (left.n) {
		struct pd_str line;
		pd_str_split(left, '\n', &line, &left);
		bool blank = pd_str_trim(line).n == 0;
		if (code != is_code(line) && !blank) {
			code = !code;
			fputs(code ? ".PP\n.RS\n.nf\n" : ".fi\n.RE\n", out);
		}
		if (blank) {
			fputs(code ? "\n" : ".PP\n", out);
		} else if (pd_str_starts(line, PD_STR("# "))) {
			put_heading(out, pd_str_skip(line, 2));
		} else {
			put_text(out, pd_str_trim(line));
			fputc('\n', out);
		}
	}
	if (code)
		fputs(".fi\n.RE\n", out);
}

static enum pd_code put_prose_file(struct pd_ctx *ctx, const char *name, struct pd_err *err)
{
	PD_AUTO(pd_buf) text = { 0 };
	const char *path = pd_arena_printf(ctx->arena, "docs/man/%s.md", name);
	pd_buf_init(&text, PROSE_MAX);
	enum pd_code code = pd_file_read(&text, path, err);
	if (code == PD_NOT_FOUND) /* a command may be told by its table alone */
		return PD_OK;
	PD_TRY(code);
	PD_TRY(pd_buf_check(&text, path, err));
	fputs(".PP\n", ctx->env->out);
	put_prose(ctx->env->out, pd_buf_view(&text));
	return PD_OK;
}

/* ---------------------------------------------------------------- tables */

static void put_row(struct pd_ctx *ctx, const struct pd_cmd *cmd, const struct pd_opt *o)
{
	FILE *out = ctx->env->out;
	fputs(".TP\n", out);
	if (!o->name)
		fprintf(out, "\\fI%s\\fR", o->value);
	else if (o->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
	if (o->name)
		put_line(out, "\\fB\\-\\-", o->name, "\\fR");
	if (o->name && o->value)
		put_line(out, " \\fI", o->value, "\\fR");
	fputc('\n', out);
	put_line(out, "", o->help, "");
	const char *value = cmd ? pd_help_default(ctx->arena, cmd, o) : NULL;
	if (value && *value)
		put_line(out, " [", value, "]");
	fputs(o->kind == PD_OPT_KIND_LIST || o->kind == PD_OPT_KIND_PAIRS ? " (repeatable)\n"
									  : "\n",
	      out);
}

static void put_rows(struct pd_ctx *ctx, const struct pd_cmd *cmd, const struct pd_opt *opts)
{
	for (const struct pd_opt *o = opts; o->kind != PD_OPT_KIND_END; o++)
		put_row(ctx, cmd, o);
}

static void put_verbs(struct pd_ctx *ctx, const struct pd_cmd *noun, const char *words)
{
	FILE *out = ctx->env->out;
	fputs(".SH VERBS\n", out);
	for (const struct pd_cmd *const *v = noun->subs; *v; v++) {
		const char *name = pd_arena_printf(ctx->arena, "%s %s", words, (*v)->name);
		put_line(out, ".SS ", pd_help_usage(ctx->arena, *v, name), "\n");
		put_line(out, "", (*v)->brief, ".\n");
		if ((*v)->about)
			put_prose(out, pd_str_from((*v)->about));
		put_rows(ctx, *v, (*v)->opts);
	}
}

static void put_examples(struct pd_ctx *ctx, const struct pd_cmd *cmd)
{
	FILE *out = ctx->env->out;
	fputs(".SH EXAMPLES\n.nf\n", out);
	for (struct pd_str left = pd_str_from(cmd->example), line; left.n;) {
		pd_str_split(left, '\n', &line, &left);
		put_text(out, line);
		fputc('\n', out);
	}
	fputs(".fi\n", out);
}

/* ---------------------------------------------------------------- pages */

static void put_title(struct pd_ctx *ctx, const char *name)
{
	FILE *out = ctx->env->out;
	fprintf(out, ".\\\" generated from the option tables and docs/man\n.TH ");
	for (const char *c = name; *c; c++)
		fputc(*c >= 'a' && *c <= 'z' ? *c - 32 : *c, out);
	fprintf(out, " 1 \"\" \"podium %s\" \"podium\"\n.SH NAME\n", PD_VERSION);
}

static void put_foot(struct pd_ctx *ctx, const char *see)
{
	FILE *out = ctx->env->out;
	fputs(".SH \"COMMON OPTIONS\"\n", out);
	put_rows(ctx, NULL, pd_common_opts);
	fputs(".SH \"EXIT STATUS\"\n"
	      "0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 conflict, 6 unreachable.\n"
	      ".SH \"SEE ALSO\"\n",
	      out);
	fputs(see, out);
	fputc('\n', out);
}

static enum pd_code put_overview(struct pd_ctx *ctx, struct pd_err *err)
{
	FILE *out = ctx->env->out;
	put_title(ctx, "podium");
	fputs("podium \\- from a trained model to a prediction, in one program\n"
	      ".SH SYNOPSIS\n\\fBpodium\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] "
	      "[\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\n",
	      out);
	PD_TRY(put_prose_file(ctx, "podium", err));
	fputs(".SH COMMANDS\n", out);
	const char *see = "";
	for (const struct pd_cmd *const *c = pd_cmds; *c; c++) {
		if ((*c)->group == PD_GROUP_HIDDEN)
			continue;
		fprintf(out, ".TP\n\\fBpodium\\-%s\\fR(1)\n", (*c)->name);
		put_line(out, "", (*c)->brief, "\n");
		see = pd_arena_printf(ctx->arena, "%s%s\\fBpodium\\-%s\\fR(1)", see,
				      *see ? ", " : "", (*c)->name);
	}
	put_foot(ctx, see);
	return PD_OK;
}

enum pd_code pd_dump_man(struct pd_ctx *ctx, const char *name, struct pd_err *err)
{
	FILE *out = ctx->env->out;
	if (!name)
		return put_overview(ctx, err);
	const struct pd_cmd *cmd = pd_cmd_find(pd_cmds, name);
	if (!cmd || cmd->group == PD_GROUP_HIDDEN)
		return pd_cmd_unknown(pd_cmds, "command", name, err);
	put_title(ctx, pd_arena_printf(ctx->arena, "podium-%s", name));
	put_line(out, "podium\\-", name, " \\- ");
	put_line(out, "", cmd->brief, "\n.SH SYNOPSIS\n");
	put_line(out, "", pd_help_usage(ctx->arena, cmd, name), "\n.SH DESCRIPTION\n");
	put_prose(out, pd_str_from(cmd->about ? cmd->about : ""));
	PD_TRY(put_prose_file(ctx, name, err));
	if (cmd->subs) {
		put_verbs(ctx, cmd, name);
	} else {
		fputs(".SH OPTIONS\n", out);
		put_rows(ctx, cmd, cmd->opts);
	}
	put_examples(ctx, cmd);
	put_foot(ctx, "\\fBpodium\\fR(1)");
	return PD_OK;
}

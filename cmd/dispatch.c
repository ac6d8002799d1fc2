#include "cmd/cmd.h"

#include <errno.h>

#include "base/version.h"
#include "cmd/help.h"
#include "cmd/out.h"
#include "cmd/rest.h"
#include "cmd/stop.h"
#include "schema/errors.h"

const struct pd_cmd *const pd_cmds[] = {
#define ROW(name) &pd_cmd_##name,
	PD_CMD_LIST(ROW)
#undef ROW
		NULL,
};

const struct pd_cmd *pd_cmd_find(const struct pd_cmd *const *cmds, const char *name)
{
	for (; *cmds; cmds++)
		if (strcmp((*cmds)->name, name) == 0)
			return *cmds;
	return NULL;
}

#define CMDS_MAX 64

enum pd_code pd_cmd_unknown(const struct pd_cmd *const *cmds, const char *what, const char *typed,
			    struct pd_err *err)
{
	const char *names[CMDS_MAX];
	size_t n = 0;
	for (; *cmds && n < CMDS_MAX; cmds++)
		if ((*cmds)->group != PD_GROUP_HIDDEN)
			names[n++] = (*cmds)->name;
	const char *near = pd_name_near(typed, names, n);
	if (near)
		return pd_fail(err, PD_USAGE, "unknown %s `%s`; did you mean `%s`?", what, typed,
			       near);
	return pd_fail(err, PD_USAGE, "unknown %s `%s`; see `podium help`", what, typed);
}

/* ---------------------------------------------------------------- dispatch */

/* `words`: the command's name as typed, for errors ("experiments create"); arena. */
struct call {
	struct pd_ctx *ctx;
	const char *words;
	int argc;
	char *const *argv;
};

static enum pd_code run_verb(struct call *c, struct pd_err *err)
{
	struct pd_ctx *ctx = c->ctx;
	const struct pd_cmd *cmd = ctx->cmd;
	void *args = pd_arena_zalloc(ctx->arena, cmd->args_size + 1);
	if (cmd->defaults)
		memcpy(args, cmd->defaults, cmd->args_size);
	PD_TRY(pd_opt_parse(cmd->opts, c->argc, c->argv, args, &ctx->common, ctx->arena, err));
	if (ctx->common.help)
		return pd_help_cmd(ctx, cmd, c->words);
	pd_ctx_use_options(ctx);
	return cmd->run(ctx, args, err);
}

static enum pd_code which_verb(const struct pd_cmd *noun, struct pd_err *err)
{
	char list[PD_ERR_MAX / 2] = "";
	size_t n = 0;
	for (const struct pd_cmd *const *v = noun->subs; *v && n < sizeof(list); v++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
				      (*v)->name);
	return pd_fail(err, PD_USAGE, "a verb is missing, one of %s", list);
}

/* Walk from nouns to the verb, then run it. */
static enum pd_code run_cmd(struct call *c, struct pd_err *err)
{
	struct pd_ctx *ctx = c->ctx;
	bool is_verb = ctx->cmd->subs;
	while (ctx->cmd->subs) {
		int used = 0;
		PD_TRY(pd_opt_parse_front(c->argc, c->argv, &ctx->common, ctx->arena, &used, err));
		c->argc -= used;
		c->argv += used;
		if (ctx->common.help)
			return pd_help_cmd(ctx, ctx->cmd, c->words);
		if (c->argc == 0)
			return which_verb(ctx->cmd, err);
		const struct pd_cmd *verb = pd_cmd_find(ctx->cmd->subs, c->argv[0]);
		if (!verb)
			return pd_cmd_unknown(ctx->cmd->subs, "verb", c->argv[0], err);
		c->words = pd_arena_printf(ctx->arena, "%s %s", c->words, verb->name);
		ctx->cmd = verb;
		c->argc--;
		c->argv++;
	}
	if (!is_verb)
		return run_verb(c, err);
	PD_TRY(run_verb(c, err));
	/* a verb that has nothing to tell people has an answer for programs all the same */
	if (ctx->common.json && !ctx->common.help && !ctx->said_json)
		pd_out_json(ctx, ctx->response ? ctx->response : pd_rest_keep(ctx, json_object()));
	return PD_OK;
}

static enum pd_code run_line(struct call *c, struct pd_err *err)
{
	struct pd_ctx *ctx = c->ctx;
	int used = 0;
	PD_TRY(pd_opt_parse_front(c->argc, c->argv, &ctx->common, ctx->arena, &used, err));
	c->argc -= used;
	c->argv += used;
	if (ctx->common.version) {
		ctx->cmd = &pd_cmd_version;
		c->argc = 0;
		return run_verb(c, err);
	}
	if (ctx->common.help || c->argc == 0)
		return pd_help_overview(ctx);
	ctx->cmd = pd_cmd_find(pd_cmds, c->argv[0]);
	if (!ctx->cmd)
		return pd_cmd_unknown(pd_cmds, "command", c->argv[0], err);
	c->words = ctx->cmd->name;
	c->argc--;
	c->argv++;
	return run_cmd(c, err);
}

/* A result that did not arrive is a failure, also when only the last buffer was lost. */
static enum pd_code flush(const struct pd_env *env, struct pd_err *err)
{
	errno = 0;
	if (fflush(env->out) == 0 && !ferror(env->out))
		return PD_OK;
	if (errno == 0)
		return pd_fail(err, PD_IO, "the result could not be written");
	enum pd_code code = pd_fail_errno(err, errno, "the result could not be written");
	return code == PD_NO_SPACE ? code : (err->code = PD_IO);
}

int pd_cmd_main(const struct pd_env *env, int argc, char *const argv[])
{
	struct pd_arena arena = { 0 };
	struct pd_err err = { 0 };
	struct pd_ctx ctx = { .env = env, .arena = &arena };
	struct call c = { .ctx = &ctx, .words = "", .argc = argc - 1, .argv = argv + 1 };
	enum pd_code code = run_line(&c, &err);
	struct pd_err flush_err = { 0 };
	if (flush(env, &flush_err) != PD_OK && code == PD_OK) {
		err = flush_err;
		code = err.code;
	}
	if (code != PD_OK)
		fprintf(env->diag, "podium: %s%s%s\n", c.words, c.words[0] ? ": " : "", err.text);
	pd_arena_end(&arena);
	if (!ctx.exit_status)
		pd_stop_obey();
	return ctx.exit_status ? ctx.exit_status : pd_error_exit(code);
}

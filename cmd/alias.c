#include "cmd/find.h"
#include "cmd/out.h"

/* ---------------------------------------------------------------- set */

struct set_args {
	const char *name;
	const char *alias;
	const char *version;
};

static enum pd_code set_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct set_args *args = p;
	json_t *response = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &response, err));
	return pd_ctx_call(ctx, "POST", "registered-models/alias",
			   json_pack("{ssssss}", "name", args->name, "alias", args->alias,
				     "version", args->version),
			   &response, err);
}

static const struct pd_opt set_opts[] = {
	PD_ARG(struct set_args, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_ARG(struct set_args, alias, "ALIAS", PD_HINT_ALIAS, "letters, digits, _ and -"),
	PD_ARG(struct set_args, version, "VERSION", PD_HINT_NONE, "the version it points at"),
	PD_OPT_END
};

static const struct pd_cmd set_cmd = {
	.name = "set",
	.brief = "point an alias at a version, moving it if it is set",
	.example = "podium alias set taxi champion 3",
	.opts = set_opts,
	.args_size = sizeof(struct set_args),
	.run = set_run,
};

/* ---------------------------------------------------------------- rm */

struct rm_args {
	const char *name;
	const char *alias;
};

static enum pd_code rm_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct rm_args *args = p;
	json_t *model = NULL;
	json_t *response = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &model, err));
	/* MLflow says nothing when the alias is not there; a person wants to know */
	const json_t *aliases = json_object_get(model, "aliases");
	bool found = false;
	size_t i;
	const json_t *alias;
	json_array_foreach(aliases, i, alias)
		found |= pd_str_eqz(pd_rest_str(ctx, alias, "alias"), args->alias);
	const char *near = pd_find_near(ctx, aliases, "alias", args->alias);
	if (!found && near)
		return pd_fail(err, PD_NOT_FOUND, "no alias `%s`; has `%s`", args->alias, near);
	if (!found)
		return pd_fail(err, PD_NOT_FOUND, "registered model `%s` has no alias `%s`",
			       args->name, args->alias);
	return pd_ctx_call(ctx, "DELETE", "registered-models/alias",
			   json_pack("{ssss}", "name", args->name, "alias", args->alias), &response,
			   err);
}

static const struct pd_opt rm_opts[] = {
	PD_ARG(struct rm_args, name, "NAME", PD_HINT_MODEL, "registered model"),
	PD_ARG(struct rm_args, alias, "ALIAS", PD_HINT_ALIAS, "alias to remove"), PD_OPT_END
};

static const struct pd_cmd rm_cmd = {
	.name = "rm",
	.brief = "remove an alias",
	.example = "podium alias rm taxi challenger",
	.opts = rm_opts,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};

/* ---------------------------------------------------------------- list */

struct list_args {
	const char *name;
};

static enum pd_code list_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	static const char *const heads[] = { "ALIAS", "VERSION" };
	const struct list_args *args = p;
	json_t *model = NULL;
	PD_TRY(pd_find_model(ctx, args->name, &model, err));
	json_t *aliases = json_object_get(model, "aliases");
	if (ctx->common.json) {
		json_t *list = aliases ? json_incref(aliases) : json_array();
		pd_out_json(ctx, pd_rest_keep(ctx, json_pack("{so}", "aliases", list)));
		return PD_OK;
	}
	if (ctx->common.quiet) {
		pd_out_ids(ctx, aliases, "alias");
		return PD_OK;
	}
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	size_t i;
	const json_t *alias;
	json_array_foreach(aliases, i, alias)
	{
		const struct pd_str cells[] = { pd_rest_str(ctx, alias, "alias"),
						pd_rest_str(ctx, alias, "version") };
		pd_table_add(&table, cells);
	}
	pd_table_print(&table);
	return PD_OK;
}

static const struct pd_opt list_opts[] = {
	PD_ARG(struct list_args, name, "NAME", PD_HINT_MODEL, "registered model"), PD_OPT_END
};

static const struct pd_cmd list_cmd = {
	.name = "list",
	.brief = "list the aliases of a registered model",
	.example = "podium alias list taxi",
	.opts = list_opts,
	.args_size = sizeof(struct list_args),
	.run = list_run,
};

static const struct pd_cmd *const verbs[] = { &set_cmd, &rm_cmd, &list_cmd, NULL };

const struct pd_cmd pd_cmd_alias = {
	.name = "alias",
	.brief = "name a version of a registered model: set, rm, list",
	.example = "podium alias set taxi champion 3\npodium alias list taxi",
	.group = PD_GROUP_DAILY,
	.subs = verbs,
};

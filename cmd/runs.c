#include "cmd/noun.h"
#include "cmd/out.h"

/* ---------------------------------------------------------------- list, search */

static struct pd_str duration(struct pd_ctx *ctx, const json_t *info)
{
	int64_t start = pd_rest_i64(info, "start_time");
	int64_t end = pd_rest_i64(info, "end_time");
	if (!start || end < start)
		return (struct pd_str){ 0 };
	double s = (double)(end - start) / 1000;
	if (s < 60)
		return pd_str_from(pd_arena_printf(ctx->arena, "%.1fs", s));
	if (s < 3600)
		return pd_str_from(pd_arena_printf(ctx->arena, "%.1fm", s / 60));
	return pd_str_from(pd_arena_printf(ctx->arena, "%.1fh", s / 3600));
}

#define METRICS_SHOWN 3

static struct pd_str some_metrics(struct pd_ctx *ctx, const json_t *run)
{
	const json_t *metrics = pd_rest_at(run, "data.metrics");
	const char *text = "";
	size_t n = json_array_size(metrics);
	for (size_t i = 0; i < n && i < METRICS_SHOWN; i++) {
		const json_t *m = json_array_get(metrics, i);
		struct pd_str key = pd_rest_str(ctx, m, "key");
		struct pd_str value = pd_rest_number(ctx, json_object_get(m, "value"));
		text = pd_arena_printf(ctx->arena, "%s%s%.*s=%.*s", text, i ? " " : "",
				       PD_STR_ARG(key), PD_STR_ARG(value));
	}
	if (n > METRICS_SHOWN)
		text = pd_arena_printf(ctx->arena, "%s +%zu", text, n - METRICS_SHOWN);
	return pd_str_from(text);
}

static void print_list(struct pd_ctx *ctx, const json_t *runs)
{
	static const char *const heads[] = { "RUN ID",  "NAME", "STATUS",
					     "STARTED", "TOOK", "METRICS" };
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	size_t i;
	const json_t *run;
	json_array_foreach(runs, i, run)
	{
		const json_t *info = json_object_get(run, "info");
		bool deleted = pd_str_eqz(pd_rest_str(ctx, info, "lifecycle_stage"), "deleted");
		const struct pd_str cells[] = {
			pd_rest_str(ctx, info, "run_id"),
			pd_rest_str(ctx, info, "run_name"),
			deleted ? PD_STR("deleted") : pd_rest_str(ctx, info, "status"),
			pd_out_time(ctx, pd_rest_i64(info, "start_time")),
			duration(ctx, info),
			some_metrics(ctx, run),
		};
		pd_table_add(&table, cells);
	}
	pd_table_print(&table);
}

/* The ids of the experiments named, or of all active ones. *out: given. */
static enum pd_code experiment_ids(struct pd_ctx *ctx, const struct pd_list *names, json_t **out,
				   struct pd_err *err)
{
	json_t *ids = pd_rest_keep(ctx, json_array());
	for (size_t i = 0; i < names->n; i++) {
		json_t *e = NULL;
		PD_TRY(pd_find_experiment(ctx, names->items[i], &e, err));
		json_array_append(ids, json_object_get(e, "experiment_id"));
	}
	if (!names->n) {
		json_t *all = NULL;
		size_t i;
		json_t *e;
		PD_TRY(pd_rest_pages(ctx, "experiments/search", json_object(), "experiments", 0,
				     &all, err));
		json_array_foreach(json_object_get(all, "experiments"), i, e)
			json_array_append(ids, json_object_get(e, "experiment_id"));
	}
	*out = json_incref(ids);
	return PD_OK;
}

static enum pd_code search_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	static const struct pd_noun_found what = { "runs/search", "runs", "info.run_id",
						   print_list };
	const struct pd_noun_search *args = p;
	json_t *ids = NULL;
	PD_TRY(experiment_ids(ctx, &args->experiments, &ids, err));
	return pd_noun_search(ctx, args, &what,
			      json_pack("{soss}", "experiment_ids", ids, "run_view_type",
					pd_rest_view(args->view)),
			      err);
}

#define SEARCH_ROWS                                                                                \
	PD_OPT_LIST(struct pd_noun_search, experiments, 'e', "experiment", "EXPERIMENT",           \
		    PD_HINT_EXPERIMENT, "name or id (else all active ones)"),                      \
		PD_NOUN_VIEW, PD_NOUN_ORDER("metrics.rmse ASC"),                                   \
		PD_NOUN_LIMIT(struct pd_noun_search)

static const struct pd_opt list_opts[] = { SEARCH_ROWS, PD_OPT_END };

static const struct pd_opt search_opts[] = {
	PD_NOUN_FILTER("metrics.rmse < 6 AND params.depth = '20'"), SEARCH_ROWS, PD_OPT_END
};

static const struct pd_noun_search search_defaults = { .view = "active" };

static const struct pd_cmd list_cmd = {
	.name = "list",
	.brief = "list runs, the newest first",
	.example = "podium runs list -e taxi -n 20",
	.opts = list_opts,
	.args_size = sizeof(struct pd_noun_search),
	.defaults = &search_defaults,
	.run = search_run,
};

static const struct pd_cmd search_cmd = {
	.name = "search",
	.brief = "find runs by a filter",
	.example = "podium runs search \"metrics.rmse < 6\" -e taxi --order-by 'metrics.rmse ASC' "
		   "-n 1 -q",
	.opts = search_opts,
	.args_size = sizeof(struct pd_noun_search),
	.defaults = &search_defaults,
	.run = search_run,
};

/* ---------------------------------------------------------------- show */

struct one_args {
	const char *run_id;
};

static void print_run(struct pd_ctx *ctx, const json_t *run)
{
	const json_t *info = json_object_get(run, "info");
	pd_out_field(ctx, "id", pd_rest_str(ctx, info, "run_id"));
	pd_out_field(ctx, "name", pd_rest_str(ctx, info, "run_name"));
	pd_out_field(ctx, "experiment", pd_rest_str(ctx, info, "experiment_id"));
	pd_out_field(ctx, "status", pd_rest_str(ctx, info, "status"));
	pd_out_field(ctx, "stage", pd_rest_str(ctx, info, "lifecycle_stage"));
	pd_out_field(ctx, "user", pd_rest_str(ctx, info, "user_id"));
	pd_out_field(ctx, "started", pd_out_time(ctx, pd_rest_i64(info, "start_time")));
	pd_out_field(ctx, "ended", pd_out_time(ctx, pd_rest_i64(info, "end_time")));
	pd_out_field(ctx, "artifacts", pd_rest_str(ctx, info, "artifact_uri"));
	pd_out_pairs(ctx, "param", pd_rest_at(run, "data.params"));
	pd_out_pairs(ctx, "metric", pd_rest_at(run, "data.metrics"));
	pd_out_pairs(ctx, "tag", pd_rest_at(run, "data.tags"));
	size_t i;
	const json_t *model;
	json_array_foreach(pd_rest_at(run, "outputs.model_outputs"), i, model)
		pd_out_field(ctx, "model", pd_rest_str(ctx, model, "model_id"));
}

static enum pd_code show_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct one_args *args = p;
	json_t *run = NULL;
	PD_TRY(pd_find_run(ctx, args->run_id, &run, err));
	pd_noun_say(ctx, run, "run", "info.run_id", print_run);
	return PD_OK;
}

static const struct pd_opt show_opts[] = {
	PD_ARG(struct one_args, run_id, "RUN", PD_HINT_RUN, "id of the run"), PD_OPT_END
};

static const struct pd_cmd show_cmd = {
	.name = "show",
	.brief = "print one run with its params, metrics and tags",
	.example = "podium runs show $(podium runs list -e taxi -n 1 -q)",
	.opts = show_opts,
	.args_size = sizeof(struct one_args),
	.run = show_run,
};

/* ---------------------------------------------------------------- history */

struct history_args {
	const char *run_id;
	const char *metric;
};

static enum pd_code history_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	static const char *const heads[] = { "STEP", "VALUE", "TIME" };
	const struct history_args *args = p;
	json_t *response = NULL;
	PD_TRY(pd_find_run(ctx, args->run_id, &response, err));
	PD_TRY(pd_rest_pages(
		ctx, "metrics/get-history",
		json_pack("{ssss}", "run_id", args->run_id, "metric_key", args->metric), "metrics",
		0, &response, err));
	const json_t *metrics = json_object_get(response, "metrics");
	if (!json_array_size(metrics))
		return pd_fail(err, PD_NOT_FOUND, "run %s has no metric `%s`", args->run_id,
			       args->metric);
	if (ctx->common.json) {
		pd_out_json(ctx, response);
		return PD_OK;
	}
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	size_t i;
	const json_t *m;
	json_array_foreach(metrics, i, m)
	{
		const struct pd_str cells[] = {
			pd_rest_number(ctx, json_object_get(m, "step")),
			pd_rest_number(ctx, json_object_get(m, "value")),
			pd_out_time(ctx, pd_rest_i64(m, "timestamp")),
		};
		if (ctx->common.quiet)
			pd_out_line(ctx, cells[1]);
		pd_table_add(&table, cells);
	}
	if (!ctx->common.quiet)
		pd_table_print(&table);
	return PD_OK;
}

static const struct pd_opt history_opts[] = {
	PD_ARG(struct history_args, run_id, "RUN", PD_HINT_RUN, "id of the run"),
	PD_ARG(struct history_args, metric, "METRIC", PD_HINT_NONE, "key of the metric"), PD_OPT_END
};

static const struct pd_cmd history_cmd = {
	.name = "history",
	.brief = "print all values of a metric",
	.example = "podium runs history 0f1e2d3c4b5a69788796a5b4c3d2e1f0 rmse",
	.opts = history_opts,
	.args_size = sizeof(struct history_args),
	.run = history_run,
};

/* ---------------------------------------------------------------- rm, restore */

static enum pd_code rm_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	return pd_noun_each(ctx, p, pd_find_run, "info.run_id", "run_id", "runs/delete", err);
}

static enum pd_code restore_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	return pd_noun_each(ctx, p, pd_find_run, "info.run_id", "run_id", "runs/restore", err);
}

static const struct pd_opt many_opts[] = {
	PD_ARG_MANY(struct pd_noun_many, names, "RUN", PD_HINT_RUN, "id of a run"), PD_OPT_END
};

static const struct pd_cmd rm_cmd = {
	.name = "rm",
	.brief = "mark runs deleted",
	.about = "Nothing is lost: `podium runs restore` takes it back.",
	.example = "podium runs rm 0f1e2d3c4b5a69788796a5b4c3d2e1f0",
	.opts = many_opts,
	.args_size = sizeof(struct pd_noun_many),
	.run = rm_run,
};

static const struct pd_cmd restore_cmd = {
	.name = "restore",
	.brief = "take the deletion of runs back",
	.example = "podium runs restore 0f1e2d3c4b5a69788796a5b4c3d2e1f0",
	.opts = many_opts,
	.args_size = sizeof(struct pd_noun_many),
	.run = restore_run,
};

/* ---------------------------------------------------------------- rename, tag */

static enum pd_code rename_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct pd_noun_rename *args = p;
	json_t *response = NULL;
	return pd_ctx_call(ctx, NULL, "runs/update",
			   json_pack("{ssss}", "run_id", args->name, "run_name", args->new_name),
			   &response, err);
}

static const struct pd_opt rename_opts[] = {
	PD_ARG(struct pd_noun_rename, name, "RUN", PD_HINT_RUN, "id of the run"),
	PD_ARG(struct pd_noun_rename, new_name, "NAME", PD_HINT_NONE, "the new name"), PD_OPT_END
};

static const struct pd_cmd rename_cmd = {
	.name = "rename",
	.brief = "give a run another name",
	.example = "podium runs rename 0f1e2d3c4b5a69788796a5b4c3d2e1f0 best-so-far",
	.opts = rename_opts,
	.args_size = sizeof(struct pd_noun_rename),
	.run = rename_run,
};

static enum pd_code tag_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct pd_noun_tag *args = p;
	PD_TRY(pd_rest_retag_check(&args->pairs, &args->remove, err));
	const struct pd_retag retag = { .set = "runs/set-tag",
					.remove = "runs/delete-tag",
					.target = json_pack("{ss}", "run_id", args->name),
					.pairs = &args->pairs,
					.keys = &args->remove };
	return pd_rest_retag(ctx, &retag, err);
}

static const struct pd_opt tag_opts[] = { PD_ARG(struct pd_noun_tag, name, "RUN", PD_HINT_RUN,
						 "id of the run"),
					  PD_NOUN_TAG_ROWS, PD_OPT_END };

static const struct pd_cmd tag_cmd = {
	.name = "tag",
	.brief = "set or remove tags of a run",
	.example = "podium runs tag 0f1e2d3c4b5a69788796a5b4c3d2e1f0 stage=review -d draft",
	.opts = tag_opts,
	.args_size = sizeof(struct pd_noun_tag),
	.run = tag_run,
};

static const struct pd_cmd *const verbs[] = {
	&list_cmd,    &show_cmd,   &search_cmd, &history_cmd, &rm_cmd,
	&restore_cmd, &rename_cmd, &tag_cmd,    NULL,
};

const struct pd_cmd pd_cmd_runs = {
	.name = "runs",
	.brief = "list, show, search, delete, rename and tag runs",
	.example = "podium runs list -e taxi",
	.group = PD_GROUP_NOUN,
	.subs = verbs,
};

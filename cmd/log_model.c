#include "cmd/log_internal.h"

#include "base/auto.h"
#include "cmd/stop.h"
#include "model/bundle.h"
#include "store/artifact.h"

enum pd_code pd_log_model_check(struct pd_ctx *ctx, const char *path, struct pd_err *err)
{
	struct pd_bundle_info info;
	struct pd_tree tree;
	if (pd_bundle_is_dir(path))
		return pd_tree_walk(path, NULL, ctx->arena, &tree, err);
	if (pd_path_is_dir(path))
		return pd_fail(err, PD_INVALID, "--model %s: a folder without MLmodel", path);
	if (pd_bundle_look(path, ctx->arena, &info, err) != PD_OK)
		return pd_err_prefix(err, "--model");
	return PD_OK;
}

/* ---------------------------------------------------------------- the logged model */

static enum pd_code create_model(struct pd_ctx *ctx, const struct pd_log_args *args,
				 const json_t *run, json_t **out_info, struct pd_err *err)
{
	static const char *const context[] = { "mlflow.user",
					       "mlflow.source.name",
					       "mlflow.source.type",
					       "mlflow.source.git.commit",
					       "mlflow.source.git.branch",
					       "mlflow.source.git.repoURL" };
	json_t *response = NULL;
	json_t *tags = json_array();
	const json_t *run_tags = pd_rest_at(run, "data.tags");
	for (size_t i = 0; i < PD_LEN(context); i++) {
		struct pd_str value = pd_rest_tag(run_tags, context[i]);
		if (value.n)
			pd_rest_add_pair(tags, pd_str_from(context[i]), value);
	}
	const json_t *info = json_object_get(run, "info");
	json_t *params = pd_rest_at(run, "data.params");
	json_t *request = json_pack("{sOsOssso}", "experiment_id",
				    json_object_get(info, "experiment_id"), "source_run_id",
				    json_object_get(info, "run_id"), "name", args->model_name,
				    "tags", tags);
	if (params)
		json_object_set(request, "params", params);
	PD_TRY(pd_ctx_call(ctx, NULL, "logged-models/create", request, &response, err));
	*out_info = pd_rest_at(response, "model.info");
	return PD_OK;
}

static enum pd_code finalize(struct pd_ctx *ctx, struct pd_str model_id, const char *status,
			     struct pd_err *err)
{
	json_t *response = NULL;
	return pd_ctx_call(
		ctx, NULL, "logged-models/finalize",
		json_pack("{ss%ss}", "model_id", model_id.p, model_id.n, "status", status),
		&response, err);
}

/* ---------------------------------------------------------------- its files */

/* A folder beside the others of its kind that is removed when the scope is left. */
struct pd_workdir {
	char *path;
};

static void pd_workdir_end(struct pd_workdir *w)
{
	if (w->path && pd_tree_remove(w->path, NULL) != PD_OK)
		fprintf(stderr, "podium: cannot remove %s\n", w->path);
	free(w->path);
}

static enum pd_code make_workdir(struct pd_ctx *ctx, struct pd_workdir *w, struct pd_err *err)
{
	const char *tmp = pd_env_var(ctx->env, "TMPDIR");
	PD_AUTO_FREE char *prefix = pd_path_join(tmp ? tmp : "/tmp", "podium-log");
	return pd_dir_temp(prefix, &w->path, err);
}

/* An MLflow model as it is, with an MLmodel that names the new run and model. */
static enum pd_code put_folder(struct pd_artifacts *store, const char *path, const char *work,
			       const struct pd_bundle_opts *opts, struct pd_err *err)
{
	PD_AUTO(pd_buf) text = { 0 };
	PD_AUTO_FREE char *from = pd_path_join(path, "MLmodel");
	PD_AUTO_FREE char *to = pd_path_join(work, "MLmodel");
	pd_buf_init(&text, (size_t)16 << 20);
	PD_TRY(pd_file_read(&text, from, err));
	PD_TRY(pd_buf_check(&text, from, err));
	PD_TRY(pd_file_put(to, pd_buf_view(&text), err));
	PD_TRY(pd_bundle_stamp(work, opts, err));
	struct pd_transfer t = { .stop = &pd_stop_signal };
	PD_TRY(pd_artifacts_put(store, path, PD_STR(""), &t, err));
	return pd_artifacts_put(store, to, PD_STR("MLmodel"), NULL, err);
}

static enum pd_code put_files(struct pd_ctx *ctx, const struct pd_log_args *args,
			      const json_t *info, struct pd_err *err)
{
	PD_AUTO_ARTIFACTS *store = NULL;
	PD_AUTO(pd_workdir) work = { 0 };
	const struct pd_bundle_opts opts = {
		.run_id = json_string_value(json_object_get(info, "source_run_id")),
		.model_id = json_string_value(json_object_get(info, "model_id")),
		.name = args->model_name,
		.now_ms = pd_env_now_ms(ctx->env),
	};
	PD_TRY(pd_artifacts_open(ctx->env, pd_rest_str(ctx, info, "artifact_uri"), &store, err));
	PD_TRY(make_workdir(ctx, &work, err));
	if (pd_bundle_is_dir(args->model))
		return put_folder(store, args->model, work.path, &opts, err);
	PD_AUTO_FREE char *bundle = pd_path_join(work.path, "model");
	PD_TRY(pd_bundle_write(args->model, bundle, &opts, err));
	struct pd_transfer t = { .stop = &pd_stop_signal };
	return pd_artifacts_put(store, bundle, PD_STR(""), &t, err);
}

/* ---------------------------------------------------------------- the run's side */

/* What was measured at the model's step belongs to the model too.
 * Source: mlflow/models/model.py, log_model_metrics_for_step. */
static enum pd_code copy_metrics(struct pd_ctx *ctx, const json_t *run, struct pd_str run_id,
				 struct pd_str model_id, struct pd_err *err)
{
	PD_AUTO_JSON json_t *copies = json_array();
	size_t i;
	json_t *metric;
	json_array_foreach(pd_rest_at(run, "data.metrics"), i, metric)
	{
		json_t *history = NULL;
		size_t k;
		json_t *m;
		struct pd_str key = pd_rest_str(ctx, metric, "key");
		PD_TRY(pd_rest_pages(ctx, "metrics/get-history",
				     json_pack("{ss%ss%}", "run_id", run_id.p, run_id.n,
					       "metric_key", key.p, key.n),
				     "metrics", 0, &history, err));
		json_array_foreach(json_object_get(history, "metrics"), k, m)
		{
			if (pd_rest_i64(m, "step") != 0 || pd_rest_str(ctx, m, "model_id").n)
				continue;
			json_t *copy = json_copy(m);
			json_object_set_new(copy, "model_id", pd_json_from(model_id));
			json_array_append_new(copies, copy);
		}
	}
	if (!json_array_size(copies))
		return PD_OK;
	json_t *response = NULL;
	return pd_ctx_call(ctx, NULL, "runs/log-batch",
			   json_pack("{ss%sO}", "run_id", run_id.p, run_id.n, "metrics", copies),
			   &response, err);
}

static enum pd_code link_model(struct pd_ctx *ctx, const json_t *run, struct pd_str run_id,
			       struct pd_str model_id, struct pd_err *err)
{
	json_t *response = NULL;
	PD_TRY(pd_ctx_call(ctx, NULL, "runs/outputs",
			   json_pack("{ss%s[{ss%si}]}", "run_id", run_id.p, run_id.n, "models",
				     "model_id", model_id.p, model_id.n, "step", 0),
			   &response, err));
	return copy_metrics(ctx, run, run_id, model_id, err);
}

enum pd_code pd_log_model_send(struct pd_ctx *ctx, const struct pd_log_args *args,
			       struct pd_str run_id, struct pd_str *out_id, struct pd_err *err)
{
	json_t *run = NULL;
	json_t *info = NULL;
	PD_TRY(pd_find_run(ctx, pd_arena_z(ctx->arena, run_id), &run, err));
	PD_TRY(create_model(ctx, args, run, &info, err));
	*out_id = pd_rest_str(ctx, info, "model_id");
	enum pd_code code = put_files(ctx, args, info, err);
	if (code == PD_OK)
		code = link_model(ctx, run, run_id, *out_id, err);
	if (code == PD_OK)
		return finalize(ctx, *out_id, "LOGGED_MODEL_READY", err);
	struct pd_err ignored;
	if (finalize(ctx, *out_id, "LOGGED_MODEL_UPLOAD_FAILED", &ignored) != PD_OK)
		return code; /* the first error says more */
	return code;
}

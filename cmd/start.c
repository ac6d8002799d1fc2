#include "cmd/start.h"

#include <pwd.h>
#include <unistd.h>

#include "base/auto.h"
#include "cmd/git.h"

/* The order of Python's getpass.getuser, which MLflow asks. */
static const char *user_name(const struct pd_env *env)
{
	static const char *const vars[] = { "MLFLOW_TRACKING_USERNAME", "LOGNAME", "USER", "LNAME",
					    "USERNAME" };
	for (size_t i = 0; i < PD_LEN(vars); i++) {
		const char *name = pd_env_var(env, vars[i]);
		if (name && pd_utf8_check(pd_str_from(name)))
			return name;
	}
	const struct passwd *entry = getpwuid(geteuid());
	return entry && entry->pw_name ? entry->pw_name : "unknown";
}

#define TAG_CHARS_MAX 8000 /* MLflow's limit of a tag's value; characters, here bytes */

static void add_tag(json_t *tags, const char *key, struct pd_str value)
{
	while (value.n > TAG_CHARS_MAX || !pd_utf8_check(value))
		value.n = value.n > TAG_CHARS_MAX ? TAG_CHARS_MAX : value.n - 1;
	if (value.n)
		pd_rest_add_pair(tags, pd_str_from(key), value);
}

static json_t *context_tags(struct pd_ctx *ctx, const struct pd_start *start)
{
	struct pd_git git;
	json_t *tags = json_array();
	add_tag(tags, "mlflow.user", pd_str_from(user_name(ctx->env)));
	add_tag(tags, "mlflow.source.name", pd_str_from(start->source));
	add_tag(tags, "mlflow.source.type", PD_STR("LOCAL"));
	if (pd_git_read(".", ctx->arena, &git) && git.commit.n) {
		add_tag(tags, "mlflow.source.git.commit", git.commit);
		add_tag(tags, "mlflow.source.git.branch", git.branch);
		add_tag(tags, "mlflow.source.git.repoURL", git.url);
	}
	if (start->entry_point)
		add_tag(tags, "mlflow.project.entryPoint", pd_str_from(start->entry_point));
	if (start->parent_run_id)
		add_tag(tags, "mlflow.parentRunId", pd_str_from(start->parent_run_id));
	return tags;
}

/* Tags given by hand come last and win, as in MLflow. */
static void override(json_t *tags, const json_t *given)
{
	size_t i;
	json_t *pair;
	json_array_foreach(given, i, pair)
	{
		struct pd_str key = pd_json_str(json_object_get(pair, "key"));
		for (size_t k = 0; k < json_array_size(tags); k++)
			if (pd_str_eq(pd_json_str(json_object_get(json_array_get(tags, k), "key")),
				      key))
				json_array_remove(tags, k--);
		json_array_append(tags, pair);
	}
}

enum pd_code pd_start_run(struct pd_ctx *ctx, const struct pd_start *start, json_t **out,
			  struct pd_err *err)
{
	json_t *response = NULL;
	PD_AUTO_JSON json_t *given = pd_rest_pairs(start->tags);
	if (!given)
		return pd_fail(err, PD_INVALID, "a tag is not UTF-8");
	json_t *tags = context_tags(ctx, start);
	override(tags, given);
	json_t *request = json_pack("{ss%sssIso}", "experiment_id", start->experiment_id.p,
				    start->experiment_id.n, "user_id", user_name(ctx->env),
				    "start_time", (json_int_t)pd_env_now_ms(ctx->env), "tags",
				    tags);
	pd_rest_set(request, "run_name", start->run_name);
	PD_TRY(pd_ctx_call(ctx, NULL, "runs/create", request, &response, err));
	*out = json_object_get(response, "run");
	return PD_OK;
}

enum pd_code pd_end_run(struct pd_ctx *ctx, struct pd_str run_id, const char *status,
			struct pd_err *err)
{
	json_t *response = NULL;
	return pd_ctx_call(ctx, NULL, "runs/update",
			   json_pack("{ss%sssI}", "run_id", run_id.p, run_id.n, "status", status,
				     "end_time", (json_int_t)pd_env_now_ms(ctx->env)),
			   &response, err);
}

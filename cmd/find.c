#include "cmd/find.h"

#include "base/auto.h"

const char *pd_find_near(struct pd_ctx *ctx, const json_t *objects, const char *key,
			 const char *typed)
{
	size_t n = json_array_size(objects);
	const char **names = pd_arena_zalloc(ctx->arena, (n + 1) * sizeof(*names));
	size_t n_names = 0;
	for (size_t i = 0; i < n; i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(objects, i), key));
		if (name)
			names[n_names++] = name;
	}
	return pd_name_near(typed, names, n_names);
}

#define NEAR_MAX 1000 /* names looked through for a near one */

/* `method` searches things that have a name; the error in err becomes "no WHAT `typed`". */
static enum pd_code no_such(struct pd_ctx *ctx, const char *what, const char *typed,
			    const char *method, const char *key, struct pd_err *err)
{
	json_t *all = NULL;
	const char *near = NULL;
	if (pd_rest_pages(ctx, method, json_object(), key, NEAR_MAX, &all, NULL) == PD_OK)
		near = pd_find_near(ctx, json_object_get(all, key), "name", typed);
	if (near)
		return pd_fail(err, PD_NOT_FOUND, "no %s `%s`; near: `%s`", what, typed, near);
	return pd_fail(err, PD_NOT_FOUND, "no %s `%s`", what, typed);
}

static bool all_digits(const char *z)
{
	return *z && !z[strspn(z, "0123456789")];
}

static enum pd_code get_experiment(struct pd_ctx *ctx, const char *typed, json_t **out,
				   struct pd_err *err)
{
	json_t *response = NULL;
	enum pd_code code = PD_NOT_FOUND;
	if (all_digits(typed))
		code = pd_ctx_call(ctx, NULL, "experiments/get",
				   json_pack("{ss}", "experiment_id", typed), &response, err);
	if (code == PD_NOT_FOUND || code == PD_INVALID)
		code = pd_ctx_call(ctx, NULL, "experiments/get-by-name",
				   json_pack("{ss}", "experiment_name", typed), &response, err);
	if (code == PD_OK)
		*out = json_object_get(response, "experiment");
	return code;
}

enum pd_code pd_find_experiment(struct pd_ctx *ctx, const char *typed, json_t **out,
				struct pd_err *err)
{
	struct pd_registry *registry = NULL; /* one that is missing is another error */
	PD_TRY(pd_ctx_registry(ctx, false, &registry, err));
	enum pd_code code = get_experiment(ctx, typed, out, err);
	if (code == PD_NOT_FOUND)
		return no_such(ctx, "experiment", typed, "experiments/search", "experiments", err);
	return code;
}

static enum pd_code find_or_make(struct pd_ctx *ctx, const char *name, json_t **out,
				 struct pd_err *err)
{
	enum pd_code code = get_experiment(ctx, name, out, err);
	if (code != PD_NOT_FOUND)
		return code;
	json_t *made = NULL;
	code = pd_ctx_call(ctx, NULL, "experiments/create", json_pack("{ss}", "name", name), &made,
			   err);
	if (code == PD_EXISTS) /* somebody else was quicker */
		return get_experiment(ctx, name, out, err);
	if (code == PD_OK)
		*out = made;
	return code;
}

enum pd_code pd_use_experiment(struct pd_ctx *ctx, const char *typed, struct pd_str *out_id,
			       struct pd_err *err)
{
	const char *name = typed ? typed : pd_env_var(ctx->env, "MLFLOW_EXPERIMENT_NAME");
	const char *id = pd_env_var(ctx->env, "MLFLOW_EXPERIMENT_ID");
	json_t *experiment = NULL;
	if (name)
		PD_TRY(find_or_make(ctx, name, &experiment, err));
	else
		PD_TRY(pd_find_experiment(ctx, id ? id : "0", &experiment, err));
	struct pd_str stage = pd_rest_str(ctx, experiment, "lifecycle_stage");
	*out_id = pd_rest_str(ctx, experiment, "experiment_id");
	if (pd_str_eqz(stage, "deleted"))
		return pd_fail(err, PD_BAD_STATE,
			       "experiment `%s` is deleted; `podium experiments restore %.*s` "
			       "brings it back",
			       name ? name
			       : id ? id
				    : "0",
			       PD_STR_ARG(*out_id));
	return PD_OK;
}

enum pd_code pd_find_run(struct pd_ctx *ctx, const char *run_id, json_t **out, struct pd_err *err)
{
	json_t *response = NULL;
	PD_TRY(pd_ctx_call(ctx, NULL, "runs/get", json_pack("{ss}", "run_id", run_id), &response,
			   err));
	*out = json_object_get(response, "run");
	return PD_OK;
}

enum pd_code pd_find_model(struct pd_ctx *ctx, const char *name, json_t **out, struct pd_err *err)
{
	struct pd_registry *registry = NULL; /* as above */
	json_t *response = NULL;
	PD_TRY(pd_ctx_registry(ctx, false, &registry, err));
	enum pd_code code = pd_ctx_call(ctx, NULL, "registered-models/get",
					json_pack("{ss}", "name", name), &response, err);
	if (code == PD_NOT_FOUND)
		return no_such(ctx, "registered model", name, "registered-models/search",
			       "registered_models", err);
	if (code == PD_OK)
		*out = json_object_get(response, "registered_model");
	return code;
}

#include "cmd/publish.h"

#include "cmd/out.h"

/* spec: mlflow/utils/validation.py, _validate_model_alias_name; the registry checks it again, but
 * only when the version is there already */
static enum pd_code check_alias(const char *alias, struct pd_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	size_t n = strlen(alias);
	int64_t version = 0;
	if (n == 0 || n > 255 || alias[strspn(alias, letters)])
		return pd_fail(err, PD_INVALID,
			       "alias `%s`: letters, digits, _ and - only, at most 255", alias);
	if (pd_str_eq_nocase(pd_str_from(alias), PD_STR("latest")))
		return pd_fail(err, PD_INVALID, "alias `%s` is reserved", alias);
	if ((alias[0] == 'v' || alias[0] == 'V') && alias[1] >= '0' && alias[1] <= '9' &&
	    pd_str_to_i64(pd_str_from(alias + 1), &version))
		return pd_fail(err, PD_INVALID, "alias `%s` reads as a version", alias);
	return PD_OK;
}

enum pd_code pd_publish_check(const char *name, const struct pd_list *aliases, struct pd_err *err)
{
	if (!*name)
		return pd_fail(err, PD_INVALID, "the registered model's name is empty");
	if (strpbrk(name, "/:"))
		return pd_fail(err, PD_INVALID,
			       "registered model `%s`: a name has no slash and no colon", name);
	for (size_t i = 0; i < aliases->n; i++)
		PD_TRY(check_alias(aliases->items[i], err));
	return PD_OK;
}

static enum pd_code make_model(struct pd_ctx *ctx, const char *name, struct pd_err *err)
{
	json_t *response = NULL;
	enum pd_code code = pd_ctx_call(ctx, NULL, "registered-models/get",
					json_pack("{ss}", "name", name), &response, err);
	if (code != PD_NOT_FOUND)
		return code;
	code = pd_ctx_call(ctx, NULL, "registered-models/create", json_pack("{ss}", "name", name),
			   &response, err);
	return code == PD_EXISTS ? PD_OK : code; /* somebody else was quicker */
}

static void set_str(json_t *request, const char *key, struct pd_str value)
{
	if (value.n)
		json_object_set_new(request, key, pd_json_from(value));
}

enum pd_code pd_publish_version(struct pd_ctx *ctx, const struct pd_publish *p, json_t **out,
				struct pd_err *err)
{
	json_t *response = NULL;
	PD_TRY(make_model(ctx, p->name, err));
	json_t *request = json_pack("{ssso}", "name", p->name, "tags", pd_rest_pairs(p->tags));
	set_str(request, "source", p->source);
	set_str(request, "run_id", p->run_id);
	set_str(request, "model_id", p->model_id);
	pd_rest_set(request, "description", p->description);
	PD_TRY(pd_ctx_call(ctx, NULL, "model-versions/create", request, &response, err));
	*out = json_object_get(response, "model_version");
	for (size_t i = 0; i < p->aliases->n; i++)
		PD_TRY(pd_ctx_call(ctx, "POST", "registered-models/alias",
				   json_pack("{sssssO}", "name", p->name, "alias",
					     p->aliases->items[i], "version",
					     json_object_get(*out, "version")),
				   &response, err));
	return PD_OK;
}

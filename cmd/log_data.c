#include "cmd/log_internal.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/num.h"
#include "cmd/stop.h"
#include "registry/check.h"
#include "store/artifact.h"

/* ---------------------------------------------------------------- params, tags */

static enum pd_code check_key(struct pd_str key, const char *option, struct pd_err *err)
{
	/* the whole of a longer one would leave no room for what is wrong with it */
	if (pd_check_length("key", PD_MAX_KEY_CHARS, key, err) != PD_OK)
		return pd_err_prefix(err, "%s %.32s...", option, key.p);
	if (pd_check_key(key, "key", err) != PD_OK)
		return pd_err_prefix(err, "%s %.*s", option, PD_STR_ARG(key));
	return PD_OK;
}

static enum pd_code check_pairs(const struct pd_list *pairs, const char *option, const char *what,
				size_t limit, struct pd_err *err)
{
	for (size_t i = 0; i < pairs->n; i++) {
		struct pd_str key;
		struct pd_str value;
		pd_str_split(pd_str_from(pairs->items[i]), '=', &key, &value);
		PD_TRY(check_key(key, option, err));
		if (pd_check_length(what, limit, value, err) != PD_OK)
			return pd_err_prefix(err, "%s %.*s", option, PD_STR_ARG(key));
	}
	return PD_OK;
}

static struct pd_str key_of(const char *pair)
{
	return pd_str_of(pair, strcspn(pair, "="));
}

/* A parameter has one value. */
static enum pd_code check_once(const struct pd_list *params, struct pd_err *err)
{
	for (size_t i = 0; i < params->n; i++)
		for (size_t k = 0; k < i; k++)
			if (pd_str_eq(key_of(params->items[i]), key_of(params->items[k])))
				return pd_fail(err, PD_USAGE, "--param %s: given before as %s",
					       params->items[i], params->items[k]);
	return PD_OK;
}

/* ---------------------------------------------------------------- metrics */

/* A number as Python's float() reads it. */
static bool parse_number(struct pd_str text, double *out)
{
	static const char *const names[] = { "nan", "inf", "infinity" };
	if (pd_f64_parse(text, out))
		return true;
	bool negative = pd_str_starts(text, PD_STR("-"));
	if (negative || pd_str_starts(text, PD_STR("+")))
		text = pd_str_skip(text, 1);
	for (size_t i = 0; i < PD_LEN(names); i++) {
		if (!pd_str_eq_nocase(text, pd_str_from(names[i])))
			continue;
		*out = i == 0 ? (double)NAN : negative ? -INFINITY : INFINITY;
		return true;
	}
	return false;
}

/* "KEY=VALUE" or "KEY=VALUE@STEP". JSON has no NaN: MLflow's REST API takes it as text. */
static enum pd_code read_metric(struct pd_ctx *ctx, const char *text, json_t *metrics,
				struct pd_err *err)
{
	struct pd_str key, value, number;
	struct pd_str step_text = { 0 };
	int64_t step = 0;
	double v = 0;
	pd_str_split(pd_str_from(text), '=', &key, &value);
	bool has_step = pd_str_split(value, '@', &number, &step_text);
	PD_TRY(check_key(key, "--metric", err));
	if (!parse_number(number, &v))
		return pd_fail(err, PD_USAGE, "--metric %.*s: `%.*s` is not a number",
			       PD_STR_ARG(key), PD_STR_ARG(number));
	if (has_step && !pd_str_to_i64(step_text, &step))
		return pd_fail(err, PD_USAGE,
			       "--metric %.*s: step `%.*s` is not a whole number of 64 bits",
			       PD_STR_ARG(key), PD_STR_ARG(step_text));
	char digits[PD_NUM_F64_MAX];
	json_t *j = json_real(v); /* NULL when it is not finite */
	if (!j)
		j = json_stringn(digits, pd_f64_format_json(v, digits));
	json_array_append_new(metrics, json_pack("{ss%sosIsI}", "key", key.p, key.n, "value", j,
						 "timestamp", (json_int_t)pd_env_now_ms(ctx->env),
						 "step", (json_int_t)step));
	return PD_OK;
}

/* ---------------------------------------------------------------- artifacts */

static enum pd_code check_artifact(struct pd_ctx *ctx, const char *text,
				   struct pd_log_artifact *out, struct pd_err *err)
{
	struct pd_tree tree;
	struct stat st;
	ptrdiff_t eq = pd_str_rfind(pd_str_from(text), '=');
	*out = (struct pd_log_artifact){ .path = text, .dest = "" };
	if (eq > 0 && !pd_path_exists(text)) { /* a name may hold a "=" of its own */
		out->path = pd_arena_z(ctx->arena, pd_str_of(text, (size_t)eq));
		struct pd_str dest = pd_str_from(text + eq + 1);
		while (dest.n && dest.p[dest.n - 1] == '/')
			dest.n--;
		out->dest = pd_arena_z(ctx->arena, dest);
		if (!pd_utf8_check(dest))
			return pd_fail(err, PD_USAGE, "--artifact: the text is not UTF-8");
		if (dest.n && !pd_path_is_safe(dest))
			return pd_fail(err, PD_USAGE, "--artifact %s: `%s` leads out of the run",
				       text, out->dest);
	}
	assert(out->path);
	if (stat(out->path, &st) != 0)
		return pd_fail_errno(err, errno, "--artifact %s", out->path);
	out->is_dir = S_ISDIR(st.st_mode);
	if (access(out->path, out->is_dir ? R_OK | X_OK : R_OK) != 0)
		return pd_fail_errno(err, errno, "--artifact %s", out->path);
	if (pd_tree_walk(out->path, NULL, ctx->arena, &tree, err) != PD_OK)
		return pd_err_prefix(err, "--artifact %s", out->path);
	return PD_OK;
}

/* ---------------------------------------------------------------- all together */

enum pd_code pd_log_data_read(struct pd_ctx *ctx, const struct pd_log_args *args,
			      struct pd_log_data *out, struct pd_err *err)
{
	PD_TRY(check_pairs(&args->params, "--param", "Param value", PD_MAX_PARAM_CHARS, err));
	PD_TRY(check_once(&args->params, err));
	PD_TRY(check_pairs(&args->tags, "--tag", "Tag value", PD_MAX_TAG_CHARS, err));
	out->params = pd_rest_keep(ctx, pd_rest_pairs(&args->params));
	out->tags = pd_rest_keep(ctx, pd_rest_pairs(&args->tags));
	out->metrics = pd_rest_keep(ctx, json_array());
	for (size_t i = 0; i < args->metrics.n; i++)
		PD_TRY(read_metric(ctx, args->metrics.items[i], out->metrics, err));
	out->n_artifacts = args->artifacts.n;
	out->artifacts = PD_ARENA_ARRAY(ctx->arena, struct pd_log_artifact, args->artifacts.n + 1);
	for (size_t i = 0; i < args->artifacts.n; i++)
		PD_TRY(check_artifact(ctx, args->artifacts.items[i], &out->artifacts[i], err));
	return PD_OK;
}

static enum pd_code send_batches(struct pd_ctx *ctx, struct pd_str run_id, const char *kind,
				 const json_t *items, size_t per_batch, struct pd_err *err)
{
	size_t n = json_array_size(items);
	for (size_t at = 0; at < n; at += per_batch) {
		json_t *response = NULL;
		json_t *part = json_array();
		for (size_t i = at; i < n && i < at + per_batch; i++)
			json_array_append(part, json_array_get(items, i));
		PD_TRY(pd_ctx_call(ctx, NULL, "runs/log-batch",
				   json_pack("{ss%so}", "run_id", run_id.p, run_id.n, kind, part),
				   &response, err));
	}
	return PD_OK;
}

enum pd_code pd_log_data_send(struct pd_ctx *ctx, struct pd_str run_id,
			      const struct pd_log_data *data, struct pd_err *err)
{
	if (json_array_size(data->params) <= PD_MAX_BATCH_PARAMS &&
	    json_array_size(data->tags) <= PD_MAX_BATCH_TAGS &&
	    json_array_size(data->metrics) <=
		    PD_MAX_BATCH_ENTITIES - PD_MAX_BATCH_PARAMS - PD_MAX_BATCH_TAGS) {
		json_t *response = NULL; /* one transaction: all of it or nothing */
		return pd_ctx_call(ctx, NULL, "runs/log-batch",
				   json_pack("{ss%sOsOsO}", "run_id", run_id.p, run_id.n, "params",
					     data->params, "tags", data->tags, "metrics",
					     data->metrics),
				   &response, err);
	}
	PD_TRY(send_batches(ctx, run_id, "params", data->params, PD_MAX_BATCH_PARAMS, err));
	PD_TRY(send_batches(ctx, run_id, "tags", data->tags, PD_MAX_BATCH_TAGS, err));
	return send_batches(ctx, run_id, "metrics", data->metrics, PD_MAX_BATCH_METRICS, err);
}

static struct pd_str name_of(const char *path)
{
	struct pd_str s = pd_str_from(path);
	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	return pd_str_skip(s, (size_t)(pd_str_rfind(s, '/') + 1));
}

/* A file goes to DEST/NAME, a folder's contents below DEST: as log_artifact, log_artifacts. */
enum pd_code pd_log_artifacts_send(struct pd_ctx *ctx, struct pd_str root,
				   const struct pd_log_data *data, struct pd_err *err)
{
	PD_AUTO_ARTIFACTS *store = NULL;
	if (!data->n_artifacts)
		return PD_OK;
	PD_TRY(pd_artifacts_open(ctx->env, root, &store, err));
	for (size_t i = 0; i < data->n_artifacts; i++) {
		const struct pd_log_artifact *a = &data->artifacts[i];
		struct pd_transfer t = { .stop = &pd_stop_signal };
		struct pd_str to = pd_str_from(a->dest);
		struct pd_str name = name_of(a->path);
		if (!a->is_dir)
			to = pd_str_from(pd_arena_printf(ctx->arena, "%s%s%.*s", a->dest,
							 *a->dest ? "/" : "", PD_STR_ARG(name)));
		if (pd_artifacts_put(store, a->path, to, &t, err) != PD_OK)
			return pd_err_prefix(err, "artifact %s", a->path);
	}
	return PD_OK;
}

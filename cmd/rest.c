#include "cmd/rest.h"

#include "base/auto.h"
#include "base/num.h"

static void release_json(void *j)
{
	json_decref(j);
}

json_t *pd_rest_keep(struct pd_ctx *ctx, json_t *taken)
{
	pd_arena_defer(ctx->arena, release_json, taken);
	return taken;
}

struct pd_str pd_rest_str(struct pd_ctx *ctx, const json_t *object, const char *key)
{
	const json_t *j = json_object_get(object, key);
	if (!json_is_integer(j))
		return pd_json_str(j);
	return pd_str_from(pd_arena_printf(ctx->arena, "%lld", (long long)json_integer_value(j)));
}

int64_t pd_rest_i64(const json_t *object, const char *key)
{
	const json_t *j = json_object_get(object, key);
	int64_t v = 0;
	if (json_is_integer(j))
		return json_integer_value(j);
	return pd_str_to_i64(pd_json_str(j), &v) ? v : 0;
}

json_t *pd_rest_at(const json_t *object, const char *path)
{
	struct pd_str left = pd_str_from(path);
	json_t *at = (json_t *)(uintptr_t)object;
	while (at && left.n) {
		struct pd_str part;
		pd_str_split(left, '.', &part, &left);
		at = json_object_getn(at, part.p, part.n);
	}
	return at;
}

struct pd_str pd_rest_number(struct pd_ctx *ctx, const json_t *number)
{
	if (json_is_string(number)) /* NaN and the infinities have no other form in JSON */
		return pd_json_str(number);
	if (json_is_integer(number))
		return pd_str_from(
			pd_arena_printf(ctx->arena, "%lld", (long long)json_integer_value(number)));
	char text[PD_NUM_F64_MAX];
	size_t n = pd_f64_format(json_number_value(number), text);
	return pd_arena_str(ctx->arena, pd_str_of(text, n));
}

struct pd_str pd_rest_tag(const json_t *tags, const char *key)
{
	size_t i;
	const json_t *tag;
	json_array_foreach(
		tags, i,
		tag) if (pd_str_eqz(pd_json_str(json_object_get(tag, "key")),
				    key)) return pd_json_str(json_object_get(tag, "value"));
	return (struct pd_str){ 0 };
}

/* json_stringn gives NULL for text that is not UTF-8, and json_object_set_new fails then. */
static int add_pair(json_t *pairs, struct pd_str key, struct pd_str value)
{
	json_t *pair = json_object();
	int failed = json_object_set_new(pair, "key", json_stringn(key.p ? key.p : "", key.n));
	failed |= json_object_set_new(pair, "value", json_stringn(value.p ? value.p : "", value.n));
	return json_array_append_new(pairs, pair) | failed;
}

void pd_rest_add_pair(json_t *pairs, struct pd_str key, struct pd_str value)
{
	add_pair(pairs, key, value);
}

json_t *pd_rest_pairs(const struct pd_list *pairs)
{
	PD_AUTO_JSON json_t *array = json_array();
	for (size_t i = 0; i < pairs->n; i++) {
		struct pd_str key;
		struct pd_str value;
		pd_str_split(pd_str_from(pairs->items[i]), '=', &key, &value);
		if (add_pair(array, key, value) != 0)
			return NULL;
	}
	return PD_TAKE(array);
}

json_t *pd_rest_texts(const struct pd_list *texts)
{
	PD_AUTO_JSON json_t *array = json_array();
	for (size_t i = 0; i < texts->n; i++)
		if (json_array_append_new(array, json_string(texts->items[i])) != 0)
			return NULL;
	return PD_TAKE(array);
}

void pd_rest_set(json_t *request, const char *key, const char *text)
{
	if (text)
		json_object_set_new(request, key, json_string(text));
}

#define PAGE_MAX 1000

enum pd_code pd_rest_pages(struct pd_ctx *ctx, const char *method, json_t *taken_request,
			   const char *key, int64_t limit, json_t **out, struct pd_err *err)
{
	PD_AUTO_JSON json_t *request = taken_request;
	if (!request)
		return pd_fail(err, PD_INVALID, "a text is not UTF-8");
	json_t *all = json_array();
	*out = pd_rest_keep(ctx, json_pack("{so}", key, all));
	for (;;) {
		int64_t left = limit ? limit - (int64_t)json_array_size(all) : PAGE_MAX;
		json_object_set_new(request, "max_results",
				    json_integer(left < PAGE_MAX ? left : PAGE_MAX));
		json_t *page = NULL;
		PD_TRY(pd_ctx_call(ctx, NULL, method, json_incref(request), &page, err));
		json_array_extend(all, json_object_get(page, key));
		json_t *token = json_object_get(page, "next_page_token");
		bool full = limit && (int64_t)json_array_size(all) >= limit;
		if (full || !pd_json_str(token).n)
			return PD_OK;
		json_object_set(request, "page_token", token);
	}
}

const char *pd_rest_view(const char *choice)
{
	if (strcmp(choice, "all") == 0)
		return "ALL";
	return strcmp(choice, "deleted") == 0 ? "DELETED_ONLY" : "ACTIVE_ONLY";
}

enum pd_code pd_rest_retag_check(const struct pd_list *pairs, const struct pd_list *keys,
				 struct pd_err *err)
{
	if (pairs->n || keys->n)
		return PD_OK;
	return pd_fail(err, PD_USAGE, "nothing to do: KEY=VALUE sets a tag, -d KEY removes one");
}

enum pd_code pd_rest_retag(struct pd_ctx *ctx, const struct pd_retag *retag, struct pd_err *err)
{
	PD_AUTO_JSON json_t *target = retag->target;
	json_t *response = NULL;
	for (size_t i = 0; i < retag->pairs->n; i++) {
		struct pd_str key;
		struct pd_str value;
		pd_str_split(pd_str_from(retag->pairs->items[i]), '=', &key, &value);
		json_t *request = json_copy(target);
		json_object_set_new(request, "key", json_stringn(key.p, key.n));
		json_object_set_new(request, "value", json_stringn(value.p, value.n));
		PD_TRY(pd_ctx_call(ctx, NULL, retag->set, request, &response, err));
	}
	for (size_t i = 0; i < retag->keys->n; i++) {
		json_t *request = json_copy(target);
		json_object_set_new(request, "key", json_string(retag->keys->items[i]));
		PD_TRY(pd_ctx_call(ctx, NULL, retag->remove, request, &response, err));
	}
	return PD_OK;
}

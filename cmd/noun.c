#include "cmd/noun.h"

#include "base/auto.h"
#include "cmd/out.h"

static struct pd_str id_of(const json_t *object, const char *id)
{
	return pd_json_str(pd_rest_at(object, id));
}

void pd_noun_say_list(struct pd_ctx *ctx, const json_t *response, const char *key, const char *id,
		      pd_noun_print *print)
{
	const json_t *items = json_object_get(response, key);
	size_t i;
	const json_t *item;
	if (ctx->common.json) {
		pd_out_json(ctx, response);
		return;
	}
	if (!ctx->common.quiet) {
		print(ctx, items);
		return;
	}
	json_array_foreach(items, i, item) pd_out_line(ctx, id_of(item, id));
}

void pd_noun_say(struct pd_ctx *ctx, json_t *object, const char *key, const char *id,
		 pd_noun_print *print)
{
	if (ctx->common.json)
		pd_out_json(ctx, pd_rest_keep(ctx, json_pack("{sO}", key, object)));
	else if (ctx->common.quiet)
		pd_out_line(ctx, id_of(object, id));
	else
		print(ctx, object);
}

enum pd_code pd_noun_search(struct pd_ctx *ctx, const struct pd_noun_search *args,
			    const struct pd_noun_found *what, json_t *taken_request,
			    struct pd_err *err)
{
	json_t *response = NULL;
	json_object_set_new(taken_request, "order_by", pd_rest_texts(&args->order_by));
	pd_rest_set(taken_request, "filter", args->filter);
	PD_TRY(pd_rest_pages(ctx, what->method, taken_request, what->key, args->limit, &response,
			     err));
	pd_noun_say_list(ctx, response, what->key, what->id, what->print);
	return PD_OK;
}

enum pd_code pd_noun_each(struct pd_ctx *ctx, const struct pd_noun_many *args, pd_noun_find *find,
			  const char *id, const char *key, const char *method, struct pd_err *err)
{
	size_t n = args->names.n;
	struct pd_str *ids = PD_ARENA_ARRAY(ctx->arena, struct pd_str, n);
	json_t *object = NULL;
	json_t *response = NULL;
	for (size_t i = 0; i < n; i++) {
		PD_TRY(find(ctx, args->names.items[i], &object, err));
		ids[i] = id_of(object, id);
	}
	for (size_t i = 0; i < n; i++)
		PD_TRY(pd_ctx_call(ctx, NULL, method, json_pack("{ss%}", key, ids[i].p, ids[i].n),
				   &response, err));
	return PD_OK;
}

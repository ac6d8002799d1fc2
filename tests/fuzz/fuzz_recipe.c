/*
 * The first line is a recipe, the rest events: a recipe is compiled or refused, an event becomes
 * features and a reply or is refused. Replies are JSON.
 */
#include <assert.h>

#include "base/json.h"
#include "serve/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reply(struct pd_events *e)
{
	double ones[64];
	struct pd_model_facts facts = { .run_id = PD_STR("r") };
	struct pd_result result = { .kind = PD_RESULT_F64, .n_cols = 1, .flat = true, .f = ones };
	struct pd_buf out;
	pd_buf_init(&out, (size_t)1 << 24);
	for (size_t i = 0; i < PD_LEN(ones); i++)
		ones[i] = (double)i / 3;
	result.n_rows = PD_LEN(ones);
	for (size_t row = 0; row < e->n && row < PD_LEN(ones); row++) {
		pd_buf_clear(&out);
		if (pd_recipe_reply(e, &facts, &result, row, &out) != PD_OK || out.failed)
			continue;
		json_t *json = json_loadb(out.p, out.n, JSON_DECODE_ANY, NULL);
		/* NaN and Infinity are Python's JSON, not jansson's, which has limits too */
		assert(json || strstr(out.p, "NaN") || strstr(out.p, "Infinity") ||
		       strstr(out.p, "\\u0000") || strchr(out.p, '['));
		json_decref(json);
	}
	pd_buf_end(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pd_arena arena = { 0 };
	struct pd_scratch scratch = { 0 };
	struct pd_err err = { 0 };
	struct pd_recipe *recipe = NULL;
	struct pd_events e;
	struct pd_str text;
	struct pd_str events;
	(void)pd_str_split(pd_str_of((const char *)data, size), '\n', &text, &events);
	if (pd_recipe_parse(text, &arena, &recipe, &err) == PD_OK) {
		pd_events_begin(&e, recipe, &arena, &scratch, &err);
		if (pd_events_text(&e, events) == PD_OK && pd_events_end(&e) == PD_OK)
			reply(&e);
	}
	pd_scratch_end(&scratch);
	pd_arena_end(&arena);
	return 0;
}

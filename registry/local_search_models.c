/*
 * registered-models/search and model-versions/search. Prompts live in the same tables and are told
 * by a tag: they are left out unless the filter asks for them.
 * Source: mlflow/store/model_registry/sqlalchemy_store.py.
 */
#include "base/auto.h"
#include "base/json.h"
#include "registry/local_models.h"
#include "registry/local_search.h"
#include "registry/page.h"
#include "registry/search_sql.h"
#include "schema/methods.h"

struct search {
	struct pd_local *l;
	enum pd_search kind;
	struct pd_arena *arena;
	struct pd_search_sql *q;
	struct pd_filter filter;
};

static bool is_prompt_clause(const struct pd_clause *c)
{
	return c->entity == PD_ENTITY_TAG && pd_str_eqz(c->key, PD_IS_PROMPT_TAG);
}

/* Only the first clause on the tag decides. */
static bool asks_for_prompts(const struct pd_filter *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct pd_clause *c = &f->clauses[i];
		if (is_prompt_clause(c))
			return (c->op == PD_OP_EQ &&
				pd_str_eq_nocase(c->value.text, PD_STR("true"))) ||
			       (c->op == PD_OP_NE &&
				pd_str_eq_nocase(c->value.text, PD_STR("false")));
	}
	return false;
}

static const char *column_of(const struct search *s, struct pd_str key)
{
	if (s->kind == PD_SEARCH_MODELS || pd_str_eqz(key, "name"))
		return "m.name";
	if (pd_str_eqz(key, "version_number"))
		return "m.version";
	return pd_str_eqz(key, "run_id") ? "m.run_id" : "m.source";
}

static void put_tags(const struct search *s, const char *what)
{
	bool models = s->kind == PD_SEARCH_MODELS;
	pd_sql(s->q, " AND %s (SELECT 1 FROM %s t WHERE %st.name = m.name", what,
	       models ? "registered_model_tags" : "model_version_tags",
	       s->l->has.workspaces ? "t.workspace = 'default' AND " : "");
}

static void put_clauses(const struct search *s)
{
	bool prompts = asks_for_prompts(&s->filter);
	for (size_t i = 0; i < s->filter.n; i++) {
		const struct pd_clause *c = &s->filter.clauses[i];
		if (c->entity == PD_ENTITY_ATTRIBUTE) {
			pd_sql(s->q, " AND ");
			pd_sql_compare(s->q, column_of(s, c->key), c);
		} else if (prompts || !is_prompt_clause(c)) {
			put_tags(s, "EXISTS");
			if (s->kind == PD_SEARCH_VERSIONS)
				pd_sql(s->q, " AND t.version = m.version");
			pd_sql(s->q, " AND t.key = ");
			pd_sql_text(s->q, c->key);
			pd_sql(s->q, " AND ");
			pd_sql_compare(s->q, "t.value", c);
			pd_sql(s->q, ")");
		}
	}
	if (prompts)
		return;
	put_tags(s, "NOT EXISTS");
	pd_sql(s->q, " AND t.key = '" PD_IS_PROMPT_TAG "' AND t.value = 'true')");
}

static const char *order_column(const struct search *s, struct pd_str key)
{
	if (pd_str_eqz(key, "name"))
		return "m.name";
	if (pd_str_eqz(key, "version_number"))
		return "m.version";
	if (s->kind == PD_SEARCH_VERSIONS && pd_str_eqz(key, "creation_timestamp"))
		return "m.creation_time";
	return "m.last_updated_time";
}

static enum pd_code put_orders(const struct search *s, const json_t *order_by, struct pd_err *err)
{
	const char *seen[4] = { NULL };
	size_t n = 0;
	size_t i;
	const json_t *text;
	bool by_name = false;
	bool by_version = s->kind == PD_SEARCH_MODELS; /* which have none */
	pd_sql(s->q, " ORDER BY ");
	json_array_foreach(order_by, i, text)
	{
		struct pd_order o = { 0 };
		PD_TRY(pd_order_parse(s->kind, pd_json_str(text), s->arena, &o, err));
		const char *column = order_column(s, o.key);
		for (size_t k = 0; k < n; k++)
			if (strcmp(seen[k], column) == 0)
				return pd_search_fail_order(order_by, err);
		seen[n++] = column;
		pd_sql(s->q, "%s%s, ", column, o.descending ? " DESC" : "");
		by_name |= pd_str_eqz(o.key, "name");
		by_version |= pd_str_eqz(o.key, "version_number");
	}
	if (n == 0 && s->kind == PD_SEARCH_VERSIONS)
		pd_sql(s->q, "m.last_updated_time DESC, ");
	if (!by_name)
		pd_sql(s->q, "m.name, ");
	if (!by_version)
		pd_sql(s->q, "m.version DESC, ");
	pd_sql(s->q, "1");
	return PD_OK;
}

static enum pd_code run(struct search *s, const json_t *req, const struct pd_page *page,
			const char *select, pd_row_fn row_json, const char *name, json_t **out,
			struct pd_err *err)
{
	struct pd_page at = *page;
	PD_TRY(pd_filter_parse(s->kind, pd_req_str(req, "filter"), s->arena, &s->filter, err));
	pd_search_sql_init(s->q);
	pd_sql(s->q, "%s WHERE %s", select, s->l->has.workspaces ? "m.workspace = 'default'" : "1");
	if (s->kind == PD_SEARCH_VERSIONS)
		pd_sql(s->q, " AND m.current_stage != '" PD_STAGE_DELETED "'");
	put_clauses(s);
	PD_TRY(put_orders(s, json_object_get(req, "order_by"), err));
	PD_TRY(pd_page_offset(pd_req_str(req, "page_token"), &at.offset, err));
	return pd_search_answer(s->l, s->q, &at, row_json, name, out, err);
}

enum pd_code pd_models_search(struct pd_local *l, const json_t *req, json_t **out,
			      struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_search_sql) q = { 0 };
	struct search s = { .l = l, .kind = PD_SEARCH_MODELS, .arena = &arena, .q = &q };
	struct pd_page page = { .max = pd_req_i64(req, "max_results", 100) };
	/* MLflow takes a negative number and answers with a page that makes no sense */
	if (page.max < 0)
		return pd_fail(err, PD_INVALID,
			       "Invalid value for max_results. It must be a positive integer, but "
			       "got %lld",
			       (long long)page.max);
	return run(&s, req, &page, "SELECT " PD_MODEL_COLUMNS " FROM registered_models m",
		   pd_model_json, "registered_models", out, err);
}

static enum pd_code version_json(struct pd_local *l, sqlite3_stmt *row, json_t **out,
				 struct pd_err *err)
{
	return pd_version_json(l, row, false, out, err);
}

enum pd_code pd_versions_search(struct pd_local *l, const json_t *req, json_t **out,
				struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_search_sql) q = { 0 };
	struct search s = { .l = l, .kind = PD_SEARCH_VERSIONS, .arena = &arena, .q = &q };
	struct pd_page page = { .max = pd_req_i64(req, "max_results", 200000) };
	if (page.max < 1)
		return pd_fail(err, PD_INVALID,
			       "Invalid value for max_results. It must be a positive integer, but "
			       "got %lld",
			       (long long)page.max);
	return run(&s, req, &page, "SELECT " PD_VERSION_COLUMNS " FROM model_versions m",
		   version_json, "model_versions", out, err);
}

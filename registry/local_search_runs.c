/*
 * runs/search. Every clause on a metric, param or tag is one look-up in the primary key (key,
 * run_uuid) of its table; what the runs are ordered by comes along as columns.
 * Source: mlflow/store/tracking/sqlalchemy_store.py (_get_sqlalchemy_filter_clauses,
 * _get_orderby_clauses, _search_runs).
 */
#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"
#include "registry/local_tracking.h"
#include "registry/page.h"
#include "registry/search_sql.h"
#include "registry/local_search.h"
#include "schema/methods.h"

#define MAX_ORDERS 64 /* columns a search may be ordered by */

struct orders {
	struct pd_order at[MAX_ORDERS];
	size_t n;
};

/* Old names of two attributes, which MLflow puts right for keys of every kind. */
static struct pd_str key_of(struct pd_str key)
{
	if (pd_str_eqz(key, "created") || pd_str_eqz(key, "Created"))
		return PD_STR("start_time");
	if (pd_str_eqz(key, "run name") || pd_str_eqz(key, "Run name") ||
	    pd_str_eqz(key, "Run Name"))
		return PD_STR("run_name");
	return key;
}

static const char *attribute_column(struct pd_str key)
{
	static const struct {
		const char *key;
		const char *column;
	} columns[] = {
		{ "run_id", "runs.run_uuid" },           { "run_name", "runs.name" },
		{ "user_id", "runs.user_id" },           { "status", "runs.status" },
		{ "start_time", "runs.start_time" },     { "end_time", "runs.end_time" },
		{ "artifact_uri", "runs.artifact_uri" },
	};
	for (size_t i = 0; i < PD_LEN(columns); i++)
		if (pd_str_eqz(key, columns[i].key))
			return columns[i].column;
	return "NULL";
}

static const char *table_of(enum pd_entity entity)
{
	return entity == PD_ENTITY_METRIC  ? "latest_metrics"
	       : entity == PD_ENTITY_PARAM ? "params"
					   : "tags";
}

static void put_keyed(struct pd_search_sql *q, const struct pd_clause *c, struct pd_str key)
{
	bool null_check = c->op == PD_OP_IS_NULL || c->op == PD_OP_IS_NOT_NULL;
	pd_sql(q, " AND %s (SELECT 1 FROM %s e WHERE e.run_uuid = runs.run_uuid AND e.key = ",
	       c->op == PD_OP_IS_NULL ? "NOT EXISTS" : "EXISTS", table_of(c->entity));
	pd_sql_text(q, key);
	if (!null_check) {
		pd_sql(q, " AND (");
		pd_sql_compare(q, "e.value", c);
		/* NaN is kept as 0 beside a mark; it differs from every number */
		if (c->entity == PD_ENTITY_METRIC)
			pd_sql(q, c->op == PD_OP_NE ? " OR e.is_nan = 1" : " AND e.is_nan = 0");
		pd_sql(q, ")");
	}
	pd_sql(q, ")");
}

static void put_dataset(struct pd_search_sql *q, const struct pd_clause *c)
{
	pd_sql(q, " AND EXISTS (SELECT 1 FROM inputs i JOIN datasets d "
		  "ON d.dataset_uuid = i.source_id");
	if (pd_str_eqz(c->key, "context")) {
		pd_sql(q, " JOIN input_tags t ON t.input_uuid = i.input_uuid "
			  "AND t.name = 'mlflow.data.context' AND ");
		pd_sql_compare(q, "t.value", c);
	}
	pd_sql(q, " WHERE i.destination_type = 'RUN' AND i.destination_id = runs.run_uuid");
	if (!pd_str_eqz(c->key, "context")) {
		pd_sql(q, " AND ");
		pd_sql_compare(q, pd_str_eqz(c->key, "name") ? "d.name" : "d.digest", c);
	}
	pd_sql(q, ")");
}

static void put_clause(struct pd_search_sql *q, const struct pd_clause *c)
{
	struct pd_str key = key_of(c->key);
	struct pd_clause tag = *c;
	if (c->entity == PD_ENTITY_DATASET) {
		put_dataset(q, c);
	} else if (c->entity != PD_ENTITY_ATTRIBUTE) {
		put_keyed(q, c, key);
	} else if (pd_str_eqz(key, "run_name")) {
		/* runs of old MLflow have their name in the tag only */
		tag.entity = PD_ENTITY_TAG;
		put_keyed(q, &tag, PD_STR("mlflow.runName"));
	} else {
		pd_sql(q, " AND ");
		pd_sql_compare(q, attribute_column(key), c);
	}
}

static enum pd_code read_orders(const json_t *order_by, struct pd_arena *arena, struct orders *out,
				struct pd_err *err)
{
	size_t i;
	const json_t *text;
	if (json_array_size(order_by) > MAX_ORDERS)
		return pd_fail(err, PD_INVALID, "order_by has at most %d fields, not %zu",
			       MAX_ORDERS, json_array_size(order_by));
	json_array_foreach(order_by, i, text)
	{
		struct pd_order *o = &out->at[out->n];
		PD_TRY(pd_order_parse(PD_SEARCH_RUNS, pd_json_str(text), arena, o, err));
		o->key = key_of(o->key);
		for (size_t k = 0; k < out->n; k++)
			if (out->at[k].entity == o->entity && pd_str_eq(out->at[k].key, o->key))
				return pd_search_fail_order(order_by, err);
		out->n++;
	}
	return PD_OK;
}

static void put_order_column(struct pd_search_sql *q, const struct pd_order *o, const char *column,
			     char prefix, size_t i)
{
	pd_sql(q, ", (SELECT %s FROM %s e WHERE e.run_uuid = runs.run_uuid AND e.key = ", column,
	       table_of(o->entity));
	pd_sql_text(q, o->key);
	pd_sql(q, ") AS %c%zu", prefix, i);
}

/* The columns a run is ordered by, behind those that are shown. */
static void put_order_columns(struct pd_search_sql *q, const struct orders *orders)
{
	for (size_t i = 0; i < orders->n; i++) {
		const struct pd_order *o = &orders->at[i];
		if (o->entity == PD_ENTITY_ATTRIBUTE) {
			pd_sql(q, ", %s AS o%zu", attribute_column(o->key), i);
			continue;
		}
		put_order_column(q, o, "value", 'o', i);
		if (o->entity == PD_ENTITY_METRIC)
			put_order_column(q, o, "is_nan", 'n', i);
	}
}

/* Numbers, then NaN, then nothing, in both directions. */
static void put_orders(struct pd_search_sql *q, const struct orders *orders)
{
	bool by_start = false;
	pd_sql(q, " ORDER BY ");
	for (size_t i = 0; i < orders->n; i++) {
		const struct pd_order *o = &orders->at[i];
		if (o->entity == PD_ENTITY_METRIC)
			pd_sql(q, "CASE WHEN n%zu = 1 THEN 1 WHEN o%zu IS NULL THEN 2 ELSE 0 END, ",
			       i, i);
		else
			pd_sql(q, "o%zu IS NULL, ", i);
		pd_sql(q, "o%zu%s, ", i, o->descending ? " DESC" : "");
		by_start |= o->entity == PD_ENTITY_ATTRIBUTE && pd_str_eqz(o->key, "start_time");
	}
	pd_sql(q, "%sruns.run_uuid", by_start ? "" : "runs.start_time DESC, ");
}

/* The ids of a request, as integers. */
enum pd_code pd_search_experiment_ids(const json_t *ids, json_t **out, struct pd_err *err)
{
	PD_AUTO_JSON json_t *list = json_array();
	size_t i;
	const json_t *text;
	json_array_foreach(ids, i, text)
	{
		int64_t id = 0;
		PD_TRY(pd_parse_experiment_id(pd_json_str(text), &id, err));
		json_array_append_new(list, json_integer(id));
	}
	*out = PD_TAKE(list);
	return PD_OK;
}

enum pd_code pd_runs_search(struct pd_local *l, const json_t *req, json_t **out, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_search_sql) q = { 0 };
	PD_AUTO_JSON json_t *ids = NULL;
	struct pd_filter filter = { 0 };
	struct orders orders = { 0 };
	struct pd_page page = { .max = pd_req_i64(req, "max_results", 1000) };
	PD_TRY(pd_search_check_max(page.max, err));
	PD_TRY(pd_filter_parse(PD_SEARCH_RUNS, pd_req_str(req, "filter"), &arena, &filter, err));
	PD_TRY(read_orders(json_object_get(req, "order_by"), &arena, &orders, err));
	PD_TRY(pd_page_offset(pd_req_str(req, "page_token"), &page.offset, err));
	PD_TRY(pd_search_experiment_ids(json_object_get(req, "experiment_ids"), &ids, err));
	pd_search_sql_init(&q);
	pd_sql(&q, "SELECT " PD_RUN_COLUMNS);
	put_order_columns(&q, &orders);
	pd_sql(&q, " FROM runs WHERE 1");
	pd_sql_in_ids(&q, "runs.experiment_id", ids);
	pd_sql_view(&q, pd_req_str(req, "run_view_type"));
	for (size_t i = 0; i < filter.n; i++)
		put_clause(&q, &filter.clauses[i]);
	put_orders(&q, &orders);
	return pd_search_answer(l, &q, &page, pd_run_json, "runs", out, err);
}

/*
 * logged-models/search. Metrics belong to datasets: a search may ask for models that have metrics
 * on some, and order by a metric on one. The page token holds the whole question, so that it
 * fits no other. Source: mlflow/store/tracking/sqlalchemy_store.py (search_logged_models),
 * mlflow/utils/search_utils.py (SearchLoggedModelsPaginationToken).
 */
#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"
#include "registry/local_models.h"
#include "registry/local_search.h"
#include "registry/page.h"
#include "registry/search_sql.h"
#include "schema/methods.h"

#define DEFAULT_RESULTS 100
#define MAX_ORDERS      64

/* ---------------------------------------------------------------- the token */

static json_t *text_or_null(struct pd_str s)
{
	return s.n ? pd_json_from(s) : json_null();
}

/* What MLflow keeps of one order. */
static json_t *order_json(const json_t *order)
{
	json_t *o = json_object();
	struct pd_str name = pd_req_str(order, "field_name");
	json_object_set_new(o, "field_name", name.n ? pd_json_from(name) : json_string(""));
	json_object_set_new(o, "ascending", json_boolean(pd_req_bool(order, "ascending", true)));
	json_object_set_new(o, "dataset_name", text_or_null(pd_req_str(order, "dataset_name")));
	json_object_set_new(o, "dataset_digest", text_or_null(pd_req_str(order, "dataset_digest")));
	return o;
}

/* The question of a request, in the order in which MLflow writes it. */
static json_t *question(const json_t *req)
{
	json_t *q = json_object();
	json_t *orders = json_array();
	size_t i;
	const json_t *order;
	json_array_foreach(json_object_get(req, "order_by"), i, order)
	{
		json_array_append_new(orders, order_json(order));
	}
	json_object_set(q, "experiment_ids", json_object_get(req, "experiment_ids"));
	json_object_set_new(q, "filter_string", text_or_null(pd_req_str(req, "filter")));
	json_object_set_new(q, "order_by", i ? json_incref(orders) : json_null());
	json_decref(orders);
	return q;
}

static json_t *token_of(const json_t *req, int64_t offset)
{
	PD_AUTO(pd_buf) b = { 0 };
	PD_AUTO_JSON json_t *q = question(req);
	pd_buf_init(&b, SIZE_MAX);
	json_object_set_new(q, "offset", json_integer(offset));
	pd_buf_py_json_value(&b, q);
	return pd_page_token_of(pd_buf_view(&b));
}

static enum pd_code check_same(const json_t *want, const json_t *token, const char *field,
			       const char *words, struct pd_err *err)
{
	PD_AUTO(pd_buf) a = { 0 };
	PD_AUTO(pd_buf) b = { 0 };
	const json_t *asked = json_object_get(want, field);
	const json_t *found = json_object_get(token, field);
	bool none = !found || json_is_null(found) ||
		    (json_is_string(found) && json_string_length(found) == 0) ||
		    (json_is_array(found) && json_array_size(found) == 0);
	if ((json_is_null(asked) && none) || json_equal(asked, found))
		return PD_OK;
	pd_buf_init(&a, SIZE_MAX);
	pd_buf_init(&b, SIZE_MAX);
	bool plain = json_is_string(asked);
	pd_buf_py_repr_value(&a, asked);
	pd_buf_py_repr_value(&b, found);
	return pd_fail(err, PD_INVALID, "%s. Expected: %.300s. Found: %.300s", words,
		       plain ? json_string_value(asked) : a.p,
		       json_is_string(found) ? json_string_value(found) : b.p);
}

static enum pd_code read_token(const json_t *req, int64_t *out_offset, struct pd_err *err)
{
	struct pd_str token = pd_req_str(req, "page_token");
	PD_AUTO(pd_buf) b = { 0 };
	PD_AUTO_JSON json_t *j = NULL;
	PD_AUTO_JSON json_t *want = question(req);
	struct pd_err why = { 0 };
	if (token.n == 0)
		return PD_OK;
	pd_buf_init(&b, SIZE_MAX);
	/* what is no token at all is an internal error in MLflow */
	if (!pd_page_token_text(token, &b))
		return pd_fail(err, PD_INVALID, "Invalid page token: could not base64-decode");
	if (pd_json_parse(pd_buf_view(&b), &j, &why) != PD_OK || !json_is_object(j))
		return pd_fail(err, PD_INVALID, "Invalid page token: %.300s. %s",
			       pd_utf8_check(token) ? pd_req_str(req, "page_token").p : "",
			       why.text);
	PD_TRY(check_same(want, j, "experiment_ids",
			  "Experiment IDs in the page token do not match the requested experiment "
			  "IDs",
			  err));
	PD_TRY(check_same(want, j, "filter_string",
			  "Filter string in the page token does not match the requested filter "
			  "string",
			  err));
	PD_TRY(check_same(want, j, "order_by",
			  "Order by in the page token does not match the requested order by", err));
	*out_offset = json_integer_value(json_object_get(j, "offset"));
	return PD_OK;
}

/* ---------------------------------------------------------------- the filter */

/* A name alone means the dataset in every version, as for MLflow's client on the database; its
 * server asks for metrics without a digest then. */
static void put_dataset(struct pd_search_sql *q, const json_t *dataset)
{
	struct pd_str digest = pd_req_str(dataset, "dataset_digest");
	pd_sql(q, "(e.dataset_name = ");
	pd_sql_text(q, pd_req_str(dataset, "dataset_name"));
	if (digest.n) {
		pd_sql(q, " AND e.dataset_digest = ");
		pd_sql_text(q, digest);
	}
	pd_sql(q, ")");
}

static void put_datasets(struct pd_search_sql *q, const json_t *datasets)
{
	size_t i;
	const json_t *dataset;
	if (json_array_size(datasets) == 0)
		return;
	pd_sql(q, " AND (");
	json_array_foreach(datasets, i, dataset)
	{
		pd_sql(q, i ? " OR " : "");
		put_dataset(q, dataset);
	}
	pd_sql(q, ")");
}

static void put_clause(struct pd_search_sql *q, const struct pd_clause *c, const json_t *datasets)
{
	char column[64];
	const char *what = c->entity == PD_ENTITY_METRIC  ? "metric"
			   : c->entity == PD_ENTITY_PARAM ? "param"
							  : "tag";
	if (c->entity == PD_ENTITY_ATTRIBUTE) {
		/* the key is one of a fixed list of columns */
		snprintf(column, sizeof(column), "m.%.*s", PD_STR_ARG(c->key));
		pd_sql(q, " AND ");
		pd_sql_compare(q, column, c);
		return;
	}
	bool metric = c->entity == PD_ENTITY_METRIC;
	pd_sql(q,
	       " AND EXISTS (SELECT 1 FROM logged_model_%ss e WHERE e.model_id = m.model_id "
	       "AND e.%s_%s = ",
	       what, what, metric ? "name" : "key");
	pd_sql_text(q, c->key);
	snprintf(column, sizeof(column), "e.%s_value", what);
	pd_sql(q, " AND ");
	pd_sql_compare(q, column, c);
	if (metric)
		put_datasets(q, datasets);
	pd_sql(q, ")");
}

static void put_clauses(struct pd_search_sql *q, const struct pd_filter *f, const json_t *datasets)
{
	bool has_metrics = json_array_size(datasets) == 0;
	for (size_t i = 0; i < f->n; i++) {
		put_clause(q, &f->clauses[i], datasets);
		has_metrics |= f->clauses[i].entity == PD_ENTITY_METRIC;
	}
	if (has_metrics)
		return;
	pd_sql(q,
	       " AND EXISTS (SELECT 1 FROM logged_model_metrics e WHERE e.model_id = m.model_id");
	put_datasets(q, datasets);
	pd_sql(q, ")");
}

static enum pd_code check_datasets(const json_t *datasets, struct pd_err *err)
{
	size_t i;
	const json_t *dataset;
	json_array_foreach(datasets, i, dataset)
	{
		if (pd_req_str(dataset, "dataset_name").n == 0)
			return pd_fail(
				err, PD_INVALID,
				"`dataset_name` in the `datasets` clause must be specified.");
	}
	return PD_OK;
}

/* ---------------------------------------------------------------- the order */

/* The column of a name, or NULL. */
static const char *order_column(struct pd_str name)
{
	static const char *const columns[] = {
		"model_id",
		"experiment_id",
		"name",
		"artifact_location",
		"creation_timestamp_ms",
		"last_updated_timestamp_ms",
		"status",
		"lifecycle_stage",
		"model_type",
		"source_run_id",
		"status_message",
	};
	if (pd_str_eqz(name, "creation_time") || pd_str_eqz(name, "creation_timestamp"))
		return "creation_timestamp_ms";
	if (pd_str_eqz(name, "last_updated_timestamp"))
		return "last_updated_timestamp_ms";
	for (size_t i = 0; i < PD_LEN(columns); i++)
		if (pd_str_eqz(name, columns[i]))
			return columns[i];
	return NULL;
}

/* The latest value of a metric, on one dataset where that is asked for. */
static void put_metric_column(struct pd_search_sql *q, struct pd_str metric, const json_t *order)
{
	static const char *const fields[] = { "dataset_name", "dataset_digest" };
	pd_sql(q, "(SELECT e.metric_value FROM logged_model_metrics e "
		  "WHERE e.model_id = m.model_id AND e.metric_name = ");
	pd_sql_text(q, metric);
	for (size_t i = 0; i < PD_LEN(fields); i++) {
		struct pd_str value = pd_req_str(order, fields[i]);
		if (value.n == 0)
			continue;
		pd_sql(q, " AND e.%s = ", fields[i]);
		pd_sql_text(q, value);
	}
	pd_sql(q, " ORDER BY e.metric_timestamp_ms DESC, e.metric_step DESC, e.run_id LIMIT 1)");
}

static enum pd_code put_order_column(struct pd_search_sql *q, const json_t *order, size_t i,
				     struct pd_err *err)
{
	struct pd_str name = pd_req_str(order, "field_name");
	struct pd_str entity = { 0 };
	struct pd_str metric = { 0 };
	bool dotted = pd_str_split(name, '.', &entity, &metric);
	const char *column = order_column(name);
	if (dotted && !pd_str_eqz(entity, "metrics"))
		return pd_fail(err, PD_INVALID,
			       "Invalid order by field name: %.*s. Only metrics are supported.",
			       PD_STR_ARG(name));
	if (!dotted && !column)
		return pd_fail(err, PD_INVALID, "Invalid order by field name: %.*s",
			       PD_STR_ARG(name));
	pd_sql(q, ", ");
	if (dotted)
		put_metric_column(q, metric, order);
	else
		pd_sql(q, "m.%s", column);
	pd_sql(q, " AS o%zu", i);
	return PD_OK;
}

static enum pd_code put_order_columns(struct pd_search_sql *q, const json_t *order_by,
				      struct pd_err *err)
{
	size_t i;
	const json_t *order;
	if (json_array_size(order_by) > MAX_ORDERS)
		return pd_fail(err, PD_INVALID, "order_by has at most %d fields, not %zu",
			       MAX_ORDERS, json_array_size(order_by));
	json_array_foreach(order_by, i, order)
	{
		PD_TRY(put_order_column(q, order, i, err));
	}
	return PD_OK;
}

static void put_orders(struct pd_search_sql *q, const json_t *order_by)
{
	size_t i;
	const json_t *order;
	pd_sql(q, " ORDER BY ");
	json_array_foreach(order_by, i, order)
	{
		pd_sql(q, "o%zu IS NULL, o%zu%s, ", i, i,
		       pd_req_bool(order, "ascending", true) ? "" : " DESC");
	}
	/* a second mention of either column changes nothing */
	pd_sql(q, "m.creation_timestamp_ms DESC, m.model_id");
}

/* ---------------------------------------------------------------- the search */

static enum pd_code search(struct pd_local *l, const json_t *req, const struct pd_filter *filter,
			   const struct pd_page *page, json_t **out, struct pd_err *err)
{
	PD_AUTO(pd_search_sql) q = { 0 };
	PD_AUTO_JSON json_t *ids = NULL;
	PD_AUTO_JSON json_t *list = json_array();
	const json_t *order_by = json_object_get(req, "order_by");
	bool more = false;
	pd_search_sql_init(&q);
	pd_sql(&q, "SELECT " PD_LOGGED_MODEL_COLUMNS);
	PD_TRY(put_order_columns(&q, order_by, err));
	PD_TRY(pd_search_experiment_ids(json_object_get(req, "experiment_ids"), &ids, err));
	pd_sql(&q, " FROM logged_models m WHERE m.lifecycle_stage != 'deleted'");
	pd_sql_in_ids(&q, "m.experiment_id", ids);
	put_clauses(&q, filter, json_object_get(req, "datasets"));
	put_orders(&q, order_by);
	PD_TRY(pd_search_page(l, &q, page, pd_logged_model_json, list, &more, err));
	*out = json_object();
	if (json_array_size(list) > 0)
		json_object_set(*out, "models", list);
	if (more)
		json_object_set_new(*out, "next_page_token",
				    token_of(req, page->offset + page->max));
	return PD_OK;
}

enum pd_code pd_logged_models_search(struct pd_local *l, const json_t *req, json_t **out,
				     struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_filter filter = { 0 };
	struct pd_page page = { .max = pd_req_i64(req, "max_results", 50) };
	PD_TRY(check_datasets(json_object_get(req, "datasets"), err));
	PD_TRY(read_token(req, &page.offset, err));
	PD_TRY(pd_filter_parse(PD_SEARCH_LOGGED_MODELS, pd_req_str(req, "filter"), &arena, &filter,
			       err));
	if (page.max == 0)
		page.max = DEFAULT_RESULTS;
	/* MLflow takes a negative number and answers with a page that makes no sense */
	if (page.max < 0)
		return pd_fail(err, PD_INVALID,
			       "Invalid value %lld for parameter 'max_results' supplied. It must "
			       "be a positive integer",
			       (long long)page.max);
	if (l->has.logged_models)
		return search(l, req, &filter, &page, out, err);
	*out = json_object(); /* a database from before MLflow 3 has none */
	return PD_OK;
}

/*
 * The searches' table; experiments, datasets of experiments, and sampled metric histories.
 * Source: mlflow/store/tracking/sqlalchemy_store.py.
 */
#include "registry/local_search.h"

#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"
#include "registry/local_tracking.h"
#include "registry/page.h"
#include "registry/search_sql.h"
#include "schema/methods.h"

#define MAX_DATASET_EXPERIMENTS 20
#define MAX_DATASETS            1000
#define MAX_HISTORY_RUNS        100
#define MAX_HISTORY_POINTS      2500
#define API_DOCS                " See the API docs for more information about request parameters."

/* ---------------------------------------------------------------- experiments */

static enum pd_code put_experiment_id(struct pd_search_sql *q, const struct pd_clause *c,
				      struct pd_err *err)
{
	static const char *const ops[] = { [PD_OP_EQ] = "IN",
					   [PD_OP_NE] = "NOT IN",
					   [PD_OP_IN] = "IN",
					   [PD_OP_NOT_IN] = "NOT IN" };
	size_t n = c->value.kind == PD_VALUE_LIST ? c->value.n_list : 1;
	pd_sql(q, " AND experiment_id %s (", ops[c->op]);
	for (size_t i = 0; i < n; i++) {
		int64_t id = 0;
		PD_TRY(pd_parse_experiment_id(c->value.kind == PD_VALUE_LIST ? c->value.list[i]
									     : c->value.text,
					      &id, err));
		pd_sql(q, i ? ", " : "");
		pd_sql_i64(q, id);
	}
	pd_sql(q, ")");
	return PD_OK;
}

static enum pd_code put_experiment_clause(struct pd_search_sql *q, const struct pd_clause *c,
					  struct pd_err *err)
{
	bool null_check = c->op == PD_OP_IS_NULL || c->op == PD_OP_IS_NOT_NULL;
	if (c->entity == PD_ENTITY_ATTRIBUTE && pd_str_eqz(c->key, "experiment_id"))
		return put_experiment_id(q, c, err);
	if (c->entity == PD_ENTITY_ATTRIBUTE) {
		pd_sql(q, " AND ");
		pd_sql_compare(q,
			       pd_str_eqz(c->key, "name")            ? "name"
			       : pd_str_eqz(c->key, "creation_time") ? "creation_time"
								     : "last_update_time",
			       c);
		return PD_OK;
	}
	pd_sql(q,
	       " AND %s (SELECT 1 FROM experiment_tags t "
	       "WHERE t.experiment_id = experiments.experiment_id AND t.key = ",
	       c->op == PD_OP_IS_NULL ? "NOT EXISTS" : "EXISTS");
	pd_sql_text(q, c->key);
	if (!null_check) {
		pd_sql(q, " AND ");
		pd_sql_compare(q, "t.value", c);
	}
	pd_sql(q, ")");
	return PD_OK;
}

static enum pd_code put_experiment_orders(struct pd_search_sql *q, const json_t *order_by,
					  struct pd_arena *arena, struct pd_err *err)
{
	size_t i;
	const json_t *text;
	bool by_id = false;
	if (json_array_size(order_by) == 0) {
		pd_sql(q, " ORDER BY creation_time DESC, experiment_id");
		return PD_OK;
	}
	pd_sql(q, " ORDER BY ");
	json_array_foreach(order_by, i, text)
	{
		struct pd_order o = { 0 };
		PD_TRY(pd_order_parse(PD_SEARCH_EXPERIMENTS, pd_json_str(text), arena, &o, err));
		/* the key is one of a fixed list */
		pd_sql(q, "%s%.*s%s", i ? ", " : "", PD_STR_ARG(o.key),
		       o.descending ? " DESC" : "");
		by_id |= pd_str_eqz(o.key, "experiment_id");
	}
	if (!by_id)
		pd_sql(q, ", experiment_id DESC");
	return PD_OK;
}

static enum pd_code experiments_search(struct pd_local *l, const json_t *req, json_t **out,
				       struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_search_sql) q = { 0 };
	struct pd_filter filter = { 0 };
	struct pd_page page = { .max = pd_req_i64(req, "max_results", 0) };
	PD_TRY(pd_search_check_max(page.max, err));
	PD_TRY(pd_filter_parse(PD_SEARCH_EXPERIMENTS, pd_req_str(req, "filter"), &arena, &filter,
			       err));
	pd_search_sql_init(&q);
	pd_sql(&q, "SELECT " PD_EXPERIMENT_COLUMNS " FROM experiments WHERE 1");
	pd_sql_view(&q, pd_req_str(req, "view_type"));
	for (size_t i = 0; i < filter.n; i++)
		PD_TRY(put_experiment_clause(&q, &filter.clauses[i], err));
	PD_TRY(put_experiment_orders(&q, json_object_get(req, "order_by"), &arena, err));
	PD_TRY(pd_page_offset(pd_req_str(req, "page_token"), &page.offset, err));
	return pd_search_answer(l, &q, &page, pd_experiment_json, "experiments", out, err);
}

/* ---------------------------------------------------------------- datasets */

static enum pd_code dataset_json(struct pd_local *l, sqlite3_stmt *row, json_t **out,
				 struct pd_err *err)
{
	(void)l;
	(void)err;
	*out = json_object();
	pd_json_put_column(*out, "experiment_id", row, 0);
	pd_json_put_column(*out, "name", row, 1);
	pd_json_put_column(*out, "digest", row, 2);
	pd_json_put_column(*out, "context", row, 3);
	return PD_OK;
}

static enum pd_code search_datasets(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	PD_AUTO(pd_search_sql) q = { 0 };
	PD_AUTO_JSON json_t *ids = NULL;
	PD_AUTO_JSON json_t *list = json_array();
	const json_t *given = json_object_get(req, "experiment_ids");
	struct pd_page page = { .max = MAX_DATASETS };
	bool more = false;
	if (json_array_size(given) == 0)
		return pd_fail(err, PD_INVALID,
			       "SearchDatasets request must specify at least one experiment_id.");
	if (json_array_size(given) > MAX_DATASET_EXPERIMENTS)
		return pd_fail(err, PD_INVALID,
			       "SearchDatasets request cannot specify more than %d experiment_ids. "
			       "Received %zu experiment_ids.",
			       MAX_DATASET_EXPERIMENTS, json_array_size(given));
	PD_TRY(pd_search_experiment_ids(given, &ids, err));
	pd_search_sql_init(&q);
	pd_sql(&q, "SELECT DISTINCT d.experiment_id, d.name, d.digest, t.value FROM datasets d "
		   "JOIN inputs i ON i.source_id = d.dataset_uuid "
		   "LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid "
		   "AND t.name = 'mlflow.data.context' WHERE 1");
	pd_sql_in_ids(&q, "d.experiment_id", ids);
	PD_TRY(pd_search_page(l, &q, &page, dataset_json, list, &more, err));
	*out = json_object();
	if (json_array_size(list) > 0)
		json_object_set(*out, "dataset_summaries", list);
	return PD_OK;
}

/* ---------------------------------------------------------------- histories */

/* The range is always given: with it SQLite takes the index on (run_uuid, key, step), without it
 * the primary key, which begins with the key and leads through every run. */
#define POINT_FILTER  "WHERE run_uuid = ?1 AND key = ?2 AND step BETWEEN ?4 AND ?5"
#define POINT_COLUMNS "key, value, timestamp, step, is_nan"

/* The first point of each of ?3 buckets of equal size. */
static const char sample_sql[] =
	"SELECT " POINT_COLUMNS " FROM (SELECT *, row_number() OVER (PARTITION BY bucket "
	"ORDER BY step, timestamp, value, is_nan) AS nth FROM (SELECT " POINT_COLUMNS
	", ntile(?3) OVER (ORDER BY step, timestamp, value, is_nan) AS bucket FROM metrics " POINT_FILTER
	")) WHERE nth = 1 ORDER BY step, timestamp, value, is_nan";

static const char last_sql[] = "SELECT " POINT_COLUMNS " FROM metrics " POINT_FILTER
			       " AND ?3 > 0 ORDER BY step DESC, timestamp DESC, value DESC, "
			       "is_nan DESC LIMIT 1";

struct sample {
	struct pd_str run_id;
	struct pd_str key;
	int64_t max;
	bool in_range;
	int64_t first_step;
	int64_t last_step;
};

static enum pd_code append_points(struct pd_local *l, const char *sql, const struct sample *s,
				  json_t *list, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db, sql, &q, err));
	pd_bind_str(q, 1, s->run_id);
	pd_bind_str(q, 2, s->key);
	sqlite3_bind_int64(q, 3, s->max);
	sqlite3_bind_int64(q, 4, s->in_range ? s->first_step : INT64_MIN);
	sqlite3_bind_int64(q, 5, s->in_range ? s->last_step : INT64_MAX);
	for (bool row = true;;) {
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			return PD_OK;
		json_t *point = pd_metric_json(q);
		pd_json_put_str(point, "run_id", s->run_id);
		json_array_append_new(list, point);
	}
}

/* Evenly spread points of one run; the last one is always among them. */
static enum pd_code sample_run(struct pd_local *l, const struct sample *s, json_t *list,
			       struct pd_err *err)
{
	PD_AUTO_JSON json_t *points = json_array();
	PD_AUTO_JSON json_t *last = json_array();
	PD_TRY(append_points(l, sample_sql, s, points, err));
	PD_TRY(append_points(l, last_sql, s, last, err));
	size_t n = json_array_size(points);
	const json_t *end = n ? json_array_get(points, n - 1) : NULL;
	if (json_array_size(last) > 0 && !json_equal(end, json_array_get(last, 0))) {
		if ((int64_t)n >= s->max)
			json_array_remove(points, n - 1);
		json_array_extend(points, last);
	}
	json_array_extend(list, points);
	return PD_OK;
}

static enum pd_code read_sample(const json_t *req, struct sample *s, struct pd_err *err)
{
	size_t n_runs = json_array_size(json_object_get(req, "run_ids"));
	bool first = pd_req_has(req, "start_step");
	bool last = pd_req_has(req, "end_step");
	*s = (struct sample){
		.key = pd_req_str(req, "metric_key"),
		.max = pd_req_i64(req, "max_results", MAX_HISTORY_POINTS),
		.in_range = first && last,
		.first_step = pd_req_i64(req, "start_step", 0),
		.last_step = pd_req_i64(req, "end_step", 0),
	};
	if (n_runs > MAX_HISTORY_RUNS)
		return pd_fail(err, PD_INVALID,
			       "GetMetricHistoryBulkInterval request must specify at most %d "
			       "run_ids. Received %zu run_ids." API_DOCS,
			       MAX_HISTORY_RUNS, n_runs);
	if (s->max < 1 || s->max > MAX_HISTORY_POINTS)
		return pd_fail(err, PD_INVALID, "max_results must be between 1 and %d." API_DOCS,
			       MAX_HISTORY_POINTS);
	if (first != last)
		return pd_fail(err, PD_INVALID,
			       "If either start step or end step are specified, both must be "
			       "specified.");
	if (s->in_range && s->first_step > s->last_step)
		return pd_fail(
			err, PD_INVALID,
			"end_step must be greater than start_step. Found start_step=%lld and "
			"end_step=%lld.",
			(long long)s->first_step, (long long)s->last_step);
	return PD_OK;
}

static enum pd_code history_bulk_interval(struct pd_local *l, const json_t *req, json_t **out,
					  struct pd_err *err)
{
	PD_AUTO_JSON json_t *list = json_array();
	struct sample s;
	size_t i;
	const json_t *run_id;
	PD_TRY(read_sample(req, &s, err));
	json_array_foreach(json_object_get(req, "run_ids"), i, run_id)
	{
		s.run_id = pd_json_str(run_id);
		PD_TRY(sample_run(l, &s, list, err));
	}
	*out = json_object();
	if (json_array_size(list) > 0)
		json_object_set(*out, "metrics", list);
	return PD_OK;
}

const struct pd_local_method pd_local_search[] = {
	{ NULL, "experiments/search", experiments_search },
	{ NULL, "experiments/search-datasets", search_datasets },
	{ NULL, "runs/search", pd_runs_search },
	{ NULL, "registered-models/search", pd_models_search },
	{ NULL, "model-versions/search", pd_versions_search },
	{ NULL, "logged-models/search", pd_logged_models_search },
	{ NULL, "metrics/get-history-bulk-interval", history_bulk_interval },
	{ NULL, NULL, NULL },
};

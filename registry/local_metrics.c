/*
 * Metrics: every value in `metrics`, the most recent one of each key in `latest_metrics`.
 * Most recent is the largest (step, timestamp, value); a value logged again is one value.
 * Source: mlflow/store/tracking/sqlalchemy_store.py (_log_metrics_once,
 * _update_latest_metrics_if_necessary), mlflow/utils/validation.py (_validate_metric).
 */
#include "registry/local_tracking.h"

#include <math.h>

#include "base/auto.h"
#include "base/num.h"
#include "registry/check.h"
#include "registry/page.h"
#include "schema/methods.h"

double pd_metric_stored(double v, bool *out_is_nan)
{
	*out_is_nan = isnan(v);
	if (isnan(v))
		return 0;
	if (isinf(v))
		return v > 0 ? 1.7976931348623157e308 : -1.7976931348623157e308;
	return v;
}

json_t *pd_metric_json(sqlite3_stmt *q)
{
	json_t *o = json_object();
	pd_json_put_column(o, "key", q, 0);
	pd_json_put_double(o, "value",
			   sqlite3_column_int(q, 4) ? NAN : sqlite3_column_double(q, 1));
	pd_json_put_i64_column(o, "timestamp", q, 2);
	pd_json_put_i64_column(o, "step", q, 3);
	return o;
}

/* ---------------------------------------------------------------- checking */

static enum pd_code bad_timestamp(const json_t *metric, const char *path, int64_t timestamp,
				  struct pd_err *err)
{
	char value[PD_NUM_F64_MAX];
	pd_f64_format(pd_req_double(metric, "value"), value);
	/* the space at the end is MLflow's */
	return pd_fail(err, PD_INVALID,
		       "Invalid value %lld for parameter '%s%stimestamp' supplied: metric '%.*s' "
		       "(value=%s). Timestamp must be a nonnegative long (64-bit integer) ",
		       (long long)timestamp, path, *path ? "." : "",
		       PD_STR_ARG(pd_req_str(metric, "key")), value);
}

enum pd_code pd_metric_check(const json_t *metric, const char *path, struct pd_err *err)
{
	char where[64];
	struct pd_str key = pd_req_str(metric, "key");
	int64_t timestamp = pd_req_i64(metric, "timestamp", 0);
	snprintf(where, sizeof(where), "%s%sname", path, *path ? "." : "");
	PD_TRY(pd_check_key(key, where, err));
	if (timestamp < 0)
		return bad_timestamp(metric, path, timestamp, err);
	return pd_check_length("Metric name", PD_MAX_KEY_CHARS, key, err);
}

/* ---------------------------------------------------------------- writing */

struct value {
	struct pd_str run_id;
	struct pd_str key;
	double number;
	bool is_nan;
	int64_t timestamp;
	int64_t step;
};

static void bind_value(sqlite3_stmt *q, const struct value *v)
{
	pd_bind_str(q, 1, v->key);
	sqlite3_bind_double(q, 2, v->number);
	sqlite3_bind_int64(q, 3, v->timestamp);
	pd_bind_str(q, 4, v->run_id);
	sqlite3_bind_int64(q, 5, v->step);
	sqlite3_bind_int(q, 6, v->is_nan);
}

static enum pd_code put_value(struct pd_local *l, const struct value *v, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) "
			   "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			   &q, err));
	bind_value(q, v);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, "
			   "is_nan) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key, run_uuid) DO "
			   "UPDATE SET value = excluded.value, timestamp = excluded.timestamp, "
			   "step = excluded.step, is_nan = excluded.is_nan "
			   "WHERE (excluded.step, excluded.timestamp, excluded.value) > "
			   "(step, timestamp, value)",
			   &q, err));
	bind_value(q, v);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code put_model_value(struct pd_local *l, const struct value *v,
				    int64_t experiment_id, const json_t *metric, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	struct pd_str model_id = pd_req_str(metric, "model_id");
	if (!l->has.logged_models)
		return pd_fail(err, PD_UNSUPPORTED,
			       "%s: its revision has no logged models (they came with MLflow 3)",
			       l->db.path);
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO logged_model_metrics (metric_name, metric_value, "
			   "metric_timestamp_ms, run_id, metric_step, model_id, experiment_id, "
			   "dataset_name, dataset_digest) VALUES (?1, ?2, ?3, ?4, ?5, ?7, ?8, ?9, "
			   "?10) ON CONFLICT DO NOTHING",
			   &q, err));
	struct pd_str name = pd_req_str(metric, "dataset_name");
	struct pd_str digest = pd_req_str(metric, "dataset_digest");
	bind_value(q, v);
	pd_bind_str(q, 7, model_id);
	sqlite3_bind_int64(q, 8, experiment_id);
	pd_bind_str(q, 9, name.n > 0 ? name : (struct pd_str){ 0 });
	pd_bind_str(q, 10, digest.n > 0 ? digest : (struct pd_str){ 0 });
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_CONFLICT)
		return pd_fail(err, PD_BAD_REQUEST, "Logged model with ID '%.*s' not found.",
			       PD_STR_ARG(model_id));
	return code;
}

enum pd_code pd_metric_put(struct pd_local *l, struct pd_str run_id, int64_t experiment_id,
			   const json_t *metric, struct pd_err *err)
{
	struct value v = {
		.run_id = run_id,
		.key = pd_req_str(metric, "key"),
		.timestamp = pd_req_i64(metric, "timestamp", 0),
		.step = pd_req_i64(metric, "step", 0),
	};
	v.number = pd_metric_stored(pd_req_double(metric, "value"), &v.is_nan);
	if (pd_req_str(metric, "model_id").n > 0)
		PD_TRY(put_model_value(l, &v, experiment_id, metric, err));
	return put_value(l, &v, err);
}

static enum pd_code runs_log_metric(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	int64_t experiment_id = 0;
	struct pd_str run_id = pd_req_run_id(req);
	bool of_model = pd_req_str(req, "model_id").n > 0;
	/* with a model, MLflow looks at the run first */
	if (!of_model)
		PD_TRY(pd_metric_check(req, "", err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, &experiment_id, err));
	if (of_model)
		PD_TRY(pd_metric_check(req, "", err));
	PD_TRY(pd_metric_put(l, run_id, experiment_id, req, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

/* ---------------------------------------------------------------- history */

/* Up to max rows into `list`; *out_more: there are further ones. max < 0: all. */
static enum pd_code read_history(struct pd_local *l, sqlite3_stmt *q, int64_t max, json_t *list,
				 bool *out_more, struct pd_err *err)
{
	*out_more = false;
	for (int64_t n = 0;; n++) {
		bool row = false;
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			return PD_OK;
		if (max >= 0 && n == max) {
			*out_more = true;
			sqlite3_reset(q);
			return PD_OK;
		}
		json_array_append_new(list, pd_metric_json(q));
	}
}

static enum pd_code metrics_get_history(struct pd_local *l, const json_t *req, json_t **out,
					struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t offset = 0;
	bool more = false;
	int64_t max = pd_req_has(req, "max_results") ? pd_req_i64(req, "max_results", 0) : -1;
	if (pd_req_has(req, "max_results") && max <= 0)
		return pd_fail(err, PD_INVALID,
			       "Invalid value %lld for parameter 'max_results' supplied. It must "
			       "be a positive integer.",
			       (long long)max);
	PD_TRY(pd_page_offset(pd_req_str(req, "page_token"), &offset, err));
	/* the range of all steps makes SQLite take the index on (run_uuid, key, step); else it takes
	 * the primary key, which begins with the key and leads through every run */
	PD_TRY(pd_db_query(&l->db,
			   "SELECT key, value, timestamp, step, is_nan FROM metrics "
			   "WHERE run_uuid = ? AND key = ? "
			   "AND step BETWEEN -9223372036854775808 AND 9223372036854775807 "
			   "ORDER BY timestamp, step, value LIMIT -1 OFFSET ?",
			   &q, err));
	pd_bind_str(q, 1, pd_req_run_id(req));
	pd_bind_str(q, 2, pd_req_str(req, "metric_key"));
	sqlite3_bind_int64(q, 3, offset);
	PD_AUTO_JSON json_t *answer = json_object();
	json_t *list = json_array();
	PD_AUTO_JSON json_t *hold = list;
	PD_TRY(read_history(l, q, max, list, &more, err));
	if (json_array_size(list) > 0)
		json_object_set(answer, "metrics", list);
	if (more)
		json_object_set_new(answer, "next_page_token", pd_page_token(offset + max));
	*out = PD_TAKE(answer);
	return PD_OK;
}

const struct pd_local_method pd_local_metrics[] = {
	{ NULL, "runs/log-metric", runs_log_metric },
	{ NULL, "metrics/get-history", metrics_get_history },
	{ NULL, NULL, NULL },
};

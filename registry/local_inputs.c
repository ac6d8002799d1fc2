/*
 * What went into a run and came out of it: datasets and models, edges in the table `inputs`.
 *
 *   source_type  source_id     destination_type  destination_id
 *   DATASET      dataset uuid  RUN               run id
 *   RUN_INPUT    run id        MODEL_INPUT       model id
 *   RUN_OUTPUT   run id        MODEL_OUTPUT      model id          (with step)
 *
 * Source: mlflow/store/tracking/sqlalchemy_store.py (_log_inputs_impl, log_outputs).
 */
#include "registry/local_tracking.h"

#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"
#include "schema/methods.h"

#define MAX_DATASET_NAME    500
#define MAX_DATASET_DIGEST  36
#define MAX_DATASET_SOURCE  65535
#define MAX_DATASET_SCHEMA  1048575
#define MAX_DATASET_PROFILE 16777215
#define MAX_INPUT_TAG_KEY   255
#define MAX_INPUT_TAG_VALUE 500

static struct pd_str text_of(const json_t *o, const char *key)
{
	struct pd_str s = pd_req_str(o, key);
	return s.p ? s : PD_STR("");
}

/* ---------------------------------------------------------------- reading */

static enum pd_code dataset_tags(struct pd_local *l, struct pd_str input_uuid, json_t *input,
				 struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	json_t *tags = json_array();
	PD_AUTO_JSON json_t *hold = tags;
	PD_TRY(pd_db_query(&l->db, "SELECT name, value FROM input_tags WHERE input_uuid = ?", &q,
			   err));
	pd_bind_str(q, 1, input_uuid);
	PD_TRY(pd_local_pairs(l, q, tags, err));
	if (json_array_size(tags) > 0)
		json_object_set(input, "tags", tags);
	return PD_OK;
}

static enum pd_code dataset_input(struct pd_local *l, sqlite3_stmt *q, json_t *list,
				  struct pd_err *err)
{
	json_t *input = json_object();
	json_t *dataset = json_object();
	json_array_append_new(list, input);
	json_object_set_new(input, "dataset", dataset);
	pd_json_put_column(dataset, "name", q, 1);
	pd_json_put_column(dataset, "digest", q, 2);
	pd_json_put_column(dataset, "source_type", q, 3);
	pd_json_put_column(dataset, "source", q, 4);
	if (sqlite3_column_bytes(q, 5) > 0)
		pd_json_put_column(dataset, "schema", q, 5);
	if (sqlite3_column_bytes(q, 6) > 0)
		pd_json_put_column(dataset, "profile", q, 6);
	return dataset_tags(l, pd_column_str(q, 0), input, err);
}

static enum pd_code dataset_inputs(struct pd_local *l, struct pd_str run_id, json_t *list,
				   struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   "SELECT i.input_uuid, d.name, d.digest, d.dataset_source_type, "
			   "d.dataset_source, d.dataset_schema, d.dataset_profile "
			   "FROM inputs i JOIN datasets d ON i.source_id = d.dataset_uuid "
			   "WHERE i.destination_type = 'RUN' AND i.destination_id = ? "
			   "AND i.source_type = 'DATASET' ORDER BY i.rowid",
			   &q, err));
	pd_bind_str(q, 1, run_id);
	for (;;) {
		bool row = false;
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			return PD_OK;
		enum pd_code code = dataset_input(l, q, list, err);
		if (code != PD_OK) {
			sqlite3_reset(q);
			return code;
		}
	}
}

static enum pd_code model_edges(struct pd_local *l, const char *sql, struct pd_str run_id,
				bool with_step, json_t *list, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db, sql, &q, err));
	pd_bind_str(q, 1, run_id);
	for (;;) {
		bool row = false;
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			return PD_OK;
		json_t *edge = json_object();
		pd_json_put_column(edge, "model_id", q, 0);
		if (with_step)
			pd_json_put_i64_column(edge, "step", q, 1);
		json_array_append_new(list, edge);
	}
}

static enum pd_code outputs(struct pd_local *l, struct pd_str run_id, json_t *list,
			    struct pd_err *err)
{
	if (!l->has.inputs_step)
		return PD_OK;
	return model_edges(l,
			   "SELECT destination_id, step FROM inputs "
			   "WHERE source_type = 'RUN_OUTPUT' AND source_id = ? "
			   "AND destination_type = 'MODEL_OUTPUT' ORDER BY rowid",
			   run_id, true, list, err);
}

enum pd_code pd_run_inputs_json(struct pd_local *l, struct pd_str run_id, json_t *run,
				struct pd_err *err)
{
	json_t *in = json_object();
	json_t *out = json_object();
	json_object_set_new(run, "inputs", in);
	json_object_set_new(run, "outputs", out);
	PD_AUTO_JSON json_t *datasets = json_array();
	PD_AUTO_JSON json_t *models_in = json_array();
	PD_AUTO_JSON json_t *models_out = json_array();
	PD_TRY(dataset_inputs(l, run_id, datasets, err));
	PD_TRY(model_edges(l,
			   "SELECT destination_id FROM inputs WHERE source_type = 'RUN_INPUT' "
			   "AND source_id = ? AND destination_type = 'MODEL_INPUT' "
			   "ORDER BY rowid",
			   run_id, false, models_in, err));
	PD_TRY(outputs(l, run_id, models_out, err));
	if (json_array_size(datasets) > 0)
		json_object_set(in, "dataset_inputs", datasets);
	if (json_array_size(models_in) > 0)
		json_object_set(in, "model_inputs", models_in);
	if (json_array_size(models_out) > 0)
		json_object_set(out, "model_outputs", models_out);
	return PD_OK;
}

/* ---------------------------------------------------------------- checking */

static enum pd_code check_dataset(const json_t *input, struct pd_err *err)
{
	size_t i;
	const json_t *tag;
	const json_t *d = json_object_get(input, "dataset");
	PD_TRY(pd_check_length("name", MAX_DATASET_NAME, text_of(d, "name"), err));
	PD_TRY(pd_check_length("digest", MAX_DATASET_DIGEST, text_of(d, "digest"), err));
	PD_TRY(pd_check_length("source", MAX_DATASET_SOURCE, text_of(d, "source"), err));
	PD_TRY(pd_check_length("schema", MAX_DATASET_SCHEMA, text_of(d, "schema"), err));
	PD_TRY(pd_check_length("profile", MAX_DATASET_PROFILE, text_of(d, "profile"), err));
	json_array_foreach(json_object_get(input, "tags"), i, tag)
	{
		PD_TRY(pd_check_length("key", MAX_INPUT_TAG_KEY, text_of(tag, "key"), err));
		PD_TRY(pd_check_length("value", MAX_INPUT_TAG_VALUE, text_of(tag, "value"), err));
	}
	return PD_OK;
}

/* ---------------------------------------------------------------- writing */

/* A dataset is one per experiment, name and digest: the uuid of the one there, or a new one. */
static enum pd_code dataset_uuid(struct pd_local *l, int64_t experiment_id, const json_t *d,
				 char out[37], struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	bool row = false;
	pd_uuid_hex(out);
	PD_TRY(pd_db_query(&l->db,
			   "SELECT dataset_uuid FROM datasets "
			   "WHERE experiment_id = ? AND name = ? AND digest = ?",
			   &q, err));
	sqlite3_bind_int64(q, 1, experiment_id);
	pd_bind_str(q, 2, text_of(d, "name"));
	pd_bind_str(q, 3, text_of(d, "digest"));
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	if (row) {
		snprintf(out, 37, "%.*s", PD_STR_ARG(pd_column_str(q, 0)));
		sqlite3_reset(q);
		return PD_OK;
	}
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, "
			   "dataset_source_type, dataset_source, dataset_schema, dataset_profile) "
			   "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			   &q, err));
	pd_bind_z(q, 1, out);
	sqlite3_bind_int64(q, 2, experiment_id);
	pd_bind_str(q, 3, text_of(d, "name"));
	pd_bind_str(q, 4, text_of(d, "digest"));
	pd_bind_str(q, 5, text_of(d, "source_type"));
	pd_bind_str(q, 6, text_of(d, "source"));
	pd_bind_str(q, 7, pd_req_str(d, "schema"));
	pd_bind_str(q, 8, pd_req_str(d, "profile"));
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code put_input_tags(struct pd_local *l, const char *input_uuid, const json_t *tags,
				   struct pd_err *err)
{
	size_t i;
	const json_t *tag;
	json_array_foreach(tags, i, tag)
	{
		sqlite3_stmt *q = NULL;
		PD_TRY(pd_db_query(&l->db,
				   "INSERT INTO input_tags (input_uuid, name, value) "
				   "VALUES (?, ?, ?)",
				   &q, err));
		pd_bind_z(q, 1, input_uuid);
		pd_bind_str(q, 2, text_of(tag, "key"));
		pd_bind_str(q, 3, text_of(tag, "value"));
		enum pd_code code = pd_db_exec(&l->db, q, err);
		if (code == PD_EXISTS) /* MLflow's answer, with SQLAlchemy's text */
			return pd_fail(err, PD_BAD_REQUEST, "Dataset tag '%.*s' is given twice",
				       PD_STR_ARG(text_of(tag, "key")));
		PD_TRY(code);
	}
	return PD_OK;
}

static enum pd_code put_dataset(struct pd_local *l, struct pd_str run_id, int64_t experiment_id,
				const json_t *input, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	char source[37];
	char input_uuid[33];
	PD_TRY(dataset_uuid(l, experiment_id, json_object_get(input, "dataset"), source, err));
	pd_uuid_hex(input_uuid);
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO inputs (input_uuid, source_type, source_id, "
			   "destination_type, destination_id) VALUES (?, 'DATASET', ?, 'RUN', ?) "
			   "ON CONFLICT DO NOTHING",
			   &q, err));
	pd_bind_z(q, 1, input_uuid);
	pd_bind_z(q, 2, source);
	pd_bind_str(q, 3, run_id);
	PD_TRY(pd_db_exec(&l->db, q, err));
	if (sqlite3_changes(l->db.conn) == 0)
		return PD_OK; /* it is there already, with the tags of then */
	return put_input_tags(l, input_uuid, json_object_get(input, "tags"), err);
}

static enum pd_code put_model_input(struct pd_local *l, struct pd_str run_id, const json_t *model,
				    struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	char uuid[33];
	pd_uuid_hex(uuid);
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO inputs (input_uuid, source_type, source_id, "
			   "destination_type, destination_id) "
			   "VALUES (?, 'RUN_INPUT', ?, 'MODEL_INPUT', ?) "
			   "ON CONFLICT DO UPDATE SET input_uuid = excluded.input_uuid",
			   &q, err));
	pd_bind_z(q, 1, uuid);
	pd_bind_str(q, 2, run_id);
	pd_bind_str(q, 3, text_of(model, "model_id"));
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code runs_log_inputs(struct pd_local *l, const json_t *req, json_t **out,
				    struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	size_t i;
	const json_t *item;
	int64_t experiment_id = 0;
	struct pd_str run_id = pd_req_str(req, "run_id");
	PD_TRY(pd_check_run_id(run_id, err));
	json_array_foreach(json_object_get(req, "datasets"), i, item)
		PD_TRY(check_dataset(item, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, &experiment_id, err));
	json_array_foreach(json_object_get(req, "datasets"), i, item)
		PD_TRY(put_dataset(l, run_id, experiment_id, item, err));
	json_array_foreach(json_object_get(req, "models"), i, item)
		PD_TRY(put_model_input(l, run_id, item, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code put_output(struct pd_local *l, struct pd_str run_id, const json_t *model,
			       struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	char uuid[33];
	struct pd_str model_id = text_of(model, "model_id");
	pd_uuid_hex(uuid);
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO inputs (input_uuid, source_type, source_id, "
			   "destination_type, destination_id, step) "
			   "VALUES (?, 'RUN_OUTPUT', ?, 'MODEL_OUTPUT', ?, ?)",
			   &q, err));
	pd_bind_z(q, 1, uuid);
	pd_bind_str(q, 2, run_id);
	pd_bind_str(q, 3, model_id);
	sqlite3_bind_int64(q, 4, pd_req_i64(model, "step", 0));
	enum pd_code code = pd_db_exec(&l->db, q, err);
	if (code == PD_EXISTS) /* MLflow's answer, with SQLAlchemy's text */
		return pd_fail(err, PD_BAD_REQUEST, "Model %.*s is an output of run %.*s already",
			       PD_STR_ARG(model_id), PD_STR_ARG(run_id));
	return code;
}

static enum pd_code runs_outputs(struct pd_local *l, const json_t *req, json_t **out,
				 struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	size_t i;
	const json_t *item;
	struct pd_str run_id = pd_req_str(req, "run_id");
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_run_check_active(l, run_id, NULL, err));
	if (!l->has.inputs_step)
		return pd_fail(err, PD_UNSUPPORTED,
			       "%s: its revision has no model outputs (they came with MLflow 3)",
			       l->db.path);
	json_array_foreach(json_object_get(req, "models"), i, item)
		PD_TRY(put_output(l, run_id, item, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

const struct pd_local_method pd_local_inputs[] = {
	{ NULL, "runs/log-inputs", runs_log_inputs },
	{ NULL, "runs/outputs", runs_outputs },
	{ NULL, NULL, NULL },
};

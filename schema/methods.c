#include "schema/methods.h"

#define PD_FIELDS_END                                                                              \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* ---------------------------------------------------------------- enums */

static const struct pd_enum_name run_status[] = {
	{ "RUNNING", 1 }, { "SCHEDULED", 2 }, { "FINISHED", 3 },
	{ "FAILED", 4 },  { "KILLED", 5 },    { NULL, 0 },
};

static const struct pd_enum_name view_type[] = {
	{ "ACTIVE_ONLY", 1 },
	{ "DELETED_ONLY", 2 },
	{ "ALL", 3 },
	{ NULL, 0 },
};

static const struct pd_enum_name logged_model_status[] = {
	{ "LOGGED_MODEL_STATUS_UNSPECIFIED", 0 },
	{ "LOGGED_MODEL_PENDING", 1 },
	{ "LOGGED_MODEL_READY", 2 },
	{ "LOGGED_MODEL_UPLOAD_FAILED", 3 },
	{ NULL, 0 },
};

/* ---------------------------------------------------------------- messages inside requests */

static const struct pd_field key_value[] = {
	{ "key", PD_FIELD_STRING, .checks = "r" },
	{ "value", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field metric[] = {
	{ "key", PD_FIELD_STRING, .checks = "r" },
	{ "value", PD_FIELD_DOUBLE, .checks = "r" },
	{ "timestamp", PD_FIELD_INT64, .checks = "r" },
	{ "step", PD_FIELD_INT64, .checks = NULL },
	{ "dataset_name", PD_FIELD_STRING, .checks = NULL },
	{ "dataset_digest", PD_FIELD_STRING, .checks = NULL },
	{ "model_id", PD_FIELD_STRING, .checks = NULL },
	{ "run_id", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field dataset[] = {
	{ "name", PD_FIELD_STRING, .checks = NULL },
	{ "digest", PD_FIELD_STRING, .checks = NULL },
	{ "source_type", PD_FIELD_STRING, .checks = NULL },
	{ "source", PD_FIELD_STRING, .checks = NULL },
	{ "schema", PD_FIELD_STRING, .checks = NULL },
	{ "profile", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field dataset_input[] = {
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true },
	{ "dataset", PD_FIELD_MESSAGE, .fields = dataset },
	PD_FIELDS_END,
};

static const struct pd_field model_input[] = {
	{ "model_id", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field model_output[] = {
	{ "model_id", PD_FIELD_STRING, .checks = NULL },
	{ "step", PD_FIELD_INT64, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field model_dataset[] = {
	{ "dataset_name", PD_FIELD_STRING, .checks = NULL },
	{ "dataset_digest", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field model_order[] = {
	{ "field_name", PD_FIELD_STRING, .checks = NULL },
	{ "ascending", PD_FIELD_BOOL, .def = 1 },
	{ "dataset_name", PD_FIELD_STRING, .checks = NULL },
	{ "dataset_digest", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

/* ---------------------------------------------------------------- requests */

static const struct pd_field experiments_get_by_name[] = {
	{ "experiment_name", PD_FIELD_STRING, .checks = "rs" },
	PD_FIELDS_END,
};

static const struct pd_field experiments_create[] = {
	{ "name", PD_FIELD_STRING, .checks = "rs" },
	{ "artifact_location", PD_FIELD_STRING, .checks = "s" },
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "a" },
	PD_FIELDS_END,
};

static const struct pd_field experiments_search[] = {
	{ "view_type", PD_FIELD_ENUM, .names = view_type, .checks = "i" },
	{ "max_results", PD_FIELD_INT64, .checks = "i" },
	{ "order_by", PD_FIELD_STRING, .repeated = true, .checks = "a" },
	{ "filter", PD_FIELD_STRING, .checks = "s" },
	{ "page_token", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field experiment_id[] = {
	{ "experiment_id", PD_FIELD_STRING, .checks = "rs" },
	PD_FIELDS_END,
};

static const struct pd_field experiments_update[] = {
	{ "experiment_id", PD_FIELD_STRING, .checks = "rs" },
	{ "new_name", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field runs_create[] = {
	{ "experiment_id", PD_FIELD_STRING, .checks = "s" },
	{ "start_time", PD_FIELD_INT64, .checks = "i" },
	{ "run_name", PD_FIELD_STRING, .checks = "s" },
	{ "user_id", PD_FIELD_STRING, .checks = NULL },
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true },
	PD_FIELDS_END,
};

static const struct pd_field runs_update[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "end_time", PD_FIELD_INT64, .checks = "i" },
	{ "status", PD_FIELD_ENUM, .names = run_status, .checks = "s" },
	{ "run_name", PD_FIELD_STRING, .checks = "s" },
	{ "run_uuid", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field run_id[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	PD_FIELDS_END,
};

static const struct pd_field runs_log_metric[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "key", PD_FIELD_STRING, .checks = "rs" },
	{ "value", PD_FIELD_DOUBLE, .checks = "rf" },
	{ "timestamp", PD_FIELD_INT64, .checks = "ir" },
	{ "step", PD_FIELD_INT64, .checks = "i" },
	{ "model_id", PD_FIELD_STRING, .checks = "s" },
	{ "dataset_name", PD_FIELD_STRING, .checks = "s" },
	{ "dataset_digest", PD_FIELD_STRING, .checks = "s" },
	{ "run_uuid", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field runs_log_parameter[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "key", PD_FIELD_STRING, .checks = "rs" },
	{ "value", PD_FIELD_STRING, .checks = "s" },
	{ "run_uuid", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field experiments_set_experiment_tag[] = {
	{ "experiment_id", PD_FIELD_STRING, .checks = "rs" },
	{ "key", PD_FIELD_STRING, .checks = "rs" },
	{ "value", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field experiments_delete_experiment_tag[] = {
	{ "experiment_id", PD_FIELD_STRING, .checks = "rs" },
	{ "key", PD_FIELD_STRING, .checks = "rs" },
	PD_FIELDS_END,
};

static const struct pd_field runs_set_tag[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "key", PD_FIELD_STRING, .checks = "rs" },
	{ "value", PD_FIELD_STRING, .checks = "s" },
	{ "run_uuid", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field runs_delete_tag[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "key", PD_FIELD_STRING, .checks = "rs" },
	PD_FIELDS_END,
};

static const struct pd_field runs_get[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "run_uuid", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field runs_search[] = {
	{ "experiment_ids", PD_FIELD_STRING, .repeated = true, .checks = "a" },
	{ "filter", PD_FIELD_STRING, .checks = "s" },
	{ "max_results", PD_FIELD_INT32, .checks = "im", .def = 1000, .max = 50000 },
	{ "order_by", PD_FIELD_STRING, .repeated = true, .checks = "at" },
	{ "run_view_type", PD_FIELD_ENUM, .names = view_type },
	{ "page_token", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field artifacts_list[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "sr" },
	{ "path", PD_FIELD_STRING, .checks = "s" },
	{ "page_token", PD_FIELD_STRING, .checks = "s" },
	{ "run_uuid", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field metrics_get_history[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "sr" },
	{ "metric_key", PD_FIELD_STRING, .checks = "sr" },
	{ "page_token", PD_FIELD_STRING, .checks = "s" },
	{ "run_uuid", PD_FIELD_STRING, .checks = NULL },
	{ "max_results", PD_FIELD_INT32, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field metrics_get_history_bulk_interval[] = {
	{ "run_ids", PD_FIELD_STRING, .repeated = true, .checks = "rat" },
	{ "metric_key", PD_FIELD_STRING, .checks = "rs" },
	{ "start_step", PD_FIELD_INT32, .checks = "i" },
	{ "end_step", PD_FIELD_INT32, .checks = "i" },
	{ "max_results", PD_FIELD_INT32, .checks = "i" },
	PD_FIELDS_END,
};

static const struct pd_field runs_log_batch[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "sr" },
	{ "metrics", PD_FIELD_MESSAGE, .fields = metric, .repeated = true, .checks = "ak" },
	{ "params", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "ak" },
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "ak" },
	PD_FIELDS_END,
};

static const struct pd_field runs_log_model[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "sr" },
	{ "model_json", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field runs_log_inputs[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "datasets", PD_FIELD_MESSAGE, .fields = dataset_input, .repeated = true, .checks = "a" },
	{ "models", PD_FIELD_MESSAGE, .fields = model_input, .repeated = true, .checks = "a" },
	PD_FIELDS_END,
};

static const struct pd_field runs_outputs[] = {
	{ "run_id", PD_FIELD_STRING, .checks = "rs" },
	{ "models", PD_FIELD_MESSAGE, .fields = model_output, .repeated = true, .checks = "ra" },
	PD_FIELDS_END,
};

static const struct pd_field experiments_search_datasets[] = {
	{ "experiment_ids", PD_FIELD_STRING, .repeated = true },
	PD_FIELDS_END,
};

static const struct pd_field logged_models_create[] = {
	{ "experiment_id", PD_FIELD_STRING, .checks = "sr" },
	{ "name", PD_FIELD_STRING, .checks = "s" },
	{ "model_type", PD_FIELD_STRING, .checks = "s" },
	{ "source_run_id", PD_FIELD_STRING, .checks = "s" },
	{ "params", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "a" },
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "a" },
	PD_FIELDS_END,
};

static const struct pd_field logged_models_finalize[] = {
	{ "model_id", PD_FIELD_STRING, .checks = "sr" },
	{ "status", PD_FIELD_ENUM, .names = logged_model_status, .checks = "ir" },
	PD_FIELDS_END,
};

static const struct pd_field model_id[] = {
	{ "model_id", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field logged_models_search[] = {
	{ "experiment_ids", PD_FIELD_STRING, .repeated = true, .checks = "atr" },
	{ "filter", PD_FIELD_STRING, .checks = "s" },
	{ "datasets", PD_FIELD_MESSAGE, .fields = model_dataset, .repeated = true, .checks = "a" },
	{ "max_results", PD_FIELD_INT32, .checks = "i", .def = 50 },
	{ "order_by", PD_FIELD_MESSAGE, .fields = model_order, .repeated = true, .checks = "a" },
	{ "page_token", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field logged_models_set_tags[] = {
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "a" },
	{ "model_id", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field logged_models_delete_tag[] = {
	{ "model_id", PD_FIELD_STRING, .checks = NULL },
	{ "tag_key", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field logged_models_list_artifacts[] = {
	{ "artifact_directory_path", PD_FIELD_STRING, .checks = "s" },
	{ "model_id", PD_FIELD_STRING, .checks = NULL },
	{ "page_token", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field logged_models_log_params[] = {
	{ "model_id", PD_FIELD_STRING, .checks = "sr" },
	{ "params", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "a" },
	PD_FIELDS_END,
};

static const struct pd_field registered_models_create[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "a" },
	{ "description", PD_FIELD_STRING, .checks = "s" },
	{ "deployment_job_id", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field registered_models_rename[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "new_name", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field registered_models_update[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "description", PD_FIELD_STRING, .checks = "s" },
	{ "deployment_job_id", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field model_name[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field registered_models_search[] = {
	{ "filter", PD_FIELD_STRING, .checks = "s" },
	{ "max_results", PD_FIELD_INT64, .checks = "im", .def = 100, .max = 1000 },
	{ "order_by", PD_FIELD_STRING, .repeated = true, .checks = "at" },
	{ "page_token", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field registered_models_get_latest_versions[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "stages", PD_FIELD_STRING, .repeated = true, .checks = "at" },
	PD_FIELDS_END,
};

static const struct pd_field model_versions_create[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "source", PD_FIELD_STRING, .checks = "sr" },
	{ "run_id", PD_FIELD_STRING, .checks = "s" },
	{ "tags", PD_FIELD_MESSAGE, .fields = key_value, .repeated = true, .checks = "a" },
	{ "run_link", PD_FIELD_STRING, .checks = "s" },
	{ "description", PD_FIELD_STRING, .checks = "s" },
	{ "model_id", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field model_versions_update[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "version", PD_FIELD_STRING, .checks = "sr" },
	{ "description", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field model_versions_transition_stage[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "version", PD_FIELD_STRING, .checks = "sr" },
	{ "stage", PD_FIELD_STRING, .checks = "sr" },
	{ "archive_existing_versions", PD_FIELD_BOOL, .checks = "b" },
	PD_FIELDS_END,
};

static const struct pd_field name_version[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "version", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field model_versions_search[] = {
	{ "filter", PD_FIELD_STRING, .checks = "s" },
	{ "max_results", PD_FIELD_INT64, .checks = "im", .def = 200000, .max = 200000 },
	{ "order_by", PD_FIELD_STRING, .repeated = true, .checks = "at" },
	{ "page_token", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field model_versions_get_download_uri[] = {
	{ "name", PD_FIELD_STRING, .checks = NULL },
	{ "version", PD_FIELD_STRING, .checks = NULL },
	PD_FIELDS_END,
};

static const struct pd_field registered_models_set_tag[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "key", PD_FIELD_STRING, .checks = "sr" },
	{ "value", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field model_versions_set_tag[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "version", PD_FIELD_STRING, .checks = "sr" },
	{ "key", PD_FIELD_STRING, .checks = "sr" },
	{ "value", PD_FIELD_STRING, .checks = "s" },
	PD_FIELDS_END,
};

static const struct pd_field registered_models_delete_tag[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "key", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field model_versions_delete_tag[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "version", PD_FIELD_STRING, .checks = "sr" },
	{ "key", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field alias_set[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "alias", PD_FIELD_STRING, .checks = "sr" },
	{ "version", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

static const struct pd_field name_alias[] = {
	{ "name", PD_FIELD_STRING, .checks = "sr" },
	{ "alias", PD_FIELD_STRING, .checks = "sr" },
	PD_FIELDS_END,
};

/* ---------------------------------------------------------------- the table */

const struct pd_method pd_methods[] = {
	{ "experiments/get-by-name", "GET", "experiments/get-by-name", experiments_get_by_name,
	  "one active experiment by its name" },
	{ "experiments/create", "POST", "experiments/create", experiments_create,
	  "make an experiment" },
	{ "experiments/search", "POST GET", "experiments/search", experiments_search,
	  "find experiments by a filter" },
	{ "experiments/get", "GET", "experiments/get", experiment_id, "one experiment by its id" },
	{ "experiments/delete", "POST", "experiments/delete", experiment_id,
	  "mark an experiment and its runs deleted" },
	{ "experiments/restore", "POST", "experiments/restore", experiment_id,
	  "take a deletion back, with its runs" },
	{ "experiments/update", "POST", "experiments/update", experiments_update,
	  "rename an experiment" },
	{ "experiments/set-experiment-tag", "POST", "experiments/set-experiment-tag",
	  experiments_set_experiment_tag, "set a tag of an experiment" },
	{ "experiments/delete-experiment-tag", "POST", "experiments/delete-experiment-tag",
	  experiments_delete_experiment_tag, "remove a tag of an experiment" },
	{ "experiments/search-datasets", "POST", "experiments/search-datasets",
	  experiments_search_datasets, "datasets used in experiments" },
	{ "runs/create", "POST", "runs/create", runs_create, "start a run" },
	{ "runs/update", "POST", "runs/update", runs_update,
	  "set status, end time or name of a run" },
	{ "runs/delete", "POST", "runs/delete", run_id, "mark a run deleted" },
	{ "runs/restore", "POST", "runs/restore", run_id, "take the deletion of a run back" },
	{ "runs/log-metric", "POST", "runs/log-metric", runs_log_metric,
	  "log one value of a metric" },
	{ "runs/log-parameter", "POST", "runs/log-parameter", runs_log_parameter,
	  "log one parameter" },
	{ "runs/set-tag", "POST", "runs/set-tag", runs_set_tag, "set a tag of a run" },
	{ "runs/delete-tag", "POST", "runs/delete-tag", runs_delete_tag, "remove a tag of a run" },
	{ "runs/get", "GET", "runs/get", runs_get, "one run with its data" },
	{ "runs/search", "POST", "runs/search", runs_search, "find runs by a filter" },
	{ "runs/log-batch", "POST", "runs/log-batch", runs_log_batch,
	  "log metrics, parameters and tags at once" },
	{ "runs/log-model", "POST", "runs/log-model", runs_log_model,
	  "record a model in a run's tags" },
	{ "runs/log-inputs", "POST", "runs/log-inputs", runs_log_inputs,
	  "record datasets and models a run used" },
	{ "runs/outputs", "POST", "runs/outputs", runs_outputs, "record models a run made" },
	{ "metrics/get-history", "GET", "metrics/get-history", metrics_get_history,
	  "all values of a metric" },
	{ "metrics/get-history-bulk-interval", "GET", "metrics/get-history-bulk-interval",
	  metrics_get_history_bulk_interval, "sampled values of a metric of several runs" },
	{ "artifacts/list", "GET", "artifacts/list", artifacts_list,
	  "list the artifacts of a run" },
	{ "registered-models/create", "POST", "registered-models/create", registered_models_create,
	  "make a registered model" },
	{ "registered-models/rename", "POST", "registered-models/rename", registered_models_rename,
	  "rename a registered model" },
	{ "registered-models/update", "PATCH", "registered-models/update", registered_models_update,
	  "set its description" },
	{ "registered-models/delete", "DELETE", "registered-models/delete", model_name,
	  "delete it with its versions" },
	{ "registered-models/get", "GET", "registered-models/get", model_name,
	  "one registered model" },
	{ "registered-models/search", "GET", "registered-models/search", registered_models_search,
	  "find registered models by a filter" },
	{ "registered-models/get-latest-versions", "POST GET",
	  "registered-models/get-latest-versions", registered_models_get_latest_versions,
	  "the newest version in each stage" },
	{ "registered-models/set-tag", "POST", "registered-models/set-tag",
	  registered_models_set_tag, "set a tag of a registered model" },
	{ "registered-models/delete-tag", "DELETE", "registered-models/delete-tag",
	  registered_models_delete_tag, "remove a tag of a registered model" },
	{ "registered-models/alias", "POST", "registered-models/alias", alias_set,
	  "point an alias at a version" },
	{ "registered-models/alias", "DELETE", "registered-models/alias", name_alias,
	  "remove an alias" },
	{ "registered-models/alias", "GET", "registered-models/alias", name_alias,
	  "the version an alias points at" },
	{ "model-versions/create", "POST", "model-versions/create", model_versions_create,
	  "add a version to a registered model" },
	{ "model-versions/update", "PATCH", "model-versions/update", model_versions_update,
	  "set the description of a version" },
	{ "model-versions/transition-stage", "POST", "model-versions/transition-stage",
	  model_versions_transition_stage, "move a version to a stage" },
	{ "model-versions/delete", "DELETE", "model-versions/delete", name_version,
	  "delete a version" },
	{ "model-versions/get", "GET", "model-versions/get", name_version, "one version" },
	{ "model-versions/search", "GET", "model-versions/search", model_versions_search,
	  "find versions by a filter" },
	{ "model-versions/get-download-uri", "GET", "model-versions/get-download-uri",
	  model_versions_get_download_uri, "where the files of a version are" },
	{ "model-versions/set-tag", "POST", "model-versions/set-tag", model_versions_set_tag,
	  "set a tag of a version" },
	{ "model-versions/delete-tag", "DELETE", "model-versions/delete-tag",
	  model_versions_delete_tag, "remove a tag of a version" },
	{ "logged-models/create", "POST", "logged-models", logged_models_create,
	  "make a logged model" },
	{ "logged-models/finalize", "PATCH", "logged-models/{model_id}", logged_models_finalize,
	  "say that its files are there, or failed" },
	{ "logged-models/get", "GET", "logged-models/{model_id}", model_id, "one logged model" },
	{ "logged-models/delete", "DELETE", "logged-models/{model_id}", model_id,
	  "mark a logged model deleted" },
	{ "logged-models/search", "POST", "logged-models/search", logged_models_search,
	  "find logged models by a filter" },
	{ "logged-models/set-tags", "PATCH", "logged-models/{model_id}/tags",
	  logged_models_set_tags, "set tags of a logged model" },
	{ "logged-models/delete-tag", "DELETE", "logged-models/{model_id}/tags/{tag_key}",
	  logged_models_delete_tag, "remove a tag of a logged model" },
	{ "logged-models/list-artifacts", "GET", "logged-models/{model_id}/artifacts/directories",
	  logged_models_list_artifacts, "list the files of a logged model" },
	{ "logged-models/log-params", "POST", "logged-models/{model_id}/params",
	  logged_models_log_params, "log parameters of a logged model" },
	{ .name = NULL },
};

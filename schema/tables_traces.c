#include "schema/tables.h"

/* Traces, spans, assessments and their daily sums; scorers, evaluation data, review. */
const char *const pd_schema_traces[] = {
	"CREATE TABLE trace_info ("
	"\n\trequest_id VARCHAR(50) NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\ttimestamp_ms BIGINT NOT NULL,"
	"\n\texecution_time_ms BIGINT,"
	"\n\tstatus VARCHAR(50) NOT NULL,"
	"\n\tclient_request_id VARCHAR(50),"
	"\n\trequest_preview VARCHAR(1000),"
	"\n\tresponse_preview VARCHAR(1000),"
	"\n\tdb_payload_generation INTEGER DEFAULT '0' NOT NULL,"
	"\n\ttrace_name VARCHAR(4096),"
	"\n\tsession_id VARCHAR(250),"
	"\n\tinput_tokens BIGINT,"
	"\n\toutput_tokens BIGINT,"
	"\n\ttotal_tokens BIGINT,"
	"\n\tcache_read_input_tokens BIGINT,"
	"\n\tcache_creation_input_tokens BIGINT,"
	"\n\tcache_creation_input_tokens_above_1hr BIGINT,"
	"\n\tinput_cost FLOAT,"
	"\n\toutput_cost FLOAT,"
	"\n\ttotal_cost FLOAT,"
	"\n\tCONSTRAINT trace_info_pk PRIMARY KEY (request_id),"
	"\n\tCONSTRAINT fk_trace_info_experiment_id FOREIGN KEY(experiment_id) REFERENCES "
	"experiments (experiment_id) ON DELETE CASCADE)",
	"CREATE INDEX index_trace_info_experiment_id_timestamp_ms ON trace_info "
	"(experiment_id, timestamp_ms)",
	"CREATE INDEX index_trace_info_timestamp_ms_request_id ON trace_info (timestamp_ms, "
	"request_id)",
	"CREATE INDEX index_trace_info_experiment_id_session_id ON trace_info (experiment_id, "
	"session_id)",

	"CREATE TABLE assessments ("
	"\n\tassessment_id VARCHAR(50) NOT NULL,"
	"\n\ttrace_id VARCHAR(50) NOT NULL,"
	"\n\tname VARCHAR(250) NOT NULL,"
	"\n\tassessment_type VARCHAR(20) NOT NULL,"
	"\n\tvalue TEXT NOT NULL,"
	"\n\terror TEXT,"
	"\n\tcreated_timestamp BIGINT NOT NULL,"
	"\n\tlast_updated_timestamp BIGINT NOT NULL,"
	"\n\tsource_type VARCHAR(50) NOT NULL,"
	"\n\tsource_id VARCHAR(250),"
	"\n\trun_id VARCHAR(32),"
	"\n\tspan_id VARCHAR(50),"
	"\n\trationale TEXT,"
	"\n\toverrides VARCHAR(50),"
	"\n\tvalid BOOLEAN NOT NULL,"
	"\n\tassessment_metadata TEXT,"
	"\n\texperiment_id INTEGER,"
	"\n\ttrace_timestamp_ms BIGINT,"
	"\n\taggregate_value FLOAT,"
	"\n\tis_numeric_value BOOLEAN DEFAULT 0 NOT NULL,"
	"\n\tCONSTRAINT assessments_pk PRIMARY KEY (assessment_id),"
	"\n\tCONSTRAINT fk_assessments_trace_id FOREIGN KEY(trace_id) REFERENCES trace_info "
	"(request_id) ON DELETE CASCADE)",
	"CREATE INDEX index_assessments_last_updated_timestamp ON assessments "
	"(last_updated_timestamp)",
	"CREATE INDEX index_assessments_trace_id_created_timestamp ON assessments (trace_id, "
	"created_timestamp)",
	"CREATE INDEX index_assessments_run_id_created_timestamp ON assessments (run_id, "
	"created_timestamp)",
	"CREATE INDEX index_assessments_assessment_type ON assessments (assessment_type)",
	"CREATE INDEX idx_assessments_exp_trace_ts ON assessments (experiment_id, "
	"trace_timestamp_ms)",
	"CREATE INDEX idx_assessments_exp_trace_ts_name ON assessments (experiment_id, "
	"trace_timestamp_ms, name)",
	"CREATE INDEX idx_assessments_exp_name_valid ON assessments (experiment_id, name, "
	"valid)",

	"CREATE TABLE entity_associations ("
	"\n\tassociation_id VARCHAR(36) NOT NULL,"
	"\n\tsource_type VARCHAR(36) NOT NULL,"
	"\n\tsource_id VARCHAR(36) NOT NULL,"
	"\n\tdestination_type VARCHAR(36) NOT NULL,"
	"\n\tdestination_id VARCHAR(36) NOT NULL,"
	"\n\tcreated_time BIGINT,"
	"\n\tCONSTRAINT entity_associations_pk PRIMARY KEY (source_type, source_id, "
	"destination_type, destination_id))",
	"CREATE INDEX index_entity_associations_association_id ON entity_associations "
	"(association_id)",
	"CREATE INDEX index_entity_associations_reverse_lookup ON entity_associations "
	"(destination_type, destination_id, source_type, source_id)",

	"CREATE TABLE evaluation_datasets ("
	"\n\tdataset_id VARCHAR(36) NOT NULL,"
	"\n\tname VARCHAR(255) NOT NULL,"
	"\n\tschema TEXT,"
	"\n\tprofile TEXT,"
	"\n\tdigest VARCHAR(64),"
	"\n\tcreated_time BIGINT,"
	"\n\tlast_update_time BIGINT,"
	"\n\tcreated_by VARCHAR(255),"
	"\n\tlast_updated_by VARCHAR(255),"
	"\n\tworkspace VARCHAR(63) DEFAULT 'default' NOT NULL,"
	"\n\tCONSTRAINT evaluation_datasets_pk PRIMARY KEY (dataset_id))",
	"CREATE INDEX index_evaluation_datasets_created_time ON evaluation_datasets "
	"(created_time)",
	"CREATE INDEX index_evaluation_datasets_name ON evaluation_datasets (name)",
	"CREATE INDEX idx_evaluation_datasets_workspace ON evaluation_datasets (workspace)",

	"CREATE TABLE evaluation_dataset_records ("
	"\n\tdataset_record_id VARCHAR(36) NOT NULL,"
	"\n\tdataset_id VARCHAR(36) NOT NULL,"
	"\n\tinputs JSON NOT NULL,"
	"\n\texpectations JSON,"
	"\n\ttags JSON,"
	"\n\tsource JSON,"
	"\n\tsource_id VARCHAR(36),"
	"\n\tsource_type VARCHAR(255),"
	"\n\tcreated_time BIGINT,"
	"\n\tlast_update_time BIGINT,"
	"\n\tcreated_by VARCHAR(255),"
	"\n\tlast_updated_by VARCHAR(255),"
	"\n\tinput_hash VARCHAR(64) NOT NULL,"
	"\n\toutputs JSON,"
	"\n\tCONSTRAINT evaluation_dataset_records_pk PRIMARY KEY (dataset_record_id),"
	"\n\tCONSTRAINT fk_evaluation_dataset_records_dataset_id FOREIGN KEY(dataset_id) "
	"REFERENCES evaluation_datasets (dataset_id) ON DELETE CASCADE,"
	"\n\tCONSTRAINT unique_dataset_input UNIQUE (dataset_id, input_hash))",
	"CREATE INDEX index_evaluation_dataset_records_dataset_id ON "
	"evaluation_dataset_records (dataset_id)",

	"CREATE TABLE evaluation_dataset_tags ("
	"\n\tdataset_id VARCHAR(36) NOT NULL,"
	"\n\t\"key\" VARCHAR(255) NOT NULL,"
	"\n\tvalue VARCHAR(5000),"
	"\n\tCONSTRAINT evaluation_dataset_tags_pk PRIMARY KEY (dataset_id, \"key\"),"
	"\n\tCONSTRAINT fk_evaluation_dataset_tags_dataset_id FOREIGN KEY(dataset_id) "
	"REFERENCES evaluation_datasets (dataset_id) ON DELETE CASCADE)",
	"CREATE INDEX index_evaluation_dataset_tags_dataset_id ON evaluation_dataset_tags "
	"(dataset_id)",

	"CREATE TABLE scorers ("
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\tscorer_name VARCHAR(256) NOT NULL,"
	"\n\tscorer_id VARCHAR(36) NOT NULL,"
	"\n\tCONSTRAINT scorer_pk PRIMARY KEY (scorer_id),"
	"\n\tCONSTRAINT fk_scorers_experiment_id FOREIGN KEY(experiment_id) REFERENCES "
	"experiments (experiment_id) ON DELETE CASCADE)",
	"CREATE UNIQUE INDEX index_scorers_experiment_id_scorer_name ON scorers "
	"(experiment_id, scorer_name)",

	"CREATE TABLE scorer_versions ("
	"\n\tscorer_id VARCHAR(36) NOT NULL,"
	"\n\tscorer_version INTEGER NOT NULL,"
	"\n\tserialized_scorer TEXT NOT NULL,"
	"\n\tcreation_time BIGINT,"
	"\n\tCONSTRAINT scorer_version_pk PRIMARY KEY (scorer_id, scorer_version),"
	"\n\tCONSTRAINT fk_scorer_versions_scorer_id FOREIGN KEY(scorer_id) REFERENCES "
	"scorers (scorer_id) ON DELETE CASCADE)",
	"CREATE INDEX index_scorer_versions_scorer_id ON scorer_versions (scorer_id)",

	"CREATE TABLE issues ("
	"\n\tissue_id VARCHAR(36) NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\tname VARCHAR(250) NOT NULL,"
	"\n\tdescription TEXT NOT NULL,"
	"\n\tstatus VARCHAR(50) NOT NULL,"
	"\n\tseverity VARCHAR(50),"
	"\n\troot_causes TEXT,"
	"\n\tsource_run_id VARCHAR(32),"
	"\n\tcategories TEXT,"
	"\n\tcreated_timestamp BIGINT NOT NULL,"
	"\n\tlast_updated_timestamp BIGINT NOT NULL,"
	"\n\tcreated_by VARCHAR(255),"
	"\n\tCONSTRAINT issues_pk PRIMARY KEY (issue_id),"
	"\n\tCONSTRAINT fk_issues_experiment_id FOREIGN KEY(experiment_id) REFERENCES "
	"experiments (experiment_id) ON DELETE CASCADE,"
	"\n\tCONSTRAINT fk_issues_source_run_id FOREIGN KEY(source_run_id) REFERENCES runs "
	"(run_uuid) ON DELETE SET NULL)",
	"CREATE INDEX index_issues_experiment_id ON issues (experiment_id)",
	"CREATE INDEX index_issues_source_run_id ON issues (source_run_id)",
	"CREATE INDEX index_issues_status ON issues (status)",

	"CREATE TABLE label_schemas ("
	"\n\tschema_id VARCHAR(36) NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\tname VARCHAR(250) NOT NULL,"
	"\n\ttype VARCHAR(16) NOT NULL,"
	"\n\tinstruction TEXT,"
	"\n\tenable_comment BOOLEAN DEFAULT '0' NOT NULL,"
	"\n\tinput_type VARCHAR(32) NOT NULL,"
	"\n\tinput_config TEXT NOT NULL,"
	"\n\tcreated_by VARCHAR(255),"
	"\n\tcreated_time BIGINT NOT NULL,"
	"\n\tlast_update_time BIGINT NOT NULL,"
	"\n\tis_default BOOLEAN DEFAULT 0 NOT NULL,"
	"\n\tCONSTRAINT label_schemas_pk PRIMARY KEY (schema_id),"
	"\n\tCONSTRAINT fk_label_schemas_experiment_id FOREIGN KEY(experiment_id) REFERENCES "
	"experiments (experiment_id) ON DELETE CASCADE,"
	"\n\tCONSTRAINT uq_label_schemas_exp_name UNIQUE (experiment_id, name))",
	"CREATE INDEX index_label_schemas_experiment_id ON label_schemas (experiment_id)",

	"CREATE TABLE online_scoring_configs ("
	"\n\tonline_scoring_config_id VARCHAR(36) NOT NULL,"
	"\n\tscorer_id VARCHAR(36) NOT NULL,"
	"\n\tsample_rate FLOAT NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\tfilter_string TEXT,"
	"\n\tCONSTRAINT online_scoring_config_pk PRIMARY KEY (online_scoring_config_id),"
	"\n\tCONSTRAINT fk_online_scoring_configs_scorer_id FOREIGN KEY(scorer_id) "
	"REFERENCES scorers (scorer_id) ON DELETE CASCADE,"
	"\n\tCONSTRAINT fk_online_scoring_configs_experiment_id FOREIGN KEY(experiment_id) "
	"REFERENCES experiments (experiment_id))",

	"CREATE TABLE review_queues ("
	"\n\tqueue_id VARCHAR(36) NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\tname VARCHAR(250) NOT NULL,"
	"\n\tqueue_type VARCHAR(16) NOT NULL,"
	"\n\tcreated_by VARCHAR(255),"
	"\n\tcreation_time_ms BIGINT NOT NULL,"
	"\n\tlast_update_time_ms BIGINT NOT NULL,"
	"\n\tname_key VARCHAR(250) NOT NULL,"
	"\n\tCONSTRAINT review_queues_pk PRIMARY KEY (queue_id),"
	"\n\tCONSTRAINT fk_review_queues_experiment_id FOREIGN KEY(experiment_id) REFERENCES "
	"experiments (experiment_id) ON DELETE CASCADE,"
	"\n\tCONSTRAINT uq_review_queues_experiment_name_key UNIQUE (experiment_id, "
	"name_key))",
	"CREATE INDEX index_review_queues_experiment_id ON review_queues (experiment_id)",

	"CREATE TABLE review_queue_items ("
	"\n\tqueue_id VARCHAR(36) NOT NULL,"
	"\n\titem_type VARCHAR(16) NOT NULL,"
	"\n\titem_id VARCHAR(50) NOT NULL,"
	"\n\tstatus VARCHAR(16) NOT NULL,"
	"\n\tcompleted_by VARCHAR(250),"
	"\n\tcompleted_time_ms BIGINT,"
	"\n\tcreation_time_ms BIGINT NOT NULL,"
	"\n\tlast_update_time_ms BIGINT NOT NULL,"
	"\n\tCONSTRAINT review_queue_items_pk PRIMARY KEY (queue_id, item_id),"
	"\n\tCONSTRAINT fk_review_queue_items_queue_id FOREIGN KEY(queue_id) REFERENCES "
	"review_queues (queue_id) ON DELETE CASCADE)",
	"CREATE INDEX index_review_queue_items_queue_id_status ON review_queue_items "
	"(queue_id, status)",
	"CREATE INDEX index_review_queue_items_item_id ON review_queue_items (item_id)",

	"CREATE TABLE review_queue_label_schemas ("
	"\n\tqueue_id VARCHAR(36) NOT NULL,"
	"\n\tschema_id VARCHAR(36) NOT NULL,"
	"\n\tCONSTRAINT review_queue_label_schemas_pk PRIMARY KEY (queue_id, schema_id),"
	"\n\tCONSTRAINT fk_review_queue_label_schemas_queue_id FOREIGN KEY(queue_id) "
	"REFERENCES review_queues (queue_id) ON DELETE CASCADE)",
	"CREATE INDEX index_review_queue_label_schemas_schema_id ON review_queue_label_schemas "
	"(schema_id)",

	"CREATE TABLE review_queue_users ("
	"\n\tqueue_id VARCHAR(36) NOT NULL,"
	"\n\tuser_id VARCHAR(250) NOT NULL,"
	"\n\tCONSTRAINT review_queue_users_pk PRIMARY KEY (queue_id, user_id),"
	"\n\tCONSTRAINT fk_review_queue_users_queue_id FOREIGN KEY(queue_id) REFERENCES "
	"review_queues (queue_id) ON DELETE CASCADE)",
	"CREATE INDEX index_review_queue_users_user_id ON review_queue_users (user_id)",

	"CREATE TABLE spans ("
	"\n\ttrace_id VARCHAR(50) NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\tspan_id VARCHAR(50) NOT NULL,"
	"\n\tparent_span_id VARCHAR(50),"
	"\n\tname TEXT,"
	"\n\ttype VARCHAR(500),"
	"\n\tstatus VARCHAR(50) NOT NULL,"
	"\n\tstart_time_unix_nano BIGINT NOT NULL,"
	"\n\tend_time_unix_nano BIGINT,"
	"\n\tduration_ns BIGINT GENERATED ALWAYS AS (end_time_unix_nano - "
	"start_time_unix_nano) STORED,"
	"\n\tcontent TEXT NOT NULL,"
	"\n\tinput_cost FLOAT,"
	"\n\toutput_cost FLOAT,"
	"\n\ttotal_cost FLOAT,"
	"\n\tmodel_name VARCHAR(500),"
	"\n\tmodel_provider VARCHAR(500),"
	"\n\tCONSTRAINT spans_pk PRIMARY KEY (trace_id, span_id),"
	"\n\tCONSTRAINT fk_spans_experiment_id FOREIGN KEY(experiment_id) REFERENCES "
	"experiments (experiment_id),"
	"\n\tCONSTRAINT fk_spans_trace_id FOREIGN KEY(trace_id) REFERENCES trace_info "
	"(request_id) ON DELETE CASCADE)",
	"CREATE INDEX index_spans_experiment_id_start_time ON spans (experiment_id, "
	"start_time_unix_nano)",
	"CREATE INDEX index_spans_experiment_id_type_status ON spans (experiment_id, type, "
	"status)",
	"CREATE INDEX index_spans_experiment_id_duration ON spans (experiment_id, duration_ns)",
	"CREATE INDEX index_spans_experiment_id_status_type ON spans (experiment_id, status, "
	"type)",
	"CREATE INDEX idx_spans_cost_trace_time_cover ON spans (trace_id, start_time_unix_nano)",
	"CREATE INDEX idx_spans_cost_exp_time_cover ON spans (experiment_id, "
	"start_time_unix_nano)",

	"CREATE TABLE span_metrics ("
	"\n\ttrace_id VARCHAR(50) NOT NULL,"
	"\n\tspan_id VARCHAR(50) NOT NULL,"
	"\n\t\"key\" VARCHAR(250) NOT NULL,"
	"\n\tvalue FLOAT,"
	"\n\tCONSTRAINT span_metrics_pk PRIMARY KEY (trace_id, span_id, \"key\"),"
	"\n\tCONSTRAINT fk_span_metrics_span FOREIGN KEY(trace_id, span_id) REFERENCES spans "
	"(trace_id, span_id) ON DELETE CASCADE)",
	"CREATE INDEX index_span_metrics_trace_id_span_id ON span_metrics (trace_id, span_id)",

	"CREATE TABLE sql_assessment_daily_rollups ("
	"\n\tid INTEGER NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\trollup_day DATE NOT NULL,"
	"\n\tmetric_name VARCHAR(250) NOT NULL,"
	"\n\tgrouping_set VARCHAR(50) NOT NULL,"
	"\n\tsample_count BIGINT NOT NULL,"
	"\n\tsum_value FLOAT,"
	"\n\tmin_value FLOAT,"
	"\n\tmax_value FLOAT,"
	"\n\tCONSTRAINT sql_assessment_daily_rollups_pk PRIMARY KEY (id))",
	"CREATE INDEX idx_assessment_rollups_lookup ON sql_assessment_daily_rollups "
	"(experiment_id, rollup_day, metric_name, grouping_set)",

	"CREATE TABLE sql_span_cost_daily_rollups ("
	"\n\tid INTEGER NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\trollup_day DATE NOT NULL,"
	"\n\tmetric_name VARCHAR(250) NOT NULL,"
	"\n\tgrouping_set VARCHAR(50) NOT NULL,"
	"\n\tmodel_name VARCHAR(500),"
	"\n\tmodel_provider VARCHAR(500),"
	"\n\tsample_count BIGINT NOT NULL,"
	"\n\tsum_value FLOAT,"
	"\n\tmin_value FLOAT,"
	"\n\tmax_value FLOAT,"
	"\n\tCONSTRAINT sql_span_cost_daily_rollups_pk PRIMARY KEY (id))",
	"CREATE INDEX idx_span_cost_rollups_lookup ON sql_span_cost_daily_rollups "
	"(experiment_id, rollup_day, metric_name, grouping_set, model_name, model_provider)",

	"CREATE TABLE sql_trace_metric_daily_rollups ("
	"\n\tid INTEGER NOT NULL,"
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\trollup_day DATE NOT NULL,"
	"\n\tmetric_name VARCHAR(250) NOT NULL,"
	"\n\tgrouping_set VARCHAR(50) NOT NULL,"
	"\n\ttrace_status VARCHAR(50),"
	"\n\tsample_count BIGINT NOT NULL,"
	"\n\tsum_value FLOAT,"
	"\n\tmin_value FLOAT,"
	"\n\tmax_value FLOAT,"
	"\n\tp50_value FLOAT,"
	"\n\tp90_value FLOAT,"
	"\n\tp99_value FLOAT,"
	"\n\tCONSTRAINT sql_trace_metric_daily_rollups_pk PRIMARY KEY (id))",
	"CREATE INDEX idx_trace_rollups_lookup ON sql_trace_metric_daily_rollups "
	"(experiment_id, rollup_day, metric_name, grouping_set, trace_status)",

	"CREATE TABLE sql_trace_rollup_rebuild_queue ("
	"\n\texperiment_id INTEGER NOT NULL,"
	"\n\trollup_day DATE NOT NULL,"
	"\n\trollup_family VARCHAR(50) NOT NULL,"
	"\n\tCONSTRAINT sql_trace_rollup_rebuild_queue_pk PRIMARY KEY (experiment_id, "
	"rollup_day, rollup_family))",

	"CREATE TABLE trace_metrics ("
	"\n\trequest_id VARCHAR(50) NOT NULL,"
	"\n\t\"key\" VARCHAR(250) NOT NULL,"
	"\n\tvalue FLOAT,"
	"\n\tCONSTRAINT trace_metrics_pk PRIMARY KEY (request_id, \"key\"),"
	"\n\tCONSTRAINT fk_trace_metrics_request_id FOREIGN KEY(request_id) REFERENCES "
	"trace_info (request_id) ON DELETE CASCADE)",
	"CREATE INDEX index_trace_metrics_request_id ON trace_metrics (request_id)",

	"CREATE TABLE trace_request_metadata ("
	"\n\t\"key\" VARCHAR(250) NOT NULL,"
	"\n\tvalue VARCHAR(8000),"
	"\n\trequest_id VARCHAR(50) NOT NULL,"
	"\n\tCONSTRAINT trace_request_metadata_pk PRIMARY KEY (\"key\", request_id),"
	"\n\tCONSTRAINT fk_trace_request_metadata_request_id FOREIGN KEY(request_id) "
	"REFERENCES trace_info (request_id) ON DELETE CASCADE)",
	"CREATE INDEX index_trace_request_metadata_request_id ON trace_request_metadata "
	"(request_id)",

	"CREATE TABLE trace_tags ("
	"\n\t\"key\" VARCHAR(250) NOT NULL,"
	"\n\tvalue VARCHAR(8000),"
	"\n\trequest_id VARCHAR(50) NOT NULL,"
	"\n\tCONSTRAINT trace_tag_pk PRIMARY KEY (\"key\", request_id),"
	"\n\tCONSTRAINT fk_trace_tags_request_id FOREIGN KEY(request_id) REFERENCES "
	"trace_info (request_id) ON DELETE CASCADE)",
	"CREATE INDEX index_trace_tags_request_id ON trace_tags (request_id)",

	NULL,
};

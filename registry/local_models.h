/*
 * registry/local_models.h - registered models, versions and logged models on the database, for
 * the files that need them: search, model URIs.
 * Older revisions have no workspaces; a query that is to use the primary key's index is written
 * twice, PD_BY_WORKSPACE picks.
 */
#ifndef PD_REGISTRY_LOCAL_MODELS_H
#define PD_REGISTRY_LOCAL_MODELS_H

#include "registry/local.h"

#define PD_MAX_MODEL_TAG_CHARS 100000
#define PD_MAX_ALIAS_CHARS     255
#define PD_STAGE_DELETED       "Deleted_Internal" /* a version that is gone, kept as a row */
#define PD_IS_PROMPT_TAG       "mlflow.prompt.is_prompt"

/* "HEAD workspace = 'default' AND TAIL", without the workspace where there is none */
#define PD_BY_WORKSPACE(l, head, tail)                                                             \
	((l)->has.workspaces ? head "workspace = 'default' AND " tail : head tail)

/* What pd_model_json reads, from `registered_models`. */
#define PD_MODEL_COLUMNS "name, creation_time, last_updated_time, description"

/* The registered model at the statement's row, with its tags, aliases and the latest version of
 * each stage. *out: given. */
PD_MUST enum pd_code pd_model_json(struct pd_local *l, sqlite3_stmt *q, json_t **out,
				   struct pd_err *err);

/* What pd_version_json reads, from `model_versions`. */
#define PD_VERSION_COLUMNS                                                                         \
	"name, version, creation_time, last_updated_time, description, user_id, current_stage, "   \
	"source, run_id, status, status_message, run_link"

/* The version at the statement's row with its tags; with_aliases: also the aliases that point at
 * it, which MLflow leaves out inside a registered model and in searches. *out: given. */
PD_MUST enum pd_code pd_version_json(struct pd_local *l, sqlite3_stmt *q, bool with_aliases,
				     json_t **out, struct pd_err *err);

/* What pd_logged_model_json reads, from `logged_models`. */
#define PD_LOGGED_MODEL_COLUMNS                                                                    \
	"model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "                \
	"last_updated_timestamp_ms, status, model_type, source_run_id, status_message"

/* The logged model at the statement's row with its tags, params and metrics. *out: given. */
PD_MUST enum pd_code pd_logged_model_json(struct pd_local *l, sqlite3_stmt *q, json_t **out,
					  struct pd_err *err);

/* ---------------------------------------------------------------- shared by local_models*.c */

PD_MUST enum pd_code pd_model_check_name(struct pd_str name, struct pd_err *err);
PD_MUST enum pd_code pd_model_check_alias(struct pd_str alias, struct pd_err *err);
PD_MUST enum pd_code pd_model_check_tag(struct pd_str key, struct pd_str value, struct pd_err *err);
/* int(text); the number itself may be none that exists. */
PD_MUST enum pd_code pd_version_parse(struct pd_str text, int64_t *out, struct pd_err *err);

/* "Staging" for "sTaging"; NULL when there is no such stage. */
const char *pd_stage_find(struct pd_str stage);
PD_MUST enum pd_code pd_stage_check(struct pd_str stage, const char **out, struct pd_err *err);

/* PD_NOT_FOUND: no such model. */
PD_MUST enum pd_code pd_model_check_there(struct pd_local *l, struct pd_str name,
					  struct pd_err *err);
PD_MUST enum pd_code pd_model_touch(struct pd_local *l, struct pd_str name, int64_t now_ms,
				    struct pd_err *err);
/* Is it a prompt, by its tag? */
PD_MUST enum pd_code pd_model_is_prompt(struct pd_local *l, struct pd_str name, bool *out,
					struct pd_err *err);

/* A statement at the row of a version that is not deleted: PD_VERSION_COLUMNS, storage_location.
 * Reset it when done. PD_NOT_FOUND: no such version. */
PD_MUST enum pd_code pd_version_seek(struct pd_local *l, struct pd_str name, int64_t version,
				     sqlite3_stmt **out, struct pd_err *err);
/* {"model_version": ...} */
PD_MUST enum pd_code pd_version_answer(struct pd_local *l, struct pd_str name, int64_t version,
				       json_t **out, struct pd_err *err);
/* The version an alias points at; *out_there false: no such alias. */
PD_MUST enum pd_code pd_alias_find(struct pd_local *l, struct pd_str name, struct pd_str alias,
				   bool *out_there, int64_t *out_version, struct pd_err *err);
/* The latest version of a stage (NULL: of all); 0 when there is none. */
PD_MUST enum pd_code pd_version_latest(struct pd_local *l, struct pd_str name, const char *stage,
				       int64_t *out_version, struct pd_err *err);

/* Append the latest version of each stage, the stage that came into use first first. wanted: one
 * bit a stage, in the order None, Staging, Production, Archived; ~0u: stages of any name. */
PD_MUST enum pd_code pd_versions_latest(struct pd_local *l, struct pd_str name, unsigned wanted,
					bool with_aliases, json_t *list, struct pd_err *err);

/* Where a logged model's files are and the run it came from; NULL: not known. Given, release with
 * free(). PD_NOT_FOUND: no such model, or deleted. */
PD_MUST enum pd_code pd_logged_model_find(struct pd_local *l, struct pd_str id, char **out_location,
					  char **out_run_id, struct pd_err *err);
/* Note in the logged model's tag that it became this version, as MLflow does. */
PD_MUST enum pd_code pd_logged_model_note_version(struct pd_local *l, struct pd_str id,
						  struct pd_str name, int64_t version,
						  struct pd_err *err);

/* What a new version is made from, once the request's source has been looked at. */
struct pd_version_source {
	char *source;           /* as stored */
	char *run_id;           /* "" or NULL: none */
	char *model_id;         /* "" or NULL: none */
	char *storage_location; /* where the files are */
};

void pd_version_source_end(struct pd_version_source *s); /* accepts a zeroed object */

/* Apply MLflow's rules of handlers.py to source, run_id and model_id of a model-versions/create
 * request: those of the server only when l->for_clients. */
PD_MUST enum pd_code pd_version_source_find(struct pd_local *l, const json_t *req,
					    struct pd_version_source *out, struct pd_err *err);
/* What create_model_version adds: the location behind a models:/ source, the model's run. */
PD_MUST enum pd_code pd_version_source_locate(struct pd_local *l, struct pd_version_source *s,
					      struct pd_err *err);

#endif

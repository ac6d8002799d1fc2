/*
 * registry/check.h - MLflow's rules for names, ids and lengths, in its own words.
 * Limits count characters (code points), not bytes. All texts are UTF-8, as JSON makes sure.
 * Source: mlflow/utils/validation.py.
 */
#ifndef PD_REGISTRY_CHECK_H
#define PD_REGISTRY_CHECK_H

#include <jansson.h>

#include "base/buf.h"
#include "base/env.h"

#define PD_MAX_KEY_CHARS             250
#define PD_MAX_PARAM_CHARS           6000
#define PD_MAX_TAG_CHARS             8000
#define PD_MAX_EXPERIMENT_NAME_CHARS 500
#define PD_MAX_EXPERIMENT_TAG_CHARS  20000
#define PD_MAX_ARTIFACT_URI_CHARS    2048 /* MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH's default */
#define PD_MAX_BATCH_METRICS         1000
#define PD_MAX_BATCH_PARAMS          100
#define PD_MAX_BATCH_TAGS            100
#define PD_MAX_BATCH_ENTITIES        1000

/* The name of a metric, parameter or tag; `path` says where it stands ("key", "tags[3].key"). */
PD_MUST enum pd_code pd_check_key(struct pd_str name, const char *path, struct pd_err *err);

/* A name that is a file's name of its own: no "..", "a//b", "./a", "/a". */
PD_MUST enum pd_code pd_check_path_unique(struct pd_str name, const char *path, struct pd_err *err);

/* Letters and digits of any script, "_" and "-" alone. */
bool pd_is_word_or_dash(struct pd_str s);

/* "'WHAT' exceeds the maximum length of LIMIT characters" */
PD_MUST enum pd_code pd_check_length(const char *what, size_t limit, struct pd_str value,
				     struct pd_err *err);

/* The first `limit` characters. */
struct pd_str pd_clip(struct pd_str value, size_t limit);

PD_MUST enum pd_code pd_check_run_id(struct pd_str id, struct pd_err *err);

/* int(text) as Python reads it; what has too many digits becomes INT64_MIN. */
bool pd_py_int(struct pd_str text, int64_t *out);

/* pd_py_int; an id beyond 64 bits becomes one that cannot exist. */
PD_MUST enum pd_code pd_parse_experiment_id(struct pd_str id, int64_t *out, struct pd_err *err);

PD_MUST enum pd_code pd_check_experiment_name(struct pd_str name, struct pd_err *err);
/* Also the two tags that hold a setting of MLflow's trace archive: their JSON must be one. */
PD_MUST enum pd_code pd_check_experiment_tag(struct pd_str key, struct pd_str value,
					     struct pd_err *err);

/* An artifact location a client gives: no fragment, no ".." in the query, not a runs: URI, not too
 * long, and pd_check_host_scheme. */
PD_MUST enum pd_code pd_check_artifact_uri(const struct pd_env *env, struct pd_str uri,
					   const char *field, struct pd_err *err);

/* A server connects to no host that a client names: http, ftp, hdfs and their like are refused,
 * unless MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES lists the scheme.
 * Source: mlflow/store/artifact/host_policy.py. */
PD_MUST enum pd_code pd_check_host_scheme(const struct pd_env *env, struct pd_str uri,
					  const char *field, struct pd_err *err);

/* "Invalid value JSON for parameter 'PATH' supplied: WHY" ; why NULL: without it. */
enum pd_code pd_fail_value(struct pd_err *err, const char *path, struct pd_str value,
			   const char *why, ...) PD_PRINTF(4, 5);

/* repr(str): quotes as Python chooses them, control characters escaped. */
void pd_buf_py_repr(struct pd_buf *b, struct pd_str s);

/* json.dumps(str): plain ASCII, lower-case \u escapes. */
void pd_buf_py_json(struct pd_buf *b, struct pd_str s);

/* The same of a whole value, with Python's spaces; NULL reads as null. */
void pd_buf_py_repr_value(struct pd_buf *b, const json_t *j);
void pd_buf_py_json_value(struct pd_buf *b, const json_t *j);

/* posixpath.normpath */
void pd_buf_normpath(struct pd_buf *b, struct pd_str path);

#endif

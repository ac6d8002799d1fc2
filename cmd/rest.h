/*
 * cmd/rest.h - building requests and reading responses of the REST methods in commands.
 * Everything read from a response is borrowed from it and lives as long as the command.
 */
#ifndef PD_CMD_REST_H
#define PD_CMD_REST_H

#include "base/json.h"
#include "cmd/cmd.h"

/* A member as text; empty when it is missing. Whole numbers become their digits (arena). */
struct pd_str pd_rest_str(struct pd_ctx *ctx, const json_t *object, const char *key);
/* A member as a whole number, also when it is text; 0 when it is missing. */
int64_t pd_rest_i64(const json_t *object, const char *key);
/* A member by a path of keys, "run.info.run_id"; NULL when a part is missing. */
json_t *pd_rest_at(const json_t *object, const char *path);
/* A number as people write it: shortest digits, NaN, Infinity. Arena. */
struct pd_str pd_rest_number(struct pd_ctx *ctx, const json_t *number);

/* The value of `key` in an array of {"key", "value"}; empty when it is not there. */
struct pd_str pd_rest_tag(const json_t *tags, const char *key);

/* [{"key": K, "value": V}, ...] of "K=V" texts; given. NULL: a text is not UTF-8. */
json_t *pd_rest_pairs(const struct pd_list *pairs);
/* Append one pair. */
void pd_rest_add_pair(json_t *pairs, struct pd_str key, struct pd_str value);
/* Texts as an array; given. NULL: a text is not UTF-8. */
json_t *pd_rest_texts(const struct pd_list *texts);
/* Set `key` when `text` is not NULL. */
void pd_rest_set(json_t *request, const char *key, const char *text);

/*
 * Call a search method page by page until `limit` items (0: all) are there.
 * key: the array's name in the response.  *out: {key: [all items]}, released with the arena.
 */
PD_MUST enum pd_code pd_rest_pages(struct pd_ctx *ctx, const char *method, json_t *taken_request,
				   const char *key, int64_t limit, json_t **out,
				   struct pd_err *err);

#define PD_VIEW_CHOICES "active|deleted|all"
/* The REST name of a choice of these. */
const char *pd_rest_view(const char *choice);

/* Tags to set and to remove on one thing. */
struct pd_retag {
	const char *set;    /* method */
	const char *remove; /* method */
	json_t *target;     /* taken: the fields that name the thing */
	const struct pd_list *pairs;
	const struct pd_list *keys;
};
/* PD_USAGE: nothing to do.  Call it before a registry is opened. */
PD_MUST enum pd_code pd_rest_retag_check(const struct pd_list *pairs, const struct pd_list *keys,
					 struct pd_err *err);
PD_MUST enum pd_code pd_rest_retag(struct pd_ctx *ctx, const struct pd_retag *retag,
				   struct pd_err *err);

/* Keep `j` until the command ends; returns it. */
json_t *pd_rest_keep(struct pd_ctx *ctx, json_t *taken);

#endif

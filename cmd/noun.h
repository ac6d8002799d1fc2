/*
 * cmd/noun.h - what the verbs of experiments, runs and models have in common: arguments, searches
 * page by page, results in the form that was asked for.
 */
#ifndef PD_CMD_NOUN_H
#define PD_CMD_NOUN_H

#include "cmd/find.h"

/* ---- results: --json the response, -q ids, else what `print` makes of it for people */

typedef void pd_noun_print(struct pd_ctx *ctx, const json_t *j);

/* key: the array's name in the response.  id: path of an item's id, "info.run_id". */
void pd_noun_say_list(struct pd_ctx *ctx, const json_t *response, const char *key, const char *id,
		      pd_noun_print *print);
/* object: borrowed; in JSON it is the member `key`. */
void pd_noun_say(struct pd_ctx *ctx, json_t *object, const char *key, const char *id,
		 pd_noun_print *print);

/* ---- list, search */

struct pd_noun_search {
	const char *filter; /* NULL: all */
	struct pd_list experiments;
	const char *view;
	struct pd_list order_by;
	int64_t limit;
};

#define PD_NOUN_FILTER(example)                                                                    \
	PD_ARG(struct pd_noun_search, filter, "FILTER", PD_HINT_NONE,                              \
	       "as MLflow's: \"" example "\"")
#define PD_NOUN_VIEW                                                                               \
	PD_OPT_CHOICE(struct pd_noun_search, view, 0, "view", PD_VIEW_CHOICES,                     \
		      "which lifecycle stage")
#define PD_NOUN_ORDER(example)                                                                     \
	PD_OPT_LIST(struct pd_noun_search, order_by, 0, "order-by", "COLUMN", PD_HINT_NONE,        \
		    "sort, as `" example "`")
#define PD_NOUN_LIMIT(type)                                                                        \
	PD_OPT_INT(type, limit, 'n', "limit", "N", 0, INT64_MAX, "at most so many (0: all)")

struct pd_noun_found {
	const char *method;
	const char *key; /* of the response's array */
	const char *id;
	pd_noun_print *print; /* of the array */
};

/* request: taken; filter and order are added to it. */
PD_MUST enum pd_code pd_noun_search(struct pd_ctx *ctx, const struct pd_noun_search *args,
				    const struct pd_noun_found *what, json_t *taken_request,
				    struct pd_err *err);

/* ---- rm, restore */

struct pd_noun_many {
	struct pd_list names;
};

typedef enum pd_code pd_noun_find(struct pd_ctx *ctx, const char *typed, json_t **out,
				  struct pd_err *err);

/* Call `method` with {key: the id} for each; id: its path in what `find` finds. All are looked up
 * before the first is touched: a slip in one name changes nothing. */
PD_MUST enum pd_code pd_noun_each(struct pd_ctx *ctx, const struct pd_noun_many *args,
				  pd_noun_find *find, const char *id, const char *key,
				  const char *method, struct pd_err *err);

/* ---- tag */

struct pd_noun_tag {
	const char *name;
	struct pd_list pairs;
	struct pd_list remove;
	const char *version; /* of models alone */
};

#define PD_NOUN_TAG_ROWS                                                                           \
	PD_ARG_ANY(struct pd_noun_tag, pairs, "KEY=VALUE", PD_HINT_PAIR, "tags to set"),           \
		PD_OPT_LIST(struct pd_noun_tag, remove, 'd', "delete", "KEY", PD_HINT_NONE,        \
			    "a tag to remove")

/* ---- rename */

struct pd_noun_rename {
	const char *name;
	const char *new_name;
};

#endif

/*
 * registry/search_sql.h - a SELECT that is built: text with bound values only, never with a
 * caller's text in it; and the page of rows it gives.
 */
#ifndef PD_REGISTRY_SEARCH_SQL_H
#define PD_REGISTRY_SEARCH_SQL_H

#include <jansson.h>

#include "base/buf.h"
#include "registry/filter.h"
#include "registry/local.h"

#define PD_SEARCH_SQL_MAX    ((size_t)1 << 20) /* bytes of a statement */
#define PD_SEARCH_VALUES_MAX 32000             /* bound values; SQLite allows 32766 */

struct pd_search_sql {
	struct pd_buf text;
	struct pd_value *values; /* bound in this order; texts are borrowed */
	size_t n;
	size_t cap;
};

void pd_search_sql_init(struct pd_search_sql *q);
void pd_search_sql_end(struct pd_search_sql *q); /* accepts a zeroed object */

void pd_sql(struct pd_search_sql *q, const char *fmt, ...) PD_PRINTF(2, 3);
/* A question mark and the value for it. */
void pd_sql_text(struct pd_search_sql *q, struct pd_str s);
void pd_sql_i64(struct pd_search_sql *q, int64_t v);

/* "COLUMN OP value" of a clause that is not a null check; column is SQL of ours. */
void pd_sql_compare(struct pd_search_sql *q, const char *column, const struct pd_clause *clause);

/* " AND COLUMN IN (...)" of integers or texts; an empty list is never true. */
void pd_sql_in_ids(struct pd_search_sql *q, const char *column, const json_t *ids);

/* What a search was asked for beyond its filter. */
struct pd_page {
	int64_t max; /* rows to give */
	int64_t offset;
};

typedef enum pd_code (*pd_row_fn)(struct pd_local *l, sqlite3_stmt *row, json_t **out,
				  struct pd_err *err);

/* Run it with LIMIT and OFFSET and append a page of rows to `list`; *out_more: there are others
 * behind.  PD_TOO_LARGE: a filter beyond the limits above.  PD_INVALID: a pattern too long. */
PD_MUST enum pd_code pd_search_page(struct pd_local *l, struct pd_search_sql *q,
				    const struct pd_page *page, pd_row_fn row_json, json_t *list,
				    bool *out_more, struct pd_err *err);

/* {"NAME": [...], "next_page_token": ...}, both left out when empty; the token is MLflow's for an
 * offset. */
PD_MUST enum pd_code pd_search_answer(struct pd_local *l, struct pd_search_sql *q,
				      const struct pd_page *page, pd_row_fn row_json,
				      const char *name, json_t **out, struct pd_err *err);

/* "`order_by` contains duplicate fields: [...]"; MLflow calls this an internal error. */
enum pd_code pd_search_fail_order(const json_t *order_by, struct pd_err *err);

/* MLflow's rule for experiments and runs: 1 to 50000. */
PD_MUST enum pd_code pd_search_check_max(int64_t max, struct pd_err *err);

/* " AND lifecycle_stage IN (...)" of a view type by name; absent: active only. */
void pd_sql_view(struct pd_search_sql *q, struct pd_str view);

#endif

#include "registry/search_sql.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/json.h"
#include "registry/check.h"
#include "registry/page.h"

#define PATTERN_MAX 50000 /* SQLITE_MAX_LIKE_PATTERN_LENGTH */

void pd_search_sql_init(struct pd_search_sql *q)
{
	*q = (struct pd_search_sql){ 0 };
	pd_buf_init(&q->text, PD_SEARCH_SQL_MAX);
}

void pd_search_sql_end(struct pd_search_sql *q)
{
	pd_buf_end(&q->text);
	free(q->values);
	*q = (struct pd_search_sql){ 0 };
}

void pd_sql(struct pd_search_sql *q, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pd_buf_z(&q->text, text);
}

static void bind_later(struct pd_search_sql *q, struct pd_value v)
{
	if (q->n == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 16;
		q->values = pd_xrealloc(q->values, q->cap * sizeof(*q->values));
	}
	q->values[q->n++] = v;
	pd_buf_char(&q->text, '?');
}

void pd_sql_text(struct pd_search_sql *q, struct pd_str s)
{
	bind_later(q, (struct pd_value){ .kind = PD_VALUE_TEXT, .text = s });
}

void pd_sql_i64(struct pd_search_sql *q, int64_t v)
{
	bind_later(q, (struct pd_value){ .kind = PD_VALUE_INT, .i = v });
}

void pd_sql_compare(struct pd_search_sql *q, const char *column, const struct pd_clause *clause)
{
	static const char *const ops[] = {
		[PD_OP_EQ] = "=",      [PD_OP_NE] = "!=", [PD_OP_LT] = "<",
		[PD_OP_LE] = "<=",     [PD_OP_GT] = ">",  [PD_OP_GE] = ">=",
		[PD_OP_LIKE] = "LIKE", [PD_OP_IN] = "IN", [PD_OP_NOT_IN] = "NOT IN",
	};
	const struct pd_value *v = &clause->value;
	if (clause->op == PD_OP_ILIKE) {
		/* lower() knows ASCII alone, in MLflow's SQL too */
		pd_sql(q, "lower(%s) LIKE lower(", column);
		bind_later(q, *v);
		pd_sql(q, ")");
		return;
	}
	pd_sql(q, "%s %s ", column, ops[clause->op]);
	if (v->kind != PD_VALUE_LIST) {
		bind_later(q, *v);
		return;
	}
	pd_sql(q, "(");
	for (size_t i = 0; i < v->n_list; i++) {
		pd_sql(q, i ? ", " : "");
		pd_sql_text(q, v->list[i]);
	}
	pd_sql(q, ")");
}

void pd_sql_in_ids(struct pd_search_sql *q, const char *column, const json_t *ids)
{
	size_t i;
	const json_t *id;
	pd_sql(q, " AND %s IN (", column);
	json_array_foreach(ids, i, id)
	{
		if (i)
			pd_sql(q, ", ");
		if (json_is_integer(id))
			pd_sql_i64(q, json_integer_value(id));
		else
			pd_sql_text(q, pd_json_str(id));
	}
	pd_sql(q, ")");
}

void pd_sql_view(struct pd_search_sql *q, struct pd_str view)
{
	if (pd_str_eqz(view, "DELETED_ONLY"))
		pd_sql(q, " AND lifecycle_stage = 'deleted'");
	else if (pd_str_eqz(view, "ALL"))
		pd_sql(q, " AND lifecycle_stage IN ('active', 'deleted')");
	else
		pd_sql(q, " AND lifecycle_stage = 'active'");
}

static void bind_values(sqlite3_stmt *stmt, const struct pd_search_sql *q)
{
	for (size_t i = 0; i < q->n; i++) {
		const struct pd_value *v = &q->values[i];
		int at = (int)i + 1;
		if (v->kind == PD_VALUE_INT)
			sqlite3_bind_int64(stmt, at, v->i);
		else if (v->kind == PD_VALUE_REAL)
			sqlite3_bind_double(stmt, at, v->real);
		else
			pd_bind_str(stmt, at, v->text.p ? v->text : PD_STR(""));
	}
}

static enum pd_code prepare(struct pd_local *l, struct pd_search_sql *q, sqlite3_stmt **out,
			    struct pd_err *err)
{
	if (q->n > PD_SEARCH_VALUES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "A search may compare with %d values, not %zu",
			       PD_SEARCH_VALUES_MAX, q->n);
	for (size_t i = 0; i < q->n; i++)
		if (q->values[i].kind == PD_VALUE_TEXT && q->values[i].text.n > PATTERN_MAX)
			return pd_fail(err, PD_INVALID,
				       "A value in a filter has at most %d bytes, not %zu",
				       PATTERN_MAX, q->values[i].text.n);
	PD_TRY(pd_buf_check(&q->text, "search", err));
	PD_TRY(pd_db_prepare(&l->db, pd_buf_view(&q->text), out, err));
	bind_values(*out, q);
	return PD_OK;
}

enum pd_code pd_search_page(struct pd_local *l, struct pd_search_sql *q, const struct pd_page *page,
			    pd_row_fn row_json, json_t *list, bool *out_more, struct pd_err *err)
{
	PD_AUTO_STMT sqlite3_stmt *stmt = NULL;
	*out_more = false;
	pd_sql(q, " LIMIT ");
	pd_sql_i64(q, page->max + 1);
	pd_sql(q, " OFFSET ");
	pd_sql_i64(q, page->offset);
	PD_TRY(prepare(l, q, &stmt, err));
	for (int64_t n = 0;; n++) {
		bool row = false;
		PD_TRY(pd_db_step(&l->db, stmt, &row, err));
		*out_more = row && n == page->max;
		if (!row || *out_more)
			return PD_OK;
		json_t *item = NULL;
		PD_TRY(row_json(l, stmt, &item, err));
		json_array_append_new(list, item);
	}
}

enum pd_code pd_search_answer(struct pd_local *l, struct pd_search_sql *q,
			      const struct pd_page *page, pd_row_fn row_json, const char *name,
			      json_t **out, struct pd_err *err)
{
	bool more = false;
	PD_AUTO_JSON json_t *list = json_array();
	PD_TRY(pd_search_page(l, q, page, row_json, list, &more, err));
	*out = json_object();
	if (json_array_size(list) > 0)
		json_object_set(*out, name, list);
	if (more)
		json_object_set_new(*out, "next_page_token",
				    pd_page_token(page->offset + page->max));
	return PD_OK;
}

enum pd_code pd_search_fail_order(const json_t *order_by, struct pd_err *err)
{
	PD_AUTO(pd_buf) b = { 0 };
	size_t i;
	const json_t *text;
	pd_buf_init(&b, SIZE_MAX);
	json_array_foreach(order_by, i, text)
	{
		pd_buf_z(&b, i ? ", " : "");
		pd_buf_py_repr(&b, pd_json_str(text));
	}
	return pd_fail(err, PD_INVALID, "`order_by` contains duplicate fields: [%s]", b.p);
}

enum pd_code pd_search_check_max(int64_t max, struct pd_err *err)
{
	if (max < 1)
		return pd_fail(err, PD_INVALID,
			       "Invalid value %lld for parameter 'max_results' supplied. It must "
			       "be a positive integer",
			       (long long)max);
	if (max > 50000)
		return pd_fail(err, PD_INVALID,
			       "Invalid value %lld for parameter 'max_results' supplied. It must "
			       "be at most 50000",
			       (long long)max);
	return PD_OK;
}

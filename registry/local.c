#include "registry/local.h"

#include <math.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

static const struct pd_local_method *const tables[] = {
	pd_local_experiments,   pd_local_runs,      pd_local_run_data, pd_local_metrics,
	pd_local_inputs,        pd_local_models,    pd_local_aliases,  pd_local_versions,
	pd_local_logged_models, pd_local_artifacts, pd_local_search,
};

pd_local_fn pd_local_find(const char *verb, const char *name)
{
	for (size_t i = 0; i < PD_LEN(tables); i++)
		for (const struct pd_local_method *m = tables[i]; m->name; m++)
			if (strcmp(m->name, name) == 0 &&
			    (!m->verb || !verb || strcmp(m->verb, verb) == 0))
				return m->fn;
	return NULL;
}

void pd_uuid_hex(char out[33])
{
	pd_random_hex(out, 16);
	out[12] = '4';                                /* version */
	out[16] = "89ab"[(unsigned char)out[16] & 3]; /* variant */
}

/* The scheme of "scheme:rest"; empty for a path. */
static struct pd_str scheme_of(struct pd_str uri)
{
	struct pd_str head, tail;
	if (!pd_str_split(uri, ':', &head, &tail) || pd_str_find(head, '/') >= 0)
		return (struct pd_str){ 0 };
	return head;
}

char *pd_local_uri_join(const char *root, struct pd_str part)
{
	struct pd_str path = pd_str_from(root);
	struct pd_str tail = { 0 };
	if (scheme_of(path).n > 0) /* a query stays behind */
		path = pd_str_head(path, strcspn(root, "?#"));
	tail = pd_str_skip(pd_str_from(root), path.n);
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	size_t size = path.n + part.n + tail.n + 2;
	char *out = pd_xmalloc(size);
	snprintf(out, size, "%.*s/%.*s%.*s", PD_STR_ARG(path), PD_STR_ARG(part), PD_STR_ARG(tail));
	return out;
}

char *pd_local_resolve_uri(struct pd_str uri)
{
	PD_AUTO_FREE char *text = pd_str_dup(uri);
	return scheme_of(uri).n > 0 ? PD_TAKE(text) : pd_path_absolute(text);
}

void pd_json_put_str(json_t *o, const char *key, struct pd_str s)
{
	if (s.p)
		json_object_set_new(o, key, pd_json_from(s));
}

void pd_json_put_column(json_t *o, const char *key, sqlite3_stmt *q, int i)
{
	pd_json_put_str(o, key, pd_column_str(q, i));
}

void pd_json_put_i64_column(json_t *o, const char *key, sqlite3_stmt *q, int i)
{
	if (sqlite3_column_type(q, i) != SQLITE_NULL)
		json_object_set_new(o, key, json_integer(sqlite3_column_int64(q, i)));
}

void pd_json_put_double(json_t *o, const char *key, double v)
{
	json_t *j = isnan(v)   ? json_string("NaN")
		    : isinf(v) ? json_string(v > 0 ? "Infinity" : "-Infinity")
			       : json_real(v);
	json_object_set_new(o, key, j);
}

enum pd_code pd_local_pairs(struct pd_local *l, sqlite3_stmt *q, json_t *list, struct pd_err *err)
{
	for (;;) {
		bool row = false;
		PD_TRY(pd_db_step(&l->db, q, &row, err));
		if (!row)
			return PD_OK;
		json_t *pair = json_object();
		pd_json_put_column(pair, "key", q, 0);
		pd_json_put_column(pair, "value", q, 1);
		json_array_append_new(list, pair);
	}
}

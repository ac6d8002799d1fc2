/* Source: mlflow/utils/search_logged_model_utils.py: a parser of its own, where quotes are optional
 * and numbers are what Python's float() takes. */
#include <math.h>

#include "base/num.h"
#include "registry/filter_internal.h"

/* Python's float(): also inf and nan, and underscores between digits. */
static bool python_float(struct pd_filter_parser *p, struct pd_str s, double *out)
{
	char *z = pd_arena_alloc(p->arena, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		bool inner = i > 0 && i + 1 < s.n && s.p[i - 1] != '_' && s.p[i + 1] != '_';
		if (s.p[i] != '_' || !inner)
			z[n++] = s.p[i];
	}
	s = pd_str_of(z, n);
	bool minus = n > 0 && z[0] == '-';
	struct pd_str name = pd_str_skip(s, minus);
	if (pd_str_eq_nocase(name, PD_STR("nan")))
		*out = NAN;
	else if (pd_str_eq_nocase(name, PD_STR("inf")) ||
		 pd_str_eq_nocase(name, PD_STR("infinity")))
		*out = minus ? -INFINITY : INFINITY;
	else
		return pd_f64_parse(s, out);
	return true;
}

static struct pd_str strip(struct pd_str s, char c)
{
	while (s.n && s.p[0] == c)
		s = pd_str_skip(s, 1);
	while (s.n && s.p[s.n - 1] == c)
		s.n--;
	return s;
}

/* ^([a-z]+)\.(.+)$ */
static bool split_entity(struct pd_str s, struct pd_str *head, struct pd_str *tail)
{
	if (!pd_str_split(s, '.', head, tail) || head->n == 0 || tail->n == 0)
		return false;
	for (size_t i = 0; i < head->n; i++)
		if (head->p[i] < 'a' || head->p[i] > 'z')
			return false;
	return pd_str_find(*tail, '\n') < 0;
}

static enum pd_code logged_identifier(struct pd_filter_parser *p, struct pd_str text,
				      struct pd_clause *c)
{
	static const struct {
		const char *name;
		enum pd_entity entity;
	} kinds[] = { { "attributes", PD_ENTITY_ATTRIBUTE },
		      { "metrics", PD_ENTITY_METRIC },
		      { "params", PD_ENTITY_PARAM },
		      { "tags", PD_ENTITY_TAG } };
	struct pd_str head = PD_STR("attributes");
	struct pd_str tail = text;
	if (split_entity(text, &head, &tail)) {
		size_t i = 0;
		while (i < PD_LEN(kinds) && !pd_str_eqz(head, kinds[i].name))
			i++;
		if (i == PD_LEN(kinds))
			return pd_fail(p->err, PD_INVALID,
				       "Invalid entity type: '%.*s'. Expected one of "
				       "['attributes', 'metrics', 'params', 'tags'].",
				       PD_STR_ARG(pd_filter_cut(head)));
		c->entity = kinds[i].entity;
		c->key = strip(tail, '`');
	} else {
		c->entity = PD_ENTITY_ATTRIBUTE;
		c->key = strip(text, '`');
	}
	if (c->entity != PD_ENTITY_ATTRIBUTE)
		return PD_OK;
	if (pd_str_eqz(c->key, "creation_time") || pd_str_eqz(c->key, "creation_timestamp"))
		c->key = PD_STR("creation_timestamp_ms");
	else if (pd_str_eqz(c->key, "last_updated_timestamp"))
		c->key = PD_STR("last_updated_timestamp_ms");
	return PD_OK;
}

static const struct pd_names number_names = PD_NAMES("<", "<=", ">", ">=", "=", "!=");

static const struct pd_names text_names = PD_NAMES("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN");

static enum pd_code logged_op(struct pd_filter_parser *p, struct pd_comparison *c, bool numeric,
			      struct pd_str name)
{
	struct pd_names valid = numeric ? number_names : text_names;
	if (pd_names_have(valid, c->op))
		return PD_OK;
	return pd_fail(p->err, PD_INVALID,
		       "Invalid comparison operator for %.*s: '%.*s'. Expected one of %s.",
		       PD_STR_ARG(pd_filter_cut(name)), PD_STR_ARG(c->op),
		       pd_names_text(p, valid, '(', ')'));
}

static struct pd_str entity_text(struct pd_filter_parser *p, const struct pd_clause *c)
{
	static const char *const prefixes[] = {
		[PD_ENTITY_ATTRIBUTE] = "attributes", [PD_ENTITY_METRIC] = "metrics",
		[PD_ENTITY_PARAM] = "params",         [PD_ENTITY_TAG] = "tags",
		[PD_ENTITY_DATASET] = "datasets",
	};
	return pd_str_from(pd_arena_printf(p->arena, "%s.%.*s", prefixes[c->entity],
					   PD_STR_ARG(pd_filter_cut(c->key))));
}

/* MLflow joins IS NULL to its left side without the space. */
static struct pd_str comparison_text(struct pd_filter_parser *p, const struct pd_item *item)
{
	if (item->n_parts != 2)
		return item->text;
	return pd_str_from(pd_arena_printf(p->arena, "%.*s%.*s",
					   PD_STR_ARG(pd_filter_cut(item->part[0].text)),
					   PD_STR_ARG(item->part[1].text)));
}

enum pd_code pd_filter_logged(struct pd_filter_parser *p, const struct pd_item *item,
			      struct pd_clause *out)
{
	if (item->n_parts != 3)
		return pd_fail(p->err, PD_INVALID,
			       "Invalid comparison: %.*s. Expected a comparison with 3 tokens.",
			       PD_STR_ARG(pd_filter_cut(comparison_text(p, item))));
	struct pd_comparison c = { .op = pd_filter_upper(p->arena, item->part[1].text),
				   .value = &item->part[2] };
	PD_TRY(logged_identifier(p, item->part[0].text, &c.clause));
	bool numeric = c.clause.entity == PD_ENTITY_METRIC ||
		       (c.clause.entity == PD_ENTITY_ATTRIBUTE &&
			pd_names_have(p->rules->numeric, c.clause.key));
	PD_TRY(logged_op(p, &c, numeric, entity_text(p, &c.clause)));
	struct pd_str text = c.value->text;
	struct pd_value *v = &c.clause.value;
	if (numeric) {
		v->kind = PD_VALUE_REAL;
		if (!python_float(p, text, &v->real))
			return pd_fail(p->err, PD_INVALID,
				       "Expected a number to compare %.*s with. Found %.*s",
				       PD_STR_ARG(entity_text(p, &c.clause)),
				       PD_STR_ARG(pd_filter_cut(text)));
	} else if (text.n >= 2 && text.p[0] == '(' && text.p[text.n - 1] == ')') {
		struct pd_str *list = NULL;
		PD_TRY(pd_filter_list(text, true, p->arena, &list, &v->n_list, p->err));
		v->kind = PD_VALUE_LIST;
		v->list = list;
	} else {
		v->kind = PD_VALUE_TEXT;
		v->text = strip(text, '\'');
	}
	/* MLflow fails with an internal error for an attribute that does not exist */
	if (c.clause.entity == PD_ENTITY_ATTRIBUTE &&
	    !pd_names_have(p->rules->attributes, c.clause.key))
		return pd_filter_bad_attribute(p, c.clause.key, p->rules->attributes);
	PD_TRY(pd_filter_check_op(p, &c));
	*out = c.clause;
	return PD_OK;
}

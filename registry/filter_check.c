/* Which comparators a key takes; every search of MLflow has its own rules and its own words. */
#include "registry/check.h"
#include "registry/filter_internal.h"

static const struct pd_names string_ops = PD_NAMES("!=", "=", "LIKE", "ILIKE", "IN", "NOT IN");
static const struct pd_names null_ops = PD_NAMES("!=", "=", "LIKE", "ILIKE", "IS NULL",
						 "IS NOT NULL");
static const struct pd_names tag_ops = PD_NAMES("=", "!=", "LIKE", "ILIKE");
static const struct pd_names numeric_ops = PD_NAMES(">", ">=", "!=", "=", "<", "<=");
static const struct pd_names id_ops = PD_NAMES("=", "!=", "IN", "NOT IN");

static const char *const op_names[] = {
	[PD_OP_EQ] = "=",
	[PD_OP_NE] = "!=",
	[PD_OP_LT] = "<",
	[PD_OP_LE] = "<=",
	[PD_OP_GT] = ">",
	[PD_OP_GE] = ">=",
	[PD_OP_LIKE] = "LIKE",
	[PD_OP_ILIKE] = "ILIKE",
	[PD_OP_IN] = "IN",
	[PD_OP_NOT_IN] = "NOT IN",
	[PD_OP_IS_NULL] = "IS NULL",
	[PD_OP_IS_NOT_NULL] = "IS NOT NULL",
};

static enum pd_code bad_op(struct pd_filter_parser *p, const struct pd_comparison *c,
			   struct pd_names valid, const char *close)
{
	return pd_fail(p->err, PD_INVALID, "Invalid comparator '%.*s' not one of '%s%s",
		       PD_STR_ARG(c->op), pd_names_text(p, valid, '{', '}'), close);
}

static enum pd_code check_run_op(struct pd_filter_parser *p, const struct pd_comparison *c)
{
	switch (c->clause.entity) {
	case PD_ENTITY_ATTRIBUTE:
		if (pd_names_have(p->rules->numeric, c->clause.key))
			return pd_names_have(numeric_ops, c->op) ? PD_OK
								 : bad_op(p, c, string_ops, "");
		return pd_names_have(string_ops, c->op) ? PD_OK : bad_op(p, c, string_ops, "'");
	case PD_ENTITY_METRIC:
		return pd_names_have(numeric_ops, c->op) ? PD_OK : bad_op(p, c, numeric_ops, "");
	case PD_ENTITY_PARAM:
		return pd_names_have(null_ops, c->op) ? PD_OK : bad_op(p, c, null_ops, "'");
	case PD_ENTITY_TAG:
		return pd_names_have(null_ops, c->op) ? PD_OK : bad_op(p, c, null_ops, "");
	case PD_ENTITY_DATASET:
		break;
	}
	return pd_names_have(string_ops, c->op) ? PD_OK : bad_op(p, c, string_ops, "");
}

static enum pd_code check_experiment_id(struct pd_filter_parser *p, const struct pd_comparison *c)
{
	const struct pd_value *v = &c->clause.value;
	if (!pd_names_have(id_ops, c->op))
		return pd_fail(p->err, PD_INVALID, "Invalid comparator for experiment_id: %.*s",
			       PD_STR_ARG(c->op));
	size_t n = v->kind == PD_VALUE_LIST ? v->n_list : 1;
	for (size_t i = 0; i < n; i++) {
		int64_t id = 0;
		struct pd_str text = v->kind == PD_VALUE_LIST ? v->list[i] : v->text;
		PD_TRY(pd_parse_experiment_id(pd_filter_cut(text), &id, p->err));
	}
	return PD_OK;
}

static enum pd_code check_experiment_op(struct pd_filter_parser *p, const struct pd_comparison *c)
{
	if (c->clause.entity == PD_ENTITY_TAG) {
		if (pd_names_have(null_ops, c->op))
			return PD_OK;
		return pd_fail(p->err, PD_INVALID, "Invalid comparator for tag: %.*s",
			       PD_STR_ARG(c->op));
	}
	if (pd_str_eqz(c->clause.key, "experiment_id"))
		return check_experiment_id(p, c);
	if (!pd_names_have(p->rules->numeric, c->clause.key))
		return pd_names_have(string_ops, c->op) ? PD_OK : bad_op(p, c, string_ops, "'");
	if (!pd_names_have(numeric_ops, c->op))
		return bad_op(p, c, string_ops, "");
	if (c->clause.value.kind == PD_VALUE_REAL)
		return pd_fail(
			p->err, PD_INVALID, "Invalid value for numeric attribute '%.*s': '%.*s'",
			PD_STR_ARG(c->clause.key), PD_STR_ARG(pd_filter_cut(c->value->text)));
	return PD_OK;
}

/* A version number may be given in quotes. */
static enum pd_code check_version_number(struct pd_filter_parser *p, struct pd_comparison *c)
{
	struct pd_value *v = &c->clause.value;
	if (!pd_names_have(numeric_ops, c->op))
		return pd_fail(p->err, PD_INVALID, "Invalid comparator for attribute %.*s: %.*s",
			       PD_STR_ARG(c->clause.key), PD_STR_ARG(c->op));
	if (v->kind == PD_VALUE_INT || (v->kind == PD_VALUE_TEXT && pd_py_int(v->text, &v->i))) {
		v->kind = PD_VALUE_INT;
		return PD_OK;
	}
	return pd_fail(p->err, PD_INVALID, "Invalid value for numeric attribute '%.*s': %s",
		       PD_STR_ARG(c->clause.key),
		       v->kind == PD_VALUE_TEXT
			       ? pd_filter_repr(p->arena, v->text)
			       : pd_arena_z(p->arena, pd_filter_cut(c->value->text)));
}

static enum pd_code check_registry_op(struct pd_filter_parser *p, struct pd_comparison *c)
{
	if (c->clause.entity == PD_ENTITY_TAG) {
		if (pd_names_have(tag_ops, c->op))
			return PD_OK;
		return pd_fail(p->err, PD_INVALID, "Invalid comparator for tag: %.*s",
			       PD_STR_ARG(c->op));
	}
	if (pd_names_have(p->rules->numeric, c->clause.key))
		return check_version_number(p, c);
	bool list_op = pd_str_eqz(c->op, "IN") || pd_str_eqz(c->op, "NOT IN");
	if (!pd_names_have(string_ops, c->op) ||
	    (list_op && !pd_names_have(p->rules->lists, c->clause.key)))
		return pd_fail(p->err, PD_INVALID, "Invalid comparator for attribute: %.*s",
			       PD_STR_ARG(c->op));
	return PD_OK;
}

enum pd_code pd_filter_check_op(struct pd_filter_parser *p, struct pd_comparison *c)
{
	switch (p->search) {
	case PD_SEARCH_RUNS:
		PD_TRY(check_run_op(p, c));
		break;
	case PD_SEARCH_EXPERIMENTS:
		PD_TRY(check_experiment_op(p, c));
		break;
	case PD_SEARCH_MODELS:
	case PD_SEARCH_VERSIONS:
		PD_TRY(check_registry_op(p, c));
		break;
	case PD_SEARCH_LOGGED_MODELS:
		break;
	}
	for (size_t i = 0; i < PD_LEN(op_names); i++)
		if (pd_str_eqz(c->op, op_names[i]))
			c->clause.op = (enum pd_op)i;
	return PD_OK;
}

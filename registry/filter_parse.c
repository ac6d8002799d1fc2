/*
 * From grouped items to clauses. Each search has its own rules for identifiers and values; where
 * they differ in small ways (lower-case comparators, quotes, messages) it is because MLflow's
 * classes do.
 */
#include <assert.h>

#include "base/num.h"
#include "registry/filter_internal.h"

/* Source: the classes Search*Utils of mlflow/utils/search_utils.py. */
const struct pd_filter_rules pd_filter_rules[] = {
	[PD_SEARCH_RUNS] = { PD_NAMES("run_id", "run_name", "user_id", "status", "start_time",
				      "end_time", "artifact_uri", "created", "Created", "run name",
				      "Run name", "Run Name"),
			     PD_NAMES("start_time", "end_time", "created", "Created"),
			     PD_NAMES("run_id"), true },
	[PD_SEARCH_EXPERIMENTS] = { PD_NAMES("name", "experiment_id", "creation_time",
					     "last_update_time"),
				    PD_NAMES("creation_time", "last_update_time"),
				    PD_NAMES("experiment_id"), false },
	[PD_SEARCH_MODELS] = { PD_NAMES("name"), { NULL, 0 }, PD_NAMES("name"), true },
	[PD_SEARCH_VERSIONS] = { PD_NAMES("name", "version_number", "run_id", "source_path"),
				 PD_NAMES("version_number", "creation_timestamp",
					  "last_updated_timestamp"),
				 PD_NAMES("name", "run_id"), true },
	[PD_SEARCH_LOGGED_MODELS] = { PD_NAMES("model_id", "experiment_id", "name",
					       "artifact_location", "creation_timestamp_ms",
					       "last_updated_timestamp_ms", "status",
					       "lifecycle_stage", "model_type", "source_run_id",
					       "status_message"),
				      PD_NAMES("creation_timestamp_ms",
					       "last_updated_timestamp_ms"),
				      { NULL, 0 },
				      true },
};

static const struct pd_names dataset_keys = PD_NAMES("name", "digest", "context");

static bool is_quoted(struct pd_str s)
{
	return s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0];
}

static struct pd_str bare_key(struct pd_str key)
{
	if (is_quoted(key))
		key = pd_str_of(key.p + 1, key.n - 2);
	return pd_filter_unquote(key, '`');
}

static const struct {
	const char *name;
	enum pd_entity entity;
} entities[] = {
	{ "metric", PD_ENTITY_METRIC },
	{ "metrics", PD_ENTITY_METRIC },
	{ "parameter", PD_ENTITY_PARAM },
	{ "parameters", PD_ENTITY_PARAM },
	{ "param", PD_ENTITY_PARAM },
	{ "params", PD_ENTITY_PARAM },
	{ "tag", PD_ENTITY_TAG },
	{ "tags", PD_ENTITY_TAG },
	{ "attribute", PD_ENTITY_ATTRIBUTE },
	{ "attr", PD_ENTITY_ATTRIBUTE },
	{ "attributes", PD_ENTITY_ATTRIBUTE },
	{ "run", PD_ENTITY_ATTRIBUTE },
	{ "dataset", PD_ENTITY_DATASET },
	{ "datasets", PD_ENTITY_DATASET },
};

static enum pd_code run_entity(struct pd_filter_parser *p, struct pd_str name, enum pd_entity *out)
{
	name = pd_filter_unquote(name, '`');
	for (size_t i = 0; i < PD_LEN(entities); i++)
		if (pd_str_eqz(name, entities[i].name)) {
			*out = entities[i].entity;
			return PD_OK;
		}
	return pd_fail(p->err, PD_INVALID,
		       "Invalid entity type '%.*s'. Valid values are "
		       "['metric', 'parameter', 'tag', 'attribute', 'dataset']",
		       PD_STR_ARG(pd_filter_cut(name)));
}

/* Everything but runs knows attributes and tags only. */
static enum pd_code tag_entity(struct pd_filter_parser *p, struct pd_str name, enum pd_entity *out)
{
	bool tag = pd_str_eqz(name, "tag") || pd_str_eqz(name, "tags");
	if (!tag && !pd_str_eqz(name, "attribute"))
		return pd_fail(p->err, PD_INVALID,
			       "Invalid entity type '%.*s'. Valid entity types are "
			       "('attribute', 'tag', 'tags')",
			       PD_STR_ARG(pd_filter_cut(name)));
	*out = tag ? PD_ENTITY_TAG : PD_ENTITY_ATTRIBUTE;
	return PD_OK;
}

enum pd_code pd_filter_bad_attribute(struct pd_filter_parser *p, struct pd_str key,
				     struct pd_names valid)
{
	return pd_fail(p->err, PD_INVALID,
		       "Invalid attribute key '%.*s' specified. Valid keys are '%s'",
		       PD_STR_ARG(pd_filter_cut(key)), pd_names_text(p, valid, '{', '}'));
}

enum pd_code pd_filter_identifier(struct pd_filter_parser *p, struct pd_str text,
				  struct pd_names valid, enum pd_entity *entity, struct pd_str *key)
{
	struct pd_str head = { 0 };
	struct pd_str tail = { 0 };
	*entity = PD_ENTITY_ATTRIBUTE;
	if (!pd_str_split(text, '.', &head, &tail))
		tail = head;
	else if (p->search == PD_SEARCH_RUNS)
		PD_TRY(run_entity(p, head, entity));
	else
		PD_TRY(tag_entity(p, head, entity));
	*key = bare_key(tail);
	/* models and versions look their attributes up with the quotes still on */
	bool quotes_count = p->search == PD_SEARCH_MODELS || p->search == PD_SEARCH_VERSIONS;
	struct pd_str looked_up = quotes_count && valid.at == p->rules->attributes.at ? tail : *key;
	if (*entity == PD_ENTITY_ATTRIBUTE && !pd_names_have(valid, looked_up))
		return pd_filter_bad_attribute(p, looked_up, valid);
	if (*entity == PD_ENTITY_DATASET && !pd_names_have(dataset_keys, *key))
		return pd_fail(p->err, PD_INVALID,
			       "Invalid dataset key '%.*s' specified. Valid keys are '%s'",
			       PD_STR_ARG(pd_filter_cut(*key)),
			       pd_names_text(p, dataset_keys, '{', '}'));
	return PD_OK;
}

static bool is_text_item(const struct pd_item *v)
{
	return v->class == PD_ITEM_IDENTIFIER ||
	       (v->class == PD_ITEM_TOKEN && v->type == PD_TOKEN_STRING);
}

static bool is_number_item(const struct pd_item *v)
{
	return v->class == PD_ITEM_TOKEN && (v->type == PD_TOKEN_INT || v->type == PD_TOKEN_FLOAT);
}

static enum pd_code text_value(struct pd_filter_parser *p, struct pd_comparison *c)
{
	struct pd_str s = c->value->text;
	if (!is_quoted(s))
		return pd_fail(p->err, PD_INVALID,
			       "Parameter value is either not quoted or unidentified quote types "
			       "used for string value %.*s. Use either single or double quotes.",
			       PD_STR_ARG(pd_filter_cut(s)));
	c->clause.value.kind = PD_VALUE_TEXT;
	c->clause.value.text = pd_str_of(s.p + 1, s.n - 2);
	return PD_OK;
}

static enum pd_code list_value(struct pd_filter_parser *p, struct pd_comparison *c)
{
	struct pd_value *v = &c->clause.value;
	struct pd_str *list = NULL;
	if (c->clause.entity == PD_ENTITY_ATTRIBUTE &&
	    !pd_names_have(p->rules->lists, c->clause.key))
		return pd_fail(p->err, PD_INVALID,
			       "Only %s attributes support comparison with a list of quoted string "
			       "values.",
			       pd_names_text(p, p->rules->lists, '[', ']'));
	PD_TRY(pd_filter_list(c->value->text, false, p->arena, &list, &v->n_list, p->err));
	v->kind = PD_VALUE_LIST;
	v->list = list;
	return PD_OK;
}

static double to_real(struct pd_str s)
{
	double v = 0;
	bool ok = pd_f64_parse(s, &v);
	assert(ok); /* the lexer made sure of it */
	(void)ok;
	return v;
}

/* An integer stays one; beyond 64 bits MLflow's driver fails with an internal error. */
static enum pd_code number_value(struct pd_filter_parser *p, struct pd_comparison *c)
{
	struct pd_value *v = &c->clause.value;
	if (c->value->type == PD_TOKEN_FLOAT) {
		v->kind = PD_VALUE_REAL;
		v->real = to_real(c->value->text);
		return PD_OK;
	}
	v->kind = PD_VALUE_INT;
	if (!pd_str_to_i64(c->value->text, &v->i))
		return pd_fail(p->err, PD_INVALID, "Number %.*s does not fit 64 bits",
			       PD_STR_ARG(pd_filter_cut(c->value->text)));
	return PD_OK;
}

static enum pd_code metric_value(struct pd_filter_parser *p, struct pd_comparison *c)
{
	if (!is_number_item(c->value))
		return pd_fail(p->err, PD_INVALID,
			       "Expected numeric value type for metric. Found %.*s",
			       PD_STR_ARG(pd_filter_cut(c->value->text)));
	c->clause.value.kind = PD_VALUE_REAL;
	c->clause.value.real = to_real(c->value->text);
	return PD_OK;
}

static enum pd_code attribute_value(struct pd_filter_parser *p, struct pd_comparison *c)
{
	const struct pd_item *v = c->value;
	bool numeric = pd_names_have(p->rules->numeric, c->clause.key);
	bool registry = p->search == PD_SEARCH_MODELS || p->search == PD_SEARCH_VERSIONS;
	if (numeric && !registry && !is_number_item(v))
		return pd_fail(p->err, PD_INVALID,
			       "Expected numeric value type for numeric attribute: %.*s. "
			       "Found %.*s",
			       PD_STR_ARG(c->clause.key), PD_STR_ARG(pd_filter_cut(v->text)));
	if (numeric && is_number_item(v))
		return number_value(p, c);
	if (is_text_item(v))
		return text_value(p, c);
	if (v->class == PD_ITEM_PARENTHESIS)
		return list_value(p, c);
	if (p->search == PD_SEARCH_VERSIONS && is_number_item(v))
		return pd_fail(p->err, PD_INVALID,
			       "Only the '%s' attributes support comparison with numeric values.",
			       pd_names_text(p, p->rules->numeric, '{', '}'));
	return pd_fail(p->err, PD_INVALID,
		       registry ? "Expected a quoted string value or a list of quoted string "
				  "values for attributes. Got value %.*s"
				: "Expected a quoted string value for attributes. Got value %.*s",
		       PD_STR_ARG(pd_filter_cut(v->text)));
}

static enum pd_code parse_value(struct pd_filter_parser *p, struct pd_comparison *c)
{
	const struct pd_item *v = c->value;
	switch (c->clause.entity) {
	case PD_ENTITY_METRIC:
		return metric_value(p, c);
	case PD_ENTITY_PARAM:
	case PD_ENTITY_TAG:
		if (is_text_item(v))
			return text_value(p, c);
		return pd_fail(p->err, PD_INVALID,
			       "Expected a quoted string value for %s (e.g. 'my-value'). "
			       "Got value %.*s",
			       c->clause.entity == PD_ENTITY_TAG ? "tag" : "parameter",
			       PD_STR_ARG(pd_filter_cut(v->text)));
	case PD_ENTITY_DATASET:
		if (is_text_item(v))
			return text_value(p, c);
		if (v->class == PD_ITEM_PARENTHESIS)
			return list_value(p, c);
		return pd_fail(p->err, PD_INVALID,
			       "Expected a quoted string value for dataset attributes. "
			       "Got value %.*s",
			       PD_STR_ARG(pd_filter_cut(v->text)));
	case PD_ENTITY_ATTRIBUTE:
		break;
	}
	return attribute_value(p, c);
}

static enum pd_code parse_null_check(struct pd_filter_parser *p, const struct pd_comparison *c)
{
	bool tag = c->clause.entity == PD_ENTITY_TAG;
	static const char *const entity_names[] = {
		[PD_ENTITY_ATTRIBUTE] = "attribute", [PD_ENTITY_METRIC] = "metric",
		[PD_ENTITY_PARAM] = "parameter",     [PD_ENTITY_TAG] = "tag",
		[PD_ENTITY_DATASET] = "dataset",
	};
	if (p->search == PD_SEARCH_RUNS && !tag && c->clause.entity != PD_ENTITY_PARAM)
		return pd_fail(p->err, PD_INVALID,
			       "IS NULL / IS NOT NULL is only supported for tags and params, "
			       "not for '%s' '%.*s'",
			       entity_names[c->clause.entity],
			       PD_STR_ARG(pd_filter_cut(c->clause.key)));
	if (p->search == PD_SEARCH_EXPERIMENTS && !tag)
		return pd_fail(p->err, PD_INVALID,
			       "IS NULL / IS NOT NULL is only supported for tags, "
			       "not for attribute '%.*s'",
			       PD_STR_ARG(pd_filter_cut(c->clause.key)));
	return PD_OK;
}

static enum pd_code parse_comparison(struct pd_filter_parser *p, const struct pd_item *item,
				     struct pd_clause *out)
{
	struct pd_comparison c = { .op = item->part[1].text };
	bool null_check = item->n_parts == 2;
	bool registry = p->search == PD_SEARCH_MODELS || p->search == PD_SEARCH_VERSIONS;
	/* MLflow fails with an internal error where the registry is asked for IS NULL */
	if (item->n_parts != 3 && (!null_check || registry))
		return pd_fail(p->err, PD_INVALID,
			       "Invalid comparison clause. Expected 3 tokens found %u",
			       item->n_parts);
	if (item->part[0].class != PD_ITEM_IDENTIFIER)
		return pd_fail(p->err, PD_INVALID,
			       "Invalid comparison clause. Expected 'Identifier' found '%.*s'",
			       PD_STR_ARG(pd_filter_cut(item->part[0].text)));
	PD_TRY(pd_filter_identifier(p, item->part[0].text, p->rules->attributes, &c.clause.entity,
				    &c.clause.key));
	if (p->rules->upper)
		c.op = pd_filter_upper(p->arena, c.op);
	if (null_check) {
		PD_TRY(parse_null_check(p, &c));
	} else {
		c.value = &item->part[2];
		PD_TRY(parse_value(p, &c));
	}
	PD_TRY(pd_filter_check_op(p, &c));
	*out = c.clause;
	return PD_OK;
}

static bool is_clause_item(const struct pd_item *item)
{
	return item->class == PD_ITEM_COMPARISON || pd_item_is_keyword(item, "AND");
}

static enum pd_code bad_clauses(struct pd_filter_parser *p, const struct pd_items *items)
{
	if (p->search == PD_SEARCH_LOGGED_MODELS)
		return pd_fail(
			p->err, PD_INVALID,
			"Invalid filter string: %s. Expected a list of comparisons separated "
			"by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
			pd_filter_repr(p->arena, p->text));
	const char *quote = p->search == PD_SEARCH_RUNS ? "'" : "";
	struct pd_buf b;
	pd_buf_init(&b, SIZE_MAX);
	for (size_t i = 0; i < items->n && b.n < PD_ERR_MAX; i++)
		if (!is_clause_item(&items->at[i]))
			pd_buf_printf(&b, "%s%s%.*s%s", b.n ? ", " : "", quote,
				      PD_STR_ARG(pd_filter_cut(items->at[i].text)), quote);
	enum pd_code code = pd_fail(p->err, PD_INVALID, "Invalid clause(s) in filter string: %s",
				    b.p);
	pd_buf_end(&b);
	return code;
}

static enum pd_code check_statement(struct pd_filter_parser *p, const struct pd_items *items)
{
	bool empty = true;
	for (size_t i = 0; i < items->n && empty; i++)
		empty = items->at[i].type == PD_TOKEN_SPACE;
	bool logged = p->search == PD_SEARCH_LOGGED_MODELS;
	if (logged && (empty || items->several))
		return pd_fail(p->err, PD_INVALID,
			       "Invalid filter string: %s. Expected a single SQL expression.",
			       pd_filter_repr(p->arena, p->text));
	if (empty)
		return pd_fail(p->err, PD_INVALID, "Invalid filter '%.*s'. Could not be parsed.",
			       PD_STR_ARG(pd_filter_cut(p->text)));
	if (items->several)
		return pd_fail(p->err, PD_INVALID,
			       "Search filter contained multiple expression %s. Provide AND-ed "
			       "expression list.",
			       pd_filter_repr(p->arena, p->text));
	return PD_OK;
}

/* The database driver refuses a list where one value is meant, once all else is checked. */
static enum pd_code check_lists(struct pd_filter_parser *p, const struct pd_filter *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct pd_clause *c = &f->clauses[i];
		if (c->value.kind == PD_VALUE_LIST && c->op != PD_OP_IN && c->op != PD_OP_NOT_IN)
			return pd_fail(p->err, PD_BAD_REQUEST,
				       "'%.*s' is compared with a list by another operator than IN "
				       "and NOT IN",
				       PD_STR_ARG(pd_filter_cut(c->key)));
	}
	return PD_OK;
}

enum pd_code pd_filter_parse(enum pd_search search, struct pd_str text, struct pd_arena *arena,
			     struct pd_filter *out, struct pd_err *err)
{
	struct pd_filter_parser p = { search, &pd_filter_rules[search], text, arena, err };
	struct pd_items items = { 0 };
	*out = (struct pd_filter){ 0 };
	if (text.n == 0)
		return PD_OK;
	PD_TRY(pd_filter_lex(text, arena, &items, err));
	PD_TRY(check_statement(&p, &items));
	PD_TRY(pd_filter_group(&items, arena, err));
	pd_filter_join(&items, arena);
	/* MLflow looks at every clause first, but at a logged model's one by one */
	for (size_t i = 0; i < items.n && search != PD_SEARCH_LOGGED_MODELS; i++)
		if (!is_clause_item(&items.at[i]))
			return bad_clauses(&p, &items);
	struct pd_clause *clauses = PD_ARENA_ARRAY(arena, struct pd_clause, items.n + 1);
	out->clauses = clauses;
	for (size_t i = 0; i < items.n; i++) {
		const struct pd_item *item = &items.at[i];
		if (!is_clause_item(item))
			return bad_clauses(&p, &items);
		if (item->class != PD_ITEM_COMPARISON)
			continue;
		struct pd_clause *clause = &clauses[out->n++];
		if (search == PD_SEARCH_LOGGED_MODELS)
			PD_TRY(pd_filter_logged(&p, item, clause));
		else
			PD_TRY(parse_comparison(&p, item, clause));
	}
	return check_lists(&p, out);
}

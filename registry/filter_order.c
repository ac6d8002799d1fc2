/* Orders: a name and a direction. MLflow splits them like words of a shell, so quotes around the
 * key are removed there and only there. */
#include "registry/filter_internal.h"

static const struct pd_names run_order = PD_NAMES("run_id", "run_name", "user_id", "status",
						  "start_time", "end_time", "artifact_uri",
						  "created", "Created");
static const struct pd_names experiment_order = PD_NAMES("name", "experiment_id", "creation_time",
							 "last_update_time");
static const struct pd_names version_order =
	PD_NAMES("name", "version_number", "creation_timestamp", "last_updated_timestamp");

struct shell {
	struct pd_str s;
	size_t at;
};

static bool is_blank(char c)
{
	return c && strchr(" \t\r\n", c);
}

/* Backticks count as double quotes. */
static char shell_char(const struct shell *sh, size_t at)
{
	char c = at < sh->s.n ? sh->s.p[at] : '\0';
	return c == '`' ? '"' : c;
}

/* Does a backslash at `at` take the next character? */
static bool escapes(const struct shell *sh, char quote)
{
	char next = shell_char(sh, sh->at + 1);
	if (quote == '\'' || !next)
		return false;
	return !quote || next == '"' || next == '\\';
}

/* One word as shlex.split takes it, quotes and backslashes removed; false at the end.
 * *out_closed: every quote was. */
static bool shell_word(struct shell *sh, struct pd_arena *arena, struct pd_str *out,
		       bool *out_closed)
{
	char quote = 0;
	size_t n = 0;
	while (is_blank(shell_char(sh, sh->at)))
		sh->at++;
	if (sh->at >= sh->s.n)
		return false;
	char *z = pd_arena_alloc(arena, sh->s.n - sh->at + 1);
	for (; sh->at < sh->s.n && (quote || !is_blank(sh->s.p[sh->at])); sh->at++) {
		char c = shell_char(sh, sh->at);
		bool opens = !quote && (c == '"' || c == '\'');
		if (opens || (quote && c == quote)) {
			quote = opens ? c : 0;
			continue;
		}
		if (c == '\\' && escapes(sh, quote))
			c = shell_char(sh, ++sh->at);
		z[n++] = c;
	}
	*out = pd_str_of(z, n);
	*out_closed = quote == 0;
	return true;
}

static enum pd_code bad_order(struct pd_filter_parser *p)
{
	return pd_fail(p->err, PD_INVALID, "Invalid order_by clause '%.*s'. Could not be parsed.",
		       PD_STR_ARG(pd_filter_cut(p->text)));
}

/* The part of an order_by text that names and directs; PD_INVALID when there is more. */
static enum pd_code order_statement(struct pd_filter_parser *p, struct pd_str *out)
{
	struct pd_items items = { 0 };
	PD_TRY(pd_filter_lex(p->text, p->arena, &items, p->err));
	PD_TRY(pd_filter_group(&items, p->arena, p->err));
	if (items.n == 0 || items.several)
		return bad_order(p);
	const struct pd_item *first = &items.at[0];
	const struct pd_item *last = &items.at[items.n - 1];
	if (items.n == 1 && first->class == PD_ITEM_IDENTIFIER) {
		*out = first->text;
		return PD_OK;
	}
	if (first->type != PD_TOKEN_BUILTIN || !pd_str_eqz(first->text, "timestamp"))
		return bad_order(p);
	*out = first->text;
	if (items.n == 1)
		return PD_OK;
	for (size_t i = 1; i + 1 < items.n; i++)
		if (items.at[i].type != PD_TOKEN_SPACE)
			return bad_order(p);
	if (last->type != PD_TOKEN_ORDER)
		return bad_order(p);
	*out = pd_str_from(pd_arena_printf(p->arena, "timestamp %.*s", PD_STR_ARG(last->text)));
	return PD_OK;
}

static enum pd_code order_words(struct pd_filter_parser *p, struct pd_str text, struct pd_str *name,
				bool *descending)
{
	struct pd_str words[3] = { 0 };
	struct shell sh = { text, 0 };
	size_t n = 0;
	bool closed = true;
	while (n < PD_LEN(words) && shell_word(&sh, p->arena, &words[n], &closed)) {
		if (!closed) /* an internal error in MLflow */
			return pd_fail(p->err, PD_INVALID,
				       "Invalid order_by clause '%.*s'. No closing quotation",
				       PD_STR_ARG(pd_filter_cut(p->text)));
		n++;
	}
	*name = text;
	*descending = false;
	if (n > 2)
		return bad_order(p);
	if (n < 2)
		return PD_OK;
	*name = words[0];
	*descending = pd_str_eq_nocase(words[1], PD_STR("desc"));
	if (!*descending && !pd_str_eq_nocase(words[1], PD_STR("asc")))
		return pd_fail(p->err, PD_INVALID,
			       "Invalid ordering key in order_by clause '%.*s'.",
			       PD_STR_ARG(pd_filter_cut(p->text)));
	return PD_OK;
}

static const struct pd_names model_valid = PD_NAMES("timestamp", "last_updated_timestamp", "name");

static const struct pd_names model_recommended = PD_NAMES("name", "timestamp");

static enum pd_code model_order(struct pd_filter_parser *p, struct pd_str name,
				struct pd_order *out)
{
	if (!pd_names_have(model_valid, name))
		return pd_fail(p->err, PD_INVALID,
			       "Invalid order by key '%.*s' specified. Valid keys are '%s'",
			       PD_STR_ARG(pd_filter_cut(name)),
			       pd_names_text(p, model_recommended, '{', '}'));
	out->entity = PD_ENTITY_ATTRIBUTE;
	out->key = name;
	return PD_OK;
}

static enum pd_code check_order(struct pd_filter_parser *p, const struct pd_order *o)
{
	if (p->search == PD_SEARCH_RUNS && o->entity == PD_ENTITY_DATASET)
		return pd_fail(p->err, PD_INVALID, "Invalid identifier type 'dataset'");
	if (p->search == PD_SEARCH_EXPERIMENTS && o->entity == PD_ENTITY_TAG)
		return pd_fail(p->err, PD_INVALID, "Invalid order_by entity: tag");
	/* versions look at the key alone: tag.name orders by name */
	if (p->search == PD_SEARCH_VERSIONS && !pd_names_have(version_order, o->key))
		return pd_fail(p->err, PD_INVALID,
			       "Invalid order by key '%.*s' specified. Valid keys are %s",
			       PD_STR_ARG(pd_filter_cut(o->key)),
			       pd_names_text(p, version_order, '{', '}'));
	return PD_OK;
}

enum pd_code pd_order_parse(enum pd_search search, struct pd_str text, struct pd_arena *arena,
			    struct pd_order *out, struct pd_err *err)
{
	struct pd_filter_parser p = { search, &pd_filter_rules[search], text, arena, err };
	struct pd_str statement = { 0 };
	struct pd_str name = { 0 };
	PD_TRY(order_statement(&p, &statement));
	PD_TRY(order_words(&p, statement, &name, &out->descending));
	name = pd_str_trim(name);
	if (search == PD_SEARCH_MODELS)
		return model_order(&p, name, out);
	struct pd_names valid = search == PD_SEARCH_RUNS          ? run_order
				: search == PD_SEARCH_EXPERIMENTS ? experiment_order
								  : version_order;
	PD_TRY(pd_filter_identifier(&p, name, valid, &out->entity, &out->key));
	return check_order(&p, out);
}

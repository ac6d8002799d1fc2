/*
 * Grouping, in the order of sqlparse/engine/grouping.py. A group is always a run of neighbours,
 * so items are merged in place in one flat array. What lies inside parentheses is never looked
 * at (only its text counts), and groups that no filter can use (WHERE, CASE, casts to typed
 * literals) are left out: without them the same filters are refused.
 */
#include <stdlib.h>

#include "registry/filter_internal.h"

bool pd_item_is_keyword(const struct pd_item *item, const char *name)
{
	return item->class == PD_ITEM_TOKEN && item->type == PD_TOKEN_KEYWORD &&
	       pd_str_eq_nocase(item->text, pd_str_from(name));
}

static bool is_mark(const struct pd_item *item, const char *mark)
{
	return item->class == PD_ITEM_TOKEN &&
	       (item->type == PD_TOKEN_PUNCTUATION || item->type == PD_TOKEN_OPERATOR) &&
	       pd_str_eqz(item->text, mark);
}

static bool is_space(const struct pd_item *item)
{
	return item->class == PD_ITEM_TOKEN && item->type == PD_TOKEN_SPACE;
}

static bool is_token(const struct pd_item *item, enum pd_token_type type)
{
	return item->class == PD_ITEM_TOKEN && item->type == type;
}

static bool is_name(const struct pd_item *item)
{
	return is_token(item, PD_TOKEN_NAME) || is_token(item, PD_TOKEN_SYMBOL);
}

static struct pd_str span(const struct pd_item *first, const struct pd_item *last)
{
	return pd_str_of(first->text.p, (size_t)(last->text.p + last->text.n - first->text.p));
}

/* A pass reads items from its input and rebuilds the list in `at`; out is what it kept so far. */
struct pass {
	struct pd_item *at;
	size_t n;   /* items kept */
	size_t in;  /* next item to read */
	size_t end; /* items there are */
};

static struct pass pass_over(struct pd_items *items)
{
	return (struct pass){ items->at, 0, 0, items->n };
}

/* The last item kept that is not white space, or NULL. */
static struct pd_item *previous(const struct pass *p, size_t *out_at)
{
	for (size_t i = p->n; i > 0; i--)
		if (!is_space(&p->at[i - 1])) {
			*out_at = i - 1;
			return &p->at[i - 1];
		}
	return NULL;
}

/* The next item to come behind the one being read, white space skipped, or NULL. */
static struct pd_item *following(const struct pass *p, size_t *out_at)
{
	for (size_t i = p->in + 1; i < p->end; i++)
		if (!is_space(&p->at[i])) {
			*out_at = i;
			return &p->at[i];
		}
	return NULL;
}

static void keep(struct pass *p)
{
	p->at[p->n++] = p->at[p->in++];
}

/* Replace the kept items from `from` and the input up to and with `to` by one group. */
static void merge(struct pass *p, size_t from, size_t to, enum pd_item_class class)
{
	struct pd_item group = {
		.class = class,
		.text = from < p->n ? span(&p->at[from], &p->at[to])
				    : span(&p->at[p->in], &p->at[to]),
	};
	p->n = from;
	p->at[p->n++] = group;
	p->in = to + 1;
}

/* Match brackets; an unmatched one stays a token. */
static enum pd_code group_matching(struct pd_items *items, const char *open, const char *close,
				   enum pd_item_class class, struct pd_err *err)
{
	size_t stack[PD_FILTER_DEPTH_MAX];
	size_t depth = 0;
	struct pass p = pass_over(items);
	while (p.in < p.end) {
		const struct pd_item *item = &p.at[p.in];
		if (is_mark(item, open)) {
			if (depth == PD_LEN(stack))
				return pd_fail(err, PD_INVALID,
					       "Error on parsing filter: nested deeper than %d",
					       PD_FILTER_DEPTH_MAX);
			stack[depth++] = p.n;
			keep(&p);
		} else if (depth && is_mark(item, close)) {
			merge(&p, stack[--depth], p.in, class);
		} else {
			keep(&p);
		}
	}
	items->n = p.n;
	return PD_OK;
}

static void group_functions(struct pd_items *items)
{
	struct pass p = pass_over(items);
	while (p.in < p.end) {
		size_t to = 0;
		const struct pd_item *next = following(&p, &to);
		if (is_token(&p.at[p.in], PD_TOKEN_NAME) && next &&
		    next->class == PD_ITEM_PARENTHESIS)
			merge(&p, p.n, to, PD_ITEM_FUNCTION);
		else
			keep(&p);
	}
	items->n = p.n;
}

static bool joins_period(const struct pd_item *item)
{
	return item->class == PD_ITEM_BRACKETS || item->class == PD_ITEM_FUNCTION ||
	       is_name(item) || is_token(item, PD_TOKEN_WILDCARD) ||
	       is_token(item, PD_TOKEN_STRING);
}

static void group_periods(struct pd_items *items)
{
	struct pass p = pass_over(items);
	while (p.in < p.end) {
		size_t from = 0;
		const struct pd_item *prev = previous(&p, &from);
		bool opens = prev && (prev->class == PD_ITEM_BRACKETS ||
				      prev->class == PD_ITEM_IDENTIFIER || is_name(prev));
		if (!opens || !(is_mark(&p.at[p.in], ".") || is_mark(&p.at[p.in], "->"))) {
			keep(&p);
			continue;
		}
		size_t to = 0;
		const struct pd_item *next = following(&p, &to);
		merge(&p, from, next && joins_period(next) ? to : p.in, PD_ITEM_IDENTIFIER);
	}
	items->n = p.n;
}

static void group_arrays(struct pd_items *items)
{
	struct pass p = pass_over(items);
	while (p.in < p.end) {
		size_t from = 0;
		const struct pd_item *prev = previous(&p, &from);
		bool opens = prev && (prev->class == PD_ITEM_BRACKETS ||
				      prev->class == PD_ITEM_IDENTIFIER ||
				      prev->class == PD_ITEM_FUNCTION || is_name(prev));
		if (opens && p.at[p.in].class == PD_ITEM_BRACKETS)
			merge(&p, from, p.in, PD_ITEM_IDENTIFIER);
		else
			keep(&p);
	}
	items->n = p.n;
}

static void group_names(struct pd_items *items)
{
	for (size_t i = 0; i < items->n; i++)
		if (is_name(&items->at[i]))
			items->at[i] = (struct pd_item){ .class = PD_ITEM_IDENTIFIER,
							 .text = items->at[i].text };
}

static bool is_number(const struct pd_item *item)
{
	return is_token(item, PD_TOKEN_INT) || is_token(item, PD_TOKEN_FLOAT);
}

static void group_order(struct pd_items *items)
{
	struct pass p = pass_over(items);
	while (p.in < p.end) {
		size_t from = 0;
		const struct pd_item *prev = previous(&p, &from);
		if (is_token(&p.at[p.in], PD_TOKEN_ORDER) && prev &&
		    (prev->class == PD_ITEM_IDENTIFIER || is_number(prev) ||
		     is_token(prev, PD_TOKEN_HEX)))
			merge(&p, from, p.in, PD_ITEM_IDENTIFIER);
		else
			keep(&p);
	}
	items->n = p.n;
}

static bool is_operand(const struct pd_item *item)
{
	return item->class == PD_ITEM_PARENTHESIS || item->class == PD_ITEM_FUNCTION ||
	       item->class == PD_ITEM_IDENTIFIER || item->class == PD_ITEM_OPERATION ||
	       is_number(item) || is_name(item) || is_token(item, PD_TOKEN_STRING) ||
	       is_token(item, PD_TOKEN_PLACEHOLDER);
}

static bool any_operand(const struct pd_item *item)
{
	(void)item;
	return true;
}

static bool is_arithmetic(const struct pd_item *item)
{
	return is_operand(item) || item->class == PD_ITEM_BRACKETS;
}

static bool is_compared(const struct pd_item *item)
{
	return is_operand(item) || pd_item_is_keyword(item, "NULL");
}

static bool is_listed(const struct pd_item *item)
{
	return (is_operand(item) && item->class != PD_ITEM_PARENTHESIS) ||
	       item->class == PD_ITEM_COMPARISON || item->class == PD_ITEM_LIST ||
	       is_token(item, PD_TOKEN_KEYWORD) || is_token(item, PD_TOKEN_WILDCARD);
}

static bool is_cast(const struct pd_item *item)
{
	return is_token(item, PD_TOKEN_CAST);
}

static bool is_operator(const struct pd_item *item)
{
	return is_token(item, PD_TOKEN_OPERATOR) || is_token(item, PD_TOKEN_WILDCARD);
}

static bool is_compare(const struct pd_item *item)
{
	return is_token(item, PD_TOKEN_COMPARE);
}

static bool is_as(const struct pd_item *item)
{
	return pd_item_is_keyword(item, "AS");
}

static bool is_comma(const struct pd_item *item)
{
	return is_mark(item, ",");
}

/* What stands on both sides of a middle token goes into one group with it. */
static void group_infix(struct pd_items *items, bool (*is_middle)(const struct pd_item *),
			bool (*is_side)(const struct pd_item *), enum pd_item_class class,
			struct pd_arena *arena)
{
	struct pass p = pass_over(items);
	while (p.in < p.end) {
		size_t from = 0;
		size_t to = 0;
		const struct pd_item *prev = previous(&p, &from);
		const struct pd_item *next = following(&p, &to);
		if (!prev || !next || !is_middle(&p.at[p.in]) || !is_side(prev) || !is_side(next)) {
			keep(&p);
			continue;
		}
		struct pd_item *part = PD_ARENA_ARRAY(arena, struct pd_item, 3);
		part[0] = *prev;
		part[1] = p.at[p.in];
		part[2] = *next;
		merge(&p, from, to, class);
		p.at[p.n - 1].part = part;
		p.at[p.n - 1].n_parts = 3;
	}
	items->n = p.n;
}

/* A name behind an operand is taken for its alias: "a = 'x' b" is one identifier. */
static void group_aliases(struct pd_items *items)
{
	struct pass p = pass_over(items);
	while (p.in < p.end) {
		size_t to = 0;
		const struct pd_item *item = &p.at[p.in];
		const struct pd_item *next = following(&p, &to);
		bool takes = item->class == PD_ITEM_PARENTHESIS ||
			     item->class == PD_ITEM_FUNCTION || item->class == PD_ITEM_IDENTIFIER ||
			     item->class == PD_ITEM_OPERATION ||
			     item->class == PD_ITEM_COMPARISON || is_number(item);
		if (takes && next && next->class == PD_ITEM_IDENTIFIER)
			merge(&p, p.n, to, PD_ITEM_IDENTIFIER);
		else
			keep(&p);
	}
	items->n = p.n;
}

static bool is_newline(const struct pd_item *item)
{
	return is_space(item) && (item->text.p[0] == '\n' || item->text.p[0] == '\r');
}

/* A comment joins the group before it, which a comparison does not survive; one with nothing but
 * comments and line ends behind it stays alone. */
static void align_comments(struct pd_items *items)
{
	struct pass p = pass_over(items);
	size_t last = p.end;
	while (last > 0 &&
	       (is_token(&p.at[last - 1], PD_TOKEN_COMMENT) || is_newline(&p.at[last - 1])))
		last--;
	while (p.in < p.end) {
		size_t from = 0;
		struct pd_item *prev = previous(&p, &from);
		if (!is_token(&p.at[p.in], PD_TOKEN_COMMENT) || p.in >= last || !prev ||
		    prev->class == PD_ITEM_TOKEN) {
			keep(&p);
			continue;
		}
		struct pd_item group = *prev;
		group.text = span(prev, &p.at[p.in]);
		group.n_parts++;
		p.n = from;
		p.at[p.n++] = group;
		p.in++;
	}
	items->n = p.n;
}

enum pd_code pd_filter_group(struct pd_items *items, struct pd_arena *arena, struct pd_err *err)
{
	PD_TRY(group_matching(items, "[", "]", PD_ITEM_BRACKETS, err));
	PD_TRY(group_matching(items, "(", ")", PD_ITEM_PARENTHESIS, err));
	group_functions(items);
	group_periods(items);
	group_arrays(items);
	group_names(items);
	group_order(items);
	group_infix(items, is_cast, any_operand, PD_ITEM_IDENTIFIER, arena);
	group_infix(items, is_operator, is_arithmetic, PD_ITEM_OPERATION, arena);
	group_infix(items, is_compare, is_compared, PD_ITEM_COMPARISON, arena);
	group_infix(items, is_as, any_operand, PD_ITEM_IDENTIFIER, arena);
	group_aliases(items);
	align_comments(items);
	group_infix(items, is_comma, is_listed, PD_ITEM_LIST, arena);
	return PD_OK;
}

static struct pd_item *joined(struct pd_arena *arena, const struct pd_item *first, struct pd_str op,
			      const struct pd_item *value, const struct pd_item *last)
{
	struct pd_item *part = PD_ARENA_ARRAY(arena, struct pd_item, 3);
	part[0] = *first;
	part[1] = (struct pd_item){ .type = PD_TOKEN_KEYWORD, .text = op };
	if (value)
		part[2] = *value;
	struct pd_item *group = PD_ARENA_NEW(arena, struct pd_item);
	*group = (struct pd_item){ .class = PD_ITEM_COMPARISON,
				   .text = span(first, last),
				   .part = part,
				   .n_parts = value ? 3 : 2 };
	return group;
}

static bool is_not_null(const struct pd_item *item)
{
	return is_token(item, PD_TOKEN_KEYWORD) && item->text.n == 8 &&
	       pd_str_eq_nocase(pd_str_head(item->text, 4), PD_STR("NOT ")) &&
	       pd_str_eq_nocase(pd_str_skip(item->text, 4), PD_STR("NULL"));
}

/* The comparison that starts at i, or NULL; *out_used items belong to it. Where none starts,
 * *out_used are passed over: MLflow consumes that many before it looks again. */
static struct pd_item *join_at(const struct pd_item *at, size_t left, struct pd_arena *arena,
			       size_t *out_used)
{
	*out_used = 3;
	if (pd_item_is_keyword(&at[1], "IN") && at[2].class == PD_ITEM_PARENTHESIS)
		return joined(arena, &at[0], at[1].text, &at[2], &at[2]);
	if (pd_item_is_keyword(&at[1], "IS") && pd_item_is_keyword(&at[2], "NULL"))
		return joined(arena, &at[0], PD_STR("IS NULL"), NULL, &at[2]);
	if (pd_item_is_keyword(&at[1], "IS") && is_not_null(&at[2]))
		return joined(arena, &at[0], PD_STR("IS NOT NULL"), NULL, &at[2]);
	if (left < 4)
		return NULL;
	*out_used = 4;
	if (pd_item_is_keyword(&at[1], "NOT") && pd_item_is_keyword(&at[2], "IN") &&
	    at[3].class == PD_ITEM_PARENTHESIS)
		return joined(arena, &at[0], PD_STR("NOT IN"), &at[3], &at[3]);
	return NULL;
}

static void drop_spaces(struct pd_items *items)
{
	size_t n = 0;
	for (size_t i = 0; i < items->n; i++)
		if (!is_space(&items->at[i]))
			items->at[n++] = items->at[i];
	items->n = n;
}

/* Source: mlflow/utils/search_utils.py, _join_in_comparison_tokens. */
void pd_filter_join(struct pd_items *items, struct pd_arena *arena)
{
	drop_spaces(items);
	size_t n = 0;
	for (size_t i = 0; i < items->n;) {
		size_t left = items->n - i;
		size_t used = 1;
		const struct pd_item *group = NULL;
		if (left >= 3 && items->at[i].class == PD_ITEM_IDENTIFIER)
			group = join_at(&items->at[i], left, arena, &used);
		if (group)
			items->at[n++] = *group;
		else
			for (size_t k = 0; k < used; k++)
				items->at[n++] = items->at[i + k];
		i += used;
	}
	items->n = n;
}

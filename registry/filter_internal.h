/*
 * registry/filter_internal.h - what the parts of the filter language share: tokens, the items
 * they are grouped into, and texts in the form that MLflow's messages have.
 *
 * MLflow reads its filters with a general SQL tokenizer (sqlparse) whose habits show: which names
 * need quotes, where a space changes the meaning, what is an error. The lexer follows its rules
 * in its order, and the grouping follows its passes, as far as they can matter for a filter.
 */
#ifndef PD_REGISTRY_FILTER_INTERNAL_H
#define PD_REGISTRY_FILTER_INTERNAL_H

#include "base/buf.h"
#include "registry/filter.h"

#define PD_FILTER_TOKENS_MAX 10000 /* sqlparse: MAX_GROUPING_TOKENS */
#define PD_FILTER_DEPTH_MAX  100   /* sqlparse: MAX_GROUPING_DEPTH */

enum pd_token_type {
	PD_TOKEN_NONE, /* a group has no type of its own */
	PD_TOKEN_SPACE,
	PD_TOKEN_COMMENT,
	PD_TOKEN_NAME,
	PD_TOKEN_BUILTIN, /* timestamp */
	PD_TOKEN_SYMBOL,  /* "..." */
	PD_TOKEN_STRING,  /* '...' */
	PD_TOKEN_INT,
	PD_TOKEN_FLOAT,
	PD_TOKEN_HEX,
	PD_TOKEN_COMPARE, /* = < LIKE ... */
	PD_TOKEN_KEYWORD,
	PD_TOKEN_ORDER, /* ASC, DESC NULLS LAST */
	PD_TOKEN_PUNCTUATION,
	PD_TOKEN_CAST, /* :: */
	PD_TOKEN_OPERATOR,
	PD_TOKEN_WILDCARD,
	PD_TOKEN_PLACEHOLDER,
	PD_TOKEN_OTHER,
};

enum pd_item_class {
	PD_ITEM_TOKEN,
	PD_ITEM_IDENTIFIER,
	PD_ITEM_PARENTHESIS,
	PD_ITEM_BRACKETS,
	PD_ITEM_FUNCTION,
	PD_ITEM_OPERATION,
	PD_ITEM_COMPARISON,
	PD_ITEM_LIST,
};

/* A token, or a group of neighbours. A comparison keeps where its parts lie. */
struct pd_item {
	enum pd_item_class class;
	enum pd_token_type type;
	struct pd_str text;         /* a slice of the filter */
	const struct pd_item *part; /* COMPARISON: left, operator, right; else NULL */
	unsigned n_parts;           /* COMPARISON: 2 for IS NULL, over 3 with a comment inside */
};

struct pd_items {
	struct pd_item *at;
	size_t n;
	bool several; /* a semicolon with something behind it */
};

/* Tokens in order, white space included. PD_INVALID: over PD_FILTER_TOKENS_MAX tokens. */
PD_MUST enum pd_code pd_filter_lex(struct pd_str text, struct pd_arena *arena, struct pd_items *out,
				   struct pd_err *err);

/* Group in place. PD_INVALID: nested too deep. */
PD_MUST enum pd_code pd_filter_group(struct pd_items *items, struct pd_arena *arena,
				     struct pd_err *err);

/* Drop white space and join IN, NOT IN, IS NULL, IS NOT NULL into comparisons. */
void pd_filter_join(struct pd_items *items, struct pd_arena *arena);

/* True for a keyword of this name, in any case. */
bool pd_item_is_keyword(const struct pd_item *item, const char *name);

/* A Python literal between parentheses: ('a', "b"). *out are arena texts. may_be_empty: () too. */
PD_MUST enum pd_code pd_filter_list(struct pd_str text, bool may_be_empty, struct pd_arena *arena,
				    struct pd_str **out, size_t *out_n, struct pd_err *err);

struct pd_names {
	const char *const *at;
	size_t n;
};
#define PD_NAMES(...)                                                                              \
	{                                                                                          \
		(const char *const[]){ __VA_ARGS__ },                                              \
			sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)        \
	}

struct pd_filter_rules {
	struct pd_names attributes;
	struct pd_names numeric;
	struct pd_names lists; /* attributes that take a list, sorted */
	bool upper;            /* like and in are taken in lower case too */
};

struct pd_filter_parser {
	enum pd_search search;
	const struct pd_filter_rules *rules;
	struct pd_str text;
	struct pd_arena *arena;
	struct pd_err *err;
};

/* One comparison on its way to a clause. */
struct pd_comparison {
	struct pd_clause clause;
	struct pd_str op; /* as it is checked and shown */
	const struct pd_item *value;
};

extern const struct pd_filter_rules pd_filter_rules[];

bool pd_names_have(struct pd_names names, struct pd_str key);
/* As Python prints a set, a list or a tuple of texts; arena. */
const char *pd_names_text(struct pd_filter_parser *p, struct pd_names names, char open, char close);

/* "key", entity.key or entity.`key`, the attribute one of `valid`. */
PD_MUST enum pd_code pd_filter_identifier(struct pd_filter_parser *p, struct pd_str text,
					  struct pd_names valid, enum pd_entity *entity,
					  struct pd_str *key);
PD_MUST enum pd_code pd_filter_bad_attribute(struct pd_filter_parser *p, struct pd_str key,
					     struct pd_names valid);

/* Is the comparator one that the key and the value take? Sets clause.op. */
PD_MUST enum pd_code pd_filter_check_op(struct pd_filter_parser *p, struct pd_comparison *c);

/* A comparison of a search for logged models, which has a language of its own. */
PD_MUST enum pd_code pd_filter_logged(struct pd_filter_parser *p, const struct pd_item *item,
				      struct pd_clause *out);

/* What a message repeats of a text. */
struct pd_str pd_filter_cut(struct pd_str s);
struct pd_str pd_filter_upper(struct pd_arena *arena, struct pd_str s);

/* repr(s) for a message, shortened; arena. */
const char *pd_filter_repr(struct pd_arena *arena, struct pd_str s);

/* Without the quotes, when it starts and ends with `quote`. */
struct pd_str pd_filter_unquote(struct pd_str s, char quote);

/* Code point at i (i < s.n) and its length in bytes; s is well-formed UTF-8. */
uint32_t pd_utf8_at(struct pd_str s, size_t i, size_t *out_len);

#endif

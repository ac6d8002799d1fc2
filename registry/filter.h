/*
 * registry/filter.h - MLflow's search language: filters and orders, checked and read.
 *
 *   filter:   COMPARISON [AND COMPARISON ...]
 *   runs:     metrics.K < 1.5, params.K = 'v', tags.K LIKE 'v%', tags.K IS NULL,
 *             attributes.start_time > 5, run_id IN ('a', 'b'), dataset.name = 'd'
 *   order:    metrics.`a key` DESC
 *
 * Each search has its own entities, attributes and comparators; errors have MLflow's codes and
 * words. What is read is turned into SQL with bound values by registry/local_search.c.
 * Source: mlflow/utils/search_utils.py, search_logged_model_utils.py; differences that are
 * meant are listed in docs/compat.md.
 */
#ifndef PD_REGISTRY_FILTER_H
#define PD_REGISTRY_FILTER_H

#include "base/arena.h"

enum pd_search {
	PD_SEARCH_RUNS,
	PD_SEARCH_EXPERIMENTS,
	PD_SEARCH_MODELS,
	PD_SEARCH_VERSIONS,
	PD_SEARCH_LOGGED_MODELS,
};

enum pd_entity {
	PD_ENTITY_ATTRIBUTE,
	PD_ENTITY_METRIC,
	PD_ENTITY_PARAM,
	PD_ENTITY_TAG,
	PD_ENTITY_DATASET,
};

enum pd_op {
	PD_OP_EQ,
	PD_OP_NE,
	PD_OP_LT,
	PD_OP_LE,
	PD_OP_GT,
	PD_OP_GE,
	PD_OP_LIKE,
	PD_OP_ILIKE,
	PD_OP_IN,
	PD_OP_NOT_IN,
	PD_OP_IS_NULL,
	PD_OP_IS_NOT_NULL,
};

enum pd_value_kind {
	PD_VALUE_NONE,
	PD_VALUE_INT,
	PD_VALUE_REAL,
	PD_VALUE_TEXT,
	PD_VALUE_LIST,
};

struct pd_value {
	enum pd_value_kind kind;
	int64_t i;
	double real;
	struct pd_str text;
	const struct pd_str *list;
	size_t n_list;
};

struct pd_clause {
	enum pd_entity entity;
	struct pd_str key;
	enum pd_op op;
	struct pd_value value;
};

/* Clauses that must all hold. Texts are slices of the filter or lie in the arena. */
struct pd_filter {
	const struct pd_clause *clauses;
	size_t n;
};

/* Read and check a filter; an empty text has no clauses. text must live as long as the result.
 * PD_INVALID with MLflow's message.  PD_BAD_REQUEST: a list where one value is meant. */
PD_MUST enum pd_code pd_filter_parse(enum pd_search search, struct pd_str text,
				     struct pd_arena *arena, struct pd_filter *out,
				     struct pd_err *err);

struct pd_order {
	enum pd_entity entity;
	struct pd_str key;
	bool descending;
};

/* One order_by text of RUNS, EXPERIMENTS, MODELS or VERSIONS. PD_INVALID with MLflow's message. */
PD_MUST enum pd_code pd_order_parse(enum pd_search search, struct pd_str text,
				    struct pd_arena *arena, struct pd_order *out,
				    struct pd_err *err);

#endif

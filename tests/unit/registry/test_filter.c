#include "tests/unit/pd_test.h"

#include <math.h>

#include "base/auto.h"
#include "registry/filter.h"

static struct pd_arena arena;
static struct pd_err err;

static struct pd_filter parse(enum pd_search search, const char *text)
{
	struct pd_filter f = { 0 };
	pd_arena_reset(&arena);
	assert_ok(pd_filter_parse(search, pd_str_from(text), &arena, &f, &err));
	return f;
}

static void refuse(enum pd_search search, const char *text, const char *message)
{
	struct pd_filter f = { 0 };
	pd_arena_reset(&arena);
	assert_code(pd_filter_parse(search, pd_str_from(text), &arena, &f, &err), PD_INVALID);
	assert_string_equal(err.text, message);
}

PD_TEST(an_empty_filter_has_no_clauses)
{
	assert_int_equal(parse(PD_SEARCH_RUNS, "").n, 0);
}

PD_TEST(clauses_are_joined_by_and_in_any_case_or_by_nothing)
{
	assert_int_equal(parse(PD_SEARCH_RUNS, "metrics.a > 1 AND params.b = 'x'").n, 2);
	assert_int_equal(parse(PD_SEARCH_RUNS, "metrics.a > 1 and and params.b = 'x' AND").n, 2);
	assert_int_equal(parse(PD_SEARCH_RUNS, "metrics.a>1\nparams.b='x'").n, 2);
}

PD_TEST(or_is_refused)
{
	refuse(PD_SEARCH_RUNS, "metrics.a > 1 OR metrics.b > 2",
	       "Invalid clause(s) in filter string: 'OR'");
	refuse(PD_SEARCH_EXPERIMENTS, "name = 'a' or name = 'b'",
	       "Invalid clause(s) in filter string: or");
}

PD_TEST(every_alias_of_an_entity_is_known)
{
	static const struct {
		const char *text;
		enum pd_entity entity;
	} cases[] = {
		{ "metric.k = 1", PD_ENTITY_METRIC },
		{ "metrics.k = 1", PD_ENTITY_METRIC },
		{ "param.k = 'v'", PD_ENTITY_PARAM },
		{ "params.k = 'v'", PD_ENTITY_PARAM },
		{ "parameter.k = 'v'", PD_ENTITY_PARAM },
		{ "parameters.k = 'v'", PD_ENTITY_PARAM },
		{ "tag.k = 'v'", PD_ENTITY_TAG },
		{ "`tags`.k = 'v'", PD_ENTITY_TAG },
		{ "dataset.name = 'v'", PD_ENTITY_DATASET },
		{ "datasets.name = 'v'", PD_ENTITY_DATASET },
		{ "attribute.status = 'v'", PD_ENTITY_ATTRIBUTE },
		{ "attr.status = 'v'", PD_ENTITY_ATTRIBUTE },
		{ "run.status = 'v'", PD_ENTITY_ATTRIBUTE },
		{ "status = 'v'", PD_ENTITY_ATTRIBUTE },
	};
	for (size_t i = 0; i < PD_LEN(cases); i++)
		assert_int_equal(parse(PD_SEARCH_RUNS, cases[i].text).clauses[0].entity,
				 cases[i].entity);
}

PD_TEST(a_key_may_be_quoted_in_three_ways_and_hold_dots_and_spaces)
{
	assert_str_is(parse(PD_SEARCH_RUNS, "params.`a b` = 'x'").clauses[0].key, "a b");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.\"a.b\" = 'x'").clauses[0].key, "a.b");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.'a-b' = 'x'").clauses[0].key, "a-b");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.a.b.c = 'x'").clauses[0].key, "a.b.c");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.2nd = 'x'").clauses[0].key, "2nd");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.\xe6\x97\xa5 = 'x'").clauses[0].key,
		      "\xe6\x97\xa5");
}

PD_TEST(a_key_that_needs_quotes_is_refused_without_them)
{
	refuse(PD_SEARCH_RUNS, "metrics.a-b > 1",
	       "Invalid comparison clause. Expected 'Identifier' found 'metrics.a-b'");
	refuse(PD_SEARCH_RUNS, "params.in = 'x'",
	       "Invalid clause(s) in filter string: 'params.', 'in', '=', ''x''");
}

PD_TEST(quotes_inside_a_text_value_stay_as_they_are)
{
	assert_str_is(parse(PD_SEARCH_RUNS, "params.a = 'it''s'").clauses[0].value.text, "it''s");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.a = \"it's\"").clauses[0].value.text, "it's");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.a = 'a\\'b'").clauses[0].value.text, "a\\'b");
	assert_str_is(parse(PD_SEARCH_RUNS, "params.a = 'c:\\'").clauses[0].value.text, "c:\\");
}

PD_TEST(a_text_that_is_not_closed_is_refused)
{
	refuse(PD_SEARCH_RUNS, "params.a = 'x",
	       "Invalid clause(s) in filter string: 'params.a', '=', ''', 'x'");
}

PD_TEST(numbers_are_read_in_every_notation)
{
	static const struct {
		const char *text;
		double value;
	} cases[] = {
		{ "metrics.a = 1", 1 },        { "metrics.a = -2", -2 },
		{ "metrics.a = 1.5", 1.5 },    { "metrics.a = .5", .5 },
		{ "metrics.a = 5.", 5 },       { "metrics.a = 1e3", 1000 },
		{ "metrics.a = 1.5E-1", .15 }, { "metrics.a=-.25", -.25 },
		{ "metrics.a = 007", 7 },
	};
	for (size_t i = 0; i < PD_LEN(cases); i++)
		assert_true(parse(PD_SEARCH_RUNS, cases[i].text).clauses[0].value.real ==
			    cases[i].value);
}

PD_TEST(a_metric_is_compared_with_numbers_only)
{
	refuse(PD_SEARCH_RUNS, "metrics.a = '1'",
	       "Expected numeric value type for metric. Found '1'");
	refuse(PD_SEARCH_RUNS, "metrics.a = 1e+5",
	       "Expected numeric value type for metric. Found 1e+5");
	refuse(PD_SEARCH_RUNS, "metrics.a LIKE 1",
	       "Invalid comparator 'LIKE' not one of '{'>', '>=', '!=', '=', '<', '<='}");
}

PD_TEST(an_integer_beyond_64_bits_is_refused)
{
	assert_int_equal(
		parse(PD_SEARCH_RUNS, "start_time > 9223372036854775807").clauses[0].value.i,
		INT64_MAX);
	refuse(PD_SEARCH_RUNS, "start_time > 9223372036854775808",
	       "Number 9223372036854775808 does not fit 64 bits");
}

PD_TEST(a_list_is_read_as_python_reads_a_tuple_of_texts)
{
	struct pd_filter f = parse(
		PD_SEARCH_RUNS, "run_id NOT IN ('a', \"b\", 'c' 'd', '\\x41\\n', r'\\n', ('e'),)");
	static const char *const want[] = { "a", "b", "cd", "A\n", "\\n", "e" };
	assert_int_equal(f.clauses[0].op, PD_OP_NOT_IN);
	assert_int_equal(f.clauses[0].value.n_list, PD_LEN(want));
	for (size_t i = 0; i < PD_LEN(want); i++)
		assert_str_is(f.clauses[0].value.list[i], want[i]);
}

PD_TEST(a_list_that_is_empty_or_holds_other_things_is_refused)
{
	refuse(PD_SEARCH_RUNS, "run_id IN ()",
	       "While parsing a list in the query, expected a non-empty list of string values, but "
	       "got empty list");
	refuse(PD_SEARCH_RUNS, "run_id IN ('a', 1)",
	       "While parsing a list in the query, expected string value, punctuation, or "
	       "whitespace, but got different type in list: ('a', 1)");
	refuse(PD_SEARCH_RUNS, "run_id IN ('a' b)",
	       "While parsing a list in the query, expected a non-empty list of string values, but "
	       "got ill-formed list.");
	refuse(PD_SEARCH_RUNS, "status IN ('a')",
	       "Only ['run_id'] attributes support comparison with a list of quoted string "
	       "values.");
}

PD_TEST(null_checks_are_for_tags_and_params)
{
	assert_int_equal(parse(PD_SEARCH_RUNS, "tags.a IS NULL").clauses[0].op, PD_OP_IS_NULL);
	assert_int_equal(parse(PD_SEARCH_RUNS, "params.a is not null").clauses[0].op,
			 PD_OP_IS_NOT_NULL);
	refuse(PD_SEARCH_RUNS, "metrics.a IS NULL",
	       "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'a'");
	refuse(PD_SEARCH_EXPERIMENTS, "name IS NULL",
	       "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'");
}

PD_TEST(experiments_take_comparators_in_upper_case_only)
{
	assert_int_equal(parse(PD_SEARCH_RUNS, "params.a like 'x'").clauses[0].op, PD_OP_LIKE);
	refuse(PD_SEARCH_EXPERIMENTS, "tags.a like 'x'", "Invalid comparator for tag: like");
}

PD_TEST(a_version_number_may_stand_in_quotes)
{
	assert_int_equal(parse(PD_SEARCH_VERSIONS, "version_number = '5'").clauses[0].value.i, 5);
	refuse(PD_SEARCH_VERSIONS, "version_number = 'x'",
	       "Invalid value for numeric attribute 'version_number': 'x'");
}

PD_TEST(a_logged_models_value_needs_no_quotes)
{
	assert_str_is(parse(PD_SEARCH_LOGGED_MODELS, "name = foo").clauses[0].value.text, "foo");
	assert_true(isnan(parse(PD_SEARCH_LOGGED_MODELS, "metrics.a > nan").clauses[0].value.real));
	assert_str_is(parse(PD_SEARCH_LOGGED_MODELS, "creation_time > 1e+3").clauses[0].key,
		      "creation_timestamp_ms");
}

PD_TEST(several_statements_are_refused)
{
	refuse(PD_SEARCH_RUNS, "params.a = 'x'; params.b = 'y'",
	       "Search filter contained multiple expression \"params.a = 'x'; params.b = 'y'\". "
	       "Provide AND-ed expression list.");
	refuse(PD_SEARCH_RUNS, "  \n", "Invalid filter '  ?'. Could not be parsed.");
}

PD_TEST(endless_nesting_and_endless_filters_are_refused)
{
	char deep[400];
	struct pd_filter f = { 0 };
	memset(deep, '(', sizeof(deep));
	assert_code(
		pd_filter_parse(PD_SEARCH_RUNS, pd_str_of(deep, sizeof(deep)), &arena, &f, &err),
		PD_INVALID);
	size_t n = 100000;
	PD_AUTO_FREE char *big = pd_xmalloc(n);
	memset(big, '=', n);
	for (size_t i = 0; i < n; i += 2)
		big[i] = ' ';
	assert_code(pd_filter_parse(PD_SEARCH_RUNS, pd_str_of(big, n), &arena, &f, &err),
		    PD_INVALID);
	pd_arena_end(&arena);
}

static struct pd_order order(enum pd_search search, const char *text)
{
	struct pd_order o = { 0 };
	pd_arena_reset(&arena);
	assert_ok(pd_order_parse(search, pd_str_from(text), &arena, &o, &err));
	return o;
}

PD_TEST(an_order_has_a_key_and_a_direction)
{
	assert_str_is(order(PD_SEARCH_RUNS, "metrics.`a b` DESC").key, "a b");
	assert_true(order(PD_SEARCH_RUNS, "metrics.`a b` desc").descending);
	assert_false(order(PD_SEARCH_RUNS, "start_time").descending);
	assert_str_is(order(PD_SEARCH_MODELS, "timestamp   ASC").key, "timestamp");
	assert_str_is(order(PD_SEARCH_VERSIONS, "version_number DESC").key, "version_number");
}

static void refuse_order(enum pd_search search, const char *text, const char *message)
{
	struct pd_order o = { 0 };
	pd_arena_reset(&arena);
	assert_code(pd_order_parse(search, pd_str_from(text), &arena, &o, &err), PD_INVALID);
	assert_string_equal(err.text, message);
}

PD_TEST(an_order_that_says_more_is_refused)
{
	refuse_order(PD_SEARCH_RUNS, "start_time DESC NULLS LAST",
		     "Invalid order_by clause 'start_time DESC NULLS LAST'. Could not be parsed.");
	refuse_order(PD_SEARCH_RUNS, "start_time down",
		     "Invalid ordering key in order_by clause 'start_time down'.");
	refuse_order(PD_SEARCH_MODELS, "creation_time",
		     "Invalid order by key 'creation_time' specified. Valid keys are "
		     "'{'name', 'timestamp'}'");
	refuse_order(PD_SEARCH_EXPERIMENTS, "tags.a", "Invalid order_by entity: tag");
	refuse_order(PD_SEARCH_RUNS, "", "Invalid order_by clause ''. Could not be parsed.");
	pd_arena_end(&arena);
}

#include "tests/unit/pd_test.h"

#include <math.h>

#include "base/auto.h"
#include "model/literal.h"
#include "model/npy.h"

static struct pd_err fx_err;

static enum pd_code parse(struct pd_arena *a, enum pd_literal grammar, const char *z,
			  struct pd_node **out)
{
	struct pd_tree *t = PD_ARENA_NEW(a, struct pd_tree);
	pd_tree_init(t, a, strlen(z));
	return pd_literal_parse(t, grammar, pd_str_from(z), out, &fx_err);
}

PD_TEST(json_of_every_kind_is_read)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_node *n = NULL;
	assert_ok(parse(&a, PD_LITERAL_JSON,
			" { \"a\" : [ 1 , -2.5e3, \"x\", null, true, false, {} , [] ] } ", &n));
	n = pd_node_find(n, PD_STR("a"));
	assert_int_equal(n->n_items, 8);
	assert_int_equal(n->items[0]->i, 1);
	assert_true(n->items[1]->f == -2500);
	assert_str_is(n->items[2]->s, "x");
	assert_int_equal(n->items[3]->kind, PD_NODE_NONE);
	assert_true(n->items[4]->i && !n->items[5]->i);
}

PD_TEST(pythons_json_has_nan_infinities_and_long_integers)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_node *n = NULL;
	assert_ok(parse(&a, PD_LITERAL_JSON, "[NaN,Infinity,-Infinity,18446744073709551616]", &n));
	assert_true(isnan(n->items[0]->f));
	assert_true(isinf(n->items[1]->f) && n->items[2]->f < 0);
	assert_int_equal(n->items[3]->kind, PD_NODE_BIGINT);
}

PD_TEST(escapes_become_utf8)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_node *n = NULL;
	assert_ok(
		parse(&a, PD_LITERAL_JSON, "\"\\u00e9\\n\\\"\\ud83d\\ude00\\ud83d\\u0041/\"", &n));
	assert_str_is(n->s, "\xc3\xa9\n\"\xf0\x9f\x98\x80\xed\xa0\xbd"
			    "A/");
}

PD_TEST(a_python_header_has_tuples_and_its_own_words)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_node *n = NULL;
	assert_ok(parse(&a, PD_LITERAL_PYTHON,
			"{'descr': [('a', '<f8'), ], 'o': False, 's': (3,), 'n': None, 'p': (1), }",
			&n));
	assert_int_equal(pd_node_find(n, PD_STR("s"))->kind, PD_NODE_TUPLE);
	assert_int_equal(pd_node_find(n, PD_STR("p"))->kind, PD_NODE_INT);
	assert_int_equal(pd_node_find(n, PD_STR("o"))->kind, PD_NODE_BOOL);
}

PD_TEST(what_is_not_json_is_refused_with_its_place)
{
	static const char *const rows[] = {
		"",    "[",   "[1",      "[1,",        "[1,]",   "{\"a\"}",  "{\"a\":}", "{a:1}",
		"'a'", "\"a", "\"\\x\"", "\"\\u12\"",  "\"\n\"", "tru",      "None",     "01",
		"+1",  "1 2", "(1,)",    "{\"a\":1,}", "-",      "\"\xff\"",
	};
	for (size_t i = 0; i < PD_LEN(rows); i++) {
		PD_AUTO(pd_arena) a = { 0 };
		struct pd_node *n = NULL;
		if (parse(&a, PD_LITERAL_JSON, rows[i], &n) != PD_CORRUPT)
			fail_msg("accepted: %s", rows[i]);
	}
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_node *n = NULL;
	assert_code(parse(&a, PD_LITERAL_JSON, "[1, x]", &n), PD_CORRUPT);
	assert_string_equal(fx_err.text, "offset 4: a value is due");
}

PD_TEST(nesting_has_a_limit)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_node *n = NULL;
	char deep[4000];
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_code(parse(&a, PD_LITERAL_JSON, deep, &n), PD_TOO_LARGE);
}

static enum pd_code decode_npy(struct pd_arena *a, struct pd_str bytes, struct pd_array **out)
{
	struct pd_tree *t = PD_ARENA_NEW(a, struct pd_tree);
	pd_tree_init(t, a, bytes.n);
	return pd_npy_decode(t, bytes, out, &fx_err);
}

PD_TEST(npy_versions_one_and_two_are_read)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_array *a = NULL;
	assert_ok(decode_npy(&arena,
			     PD_STR("\x93NUMPY\1\0\x38\0"
				    "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1)}"
				    "\1\2"),
			     &a));
	assert_int_equal(a->n_items, 2);
	assert_true(pd_array_f64(a, 1) == 2);
	assert_false(a->fortran); /* one long side: no difference */
	assert_ok(
		decode_npy(&arena,
			   PD_STR("\x93NUMPY\2\0\x4d\0\0\0"
				  "{'descr': [('', '|V1'), ('b', '<i2')], 'fortran_order': False, "
				  "'shape': (1,)}"
				  "\0\5\0"),
			   &a));
	assert_int_equal(a->type->n_fields, 1);
	assert_int_equal(a->type->fields[0].offset, 1);
}

PD_TEST(a_npy_of_objects_is_a_pickle_and_refused)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_array *a = NULL;
	assert_code(decode_npy(&arena,
			       PD_STR("\x93NUMPY\1\0\x37\0"
				      "{'descr': '|O', 'fortran_order': False, 'shape': (1, )}"
				      "N."),
			       &a),
		    PD_DENIED);
}

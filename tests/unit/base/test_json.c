#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "base/json.h"

static const char *rewrite(struct pd_buf *b, const char *text, bool pretty)
{
	struct pd_err err = { 0 };
	PD_AUTO_JSON json_t *j = NULL;
	assert_ok(pd_json_parse(pd_str_from(text), &j, &err));
	pd_buf_init(b, 1 << 16);
	if (pretty)
		pd_json_write_pretty(b, j);
	else
		pd_json_write(b, j);
	assert_ok(pd_buf_check(b, "text", &err));
	return b->p;
}

PD_TEST(values_of_every_kind_are_written_compactly)
{
	PD_AUTO(pd_buf) b = { 0 };
	const char *text = "{\"b\":[1,-2.5,\"x\",true,false,null,{}],\"a\":{\"c\":[]}}";
	assert_string_equal(rewrite(&b, text, false), text);
}

PD_TEST(reals_are_the_shortest_text_that_reads_back_the_same)
{
	PD_AUTO(pd_buf) b = { 0 };
	assert_string_equal(rewrite(&b, "[6.1, 1e16, 0.1, -0.0, 5.0, 1e-5]", false),
			    "[6.1,1e+16,0.1,-0.0,5.0,1e-05]");
}

PD_TEST(pretty_text_is_indented_by_two)
{
	PD_AUTO(pd_buf) b = { 0 };
	assert_string_equal(rewrite(&b, "{\"a\":[1,{}],\"b\":{}}", true),
			    "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {}\n}");
}

PD_TEST(texts_are_escaped_and_otherwise_utf8)
{
	PD_AUTO(pd_buf) b = { 0 };
	assert_string_equal(rewrite(&b, "\"a\\u0000\\n\\\"\\\\/\\u00e9\"", false),
			    "\"a\\u0000\\n\\\"\\\\/\xc3\xa9\"");
}

PD_TEST(nesting_has_a_limit)
{
	char text[2 * PD_JSON_DEPTH_MAX + 3] = { 0 };
	struct pd_err err = { 0 };
	json_t *j = NULL;
	memset(text, '[', PD_JSON_DEPTH_MAX + 1);
	memset(text + PD_JSON_DEPTH_MAX + 1, ']', PD_JSON_DEPTH_MAX + 1);
	assert_code(pd_json_parse(pd_str_from(text), &j, &err), PD_CORRUPT);
	assert_null(j);
}

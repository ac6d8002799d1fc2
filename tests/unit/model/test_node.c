#include "tests/unit/pd_test.h"

#include <math.h>

#include "base/auto.h"
#include "model/dtype.h"

static struct pd_err fx_err;

static struct pd_array *array_of(struct pd_tree *t, const char *code, const int64_t *shape,
				 size_t n_dims, bool fortran, const void *p, size_t n)
{
	struct pd_dtype *type = NULL;
	struct pd_array *a = NULL;
	assert_ok(pd_dtype_parse(t, pd_str_from(code), &type, &fx_err));
	assert_ok(pd_array_new(t, type, shape, n_dims, fortran, pd_str_of(p, n), &a, &fx_err));
	return a;
}

PD_TEST(numbers_of_every_width_and_byte_order_are_read)
{
	static const struct {
		const char *code;
		const char *bytes;
		size_t n;
		double want;
	} rows[] = {
		{ "|b1", "\x02", 1, 1 },
		{ "i1", "\xff", 1, -1 },
		{ "u1", "\xff", 1, 255 },
		{ "<i2", "\xfe\xff", 2, -2 },
		{ ">i2", "\xff\xfe", 2, -2 },
		{ "<u2", "\xfe\xff", 2, 65534 },
		{ "<i4", "\0\0\0\x80", 4, -2147483648.0 },
		{ ">u4", "\x80\0\0\0", 4, 2147483648.0 },
		{ "<i8", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, -1 },
		{ "<u8", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 18446744073709551615.0 },
		{ "<f2", "\x00\xc0", 2, -2 },
		{ ">f2", "\x00\x01", 2, 0x1p-24 },
		{ "<f4", "\0\0\xc0\x3f", 4, 1.5 },
		{ ">f8", "\x3f\xf8\0\0\0\0\0\0", 8, 1.5 },
	};
	for (size_t i = 0; i < PD_LEN(rows); i++) {
		PD_AUTO(pd_arena) arena = { 0 };
		struct pd_tree t;
		pd_tree_init(&t, &arena, 0);
		const struct pd_array *a = array_of(&t, rows[i].code, NULL, 0, false, rows[i].bytes,
						    rows[i].n);
		if (pd_array_f64(a, 0) != rows[i].want)
			fail_msg("%s: %g, not %g", rows[i].code, pd_array_f64(a, 0), rows[i].want);
	}
}

PD_TEST(half_precision_has_its_infinities_and_nan)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	pd_tree_init(&t, &arena, 0);
	static const int64_t three[] = { 3 };
	const struct pd_array *a = array_of(&t, "<f2", three, 1, false, "\x00\x7c\x00\xfc\x01\x7c",
					    6);
	assert_true(pd_array_f64(a, 0) > 0 && isinf(pd_array_f64(a, 0)));
	assert_true(pd_array_f64(a, 1) < 0 && isinf(pd_array_f64(a, 1)));
	assert_true(isnan(pd_array_f64(a, 2)));
}

PD_TEST(a_column_major_array_comes_out_row_by_row)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	pd_tree_init(&t, &arena, 0);
	static const int64_t shape[] = { 2, 3 };
	static const unsigned char bytes[] = { 1, 4, 2, 5, 3, 6 };
	const double *out = NULL;
	const struct pd_array *a = array_of(&t, "u1", shape, 2, true, bytes, sizeof(bytes));
	assert_ok(pd_array_doubles(a, &arena, &out, &fx_err));
	for (size_t i = 0; i < 6; i++)
		assert_true(out[i] == (double)(i + 1));
}

PD_TEST(plain_doubles_are_not_copied_unless_they_must)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	pd_tree_init(&t, &arena, 0);
	static const int64_t two[] = { 2 };
	_Alignas(16) char bytes[17];
	const double values[] = { 1.5, 2.5 };
	const double *out = NULL;
	memcpy(bytes, values, sizeof(values));
	assert_ok(pd_array_doubles(array_of(&t, "<f8", two, 1, false, bytes, 16), &arena, &out,
				   &fx_err));
	assert_ptr_equal(out, bytes);
	memcpy(bytes + 1, values, sizeof(values));
	assert_ok(pd_array_doubles(array_of(&t, "<f8", two, 1, false, bytes + 1, 16), &arena, &out,
				   &fx_err));
	assert_true(out[0] == 1.5 && out[1] == 2.5);
}

PD_TEST(a_shape_that_lies_is_refused)
{
	static const int64_t over[] = { INT64_C(1) << 32, INT64_C(1) << 32 };
	static const int64_t negative[] = { -1 };
	static const int64_t empty[] = { 0, INT64_MAX };
	static const int64_t many[33];
	size_t n = 1;
	assert_code(pd_shape_items(over, 2, &n, &fx_err), PD_CORRUPT);
	assert_code(pd_shape_items(negative, 1, &n, &fx_err), PD_CORRUPT);
	assert_code(pd_shape_items(many, 33, &n, &fx_err), PD_CORRUPT);
	assert_ok(pd_shape_items(empty, 2, &n, &fx_err));
	assert_int_equal(n, 0);
}

PD_TEST(items_without_bytes_do_not_come_by_the_billion)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	pd_tree_init(&t, &arena, 0);
	static const int64_t shape[] = { INT64_C(1) << 40 };
	struct pd_dtype *type = NULL;
	struct pd_array *a = NULL;
	assert_ok(pd_dtype_parse(&t, PD_STR("U0"), &type, &fx_err));
	assert_code(pd_array_new(&t, type, shape, 1, false, PD_STR(""), &a, &fx_err), PD_TOO_LARGE);
}

PD_TEST(a_type_code_is_read_or_refused)
{
	static const struct {
		const char *code;
		enum pd_code want;
	} rows[] = {
		{ "f8", PD_OK },
		{ "<U12", PD_OK },
		{ "V64", PD_OK },
		{ "<M8[ns]", PD_OK },
		{ "O", PD_OK },
		{ "?", PD_OK },
		{ "f16", PD_UNSUPPORTED },
		{ "q", PD_UNSUPPORTED },
		{ "i3", PD_UNSUPPORTED },
		{ "", PD_CORRUPT },
		{ "<", PD_CORRUPT },
		{ "f-8", PD_CORRUPT },
		{ "f8x", PD_CORRUPT },
		{ "U99999999999", PD_CORRUPT },
	};
	for (size_t i = 0; i < PD_LEN(rows); i++) {
		PD_AUTO(pd_arena) arena = { 0 };
		struct pd_tree t;
		struct pd_dtype *type = NULL;
		pd_tree_init(&t, &arena, 0);
		enum pd_code code = pd_dtype_parse(&t, pd_str_from(rows[i].code), &type, &fx_err);
		if (code != rows[i].want)
			fail_msg("%s: %s", rows[i].code, pd_code_name(code));
	}
}

PD_TEST(text_items_are_utf8_without_their_padding)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	pd_tree_init(&t, &arena, 0);
	static const int64_t two[] = { 2 };
	static const char little[] = "a\0\0\0\xac\x20\0\0\0\0\0\0\0\0\0\0";
	static const char big[] = "\0\0\0a\0\x11\0\0";
	struct pd_str s;
	const struct pd_array *a = array_of(&t, "<U2", two, 1, false, little, 16);
	assert_ok(pd_array_text(a, 0, &arena, &s, &fx_err));
	assert_str_is(s, "a\xe2\x82\xac");
	assert_ok(pd_array_text(a, 1, &arena, &s, &fx_err));
	assert_int_equal(s.n, 0);
	a = array_of(&t, ">U2", NULL, 0, false, big, 8);
	assert_code(pd_array_text(a, 0, &arena, &s, &fx_err), PD_CORRUPT);
}

PD_TEST(a_big_dict_finds_by_hash_and_the_last_wins)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	struct pd_node *dict = NULL;
	pd_tree_init(&t, &arena, 0);
	assert_ok(pd_node_new(&t, PD_NODE_DICT, 0, &dict, &fx_err));
	for (int i = 0; i < 100; i++) {
		struct pd_node *pair[2];
		struct pd_str key = pd_str_from(pd_arena_printf(&arena, "k%d", i % 90));
		assert_ok(pd_node_text(&t, key, 0, &pair[0], &fx_err));
		assert_ok(pd_node_int(&t, i, 0, &pair[1], &fx_err));
		assert_ok(pd_node_append(&t, dict, pair, 2, &fx_err));
		assert_int_equal(pd_node_find(dict, key)->i, i);
	}
	assert_int_equal(pd_node_find(dict, PD_STR("k3"))->i, 93);
	assert_int_equal(pd_node_find(dict, PD_STR("k50"))->i, 50);
	assert_null(pd_node_find(dict, PD_STR("k90")));
}

PD_TEST(a_tree_takes_no_more_memory_than_its_file_allows)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	void *p = NULL;
	pd_tree_init(&t, &arena, 10);
	assert_code(pd_tree_alloc(&t, SIZE_MAX / 2, 3, &p, &fx_err), PD_TOO_LARGE);
	assert_code(pd_tree_alloc(&t, 1, (size_t)65 << 20, &p, &fx_err), PD_TOO_LARGE);
	assert_ok(pd_tree_alloc(&t, 1, 1000, &p, &fx_err));
}

PD_TEST(integers_keep_their_digits)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree t;
	struct pd_node *n = NULL;
	pd_tree_init(&t, &arena, 0);
	assert_ok(pd_node_decimal(&t, PD_STR("-9223372036854775808"), 0, &n, &fx_err));
	assert_int_equal(n->kind, PD_NODE_INT);
	assert_true(n->i == INT64_MIN);
	assert_ok(pd_node_decimal(&t, PD_STR("18446744073709551616"), 0, &n, &fx_err));
	assert_int_equal(n->kind, PD_NODE_BIGINT);
	assert_true(pd_str_eq(n->s, PD_STR("\0\0\0\0\0\0\0\0\1")));
	assert_ok(pd_node_decimal(&t, PD_STR("-18446744073709551616"), 0, &n, &fx_err));
	assert_true(pd_str_eq(n->s, PD_STR("\0\0\0\0\0\0\0\0\xff")));
	assert_code(pd_node_decimal(&t, PD_STR("-"), 0, &n, &fx_err), PD_CORRUPT);
	assert_code(pd_node_decimal(&t, PD_STR("12x"), 0, &n, &fx_err), PD_CORRUPT);
}

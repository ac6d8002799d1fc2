#include "tests/unit/pd_test.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/auto.h"
#include "base/buf.h"
#include "model/skops.h"
#include "model/zip.h"

static struct pd_err fx_err;

/* An archive under construction; two buffers, the directory goes behind the members. */
struct maker {
	struct pd_buf body;
	struct pd_buf directory;
	unsigned n;
};

static void put(struct pd_buf *b, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pd_buf_char(b, (char)(v >> (8 * i)));
}

static void maker_init(struct maker *m)
{
	*m = (struct maker){ 0 };
	pd_buf_init(&m->body, 1 << 20);
	pd_buf_init(&m->directory, 1 << 20);
}

static void maker_end(struct maker *m)
{
	pd_buf_end(&m->body);
	pd_buf_end(&m->directory);
}

static void add(struct maker *m, const char *name, struct pd_str data, uint32_t size,
		uint16_t method, uint32_t crc)
{
	size_t at = m->body.n;
	uint16_t n_name = (uint16_t)strlen(name);
	pd_buf_z(&m->body, "PK\3\4");
	put(&m->body, 20, 2);
	put(&m->body, 0, 2);
	put(&m->body, method, 2);
	put(&m->body, 0, 4);
	put(&m->body, crc, 4);
	put(&m->body, data.n, 4);
	put(&m->body, size, 4);
	put(&m->body, n_name, 4);
	pd_buf_z(&m->body, name);
	pd_buf_str(&m->body, data);
	pd_buf_z(&m->directory, "PK\1\2");
	put(&m->directory, 20, 4);
	put(&m->directory, 0, 2);
	put(&m->directory, method, 2);
	put(&m->directory, 0, 4);
	put(&m->directory, crc, 4);
	put(&m->directory, data.n, 4);
	put(&m->directory, size, 4);
	put(&m->directory, n_name, 8);
	put(&m->directory, 0, 6);
	put(&m->directory, at, 4);
	pd_buf_z(&m->directory, name);
	m->n++;
}

static void add_stored(struct maker *m, const char *name, const char *z)
{
	struct pd_str s = pd_str_from(z);
	add(m, name, s, (uint32_t)s.n, 0, (uint32_t)crc32_z(0, (const unsigned char *)z, s.n));
}

static struct pd_str finish(struct maker *m, bool wide)
{
	size_t at = m->body.n;
	size_t size = m->directory.n;
	pd_buf_str(&m->body, pd_buf_view(&m->directory));
	size_t end64 = m->body.n;
	if (wide) {
		pd_buf_z(&m->body, "PK\6\6");
		put(&m->body, 44, 8);
		put(&m->body, 45, 4);
		put(&m->body, 0, 8);
		put(&m->body, m->n, 8);
		put(&m->body, m->n, 8);
		put(&m->body, size, 8);
		put(&m->body, at, 8);
		pd_buf_z(&m->body, "PK\6\7");
		put(&m->body, 0, 4);
		put(&m->body, end64, 8);
		put(&m->body, 1, 4);
	}
	pd_buf_z(&m->body, "PK\5\6");
	put(&m->body, 0, 4);
	put(&m->body, wide ? UINT16_MAX : m->n, 2);
	put(&m->body, wide ? UINT16_MAX : m->n, 2);
	put(&m->body, wide ? UINT32_MAX : size, 4);
	put(&m->body, wide ? UINT32_MAX : at, 4);
	put(&m->body, 0, 2);
	return pd_buf_view(&m->body);
}

static enum pd_code open_zip(struct pd_arena *a, struct pd_str bytes, struct pd_zip *z)
{
	struct pd_inflate *x = PD_ARENA_NEW(a, struct pd_inflate);
	pd_inflate_init(x, a, bytes.n);
	return pd_zip_open(z, bytes, x, &fx_err);
}

PD_TEST(a_stored_member_is_a_slice_of_the_archive)
{
	PD_AUTO(pd_arena) a = { 0 };
	PD_CLEANUP(maker_end) struct maker m;
	struct pd_zip z;
	struct pd_str s;
	maker_init(&m);
	add_stored(&m, "x", "hello");
	add_stored(&m, "dir/y", "");
	struct pd_str bytes = finish(&m, false);
	assert_ok(open_zip(&a, bytes, &z));
	assert_ok(pd_zip_read(&z, pd_zip_find(&z, PD_STR("x")), &s, &fx_err));
	assert_str_is(s, "hello");
	assert_in_range((uintptr_t)s.p, (uintptr_t)bytes.p, (uintptr_t)bytes.p + bytes.n);
	assert_ok(pd_zip_read(&z, pd_zip_find(&z, PD_STR("dir/y")), &s, &fx_err));
	assert_int_equal(s.n, 0);
	assert_null(pd_zip_find(&z, PD_STR("y")));
}

PD_TEST(a_64_bit_directory_is_read)
{
	PD_AUTO(pd_arena) a = { 0 };
	PD_CLEANUP(maker_end) struct maker m;
	struct pd_zip z;
	maker_init(&m);
	add_stored(&m, "x", "hello");
	assert_ok(open_zip(&a, finish(&m, true), &z));
	assert_non_null(pd_zip_find(&z, PD_STR("x")));
}

PD_TEST(a_wrong_checksum_is_seen)
{
	PD_AUTO(pd_arena) a = { 0 };
	PD_CLEANUP(maker_end) struct maker m;
	struct pd_zip z;
	struct pd_str s;
	maker_init(&m);
	add(&m, "x", PD_STR("hello"), 5, 0, 123);
	assert_ok(open_zip(&a, finish(&m, false), &z));
	assert_code(pd_zip_read(&z, pd_zip_find(&z, PD_STR("x")), &s, &fx_err), PD_CORRUPT);
}

PD_TEST(a_deflated_member_must_have_the_size_it_claims)
{
	static const unsigned char packed[] = { 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00 };
	const uint32_t crc = (uint32_t)crc32_z(0, (const unsigned char *)"hello", 5);
	static const struct {
		uint32_t size;
		size_t packed;
		enum pd_code want;
	} rows[] = {
		{ 5, 7, PD_OK },
		{ 4, 7, PD_CORRUPT },
		{ 6, 7, PD_CORRUPT },
		{ 5, 6, PD_CORRUPT },
		{ 5, 0, PD_CORRUPT },
		{ 0, 7, PD_CORRUPT },
		{ 1u << 31, 7, PD_TOO_LARGE },
	};
	for (size_t i = 0; i < PD_LEN(rows); i++) {
		PD_AUTO(pd_arena) a = { 0 };
		PD_CLEANUP(maker_end) struct maker m;
		struct pd_zip z;
		struct pd_str s;
		maker_init(&m);
		add(&m, "x", pd_str_of((const char *)packed, rows[i].packed), rows[i].size, 8, crc);
		assert_ok(open_zip(&a, finish(&m, false), &z));
		assert_code(pd_zip_read(&z, pd_zip_find(&z, PD_STR("x")), &s, &fx_err),
			    rows[i].want);
	}
}

PD_TEST(every_cut_of_an_archive_is_refused)
{
	PD_CLEANUP(maker_end) struct maker m;
	maker_init(&m);
	add_stored(&m, "x", "hello");
	struct pd_str bytes = finish(&m, true);
	for (size_t n = 0; n < bytes.n; n++) {
		PD_AUTO(pd_arena) a = { 0 };
		struct pd_zip z;
		assert_code(open_zip(&a, pd_str_head(bytes, n), &z), PD_CORRUPT);
	}
}

PD_TEST(no_changed_byte_of_an_archive_does_harm)
{
	PD_CLEANUP(maker_end) struct maker m;
	maker_init(&m);
	add_stored(&m, "x", "hello");
	add_stored(&m, "y", "world");
	finish(&m, true);
	for (size_t i = 0; i < m.body.n; i++) {
		static const unsigned char flips[] = { 0x01, 0x80, 0xff };
		for (size_t k = 0; k < sizeof(flips); k++) {
			PD_AUTO(pd_arena) a = { 0 };
			struct pd_zip z;
			struct pd_str s;
			m.body.p[i] = (char)(m.body.p[i] ^ flips[k]);
			const struct pd_zip_member *x = NULL;
			if (open_zip(&a, pd_buf_view(&m.body), &z) == PD_OK)
				x = pd_zip_find(&z, PD_STR("x"));
			if (x && pd_zip_read(&z, x, &s, &fx_err) == PD_OK)
				assert_str_is(s, "hello");
			m.body.p[i] = (char)(m.body.p[i] ^ flips[k]);
		}
	}
}

static enum pd_code decode_skops(struct pd_arena *a, const char *schema, struct pd_tree *t)
{
	PD_CLEANUP(maker_end) struct maker m;
	struct pd_inflate x;
	maker_init(&m);
	add_stored(&m, "schema.json", schema);
	struct pd_str bytes = pd_arena_str(a, finish(&m, false));
	pd_inflate_init(&x, a, bytes.n);
	pd_tree_init(t, a, bytes.n);
	return pd_skops_decode(bytes, NULL, &x, t, &fx_err);
}

#define NODE(cls, module, loader)                                                                  \
	"\"__class__\":\"" cls "\",\"__module__\":\"" module "\",\"__loader__\":\"" loader "\""

PD_TEST(a_skops_object_has_class_and_state)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(decode_skops(
		&a,
		"{\"protocol\":2," NODE("Ridge", "sklearn.linear_model._ridge", "ObjectNode") ",\"content\":{" NODE("dict", "builtins", "DictNode") ",\"content\":{\"alpha\":{" NODE(
			"str", "builtins",
			"JsonNode") ",\"content\":\"1.5\"}},\"key_types\":{" NODE("list",
										  "builtins",
										  "ListNode") ",\"content\":[{" NODE("str",
														     "builtins",
														     "TypeNode") "}]}}}",
		&t));
	double v = 0;
	assert_str_is(pd_node_class(t.root), "Ridge");
	assert_true(pd_node_to_f64(pd_node_attr(t.root, PD_STR("alpha")), &v));
	assert_true(v == 1.5);
}

PD_TEST(a_skops_object_met_twice_is_one_node)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(decode_skops(
		&a,
		"{\"protocol\":0," NODE(
			"tuple", "builtins",
			"TupleNode") ",\"content\":["
				     "{" NODE(
					     "list", "builtins",
					     "ListNode") ",\"content\":[],\"__id__\":7},"
							 "{" NODE(
								 "list", "builtins",
								 "ListNode") ",\"content\":[],\"__id__\":7},"
									     "{" NODE(
										     "list",
										     "builtins",
										     "ListNode") ",\"content\":[],\"__id__\":8}]}",
		&t));
	assert_ptr_equal(t.root->items[0], t.root->items[1]);
	assert_ptr_not_equal(t.root->items[0], t.root->items[2]);
}

PD_TEST(skops_keys_get_their_types_back)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(decode_skops(
		&a,
		"{\"protocol\":1," NODE(
			"dict", "builtins",
			"DictNode") ",\"content\":{"
				    "\"1\":{" NODE(
					    "str", "builtins",
					    "JsonNode") ",\"content\":\"null\"},"
							"\"2\":{" NODE(
								"str", "builtins",
								"JsonNode") ",\"content\":\"null\"},"
									    "\"true\":{" NODE(
										    "str",
										    "builtins",
										    "JsonNode") ",\"content\":\"null\"}},"
												"\"key_types\":{" NODE(
													"list",
													"builtins",
													"ListNode") ",\"content\":["
														    "{" NODE(
															    "int",
															    "builtins",
															    "TypeNode") "},"
																	"{" NODE(
																		"float64",
																		"numpy",
																		"TypeNode") "},"
																			    "{" NODE(
																				    "bool",
																				    "builtins",
																				    "TypeNode") "}]}}",
		&t));
	assert_int_equal(t.root->items[0]->kind, PD_NODE_INT);
	assert_int_equal(t.root->items[2]->kind, PD_NODE_FLOAT);
	assert_true(t.root->items[2]->f == 2);
	assert_int_equal(t.root->items[4]->kind, PD_NODE_BOOL);
}

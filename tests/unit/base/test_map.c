#include "base/map.h"
#include "tests/unit/pd_test.h"

static struct pd_arena arena;

static void put(struct pd_map *m, const char *key, uint32_t value)
{
	struct pd_err err = { 0 };
	assert_ok(pd_map_put(m, pd_str_from(key), value, &err));
}

static bool find3(const struct pd_map *m, const char *a, const char *b, const char *c,
		  uint32_t *out)
{
	const struct pd_str parts[] = { pd_str_from(a), pd_str_from(b), pd_str_from(c) };
	uint64_t h = pd_map_hash_begin();
	for (size_t i = 0; i < 3; i++)
		h = pd_map_hash_more(h, parts[i]);
	return pd_map_find_parts(m, parts, 3, h, out);
}

PD_TEST(a_key_in_pieces_is_found_wherever_it_is_cut)
{
	struct pd_map m;
	uint32_t v = 0;
	pd_map_init(&m, &arena);
	put(&m, "PU_DO=10_20", 7);
	assert_true(find3(&m, "PU_DO", "=", "10_20", &v));
	assert_int_equal(v, 7);
	assert_true(find3(&m, "", "PU_DO=10_20", "", &v));
	assert_true(find3(&m, "PU_DO=10_2", "", "0", &v));
	pd_arena_end(&arena);
}

PD_TEST(pieces_that_make_a_longer_or_shorter_key_are_not_found)
{
	struct pd_map m;
	uint32_t v = 0;
	pd_map_init(&m, &arena);
	assert_false(find3(&m, "a", "=", "b", &v));
	put(&m, "a=b", 1);
	assert_false(find3(&m, "a", "=", "", &v));
	assert_false(find3(&m, "a", "=", "bc", &v));
	assert_false(find3(&m, "a", "=b", "=", &v));
	assert_true(find3(&m, "a", "=", "b", &v));
	pd_arena_end(&arena);
}

PD_TEST(the_hash_of_pieces_is_the_hash_of_the_whole)
{
	struct pd_map m;
	uint32_t v = 0;
	char key[16];
	pd_map_init(&m, &arena);
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k=%u", i);
		put(&m, pd_arena_z(&arena, pd_str_from(key)), i);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "%u", i);
		assert_true(find3(&m, "k", "=", key, &v));
		assert_int_equal(v, i);
	}
	pd_arena_end(&arena);
}

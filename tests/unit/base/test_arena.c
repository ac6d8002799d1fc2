#include "tests/unit/pd_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/auto.h"
#include "base/map.h"
#include "base/reader.h"

static void count(void *arg)
{
	++*(int *)arg;
}

PD_TEST(deferred_calls_run_at_reset_and_end)
{
	int n = 0;
	{
		PD_AUTO(pd_arena) a = { 0 };
		pd_arena_defer(&a, count, &n);
		pd_arena_reset(&a);
		assert_int_equal(n, 1);
		pd_arena_defer(&a, count, &n);
	}
	assert_int_equal(n, 2);
}

PD_TEST(an_arena_holds_items_larger_than_a_chunk)
{
	PD_AUTO(pd_arena) a = { 0 };
	for (size_t i = 0; i < 40; i++) {
		size_t size = (size_t)1 << (i % 20);
		memset(pd_arena_alloc(&a, size), 0x5a, size);
	}
	assert_str_is(pd_arena_str(&a, PD_STR("x")), "x");
	assert_string_equal(pd_arena_printf(&a, "%d-%s", 7, "y"), "7-y");
}

PD_TEST(sizes_of_a_file_are_held_against_the_limit)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { .limit = 1000 };
	void *p = NULL;
	assert_ok(pd_arena_try(&a, 10, 50, &p, &err));
	assert_code(pd_arena_try(&a, 10, 60, &p, &err), PD_TOO_LARGE);
	assert_code(pd_arena_try(&a, SIZE_MAX / 2, 3, &p, &err), PD_TOO_LARGE);
}

PD_TEST(a_map_finds_what_was_put_and_the_last_wins)
{
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_map m;
	pd_map_init(&m, &a);
	uint32_t v = 0;
	assert_false(pd_map_find(&m, PD_STR("x"), &v));
	for (uint32_t i = 0; i < 5000; i++)
		assert_ok(pd_map_put(&m, pd_str_from(pd_arena_printf(&a, "k%u", i)), i, &err));
	assert_ok(pd_map_put(&m, PD_STR("k77"), 1, &err));
	assert_int_equal(m.n, 5000);
	assert_true(pd_map_find(&m, PD_STR("k77"), &v));
	assert_int_equal(v, 1);
	assert_true(pd_map_find(&m, PD_STR("k4999"), &v));
	assert_int_equal(v, 4999);
	assert_false(pd_map_find(&m, PD_STR("k5000"), &v));
}

PD_TEST(a_reader_never_passes_the_end)
{
	struct pd_err err = { 0 };
	struct pd_reader r = pd_reader_of("\x01\x02\x03\x04\n", 5);
	uint32_t v = 0;
	struct pd_str line;
	uint8_t b = 0;
	assert_ok(pd_read_u32le(&r, &v, &err));
	assert_int_equal(v, 0x04030201);
	assert_code(pd_read_bytes(&r, UINT64_MAX, &line, &err), PD_CORRUPT);
	assert_ok(pd_read_line(&r, &line, &err));
	assert_int_equal(line.n, 0);
	assert_code(pd_read_u8(&r, &b, &err), PD_CORRUPT);
}

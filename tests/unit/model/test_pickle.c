#include "tests/unit/pd_test.h"

#include <string.h>

#include "base/auto.h"
#include "model/pickle.h"

static struct pd_err fx_err;

static enum pd_code decode(struct pd_arena *a, const char *bytes, size_t n, struct pd_tree *t)
{
	struct pd_reader r = pd_reader_of(bytes, n);
	pd_tree_init(t, a, n);
	return pd_pickle_decode(&r, NULL, t, &fx_err);
}

#define DECODE(a, literal, t) decode((a), "" literal, sizeof(literal) - 1, (t))

static void assert_refused(const char *bytes, size_t n, enum pd_code want, const char *words)
{
	PD_AUTO(pd_arena)
	a = { 0 };
	struct pd_tree t;
	assert_code(decode(&a, bytes, n, &t), want);
	if (!strstr(fx_err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", fx_err.text, words);
}

#define REFUSED(literal, want, words) assert_refused("" literal, sizeof(literal) - 1, want, words)

PD_TEST(a_called_name_is_refused_with_its_place)
{
	REFUSED("cposix\nsystem\n(S'true'\ntR.", PD_DENIED,
		"would run code: posix.system at offset 24");
	REFUSED("\x80\x04\x8c\x08"
		"builtins\x8c\x04"
		"exec\x93\x8c\x01x\x85R.",
		PD_DENIED, "builtins.exec");
	REFUSED("(S'true'\nios\nsystem\n.", PD_DENIED, "os.system");
	REFUSED("(cos\nsystem\nS'true'\no.", PD_DENIED, "os.system");
	REFUSED("\x80\x02"
		"csubprocess\nPopen\n)\x81.",
		PD_DENIED, "subprocess.Popen");
}

PD_TEST(an_uncalled_name_is_only_a_name)
{
	PD_AUTO(pd_arena)
	a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a, "cposix\nsystem\n.", &t));
	assert_int_equal(t.root->kind, PD_NODE_GLOBAL);
	assert_str_is(t.root->s, "posix");
	assert_str_is(t.root->t, "system");
}

PD_TEST(numbers_of_every_protocol_are_read)
{
	PD_AUTO(pd_arena)
	a = { 0 };
	struct pd_tree t;
	int64_t v = 0;
	assert_ok(DECODE(
		&a, "\x80\x02(I01\nI-7\nL12345678901L\nJ\xff\xff\xff\xff\x8a\x02\x00\x80t.", &t));
	assert_int_equal(t.root->n_items, 5);
	assert_int_equal(t.root->items[0]->kind, PD_NODE_BOOL);
	assert_true(pd_node_to_i64(t.root->items[1], &v));
	assert_int_equal(v, -7);
	assert_true(pd_node_to_i64(t.root->items[2], &v));
	assert_int_equal(v, 12345678901);
	assert_int_equal(t.root->items[3]->i, -1);
	assert_int_equal(t.root->items[4]->i, -32768);
}

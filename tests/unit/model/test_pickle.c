#include "tests/unit/pd_test.h"

#include <math.h>
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
	PD_AUTO(pd_arena) a = { 0 };
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
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a, "cposix\nsystem\n.", &t));
	assert_int_equal(t.root->kind, PD_NODE_GLOBAL);
	assert_str_is(t.root->s, "posix");
	assert_str_is(t.root->t, "system");
}

PD_TEST(numbers_of_every_protocol_are_read)
{
	PD_AUTO(pd_arena) a = { 0 };
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

PD_TEST(big_integers_stay_as_their_bytes)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a, "\x80\x02\x8a\x09\0\0\0\0\0\0\0\x80\0.", &t));
	assert_int_equal(t.root->kind, PD_NODE_BIGINT);
	assert_int_equal(t.root->s.n, 9);
	assert_ok(DECODE(&a, "\x80\x02\x8a\x0a\x05\0\0\0\0\0\0\0\0\0.", &t));
	assert_int_equal(t.root->i, 5);
}

PD_TEST(texts_of_every_protocol_are_utf8)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(
		&a,
		"(Va\\u20ac\\\\u\xe9\nS'it\\'s\\x41\\101\\n'\nU\x01xX\x02\0\0\0\xc3\xa9\x8c\x03\xed\xa0\x80t.",
		&t));
	assert_int_equal(t.root->n_items, 5);
	assert_str_is(t.root->items[0]->s, "a\xe2\x82\xac\\\\u\xc3\xa9");
	assert_str_is(t.root->items[1]->s, "it'sAA\n");
	assert_str_is(t.root->items[2]->s, "x");
	assert_str_is(t.root->items[3]->s, "\xc3\xa9");
	assert_str_is(t.root->items[4]->s, "\xed\xa0\x80"); /* a surrogate on its own */
	REFUSED("\x80\x02X\x02\0\0\0\xc3(.", PD_CORRUPT, "not UTF-8");
	REFUSED("Vx\\u12\n.", PD_CORRUPT, "broken escape");
	REFUSED("S'x\n.", PD_CORRUPT, "without its quotes");
}

PD_TEST(text_of_python_2_that_is_not_ascii_is_bytes)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a, "U\x02\xff\x01.", &t));
	assert_int_equal(t.root->kind, PD_NODE_BYTES);
	assert_ok(DECODE(&a,
			 "c_codecs\nencode\n(V\xff\xe9"
			 "A\nVlatin1\ntR.",
			 &t));
	assert_int_equal(t.root->kind, PD_NODE_BYTES);
	assert_str_is(t.root->s, "\xff\xe9"
				 "A");
	assert_ok(DECODE(&a, "c__builtin__\nbytes\n)R.", &t));
	assert_int_equal(t.root->kind, PD_NODE_BYTES);
	assert_int_equal(t.root->s.n, 0);
}

PD_TEST(floats_of_protocol_0_are_read_exactly)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a, "(F0.1\nF-inf\nFnan\nF1e+300\nt.", &t));
	assert_true(t.root->items[0]->f == 0.1);
	assert_true(isinf(t.root->items[1]->f) && t.root->items[1]->f < 0);
	assert_true(isnan(t.root->items[2]->f));
	assert_true(t.root->items[3]->f == 1e300);
	REFUSED("F0x1p3\n.", PD_CORRUPT, "not a number");
	REFUSED("F\n.", PD_CORRUPT, "not a number");
}

PD_TEST(an_object_met_twice_is_one_node_and_cycles_are_legal)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a, "\x80\x04]\x94h\0a.", &t));
	assert_ptr_equal(t.root->items[0], t.root);
	assert_ok(DECODE(&a, "((lp0\ng0\ng0\nt.", &t));
	assert_int_equal(t.root->n_items, 3);
	assert_ptr_equal(t.root->items[1], t.root->items[0]);
	assert_ptr_equal(t.root->items[2], t.root->items[0]);
}

PD_TEST(state_set_late_is_seen_through_the_memo)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a,
			 "\x80\x02"
			 "csklearn.x\nY\n)\x81q\0h\0}U\x01kK\x07sb\x86.",
			 &t));
	const struct pd_node *first = t.root->items[0];
	assert_ptr_equal(first, t.root->items[1]);
	assert_str_is(pd_node_module(first), "sklearn.x");
	assert_str_is(pd_node_class(first), "Y");
	assert_int_equal(first->obj->made, PD_MADE_NEWOBJ);
	assert_int_equal(pd_node_attr(first, PD_STR("k"))->i, 7);
}

PD_TEST(old_protocols_make_objects_through_copy_reg)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(
		&a,
		"ccopy_reg\n_reconstructor\n(csklearn.x\nY\nc__builtin__\nobject\nNtR(dS'k'\nI7\nsb.",
		&t));
	assert_str_is(pd_node_class(t.root), "Y");
	assert_int_equal(t.root->obj->made, PD_MADE_NEWOBJ);
	assert_int_equal(pd_node_attr(t.root, PD_STR("k"))->i, 7);
	REFUSED("ccopy_reg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR.",
		PD_DENIED, "subprocess.Popen");
}

PD_TEST(what_dict_and_list_subclasses_hold_is_beside_them)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	assert_ok(DECODE(&a,
			 "\x80\x02"
			 "ccollections\nOrderedDict\n)RU\x01kK\x07s.",
			 &t));
	assert_int_equal(pd_node_find(t.root, PD_STR("k"))->i, 7);
	assert_ok(DECODE(&a,
			 "\x80\x02"
			 "cm\nL\n)\x81(K\1K\2e.",
			 &t));
	assert_int_equal(t.root->obj->items->n_items, 2);
}

#define F8                                                                                         \
	"cnumpy\ndtype\nU\x02"                                                                     \
	"f8\x89\x88\x87R(K\3U\1<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"

PD_TEST(an_array_points_into_the_file)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	static const char file[] = "\x80\x03"
				   "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
				   "C\1b\x87R(K\1K\2\x85" F8 "\x89"
				   "C\x10\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\x04\x40tb.";
	assert_ok(decode(&a, file, sizeof(file) - 1, &t));
	assert_int_equal(t.root->kind, PD_NODE_ARRAY);
	assert_int_equal(t.root->arr->n_items, 2);
	assert_true(pd_array_f64(t.root->arr, 0) == 1.5);
	assert_true(pd_array_f64(t.root->arr, 1) == 2.5);
	assert_in_range((uintptr_t)t.root->arr->data, (uintptr_t)file,
			(uintptr_t)file + sizeof(file));
}

PD_TEST(an_array_whose_data_do_not_fit_its_shape_is_refused)
{
	REFUSED("\x80\x03"
		"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
		"C\1b\x87R(K\1K\3\x85" F8 "\x89"
		"C\x10\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\x04\x40tb.",
		PD_CORRUPT, "takes 24 bytes has 16");
	REFUSED("\x80\x03"
		"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
		"C\1b\x87R(K\1K\3\x85" F8 "\x89](K\1K\2etb.",
		PD_CORRUPT, "in the form of a list");
	REFUSED("\x80\x03"
		"cnumpy.core.multiarray\nscalar\n" F8 "C\4abcd\x86R.",
		PD_CORRUPT, "takes 8 bytes has 4");
}

PD_TEST(a_record_field_outside_its_record_is_refused)
{
	REFUSED("\x80\x03"
		"cnumpy\ndtype\nU\2V8\x89\x88\x87R(K\3U\1|NU\1a\x85}U\1a" F8
		"K\4\x86sK\x08K\1K\0tb.",
		PD_CORRUPT, "lies outside its record");
}

PD_TEST(a_type_changed_after_use_does_not_reach_its_arrays)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	/* a scalar of V8, then the type is made 1000 bytes long */
	assert_ok(DECODE(&a,
			 "\x80\x03"
			 "cnumpy\ndtype\nU\2V8\x89\x88\x87Rq\1"
			 "cnumpy.core.multiarray\nscalar\nh\1C\x08"
			 "abcdefgh\x86Rh\1(K\3U\1|NNNM\xe8\3K\1K\0tb\x87.",
			 &t));
	const struct pd_node *scalar = t.root->items[1];
	assert_int_equal(scalar->kind, PD_NODE_SCALAR);
	assert_int_equal(scalar->arr->type->itemsize, 8);
	assert_int_equal(t.root->items[2]->dtype->itemsize, 1000);
}

PD_TEST(sizes_that_lie_are_refused_before_memory_is_taken)
{
	REFUSED("\x80\4\x8e\0\0\0\0\0\0\0\x40"
		"abc.",
		PD_TOO_LARGE, "an item of");
	REFUSED("\x80\2X\xff\xff\xff\x7f"
		"abc.",
		PD_CORRUPT, "4 are left");
	REFUSED("\x80\2\x8b\xff\xff\xff\xff.", PD_CORRUPT, "of -1 bytes");
	REFUSED("\x80\2T\xff\xff\xff\xff.", PD_CORRUPT, "of -1 bytes");
	REFUSED("\x80\4\x95\xff\0\0\0\0\0\0\0N.", PD_CORRUPT, "a frame of 255");
	REFUSED("\x80\2Nr\xff\xff\xff\xff.", PD_CORRUPT, "out of range");
}

PD_TEST(a_stack_that_runs_dry_is_refused)
{
	static const char *const ops[] = { "R",    "a",    "s",    "b",    "0",    "2",    "1",
					   "t",    "l",    "d",    "e",    "u",    "o",    "\x81",
					   "\x85", "\x86", "\x87", "\x90", "\x91", "\x92", "\x93",
					   "\x94", "q\1",  "h\1",  "." };
	for (size_t i = 0; i < PD_LEN(ops); i++) {
		PD_AUTO(pd_arena) a = { 0 };
		struct pd_tree t;
		char file[8] = "\x80\4";
		size_t n = strlen(ops[i]);
		memcpy(file + 2, ops[i], n);
		assert_code(decode(&a, file, n + 2, &t), PD_CORRUPT);
		/* a mark is no item */
		file[2] = '(';
		memcpy(file + 3, ops[i], n);
		file[n + 3] = '.';
		assert_int_not_equal(decode(&a, file, n + 4, &t), PD_INTERNAL);
	}
}

PD_TEST(every_cut_of_a_file_is_refused)
{
	static const char file[] = "\x80\4\x95\x0e\0\0\0\0\0\0\0}\x94\x8c\1k\x94](K\1K\2es.";
	for (size_t n = 0; n + 1 < sizeof(file) - 1; n++) {
		PD_AUTO(pd_arena) a = { 0 };
		struct pd_tree t;
		assert_code(decode(&a, file, n, &t), PD_CORRUPT);
	}
}

PD_TEST(python_code_in_a_file_is_named)
{
	REFUSED("\x80\4\x8c\x17"
		"cloudpickle.cloudpickle\x8c\x0e_make_function\x93(N}\x8c\6"
		"doubleNNtR.",
		PD_DENIED, "contains Python code: \"double\"");
	REFUSED("\x80\4\x8c\x17"
		"cloudpickle.cloudpickle\x8c\r_builtin_type\x93\x8c\x08"
		"CodeType\x85R.",
		PD_DENIED, "contains Python code");
}

PD_TEST(an_audit_marks_what_would_run_and_goes_on)
{
	PD_AUTO(pd_arena) a = { 0 };
	struct pd_tree t;
	static const char file[] = "(cos\nsystem\n(S'x'\ntRcsklearn.a\nB\n(tcm\nn\nt.";
	struct pd_reader r = pd_reader_of(file, sizeof(file) - 1);
	const struct pd_pickle_opts opts = { .audit = true };
	pd_tree_init(&t, &a, sizeof(file));
	assert_ok(pd_pickle_decode(&r, &opts, &t, &fx_err));
	const struct pd_tree_name *n = t.names; /* newest first */
	assert_str_is(n->global->s, "m");
	assert_false(n->global->called);
	n = n->next->next;
	assert_str_is(n->global->s, "os");
	assert_true(n->global->called && n->global->code);
}

PD_TEST(a_text_cannot_be_a_function)
{
	REFUSED("\x80\2U\1x)R.", PD_CORRUPT, "a text is called");
	REFUSED("\x80\2}}K\1s.", PD_CORRUPT, "a dict as a key");
	REFUSED("\x80\2N)\x81.", PD_CORRUPT, "None as the class");
}

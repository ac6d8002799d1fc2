/*
 * The pickle machine: stack, memo, containers, and the table of opcodes.
 *
 *   file = [PROTO n] { opcode [argument] } STOP
 *
 * An argument is a line of text (protocol 0), or a little-endian length and bytes. MARK puts a
 * mark on the stack; opcodes that take "everything above the mark" end a container. The memo maps
 * numbers to nodes, so that one object can stand in several places, also inside itself.
 */
#include "model/pickle.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/auto.h"
#include "model/pickle_internal.h"

#define MEMO_SLACK 256

enum pd_code pd_unpickle_at(struct pd_unpickler *u, struct pd_err *err)
{
	return pd_err_prefix(err, "offset %zu", u->at);
}

enum pd_code pd_unpickle_fail(struct pd_unpickler *u, struct pd_err *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	pd_vfail(err, PD_CORRUPT, fmt, ap);
	va_end(ap);
	return pd_unpickle_at(u, err);
}

void pd_unpickler_end(struct pd_unpickler *u)
{
	free(u->stack);
	free(u->marks);
	free(u->memo);
	*u = (struct pd_unpickler){ 0 };
}

void pd_pickle_trace_end(struct pd_pickle_trace *t)
{
	free(t->marks);
	*t = (struct pd_pickle_trace){ 0 };
}

/* ---------------------------------------------------------------- stack and memo */

/* Room in a heap array for index `need`; sizes are bounded by the bytes of the file. */
static enum pd_code reserve(struct pd_unpickler *u, void *p_array, size_t *cap, size_t need,
			    size_t size, struct pd_err *err)
{
	if (need < *cap)
		return PD_OK;
	size_t bigger = need < 512 ? 1024 : need * 2;
	void *old = NULL;
	memcpy(&old, p_array, sizeof(old));
	void *p = realloc(old, bigger * size);
	if (!p)
		return pd_fail(err, PD_NO_MEMORY, "offset %zu: no memory for %zu items", u->at,
			       bigger);
	memset((char *)p + *cap * size, 0, (bigger - *cap) * size);
	memcpy(p_array, &p, sizeof(p));
	*cap = bigger;
	return PD_OK;
}

enum pd_code pd_unpickle_mark(struct pd_unpickler *u, enum pd_pickle_mark_kind kind, uint32_t index,
			      struct pd_err *err)
{
	struct pd_pickle_trace *t = u->opts->trace;
	if (!t)
		return PD_OK;
	PD_TRY(reserve(u, &t->marks, &t->cap, t->n, sizeof(*t->marks), err));
	t->marks[t->n++] = (struct pd_pickle_mark){
		.at = u->at, .end = u->r.at, .index = index, .pickle = u->pickle, .kind = kind
	};
	return PD_OK;
}

enum pd_code pd_unpickle_push(struct pd_unpickler *u, struct pd_node *n, struct pd_err *err)
{
	if (u->n_stack >= u->cap_stack)
		PD_TRY(reserve(u, &u->stack, &u->cap_stack, u->n_stack, sizeof(*u->stack), err));
	u->stack[u->n_stack++] = n;
	return PD_OK;
}

enum pd_code pd_unpickle_top(struct pd_unpickler *u, struct pd_node **out, struct pd_err *err)
{
	if (u->n_stack <= u->floor)
		return pd_unpickle_fail(u, err, "the stack is empty");
	*out = u->stack[u->n_stack - 1];
	return PD_OK;
}

enum pd_code pd_unpickle_pop(struct pd_unpickler *u, struct pd_node **out, struct pd_err *err)
{
	PD_TRY(pd_unpickle_top(u, out, err));
	u->n_stack--;
	return PD_OK;
}

enum pd_code pd_unpickle_pop_mark(struct pd_unpickler *u, struct pd_node ***out_items,
				  size_t *out_n, struct pd_err *err)
{
	if (!u->n_marks)
		return pd_unpickle_fail(u, err, "no mark on the stack");
	*out_items = u->stack + u->floor;
	*out_n = u->n_stack - u->floor;
	u->n_stack = u->floor;
	u->floor = u->marks[--u->n_marks];
	return PD_OK;
}

static enum pd_code op_mark(struct pd_unpickler *u, struct pd_err *err)
{
	if (u->n_marks >= PD_PICKLE_MARKS_MAX)
		return pd_fail(err, PD_TOO_LARGE, "offset %zu: nested more than %d deep", u->at,
			       PD_PICKLE_MARKS_MAX);
	PD_TRY(reserve(u, &u->marks, &u->cap_marks, u->n_marks, sizeof(*u->marks), err));
	u->marks[u->n_marks++] = u->floor;
	u->floor = u->n_stack;
	return PD_OK;
}

static enum pd_code op_pop(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *n = NULL;
	if (u->n_stack > u->floor || !u->n_marks)
		return pd_unpickle_pop(u, &n, err);
	u->floor = u->marks[--u->n_marks];
	return PD_OK;
}

static enum pd_code op_pop_mark(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node **items = NULL;
	size_t n = 0;
	return pd_unpickle_pop_mark(u, &items, &n, err);
}

static enum pd_code op_dup(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *n = NULL;
	PD_TRY(pd_unpickle_top(u, &n, err));
	return pd_unpickle_push(u, n, err);
}

/* Picklers count up, one for each object written: an index far beyond that sizes no array. */
static enum pd_code memo_put(struct pd_unpickler *u, uint64_t index, struct pd_err *err)
{
	struct pd_node *n = NULL;
	PD_TRY(pd_unpickle_top(u, &n, err));
	assert(n);
	if (index > (uint64_t)u->tree->n_nodes + MEMO_SLACK)
		return pd_unpickle_fail(u, err, "memo index %" PRIu64 " is out of range", index);
	if (index >= u->cap_memo)
		PD_TRY(reserve(u, &u->memo, &u->cap_memo, index, sizeof(*u->memo), err));
	u->n_memo += !u->memo[index];
	u->memo[index] = n;
	if (!u->opts->trace)
		return PD_OK;
	if (n->kind == PD_NODE_DTYPE)
		n->memo_index = (uint32_t)index + 1;
	else if (pd_unpickle_is_wrapper(n))
		u->wrapper_index = (uint32_t)index + 1;
	return pd_unpickle_mark(u, PD_MARK_PUT, (uint32_t)index, err);
}

static enum pd_code memo_get(struct pd_unpickler *u, uint64_t index, struct pd_err *err)
{
	if (index >= u->cap_memo || !u->memo[index])
		return pd_unpickle_fail(u, err, "nothing in the memo at index %" PRIu64, index);
	PD_TRY(pd_unpickle_push(u, u->memo[index], err));
	return pd_unpickle_mark(u, PD_MARK_GET, (uint32_t)index, err);
}

static enum pd_code read_index_line(struct pd_unpickler *u, uint64_t *out, struct pd_err *err)
{
	struct pd_str line;
	int64_t v = -1;
	PD_TRY(pd_read_line(&u->r, &line, err));
	if (!pd_str_to_i64(line, &v) || v < 0)
		return pd_unpickle_fail(u, err, "\"%.*s\" is not a memo index",
					PD_STR_ARG(pd_str_head(line, 40)));
	*out = (uint64_t)v;
	return PD_OK;
}

static enum pd_code op_put(struct pd_unpickler *u, struct pd_err *err)
{
	uint64_t index = 0;
	PD_TRY(read_index_line(u, &index, err));
	return memo_put(u, index, err);
}

static enum pd_code op_binput(struct pd_unpickler *u, struct pd_err *err)
{
	uint8_t index = 0;
	PD_TRY(pd_read_u8(&u->r, &index, err));
	return memo_put(u, index, err);
}

static enum pd_code op_long_binput(struct pd_unpickler *u, struct pd_err *err)
{
	uint32_t index = 0;
	PD_TRY(pd_read_u32le(&u->r, &index, err));
	return memo_put(u, index, err);
}

static enum pd_code op_memoize(struct pd_unpickler *u, struct pd_err *err)
{
	return memo_put(u, u->n_memo, err);
}

static enum pd_code op_get(struct pd_unpickler *u, struct pd_err *err)
{
	uint64_t index = 0;
	PD_TRY(read_index_line(u, &index, err));
	return memo_get(u, index, err);
}

static enum pd_code op_binget(struct pd_unpickler *u, struct pd_err *err)
{
	uint8_t index = 0;
	PD_TRY(pd_read_u8(&u->r, &index, err));
	return memo_get(u, index, err);
}

static enum pd_code op_long_binget(struct pd_unpickler *u, struct pd_err *err)
{
	uint32_t index = 0;
	PD_TRY(pd_read_u32le(&u->r, &index, err));
	return memo_get(u, index, err);
}

/* ---------------------------------------------------------------- containers */

enum pd_code pd_unpickle_items(struct pd_unpickler *u, enum pd_node_kind kind,
			       struct pd_node *const *items, size_t n, struct pd_node **out,
			       struct pd_err *err)
{
	PD_TRY(pd_node_new(u->tree, kind, u->at, out, err));
	return pd_node_append(u->tree, *out, items, n, err);
}

static enum pd_code push_empty(struct pd_unpickler *u, enum pd_node_kind kind, struct pd_err *err)
{
	struct pd_node *n = NULL;
	PD_TRY(pd_node_new(u->tree, kind, u->at, &n, err));
	return pd_unpickle_push(u, n, err);
}

static enum pd_code op_empty_list(struct pd_unpickler *u, struct pd_err *err)
{
	return push_empty(u, PD_NODE_LIST, err);
}

static enum pd_code op_empty_dict(struct pd_unpickler *u, struct pd_err *err)
{
	return push_empty(u, PD_NODE_DICT, err);
}

static enum pd_code op_empty_set(struct pd_unpickler *u, struct pd_err *err)
{
	return push_empty(u, PD_NODE_SET, err);
}

static enum pd_code op_empty_tuple(struct pd_unpickler *u, struct pd_err *err)
{
	if (!u->empty_tuple)
		PD_TRY(pd_node_new(u->tree, PD_NODE_TUPLE, u->at, &u->empty_tuple, err));
	return pd_unpickle_push(u, u->empty_tuple, err);
}

/* What Python could not hash cannot be a key. */
static enum pd_code check_keys(struct pd_unpickler *u, struct pd_node *const *items, size_t n,
			       size_t step, struct pd_err *err)
{
	for (size_t i = 0; i < n; i += step) {
		enum pd_node_kind k = items[i]->kind;
		if (k == PD_NODE_LIST || k == PD_NODE_DICT || k == PD_NODE_ARRAY)
			return pd_unpickle_fail(u, err, "%s as a key",
						pd_node_label(items[i], u->tree->arena));
	}
	return PD_OK;
}

static enum pd_code push_marked(struct pd_unpickler *u, enum pd_node_kind kind, struct pd_err *err)
{
	struct pd_node **items = NULL;
	struct pd_node *n = NULL;
	size_t n_items = 0;
	PD_TRY(pd_unpickle_pop_mark(u, &items, &n_items, err));
	if (kind == PD_NODE_DICT && n_items % 2)
		return pd_unpickle_fail(u, err, "a key without a value");
	if (kind == PD_NODE_DICT || kind == PD_NODE_SET)
		PD_TRY(check_keys(u, items, n_items, kind == PD_NODE_DICT ? 2 : 1, err));
	PD_TRY(pd_unpickle_items(u, kind, items, n_items, &n, err));
	return pd_unpickle_push(u, n, err);
}

static enum pd_code op_list(struct pd_unpickler *u, struct pd_err *err)
{
	return push_marked(u, PD_NODE_LIST, err);
}

static enum pd_code op_dict(struct pd_unpickler *u, struct pd_err *err)
{
	return push_marked(u, PD_NODE_DICT, err);
}

static enum pd_code op_tuple(struct pd_unpickler *u, struct pd_err *err)
{
	return push_marked(u, PD_NODE_TUPLE, err);
}

static enum pd_code op_frozenset(struct pd_unpickler *u, struct pd_err *err)
{
	return push_marked(u, PD_NODE_SET, err);
}

static enum pd_code push_tuple(struct pd_unpickler *u, size_t n, struct pd_err *err)
{
	struct pd_node *tuple = NULL;
	if (u->n_stack - u->floor < n)
		return pd_unpickle_fail(u, err, "the stack is empty");
	u->n_stack -= n;
	PD_TRY(pd_unpickle_items(u, PD_NODE_TUPLE, u->stack + u->n_stack, n, &tuple, err));
	return pd_unpickle_push(u, tuple, err);
}

static enum pd_code op_tuple1(struct pd_unpickler *u, struct pd_err *err)
{
	return push_tuple(u, 1, err);
}

static enum pd_code op_tuple2(struct pd_unpickler *u, struct pd_err *err)
{
	return push_tuple(u, 2, err);
}

static enum pd_code op_tuple3(struct pd_unpickler *u, struct pd_err *err)
{
	return push_tuple(u, 3, err);
}

/* The container that takes the items: itself, or the list or dict kept beside an object (list and
 * dict subclasses). */
static enum pd_code target_of(struct pd_unpickler *u, struct pd_node *n, enum pd_node_kind kind,
			      struct pd_node **out, struct pd_err *err)
{
	assert(n);
	*out = n;
	if (n->kind == kind)
		return PD_OK;
	if (n->kind != PD_NODE_OBJECT || kind == PD_NODE_SET)
		return pd_unpickle_fail(u, err, "items for %s", pd_node_label(n, u->tree->arena));
	struct pd_node **slot = kind == PD_NODE_LIST ? &n->obj->items : &n->obj->pairs;
	if (!*slot)
		PD_TRY(pd_node_new(u->tree, kind, u->at, slot, err));
	*out = *slot;
	return PD_OK;
}

static enum pd_code add_items(struct pd_unpickler *u, enum pd_node_kind kind,
			      struct pd_node *const *items, size_t n, struct pd_err *err)
{
	struct pd_node *top = NULL;
	struct pd_node *target = NULL;
	PD_TRY(pd_unpickle_top(u, &top, err));
	if (kind == PD_NODE_DICT && n % 2)
		return pd_unpickle_fail(u, err, "a key without a value");
	if (kind != PD_NODE_LIST)
		PD_TRY(check_keys(u, items, n, kind == PD_NODE_DICT ? 2 : 1, err));
	PD_TRY(target_of(u, top, kind, &target, err));
	return pd_node_append(u->tree, target, items, n, err);
}

static enum pd_code op_append(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *item = NULL;
	PD_TRY(pd_unpickle_pop(u, &item, err));
	return add_items(u, PD_NODE_LIST, &item, 1, err);
}

static enum pd_code op_setitem(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *pair[2];
	PD_TRY(pd_unpickle_pop(u, &pair[1], err));
	PD_TRY(pd_unpickle_pop(u, &pair[0], err));
	return add_items(u, PD_NODE_DICT, pair, 2, err);
}

static enum pd_code add_marked(struct pd_unpickler *u, enum pd_node_kind kind, struct pd_err *err)
{
	struct pd_node **items = NULL;
	size_t n = 0;
	PD_TRY(pd_unpickle_pop_mark(u, &items, &n, err));
	return add_items(u, kind, items, n, err);
}

static enum pd_code op_appends(struct pd_unpickler *u, struct pd_err *err)
{
	return add_marked(u, PD_NODE_LIST, err);
}

static enum pd_code op_setitems(struct pd_unpickler *u, struct pd_err *err)
{
	return add_marked(u, PD_NODE_DICT, err);
}

static enum pd_code op_additems(struct pd_unpickler *u, struct pd_err *err)
{
	return add_marked(u, PD_NODE_SET, err);
}

/* ---------------------------------------------------------------- framing, refusals, the loop */

static enum pd_code op_proto(struct pd_unpickler *u, struct pd_err *err)
{
	uint8_t version = 0;
	PD_TRY(pd_read_u8(&u->r, &version, err));
	if (version > PD_PICKLE_PROTOCOL_MAX)
		return pd_fail(err, PD_UNSUPPORTED,
			       "offset %zu: pickle protocol %u, known are 0 to %d", u->at, version,
			       PD_PICKLE_PROTOCOL_MAX);
	return PD_OK;
}

static enum pd_code op_frame(struct pd_unpickler *u, struct pd_err *err)
{
	uint64_t n = 0;
	PD_TRY(pd_read_u64le(&u->r, &n, err));
	if (n > pd_reader_left(&u->r))
		return pd_unpickle_fail(u, err, "a frame of %" PRIu64 " bytes, %zu are left", n,
					pd_reader_left(&u->r));
	return pd_unpickle_mark(u, PD_MARK_FRAME, 0, err);
}

static enum pd_code op_stop(struct pd_unpickler *u, struct pd_err *err)
{
	if (u->n_marks || u->n_stack != 1)
		return pd_unpickle_fail(u, err, "the end is reached with %zu objects, not one",
					u->n_stack);
	u->stopped = true;
	return pd_unpickle_mark(u, PD_MARK_STOP, 0, err);
}

static enum pd_code op_persid(struct pd_unpickler *u, struct pd_err *err)
{
	return pd_fail(err, PD_UNSUPPORTED,
		       "offset %zu: a persistent id, which only its writer can resolve", u->at);
}

static enum pd_code op_ext(struct pd_unpickler *u, struct pd_err *err)
{
	return pd_fail(err, PD_DENIED, "offset %zu: an extension code, which stands for any call",
		       u->at);
}

static enum pd_code op_buffer(struct pd_unpickler *u, struct pd_err *err)
{
	return pd_fail(err, PD_UNSUPPORTED, "offset %zu: a buffer that is kept outside the file",
		       u->at);
}

static pd_op *const ops[256] = {
	['('] = op_mark,
	['.'] = op_stop,
	['0'] = op_pop,
	['1'] = op_pop_mark,
	['2'] = op_dup,
	['F'] = pd_op_float,
	['I'] = pd_op_int,
	['J'] = pd_op_binint,
	['K'] = pd_op_binint1,
	['L'] = pd_op_long,
	['M'] = pd_op_binint2,
	['N'] = pd_op_none,
	['P'] = op_persid,
	['Q'] = op_persid,
	['R'] = pd_op_reduce,
	['S'] = pd_op_string,
	['T'] = pd_op_binstring,
	['U'] = pd_op_short_binstring,
	['V'] = pd_op_unicode,
	['X'] = pd_op_binunicode,
	['a'] = op_append,
	['b'] = pd_op_build,
	['c'] = pd_op_global,
	['d'] = op_dict,
	['e'] = op_appends,
	['g'] = op_get,
	['h'] = op_binget,
	['i'] = pd_op_inst,
	['j'] = op_long_binget,
	['l'] = op_list,
	['o'] = pd_op_obj,
	['p'] = op_put,
	['q'] = op_binput,
	['r'] = op_long_binput,
	['s'] = op_setitem,
	['t'] = op_tuple,
	['u'] = op_setitems,
	['}'] = op_empty_dict,
	[']'] = op_empty_list,
	[')'] = op_empty_tuple,
	['G'] = pd_op_binfloat,
	['B'] = pd_op_binbytes,
	['C'] = pd_op_short_binbytes,
	[0x80] = op_proto,
	[0x81] = pd_op_newobj,
	[0x82] = op_ext,
	[0x83] = op_ext,
	[0x84] = op_ext,
	[0x85] = op_tuple1,
	[0x86] = op_tuple2,
	[0x87] = op_tuple3,
	[0x88] = pd_op_newtrue,
	[0x89] = pd_op_newfalse,
	[0x8a] = pd_op_long1,
	[0x8b] = pd_op_long4,
	[0x8c] = pd_op_short_binunicode,
	[0x8d] = pd_op_binunicode8,
	[0x8e] = pd_op_binbytes8,
	[0x8f] = op_empty_set,
	[0x90] = op_additems,
	[0x91] = op_frozenset,
	[0x92] = pd_op_newobj_ex,
	[0x93] = pd_op_stack_global,
	[0x94] = op_memoize,
	[0x95] = op_frame,
	[0x96] = pd_op_binbytes8, /* BYTEARRAY8 */
	[0x97] = op_buffer,
	[0x98] = op_buffer,
};

enum pd_code pd_unpickle_run(struct pd_unpickler *u, struct pd_err *err)
{
	PD_TRY(reserve(u, &u->stack, &u->cap_stack, 0, sizeof(*u->stack), err));
	while (!u->stopped) {
		uint8_t op = 0;
		u->at = u->r.at;
		if (u->at == u->r.n)
			return pd_unpickle_fail(u, err, "the pickle ends without its STOP");
		PD_TRY(pd_read_u8(&u->r, &op, err));
		if (!ops[op])
			return pd_unpickle_fail(u, err, "byte 0x%02x is not a pickle opcode", op);
		PD_TRY(ops[op](u, err));
	}
	return PD_OK;
}

enum pd_code pd_pickle_decode(struct pd_reader *r, const struct pd_pickle_opts *opts,
			      struct pd_tree *tree, struct pd_err *err)
{
	static const struct pd_pickle_opts no_opts;
	struct pd_err own;
	if (!err)
		err = &own; /* texts are built in steps */
	PD_AUTO(pd_unpickler) u = { .r = *r, .tree = tree, .opts = opts ? opts : &no_opts };
	PD_TRY(pd_unpickle_run(&u, err));
	if (u.code && !u.opts->audit)
		return pd_fail(err, PD_DENIED,
			       "contains Python code: %.*s.%.*s is called at offset %zu",
			       PD_STR_ARG(u.code->s), PD_STR_ARG(u.code->t), u.code->offset);
	tree->root = u.stack[0];
	r->at = u.r.at;
	return PD_OK;
}

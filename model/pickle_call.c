/*
 * The pickle machine's names and calls. Nothing is called: a call by a name of the table below
 * becomes the value it stands for or an inert object, a call by any other name is refused.
 * NEWOBJ of a class makes an object that is only its class and state; which classes are models is
 * for the recognisers to say, but names that are code whatever happens are refused here too.
 */
#include "model/pickle_internal.h"

#include <inttypes.h>

enum call {
	CALL_REFUSED = 0,
	CALL_OPAQUE, /* stays an object */
	CALL_RECONSTRUCT,
	CALL_FROMBUFFER,
	CALL_SCALAR,
	CALL_DTYPE,
	CALL_UFUNC,
	CALL_RECONSTRUCTOR,
	CALL_NEWOBJ,
	CALL_ENCODE,
	CALL_BYTES,
	CALL_SET,
	CALL_CLOUDPICKLE,
	CALL_JOBLIB,
};

/* A '*' at the end of either name stands for anything, without dots in `name`. */
struct call_row {
	const char *module;
	const char *name;
	enum call call;
};

static const struct call_row calls[] = {
	{ "numpy._core.multiarray", "_reconstruct", CALL_RECONSTRUCT },
	{ "numpy.core.multiarray", "_reconstruct", CALL_RECONSTRUCT },
	{ "numpy", "dtype", CALL_DTYPE },
	{ "numpy._core.multiarray", "scalar", CALL_SCALAR },
	{ "numpy.core.multiarray", "scalar", CALL_SCALAR },
	{ "numpy._core.numeric", "_frombuffer", CALL_FROMBUFFER },
	{ "numpy.core.numeric", "_frombuffer", CALL_FROMBUFFER },
	{ "numpy.numeric", "_frombuffer", CALL_FROMBUFFER },
	{ "numpy.core", "_ufunc_reconstruct", CALL_UFUNC },
	{ "numpy._core", "_ufunc_reconstruct", CALL_UFUNC },
	{ "numpy.ma.core", "_mareconstruct", CALL_OPAQUE },
	{ "numpy.ma.core", "MaskedConstant", CALL_OPAQUE },
	{ "numpy.random._pickle", "__randomstate_ctor", CALL_OPAQUE },
	{ "numpy.random._pickle", "__generator_ctor", CALL_OPAQUE },
	{ "numpy.random._pickle", "__bit_generator_ctor", CALL_OPAQUE },
	{ "numpy.random", "__RandomState_ctor", CALL_OPAQUE },
	{ "numpy.random.bit_generator", "__pyx_unpickle_SeedSequence", CALL_OPAQUE },
	{ "sklearn.tree._tree", "Tree", CALL_OPAQUE },
	{ "sklearn.neighbors.*", "newObj", CALL_OPAQUE },
	{ "sklearn.metrics.*", "newObj", CALL_OPAQUE },
	{ "sklearn.*", "__pyx_unpickle_*", CALL_OPAQUE },
	{ "sklearn._loss._loss", "Cy*", CALL_OPAQUE },
	{ "_loss", "Cy*", CALL_OPAQUE },
	{ "_loss", "__pyx_unpickle_*", CALL_OPAQUE },
	{ "sklearn.linear_model._sgd_fast", "*", CALL_OPAQUE },
	{ "sklearn.ensemble._gb_losses", "*", CALL_OPAQUE },
	{ "copyreg", "_reconstructor", CALL_RECONSTRUCTOR },
	{ "copyreg", "__newobj__", CALL_NEWOBJ },
	{ "_codecs", "encode", CALL_ENCODE },
	{ "builtins", "bytes", CALL_BYTES },
	{ "builtins", "bytearray", CALL_BYTES },
	{ "builtins", "set", CALL_SET },
	{ "builtins", "frozenset", CALL_SET },
	{ "builtins", "slice", CALL_OPAQUE },
	{ "builtins", "complex", CALL_OPAQUE },
	{ "builtins", "range", CALL_OPAQUE },
	{ "collections", "OrderedDict", CALL_OPAQUE },
	{ "collections", "defaultdict", CALL_OPAQUE },
	{ "collections", "Counter", CALL_OPAQUE },
	{ "collections", "deque", CALL_OPAQUE },
	{ "datetime", "*", CALL_OPAQUE },
	{ "decimal", "Decimal", CALL_OPAQUE },
	{ "fractions", "Fraction", CALL_OPAQUE },
	{ "re", "_compile", CALL_OPAQUE },
	{ "functools", "partial", CALL_OPAQUE },
	{ "cloudpickle*", "*", CALL_CLOUDPICKLE },
};

/* Names that have no business in a model even as the class of an object that is never made.
 * The list only sharpens the message: an unknown class is never run either. */
static const char *const code_modules[] = {
	"os",         "posix",        "nt",
	"subprocess", "sys",          "importlib*",
	"runpy",      "pty",          "socket",
	"shutil",     "ctypes*",      "code",
	"codeop",     "types",        "pickle",
	"_pickle",    "marshal",      "threading",
	"_thread",    "webbrowser",   "multiprocessing*",
	"timeit",     "pdb",          "bdb",
	"platform",   "commands",     "popen2",
	"asyncio*",   "cloudpickle*",
};

static bool matches(const char *pattern, struct pd_str s)
{
	size_t n = strlen(pattern);
	if (n && pattern[n - 1] == '*')
		return pd_str_starts(s, pd_str_of(pattern, n - 1));
	return pd_str_eq(s, pd_str_of(pattern, n));
}

static enum call call_of(struct pd_unpickler *u, const struct pd_node *callee)
{
	if (callee == u->last_callee)
		return (enum call)u->last_call;
	enum call call = CALL_REFUSED;
	for (size_t i = 0; i < PD_LEN(calls) && !call; i++) {
		const struct call_row *row = &calls[i];
		bool exact = row->name[strlen(row->name) - 1] != '*';
		if (matches(row->module, callee->s) && matches(row->name, callee->t) &&
		    (exact || pd_str_find(callee->t, '.') < 0))
			call = row->call;
	}
	u->last_callee = callee;
	u->last_call = call;
	return call;
}

bool pd_pickle_is_code_module(struct pd_str module)
{
	for (size_t i = 0; i < PD_LEN(code_modules); i++)
		if (matches(code_modules[i], module))
			return true;
	return false;
}

/* ---------------------------------------------------------------- names */

static bool is_wrapper_class(const struct pd_node *n)
{
	return n->kind == PD_NODE_GLOBAL && pd_str_eqz(n->s, "joblib.numpy_pickle");
}

bool pd_unpickle_is_wrapper(const struct pd_node *n)
{
	return n->kind == PD_NODE_OBJECT && n->obj->call == CALL_JOBLIB;
}

/* Protocols 0 to 2 use Python 2's names of these two modules. */
static enum pd_code push_global(struct pd_unpickler *u, struct pd_str module, struct pd_str name,
				struct pd_err *err)
{
	struct pd_node *n = NULL;
	if (pd_str_eq(module, PD_STR("__builtin__")))
		module = PD_STR("builtins");
	else if (pd_str_eq(module, PD_STR("copy_reg")))
		module = PD_STR("copyreg");
	PD_TRY(pd_node_global(u->tree, module, name, u->at, &n, err));
	if (is_wrapper_class(n))
		PD_TRY(pd_unpickle_mark(u, PD_MARK_WRAPPER, 0, err));
	return pd_unpickle_push(u, n, err);
}

static enum pd_code read_name(struct pd_unpickler *u, struct pd_str *out, struct pd_err *err)
{
	PD_TRY(pd_read_line(&u->r, out, err));
	if (!pd_utf8_check(*out))
		return pd_unpickle_fail(u, err, "a name that is not UTF-8");
	return PD_OK;
}

enum pd_code pd_op_global(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_str module;
	struct pd_str name;
	PD_TRY(read_name(u, &module, err));
	PD_TRY(read_name(u, &name, err));
	return push_global(u, module, name, err);
}

enum pd_code pd_op_stack_global(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *module = NULL;
	struct pd_node *name = NULL;
	PD_TRY(pd_unpickle_pop(u, &name, err));
	PD_TRY(pd_unpickle_pop(u, &module, err));
	if (module->kind != PD_NODE_TEXT || name->kind != PD_NODE_TEXT)
		return pd_unpickle_fail(u, err, "a name that is not text");
	return push_global(u, module->s, name->s, err);
}

/* ---------------------------------------------------------------- refusals */

static enum pd_code refuse_call(struct pd_unpickler *u, struct pd_node *callee, struct pd_err *err)
{
	if (callee->kind == PD_NODE_GLOBAL) {
		callee->called = true;
		callee->code = true;
	}
	if (u->opts->audit)
		return PD_OK;
	if (callee->kind != PD_NODE_GLOBAL && callee->kind != PD_NODE_OBJECT)
		return pd_unpickle_fail(u, err, "%s is called",
					pd_node_label(callee, u->tree->arena));
	const char *result = callee->kind == PD_NODE_OBJECT ? "what came from " : "";
	return pd_fail(err, PD_DENIED, "would run code: %s%s at offset %zu", result,
		       pd_node_label(callee, u->tree->arena), u->at);
}

/* The text of a cloudpickle call that names the function or class it would make. */
static const struct pd_node *code_name(const struct pd_node *callee, const struct pd_node *args)
{
	static const struct {
		const char *name;
		size_t arg;
	} makers[] = {
		{ "_make_function", 2 },      { "_make_skeleton_class", 1 },
		{ "_make_skeleton_enum", 1 }, { "subimport", 0 },
		{ "dynamic_subimport", 0 },
	};
	for (size_t i = 0; i < PD_LEN(makers); i++)
		if (pd_str_eqz(callee->t, makers[i].name) && makers[i].arg < args->n_items &&
		    args->items[makers[i].arg]->kind == PD_NODE_TEXT)
			return args->items[makers[i].arg];
	return NULL;
}

/* cloudpickle first builds code objects, then the function with its name: wait for the name. */
static enum pd_code cloudpickle_call(struct pd_unpickler *u, struct pd_node *callee,
				     const struct pd_node *args, struct pd_err *err)
{
	const struct pd_node *name = code_name(callee, args);
	callee->code = true;
	if (!u->code)
		u->code = callee;
	if (!name || u->opts->audit)
		return PD_OK;
	return pd_fail(err, PD_DENIED, "contains Python code: \"%.*s\" (%.*s.%.*s at offset %zu)",
		       PD_STR_ARG(name->s), PD_STR_ARG(callee->s), PD_STR_ARG(callee->t), u->at);
}

/* ---------------------------------------------------------------- calls */

static const struct pd_node *arg_of(const struct pd_node *args, size_t i)
{
	return i < args->n_items ? args->items[i] : NULL;
}

/* copyreg._reconstructor(cls, base, state): protocols 0 and 1 make every object so. */
static enum pd_code reconstructor(struct pd_unpickler *u, struct pd_node *args, struct pd_node *n,
				  struct pd_err *err)
{
	const struct pd_node *base = arg_of(args, 1);
	if (args->n_items != 3 || !pd_node_is(base, PD_NODE_GLOBAL))
		return pd_unpickle_fail(u, err,
					"copyreg._reconstructor without its three arguments");
	struct pd_node *value = args->items[2];
	n->obj->cls = args->items[0];
	n->obj->made = PD_MADE_NEWOBJ;
	n->obj->args = NULL;
	n->obj->call = CALL_REFUSED;
	if (value->kind == PD_NODE_DICT)
		n->obj->pairs = value;
	else if (value->kind == PD_NODE_LIST)
		n->obj->items = value;
	if (is_wrapper_class(n->obj->cls))
		n->obj->call = CALL_JOBLIB;
	if (n->obj->cls->kind == PD_NODE_GLOBAL) {
		n->obj->cls->called = true;
		if (pd_pickle_is_code_module(n->obj->cls->s))
			return refuse_call(u, n->obj->cls, err);
	}
	return PD_OK;
}

/* bytes(), bytes(b), bytearray(b), bytearray(text, "latin-1"), _codecs.encode(text, "latin1") */
static enum pd_code make_bytes(struct pd_unpickler *u, const struct pd_node *args,
			       struct pd_node *n, struct pd_err *err)
{
	const struct pd_node *from = arg_of(args, 0);
	struct pd_str s = { 0 };
	if (pd_node_is(from, PD_NODE_TEXT))
		PD_TRY(pd_unpickle_latin1(u, from->s, &s, err));
	else if (pd_node_is(from, PD_NODE_BYTES))
		s = from->s;
	else if (from)
		return pd_unpickle_fail(u, err, "bytes made from %s",
					pd_node_label(from, u->tree->arena));
	n->kind = PD_NODE_BYTES;
	n->s = s;
	return PD_OK;
}

static enum pd_code make_set(struct pd_unpickler *u, const struct pd_node *args, struct pd_node *n,
			     struct pd_err *err)
{
	const struct pd_node *from = arg_of(args, 0);
	if (from && from->kind != PD_NODE_LIST && from->kind != PD_NODE_TUPLE)
		return pd_unpickle_fail(u, err, "a set made from %s",
					pd_node_label(from, u->tree->arena));
	n->kind = PD_NODE_SET;
	n->items = NULL;
	n->n_items = 0;
	n->cap_items = 0;
	n->index = NULL;
	return from ? pd_node_append(u->tree, n, from->items, from->n_items, err) : PD_OK;
}

/* _ufunc_reconstruct("numpy", "log1p"): newer files have the name itself. */
static enum pd_code make_ufunc(struct pd_unpickler *u, const struct pd_node *args,
			       struct pd_node *n, struct pd_err *err)
{
	const struct pd_node *module = arg_of(args, 0);
	const struct pd_node *name = arg_of(args, 1);
	if (!pd_node_is(module, PD_NODE_TEXT) || !pd_node_is(name, PD_NODE_TEXT) ||
	    !pd_str_starts(module->s, PD_STR("numpy")))
		return pd_unpickle_fail(u, err, "a numpy function without its name");
	n->kind = PD_NODE_GLOBAL;
	n->s = module->s;
	n->t = name->s;
	return PD_OK;
}

static enum pd_code new_object(struct pd_unpickler *u, struct pd_node *cls, struct pd_node *args,
			       struct pd_node *kwargs, struct pd_err *err);

/* copyreg.__newobj__(cls, *args) */
static enum pd_code call_newobj(struct pd_unpickler *u, const struct pd_node *args,
				struct pd_err *err)
{
	struct pd_node *rest = NULL;
	if (!args->n_items)
		return pd_unpickle_fail(u, err, "copyreg.__newobj__ without a class");
	PD_TRY(pd_unpickle_items(u, PD_NODE_TUPLE, args->items + 1, args->n_items - 1, &rest, err));
	return new_object(u, args->items[0], rest, NULL, err);
}

/* Turn the call that `n` records into what it stands for. */
static enum pd_code settle(struct pd_unpickler *u, enum call call, struct pd_node *args,
			   struct pd_node *n, struct pd_err *err)
{
	switch (call) {
	case CALL_FROMBUFFER:
		return pd_unpickle_frombuffer(u, args, n, err);
	case CALL_SCALAR:
		return pd_unpickle_scalar(u, args, n, err);
	case CALL_DTYPE:
		return pd_unpickle_dtype(u, args, n, err);
	case CALL_UFUNC:
		return make_ufunc(u, args, n, err);
	case CALL_RECONSTRUCTOR:
		return reconstructor(u, args, n, err);
	case CALL_ENCODE:
	case CALL_BYTES:
		return make_bytes(u, args, n, err);
	case CALL_SET:
		return make_set(u, args, n, err);
	case CALL_CLOUDPICKLE:
		return cloudpickle_call(u, n->obj->cls, args, err);
	default: /* an object until its state comes, or for good */
		return PD_OK;
	}
}

/* Objects made by cloudpickle's calls are called in turn: part of the same refusal. */
static bool came_from_cloudpickle(const struct pd_node *n)
{
	return n->kind == PD_NODE_OBJECT && n->obj->call == CALL_CLOUDPICKLE;
}

static enum pd_code call(struct pd_unpickler *u, struct pd_node *callee, struct pd_node *args,
			 enum pd_made made, struct pd_err *err)
{
	enum call what = CALL_REFUSED;
	if (args->kind != PD_NODE_TUPLE)
		return pd_unpickle_fail(u, err, "a call with %s as its arguments",
					pd_node_label(args, u->tree->arena));
	if (callee->kind == PD_NODE_GLOBAL)
		what = call_of(u, callee);
	else if (came_from_cloudpickle(callee))
		what = CALL_OPAQUE;
	if (what == CALL_REFUSED || made == PD_MADE_INST)
		PD_TRY(refuse_call(u, callee, err));
	else if (callee->kind == PD_NODE_GLOBAL)
		callee->called = true;
	if (what == CALL_NEWOBJ)
		return call_newobj(u, args, err);
	struct pd_node *n = NULL;
	PD_TRY(pd_node_object(u->tree, made, callee, u->at, &n, err));
	n->obj->args = args;
	n->obj->call = (unsigned char)what;
	PD_TRY(settle(u, what, args, n, err));
	return pd_unpickle_push(u, n, err);
}

enum pd_code pd_op_reduce(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *args = NULL;
	struct pd_node *callee = NULL;
	PD_TRY(pd_unpickle_pop(u, &args, err));
	PD_TRY(pd_unpickle_pop(u, &callee, err));
	return call(u, callee, args, PD_MADE_REDUCE, err);
}

/* Python 2's class instances. Nothing that writes models uses them. */
enum pd_code pd_op_inst(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *args = NULL;
	struct pd_node *cls = NULL;
	struct pd_node **items = NULL;
	size_t n = 0;
	PD_TRY(pd_unpickle_pop_mark(u, &items, &n, err));
	PD_TRY(pd_unpickle_items(u, PD_NODE_TUPLE, items, n, &args, err));
	PD_TRY(pd_op_global(u, err));
	PD_TRY(pd_unpickle_pop(u, &cls, err));
	return call(u, cls, args, PD_MADE_INST, err);
}

enum pd_code pd_op_obj(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *args = NULL;
	struct pd_node **items = NULL;
	size_t n = 0;
	PD_TRY(pd_unpickle_pop_mark(u, &items, &n, err));
	if (!n)
		return pd_unpickle_fail(u, err, "an object without a class");
	struct pd_node *cls = items[0];
	PD_TRY(pd_unpickle_items(u, PD_NODE_TUPLE, items + 1, n - 1, &args, err));
	return call(u, cls, args, PD_MADE_INST, err);
}

/* ---------------------------------------------------------------- objects and their state */

static enum pd_code new_object(struct pd_unpickler *u, struct pd_node *cls, struct pd_node *args,
			       struct pd_node *kwargs, struct pd_err *err)
{
	struct pd_node *n = NULL;
	if (args->kind != PD_NODE_TUPLE || (kwargs && kwargs->kind != PD_NODE_DICT))
		return pd_unpickle_fail(u, err, "an object made with %s as its arguments",
					pd_node_label(args, u->tree->arena));
	if (cls->kind != PD_NODE_GLOBAL && !came_from_cloudpickle(cls))
		return pd_unpickle_fail(u, err, "%s as the class of an object",
					pd_node_label(cls, u->tree->arena));
	cls->called = true;
	if (cls->kind == PD_NODE_GLOBAL && pd_pickle_is_code_module(cls->s))
		PD_TRY(refuse_call(u, cls, err));
	PD_TRY(pd_node_object(u->tree, PD_MADE_NEWOBJ, cls, u->at, &n, err));
	n->obj->args = args;
	n->obj->kwargs = kwargs;
	if (is_wrapper_class(cls)) {
		n->obj->call = CALL_JOBLIB;
		u->wrapper_index = 0;
		PD_TRY(pd_unpickle_mark(u, PD_MARK_NEW, 0, err));
	}
	return pd_unpickle_push(u, n, err);
}

enum pd_code pd_op_newobj(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *args = NULL;
	struct pd_node *cls = NULL;
	PD_TRY(pd_unpickle_pop(u, &args, err));
	PD_TRY(pd_unpickle_pop(u, &cls, err));
	return new_object(u, cls, args, NULL, err);
}

enum pd_code pd_op_newobj_ex(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *kwargs = NULL;
	struct pd_node *args = NULL;
	struct pd_node *cls = NULL;
	PD_TRY(pd_unpickle_pop(u, &kwargs, err));
	PD_TRY(pd_unpickle_pop(u, &args, err));
	PD_TRY(pd_unpickle_pop(u, &cls, err));
	return new_object(u, cls, args, kwargs, err);
}

enum pd_code pd_op_build(struct pd_unpickler *u, struct pd_err *err)
{
	struct pd_node *state = NULL;
	struct pd_node *n = NULL;
	PD_TRY(pd_unpickle_pop(u, &state, err));
	PD_TRY(pd_unpickle_top(u, &n, err));
	if (n->kind == PD_NODE_DTYPE)
		return pd_unpickle_dtype_state(u, n, state, err);
	if (n->kind != PD_NODE_OBJECT)
		return pd_unpickle_fail(u, err, "state for %s", pd_node_label(n, u->tree->arena));
	if (n->obj->call == CALL_RECONSTRUCT)
		return pd_unpickle_array_state(u, n, state, err);
	n->obj->state = state;
	if (pd_unpickle_is_wrapper(n))
		return pd_unpickle_raw_array(u, n, err);
	return PD_OK;
}

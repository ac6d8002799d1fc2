/*
 * A skops file is a ZIP: schema.json describes one object, arrays lie in members of their own.
 * Each JSON object is {"__class__", "__module__", "__loader__", "__id__", ...}; the loader says
 * what the rest means. An object that is met twice is written out twice with one __id__.
 */
#include "model/skops.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/auto.h"
#include "model/literal.h"
#include "model/pickle.h"
#include "model/skops_internal.h"

enum pd_code pd_skops_want(const struct pd_node *state, const char *key, enum pd_node_kind kind,
			   const struct pd_node **out, struct pd_err *err)
{
	*out = pd_node_find(state, pd_str_from(key));
	if (!pd_node_is(*out, kind))
		return pd_fail(err, PD_CORRUPT, "no proper \"%s\"", key);
	return PD_OK;
}

enum pd_code pd_skops_child(struct pd_skops *s, const struct pd_node *state, const char *key,
			    struct pd_node **out, struct pd_err *err)
{
	const struct pd_node *child = NULL;
	PD_TRY(pd_skops_want(state, key, PD_NODE_DICT, &child, err));
	return pd_skops_load(s, child, out, err);
}

enum pd_code pd_skops_class(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			    struct pd_err *err)
{
	const struct pd_node *module = NULL;
	const struct pd_node *name = NULL;
	PD_TRY(pd_skops_want(state, "__module__", PD_NODE_TEXT, &module, err));
	PD_TRY(pd_skops_want(state, "__class__", PD_NODE_TEXT, &name, err));
	return pd_node_global(s->tree, module->s, name->s, state->offset, out, err);
}

enum pd_code pd_skops_list(struct pd_skops *s, const struct pd_node *state, const char *key,
			   enum pd_node_kind kind, struct pd_node **out, struct pd_err *err)
{
	const struct pd_node *list = NULL;
	struct pd_node **items = NULL;
	PD_TRY(pd_skops_want(state, key, PD_NODE_LIST, &list, err));
	PD_TRY(pd_tree_alloc(s->tree, list->n_items, sizeof(struct pd_node *), &items, err));
	for (size_t i = 0; i < list->n_items; i++)
		PD_TRY(pd_skops_load(s, list->items[i], &items[i], err));
	PD_TRY(pd_node_new(s->tree, kind, state->offset, out, err));
	(*out)->items = items;
	(*out)->n_items = list->n_items;
	(*out)->cap_items = list->n_items;
	return PD_OK;
}

static bool is_class(const struct pd_node *state, const char *name)
{
	const struct pd_node *c = pd_node_find(state, PD_STR("__class__"));
	return pd_node_is(c, PD_NODE_TEXT) && pd_str_eqz(c->s, name);
}

/* Mark what an object is made of; refuse what is code whatever happens. */
static enum pd_code use_class(struct pd_skops *s, struct pd_node *cls, struct pd_err *err)
{
	cls->called = true;
	if (!pd_pickle_is_code_module(cls->s))
		return PD_OK;
	cls->code = true;
	if (s->opts->audit)
		return PD_OK;
	return pd_fail(err, PD_DENIED, "would run code: %s", pd_node_label(cls, s->tree->arena));
}

static enum pd_code new_object(struct pd_skops *s, const struct pd_node *state, enum pd_made made,
			       struct pd_node **out, struct pd_err *err)
{
	struct pd_node *cls = NULL;
	PD_TRY(pd_skops_class(s, state, &cls, err));
	PD_TRY(use_class(s, cls, err));
	return pd_node_object(s->tree, made, cls, state->offset, out, err);
}

/* ---------------------------------------------------------------- containers */

static enum pd_code load_list(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			      struct pd_err *err)
{
	struct pd_node *list = NULL;
	PD_TRY(pd_skops_list(s, state, "content", PD_NODE_LIST, &list, err));
	*out = list;
	if (is_class(state, "list"))
		return PD_OK;
	PD_TRY(new_object(s, state, PD_MADE_SKOPS, out, err));
	(*out)->obj->items = list;
	return PD_OK;
}

static enum pd_code load_tuple(struct pd_skops *s, const struct pd_node *state,
			       struct pd_node **out, struct pd_err *err)
{
	return pd_skops_list(s, state, "content", PD_NODE_TUPLE, out, err);
}

static enum pd_code load_set(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			     struct pd_err *err)
{
	return pd_skops_list(s, state, "content", PD_NODE_SET, out, err);
}

/* JSON has text keys only; key_types says what they were. */
static enum pd_code load_key(struct pd_skops *s, const struct pd_node *key,
			     const struct pd_node *type, struct pd_node **out, struct pd_err *err)
{
	int64_t whole = 0;
	if (!pd_node_is(type, PD_NODE_GLOBAL))
		return pd_fail(err, PD_CORRUPT, "a key without its type");
	if (pd_str_starts(type->t, PD_STR("str"))) /* str, numpy's str_ */
		return pd_node_text(s->tree, key->s, key->offset, out, err);
	bool is_bool = pd_str_starts(type->t, PD_STR("bool"));
	bool is_int = pd_str_starts(type->t, PD_STR("int")) ||
		      pd_str_starts(type->t, PD_STR("uint"));
	bool is_float = pd_str_starts(type->t, PD_STR("float"));
	if (!is_bool && !is_int && !is_float && !pd_str_eqz(type->t, "NoneType"))
		return pd_fail(err, PD_UNSUPPORTED, "keys of type %.*s.%.*s", PD_STR_ARG(type->s),
			       PD_STR_ARG(type->t));
	PD_TRY(pd_literal_parse(s->tree, PD_LITERAL_JSON, key->s, out, err));
	if (is_float && pd_node_to_i64(*out, &whole)) {
		(*out)->kind = PD_NODE_FLOAT;
		(*out)->f = (double)whole;
	}
	return PD_OK;
}

static enum pd_code load_pairs(struct pd_skops *s, const struct pd_node *state,
			       struct pd_node **out, struct pd_err *err)
{
	const struct pd_node *content = NULL;
	struct pd_node *types = NULL;
	struct pd_node **items = NULL;
	PD_TRY(pd_skops_want(state, "content", PD_NODE_DICT, &content, err));
	PD_TRY(pd_skops_child(s, state, "key_types", &types, err));
	if (!pd_node_is(types, PD_NODE_LIST) || types->n_items * 2 != content->n_items)
		return pd_fail(err, PD_CORRUPT, "a dict whose keys and their types do not match");
	PD_TRY(pd_tree_alloc(s->tree, content->n_items, sizeof(struct pd_node *), &items, err));
	for (size_t i = 0; i < content->n_items; i += 2) {
		PD_TRY(load_key(s, content->items[i], types->items[i / 2], &items[i], err));
		PD_TRY(pd_skops_load(s, content->items[i + 1], &items[i + 1], err));
	}
	PD_TRY(pd_node_new(s->tree, PD_NODE_DICT, state->offset, out, err));
	return pd_node_append(s->tree, *out, items, content->n_items, err);
}

static enum pd_code load_dict(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			      struct pd_err *err)
{
	struct pd_node *dict = NULL;
	PD_TRY(load_pairs(s, state, &dict, err));
	*out = dict;
	if (is_class(state, "dict"))
		return PD_OK;
	PD_TRY(new_object(s, state, PD_MADE_SKOPS, out, err));
	(*out)->obj->pairs = dict;
	return PD_OK;
}

static enum pd_code load_defaultdict(struct pd_skops *s, const struct pd_node *state,
				     struct pd_node **out, struct pd_err *err)
{
	const struct pd_node *content = NULL;
	struct pd_node *main = NULL;
	PD_TRY(pd_skops_want(state, "content", PD_NODE_DICT, &content, err));
	PD_TRY(pd_skops_child(s, content, "main", &main, err));
	if (!pd_node_is(main, PD_NODE_DICT))
		return pd_fail(err, PD_CORRUPT, "a defaultdict that is not a dict");
	PD_TRY(new_object(s, state, PD_MADE_SKOPS, out, err));
	(*out)->obj->pairs = main;
	return PD_OK;
}

/* ---------------------------------------------------------------- values and names */

static enum pd_code load_json(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			      struct pd_err *err)
{
	const struct pd_node *text = NULL;
	PD_TRY(pd_skops_want(state, "content", PD_NODE_TEXT, &text, err));
	return pd_literal_parse(s->tree, PD_LITERAL_JSON, text->s, out, err);
}

static enum pd_code load_name(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			      struct pd_err *err)
{
	return pd_skops_class(s, state, out, err);
}

/* Protocol 0 has the name in `content`. */
static enum pd_code load_function(struct pd_skops *s, const struct pd_node *state,
				  struct pd_node **out, struct pd_err *err)
{
	const struct pd_node *content = pd_node_find(state, PD_STR("content"));
	const struct pd_node *module = NULL;
	const struct pd_node *name = NULL;
	if (!pd_node_is(content, PD_NODE_DICT))
		return pd_skops_class(s, state, out, err);
	PD_TRY(pd_skops_want(content, "module_path", PD_NODE_TEXT, &module, err));
	PD_TRY(pd_skops_want(content, "function", PD_NODE_TEXT, &name, err));
	return pd_node_global(s->tree, module->s, name->s, state->offset, out, err);
}

static enum pd_code load_slice(struct pd_skops *s, const struct pd_node *state,
			       struct pd_node **out, struct pd_err *err)
{
	static const char *const names[] = { "start", "stop", "step" };
	const struct pd_node *content = NULL;
	struct pd_node *parts[3];
	PD_TRY(pd_skops_want(state, "content", PD_NODE_DICT, &content, err));
	for (size_t i = 0; i < PD_LEN(names); i++) {
		parts[i] = pd_node_find(content, pd_str_from(names[i]));
		if (!parts[i])
			return pd_fail(err, PD_CORRUPT, "a slice without its \"%s\"", names[i]);
	}
	PD_TRY(new_object(s, state, PD_MADE_REDUCE, out, err));
	PD_TRY(pd_node_new(s->tree, PD_NODE_TUPLE, state->offset, &(*out)->obj->args, err));
	return pd_node_append(s->tree, (*out)->obj->args, parts, PD_LEN(parts), err);
}

/* ---------------------------------------------------------------- objects */

static enum pd_code load_object(struct pd_skops *s, const struct pd_node *state,
				struct pd_node **out, struct pd_err *err)
{
	struct pd_node *content = pd_node_find(state, PD_STR("content"));
	PD_TRY(new_object(s, state, PD_MADE_SKOPS, out, err));
	if (!content || content->kind == PD_NODE_NONE)
		return PD_OK;
	return pd_skops_load(s, content, &(*out)->obj->state, err);
}

static enum pd_code load_constructor(struct pd_skops *s, const struct pd_node *state,
				     struct pd_node **out, struct pd_err *err)
{
	PD_TRY(new_object(s, state, PD_MADE_REDUCE, out, err));
	return pd_skops_child(s, state, "content", &(*out)->obj->args, err);
}

/* TreeNode, LossNode: constructor arguments and state. */
static enum pd_code load_reduce(struct pd_skops *s, const struct pd_node *state,
				struct pd_node **out, struct pd_err *err)
{
	const struct pd_node *reduce = NULL;
	PD_TRY(pd_skops_want(state, "__reduce__", PD_NODE_DICT, &reduce, err));
	PD_TRY(new_object(s, state, PD_MADE_REDUCE, out, err));
	PD_TRY(pd_skops_child(s, reduce, "args", &(*out)->obj->args, err));
	if (!pd_node_is((*out)->obj->args, PD_NODE_TUPLE))
		return pd_fail(err, PD_CORRUPT, "constructor arguments that are not a tuple");
	return pd_skops_child(s, state, "content", &(*out)->obj->state, err);
}

/* As functools.partial in a pickle: called with the function, state (func, args, kwds, dict). */
static enum pd_code load_partial(struct pd_skops *s, const struct pd_node *state,
				 struct pd_node **out, struct pd_err *err)
{
	static const char *const names[] = { "func", "args", "kwds", "namespace" };
	const struct pd_node *content = NULL;
	struct pd_node *parts[4];
	PD_TRY(pd_skops_want(state, "content", PD_NODE_DICT, &content, err));
	for (size_t i = 0; i < PD_LEN(names); i++)
		PD_TRY(pd_skops_child(s, content, names[i], &parts[i], err));
	PD_TRY(new_object(s, state, PD_MADE_REDUCE, out, err));
	struct pd_object *o = (*out)->obj;
	PD_TRY(pd_node_new(s->tree, PD_NODE_TUPLE, state->offset, &o->args, err));
	PD_TRY(pd_node_append(s->tree, o->args, parts, 1, err));
	PD_TRY(pd_node_new(s->tree, PD_NODE_TUPLE, state->offset, &o->state, err));
	return pd_node_append(s->tree, o->state, parts, PD_LEN(parts), err);
}

/* Random states and masked arrays: nothing predicts with them. */
static enum pd_code load_opaque(struct pd_skops *s, const struct pd_node *state,
				struct pd_node **out, struct pd_err *err)
{
	return new_object(s, state, PD_MADE_SKOPS, out, err);
}

/* A bound method or an operator: would call what the file names. */
static enum pd_code load_code(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			      struct pd_err *err)
{
	struct pd_node *cls = NULL;
	PD_TRY(pd_skops_class(s, state, &cls, err));
	cls->called = true;
	cls->code = true;
	if (!s->opts->audit)
		return pd_fail(err, PD_DENIED, "would run code: %s",
			       pd_node_label(cls, s->tree->arena));
	return pd_node_object(s->tree, PD_MADE_SKOPS, cls, state->offset, out, err);
}

static const struct {
	const char *name;
	pd_skops_loader *load;
} loaders[] = {
	{ "JsonNode", load_json },
	{ "ObjectNode", load_object },
	{ "DictNode", load_dict },
	{ "ListNode", load_list },
	{ "TupleNode", load_tuple },
	{ "NdArrayNode", pd_skops_ndarray },
	{ "TypeNode", load_name },
	{ "TreeNode", load_reduce },
	{ "LossNode", load_reduce },
	{ "SetNode", load_set },
	{ "FunctionNode", load_function },
	{ "DefaultDictNode", load_defaultdict },
	{ "SliceNode", load_slice },
	{ "PartialNode", load_partial },
	{ "ConstructorFromReduceNode", load_constructor },
	{ "SparseMatrixNode", pd_skops_sparse },
	{ "DTypeNode", pd_skops_dtype },
	{ "BytesNode", pd_skops_bytes },
	{ "BytearrayNode", pd_skops_bytes },
	{ "MaskedArrayNode", load_opaque },
	{ "RandomStateNode", load_opaque },
	{ "RandomGeneratorNode", load_opaque },
	{ "MethodNode", load_code },
	{ "OperatorFuncNode", load_code },
};

/* ---------------------------------------------------------------- the walk */

static struct pd_node *memo_find(const struct pd_skops *s, const struct pd_node *id)
{
	uint32_t at = 0;
	if (!pd_node_is(id, PD_NODE_INT))
		return NULL;
	struct pd_str key = pd_str_of((const char *)&id->i, sizeof(id->i));
	return pd_map_find(&s->memo, key, &at) ? s->known[at] : NULL;
}

static enum pd_code memo_put(struct pd_skops *s, const struct pd_node *id, struct pd_node *n,
			     struct pd_err *err)
{
	if (!pd_node_is(id, PD_NODE_INT))
		return PD_OK;
	if (s->n_known == s->cap_known) {
		size_t cap = s->cap_known ? s->cap_known * 2 : 1024;
		void *p = realloc(s->known, cap * sizeof(struct pd_node *));
		if (!p)
			return pd_fail(err, PD_NO_MEMORY, "no memory for %zu objects", cap);
		s->known = p;
		s->cap_known = cap;
	}
	struct pd_str key = pd_str_of((const char *)&id->i, sizeof(id->i));
	s->known[s->n_known] = n;
	return pd_map_put(&s->memo, key, (uint32_t)s->n_known++, err);
}

static enum pd_code load_by(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			    struct pd_err *err)
{
	const struct pd_node *loader = NULL;
	PD_TRY(pd_skops_want(state, "__loader__", PD_NODE_TEXT, &loader, err));
	for (size_t i = 0; i < PD_LEN(loaders); i++)
		if (pd_str_eqz(loader->s, loaders[i].name))
			return loaders[i].load(s, state, out, err);
	return pd_fail(err, PD_UNSUPPORTED, "skops loader \"%.*s\" is not known",
		       PD_STR_ARG(loader->s));
}

enum pd_code pd_skops_load(struct pd_skops *s, const struct pd_node *state, struct pd_node **out,
			   struct pd_err *err)
{
	const struct pd_node *id = pd_node_find(state, PD_STR("__id__"));
	*out = memo_find(s, id);
	if (*out)
		return PD_OK;
	if (s->depth >= PD_NODE_DEPTH_MAX)
		return pd_fail(err, PD_TOO_LARGE, "objects nested more than %d deep",
			       PD_NODE_DEPTH_MAX);
	s->depth++;
	enum pd_code code = load_by(s, state, out, err);
	s->depth--;
	if (code == PD_OK)
		return memo_put(s, id, *out, err);
	if (!s->placed)
		pd_err_prefix(err, "schema.json, offset %zu", state->offset);
	s->placed = true;
	return code;
}

static enum pd_code check_protocol(const struct pd_node *schema, struct pd_err *err)
{
	const struct pd_node *protocol = pd_node_find(schema, PD_STR("protocol"));
	if (!pd_node_is(protocol, PD_NODE_INT))
		return pd_fail(err, PD_CORRUPT, "schema.json: no proper \"protocol\"");
	if (protocol->i < 0 || protocol->i > PD_SKOPS_PROTOCOL_MAX)
		return pd_fail(err, PD_UNSUPPORTED, "skops protocol %" PRId64 ", known are 0 to %d",
			       protocol->i, PD_SKOPS_PROTOCOL_MAX);
	return PD_OK;
}

static void skops_end(struct pd_skops *s)
{
	free(s->known);
}

enum pd_code pd_skops_decode(struct pd_str bytes, const struct pd_skops_opts *opts,
			     struct pd_inflate *inflate, struct pd_tree *tree, struct pd_err *err)
{
	static const struct pd_skops_opts no_opts;
	PD_CLEANUP(skops_end)
	struct pd_skops s = { .tree = tree, .opts = opts ? opts : &no_opts, .inflate = inflate };
	struct pd_str text;
	struct pd_node *schema = NULL;
	struct pd_err own;
	if (!err)
		err = &own; /* texts are built in steps */
	tree->format = "skops";
	pd_map_init(&s.memo, tree->arena);
	PD_TRY(pd_zip_open(&s.zip, bytes, inflate, err));
	const struct pd_zip_member *m = pd_zip_find(&s.zip, PD_STR("schema.json"));
	if (!m)
		return pd_fail(err, PD_CORRUPT, "an archive without schema.json, not a skops file");
	PD_TRY(pd_zip_read(&s.zip, m, &text, err));
	if (pd_literal_parse(tree, PD_LITERAL_JSON, text, &schema, err) != PD_OK)
		return pd_err_prefix(err, "schema.json");
	PD_TRY(check_protocol(schema, err));
	return pd_skops_load(&s, schema, &tree->root, err);
}

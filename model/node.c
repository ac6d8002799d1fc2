#include "model/node.h"

#define SLAB_NODES 256

/* Genuine files cost 5 to 12 times their size: a short text is a node and a pointer. */
#define BUDGET_FACTOR 16
#define BUDGET_FLOOR  ((size_t)64 << 20)

/* Below this many pairs a look-up reads them all. */
#define INDEX_FROM 24

void pd_tree_init(struct pd_tree *t, struct pd_arena *arena, size_t size)
{
	size_t budget = SIZE_MAX / 2;
	if (size < budget / BUDGET_FACTOR - BUDGET_FLOOR)
		budget = size * BUDGET_FACTOR + BUDGET_FLOOR;
	*t = (struct pd_tree){ .arena = arena, .budget = budget };
}

enum pd_code pd_tree_alloc(struct pd_tree *t, size_t n, size_t size, void *out_p,
			   struct pd_err *err)
{
	size_t bytes = 0;
	if (!pd_mul_size(n, size, &bytes) || bytes > t->budget)
		return pd_fail(err, PD_TOO_LARGE,
			       "what it describes takes far more memory than its size allows");
	t->budget -= bytes;
	return pd_arena_try(t->arena, n, size, out_p, err);
}

enum pd_code pd_node_new(struct pd_tree *t, enum pd_node_kind kind, size_t offset,
			 struct pd_node **out, struct pd_err *err)
{
	if (!t->n_slab) {
		if (t->n_nodes >= PD_NODES_MAX)
			return pd_fail(err, PD_TOO_LARGE, "more than %u objects", PD_NODES_MAX);
		PD_TRY(pd_tree_alloc(t, SLAB_NODES, sizeof(*t->slab), &t->slab, err));
		t->n_slab = SLAB_NODES;
	}
	struct pd_node *n = t->slab++;
	t->n_slab--;
	n->kind = kind;
	n->id = t->n_nodes++;
	n->offset = offset;
	*out = n;
	return PD_OK;
}

enum pd_code pd_node_int(struct pd_tree *t, int64_t i, size_t offset, struct pd_node **out,
			 struct pd_err *err)
{
	PD_TRY(pd_node_new(t, PD_NODE_INT, offset, out, err));
	(*out)->i = i;
	return PD_OK;
}

enum pd_code pd_node_text(struct pd_tree *t, struct pd_str s, size_t offset, struct pd_node **out,
			  struct pd_err *err)
{
	PD_TRY(pd_node_new(t, PD_NODE_TEXT, offset, out, err));
	(*out)->s = s;
	return PD_OK;
}

enum pd_code pd_node_global(struct pd_tree *t, struct pd_str module, struct pd_str name,
			    size_t offset, struct pd_node **out, struct pd_err *err)
{
	struct pd_tree_name *entry = NULL;
	PD_TRY(pd_tree_alloc(t, 1, sizeof(*entry), &entry, err));
	PD_TRY(pd_node_new(t, PD_NODE_GLOBAL, offset, out, err));
	(*out)->s = module;
	(*out)->t = name;
	*entry = (struct pd_tree_name){ .next = t->names, .global = *out };
	t->names = entry;
	return PD_OK;
}

enum pd_code pd_node_object(struct pd_tree *t, enum pd_made made, struct pd_node *cls,
			    size_t offset, struct pd_node **out, struct pd_err *err)
{
	struct pd_object *o = NULL;
	PD_TRY(pd_tree_alloc(t, 1, sizeof(*o), &o, err));
	PD_TRY(pd_node_new(t, PD_NODE_OBJECT, offset, out, err));
	o->cls = cls;
	o->made = made;
	(*out)->obj = o;
	return PD_OK;
}

static enum pd_code grow_items(struct pd_tree *t, struct pd_node *list, size_t need,
			       struct pd_err *err)
{
	size_t cap = list->cap_items ? list->cap_items * 2 : need;
	if (cap < need)
		cap = need;
	struct pd_node **items = NULL;
	PD_TRY(pd_tree_alloc(t, cap, sizeof(struct pd_node *), &items, err));
	if (list->n_items)
		memcpy(items, list->items, list->n_items * sizeof(struct pd_node *));
	list->items = items;
	list->cap_items = cap;
	return PD_OK;
}

enum pd_code pd_node_append(struct pd_tree *t, struct pd_node *list, struct pd_node *const *items,
			    size_t n, struct pd_err *err)
{
	if (!n)
		return PD_OK;
	if (n > list->cap_items - list->n_items)
		PD_TRY(grow_items(t, list, list->n_items + n, err));
	memcpy(list->items + list->n_items, items, n * sizeof(*items));
	list->n_items += n;
	if (list->kind != PD_NODE_DICT || list->n_items < 2 * (size_t)INDEX_FROM)
		return PD_OK;
	/* filled by the first look-up */
	if (!list->index)
		PD_TRY(pd_tree_alloc(t, 1, sizeof(*list->index), &list->index, err));
	pd_map_init(list->index, t->arena);
	return PD_OK;
}

static bool index_fill(const struct pd_node *dict)
{
	for (size_t i = 0; i < dict->n_items; i += 2) {
		const struct pd_node *key = dict->items[i];
		if (key->kind == PD_NODE_TEXT &&
		    pd_map_put(dict->index, key->s, (uint32_t)(i / 2), NULL) != PD_OK)
			return false;
	}
	return true;
}

struct pd_node *pd_node_find(const struct pd_node *dict, struct pd_str key)
{
	if (pd_node_is(dict, PD_NODE_OBJECT))
		dict = dict->obj->pairs;
	if (!pd_node_is(dict, PD_NODE_DICT))
		return NULL;
	if (dict->index && (dict->index->n || index_fill(dict))) {
		uint32_t pair = 0;
		if (!pd_map_find(dict->index, key, &pair))
			return NULL;
		return dict->items[2 * (size_t)pair + 1];
	}
	for (size_t i = dict->n_items; i >= 2; i -= 2) {
		const struct pd_node *k = dict->items[i - 2];
		if (k->kind == PD_NODE_TEXT && pd_str_eq(k->s, key))
			return dict->items[i - 1];
	}
	return NULL;
}

struct pd_node *pd_node_attr(const struct pd_node *object, struct pd_str name)
{
	if (!pd_node_is(object, PD_NODE_OBJECT) || !object->obj->state)
		return NULL;
	const struct pd_node *state = object->obj->state;
	if (state->kind == PD_NODE_DICT)
		return pd_node_find(state, name);
	if (state->kind != PD_NODE_TUPLE || state->n_items != 2)
		return NULL;
	struct pd_node *found = NULL;
	for (size_t i = 2; i > 0 && !found; i--)
		if (state->items[i - 1]->kind == PD_NODE_DICT)
			found = pd_node_find(state->items[i - 1], name);
	return found;
}

static const struct pd_node *class_of(const struct pd_node *object)
{
	if (!pd_node_is(object, PD_NODE_OBJECT) || !pd_node_is(object->obj->cls, PD_NODE_GLOBAL))
		return NULL;
	return object->obj->cls;
}

struct pd_str pd_node_module(const struct pd_node *object)
{
	const struct pd_node *cls = class_of(object);
	return cls ? cls->s : (struct pd_str){ 0 };
}

struct pd_str pd_node_class(const struct pd_node *object)
{
	const struct pd_node *cls = class_of(object);
	return cls ? cls->t : (struct pd_str){ 0 };
}

static bool scalar_of(const struct pd_node *n, const struct pd_array **out)
{
	if (!n || (n->kind != PD_NODE_SCALAR && n->kind != PD_NODE_ARRAY))
		return false;
	if (n->arr->n_dims != 0)
		return false;
	*out = n->arr;
	return true;
}

bool pd_node_to_f64(const struct pd_node *n, double *out)
{
	const struct pd_array *a = NULL;
	if (!n)
		return false;
	if (n->kind == PD_NODE_BOOL || n->kind == PD_NODE_INT) {
		*out = (double)n->i;
		return true;
	}
	if (n->kind == PD_NODE_FLOAT) {
		*out = n->f;
		return true;
	}
	if (!scalar_of(n, &a) || !pd_dtype_is_number(a->type))
		return false;
	*out = pd_array_f64(a, 0);
	return true;
}

bool pd_node_to_i64(const struct pd_node *n, int64_t *out)
{
	const struct pd_array *a = NULL;
	if (!n)
		return false;
	if (n->kind == PD_NODE_BOOL || n->kind == PD_NODE_INT) {
		*out = n->i;
		return true;
	}
	if (!scalar_of(n, &a) || a->type->kind == PD_DT_FLOAT || !pd_dtype_is_number(a->type))
		return false;
	int64_t v = pd_array_i64(a, 0);
	if (a->type->kind == PD_DT_UINT && v < 0)
		return false;
	*out = v;
	return true;
}

const char *pd_node_label(const struct pd_node *n, struct pd_arena *arena)
{
	static const char *const kinds[] = {
		[PD_NODE_NONE] = "None",        [PD_NODE_BOOL] = "a bool",
		[PD_NODE_INT] = "an int",       [PD_NODE_BIGINT] = "a large int",
		[PD_NODE_FLOAT] = "a float",    [PD_NODE_TEXT] = "a text",
		[PD_NODE_BYTES] = "bytes",      [PD_NODE_LIST] = "a list",
		[PD_NODE_TUPLE] = "a tuple",    [PD_NODE_SET] = "a set",
		[PD_NODE_DICT] = "a dict",      [PD_NODE_GLOBAL] = "a name",
		[PD_NODE_OBJECT] = "an object", [PD_NODE_ARRAY] = "an array",
		[PD_NODE_SCALAR] = "a scalar",  [PD_NODE_DTYPE] = "a dtype",
	};
	if (!n)
		return "nothing";
	const struct pd_node *g = n->kind == PD_NODE_GLOBAL ? n : class_of(n);
	if (!g)
		return kinds[n->kind];
	return pd_arena_printf(arena, "%.*s.%.*s", PD_STR_ARG(g->s), PD_STR_ARG(g->t));
}

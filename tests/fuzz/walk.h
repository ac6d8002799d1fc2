/* tests/fuzz/walk.h - visit every node of a tree once and read everything it points to, so that
 * the sanitizers see whatever a decoder let through. */
#ifndef PD_TESTS_FUZZ_WALK_H
#define PD_TESTS_FUZZ_WALK_H

#include <stdlib.h>

#include "base/auto.h"
#include "model/node.h"

struct pd_walk {
	struct pd_arena *arena;
	const struct pd_node **todo;
	size_t n;
	size_t cap;
	bool *seen;
	double sum; /* keeps the reads alive */
};

static inline void pd_walk_later(struct pd_walk *w, const struct pd_node *n)
{
	if (!n || w->seen[n->id])
		return;
	w->seen[n->id] = true;
	if (w->n == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 64;
		w->todo = pd_xrealloc(w->todo, w->cap * sizeof(*w->todo));
	}
	w->todo[w->n++] = n;
}

static inline void pd_walk_str(struct pd_walk *w, struct pd_str s)
{
	for (size_t i = 0; i < s.n; i++)
		w->sum += s.p[i];
}

static inline void pd_walk_array(struct pd_walk *w, const struct pd_array *a)
{
	const double *doubles = NULL;
	struct pd_str text;
	for (size_t i = 0; a->objects && i < a->n_items; i++)
		pd_walk_later(w, a->objects[i]);
	if (a->type->kind != PD_DT_OBJECT)
		pd_walk_str(w, pd_str_of((const char *)a->data, a->n_items * a->type->itemsize));
	for (size_t i = 0; a->type->kind == PD_DT_TEXT && i < a->n_items; i++)
		if (pd_array_text(a, i, w->arena, &text, NULL) == PD_OK)
			pd_walk_str(w, text);
	if (pd_dtype_is_number(a->type) && pd_array_doubles(a, w->arena, &doubles, NULL) == PD_OK)
		for (size_t i = 0; i < a->n_items; i++)
			w->sum += doubles[i];
}

static inline void pd_walk_node(struct pd_walk *w, const struct pd_node *n)
{
	switch (n->kind) {
	case PD_NODE_TEXT:
	case PD_NODE_BYTES:
	case PD_NODE_BIGINT:
		pd_walk_str(w, n->s);
		break;
	case PD_NODE_GLOBAL:
		pd_walk_str(w, n->s);
		pd_walk_str(w, n->t);
		break;
	case PD_NODE_LIST:
	case PD_NODE_TUPLE:
	case PD_NODE_SET:
	case PD_NODE_DICT:
		for (size_t i = 0; i < n->n_items; i++)
			pd_walk_later(w, n->items[i]);
		pd_walk_later(w, pd_node_find(n, PD_STR("x")));
		break;
	case PD_NODE_OBJECT:
		pd_walk_later(w, n->obj->cls);
		pd_walk_later(w, n->obj->args);
		pd_walk_later(w, n->obj->kwargs);
		pd_walk_later(w, n->obj->state);
		pd_walk_later(w, n->obj->items);
		pd_walk_later(w, n->obj->pairs);
		pd_walk_later(w, pd_node_attr(n, PD_STR("x")));
		break;
	case PD_NODE_ARRAY:
	case PD_NODE_SCALAR:
		pd_walk_array(w, n->arr);
		break;
	default:
		break;
	}
}

static inline void pd_walk(const struct pd_tree *t)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_walk w = { .arena = &arena, .seen = pd_xcalloc(t->n_nodes, sizeof(bool)) };
	pd_walk_later(&w, t->root);
	while (w.n)
		pd_walk_node(&w, w.todo[--w.n]);
	free(w.todo);
	free(w.seen);
}

#endif

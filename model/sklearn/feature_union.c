#include "model/recognise_table.h"
#include "model/sklearn/compose.h"

/*
 * FeatureUnion: every chain sees the whole input; sparse as soon as one result is.
 * Source: sklearn/pipeline.py, FeatureUnion.transform.
 */

struct part {
	struct pd_chain chain;
	struct pd_str name;
	bool weighted;
	double weight;
};

struct feature_union {
	const struct part *parts;
	size_t n_parts;
};

static enum pd_code transform_all(const struct pd_step *s, const struct pd_flow *in,
				  struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	const struct feature_union *u = s->self;
	struct pd_flow *parts = NULL;
	bool sparse = false;
	PD_TRY(pd_step_room(arena, u->n_parts, 1, sizeof(*parts), &parts, err));
	for (size_t i = 0; i < u->n_parts; i++) {
		const struct part *p = &u->parts[i];
		if (pd_chain_transform(&p->chain, in, arena, &parts[i], err) != PD_OK)
			return pd_err_prefix(err, "\"%.*s\"", PD_STR_ARG(pd_str_head(p->name, 80)));
		if (p->weighted)
			PD_TRY(pd_flow_scale(&parts[i], p->weight, arena, err));
		sparse |= !parts[i].frame && parts[i].x.sparse;
	}
	return pd_flow_stack(parts, u->n_parts, sparse, pd_flow_rows(in), arena, out, err);
}

static const struct pd_step_ops union_ops = { .flow = transform_all };

static enum pd_code read_part(struct pd_build *b, const struct pd_node *object,
			      const struct pd_node *pair, struct pd_step *s, struct part *p,
			      struct pd_err *err)
{
	PD_TRY(pd_weight_read(object, p->name, &p->weight, &p->weighted, err));
	PD_TRY(pd_build_chain(b, pair->items[1], p->name, &p->chain, err));
	if (!pd_chain_can(&p->chain, PD_METHOD_TRANSFORM))
		return pd_attr_fail(object, "transformer_list", err, "holds no transformer");
	size_t n_in = pd_chain_n_in(&p->chain);
	if (n_in && s->n_in && n_in != s->n_in)
		return pd_attr_fail(object, "transformer_list", err,
				    "was fitted with %zu features, others with %zu", n_in, s->n_in);
	if (n_in)
		s->n_in = n_in;
	if (p->chain.n_steps && p->chain.steps[0]->n_names && !s->n_names) {
		s->names = p->chain.steps[0]->names;
		s->n_names = p->chain.steps[0]->n_names;
	}
	return PD_OK;
}

enum pd_code pd_make_feature_union(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err)
{
	struct feature_union *u = PD_ARENA_NEW(b->arena, struct feature_union);
	const struct pd_node *list = NULL;
	bool known = true;
	PD_TRY(pd_attr(object, "transformer_list", &list, err));
	if ((list->kind != PD_NODE_LIST && list->kind != PD_NODE_TUPLE) ||
	    list->n_items > PD_STEPS_MAX)
		return pd_attr_fail(object, "transformer_list", err, "is not a list");
	struct part *parts = PD_ARENA_ARRAY(b->arena, struct part, list->n_items);
	for (size_t i = 0; i < list->n_items; i++) {
		const struct pd_node *pair = list->items[i];
		if (!pd_node_is(pair, PD_NODE_TUPLE) || pair->n_items != 2 ||
		    !pd_node_is(pair->items[0], PD_NODE_TEXT))
			return pd_attr_fail(object, "transformer_list", err,
					    "%zu is not (name, transformer)", i + 1);
		if (pd_node_is(pair->items[1], PD_NODE_NONE) ||
		    (pd_node_is(pair->items[1], PD_NODE_TEXT) &&
		     pd_str_eqz(pair->items[1]->s, "drop")))
			continue;
		struct part *p = &parts[u->n_parts++];
		p->name = pd_arena_str(b->arena, pair->items[0]->s);
		if (read_part(b, object, pair, s, p, err) != PD_OK)
			return pd_err_prefix(err, "\"%.*s\"", PD_STR_ARG(pd_str_head(p->name, 80)));
		known &= p->chain.n_steps && pd_chain_n_out(&p->chain);
		s->n_out += pd_chain_n_out(&p->chain);
	}
	if (!known)
		s->n_out = 0;
	u->parts = parts;
	s->self = u;
	s->ops = &union_ops;
	s->can = PD_CAN(PD_METHOD_TRANSFORM);
	return PD_OK;
}

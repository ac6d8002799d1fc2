#include "model/chain.h"

size_t pd_chain_n_in(const struct pd_chain *c)
{
	return c->n_steps ? c->steps[0]->n_in : 0;
}

size_t pd_chain_n_out(const struct pd_chain *c)
{
	return c->n_steps ? c->steps[c->n_steps - 1]->n_out : 0;
}

bool pd_chain_can(const struct pd_chain *c, enum pd_method method)
{
	if (!c->n_steps)
		return method == PD_METHOD_TRANSFORM;
	return c->steps[c->n_steps - 1]->can & PD_CAN(method);
}

enum pd_code pd_flow_matrix(const struct pd_flow *in, const struct pd_step *s,
			    struct pd_arena *arena, struct pd_matrix *out, struct pd_err *err)
{
	if (in->frame)
		PD_TRY(pd_frame_matrix(in->frame, s, arena, out, err));
	else
		*out = in->x;
	return pd_step_check(s, out, err);
}

static enum pd_code run_step(const struct pd_step *s, const struct pd_flow *in,
			     struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	struct pd_flow next = { 0 };
	struct pd_matrix x = { 0 };
	if (s->ops->flow) {
		PD_TRY(s->ops->flow(s, in, arena, &next, err));
	} else if (s->ops->read) {
		if (!in->frame)
			return pd_fail(err, PD_INVALID, "%.*s takes dicts, not numbers",
				       PD_STR_ARG(s->cls));
		PD_TRY(s->ops->read(s, in->frame, arena, &next.x, err));
	} else {
		PD_TRY(pd_flow_matrix(in, s, arena, &x, err));
		PD_TRY(s->ops->transform(s, &x, arena, &next.x, err));
	}
	*out = next;
	return PD_OK;
}

enum pd_code pd_chain_transform(const struct pd_chain *c, const struct pd_flow *in,
				struct pd_arena *arena, struct pd_flow *out, struct pd_err *err)
{
	struct pd_flow flow = *in;
	for (size_t i = 0; i < c->n_steps; i++)
		PD_TRY(run_step(c->steps[i], &flow, arena, &flow, err));
	*out = flow;
	return PD_OK;
}

enum pd_code pd_chain_predict(const struct pd_chain *c, enum pd_method method,
			      const struct pd_flow *in, struct pd_arena *arena,
			      struct pd_result *out, struct pd_err *err)
{
	struct pd_flow flow = *in;
	struct pd_matrix x = { 0 };
	if (method == PD_METHOD_TRANSFORM) {
		PD_TRY(pd_chain_transform(c, in, arena, &flow, err));
		return pd_flow_result(&flow, arena, out, err);
	}
	struct pd_chain before = { .steps = c->steps, .n_steps = c->n_steps - 1 };
	const struct pd_step *last = c->steps[c->n_steps - 1];
	PD_TRY(pd_chain_transform(&before, in, arena, &flow, err));
	if (last->ops->answer)
		return last->ops->answer(last, method, &flow, arena, out, err);
	PD_TRY(pd_flow_matrix(&flow, last, arena, &x, err));
	return last->ops->predict(last, method, &x, arena, out, err);
}

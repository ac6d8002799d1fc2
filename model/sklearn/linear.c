#include "model/recognise_table.h"
#include "model/sklearn/linear_form.h"

#include <math.h>

/* Regressors whose prediction is the linear form itself, or its exponential (Poisson, Gamma). */

struct linear {
	struct pd_linear_form form;
	bool log_link;
};

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct linear *l = s->self;
	double *y = NULL;
	bool f32 = false;
	(void)method;
	PD_TRY(pd_linear_form_scores(&l->form, in, arena, &y, &f32, err));
	for (size_t i = 0; l->log_link && i < in->n_rows * l->form.n_out; i++)
		y[i] = f32 ? (double)expf((float)y[i]) : exp(y[i]);
	*out = (struct pd_result){
		.kind = f32 ? PD_RESULT_F32 : PD_RESULT_F64,
		.n_rows = in->n_rows,
		.n_cols = l->form.n_out,
		.flat = l->form.flat,
		.f = y,
	};
	return PD_OK;
}

static const struct pd_step_ops linear_ops = { .predict = predict };

static enum pd_code make(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 bool log_link, struct pd_err *err)
{
	struct linear *l = PD_ARENA_NEW(b->arena, struct linear);
	PD_TRY(pd_linear_form_read(b, object, s, &l->form, err));
	l->log_link = log_link;
	s->self = l;
	s->ops = &linear_ops;
	s->n_out = l->form.n_out;
	s->can = PD_CAN(PD_METHOD_PREDICT);
	return PD_OK;
}

enum pd_code pd_make_linear(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err)
{
	return make(b, object, s, false, err);
}

enum pd_code pd_make_log_linear(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct pd_err *err)
{
	return make(b, object, s, true, err);
}

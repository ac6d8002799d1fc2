#include "model/recognise_table.h"
#include "model/kernel/sums.h"
#include "model/sklearn/linear_form.h"

#include <math.h>

/*
 * LogisticRegression, LogisticRegressionCV. Which link makes probabilities of scores depends on
 * multi_class, solver and version.
 * Source: sklearn/linear_model/_logistic.py, predict_proba; _base.py, _predict_proba_lr.
 */

enum link {
	LINK_BINARY,     /* one score: (1 - expit, expit) */
	LINK_OVR,        /* expit each, divided by the row sum */
	LINK_SOFTMAX,    /* softmax of the scores */
	LINK_SOFTMAX_ON1 /* one score: softmax(-d, d) */
};

struct logistic {
	struct pd_linear_form form;
	struct pd_labels classes;
	enum link link;
};

static void to_probabilities(const struct logistic *l, const double *score, double *p)
{
	size_t k = l->classes.n;
	switch (l->link) {
	case LINK_BINARY:
		p[1] = pd_expit(score[0]);
		p[0] = 1.0 - p[1];
		return;
	case LINK_SOFTMAX_ON1:
		p[0] = -score[0];
		p[1] = score[0];
		pd_softmax(p, 2);
		return;
	case LINK_SOFTMAX:
		memcpy(p, score, k * sizeof(*p));
		pd_softmax(p, k);
		return;
	case LINK_OVR:
		for (size_t i = 0; i < k; i++)
			p[i] = pd_expit(score[i]);
		double sum = pd_sum_pairwise(p, k);
		for (size_t i = 0; i < k; i++)
			p[i] /= sum;
	}
}

static enum pd_code probabilities(const struct logistic *l, bool logs, const double *score,
				  bool f32, size_t n_rows, struct pd_arena *arena,
				  struct pd_result *out, struct pd_err *err)
{
	double *p = NULL;
	size_t k = l->classes.n;
	PD_TRY(pd_step_room(arena, n_rows, k, sizeof(*p), &p, err));
	for (size_t row = 0; row < n_rows; row++)
		to_probabilities(l, score + row * l->form.n_out, p + row * k);
	for (size_t i = 0; i < n_rows * k; i++) {
		double v = logs ? log(p[i]) : p[i];
		p[i] = f32 ? (double)(float)v : v;
	}
	*out = (struct pd_result){
		.kind = f32 ? PD_RESULT_F32 : PD_RESULT_F64, .n_rows = n_rows, .n_cols = k, .f = p
	};
	return PD_OK;
}

static enum pd_code labels(const struct logistic *l, const double *score, size_t n_rows,
			   struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	uint32_t *best = NULL;
	size_t n_out = l->form.n_out;
	PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*best), &best, err));
	for (size_t row = 0; row < n_rows; row++)
		best[row] = n_out == 1 ? score[row] > 0
				       : (uint32_t)pd_argmax(score + row * n_out, n_out);
	return pd_labels_take(&l->classes, 1, best, n_rows, arena, out, err);
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct logistic *l = s->self;
	double *score = NULL;
	bool f32 = false;
	PD_TRY(pd_linear_form_scores(&l->form, in, arena, &score, &f32, err));
	if (method == PD_METHOD_PREDICT)
		return labels(l, score, in->n_rows, arena, out, err);
	if (method != PD_METHOD_DECISION)
		return probabilities(l, method == PD_METHOD_LOG_PROBA, score, f32, in->n_rows,
				     arena, out, err);
	*out = (struct pd_result){ .kind = f32 ? PD_RESULT_F32 : PD_RESULT_F64,
				   .n_rows = in->n_rows,
				   .n_cols = l->form.n_out,
				   .flat = l->form.n_out == 1,
				   .f = score };
	return PD_OK;
}

static const struct pd_step_ops logistic_ops = { .predict = predict };

/* Until 1.5 newton-cholesky had no multinomial form. */
static bool solver_is_ovr(struct pd_str solver, unsigned version)
{
	return pd_str_eqz(solver, "liblinear") ||
	       (pd_str_eqz(solver, "newton-cholesky") && version < 1006);
}

static enum pd_code choose_link(const struct pd_node *object, struct logistic *l,
				struct pd_err *err)
{
	struct pd_str multi = PD_STR("auto"), solver = PD_STR("lbfgs");
	unsigned version = pd_sklearn_version(object);
	bool binary = l->classes.n <= 2;
	PD_TRY(pd_attr_text(object, "solver", &solver, err));
	if (version >= 1008) {
		l->link = binary ? LINK_BINARY : LINK_SOFTMAX;
		return PD_OK;
	}
	PD_TRY(pd_attr_text(object, "multi_class", &multi, err));
	bool open = pd_str_eqz(multi, "auto") || pd_str_eqz(multi, "deprecated");
	bool ovr = pd_str_eqz(multi, "ovr") || pd_str_eqz(multi, "warn");
	if (!open && !ovr && !pd_str_eqz(multi, "multinomial"))
		return pd_option_fail(object, "multi_class", multi, err);
	if (ovr || (open && (binary || solver_is_ovr(solver, version))))
		l->link = binary ? LINK_BINARY : LINK_OVR;
	else
		l->link = binary ? LINK_SOFTMAX_ON1 : LINK_SOFTMAX;
	return PD_OK;
}

enum pd_code pd_make_logistic(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			      struct pd_err *err)
{
	struct logistic *l = PD_ARENA_NEW(b->arena, struct logistic);
	PD_TRY(pd_linear_form_read(b, object, s, &l->form, err));
	PD_TRY(pd_attr_labels(b, object, "classes_", &l->classes, err));
	size_t want = l->classes.n == 2 ? 1 : l->classes.n;
	if (l->form.flat || l->classes.n < 2 || l->form.n_out != want)
		return pd_attr_fail(object, "coef_", err, "has %zu rows for %zu classes",
				    l->form.n_out, l->classes.n);
	PD_TRY(choose_link(object, l, err));
	s->self = l;
	s->ops = &logistic_ops;
	s->n_out = want;
	s->can = PD_CAN(PD_METHOD_PREDICT) | PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_LOG_PROBA) |
		 PD_CAN(PD_METHOD_DECISION);
	return PD_OK;
}

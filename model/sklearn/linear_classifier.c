#include "model/recognise_table.h"
#include "model/kernel/sums.h"
#include "model/sklearn/linear_form.h"

#include <math.h>

/*
 * LinearSVC, RidgeClassifier, SGDClassifier, Perceptron, PassiveAggressiveClassifier,
 * LinearDiscriminantAnalysis: classes of a linear form. SGDClassifier has probabilities for two of
 * its losses.
 * Source: sklearn/linear_model/_base.py, _ridge.py, _stochastic_gradient.py;
 * sklearn/discriminant_analysis.py.
 */

enum link { LINK_NONE, LINK_LOGISTIC, LINK_HUBER, LINK_SOFTMAX };

struct linear_classifier {
	struct pd_linear_form form;
	struct pd_labels classes;
	enum link link;
};

static double clipped(double d)
{
	if (d < -1)
		return -1;
	return d > 1 ? 1 : d;
}

static double share(enum link link, double d)
{
	return link == LINK_HUBER ? (clipped(d) + 1) / 2 : pd_expit(d);
}

static void to_probabilities(const struct linear_classifier *l, const double *score, double *p)
{
	size_t k = l->classes.n;
	if (l->form.n_out == 1) {
		p[1] = share(l->link, score[0]);
		p[0] = 1.0 - p[1];
		return;
	}
	if (l->link == LINK_SOFTMAX) {
		memcpy(p, score, k * sizeof(*p));
		pd_softmax(p, k);
		return;
	}
	for (size_t i = 0; i < k; i++)
		p[i] = share(l->link, score[i]);
	double sum = pd_sum_pairwise(p, k);
	if (sum == 0) { /* all of them said no */
		for (size_t i = 0; i < k; i++)
			p[i] = 1;
		sum = (double)k;
	}
	for (size_t i = 0; i < k; i++)
		p[i] /= sum;
}

static enum pd_code answer(const struct linear_classifier *l, enum pd_method method,
			   const double *score, bool f32, size_t n_rows, struct pd_arena *arena,
			   struct pd_result *out, struct pd_err *err)
{
	uint32_t *best = NULL;
	double *p = NULL;
	size_t n_out = l->form.n_out, k = l->classes.n;
	if (method == PD_METHOD_PREDICT) {
		PD_TRY(pd_step_room(arena, n_rows, 1, sizeof(*best), &best, err));
		for (size_t row = 0; row < n_rows; row++)
			best[row] = n_out == 1 ? score[row] > 0
					       : (uint32_t)pd_argmax(score + row * n_out, n_out);
		return pd_labels_take(&l->classes, 1, best, n_rows, arena, out, err);
	}
	PD_TRY(pd_step_room(arena, n_rows, k, sizeof(*p), &p, err));
	for (size_t row = 0; row < n_rows; row++)
		to_probabilities(l, score + row * n_out, p + row * k);
	for (size_t i = 0; i < n_rows * k; i++) {
		if (method == PD_METHOD_LOG_PROBA) {
			/* LDA keeps zeros away from the logarithm */
			bool zero = l->link == LINK_SOFTMAX && p[i] == 0;
			p[i] = log(zero ? __DBL_MIN__ : p[i]);
		}
		if (f32)
			p[i] = (double)(float)p[i];
	}
	*out = (struct pd_result){
		.kind = f32 ? PD_RESULT_F32 : PD_RESULT_F64, .n_rows = n_rows, .n_cols = k, .f = p
	};
	return PD_OK;
}

static enum pd_code predict(const struct pd_step *s, enum pd_method method,
			    const struct pd_matrix *in, struct pd_arena *arena,
			    struct pd_result *out, struct pd_err *err)
{
	const struct linear_classifier *l = s->self;
	double *score = NULL;
	bool f32 = false;
	PD_TRY(pd_linear_form_scores(&l->form, in, arena, &score, &f32, err));
	if (method != PD_METHOD_DECISION)
		return answer(l, method, score, f32, in->n_rows, arena, out, err);
	*out = (struct pd_result){ .kind = f32 ? PD_RESULT_F32 : PD_RESULT_F64,
				   .n_rows = in->n_rows,
				   .n_cols = l->form.n_out,
				   .flat = l->form.n_out == 1,
				   .f = score };
	return PD_OK;
}

static const struct pd_step_ops classifier_ops = { .predict = predict };

static enum pd_code read_classes(struct pd_build *b, const struct pd_node *object,
				 struct linear_classifier *l, struct pd_err *err)
{
	const struct pd_node *binarizer = pd_attr_opt(object, "_label_binarizer");
	if (pd_node_attr(object, PD_STR("classes_")) || !pd_node_is(binarizer, PD_NODE_OBJECT))
		return pd_attr_labels(b, object, "classes_", &l->classes, err);
	return pd_attr_labels(b, binarizer, "classes_", &l->classes, err); /* RidgeClassifier */
}

static enum pd_code make(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 enum link link, struct pd_err *err)
{
	struct linear_classifier *l = PD_ARENA_NEW(b->arena, struct linear_classifier);
	l->link = link;
	PD_TRY(pd_linear_form_read(b, object, s, &l->form, err));
	PD_TRY(read_classes(b, object, l, err));
	size_t want = l->classes.n == 2 ? 1 : l->classes.n;
	if (l->classes.n < 2 || l->form.n_out != want)
		return pd_attr_fail(object, "coef_", err, "has %zu rows for %zu classes",
				    l->form.n_out, l->classes.n);
	s->self = l;
	s->ops = &classifier_ops;
	s->n_out = 1;
	s->can = PD_CAN(PD_METHOD_PREDICT) | PD_CAN(PD_METHOD_DECISION);
	if (link != LINK_NONE)
		s->can |= PD_CAN(PD_METHOD_PROBA) | PD_CAN(PD_METHOD_LOG_PROBA);
	return PD_OK;
}

enum pd_code pd_make_linear_classifier(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err)
{
	return make(b, object, s, LINK_NONE, err);
}

enum pd_code pd_make_sgd_classifier(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err)
{
	struct pd_str loss = PD_STR("hinge");
	enum link link = LINK_NONE;
	PD_TRY(pd_attr_text(object, "loss", &loss, err));
	if (pd_str_eqz(loss, "log_loss") || pd_str_eqz(loss, "log"))
		link = LINK_LOGISTIC;
	else if (pd_str_eqz(loss, "modified_huber"))
		link = LINK_HUBER;
	return make(b, object, s, link, err);
}

enum pd_code pd_make_lda(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err)
{
	return make(b, object, s, LINK_SOFTMAX, err);
}

#include "model/model.h"

#include <stdlib.h>

#include "base/auto.h"
#include "model/chain.h"
#include "model/dir.h"
#include "model/file.h"
#include "model/recognise.h"

struct pd_model {
	struct pd_arena arena;
	struct pd_mlmodel *meta; /* NULL: a single file */
	struct pd_chain chain;
	enum pd_method method;
	const struct pd_labels *code; /* of a LabelEncoder beside the model, or NULL */
};

/* ---- loading */

static enum pd_code no_flavor(const char *dir, const struct pd_mlmodel *meta, struct pd_err *err)
{
	char list[300];
	size_t at = 0;
	list[0] = 0;
	for (size_t i = 0; i < meta->n_flavors && at < sizeof(list) - 100; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%.*s", at ? ", " : "",
				       PD_STR_ARG(pd_str_head(meta->flavors[i].name, 60)));
	return pd_fail(err, PD_UNSUPPORTED, "%s: no flavor with a native predictor (it has: %s)",
		       dir, at ? list : "none");
}

static bool can(const struct pd_model *m, enum pd_method method)
{
	return m->chain.steps[m->chain.n_steps - 1]->can & PD_CAN(method);
}

static enum pd_code choose_method(struct pd_model *m, const char *wanted, struct pd_err *err)
{
	const struct pd_step *last = m->chain.steps[m->chain.n_steps - 1];
	m->method = PD_METHOD_PREDICT;
	if (!wanted) {
		if (!can(m, PD_METHOD_PREDICT) && can(m, PD_METHOD_TRANSFORM))
			m->method = PD_METHOD_TRANSFORM;
		return PD_OK;
	}
	if (!pd_method_parse(wanted, &m->method))
		return pd_fail(err, PD_UNSUPPORTED,
			       "method '%.60s': only predict, predict_proba, predict_log_proba, "
			       "decision_function and transform are native",
			       wanted);
	if (!can(m, m->method))
		return pd_fail(err, PD_INVALID, "%.*s has no %s%s", PD_STR_ARG(last->cls), wanted,
			       last->n_out > 1 && m->method == PD_METHOD_PROBA
				       ? " that is one table"
				       : "");
	return PD_OK;
}

static enum pd_code build(struct pd_model *m, const struct pd_tree *tree, struct pd_str model_class,
			  struct pd_err *err)
{
	PD_AUTO(pd_arena) scratch = { 0 };
	struct pd_build b = { .arena = &m->arena, .scratch = &scratch, .model_class = model_class };
	PD_TRY(pd_build_model(&b, tree->root, err));
	m->chain = (struct pd_chain){ .steps = b.steps, .n_steps = b.n_steps };
	m->code = b.code;
	return PD_OK;
}

static enum pd_code read_file(struct pd_model *m, const char *file, struct pd_str model_class,
			      struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree = { 0 };
	PD_TRY(pd_model_file_open(file, &arena, &tree, err));
	if (build(m, &tree, model_class, err) != PD_OK)
		return pd_err_prefix(err, "%s", file);
	return PD_OK;
}

static enum pd_code load(struct pd_model *m, const char *path, const struct pd_model_opts *opts,
			 struct pd_err *err)
{
	struct pd_model_dir dir = { 0 };
	PD_TRY(pd_model_dir_read(path, &m->arena, &dir, err));
	m->meta = dir.meta;
	if (!dir.file)
		return no_flavor(path, dir.meta, err);
	PD_TRY(read_file(m, dir.file, dir.model_class, err));
	const char *wanted = opts ? opts->method : NULL;
	if (!wanted && dir.method.n)
		wanted = pd_arena_z(&m->arena, dir.method);
	if (choose_method(m, wanted, err) != PD_OK)
		return pd_err_prefix(err, "%s", path);
	return PD_OK;
}

enum pd_code pd_model_load(const char *path, const struct pd_model_opts *opts,
			   struct pd_model **out, struct pd_err *err)
{
	struct pd_model *m = pd_xcalloc(1, sizeof(*m));
	enum pd_code code = load(m, path, opts, err);
	if (code != PD_OK) {
		pd_model_free(m);
		return code;
	}
	*out = m;
	return PD_OK;
}

enum pd_code pd_model_of_tree(const struct pd_tree *tree, const struct pd_model_opts *opts,
			      struct pd_model **out, struct pd_err *err)
{
	struct pd_model *m = pd_xcalloc(1, sizeof(*m));
	enum pd_code code = build(m, tree, PD_STR(""), err);
	if (code == PD_OK)
		code = choose_method(m, opts ? opts->method : NULL, err);
	if (code != PD_OK) {
		pd_model_free(m);
		return code;
	}
	*out = m;
	return PD_OK;
}

void pd_model_free(struct pd_model *m)
{
	if (!m)
		return;
	pd_arena_end(&m->arena);
	free(m);
}

const struct pd_mlmodel *pd_model_meta(const struct pd_model *m)
{
	return m->meta;
}

bool pd_model_takes_dicts(const struct pd_model *m)
{
	return m->chain.steps[0]->ops->read != NULL;
}

const char *pd_model_method(const struct pd_model *m)
{
	return pd_method_name(m->method);
}

size_t pd_model_features(const struct pd_model *m, const struct pd_str **out_names)
{
	const struct pd_step *first = m->chain.steps[0];
	*out_names = first->names;
	return first->ops->read ? 0 : first->n_in;
}

/* ---- predicting */

/* What LabelEncoder.inverse_transform makes of predicted class numbers. */
static enum pd_code decode(const struct pd_labels *code, struct pd_arena *arena,
			   struct pd_result *out, struct pd_err *err)
{
	uint32_t *index = NULL;
	size_t n = out->n_rows;
	if (out->kind != PD_RESULT_I64 || out->n_cols != 1)
		return pd_fail(err, PD_INVALID,
			       "the model beside a LabelEncoder does not predict class numbers");
	PD_TRY(pd_step_room(arena, n, 1, sizeof(*index), &index, err));
	for (size_t i = 0; i < n; i++) {
		if (out->i[i] < 0 || (uint64_t)out->i[i] >= code->n)
			return pd_fail(err, PD_INVALID,
				       "row %zu: class number %lld, the LabelEncoder has %zu", i,
				       (long long)out->i[i], code->n);
		index[i] = (uint32_t)out->i[i];
	}
	return pd_labels_take(code, 1, index, n, arena, out, err);
}

enum pd_code pd_model_predict(const struct pd_model *m, const struct pd_frame *in,
			      struct pd_arena *arena, struct pd_result *out, struct pd_err *err)
{
	struct pd_flow flow = { .frame = in };
	PD_TRY(pd_chain_predict(&m->chain, m->method, &flow, arena, out, err));
	if (m->code && m->method == PD_METHOD_PREDICT)
		return decode(m->code, arena, out, err);
	return PD_OK;
}

#include "model/inspect.h"

#include <math.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "model/dir.h"
#include "model/file.h"
#include "model/model.h"
#include "model/recognise.h"

#define SHOWN_MAX 100  /* items of a list, names, classes */
#define STEPS_MAX 1000 /* and entries of pipelines looked at: shared ones may be many */
#define DEPTH_MAX 5    /* pipelines inside one another */

/* ---- a value of a parameter as JSON */

static json_t *real(double v)
{
	if (isfinite(v))
		return json_real(v);
	return json_string(isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
}

static json_t *scalar_of(const struct pd_node *n, struct pd_arena *arena)
{
	double f = 0;
	int64_t i = 0;
	if (pd_node_is(n, PD_NODE_NONE))
		return json_null();
	if (pd_node_is(n, PD_NODE_BOOL))
		return json_boolean(n->i);
	if (pd_node_is(n, PD_NODE_TEXT))
		return pd_json_from(pd_str_head(n->s, 1000));
	if (pd_node_to_i64(n, &i))
		return json_integer(i);
	if (pd_node_to_f64(n, &f))
		return real(f);
	return pd_json_from(pd_str_from(pd_node_label(n, arena)));
}

/* Lists one level deep: what they hold may be shared, and without end. */
static json_t *value_of(const struct pd_node *n, struct pd_arena *arena)
{
	if (!pd_node_is(n, PD_NODE_LIST) && !pd_node_is(n, PD_NODE_TUPLE))
		return scalar_of(n, arena);
	json_t *list = json_array();
	for (size_t i = 0; i < n->n_items && i < SHOWN_MAX; i++)
		json_array_append_new(list, scalar_of(n->items[i], arena));
	return list;
}

/* ---- figures of a step */

static void put_size(json_t *step, const char *key, size_t n)
{
	json_object_set_new(step, key, json_integer((json_int_t)n));
}

static void put_labels(json_t *step, const struct pd_node *object, const char *attribute,
		       const char *key, struct pd_arena *arena)
{
	struct pd_build b = { .arena = arena, .scratch = arena };
	struct pd_labels l = { 0 };
	const struct pd_node *n = pd_attr_opt(object, attribute);
	if (!pd_node_is(n, PD_NODE_ARRAY) || pd_labels_read(&b, n, attribute, &l, NULL) != PD_OK)
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < l.n && i < SHOWN_MAX; i++) {
		if (l.kind == PD_RESULT_STR)
			json_array_append_new(list, pd_json_from(l.s[i]));
		else if (l.kind == PD_RESULT_I64)
			json_array_append_new(list, json_integer(l.i[i]));
		else if (l.kind == PD_RESULT_BOOL)
			json_array_append_new(list, json_boolean(l.b[i]));
		else
			json_array_append_new(list, real(l.f[i]));
	}
	json_object_set_new(step, key, list);
}

static size_t count_nodes(const struct pd_node *estimator)
{
	const struct pd_node *tree = pd_node_is(estimator, PD_NODE_OBJECT)
					     ? pd_attr_opt(estimator, "tree_")
					     : NULL;
	const struct pd_node *nodes = pd_node_is(tree, PD_NODE_OBJECT) ? pd_attr_opt(tree, "nodes")
								       : NULL;
	return pd_node_is(nodes, PD_NODE_ARRAY) ? nodes->arr->n_items : 0;
}

static void put_trees(json_t *step, const struct pd_node *object)
{
	const struct pd_node *list = pd_attr_opt(object, "estimators_");
	size_t nodes = count_nodes(object), trees = nodes > 0;
	for (size_t i = 0; pd_node_is(list, PD_NODE_LIST) && i < list->n_items; i++) {
		size_t n = count_nodes(list->items[i]);
		nodes += n;
		trees += n > 0;
	}
	if (!trees)
		return;
	put_size(step, "trees", trees);
	put_size(step, "nodes", nodes);
}

static void put_figures(json_t *step, const struct pd_node *object, struct pd_arena *arena)
{
	int64_t width = 0;
	const struct pd_node *n = pd_attr_opt(object, "n_features_in_");
	if (n && pd_node_to_i64(n, &width))
		json_object_set_new(step, "features_in", json_integer(width));
	put_labels(step, object, "feature_names_in_", "feature_names", arena);
	n = pd_attr_opt(object, "vocabulary_");
	if (pd_node_is(n, PD_NODE_DICT))
		put_size(step, "features_out", n->n_items / 2);
	put_labels(step, object, "classes_", "classes", arena);
	put_trees(step, object);
	n = pd_attr_opt(object, "coef_");
	if (pd_node_is(n, PD_NODE_ARRAY))
		put_size(step, "coefficients", n->arr->n_items);
}

/* ---- steps */

/* Constructor parameters: neither fitted ("..._") nor private ("_..."), nor a forest's list of
 * those it hands to its trees. */
static bool is_param(struct pd_str name)
{
	return name.n && name.p[0] != '_' && name.p[name.n - 1] != '_' &&
	       !pd_str_eqz(name, "estimator_params");
}

static json_t *params_of(const struct pd_node *object, struct pd_arena *arena)
{
	json_t *params = json_object();
	const struct pd_node *state = object->obj->state;
	for (size_t i = 0; pd_node_is(state, PD_NODE_DICT) && i + 1 < state->n_items; i += 2) {
		const struct pd_node *key = state->items[i];
		if (!pd_node_is(key, PD_NODE_TEXT) || !is_param(key->s) || !pd_utf8_check(key->s))
			continue;
		json_object_setn_new(params, key->s.p, key->s.n,
				     value_of(state->items[i + 1], arena));
	}
	return params;
}

struct walk {
	json_t *steps;
	struct pd_arena *arena;
	size_t n_walked;
};

static void add_steps(struct walk *w, const struct pd_node *n, struct pd_str name, unsigned depth);

static void add_pipeline(struct walk *w, const struct pd_node *pipeline, unsigned depth)
{
	const struct pd_node *list = pd_attr_opt(pipeline, "steps");
	if (!pd_node_is(list, PD_NODE_LIST) || depth == DEPTH_MAX)
		return;
	for (size_t i = 0; i < list->n_items && w->n_walked < STEPS_MAX; i++) {
		const struct pd_node *pair = list->items[i];
		w->n_walked++;
		if (pd_node_is(pair, PD_NODE_TUPLE) && pair->n_items == 2 &&
		    pd_node_is(pair->items[0], PD_NODE_TEXT))
			add_steps(w, pair->items[1], pair->items[0]->s, depth + 1);
	}
}

static void add_steps(struct walk *w, const struct pd_node *n, struct pd_str name, unsigned depth)
{
	if (pd_is_pipeline(n)) {
		add_pipeline(w, n, depth);
		return;
	}
	json_t *step = json_object();
	json_object_set_new(step, "name", pd_json_from(name));
	json_object_set_new(step, "class", pd_json_from(pd_str_from(pd_node_label(n, w->arena))));
	json_array_append_new(w->steps, step);
	if (!pd_node_is(n, PD_NODE_OBJECT))
		return;
	const struct pd_node *version = pd_attr_opt(n, "_sklearn_version");
	json_object_set_new(step, "version", version ? scalar_of(version, w->arena) : json_null());
	json_object_set_new(step, "native", json_boolean(pd_is_recognised(n)));
	json_object_set_new(step, "params", params_of(n, w->arena));
	put_figures(step, n, w->arena);
}

static json_t *steps_of(const struct pd_tree *tree, struct pd_arena *arena)
{
	struct walk w = { .steps = json_array(), .arena = arena };
	const struct pd_node *root = tree->root;
	if (pd_node_is(root, PD_NODE_TUPLE))
		for (size_t i = 0; i < root->n_items && i < SHOWN_MAX; i++)
			add_steps(&w, root->items[i], PD_STR(""), 0);
	else
		add_steps(&w, root, PD_STR(""), 0);
	return w.steps;
}

static json_t *code_of(const struct pd_tree *tree, struct pd_arena *arena)
{
	json_t *list = json_array();
	for (const struct pd_tree_name *t = tree->names; t && json_array_size(list) < SHOWN_MAX;
	     t = t->next)
		if (t->global->called && t->global->code)
			json_array_append_new(
				list, pd_json_from(pd_str_from(pd_node_label(t->global, arena))));
	return list;
}

/* ---- MLmodel */

static json_t *columns_of(const struct pd_schema *s)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->n; i++) {
		json_t *one = json_object();
		if (s->tensor) {
			const struct pd_tensor_spec *t = &s->tensors[i];
			json_t *shape = json_array();
			for (unsigned k = 0; k < t->n_dims; k++)
				json_array_append_new(shape, json_integer(t->shape[k]));
			json_object_set_new(one, "name", pd_json_from(t->name));
			json_object_set_new(one, "type", pd_json_from(t->dtype));
			json_object_set_new(one, "shape", shape);
		} else {
			const struct pd_col_spec *c = &s->cols[i];
			json_object_set_new(one, "name", pd_json_from(c->name));
			json_object_set_new(one, "type", json_string(pd_type_name(c->type)));
			json_object_set_new(one, "required", json_boolean(c->required));
		}
		json_array_append_new(list, one);
	}
	return list;
}

static void put_meta(json_t *out, const struct pd_mlmodel *meta)
{
	json_t *flavors = json_array();
	for (size_t i = 0; i < meta->n_flavors; i++)
		json_array_append_new(flavors, pd_json_from(meta->flavors[i].name));
	json_object_set_new(out, "flavors", flavors);
	json_object_set_new(out, "mlflow_version", pd_json_from(meta->mlflow_version));
	json_object_set_new(out, "run_id", pd_json_from(meta->run_id));
	json_object_set_new(out, "model_id", pd_json_from(meta->model_id));
	json_t *signature = json_null();
	if (meta->signature) {
		const struct pd_schema *in = meta->signature->inputs,
				       *given = meta->signature->outputs;
		signature = json_object();
		json_object_set_new(signature, "inputs", in ? columns_of(in) : json_null());
		json_object_set_new(signature, "outputs", given ? columns_of(given) : json_null());
	}
	json_object_set_new(out, "signature", signature);
}

/* ---- does it load */

static void put_native(json_t *out, const char *path)
{
	struct pd_err why = { 0 };
	struct pd_model *m = NULL;
	const struct pd_str *names = NULL;
	bool native = pd_model_load(path, NULL, &m, &why) == PD_OK;
	json_object_set_new(out, "native", json_boolean(native));
	json_object_set_new(out, "why", native ? json_null() : pd_json_from(pd_str_from(why.text)));
	if (!native)
		return;
	json_object_set_new(out, "method", json_string(pd_model_method(m)));
	json_object_set_new(out, "takes",
			    json_string(pd_model_takes_dicts(m) ? "dicts" : "columns"));
	size_t n = pd_model_features(m, &names);
	if (n)
		put_size(out, "features", n);
	pd_model_free(m);
}

static enum pd_code put_file(json_t *out, const char *file, struct pd_arena *arena,
			     struct pd_err *err)
{
	struct pd_tree tree = { 0 };
	struct stat st;
	PD_TRY(pd_model_file_audit(file, arena, &tree, err));
	json_object_set_new(out, "file", pd_json_from(pd_str_from(file)));
	json_object_set_new(out, "format", json_string(tree.format));
	if (stat(file, &st) == 0)
		json_object_set_new(out, "bytes", json_integer(st.st_size));
	json_object_set_new(out, "steps", steps_of(&tree, arena));
	json_object_set_new(out, "runs_code", code_of(&tree, arena));
	return PD_OK;
}

enum pd_code pd_model_inspect(const char *path, json_t **out, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO_JSON json_t *j = json_object();
	struct pd_model_dir dir = { 0 };
	PD_TRY(pd_model_dir_read(path, &arena, &dir, err));
	json_object_set_new(j, "path", pd_json_from(pd_str_from(path)));
	put_native(j, path);
	if (dir.meta)
		put_meta(j, dir.meta);
	if (dir.file)
		PD_TRY(put_file(j, dir.file, &arena, err));
	*out = PD_TAKE(j);
	return PD_OK;
}

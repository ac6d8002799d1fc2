#include "model/bundle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/auto.h"
#include "base/env.h"
#include "base/file.h"
#include "base/map.h"
#include "model/file.h"
#include "model/mlmodel.h"
#include "model/model.h"
#include "model/repickle.h"

#define TEXT_MAX      ((size_t)1 << 20) /* MLmodel and the environment files we write */
#define MLFLOW_LAYOUT "3.17.2"          /* the MLflow whose layout this is */

bool pd_bundle_is_dir(const char *path)
{
	PD_AUTO_FREE char *mlmodel = pd_path_join(path, "MLmodel");
	return pd_path_is_dir(path) && pd_path_exists(mlmodel);
}

/* ---- what is in the file */

/* Packages whose estimators have scikit-learn's interface, which the sklearn flavor calls. */
static bool has_sklearn_interface(struct pd_str module)
{
	return pd_str_starts(module, PD_STR("sklearn.")) ||
	       pd_str_starts(module, PD_STR("xgboost.sklearn")) ||
	       pd_str_starts(module, PD_STR("lightgbm.sklearn"));
}

static bool is_estimator(const struct pd_node *n)
{
	return pd_node_is(n, PD_NODE_OBJECT) && has_sklearn_interface(pd_node_module(n));
}

static struct pd_str class_name(const struct pd_node *n, struct pd_arena *arena)
{
	if (!pd_node_is(n, PD_NODE_OBJECT))
		return (struct pd_str){ 0 };
	return pd_str_from(pd_arena_printf(arena, "%.*s.%.*s", PD_STR_ARG(pd_node_module(n)),
					   PD_STR_ARG(pd_node_class(n))));
}

static struct pd_str version_of(const struct pd_node *n, struct pd_arena *arena)
{
	const struct pd_node *v = pd_node_attr(n, PD_STR("_sklearn_version"));
	return pd_node_is(v, PD_NODE_TEXT) ? pd_arena_str(arena, v->s) : (struct pd_str){ 0 };
}

static enum pd_code look_at_root(const char *path, const struct pd_node *root,
				 struct pd_arena *arena, struct pd_bundle_info *out,
				 struct pd_err *err)
{
	if (is_estimator(root)) {
		out->class = class_name(root, arena);
		out->sklearn_version = version_of(root, arena);
		return PD_OK;
	}
	if (pd_node_is(root, PD_NODE_TUPLE) && root->n_items == 2 && is_estimator(root->items[0]) &&
	    is_estimator(root->items[1])) {
		out->class = PD_STR("tuple");
		out->sklearn_version = version_of(root->items[1], arena);
		return PD_OK;
	}
	struct pd_str class = class_name(root, arena);
	if (!class.n)
		return pd_fail(err, PD_UNSUPPORTED,
			       "%s: holds no estimator, and no pair of a vectorizer and a model",
			       path);
	return pd_fail(
		err, PD_UNSUPPORTED,
		"%s: a %.*s; only scikit-learn estimators and what has their interface can be "
		"logged from a bare file",
		path, PD_STR_ARG(class));
}

/* skops loads a class outside its own short list only when told to trust it. What these packages
 * hold is data to whoever loads a model at all; names of other packages stay untrusted, so that
 * Python asks about them. */
static bool may_trust(struct pd_str module)
{
	static const char *const roots[] = { "sklearn.", "scipy.", "numpy", "xgboost.",
					     "lightgbm." };
	for (size_t i = 0; i < PD_LEN(roots); i++)
		if (pd_str_starts(module, pd_str_from(roots[i])))
			return true;
	return false;
}

static enum pd_code list_trusted(const struct pd_tree *tree, struct pd_arena *arena,
				 struct pd_bundle_info *out, struct pd_err *err)
{
	/* data that the decoder reads without keeping the name */
	static const char *const plain[] = { "numpy.dtype", "collections.OrderedDict",
					     "functools.partial" };
	struct pd_map seen;
	pd_map_init(&seen, arena);
	size_t n = 0;
	for (const struct pd_tree_name *t = tree->names; t; t = t->next)
		n++;
	PD_TRY(pd_arena_try(arena, n + PD_LEN(plain), sizeof(*out->trusted), &out->trusted, err));
	for (size_t i = 0; i < PD_LEN(plain); i++)
		out->trusted[out->n_trusted++] = pd_str_from(plain[i]);
	for (const struct pd_tree_name *t = tree->names; t; t = t->next) {
		uint32_t at = 0;
		struct pd_str name = pd_str_from(pd_arena_printf(
			arena, "%.*s.%.*s", PD_STR_ARG(t->global->s), PD_STR_ARG(t->global->t)));
		if (!may_trust(t->global->s) || pd_map_find(&seen, name, &at))
			continue;
		PD_TRY(pd_map_put(&seen, name, 1, err));
		out->trusted[out->n_trusted++] = name;
	}
	return PD_OK;
}

/* What the native predictors refuse as hostile is not logged either; what they do not know is. */
static enum pd_code check_by_loading(const char *path, struct pd_err *err)
{
	struct pd_err why = { 0 };
	struct pd_model *model = NULL;
	enum pd_code code = pd_model_load(path, NULL, &model, &why);
	pd_model_free(model);
	if (code == PD_OK || code == PD_UNSUPPORTED || code == PD_INVALID)
		return PD_OK;
	*err = why;
	return code;
}

enum pd_code pd_bundle_look(const char *path, struct pd_arena *arena, struct pd_bundle_info *out,
			    struct pd_err *err)
{
	PD_TRY(check_by_loading(path, err));
	struct pd_tree tree = { 0 };
	PD_TRY(pd_model_file_open(path, arena, &tree, err));
	bool skops = strcmp(tree.format, "skops") == 0;
	*out = (struct pd_bundle_info){
		.format = skops ? "skops" : "pickle",
		.file_name = skops ? "model.skops" : "model.pkl",
		.reencoded = strcmp(tree.format, "joblib") == 0,
	};
	if (skops)
		PD_TRY(list_trusted(&tree, arena, out, err));
	return look_at_root(path, tree.root, arena, out, err);
}

/* ---- writing */

static void put_requirements(struct pd_buf *b, const struct pd_bundle_info *info,
			     const char *line_start)
{
	pd_buf_printf(b, "%smlflow==" MLFLOW_LAYOUT "\n", line_start);
	if (info->sklearn_version.n)
		pd_buf_printf(b, "%sscikit-learn==%.*s\n", line_start,
			      PD_STR_ARG(info->sklearn_version));
	else
		pd_buf_printf(b, "%sscikit-learn\n", line_start);
	if (pd_str_starts(info->class, PD_STR("xgboost.")))
		pd_buf_printf(b, "%sxgboost\n", line_start);
	if (pd_str_starts(info->class, PD_STR("lightgbm.")))
		pd_buf_printf(b, "%slightgbm\n", line_start);
	if (pd_str_eqz(pd_str_from(info->format), "skops"))
		pd_buf_printf(b, "%sskops\n", line_start);
}

static enum pd_code put_file(const char *dir, const char *name, const struct pd_buf *b,
			     struct pd_err *err)
{
	PD_TRY(pd_buf_check(b, name, err));
	PD_AUTO_FREE char *path = pd_path_join(dir, name);
	return pd_file_put(path, pd_buf_view(b), err);
}

/* The Python that wrote the file is not known, so none is named: MLflow then takes its own. */
static enum pd_code put_environment(const char *dir, const struct pd_bundle_info *info,
				    struct pd_err *err)
{
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, TEXT_MAX);
	put_requirements(&b, info, "");
	PD_TRY(put_file(dir, "requirements.txt", &b, err));
	pd_buf_clear(&b);
	pd_buf_z(&b, "build_dependencies:\n- pip\n- setuptools\n- wheel\n"
		     "dependencies:\n- -r requirements.txt\n");
	PD_TRY(put_file(dir, "python_env.yaml", &b, err));
	pd_buf_clear(&b);
	pd_buf_z(&b, "channels:\n- conda-forge\ndependencies:\n- python\n- pip\n- pip:\n");
	put_requirements(&b, info, "  - ");
	pd_buf_z(&b, "name: mlflow-env\n");
	return put_file(dir, "conda.yaml", &b, err);
}

static void put_key(struct pd_buf *b, const char *key, const char *value)
{
	if (!value)
		return;
	pd_buf_printf(b, "%s: ", key);
	pd_buf_json_str(b, pd_str_from(value)); /* a JSON string is a YAML scalar */
	pd_buf_char(b, '\n');
}

static void put_owner(struct pd_buf *b, const struct pd_bundle_opts *opts)
{
	put_key(b, "artifact_path", opts->name);
	put_key(b, "run_id", opts->run_id);
	put_key(b, "model_id", opts->model_id);
}

static void put_time(struct pd_buf *b, int64_t now_ms)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm;
	char text[40];
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	pd_buf_printf(b, "utc_time_created: '%s.%03d000'\n", text, (int)(now_ms % 1000));
}

static void put_trusted(struct pd_buf *b, const struct pd_bundle_info *info)
{
	if (!info->n_trusted) {
		pd_buf_z(b, "    skops_trusted_types: null\n");
		return;
	}
	pd_buf_z(b, "    skops_trusted_types:\n");
	for (size_t i = 0; i < info->n_trusted; i++) {
		pd_buf_z(b, "    - ");
		pd_buf_json_str(b, info->trusted[i]);
		pd_buf_char(b, '\n');
	}
}

static enum pd_code put_mlmodel(const char *dir, const struct pd_bundle_info *info,
				const struct pd_bundle_opts *opts, int64_t size_bytes,
				struct pd_err *err)
{
	PD_AUTO(pd_buf) b = { 0 };
	pd_buf_init(&b, TEXT_MAX);
	pd_buf_printf(&b,
		      "flavors:\n"
		      "  python_function:\n"
		      "    env:\n"
		      "      conda: conda.yaml\n"
		      "      virtualenv: python_env.yaml\n"
		      "    loader_module: mlflow.sklearn\n"
		      "    model_path: %s\n"
		      "    predict_fn: predict\n"
		      "  sklearn:\n"
		      "    code: null\n"
		      "    pickled_model: %s\n"
		      "    serialization_format: %s\n",
		      info->file_name, info->file_name, info->format);
	if (info->sklearn_version.n) {
		pd_buf_z(&b, "    sklearn_version: ");
		pd_buf_json_str(&b, info->sklearn_version);
		pd_buf_char(&b, '\n');
	}
	put_trusted(&b, info);
	char uuid[33];
	pd_random_hex(uuid, 16);
	pd_buf_printf(&b, "mlflow_version: " MLFLOW_LAYOUT "\nmodel_size_bytes: %" PRId64 "\n",
		      size_bytes);
	put_key(&b, "model_uuid", uuid);
	put_owner(&b, opts);
	put_time(&b, opts->now_ms);
	return put_file(dir, "MLmodel", &b, err);
}

static enum pd_code copy_file(const char *from, const char *to, struct pd_err *err)
{
	PD_AUTO(pd_file_map) map = { 0 };
	PD_TRY(pd_file_map_open(&map, from, SIZE_MAX / 2, err));
	return pd_file_put(to, pd_str_of((const char *)map.p, map.n), err);
}

/* MLflow reads a model with pickle.load, which cannot read joblib's files. */
static enum pd_code reencode(const char *from, const char *to, struct pd_err *err)
{
	PD_AUTO(pd_file_out) out = { 0 };
	PD_TRY(pd_file_out_begin(&out, to, 0666, err));
	PD_TRY(pd_repickle(from, &out, err));
	return pd_file_out_commit(&out, err);
}

static enum pd_code fill(const char *path, const char *dir, const struct pd_bundle_info *info,
			 const struct pd_bundle_opts *opts, struct pd_err *err)
{
	PD_AUTO_FREE char *file = pd_path_join(dir, info->file_name);
	PD_TRY(info->reencoded ? reencode(path, file, err) : copy_file(path, file, err));
	struct stat st;
	if (stat(file, &st) != 0)
		return pd_fail(err, PD_IO, "%s: vanished while it was logged", file);
	PD_TRY(put_environment(dir, info, err));
	return put_mlmodel(dir, info, opts, st.st_size, err);
}

enum pd_code pd_bundle_write(const char *path, const char *dir, const struct pd_bundle_opts *opts,
			     struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_bundle_info info = { 0 };
	PD_TRY(pd_bundle_look(path, &arena, &info, err));
	if (pd_path_exists(dir))
		return pd_fail(err, PD_EXISTS, "%s: is there already", dir);
	PD_TRY(pd_dir_make(dir, err));
	enum pd_code code = fill(path, dir, &info, opts, err);
	if (code != PD_OK && pd_tree_remove(dir, NULL) != PD_OK)
		return pd_err_prefix(err, "%s could not be removed again", dir);
	return code;
}

/* ---- stamping */

/* A top-level line `key: ...`; lines that continue a value start with a blank. */
static bool is_key(struct pd_str line, const char *key)
{
	struct pd_str head;
	struct pd_str tail;
	return pd_str_split(line, ':', &head, &tail) && pd_str_eqz(head, key);
}

static void copy_without(struct pd_buf *b, struct pd_str text, const struct pd_bundle_opts *opts)
{
	bool dropping = false;
	while (text.n) {
		struct pd_str line;
		pd_str_split(text, '\n', &line, &text);
		bool continues = line.n && (line.p[0] == ' ' || line.p[0] == '\t');
		if (!continues)
			dropping = (opts->run_id && is_key(line, "run_id")) ||
				   (opts->model_id && is_key(line, "model_id")) ||
				   (opts->name && is_key(line, "artifact_path"));
		if (dropping)
			continue;
		pd_buf_str(b, line);
		pd_buf_char(b, '\n');
	}
}

enum pd_code pd_bundle_stamp(const char *dir, const struct pd_bundle_opts *opts, struct pd_err *err)
{
	PD_AUTO_FREE char *path = pd_path_join(dir, "MLmodel");
	PD_AUTO(pd_buf) old = { 0 };
	PD_AUTO(pd_buf) b = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_mlmodel *m = NULL;
	pd_buf_init(&old, PD_MLMODEL_SIZE_MAX);
	pd_buf_init(&b, PD_MLMODEL_SIZE_MAX + TEXT_MAX);
	PD_TRY(pd_file_read(&old, path, err));
	copy_without(&b, pd_buf_view(&old), opts);
	put_owner(&b, opts);
	PD_TRY(pd_buf_check(&b, path, err));
	/* flow-style or otherwise unusual YAML could be torn by working on lines: read it again */
	if (pd_mlmodel_parse(pd_buf_view(&b), &arena, &m, err) != PD_OK)
		return pd_err_prefix(err, "%s", path);
	return pd_file_put(path, pd_buf_view(&b), err);
}

#include "model/dir.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/file.h"

/* Where MLflow's flavors say which file holds the model, and what it is called if they do not. */
static const struct {
	const char *name, *key, *usual;
} flavors[] = {
	{ "sklearn", "pickled_model", "model.pkl" },
	{ "lightgbm", "data", "model.lgb" },
	{ "xgboost", "data", "model.xgb" },
};

/* A file name inside the directory, and nothing that leads out of it. */
static enum pd_code inner_path(const char *dir, struct pd_str name, struct pd_arena *arena,
			       const char **out, struct pd_err *err)
{
	struct pd_str rest = name, part = { 0 };
	if (!name.n || name.p[0] == '/' || memchr(name.p, 0, name.n))
		return pd_fail(err, PD_CORRUPT, "%s/MLmodel: model file '%.*s'", dir,
			       PD_STR_ARG(pd_str_head(name, 100)));
	while (rest.n) {
		(void)pd_str_split(rest, '/', &part, &rest);
		if (pd_str_eqz(part, ".."))
			return pd_fail(err, PD_CORRUPT,
				       "%s/MLmodel: model file '%.*s' leads out of the model", dir,
				       PD_STR_ARG(pd_str_head(name, 100)));
	}
	*out = pd_arena_printf(arena, "%s/%.*s", dir, PD_STR_ARG(name));
	return PD_OK;
}

static enum pd_code read_meta(const char *dir, struct pd_arena *arena, struct pd_model_dir *out,
			      struct pd_err *err)
{
	PD_AUTO(pd_buf) text = { 0 };
	const char *path = pd_arena_printf(arena, "%s/MLmodel", dir);
	pd_buf_init(&text, PD_MLMODEL_SIZE_MAX);
	if (!pd_path_exists(path))
		return pd_fail(err, PD_NOT_FOUND, "%s: a folder without MLmodel", dir);
	PD_TRY(pd_file_read(&text, path, err));
	struct pd_str kept = pd_arena_str(arena, pd_buf_view(&text));
	if (pd_mlmodel_parse(kept, arena, &out->meta, err) != PD_OK)
		return pd_err_prefix(err, "%s", path);
	return PD_OK;
}

enum pd_code pd_model_dir_read(const char *path, struct pd_arena *arena, struct pd_model_dir *out,
			       struct pd_err *err)
{
	struct stat st;
	*out = (struct pd_model_dir){ .file = path };
	if (stat(path, &st) != 0)
		return pd_fail_errno(err, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return PD_OK;
	out->file = NULL;
	PD_TRY(read_meta(path, arena, out, err));
	const struct pd_mlmodel_flavor *pyfunc = pd_mlmodel_flavor(out->meta, "python_function");
	for (size_t i = 0; i < PD_LEN(flavors); i++) {
		const struct pd_mlmodel_flavor *f = pd_mlmodel_flavor(out->meta, flavors[i].name);
		if (!f)
			continue;
		struct pd_str name = pd_mlmodel_value(f, flavors[i].key);
		if (pyfunc && i == 0)
			out->method = pd_mlmodel_value(pyfunc, "predict_fn");
		out->model_class = pd_mlmodel_value(f, "model_class");
		return inner_path(path, name.n ? name : pd_str_from(flavors[i].usual), arena,
				  &out->file, err);
	}
	return PD_OK;
}

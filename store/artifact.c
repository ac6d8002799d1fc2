#include "store/artifact.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/url.h"

static const struct pd_artifact_ops *const backends[] = {
	&pd_artifact_file,
	&pd_artifact_http,
	&pd_artifact_https,
	&pd_artifact_mlflow,
};

/* Schemes that people have artifacts under, so that a slip of the pen is told from a store that
 * is not there. Source: mlflow/store/artifact/artifact_repository_registry.py. */
static const char *const known[] = {
	"s3", "gs", "wasbs", "abfss", "dbfs", "hdfs", "viewfs", "ftp", "sftp", "r2", "b2", "oss",
};

static enum pd_code no_backend(struct pd_str uri, struct pd_str scheme, struct pd_err *err)
{
	for (size_t i = 0; i < PD_LEN(known); i++)
		if (pd_str_eq_nocase(scheme, pd_str_from(known[i])))
			return pd_fail(err, PD_UNSUPPORTED,
				       "%.*s: no artifact store for %s: here yet; paths, file:, "
				       "http(s): and mlflow-artifacts: work",
				       PD_STR_ARG(uri), known[i]);
	return pd_fail(err, PD_UNSUPPORTED,
		       "%.*s: unknown scheme \"%.*s\"; a file of that name is ./%.*s",
		       PD_STR_ARG(uri), PD_STR_ARG(scheme), PD_STR_ARG(uri));
}

static enum pd_code open_file_uri(const struct pd_env *env, struct pd_str uri,
				  struct pd_artifacts **out, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_str path;
	PD_TRY(pd_url_file_path(uri, &arena, &path, err));
	return pd_artifact_file.open(env, path, out, err);
}

enum pd_code pd_artifacts_open(const struct pd_env *env, struct pd_str uri,
			       struct pd_artifacts **out, struct pd_err *err)
{
	*out = NULL;
	if (!uri.n || memchr(uri.p, '\0', uri.n) || !pd_utf8_check(uri))
		return pd_fail(err, PD_INVALID,
			       "an artifact location that is empty, has a NUL or "
			       "is not UTF-8");
	struct pd_str scheme = pd_str_head(uri, pd_url_scheme_length(uri));
	if (pd_str_eq_nocase(scheme, PD_STR("file")))
		return open_file_uri(env, uri, out, err);
	for (size_t i = 0; i < PD_LEN(backends); i++)
		if (pd_str_eq_nocase(scheme, pd_str_from(backends[i]->scheme)))
			return backends[i]->open(env, uri, out, err);
	return no_backend(uri, scheme, err);
}

void pd_artifacts_close(struct pd_artifacts *a)
{
	if (a)
		a->ops->close(a);
}

static enum pd_code path_check(struct pd_str path, struct pd_err *err)
{
	if (!path.n || (pd_path_is_safe(path) && pd_utf8_check(path)))
		return PD_OK;
	return pd_fail(err, PD_INVALID, "\"%.*s\": not a path below an artifact root",
		       pd_utf8_check(path) ? (int)path.n : 0, path.p);
}

enum pd_code pd_artifacts_stat(struct pd_artifacts *a, struct pd_str path, struct pd_arena *arena,
			       struct pd_artifact *out, struct pd_err *err)
{
	PD_TRY(path_check(path, err));
	return a->ops->stat(a, path, arena, out, err);
}

enum pd_code pd_artifacts_list(struct pd_artifacts *a, struct pd_str path, bool deep,
			       struct pd_arena *arena, struct pd_artifact_list *out,
			       struct pd_err *err)
{
	*out = (struct pd_artifact_list){ 0 };
	PD_TRY(path_check(path, err));
	return a->ops->list(a, path, deep, arena, out, err);
}

enum pd_code pd_artifacts_read(struct pd_artifacts *a, struct pd_str path, uint64_t from,
			       uint64_t n, struct pd_buf *out, struct pd_err *err)
{
	PD_TRY(path_check(path, err));
	return a->ops->read(a, path, from, n, out, err);
}

enum pd_code pd_artifacts_fetch(struct pd_artifacts *a, struct pd_str path, const char *dest,
				struct pd_transfer *t, struct pd_err *err)
{
	PD_TRY(path_check(path, err));
	return a->ops->fetch(a, path, dest, t, err);
}

enum pd_code pd_artifacts_put(struct pd_artifacts *a, const char *local, struct pd_str path,
			      struct pd_transfer *t, struct pd_err *err)
{
	PD_TRY(path_check(path, err));
	return a->ops->put(a, local, path, t, err);
}

enum pd_code pd_artifacts_begin(struct pd_artifacts *a, struct pd_str path,
				struct pd_artifact_upload **out, struct pd_err *err)
{
	*out = NULL;
	if (!path.n)
		return pd_fail(err, PD_INVALID, "an object has a name");
	PD_TRY(path_check(path, err));
	if (!a->ops->begin)
		return pd_fail(err, PD_UNSUPPORTED, "%s: cannot be written to piece by piece",
			       a->ops->scheme);
	return a->ops->begin(a, path, out, err);
}

enum pd_code pd_artifact_upload_write(struct pd_artifact_upload *u, const void *p, size_t n,
				      struct pd_err *err)
{
	return u->write(u, p, n, err);
}

enum pd_code pd_artifact_upload_commit(struct pd_artifact_upload *u, struct pd_err *err)
{
	return u->commit(u, err);
}

void pd_artifact_upload_end(struct pd_artifact_upload *u)
{
	if (u)
		u->end(u);
}

enum pd_code pd_artifacts_remove(struct pd_artifacts *a, struct pd_str path, bool deep,
				 struct pd_err *err)
{
	PD_TRY(path_check(path, err));
	return a->ops->remove(a, path, deep, err);
}

enum pd_code pd_artifacts_local(struct pd_artifacts *a, struct pd_str path, struct pd_arena *arena,
				struct pd_str *out, struct pd_err *err)
{
	PD_TRY(path_check(path, err));
	if (!a->ops->local)
		return pd_fail(err, PD_UNSUPPORTED, "%s: is not in files of this machine",
			       a->ops->scheme);
	return a->ops->local(a, path, arena, out, err);
}

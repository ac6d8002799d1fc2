/*
 * Artifacts over HTTP: the folder that a server hands out itself, and files of runs and models
 * wherever they are.
 * Source: mlflow/server/artifact_router.py, handlers.py.
 */
#include "serve/tracking_internal.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/url.h"

#define UPLOAD_MAX ((size_t)10 << 20) /* of upload-artifact, which the web pages use */
#define ARTIFACTS  "artifacts"
#define DISABLED_TEXT                                                                              \
	" disabled due to the mlflow server running with `--no-serve-artifacts`. To enable "       \
	"artifacts server functionality, run `mlflow server` with `--serve-artifacts`"

static struct pd_str destination(const struct call *c)
{
	return pd_str_from(c->tracking->opts.registry.artifacts_destination);
}

static enum pd_code open_destination(struct call *c, struct pd_artifacts **out, struct pd_err *err)
{
	return pd_artifacts_open(c->tracking->opts.env, destination(c), out, err);
}

/* ---------------------------------------------------------------- uploads */

struct upload {
	struct pd_artifact_upload *file; /* NULL: it could not be begun */
	struct pd_err err;               /* why writing failed */
	bool no_name;
};

static bool upload_write(void *arg, const char *bytes, size_t n)
{
	struct upload *u = arg;
	return pd_artifact_upload_write(u->file, bytes, n, &u->err) == PD_OK;
}

void store_drop(void *sink)
{
	struct upload *u = sink;
	if (!u)
		return;
	pd_artifact_upload_end(u->file);
	free(u);
}

static enum pd_code upload_begin(struct call *c, struct upload *u)
{
	PD_AUTO_ARTIFACTS *store = NULL;
	struct pd_str path;
	struct pd_str raw = pd_str_skip(c->path, sizeof(ARTIFACTS "/") - 1);
	u->no_name = !raw.n || raw.p[raw.n - 1] == '/';
	PD_TRY(pd_url_safe_path(c->arena, raw, &path, &u->err));
	if (u->no_name || !path.n)
		return pd_fail(&u->err, PD_INVALID, "Invalid path");
	PD_TRY(open_destination(c, &store, &u->err));
	return pd_artifacts_begin(store, path, &u->file, &u->err);
}

bool store_begin(struct call *c, struct pd_http_sink *sink)
{
	struct upload *u = pd_xcalloc(1, sizeof(*u));
	sink->arg = u;
	sink->write = upload_write;
	sink->drop = store_drop;
	sink->failed = guard_refuses(c) || !c->tracking->opts.serve_artifacts ||
		       upload_begin(c, u) != PD_OK;
	return true;
}

static void answer_put(struct call *c)
{
	struct upload *u = c->request->sink;
	if (u->no_name) {
		reply_detail(c, 400,
			     "Artifact path must include a filename (cannot end with '/').");
		return;
	}
	enum pd_code code = u->err.code;
	if (code == PD_OK)
		code = pd_artifact_upload_commit(u->file, &u->err);
	if (code == PD_DENIED || code == PD_EXISTS || code == PD_INVALID)
		(void)pd_fail(&u->err, PD_INVALID, "Invalid path");
	if (code != PD_OK)
		reply_error(c, &u->err);
}

/* ---------------------------------------------------------------- the folder handed out */

static void answer_list(struct call *c)
{
	struct pd_err err = { 0 };
	struct pd_str raw, path;
	struct pd_artifact_list list = { 0 };
	PD_AUTO_ARTIFACTS *store = NULL;
	PD_AUTO_JSON json_t *body = json_object();
	json_t *files = json_array();
	query_find(c, "path", &raw);
	enum pd_code code = pd_url_safe_path(c->arena, raw, &path, &err);
	if (code == PD_OK)
		code = open_destination(c, &store, &err);
	if (code == PD_OK)
		code = pd_artifacts_list(store, path, false, c->arena, &list, &err);
	for (size_t i = 0; code == PD_OK && i < list.n; i++) {
		const struct pd_artifact *a = &list.items[i];
		struct pd_str name = pd_str_skip(a->path, (size_t)(pd_str_rfind(a->path, '/') + 1));
		json_t *file = json_pack("{s:o, s:b}", "path", pd_json_from(name), "is_dir",
					 a->is_dir);
		if (!a->is_dir)
			json_object_set_new(file, "file_size",
					    json_integer((json_int_t)a->size_bytes));
		json_array_append_new(files, file);
	}
	if (json_array_size(files))
		json_object_set(body, "files", files);
	json_decref(files);
	if (code == PD_DENIED)
		(void)pd_fail(&err, PD_INVALID, "Invalid path");
	if (code == PD_OK || code == PD_NOT_FOUND) /* nothing there yet is an empty list */
		reply_json(c, 200, body);
	else
		reply_error(c, &err);
}

static void answer_delete(struct call *c, struct pd_str raw)
{
	struct pd_err err = { 0 };
	struct pd_str path;
	PD_AUTO_ARTIFACTS *store = NULL;
	enum pd_code code = pd_url_safe_path(c->arena, raw, &path, &err);
	if (code == PD_OK && !path.n)
		code = pd_fail(&err, PD_INVALID, "Invalid path");
	if (code == PD_OK)
		code = open_destination(c, &store, &err);
	if (code == PD_OK)
		code = pd_artifacts_remove(store, path, true, &err);
	if (code == PD_DENIED)
		(void)pd_fail(&err, PD_INVALID, "Invalid path");
	if (code == PD_OK || code == PD_NOT_FOUND)
		reply_text(c, 200, "application/json", "{}");
	else
		reply_error(c, &err);
}

static void answer_get(struct call *c, struct pd_str raw)
{
	struct pd_err err = { 0 };
	struct pd_str path;
	if (pd_url_safe_path(c->arena, raw, &path, &err) == PD_OK)
		file_answer(c, destination(c), path, path, true);
	else
		reply_error(c, &err);
}

static void disabled(struct call *c, bool is_detail)
{
	if (is_detail) {
		reply_detail(c, 503,
			     "Artifact serving is disabled. Run `mlflow server` with "
			     "`--serve-artifacts` to enable.");
		return;
	}
	reply_text(c, 503, "text/html; charset=utf-8", "Endpoint: ");
	pd_buf_str(c->response->out, c->request->path);
	pd_buf_z(c->response->out, DISABLED_TEXT);
}

static void object_answer(struct call *c, struct pd_str raw)
{
	switch (c->request->verb) {
	case PD_HTTP_GET:
	case PD_HTTP_HEAD:
		answer_get(c, raw);
		return;
	case PD_HTTP_PUT:
		answer_put(c);
		return;
	case PD_HTTP_DELETE:
		answer_delete(c, raw);
		return;
	default:
		reply_wrong_verb(c, "GET, HEAD, PUT, DELETE, OPTIONS");
	}
}

/* A folder of files has no parts to upload and no links to hand out. */
static void multipart_answer(struct call *c)
{
	struct pd_err err = { 0 };
	PD_AUTO_JSON json_t *body = NULL;
	if (c->request->verb != PD_HTTP_POST) {
		reply_wrong_verb(c, "OPTIONS, POST");
		return;
	}
	enum pd_code code = body_read(c, &body, &err);
	if (code == PD_OK && !pd_json_str(json_object_get(body, "path")).n)
		(void)pd_fail(&err, PD_INVALID,
			      "Missing value for required parameter 'path'. See the API docs for "
			      "more information about request parameters.");
	else if (code == PD_OK)
		(void)pd_fail(&err, PD_UNSUPPORTED,
			      "Multipart upload is not supported for the current artifact "
			      "repository");
	reply_error(c, &err);
}

static void link_answer(struct call *c)
{
	struct pd_err err = { 0 };
	if (!(c->request->verb & (PD_HTTP_GET | PD_HTTP_HEAD))) {
		reply_wrong_verb(c, "GET, HEAD, OPTIONS");
		return;
	}
	(void)pd_fail(&err, PD_UNSUPPORTED,
		      "Multipart download is not supported for the current artifact repository");
	reply_error(c, &err);
}

void store_answer(struct call *c)
{
	struct pd_str first, rest;
	bool deeper = pd_str_split(c->path, '/', &first, &rest);
	bool is_object = deeper && pd_str_eq(first, PD_STR(ARTIFACTS));
	bool is_list = !deeper && pd_str_eq(first, PD_STR(ARTIFACTS));
	bool is_link = deeper && pd_str_eq(first, PD_STR("presigned"));
	bool is_parts = pd_str_starts(c->path, PD_STR("mpu/create/")) ||
			pd_str_starts(c->path, PD_STR("mpu/complete/")) ||
			pd_str_starts(c->path, PD_STR("mpu/abort/"));
	if (!is_object && !is_list && !is_link && !is_parts)
		reply_not_found(c);
	else if (!c->tracking->opts.serve_artifacts)
		disabled(c, is_object && (c->request->verb & (PD_HTTP_GET | PD_HTTP_PUT)));
	else if (is_object)
		object_answer(c, rest);
	else if (is_link)
		link_answer(c);
	else if (is_parts)
		multipart_answer(c);
	else if (c->request->verb & (PD_HTTP_GET | PD_HTTP_HEAD))
		answer_list(c);
	else
		reply_wrong_verb(c, "GET, HEAD, OPTIONS");
}

/* ---------------------------------------------------------------- files of runs and models */

/* The store and path of `below` in the artifacts at `location`. */
static enum pd_code place(struct call *c, struct pd_str location, struct pd_str below,
			  struct pd_str *out_root, struct pd_str *out_path, struct pd_err *err)
{
	struct pd_str base;
	pd_registry_place(c->thread->registry, pd_arena_str(c->arena, location), c->arena, out_root,
			  &base);
	const char *joined = pd_arena_printf(c->arena, "%.*s/%.*s", PD_STR_ARG(base),
					     PD_STR_ARG(below));
	return pd_url_safe_path(c->arena, pd_str_from(joined + (base.n == 0)), out_path, err);
}

static void send_from(struct call *c, struct pd_str location, struct pd_str below)
{
	struct pd_err err = { 0 };
	struct pd_str root, path;
	if (place(c, location, below, &root, &path, &err) == PD_OK)
		file_answer(c, root, path, path, false);
	else
		reply_error(c, &err);
}

static enum pd_code run_location(struct call *c, struct pd_str run_id, struct pd_str *out,
				 struct pd_err *err)
{
	PD_AUTO_JSON json_t *body = NULL;
	if (!run_id.n)
		return pd_fail(err, PD_NOT_FOUND, "Run with id=None not found");
	PD_TRY(rest_read(c, "runs/get", json_pack("{s:o}", "run_id", pd_json_from(run_id)), &body,
			 err));
	const json_t *info = json_object_get(json_object_get(body, "run"), "info");
	*out = pd_arena_str(c->arena, pd_json_str(json_object_get(info, "artifact_uri")));
	return PD_OK;
}

void run_artifact_answer(struct call *c)
{
	struct pd_err err = { 0 };
	struct pd_str run_id, raw, path, location;
	if (!query_find(c, "path", &raw)) {
		reply_bad_request(c);
		return;
	}
	if (!query_find(c, "run_id", &run_id))
		query_find(c, "run_uuid", &run_id);
	if (pd_url_safe_path(c->arena, raw, &path, &err) == PD_OK &&
	    run_location(c, run_id, &location, &err) == PD_OK)
		send_from(c, location, path);
	else
		reply_error(c, &err);
}

void version_artifact_answer(struct call *c)
{
	struct pd_err err = { 0 };
	struct pd_str name, version, raw, path;
	PD_AUTO_JSON json_t *body = NULL;
	if (!query_find(c, "path", &raw)) {
		reply_bad_request(c);
		return;
	}
	query_find(c, "name", &name);
	query_find(c, "version", &version);
	json_t *request = json_pack("{s:o, s:o}", "name", pd_json_from(name), "version",
				    pd_json_from(version));
	enum pd_code code = pd_url_safe_path(c->arena, raw, &path, &err);
	if (code != PD_OK)
		json_decref(request);
	else
		code = rest_read(c, "model-versions/get-download-uri", request, &body, &err);
	if (code == PD_OK)
		send_from(c, pd_json_str(json_object_get(body, "artifact_uri")), path);
	else
		reply_error(c, &err);
}

void model_artifact_answer(struct call *c, struct pd_str model_id)
{
	struct pd_err err = { 0 };
	struct pd_str raw, path;
	PD_AUTO_JSON json_t *body = NULL;
	if (!query_find(c, "artifact_file_path", &raw) || !raw.n) {
		(void)pd_fail(&err, PD_BAD_REQUEST,
			      "Request must include the \"artifact_file_path\" query parameter.");
		reply_error(c, &err);
		return;
	}
	enum pd_code code = pd_url_safe_path(c->arena, raw, &path, &err);
	if (code == PD_OK)
		code = rest_read(c, "logged-models/get",
				 json_pack("{s:o}", "model_id", pd_json_from(model_id)), &body,
				 &err);
	const json_t *info = json_object_get(json_object_get(body, "model"), "info");
	if (code == PD_OK)
		send_from(c, pd_json_str(json_object_get(info, "artifact_uri")), path);
	else
		reply_error(c, &err);
}

/* ---------------------------------------------------------------- a small file by POST */

static enum pd_code upload_small(struct call *c, struct pd_err *err)
{
	struct pd_str run_id, raw, path, location, root, below;
	PD_AUTO_ARTIFACTS *store = NULL;
	struct pd_artifact_upload *upload = NULL;
	if (!query_find(c, "run_uuid", &run_id) || !run_id.n)
		return pd_fail(err, PD_INVALID, "Request must specify run_uuid.");
	if (!query_find(c, "path", &raw) || !raw.n)
		return pd_fail(err, PD_INVALID, "Request must specify path.");
	PD_TRY(pd_url_safe_path(c->arena, raw, &path, err));
	if (c->request->body.n > UPLOAD_MAX)
		return pd_fail(err, PD_INVALID, "Artifact size is too large. Max size is 10MB.");
	if (!c->request->body.n)
		return pd_fail(err, PD_INVALID, "Request must specify data.");
	PD_TRY(run_location(c, run_id, &location, err));
	PD_TRY(place(c, location, path, &root, &below, err));
	PD_TRY(pd_artifacts_open(c->tracking->opts.env, root, &store, err));
	PD_TRY(pd_artifacts_begin(store, below, &upload, err));
	enum pd_code code = pd_artifact_upload_write(upload, c->request->body.p, c->request->body.n,
						     err);
	if (code == PD_OK)
		code = pd_artifact_upload_commit(upload, err);
	pd_artifact_upload_end(upload);
	return code;
}

void upload_artifact_answer(struct call *c)
{
	struct pd_err err = { 0 };
	enum pd_code code = upload_small(c, &err);
	if (code == PD_OK)
		reply_text(c, 200, "application/json", "");
	else
		reply_error(c, &err);
}

/* ---------------------------------------------------------------- links to a bucket */

static enum pd_code presigned_check(struct call *c, bool is_upload, struct pd_err *err)
{
	PD_AUTO_JSON json_t *body = NULL;
	struct pd_str path, location = { 0 };
	PD_TRY(body_read(c, &body, err));
	struct pd_str run_id = pd_json_str(json_object_get(body, "run_id"));
	struct pd_str model_id = pd_json_str(json_object_get(body, "model_id"));
	struct pd_str raw = pd_json_str(json_object_get(body, "path"));
	const char *missing = !raw.n ? "path" : !is_upload && !run_id.n ? "run_id" : NULL;
	if (missing)
		return pd_fail(err, PD_INVALID,
			       "Missing value for required parameter '%s'. See the API docs for "
			       "more information about request parameters.",
			       missing);
	if (is_upload && (run_id.n > 0) == (model_id.n > 0))
		return pd_fail(err, PD_INVALID,
			       "Exactly one of run_id and model_id must be provided.");
	PD_TRY(pd_url_safe_path(c->arena, raw, &path, err));
	if (run_id.n)
		PD_TRY(run_location(c, run_id, &location, err));
	struct pd_str scheme = pd_str_head(location, pd_url_scheme_length(location));
	if (pd_str_eq(scheme, PD_STR("mlflow-artifacts")) || pd_str_starts(scheme, PD_STR("http")))
		return pd_fail(err, PD_INVALID,
			       "Presigned %s is not supported for %sproxied artifact storage "
			       "(artifact URI scheme: %.*s). This endpoint requires a %sdirect "
			       "cloud storage artifact URI.",
			       is_upload ? "upload" : "download", is_upload ? "" : "runs with ",
			       PD_STR_ARG(scheme), is_upload ? "" : "run with a ");
	return pd_fail(err, PD_UNSUPPORTED,
		       "Presigned %s is not supported for the current artifact repository",
		       is_upload ? "upload" : "download");
}

void presigned_answer(struct call *c, bool is_upload)
{
	struct pd_err err = { 0 };
	(void)presigned_check(c, is_upload, &err);
	reply_error(c, &err);
}

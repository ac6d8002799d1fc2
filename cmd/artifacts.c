#include "cmd/transfer.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/locate.h"
#include "cmd/out.h"

/* ---------------------------------------------------------------- list */

struct list_args {
	const char *uri;
	bool recursive;
};

static void print_json(struct pd_ctx *ctx, const struct pd_place *p,
		       const struct pd_artifact_list *list)
{
	PD_AUTO_JSON json_t *j = json_object();
	json_t *files = json_array();
	json_object_set_new(j, "root_uri", pd_json_from(p->where.root));
	json_object_set_new(j, "files", files);
	for (size_t i = 0; i < list->n; i++) {
		const struct pd_artifact *a = &list->items[i];
		json_t *file = json_pack("{s:o, s:b}", "path", pd_json_from(a->path), "is_dir",
					 a->is_dir);
		if (!a->is_dir)
			json_object_set_new(file, "file_size",
					    json_integer((json_int_t)a->size_bytes));
		json_array_append_new(files, file);
	}
	pd_out_json(ctx, j);
}

static void print_table(struct pd_ctx *ctx, const struct pd_artifact_list *list)
{
	static const char *const heads[] = { "PATH", "SIZE", "MODIFIED" };
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	for (size_t i = 0; i < list->n; i++) {
		const struct pd_artifact *a = &list->items[i];
		const char *path = a->is_dir ? pd_arena_printf(ctx->arena, "%.*s/",
							       PD_STR_ARG(a->path))
					     : pd_arena_z(ctx->arena, a->path);
		const struct pd_str cells[] = {
			pd_str_from(path),
			a->is_dir ? PD_STR("") : pd_size_text(ctx, a->size_bytes),
			a->modified_ms ? pd_out_time(ctx, a->modified_ms) : PD_STR(""),
		};
		pd_table_add(&table, cells);
	}
	pd_table_print(&table);
}

static enum pd_code list_run(struct pd_ctx *ctx, const void *args_p, struct pd_err *err)
{
	const struct list_args *args = args_p;
	PD_AUTO(pd_place) p = { 0 };
	struct pd_artifact_list list;
	struct pd_artifact at;
	PD_TRY(pd_place_open(ctx, args->uri, &p, err));
	enum pd_code code = pd_artifacts_stat(p.store, p.where.path, ctx->arena, &at, err);
	/* a run that has no artifacts yet has no folder yet */
	if (code == PD_NOT_FOUND && p.uri.kind == PD_URI_RUN && !p.where.path.n)
		list = (struct pd_artifact_list){ 0 };
	else if (code != PD_OK)
		return pd_locate_missing(ctx, &p.uri, err);
	else if (!at.is_dir) {
		if (!at.path.n) /* the root itself is a file */
			at.path = pd_str_skip(p.where.root,
					      (size_t)(pd_str_rfind(p.where.root, '/') + 1));
		list = (struct pd_artifact_list){ &at, 1 };
	} else
		PD_TRY(pd_artifacts_list(p.store, p.where.path, args->recursive, ctx->arena, &list,
					 err));
	if (ctx->common.json) {
		print_json(ctx, &p, &list);
		return PD_OK;
	}
	if (!ctx->common.quiet) {
		print_table(ctx, &list);
		return PD_OK;
	}
	for (size_t i = 0; i < list.n; i++)
		pd_out_line(ctx, list.items[i].path);
	return PD_OK;
}

static const struct pd_opt list_opts[] = {
	PD_ARG(struct list_args, uri, "URI", PD_HINT_URI, "a run, a model, a folder"),
	PD_OPT_FLAG(struct list_args, recursive, 'r', "recursive", "also what is in its folders"),
	PD_OPT_END
};

static const struct pd_cmd list_cmd = {
	.name = "list",
	.brief = "list the artifacts of a run, a model or a folder",
	.example = "podium artifacts list models:/taxi@champion\n"
		   "podium artifacts list -r runs:/0123456789abcdef0123456789abcdef",
	.opts = list_opts,
	.args_size = sizeof(struct list_args),
	.run = list_run,
};

/* ---------------------------------------------------------------- get */

struct get_args {
	const char *uri;
	const char *into;
};

static enum pd_code get_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct get_args *args = p;
	return pd_fetch(ctx, args->uri, args->into, err);
}

static const struct pd_opt get_opts[] = {
	PD_ARG(struct get_args, uri, "URI", PD_HINT_URI, "what to fetch"),
	PD_OPT_PATH(struct get_args, into, 'o', "output", "DIR", PD_HINT_DIR,
		    "folder to write into, made when it is not there"),
	PD_OPT_END
};

static const struct pd_cmd get_cmd = {
	.name = "get",
	.brief = "bring artifacts into a folder, as fetch does",
	.example = "podium artifacts get runs:/0123456789abcdef0123456789abcdef/plots -o plots",
	.opts = get_opts,
	.args_size = sizeof(struct get_args),
	.defaults = &(const struct get_args){ .into = "." },
	.run = get_run,
};

/* ---------------------------------------------------------------- put */

struct put_args {
	const char *path;
	const char *uri;
};

static const char *base_name(struct pd_ctx *ctx, const char *path)
{
	PD_AUTO_FREE char *full = pd_path_absolute(path);
	return pd_arena_z(ctx->arena, pd_str_from(strrchr(full, '/') + 1));
}

/* Where a file goes: into what ends in "/" or is a folder, else under the name that is given. A
 * URI that is a store's root itself is cut before its last part. */
static enum pd_code file_target(struct pd_ctx *ctx, const char *local, struct pd_place *p,
				struct pd_str *out, struct pd_err *err)
{
	struct pd_artifact at;
	struct pd_location *w = &p->where;
	enum pd_code code = pd_artifacts_stat(p->store, w->path, ctx->arena, &at, err);
	bool is_run_root = p->uri.kind != PD_URI_PATH && p->uri.kind != PD_URI_OTHER && !w->path.n;
	bool into = pd_str_ends(p->uri.text, PD_STR("/")) || is_run_root ||
		    (code == PD_OK && at.is_dir);
	if (code != PD_OK && code != PD_NOT_FOUND)
		return code;
	if (into) {
		const char *name = base_name(ctx, local);
		*out = w->path.n ? pd_str_from(pd_arena_printf(ctx->arena, "%.*s/%s",
							       PD_STR_ARG(w->path), name))
				 : pd_str_from(name);
		return PD_OK;
	}
	*out = w->path;
	if (w->path.n)
		return PD_OK;
	ptrdiff_t slash = pd_str_rfind(w->root, '/');
	if (slash < 0)
		return pd_fail(err, PD_INVALID, "%.*s: a name is wanted behind it",
			       PD_STR_ARG(p->uri.text));
	*out = pd_str_skip(w->root, (size_t)slash + 1);
	w->root = pd_str_head(w->root, slash ? (size_t)slash : 1);
	pd_place_end(p);
	return pd_artifacts_open(ctx->env, w->root, &p->store, err);
}

static void put_say(struct pd_ctx *ctx, const struct pd_place *p, struct pd_str path,
		    const struct pd_transfer *t)
{
	const char *uri = pd_arena_printf(ctx->arena, "%.*s%s%.*s", PD_STR_ARG(p->where.root),
					  path.n ? "/" : "", PD_STR_ARG(path));
	if (ctx->common.json) {
		PD_AUTO_JSON json_t *j = json_pack("{s:s, s:I, s:I, s:I}", "artifact_uri", uri,
						   "files", (json_int_t)t->done.files_done, "bytes",
						   (json_int_t)t->done.bytes_done, "skipped",
						   (json_int_t)t->n_skipped);
		pd_out_json(ctx, j);
		return;
	}
	struct pd_str size = pd_size_text(ctx, t->done.bytes_done);
	pd_out_line(ctx, pd_str_from(uri));
	pd_out_note(ctx, "%zu file%s, %.*s; %zu there already", t->done.files_done,
		    t->done.files_done == 1 ? "" : "s", PD_STR_ARG(size), t->n_skipped);
}

static enum pd_code put_run(struct pd_ctx *ctx, const void *args_p, struct pd_err *err)
{
	const struct put_args *args = args_p;
	PD_AUTO(pd_place) p = { 0 };
	struct pd_transfer t;
	if (!pd_path_exists(args->path))
		return pd_fail(err, PD_NOT_FOUND, "%s: no such file or folder", args->path);
	PD_TRY(pd_place_open(ctx, args->uri, &p, err));
	PD_TRY(pd_place_check_writable(&p, err));
	struct pd_str to = p.where.path;
	if (!pd_path_is_dir(args->path))
		PD_TRY(file_target(ctx, args->path, &p, &to, err));
	pd_transfer_init(&t, ctx);
	enum pd_code code = pd_artifacts_put(p.store, args->path, to, &t, err);
	pd_transfer_done(&t);
	PD_TRY(code);
	put_say(ctx, &p, to, &t);
	return PD_OK;
}

static const struct pd_opt put_opts[] = { PD_ARG(struct put_args, path, "PATH", PD_HINT_FILE,
						 "local file or folder"),
					  PD_ARG(struct put_args, uri, "URI", PD_HINT_URI,
						 "where to: runs:/ID/PATH, models:/m-ID, a path"),
					  PD_OPT_END };

static const struct pd_cmd put_cmd = {
	.name = "put",
	.brief = "put a file or a folder among the artifacts of a run",
	.about = "A file goes to URI/NAME when URI ends in \"/\", is a folder or a run, else it\n"
		 "becomes the object of that name. Of a folder the contents go below URI.",
	.example = "podium artifacts put roc.png runs:/0123456789abcdef0123456789abcdef/plots/",
	.opts = put_opts,
	.args_size = sizeof(struct put_args),
	.run = put_run,
};

/* ---------------------------------------------------------------- rm */

struct rm_args {
	const char *uri;
	bool recursive;
};

static enum pd_code rm_run(struct pd_ctx *ctx, const void *args_p, struct pd_err *err)
{
	const struct rm_args *args = args_p;
	PD_AUTO(pd_place) p = { 0 };
	PD_TRY(pd_place_open(ctx, args->uri, &p, err));
	PD_TRY(pd_place_check_writable(&p, err));
	if (pd_artifacts_remove(p.store, p.where.path, args->recursive, err) == PD_OK)
		return PD_OK;
	if (err->code == PD_INVALID && !args->recursive)
		return pd_fail(err, PD_INVALID,
			       "%s: a folder; -r removes it with all that is in it", args->uri);
	return err->code;
}

static const struct pd_opt rm_opts[] = {
	PD_ARG(struct rm_args, uri, "URI", PD_HINT_URI, "what to remove"),
	PD_OPT_FLAG(struct rm_args, recursive, 'r', "recursive", "a folder with all that is in it"),
	PD_OPT_END
};

static const struct pd_cmd rm_cmd = {
	.name = "rm",
	.brief = "remove artifacts",
	.example = "podium artifacts rm -r runs:/0123456789abcdef0123456789abcdef/plots",
	.opts = rm_opts,
	.args_size = sizeof(struct rm_args),
	.run = rm_run,
};

static const struct pd_cmd *const verbs[] = { &list_cmd, &get_cmd, &put_cmd, &rm_cmd, NULL };

const struct pd_cmd pd_cmd_artifacts = {
	.name = "artifacts",
	.brief = "list, get, put and remove the files of runs and models",
	.example = "podium artifacts list models:/taxi@champion\n"
		   "podium artifacts get runs:/0123456789abcdef0123456789abcdef/plots -o plots",
	.group = PD_GROUP_NOUN,
	.subs = verbs,
};

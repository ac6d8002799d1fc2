#include "cmd/transfer.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/locate.h"
#include "cmd/out.h"

#define SHOW_FROM_BYTES ((uint64_t)8 << 20) /* less is over before anybody reads it */
#define SHOW_EVERY_MS   100

void pd_place_end(struct pd_place *p)
{
	pd_artifacts_close(p->store);
	p->store = NULL;
}

enum pd_code pd_place_open(struct pd_ctx *ctx, const char *uri, struct pd_place *out,
			   struct pd_err *err)
{
	*out = (struct pd_place){ 0 };
	PD_TRY(pd_locate(ctx, uri, ctx->arena, &out->uri, &out->where, err));
	return pd_artifacts_open(ctx->env, out->where.root, &out->store, err);
}

enum pd_code pd_place_check_writable(const struct pd_place *p, struct pd_err *err)
{
	if (!p->where.name.n)
		return PD_OK;
	return pd_fail(err, PD_INVALID,
		       "%.*s: the files of a registered version are not changed; write to a run or "
		       "a logged model and register it",
		       PD_STR_ARG(p->uri.text));
}

/* ---------------------------------------------------------------- progress */

struct pd_str pd_size_text(struct pd_ctx *ctx, uint64_t n_bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double n = (double)n_bytes;
	size_t unit = 0;
	if (n_bytes < 1000)
		return pd_str_from(pd_arena_printf(ctx->arena, "%u byte%s", (unsigned)n_bytes,
						   n_bytes == 1 ? "" : "s"));
	for (n /= 1000; n >= 999.95 && unit + 1 < PD_LEN(units); n /= 1000)
		unit++;
	return pd_str_from(pd_arena_printf(ctx->arena, "%.1f %s", n, units[unit]));
}

struct shown {
	struct pd_ctx *ctx;
	int64_t at_ms;
	bool any;
};

static void show(void *ctx, const struct pd_progress *p)
{
	struct shown *s = ctx;
	int64_t now_ms = pd_tick_ms();
	if (p->bytes_total < SHOW_FROM_BYTES || now_ms - s->at_ms < SHOW_EVERY_MS)
		return;
	s->at_ms = now_ms;
	s->any = true;
	fprintf(s->ctx->env->diag, "\r%5.1f of %.1f MB, %zu of %zu files ",
		(double)p->bytes_done / 1e6, (double)p->bytes_total / 1e6, p->files_done,
		p->files_total);
	fflush(s->ctx->env->diag);
}

void pd_transfer_init(struct pd_transfer *t, struct pd_ctx *ctx)
{
	*t = (struct pd_transfer){ 0 };
	if (ctx->common.quiet || !pd_out_is_terminal(ctx->env->diag))
		return;
	struct shown *s = PD_ARENA_NEW(ctx->arena, struct shown);
	*s = (struct shown){ .ctx = ctx, .at_ms = pd_tick_ms() };
	t->progress = show;
	t->ctx = s;
}

void pd_transfer_done(struct pd_transfer *t)
{
	struct shown *s = t->ctx;
	if (s && s->any)
		fputs("\r\033[K", s->ctx->env->diag);
}

/* ---------------------------------------------------------------- fetch */

static void put(json_t *j, const char *key, struct pd_str text)
{
	if (text.n)
		json_object_set_new(j, key, pd_json_from(text));
}

static void say(struct pd_ctx *ctx, const struct pd_place *p, struct pd_str path,
		const struct pd_transfer *t)
{
	const struct pd_location *w = &p->where;
	if (!ctx->common.json) {
		struct pd_str size = pd_size_text(ctx, t->done.bytes_done);
		pd_out_line(ctx, path);
		pd_out_note(ctx, "%zu file%s, %.*s; %zu there already", t->done.files_done,
			    t->done.files_done == 1 ? "" : "s", PD_STR_ARG(size), t->n_skipped);
		return;
	}
	PD_AUTO_JSON json_t *j = json_object();
	put(j, "path", path);
	put(j, "artifact_uri", w->artifact_uri);
	put(j, "run_id", w->run_id);
	put(j, "model_id", w->model_id);
	put(j, "name", w->name);
	put(j, "version", w->version);
	json_object_set_new(j, "files", json_integer((json_int_t)t->done.files_done));
	json_object_set_new(j, "bytes", json_integer((json_int_t)t->done.bytes_done));
	json_object_set_new(j, "skipped", json_integer((json_int_t)t->n_skipped));
	pd_out_json(ctx, j);
}

static const char *last_part(struct pd_ctx *ctx, const struct pd_location *w)
{
	struct pd_str whole = w->path.n ? w->path : w->root;
	ptrdiff_t slash = pd_str_rfind(whole, '/');
	return pd_arena_z(ctx->arena, pd_str_skip(whole, (size_t)(slash + 1)));
}

enum pd_code pd_fetch(struct pd_ctx *ctx, const char *uri, const char *dest, struct pd_err *err)
{
	PD_AUTO(pd_place) p = { 0 };
	struct pd_artifact found;
	struct pd_transfer t;
	if (!dest[0])
		return pd_fail(err, PD_INVALID, "a folder's name is wanted to write into");
	if (!pd_utf8_check(pd_str_from(dest)))
		return pd_fail(err, PD_INVALID, "the folder's name is not UTF-8");
	PD_TRY(pd_place_open(ctx, uri, &p, err));
	if (pd_artifacts_stat(p.store, p.where.path, ctx->arena, &found, err) != PD_OK)
		return pd_locate_missing(ctx, &p.uri, err);
	pd_transfer_init(&t, ctx);
	enum pd_code code = pd_artifacts_fetch(p.store, p.where.path, dest, &t, err);
	pd_transfer_done(&t);
	PD_TRY(code);
	PD_AUTO_FREE char *path = found.is_dir ? pd_xstrdup(dest)
					       : pd_path_join(dest, last_part(ctx, &p.where));
	say(ctx, &p, pd_str_from(path), &t);
	return PD_OK;
}

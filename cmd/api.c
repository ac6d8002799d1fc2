#include <errno.h>
#include <fcntl.h>

#include "base/auto.h"
#include "base/file.h"
#include "cmd/out.h"
#include "cmd/rest.h"
#include "registry/batch.h"
#include "schema/methods.h"

#define BODY_MAX ((size_t)256 << 20) /* bytes of a request or of one field from a file */

struct api_args {
	const char *method;
	struct pd_list fields;
	const char *verb;
	bool batch;
	bool list;
};

/* ---------------------------------------------------------------- the request */

/* The text of a file, or of standard input for "-". *out: arena. */
static enum pd_code read_text(struct pd_ctx *ctx, const char *path, struct pd_str *out,
			      struct pd_err *err)
{
	PD_AUTO(pd_buf) text = { 0 };
	pd_buf_init(&text, BODY_MAX);
	/* not pd_file_read: <(command) is a pipe */
	bool is_stdin = strcmp(path, "-") == 0;
	PD_AUTO_FD int fd = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (!is_stdin && fd < 0)
		return pd_fail_errno(err, errno, "%s", path);
	PD_TRY(pd_fd_read(&text, is_stdin ? fileno(ctx->env->in) : fd,
			  is_stdin ? "standard input" : path, err));
	PD_TRY(pd_buf_check(&text, path, err));
	*out = pd_arena_str(ctx->arena, pd_buf_view(&text));
	return PD_OK;
}

static enum pd_code find_field(const struct pd_method *m, const char *name,
			       const struct pd_field **out, struct pd_err *err)
{
	const char *names[64];
	size_t n = 0;
	for (const struct pd_field *f = m->fields; f->name; f++) {
		if (strcmp(f->name, name) == 0) {
			*out = f;
			return PD_OK;
		}
		if (n < PD_LEN(names))
			names[n++] = f->name;
	}
	const char *near = pd_name_near(name, names, n);
	if (near)
		return pd_fail(err, PD_USAGE, "%s has no field `%s`; did you mean `%s`?", m->name,
			       name, near);
	return pd_fail(err, PD_USAGE, "%s has no field `%s`", m->name, name);
}

static enum pd_code set_json(json_t *request, const char *name, struct pd_str text,
			     struct pd_err *err)
{
	json_t *value = NULL;
	if (pd_json_parse(text, &value, err) != PD_OK) {
		err->code = PD_USAGE;
		return pd_err_prefix(err, "%s", name);
	}
	json_object_set_new(request, name, value);
	return PD_OK;
}

/* "@FILE": the whole request, or the part that fields given beside it do not replace. */
static enum pd_code set_body(struct pd_ctx *ctx, json_t *request, const char *path,
			     struct pd_err *err)
{
	struct pd_str text;
	PD_AUTO_JSON json_t *body = NULL;
	PD_TRY(read_text(ctx, path, &text, err));
	if (pd_json_parse(text, &body, err) != PD_OK) {
		err->code = PD_USAGE;
		return pd_err_prefix(err, "%s", path);
	}
	if (!json_is_object(body))
		return pd_fail(err, PD_USAGE, "%s: not a JSON object", path);
	json_object_update_missing(request, body);
	return PD_OK;
}

static enum pd_code set_field(struct pd_ctx *ctx, const struct pd_method *m, json_t *request,
			      const char *arg, struct pd_err *err)
{
	if (arg[0] == '@')
		return set_body(ctx, request, arg + 1, err);
	const char *eq = strchr(arg, '=');
	if (!eq || eq == arg)
		return pd_fail(err, PD_USAGE,
			       "`%s` is none of FIELD=TEXT, FIELD=@FILE, FIELD:=JSON, @FILE", arg);
	bool is_json = eq[-1] == ':';
	const char *name = pd_arena_z(ctx->arena, pd_str_of(arg, (size_t)(eq - arg) - is_json));
	struct pd_str text = pd_str_from(eq + 1);
	const struct pd_field *field = NULL;
	PD_TRY(find_field(m, name, &field, err));
	if (text.n > 1 && text.p[0] == '@')
		PD_TRY(read_text(ctx, text.p + 1, &text, err));
	if (is_json)
		return set_json(request, name, text, err);
	if (!field->repeated) /* the last one counts, also before what @FILE brought */
		json_object_del(request, name);
	return pd_request_set_text(m, request, pd_str_from(name), text, err);
}

/* ---------------------------------------------------------------- the call */

static enum pd_code no_method(const struct api_args *args, struct pd_err *err)
{
	const char *names[256];
	size_t n = 0;
	for (const struct pd_method *m = pd_methods; m->name && n < PD_LEN(names); m++) {
		if (args->verb && strcmp(m->name, args->method) == 0)
			return pd_fail(err, PD_USAGE, "%s does not answer to %s, but to %s",
				       m->name, args->verb, m->verbs);
		names[n++] = m->name;
	}
	const char *near = pd_name_near(args->method, names, n);
	if (near)
		return pd_fail(err, PD_USAGE, "no method `%s`; did you mean `%s`?", args->method,
			       near);
	return pd_fail(err, PD_USAGE, "no method `%s`; `podium api --list` shows them",
		       args->method);
}

/* Reading never makes a database. */
static bool only_reads(const struct pd_method *m, const char *verb)
{
	return pd_str_starts(pd_str_from(verb ? verb : m->verbs), PD_STR("GET")) ||
	       pd_str_ends(pd_str_from(m->name), PD_STR("search"));
}

static enum pd_code list_methods(struct pd_ctx *ctx)
{
	static const char *const heads[] = { "METHOD", "VERB", "WHAT IT DOES" };
	struct pd_table table;
	pd_table_init(&table, ctx, PD_LEN(heads), heads);
	for (const struct pd_method *m = pd_methods; m->name; m++) {
		const struct pd_str cells[] = { pd_str_from(m->name), pd_str_from(m->verbs),
						pd_str_from(m->brief) };
		if (ctx->common.quiet)
			pd_out_line(ctx, cells[0]);
		pd_table_add(&table, cells);
	}
	if (!ctx->common.quiet)
		pd_table_print(&table);
	return PD_OK;
}

static enum pd_code call_method(struct pd_ctx *ctx, const struct api_args *args, struct pd_err *err)
{
	struct pd_registry *registry = NULL;
	PD_AUTO_JSON json_t *request = json_object();
	PD_AUTO_JSON json_t *checked = NULL;
	json_t *response = NULL;
	const struct pd_method *m = pd_method_find(args->verb, args->method);
	if (!m)
		return no_method(args, err);
	for (size_t i = 0; i < args->fields.n; i++)
		PD_TRY(set_field(ctx, m, request, args->fields.items[i], err));
	PD_TRY(pd_request_check(m, request, &checked, err));
	PD_TRY(pd_ctx_registry(ctx, !only_reads(m, args->verb), &registry, err));
	PD_TRY(pd_ctx_call(ctx, args->verb, args->method, PD_TAKE(request), &response, err));
	pd_out_json(ctx, response);
	return PD_OK;
}

static enum pd_code api_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct api_args *args = p;
	struct pd_registry *registry = NULL;
	if (args->list)
		return list_methods(ctx);
	if (args->batch && args->method)
		return pd_fail(err, PD_USAGE,
			       "--batch takes no method: calls come on standard "
			       "input");
	if (args->batch) {
		PD_TRY(pd_ctx_registry(ctx, true, &registry, err));
		return pd_batch_run(registry, ctx->env->in, ctx->env->out, err);
	}
	if (!args->method)
		return pd_fail(err, PD_USAGE, "METHOD is missing; `podium api --list` shows them");
	return call_method(ctx, args, err);
}

static const struct pd_opt api_opts[] = {
	PD_ARG_MAYBE(struct api_args, method, "METHOD", PD_HINT_METHOD,
		     "REST method, as runs/get; see --list"),
	PD_ARG_ANY(struct api_args, fields, "FIELD=TEXT", PD_HINT_NONE,
		   "a field: FIELD=TEXT, FIELD=@FILE, FIELD:=JSON, or @FILE for all (@-: stdin)"),
	PD_OPT_TEXT(struct api_args, verb, 'X', "verb", "VERB", PD_HINT_NONE,
		    "HTTP verb where a method has several (POST, DELETE, GET, PATCH)"),
	PD_OPT_FLAG(struct api_args, list, 'l', "list", "list the methods"),
	PD_OPT_FLAG(struct api_args, batch, 0, "batch",
		    "read calls as JSON lines, answer a line each: {\"status\", \"body\"}"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_api = {
	.name = "api",
	.brief = "call a method of the REST API, print the JSON it answers",
	.about = "The same call works on a database and on a server. Lists are written by\n"
		 "repeating the field, or as JSON with `:=`.",
	.example = "podium api runs/search experiment_ids=1 filter=\"metrics.rmse < 6\"\n"
		   "podium api registered-models/alias -X GET name=taxi alias=champion\n"
		   "podium api runs/log-batch run_id=$RUN 'metrics:=@metrics.json'",
	.group = PD_GROUP_REST,
	.opts = api_opts,
	.args_size = sizeof(struct api_args),
	.run = api_run,
};

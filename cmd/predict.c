#include <errno.h>
#include <fcntl.h>

#include "base/auto.h"
#include "base/file.h"
#include "cmd/locate.h"
#include "cmd/out.h"
#include "serve/bulk.h"

struct predict_args {
	const char *uri;
	const char *input;
	const char *output;
	const char *content_type;
	const char *method;
	const char *recipe;
};

static const struct pd_opt predict_opts[] = {
	PD_ARG(struct predict_args, uri, "URI", PD_HINT_URI,
	       "models:/NAME@ALIAS, runs:/ID/PATH, a model directory or file"),
	PD_OPT_PATH(struct predict_args, input, 'i', "input-path", "FILE", PD_HINT_FILE,
		    "file to read; without it, standard input"),
	PD_OPT_PATH(struct predict_args, output, 'o', "output-path", "FILE", PD_HINT_FILE,
		    "file to write, which appears when it is whole; without it, standard output"),
	PD_OPT_CHOICE(struct predict_args, content_type, 't', "content-type", "json|jsonl|csv",
		      "form of the input; without it, by the file's name, else json"),
	PD_OPT_TEXT(struct predict_args, method, 0, "method", "NAME", PD_HINT_NONE,
		    "predict, predict_proba, ...; without it, what the model says"),
	PD_OPT_PATH(struct predict_args, recipe, 0, "recipe", "FILE", PD_HINT_FILE,
		    "recipe for events; without it, podium.json in the model"),
	PD_OPT_END
};

static enum pd_bulk_form form_of(const struct predict_args *a)
{
	struct pd_str name = pd_str_from(a->content_type ? a->content_type : a->input);
	if (pd_str_ends(name, PD_STR("csv")))
		return PD_BULK_CSV;
	if (pd_str_ends(name, PD_STR("jsonl")) || pd_str_ends(name, PD_STR(".ndjson")))
		return PD_BULK_JSONL;
	return PD_BULK_JSON;
}

static enum pd_code write_stdout(void *ctx, struct pd_str bytes, struct pd_err *err)
{
	struct pd_ctx *c = ctx;
	FILE *out = c->env->out;
	if (fwrite(bytes.p, 1, bytes.n, out) != bytes.n || fflush(out) != 0)
		return pd_fail_errno(err, errno, "cannot write predictions");
	return PD_OK;
}

static enum pd_code write_file(void *ctx, struct pd_str bytes, struct pd_err *err)
{
	return pd_file_out_write(ctx, bytes.p, bytes.n, err);
}

static enum pd_code open_input(struct pd_ctx *ctx, const struct predict_args *a, int *out,
			       struct pd_err *err)
{
	*out = a->input ? open(a->input, O_RDONLY | O_CLOEXEC)
			: fcntl(fileno(ctx->env->in), F_DUPFD_CLOEXEC, 0);
	if (*out < 0)
		return pd_fail_errno(err, errno, "cannot read %s",
				     a->input ? a->input : "standard input");
	return PD_OK;
}

static enum pd_code load(struct pd_ctx *ctx, const struct predict_args *a, struct pd_scored **out,
			 struct pd_err *err)
{
	struct pd_located at;
	PD_TRY(pd_locate_model(ctx, a->uri, ctx->arena, &at, err));
	struct pd_scored_opts opts = {
		.method = a->method,
		.recipe_path = a->recipe,
		.facts = { .run_id = at.where.run_id,
			   .model_name = at.where.name,
			   .model_version = at.where.version,
			   .model_id = at.where.model_id },
	};
	return pd_scored_load(at.path, &opts, out, err);
}

static void auto_scored(struct pd_scored **s)
{
	pd_scored_free(*s);
}

static enum pd_code predict_run(struct pd_ctx *ctx, const void *args, struct pd_err *err)
{
	const struct predict_args *a = args;
	PD_AUTO_FD int fd = -1;
	PD_AUTO(pd_file_out) file = { .fd = -1 };
	__attribute__((cleanup(auto_scored))) struct pd_scored *model = NULL;
	struct pd_bulk_opts opts = { .form = form_of(a),
				     .input = a->input ? a->input : "standard input" };
	struct pd_bulk_out out = { write_stdout, ctx };
	size_t n_rows = 0;
	PD_TRY(open_input(ctx, a, &fd, err));
	PD_TRY(load(ctx, a, &model, err));
	if (a->output) {
		PD_TRY(pd_file_out_begin(&file, a->output, 0666, err));
		out = (struct pd_bulk_out){ write_file, &file };
	}
	PD_TRY(pd_bulk_run(model, fd, &opts, &out, &n_rows, err));
	if (!a->output)
		return PD_OK;
	PD_TRY(pd_file_out_commit(&file, err));
	pd_out_note(ctx, "%zu row%s predicted into %s", n_rows, n_rows == 1 ? "" : "s", a->output);
	return PD_OK;
}

const struct pd_cmd pd_cmd_predict = {
	.name = "predict",
	.brief = "predict the rows of a file or pipe",
	.about = "json is one scoring request and gives {\"predictions\": [...]}. jsonl is an\n"
		 "object a line and gives {\"prediction\": ...} a line, or with a recipe the\n"
		 "reply to the event. csv has a header and comes back with a last column\n"
		 "`prediction`, its own bytes as they were. jsonl and csv are read in blocks:\n"
		 "memory does not grow with the file.",
	.example = "podium predict models:/churn@champion -i rows.csv -o predicted.csv\n"
		   "kafkacat -C -t rides | podium predict ./model -t jsonl --recipe recipe.json",
	.group = PD_GROUP_DAILY,
	.opts = predict_opts,
	.args_size = sizeof(struct predict_args),
	.run = predict_run,
};

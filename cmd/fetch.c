#include "cmd/transfer.h"

struct fetch_args {
	const char *uri;
	const char *into;
};

static enum pd_code fetch_run(struct pd_ctx *ctx, const void *p, struct pd_err *err)
{
	const struct fetch_args *args = p;
	return pd_fetch(ctx, args->uri, args->into, err);
}

static const struct pd_opt fetch_opts[] = {
	PD_ARG(struct fetch_args, uri, "URI", PD_HINT_URI,
	       "what to fetch: models:/NAME@ALIAS, runs:/ID/PATH, a path"),
	PD_OPT_PATH(struct fetch_args, into, 'o', "output", "DIR", PD_HINT_DIR,
		    "folder to write into, made when it is not there"),
	PD_OPT_END
};

const struct pd_cmd pd_cmd_fetch = {
	.name = "fetch",
	.brief = "bring a model or other artifacts into a folder",
	.about = "A folder's contents go into DIR (DIR/MLmodel), a single object to DIR/NAME.\n"
		 "Files that are there already, the same, are not fetched again; other files of\n"
		 "DIR stay. A file appears under its name only when all of it is there.",
	.example = "podium fetch models:/taxi@champion -o model\n"
		   "podium fetch runs:/0123456789abcdef0123456789abcdef/plots/roc.png",
	.group = PD_GROUP_DAILY,
	.opts = fetch_opts,
	.args_size = sizeof(struct fetch_args),
	.defaults = &(const struct fetch_args){ .into = "." },
	.run = fetch_run,
};

/*
 * cmd/locate.h - from a URI on the command line to a model on this machine's disk.
 */
#ifndef PD_CMD_LOCATE_H
#define PD_CMD_LOCATE_H

#include "cmd/cmd.h"
#include "registry/uri.h"

struct pd_located {
	struct pd_uri uri;
	struct pd_location where;
	const char *path; /* a model directory or a single model file */
};

/* Parse and resolve; the registry is asked only when the URI needs one. */
PD_MUST enum pd_code pd_locate(struct pd_ctx *ctx, const char *uri, struct pd_arena *arena,
			       struct pd_uri *out_uri, struct pd_location *out, struct pd_err *err);

/* Everything in *out lies in `arena`. A plain path asks no registry.
 * What is elsewhere is fetched into a folder that is removed when `arena` ends.
 * PD_NOT_FOUND, with near names. */
PD_MUST enum pd_code pd_locate_model(struct pd_ctx *ctx, const char *uri, struct pd_arena *arena,
				     struct pd_located *out, struct pd_err *err);

/*
 * err says that nothing is at `uri`: say it with the names of the models its run has, when it names
 * a run. Returns err's code.
 */
enum pd_code pd_locate_missing(struct pd_ctx *ctx, const struct pd_uri *uri, struct pd_err *err);

#endif

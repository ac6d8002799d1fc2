/*
 * cmd/log_internal.h - the parts of `podium log`.
 */
#ifndef PD_CMD_LOG_INTERNAL_H
#define PD_CMD_LOG_INTERNAL_H

#include "base/file.h"
#include "cmd/publish.h"
#include "cmd/start.h"

struct pd_log_args {
	const char *experiment;
	const char *run_id;
	const char *run_name;
	struct pd_list params;
	struct pd_list metrics;
	struct pd_list tags;
	struct pd_list artifacts;
	const char *model;
	const char *model_name;
	const char *register_name;
	struct pd_list aliases;
};

/* "PATH" or "PATH=DEST" of -a. */
struct pd_log_artifact {
	const char *path;
	const char *dest; /* below the run's artifacts, "" for their root */
	bool is_dir;
};

/* A run's data, checked by MLflow's rules before there is a run. */
struct pd_log_data {
	json_t *params;
	json_t *metrics;
	json_t *tags;
	struct pd_log_artifact *artifacts;
	size_t n_artifacts;
};

/* Read and check what the command line gives. PD_USAGE, PD_INVALID, PD_NOT_FOUND (a file). */
PD_MUST enum pd_code pd_log_data_read(struct pd_ctx *ctx, const struct pd_log_args *args,
				      struct pd_log_data *out, struct pd_err *err);
/* Into the run, in as many batches as MLflow's limits ask for. */
PD_MUST enum pd_code pd_log_data_send(struct pd_ctx *ctx, struct pd_str run_id,
				      const struct pd_log_data *data, struct pd_err *err);
PD_MUST enum pd_code pd_log_artifacts_send(struct pd_ctx *ctx, struct pd_str root,
					   const struct pd_log_data *data, struct pd_err *err);

/* Can the file or folder be a model? Before there is a run. */
PD_MUST enum pd_code pd_log_model_check(struct pd_ctx *ctx, const char *path, struct pd_err *err);
/* Make a logged model of it that belongs to the run. *out_id: "m-...", arena. */
PD_MUST enum pd_code pd_log_model_send(struct pd_ctx *ctx, const struct pd_log_args *args,
				       struct pd_str run_id, struct pd_str *out_id,
				       struct pd_err *err);

#endif

/*
 * cmd/transfer.h - what the commands that move artifacts share.
 */
#ifndef PD_CMD_TRANSFER_H
#define PD_CMD_TRANSFER_H

#include "cmd/cmd.h"
#include "registry/uri.h"
#include "store/artifact.h"

/* A URI and the open store behind it. */
struct pd_place {
	struct pd_uri uri;
	struct pd_location where; /* path: what the URI names below the store's root */
	struct pd_artifacts *store;
};

void pd_place_end(struct pd_place *p); /* accepts a zeroed object */

/* Texts lie in the command's arena. Looks whether there is anything only where resolving does. */
PD_MUST enum pd_code pd_place_open(struct pd_ctx *ctx, const char *uri, struct pd_place *out,
				   struct pd_err *err);

/* PD_INVALID: the files of a registered model's version are not to be changed. */
PD_MUST enum pd_code pd_place_check_writable(const struct pd_place *p, struct pd_err *err);

/* Bring what `uri` names into the folder `dest`, and say what was done. */
PD_MUST enum pd_code pd_fetch(struct pd_ctx *ctx, const char *uri, const char *dest,
			      struct pd_err *err);

/* A transfer that shows its progress on a terminal. */
void pd_transfer_init(struct pd_transfer *t, struct pd_ctx *ctx);
/* Take the progress off the terminal. */
void pd_transfer_done(struct pd_transfer *t);

/* "12 bytes", "3.4 MB". Arena. */
struct pd_str pd_size_text(struct pd_ctx *ctx, uint64_t n_bytes);

#endif

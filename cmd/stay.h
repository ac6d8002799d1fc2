/*
 * cmd/stay.h - commands that stay: they say when they are ready, wait for signals, and drain.
 */
#ifndef PD_CMD_STAY_H
#define PD_CMD_STAY_H

#include <signal.h>

#include "cmd/cmd.h"
#include "serve/http.h"

struct pd_stay {
	struct pd_ctx *ctx;
	sigset_t signals; /* SIGTERM and SIGINT */
};

/* From here on they are waited for and end nothing by themselves. Before any thread is started. */
void pd_stay_begin(struct pd_stay *s, struct pd_ctx *ctx);

/* "ready: http://127.0.0.1:5000" on stderr. */
void pd_stay_ready(const struct pd_stay *s, const struct pd_http *http);

/* The signal that came, or 0 when none did in time. */
int pd_stay_wait(const struct pd_stay *s, int64_t ms);

/* Answer what is in flight; a second signal ends at once. PD_TIMEOUT: some were not answered. */
PD_MUST enum pd_code pd_stay_drain(const struct pd_stay *s, struct pd_http *http, int64_t timeout_s,
				   struct pd_err *err);

/* Those this process may run on. */
unsigned pd_n_processors(void);

#endif

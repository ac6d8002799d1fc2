#include "cmd/stay.h"

#include <sched.h>
#include <time.h>

#include "cmd/out.h"

void pd_stay_begin(struct pd_stay *s, struct pd_ctx *ctx)
{
	s->ctx = ctx;
	sigemptyset(&s->signals);
	sigaddset(&s->signals, SIGTERM);
	sigaddset(&s->signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &s->signals, NULL);
}

void pd_stay_ready(const struct pd_stay *s, const struct pd_http *http)
{
	fprintf(s->ctx->env->diag, "ready: %s\n", pd_http_url(http));
	fflush(s->ctx->env->diag);
}

int pd_stay_wait(const struct pd_stay *s, int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	int sig = sigtimedwait(&s->signals, NULL, &t);
	return sig > 0 ? sig : 0;
}

enum pd_code pd_stay_drain(const struct pd_stay *s, struct pd_http *http, int64_t timeout_s,
			   struct pd_err *err)
{
	unsigned n = pd_http_in_flight(http);
	pd_out_note(s->ctx, "draining: %u request%s in flight", n, n == 1 ? "" : "s");
	pd_http_drain(http);
	while (!pd_http_wait(http, 50)) {
		int sig = pd_stay_wait(s, 0);
		if (sig) {
			s->ctx->exit_status = 128 + sig;
			return PD_OK;
		}
	}
	n = pd_http_n_lost(http);
	if (n)
		return pd_fail(err, PD_TIMEOUT,
			       "%u request%s not answered within %lld s of draining", n,
			       n == 1 ? "" : "s", (long long)timeout_s);
	return PD_OK;
}

unsigned pd_n_processors(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

#include "cmd/stop.h"

#include <string.h>

#include "base/mem.h"

volatile sig_atomic_t pd_stop_signal;

static const int watched[] = { SIGHUP, SIGINT, SIGTERM };

static void remember(int sig)
{
	pd_stop_signal = sig;
}

static bool is_ignored(int sig)
{
	struct sigaction old;
	return sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
}

void pd_stop_watch(void)
{
	struct sigaction act = { .sa_handler = remember, .sa_flags = SA_RESTART | SA_RESETHAND };
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < PD_LEN(watched); i++)
		if (!is_ignored(watched[i]))
			sigaction(watched[i], &act, NULL);
}

enum pd_code pd_stop_check(struct pd_err *err)
{
	int sig = pd_stop_signal;
	if (!sig)
		return PD_OK;
	return pd_fail(err, PD_IO, "stopped by signal %d (%s)", sig, strsignal(sig));
}

void pd_stop_obey(void)
{
	int sig = pd_stop_signal;
	if (!sig)
		return;
	signal(sig, SIG_DFL);
	raise(sig);
}

void pd_stop_forget(void)
{
	for (size_t i = 0; i < PD_LEN(watched); i++)
		if (!is_ignored(watched[i]))
			signal(watched[i], SIG_DFL);
}

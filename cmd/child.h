/*
 * cmd/child.h - a program run in our place: its own standard streams are ours, signals reach it
 * as if it had been started without us.
 *
 * The child stays in our process group, so the terminal is its terminal too: Ctrl-C and Ctrl-Z go
 * to both, the shell's job control sees one job. What the kernel sends to the whole group is not
 * passed on a second time; what somebody sends to us with kill(2) is.
 */
#ifndef PD_CMD_CHILD_H
#define PD_CMD_CHILD_H

#include "base/arena.h"
#include "cmd/opt.h"

struct pd_child_end {
	int exit_status; /* as a shell sees it: the code, or 128 + signal */
	bool killed;     /* by a signal, or it ended with 128 + a signal that was passed on */
	int start_errno; /* it never ran: 0, or why */
};

/* Where a shell finds the program. Arena. PD_NOT_FOUND, PD_DENIED: not executable. */
PD_MUST enum pd_code pd_child_find(const char *name, const char *path_var, struct pd_arena *arena,
				   const char **out, struct pd_err *err);

/* vars: "NAME=VALUE" to set, "NAME" to unset. Returns when it has ended.
 * PD_IO: no process could be made. */
PD_MUST enum pd_code pd_child_run(const char *program, const struct pd_list *command,
				  const struct pd_list *vars, struct pd_child_end *out,
				  struct pd_err *err);

#endif

/*
 * cmd/stop.h - SIGHUP, SIGINT and SIGTERM for a command that has something to put right before it
 * ends: the first is remembered, a second one ends the program at once.
 */
#ifndef PD_CMD_STOP_H
#define PD_CMD_STOP_H

#include <signal.h>

#include "base/err.h"

/* From now on. A signal that the caller had ignored (nohup) stays ignored. */
void pd_stop_watch(void);

/* The signal that came, or 0; for code that polls it. */
extern volatile sig_atomic_t pd_stop_signal;

/* PD_IO, with the signal's name, when one came. */
PD_MUST enum pd_code pd_stop_check(struct pd_err *err);

/* Die of the signal that came, so that a shell sees it; returns when none came. */
void pd_stop_obey(void);

/* In a child, before its signals are let through: as if nothing had been watched. */
void pd_stop_forget(void);

#endif

/*
 * base/env.h - the world a command runs in: output, environment variables, the clock. They come
 * in through this struct so that a command can be tested without a process of its own.
 */
#ifndef PD_BASE_ENV_H
#define PD_BASE_ENV_H

#include <stdio.h>

#include "base/str.h"

struct pd_env {
	FILE *in;
	FILE *out;                                                      /* results */
	FILE *diag;                                                     /* everything else */
	const char *(*var)(const struct pd_env *env, const char *name); /* borrowed, or NULL */
	int64_t (*now_ms)(const struct pd_env *env); /* milliseconds since 1970-01-01 UTC */
	void *ctx;                                   /* for the two functions above */
};

/* stdin, stdout, stderr, getenv, the system's clock. */
void pd_env_init(struct pd_env *env);

/* The variable, or NULL when unset or empty. */
const char *pd_env_var(const struct pd_env *env, const char *name);
int64_t pd_env_now_ms(const struct pd_env *env);

/* Monotonic milliseconds, for durations only. */
int64_t pd_tick_ms(void);

/* `n_bytes` random bytes as lower-case hex with a NUL: out has room for 2 * n_bytes + 1. From the
 * system's generator; ends the process if there is none. */
void pd_random_hex(char *out, size_t n_bytes);

#endif

#include "base/env.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static const char *system_var(const struct pd_env *env, const char *name)
{
	(void)env;
	return getenv(name);
}

static int64_t system_now_ms(const struct pd_env *env)
{
	(void)env;
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void pd_env_init(struct pd_env *env)
{
	*env = (struct pd_env){
		.in = stdin,
		.out = stdout,
		.diag = stderr,
		.var = system_var,
		.now_ms = system_now_ms,
	};
}

const char *pd_env_var(const struct pd_env *env, const char *name)
{
	const char *value = env->var(env, name);
	return value && value[0] ? value : NULL;
}

int64_t pd_env_now_ms(const struct pd_env *env)
{
	return env->now_ms(env);
}

int64_t pd_tick_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void pd_random_hex(char *out, size_t n_bytes)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char byte;
	for (size_t i = 0; i < n_bytes; i++) {
		if (getrandom(&byte, 1, 0) != 1) {
			fputs("podium: no random numbers from the system\n", stderr);
			_Exit(1);
		}
		out[2 * i] = digits[byte >> 4];
		out[2 * i + 1] = digits[byte & 15];
	}
	out[2 * n_bytes] = '\0';
}

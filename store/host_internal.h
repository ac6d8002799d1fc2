/* store/host_internal.h - from the environment to a policy; shared by store/host*.c. */
#ifndef PD_STORE_HOST_INTERNAL_H
#define PD_STORE_HOST_INTERNAL_H

#include "store/host.h"

/* Retries, waiting, TLS. Texts lie in `arena` or the environment. */
PD_MUST enum pd_code pd_host_read_policy(const struct pd_env *env, bool hasty,
					 struct pd_http_policy *out, struct pd_err *err);

/* User and password, or a token, by variables and file; all NULL: none. Arena. */
PD_MUST enum pd_code pd_host_read_identity(const struct pd_env *env, struct pd_arena *arena,
					   struct pd_http_policy *out, struct pd_err *err);

#endif

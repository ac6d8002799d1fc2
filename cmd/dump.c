#include "cmd/dump.h"

enum pd_code pd_dump(struct pd_ctx *ctx, const char *kind, struct pd_err *err)
{
	(void)ctx;
	return pd_fail(err, PD_USAGE, "--dump: `%s` is none of bash, zsh, fish, man, man:NAME",
		       kind);
}

/*
 * cmd/cmd.h - a subcommand is one const table.
 *
 * To add one:
 *   1. cmd/NAME.c with its option table and `const struct pd_cmd pd_cmd_NAME = { ... };`
 *   2. a line in PD_CMD_LIST below, in its group, and the file in the Makefile
 *   3. docs/man/NAME.md, the manual's prose
 *   4. `make generate`; `make check` fails while a committed copy differs from the tables
 *
 * A command gets its options parsed and its registry opened on demand, prints results with
 * cmd/out.h or ctx->env->out, and returns a code with one line in err; it prints no error itself.
 */
#ifndef PD_CMD_CMD_H
#define PD_CMD_CMD_H

#include "base/arena.h"
#include "base/env.h"
#include "cmd/opt.h"
#include "registry/registry.h"

struct pd_cmd;

/* What a command runs with. */
struct pd_ctx {
	const struct pd_env *env;
	struct pd_arena *arena; /* lives as long as the command runs */
	const struct pd_cmd *cmd;
	struct pd_common common;
	bool hasty;                   /* a server is asked once, with short waits */
	struct pd_registry *registry; /* pd_ctx_registry fills it */
	const json_t *response;       /* of the last call */
	bool said_json;
	int exit_status; /* not 0: instead of the code's own; `run` hands on its child's */
};

enum pd_cmd_group {
	PD_GROUP_DAILY,
	PD_GROUP_NOUN,
	PD_GROUP_DEPLOY,
	PD_GROUP_REST,
	PD_GROUP_HIDDEN,
	PD_N_GROUPS
};

struct pd_cmd {
	const char *name;
	const char *brief;   /* one line, imperative, lower case */
	const char *about;   /* more for --help, or NULL; lines of at most 78 columns */
	const char *example; /* command lines, one a line; at least one */
	enum pd_cmd_group group;
	const struct pd_opt *opts;        /* NULL for a noun */
	size_t args_size;                 /* of the struct the table fills */
	const void *defaults;             /* one such struct, or NULL: all zero */
	const struct pd_cmd *const *subs; /* a noun's verbs, NULL at the end */
	enum pd_code (*run)(struct pd_ctx *ctx, const void *args, struct pd_err *err);
};

#define PD_CMD_LIST(X)                                                                             \
	/* daily */                                                                                \
	X(log)                                                                                     \
	X(register)                                                                                \
	X(run)                                                                                     \
	X(alias)                                                                                   \
	X(fetch)                                                                                   \
	X(predict)                                                                                 \
	X(inspect)                                                                                 \
	X(serve)                                                                                   \
	/* nouns */                                                                                \
	X(experiments)                                                                             \
	X(runs)                                                                                    \
	X(models)                                                                                  \
	X(artifacts)                                                                               \
	/* deploying */                                                                            \
	X(server)                                                                                  \
	/* the rest */                                                                             \
	X(api)                                                                                     \
	X(complete)                                                                                \
	X(completion)                                                                              \
	X(help)                                                                                    \
	X(version)

#define PD_CMD_DECLARE(name) extern const struct pd_cmd pd_cmd_##name;
PD_CMD_LIST(PD_CMD_DECLARE)
#undef PD_CMD_DECLARE

extern const struct pd_cmd *const pd_cmds[]; /* NULL at the end */

/* By name, or NULL. */
const struct pd_cmd *pd_cmd_find(const struct pd_cmd *const *cmds, const char *name);

/* `typed` is none of `cmds`: one line with the nearest name. `what` is "command" or "verb". */
enum pd_code pd_cmd_unknown(const struct pd_cmd *const *cmds, const char *what, const char *typed,
			    struct pd_err *err);

/* The program: argv[0] is its name. Returns the exit status. */
int pd_cmd_main(const struct pd_env *env, int argc, char *const argv[]);

/* --tracking-uri and --registry-uri count before the environment for all who read it. */
void pd_ctx_use_options(struct pd_ctx *ctx);

/* The registry by --tracking-uri, --registry-uri and the environment, opened at the first call;
 * borrowed, closed when the command ends. create: a missing database is made, so call it only
 * when everything that the command line can get wrong has been checked. */
PD_MUST enum pd_code pd_ctx_registry(struct pd_ctx *ctx, bool create, struct pd_registry **out,
				     struct pd_err *err);

/* Close it early, for the time something else has the floor; the next call opens it again. */
void pd_ctx_registry_close(struct pd_ctx *ctx);

/* pd_registry_call on it, opened when it is not yet (and then not made); *out is released with
 * the arena. */
PD_MUST enum pd_code pd_ctx_call(struct pd_ctx *ctx, const char *verb, const char *method,
				 json_t *taken_request, json_t **out, struct pd_err *err);

#endif

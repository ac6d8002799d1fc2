/*
 * cmd/opt.h - what a command takes, as one const table: the parser, --help, completions and the
 * man page's OPTIONS all read the same rows.
 *
 *   struct fetch_args { const char *uri; const char *into; int64_t jobs; };
 *   static const struct pd_opt fetch_opts[] = {
 *           PD_ARG(struct fetch_args, uri, "URI", PD_HINT_URI, "what to download"),
 *           PD_OPT_PATH(struct fetch_args, into, 'o', "into", "DIR", PD_HINT_DIR, "where to"),
 *           PD_OPT_INT(struct fetch_args, jobs, 'j', "jobs", "N", 1, 64, "parts at once"),
 *           PD_OPT_END
 *   };
 *
 * The grammar is getopt_long's without abbreviations: "-o V", "-oV", "--into V", "--into=V",
 * flags bundled ("-qh"), options also behind positionals, "--" ends them. Of a repeated option the
 * last one counts, lists collect. Texts must be UTF-8; only file names need not.
 */
#ifndef PD_CMD_OPT_H
#define PD_CMD_OPT_H

#include <stddef.h>

#include "base/arena.h"

enum pd_hint {
	PD_HINT_NONE,
	PD_HINT_URI,
	PD_HINT_FILE,
	PD_HINT_DIR,
	PD_HINT_EXPERIMENT,
	PD_HINT_MODEL, /* a registered model */
	PD_HINT_ALIAS, /* of the model named by the positional before it */
	PD_HINT_RUN,
	PD_HINT_COMMAND, /* a program of the system */
	PD_HINT_TOPIC,   /* a command of podium */
	PD_HINT_METHOD,  /* of the REST API */
	PD_HINT_SHELL,   /* bash, zsh, fish */
	PD_HINT_PAIR,    /* KEY=VALUE, checked */
	PD_N_HINTS
};

enum pd_opt_kind {
	PD_OPT_KIND_END,
	PD_OPT_KIND_FLAG,   /* bool */
	PD_OPT_KIND_TEXT,   /* const char * */
	PD_OPT_KIND_CHOICE, /* const char *, one of `value` ("json|csv") */
	PD_OPT_KIND_INT,    /* int64_t, decimal, min to max */
	PD_OPT_KIND_SIZE,   /* int64_t bytes: a number with k, M or G (1024s) behind */
	PD_OPT_KIND_REAL,   /* double, finite, min to max */
	PD_OPT_KIND_LIST,   /* struct pd_list, may be repeated */
	PD_OPT_KIND_PAIRS,  /* struct pd_list of "KEY=VALUE" with a key */
	PD_OPT_KIND_ARG,    /* const char *: a positional that must be there */
	PD_OPT_KIND_MAYBE,  /* const char *: a positional that may be missing */
	PD_OPT_KIND_MANY,   /* struct pd_list: one positional or more, last row */
	PD_OPT_KIND_ANY,    /* struct pd_list: none or more, last row */
	PD_OPT_KIND_REST,   /* struct pd_list: a command line; options end where it begins */
};

/* Memory: arena; items are argv's own texts. */
struct pd_list {
	const char *const *items;
	size_t n;
};

struct pd_opt {
	enum pd_opt_kind kind;
	enum pd_hint hint;
	char letter;       /* 0: no short form */
	const char *name;  /* long name; NULL for positionals */
	const char *value; /* what --help calls the value; NULL for flags */
	const char *help;
	size_t offset;
	int64_t min;
	int64_t max;
};

/* offsetof, and an error when the member is not of the type the row needs */
#define PD_OPT_AT(type, field, want) _Generic(((type *)0)->field, want : offsetof(type, field))

#define PD_OPT_ROW(k, h, l, n, v, off, lo, hi, text)                                               \
	{                                                                                          \
		.kind = PD_OPT_KIND_##k, .hint = (h), .letter = (l), .name = (n), .value = (v),    \
		.help = (text), .offset = (off), .min = (lo), .max = (hi)                          \
	}

#define PD_OPT_FLAG(type, field, letter, name, help)                                               \
	PD_OPT_ROW(FLAG, PD_HINT_NONE, letter, name, NULL, PD_OPT_AT(type, field, bool), 0, 0, help)
#define PD_OPT_TEXT(type, field, letter, name, value, hint, help)                                  \
	PD_OPT_ROW(TEXT, hint, letter, name, value, PD_OPT_AT(type, field, const char *), 0, 0,    \
		   help)
#define PD_OPT_PATH(type, field, letter, name, value, hint, help)                                  \
	PD_OPT_TEXT(type, field, letter, name, value, hint, help)
#define PD_OPT_CHOICE(type, field, letter, name, choices, help)                                    \
	PD_OPT_ROW(CHOICE, PD_HINT_NONE, letter, name, choices,                                    \
		   PD_OPT_AT(type, field, const char *), 0, 0, help)
#define PD_OPT_INT(type, field, letter, name, value, min, max, help)                               \
	PD_OPT_ROW(INT, PD_HINT_NONE, letter, name, value, PD_OPT_AT(type, field, int64_t), min,   \
		   max, help)
#define PD_OPT_SIZE(type, field, letter, name, value, min, max, help)                              \
	PD_OPT_ROW(SIZE, PD_HINT_NONE, letter, name, value, PD_OPT_AT(type, field, int64_t), min,  \
		   max, help)
#define PD_OPT_REAL(type, field, letter, name, value, min, max, help)                              \
	PD_OPT_ROW(REAL, PD_HINT_NONE, letter, name, value, PD_OPT_AT(type, field, double), min,   \
		   max, help)
#define PD_OPT_LIST(type, field, letter, name, value, hint, help)                                  \
	PD_OPT_ROW(LIST, hint, letter, name, value, PD_OPT_AT(type, field, struct pd_list), 0, 0,  \
		   help)
#define PD_OPT_PAIRS(type, field, letter, name, value, help)                                       \
	PD_OPT_ROW(PAIRS, PD_HINT_NONE, letter, name, value,                                       \
		   PD_OPT_AT(type, field, struct pd_list), 0, 0, help)
#define PD_ARG(type, field, value, hint, help)                                                     \
	PD_OPT_ROW(ARG, hint, 0, NULL, value, PD_OPT_AT(type, field, const char *), 0, 0, help)
#define PD_ARG_MAYBE(type, field, value, hint, help)                                               \
	PD_OPT_ROW(MAYBE, hint, 0, NULL, value, PD_OPT_AT(type, field, const char *), 0, 0, help)
#define PD_ARG_MANY(type, field, value, hint, help)                                                \
	PD_OPT_ROW(MANY, hint, 0, NULL, value, PD_OPT_AT(type, field, struct pd_list), 0, 0, help)
#define PD_ARG_ANY(type, field, value, hint, help)                                                 \
	PD_OPT_ROW(ANY, hint, 0, NULL, value, PD_OPT_AT(type, field, struct pd_list), 0, 0, help)
#define PD_ARG_REST(type, field, value, help)                                                      \
	PD_OPT_ROW(REST, PD_HINT_COMMAND, 0, NULL, value, PD_OPT_AT(type, field, struct pd_list),  \
		   0, 0, help)
#define PD_OPT_END                                                                                 \
	{                                                                                          \
		.kind = PD_OPT_KIND_END                                                            \
	}

/* What every command takes beside its own table. */
struct pd_common {
	const char *tracking_uri;
	const char *registry_uri;
	bool json;
	bool quiet;
	bool help;
	bool version; /* only before a command's name */
};

extern const struct pd_opt pd_common_opts[];

static inline bool pd_opt_is_positional(const struct pd_opt *o)
{
	return o->kind >= PD_OPT_KIND_ARG;
}

static inline bool pd_opt_takes_value(const struct pd_opt *o)
{
	return o->kind > PD_OPT_KIND_FLAG && o->kind < PD_OPT_KIND_ARG;
}

/*
 * Read argv[0..argc) (without the command's name) into `args`, which holds the defaults already,
 * and `common`. Texts are borrowed from argv. After --help the rest is not looked at.
 * PD_USAGE: one line that says what is wrong, with the nearest name where there is one.
 */
PD_MUST enum pd_code pd_opt_parse(const struct pd_opt *opts, int argc, char *const argv[],
				  void *args, struct pd_common *common, struct pd_arena *arena,
				  struct pd_err *err);

/* Common options in front of a command's name; *out_n arguments are used. */
PD_MUST enum pd_code pd_opt_parse_front(int argc, char *const argv[], struct pd_common *common,
					struct pd_arena *arena, int *out_n, struct pd_err *err);

/* The nearest of n names, near enough to be a slip of the finger or cut short; else NULL. */
const char *pd_name_near(const char *typed, const char *const names[], size_t n);

#endif

#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "cmd/cmd.h"

struct bag {
	const char *uri;
	const char *into;
	const char *format;
	int64_t jobs;
	int64_t size_bytes;
	double timeout_s;
	bool force;
	bool all;
	struct pd_list params;
	struct pd_list rest;
};

static const struct pd_opt bag_opts[] = {
	PD_ARG(struct bag, uri, "URI", PD_HINT_URI, "what to download"),
	PD_ARG_ANY(struct bag, rest, "MORE", PD_HINT_NONE, "more"),
	PD_OPT_PATH(struct bag, into, 'o', "into", "DIR", PD_HINT_DIR, "where to"),
	PD_OPT_CHOICE(struct bag, format, 0, "format", "json|csv", "how"),
	PD_OPT_INT(struct bag, jobs, 'j', "jobs", "N", 1, 64, "parts in flight"),
	PD_OPT_SIZE(struct bag, size_bytes, 0, "size", "BYTES", 1, (int64_t)1 << 40, "a size"),
	PD_OPT_REAL(struct bag, timeout_s, 0, "timeout", "S", 0, 3600, "seconds"),
	PD_OPT_FLAG(struct bag, force, 'f', "force", "do it"),
	PD_OPT_FLAG(struct bag, all, 'a', "all", "everything"),
	PD_OPT_PAIRS(struct bag, params, 'p', "param", "KEY=VALUE", "a parameter"),
	PD_OPT_END
};

static const struct pd_opt command_opts[] = { PD_ARG_REST(struct bag, rest, "CMD", "what to run"),
					      PD_OPT_FLAG(struct bag, force, 'f', "force", "do it"),
					      PD_OPT_END };

struct fixture {
	struct pd_arena arena;
	struct bag bag;
	struct pd_common common;
	struct pd_err err;
};

static void fixture_end(struct fixture *f)
{
	pd_arena_end(&f->arena);
}

static enum pd_code parse_with(struct fixture *f, const struct pd_opt *opts,
			       const char *const *argv)
{
	int argc = 0;
	while (argv[argc])
		argc++;
	f->bag = (struct bag){ .into = ".", .jobs = 4 };
	f->common = (struct pd_common){ 0 };
	return pd_opt_parse(opts, argc, (char *const *)(uintptr_t)argv, &f->bag, &f->common,
			    &f->arena, &f->err);
}

#define PARSE(f, ...) parse_with(f, bag_opts, (const char *const[]){ __VA_ARGS__, NULL })
#define FIXTURE       PD_CLEANUP(fixture_end) struct fixture f = { 0 }

PD_TEST(values_are_taken_in_every_spelling)
{
	FIXTURE;
	assert_ok(PARSE(&f, "x", "-o", "a", "-j8", "--timeout=1.5", "--size", "64M"));
	assert_string_equal(f.bag.uri, "x");
	assert_string_equal(f.bag.into, "a");
	assert_int_equal(f.bag.jobs, 8);
	assert_true(f.bag.timeout_s == 1.5);
	assert_int_equal(f.bag.size_bytes, 64 << 20);
	assert_ok(PARSE(&f, "--into=a=b", "x"));
	assert_string_equal(f.bag.into, "a=b");
	assert_ok(PARSE(&f, "--into=", "x"));
	assert_string_equal(f.bag.into, "");
}

PD_TEST(defaults_stay_when_nothing_is_given)
{
	FIXTURE;
	assert_ok(PARSE(&f, "x"));
	assert_string_equal(f.bag.into, ".");
	assert_int_equal(f.bag.jobs, 4);
	assert_int_equal(f.bag.params.n, 0);
}

PD_TEST(the_last_of_a_repeated_option_counts)
{
	FIXTURE;
	assert_ok(PARSE(&f, "x", "-j1", "-j2"));
	assert_int_equal(f.bag.jobs, 2);
}

PD_TEST(pairs_collect_in_order)
{
	FIXTURE;
	assert_ok(PARSE(&f, "-p", "a=1", "x", "-pb=", "--param", "c=d=e"));
	assert_int_equal(f.bag.params.n, 3);
	assert_string_equal(f.bag.params.items[0], "a=1");
	assert_string_equal(f.bag.params.items[1], "b=");
	assert_string_equal(f.bag.params.items[2], "c=d=e");
	assert_code(PARSE(&f, "x", "-p", "a"), PD_USAGE);
	assert_string_equal(f.err.text, "--param: `a` is not KEY=VALUE");
	assert_code(PARSE(&f, "x", "-p", "=a"), PD_USAGE);
}

PD_TEST(flags_bundle_and_take_no_value)
{
	FIXTURE;
	assert_ok(PARSE(&f, "x", "-fqa", "--json"));
	assert_true(f.bag.force && f.bag.all && f.common.quiet && f.common.json);
	assert_ok(PARSE(&f, "x", "-faj9"));
	assert_int_equal(f.bag.jobs, 9);
	assert_code(PARSE(&f, "x", "--force=yes"), PD_USAGE);
	assert_string_equal(f.err.text, "--force takes no value");
}

PD_TEST(options_stand_behind_positionals_and_end_at_two_dashes)
{
	FIXTURE;
	assert_ok(PARSE(&f, "x", "-f", "y", "--", "-f", "--into"));
	assert_true(f.bag.force);
	assert_string_equal(f.bag.uri, "x");
	assert_int_equal(f.bag.rest.n, 3);
	assert_string_equal(f.bag.rest.items[2], "--into");
	assert_ok(PARSE(&f, "-"));
	assert_string_equal(f.bag.uri, "-");
}

PD_TEST(a_command_line_keeps_its_own_options)
{
	FIXTURE;
	const char *const bare[] = { "-f", "python", "-c", "--help", "--", NULL };
	assert_ok(parse_with(&f, command_opts, bare));
	assert_true(f.bag.force);
	assert_false(f.common.help);
	assert_int_equal(f.bag.rest.n, 4);
	const char *const dashes[] = { "--", "-f", NULL };
	assert_ok(parse_with(&f, command_opts, dashes));
	assert_false(f.bag.force);
	assert_int_equal(f.bag.rest.n, 1);
	const char *const none[] = { "-f", "--", NULL };
	assert_code(parse_with(&f, command_opts, none), PD_USAGE);
	assert_string_equal(f.err.text, "CMD is missing: what to run");
}

PD_TEST(numbers_out_of_range_are_refused)
{
	FIXTURE;
	assert_code(PARSE(&f, "x", "-j", "65"), PD_USAGE);
	assert_string_equal(f.err.text, "--jobs: 65 is not between 1 and 64");
	assert_code(PARSE(&f, "x", "-j", "99999999999999999999"), PD_USAGE);
	assert_string_equal(f.err.text, "--jobs: 99999999999999999999 is not between 1 and 64");
	assert_code(PARSE(&f, "x", "-j", ""), PD_USAGE);
	assert_code(PARSE(&f, "x", "-j", "1x"), PD_USAGE);
	assert_string_equal(f.err.text, "--jobs: `1x` is not a whole number");
	assert_code(PARSE(&f, "x", "--size", "9999999999G"), PD_USAGE);
	assert_code(PARSE(&f, "x", "--size", "G"), PD_USAGE);
	assert_code(PARSE(&f, "x", "--timeout", "nan"), PD_USAGE);
	assert_code(PARSE(&f, "x", "--timeout", "0x10"), PD_USAGE);
	assert_code(PARSE(&f, "x", "--timeout", "1e9"), PD_USAGE);
	assert_code(PARSE(&f, "x", "--timeout", "."), PD_USAGE);
}

PD_TEST(a_choice_is_one_of_its_words)
{
	FIXTURE;
	assert_ok(PARSE(&f, "x", "--format", "csv"));
	assert_string_equal(f.bag.format, "csv");
	assert_code(PARSE(&f, "x", "--format", "cs"), PD_USAGE);
	assert_string_equal(f.err.text, "--format: `cs` is none of json|csv");
	assert_code(PARSE(&f, "x", "--format", ""), PD_USAGE);
}

PD_TEST(abbreviations_are_refused_with_the_whole_name)
{
	FIXTURE;
	assert_code(PARSE(&f, "x", "--forc"), PD_USAGE);
	assert_string_equal(f.err.text, "unknown option `--forc`; did you mean `--force`?");
	assert_code(PARSE(&f, "x", "--trakcing-uri=y"), PD_USAGE);
	assert_string_equal(f.err.text,
			    "unknown option `--trakcing-uri`; did you mean `--tracking-uri`?");
	assert_code(PARSE(&f, "x", "--zebra"), PD_USAGE);
	assert_string_equal(f.err.text, "unknown option `--zebra`; see --help");
	assert_code(PARSE(&f, "x", "-z"), PD_USAGE);
}

PD_TEST(what_is_missing_is_named)
{
	FIXTURE;
	assert_code(PARSE(&f, "-f"), PD_USAGE);
	assert_string_equal(f.err.text, "URI is missing: what to download");
	assert_code(PARSE(&f, "x", "-j"), PD_USAGE);
	assert_string_equal(f.err.text, "--jobs needs a value: --jobs N");
	assert_ok(PARSE(&f, "--help"));
	assert_true(f.common.help);
}

PD_TEST(texts_must_be_utf8_but_file_names_need_not)
{
	FIXTURE;
	assert_ok(PARSE(&f, "x", "-o", "\xff"));
	assert_code(PARSE(&f, "\xff"), PD_USAGE);
	assert_string_equal(f.err.text, "URI: the text is not UTF-8");
	assert_code(PARSE(&f, "x", "-p", "a=\xc3"), PD_USAGE);
}

/* ---------------------------------------------------------------- the tables themselves */

static void check_distinct(const char *cmd, const struct pd_opt *o, const struct pd_opt *others)
{
	for (const struct pd_opt *p = others; p->kind != PD_OPT_KIND_END; p++) {
		if (o->letter && o->letter == p->letter)
			fail_msg("%s: -%c is there twice", cmd, o->letter);
		if (o->name && p->name && strcmp(o->name, p->name) == 0)
			fail_msg("%s: --%s is there twice", cmd, o->name);
	}
}

static void check_rows(const struct pd_cmd *cmd)
{
	for (const struct pd_opt *o = cmd->opts; o->kind != PD_OPT_KIND_END; o++) {
		if (!o->help || (!pd_opt_is_positional(o) && !o->name))
			fail_msg("%s: a row without help or name", cmd->name);
		if (o->kind != PD_OPT_KIND_FLAG && !o->value)
			fail_msg("%s: --%s has no value's name", cmd->name, o->name);
		check_distinct(cmd->name, o, o + 1);
		check_distinct(cmd->name, o, pd_common_opts);
	}
}

static void check_cmds(const struct pd_cmd *const *cmds)
{
	for (; *cmds; cmds++) {
		const struct pd_cmd *cmd = *cmds;
		if (!cmd->brief || (!cmd->example && cmd->group != PD_GROUP_HIDDEN))
			fail_msg("%s: no brief or no example", cmd->name);
		if (cmd->subs) {
			check_cmds(cmd->subs);
			continue;
		}
		if (!cmd->opts || !cmd->run)
			fail_msg("%s: no options table or nothing to run", cmd->name);
		else
			check_rows(cmd);
	}
}

PD_TEST(every_command_is_whole_and_its_options_are_distinct)
{
	check_cmds(pd_cmds);
}

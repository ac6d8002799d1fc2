/*
 * serve/json_in.h - reading JSON once, front to back, without a tree: the caller asks for what it
 * expects next and gets scalars, or whole values as cells. Texts without escapes point into the
 * input; others, lists and objects lie in the arena.
 *
 * The grammar is RFC 8259 as Python's json.loads takes it: NaN, Infinity and -Infinity are
 * numbers, a byte order mark is skipped, control characters in texts are refused. Texts are
 * well-formed UTF-8: an escaped surrogate without its other half is refused.
 * Every failure is PD_BAD_REQUEST, in the words of Python's decoder where it has some.
 */
#ifndef PD_SERVE_JSON_IN_H
#define PD_SERVE_JSON_IN_H

#include "base/buf.h"
#include "model/frame.h"

#define PD_JSON_IN_DEPTH_MAX 200

/* Memory that readers reuse from one request to the next. A zeroed struct is valid. */
struct pd_scratch {
	struct pd_cell *cells; /* of a table that is being read */
	size_t n_cells;
	size_t cap_cells;
	struct pd_cell *stack; /* items of lists and objects that are not closed yet */
	size_t n_stack;
	size_t cap_stack;
	struct pd_str *names; /* of its columns */
	size_t n_names;
	size_t cap_names;
	struct pd_buf text; /* one that is being put together */
};

void pd_scratch_end(struct pd_scratch *s);
/* Release what a large request made it grow to. */
void pd_scratch_trim(struct pd_scratch *s);

struct pd_json_in {
	const char *begin;
	const char *at;
	const char *end;
	struct pd_arena *arena;     /* kept */
	struct pd_scratch *scratch; /* kept */
	struct pd_err *err;         /* kept */
	unsigned depth;
	bool malformed; /* the failure was one of syntax, not of meaning */
};

void pd_json_in_init(struct pd_json_in *in, struct pd_str text, struct pd_arena *arena,
		     struct pd_scratch *scratch, struct pd_err *err);

/* Go on with another text; what was read before stays. */
void pd_json_in_text(struct pd_json_in *in, struct pd_str text);

/* n more cells on the stack; the first of them. They stay below what is read later and may move
 * when it grows. */
struct pd_cell *pd_scratch_push(struct pd_scratch *s, size_t n);

/* Skip white space; the byte that follows, or -1 at the end. */
int pd_json_peek(struct pd_json_in *in);

/* Fail at the present place: "WHAT: line 1 column 5 (char 4)". */
enum pd_code pd_json_fail(struct pd_json_in *in, const char *what);

PD_MUST enum pd_code pd_json_scalar(struct pd_json_in *in, struct pd_cell *out);
PD_MUST enum pd_code pd_json_value(struct pd_json_in *in, struct pd_cell *out);
PD_MUST enum pd_code pd_json_skip(struct pd_json_in *in); /* checked all the same */
/* Nothing but white space is left. */
PD_MUST enum pd_code pd_json_finish(struct pd_json_in *in);

/*
 * Walking over a list or an object; the opening bracket comes next in the input.
 *   PD_TRY(pd_json_open(in, '['));
 *   for (bool more = pd_json_first(in, ']'); more;) { ...value...; PD_TRY(pd_json_more(in, ']',
 *   &more)); }
 * pd_json_key reads a key and its colon.
 */
PD_MUST enum pd_code pd_json_open(struct pd_json_in *in, char bracket);
bool pd_json_first(struct pd_json_in *in, char close); /* false: empty, closed */
PD_MUST enum pd_code pd_json_more(struct pd_json_in *in, char close, bool *out_more);
PD_MUST enum pd_code pd_json_key(struct pd_json_in *in, struct pd_str *out);

#endif

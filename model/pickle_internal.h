/*
 * model/pickle_internal.h - the pickle machine's state, shared by its files:
 * pickle.c (stack, memo, containers, the loop), pickle_value.c (numbers, text and bytes),
 * pickle_call.c (names, calls, state).
 */
#ifndef PD_MODEL_PICKLE_INTERNAL_H
#define PD_MODEL_PICKLE_INTERNAL_H

#include "model/pickle.h"

#define PD_SMALL_INTS 256

struct pd_unpickler {
	struct pd_reader r;
	struct pd_tree *tree;
	const struct pd_pickle_opts *opts;
	size_t at;              /* offset of the opcode that is being run */
	bool stopped;           /* STOP was read */
	uint32_t pickle;        /* 0: the file, else which of the pickles inside it */
	uint32_t n_inner;       /* pickles inside so far */
	uint32_t wrapper_index; /* memo index of joblib's wrapper that was made last, plus 1 */

	struct pd_node **stack;
	size_t n_stack;
	size_t cap_stack;
	size_t floor;  /* stack index behind the topmost mark: nothing below it may be popped */
	size_t *marks; /* the floors below */
	size_t n_marks;
	size_t cap_marks;

	struct pd_node **memo;
	size_t cap_memo;
	size_t n_memo; /* entries set: MEMOIZE takes this as its index */

	/* values without identity are made once */
	struct pd_node *none;
	struct pd_node *bools[2];
	struct pd_node *ints[PD_SMALL_INTS];
	struct pd_node *empty_tuple;

	const struct pd_node *last_callee; /* looked up last, and what it is */
	unsigned last_call;
	const struct pd_node *code; /* a name of cloudpickle's that was called */
};

typedef enum pd_code pd_op(struct pd_unpickler *u, struct pd_err *err);

/* PD_CORRUPT, with the offset in front. */
enum pd_code pd_unpickle_fail(struct pd_unpickler *u, struct pd_err *err, const char *fmt, ...)
	PD_PRINTF(3, 4);

/* Put "offset N: " before a text that came from below. */
enum pd_code pd_unpickle_at(struct pd_unpickler *u, struct pd_err *err);

PD_MUST enum pd_code pd_unpickle_push(struct pd_unpickler *u, struct pd_node *n,
				      struct pd_err *err);
PD_MUST enum pd_code pd_unpickle_pop(struct pd_unpickler *u, struct pd_node **out,
				     struct pd_err *err);
/* The topmost item stays. */
PD_MUST enum pd_code pd_unpickle_top(struct pd_unpickler *u, struct pd_node **out,
				     struct pd_err *err);
/* The items above the topmost mark, taken off with it; they stay readable until the next push. */
PD_MUST enum pd_code pd_unpickle_pop_mark(struct pd_unpickler *u, struct pd_node ***out_items,
					  size_t *out_n, struct pd_err *err);

/* Note the opcode that is being run, its argument read, in opts->trace if there is one. */
PD_MUST enum pd_code pd_unpickle_mark(struct pd_unpickler *u, enum pd_pickle_mark_kind kind,
				      uint32_t index, struct pd_err *err);
/* joblib's stand-in for an array, not yet replaced by it. */
bool pd_unpickle_is_wrapper(const struct pd_node *n);

/* A node of `kind` with these items. */
PD_MUST enum pd_code pd_unpickle_items(struct pd_unpickler *u, enum pd_node_kind kind,
				       struct pd_node *const *items, size_t n, struct pd_node **out,
				       struct pd_err *err);

/* Run one whole pickle at u->r. */
PD_MUST enum pd_code pd_unpickle_run(struct pd_unpickler *u, struct pd_err *err);
void pd_unpickler_end(struct pd_unpickler *u); /* accepts a zeroed object */

/* pickle_value.c */
pd_op pd_op_int, pd_op_long, pd_op_binint, pd_op_binint1, pd_op_binint2, pd_op_long1, pd_op_long4;
pd_op pd_op_float, pd_op_binfloat, pd_op_none, pd_op_newtrue, pd_op_newfalse;
pd_op pd_op_string, pd_op_binstring, pd_op_short_binstring;
pd_op pd_op_unicode, pd_op_binunicode, pd_op_short_binunicode, pd_op_binunicode8;
pd_op pd_op_binbytes, pd_op_short_binbytes, pd_op_binbytes8;

/* pickle_call.c */
pd_op pd_op_global, pd_op_stack_global, pd_op_reduce, pd_op_newobj, pd_op_newobj_ex, pd_op_inst;
pd_op pd_op_obj, pd_op_build;

/* pickle_numpy.c: what the calls of numpy stand for; `n` is the node that becomes it */
PD_MUST enum pd_code pd_unpickle_dtype(struct pd_unpickler *u, const struct pd_node *args,
				       struct pd_node *n, struct pd_err *err);
PD_MUST enum pd_code pd_unpickle_dtype_state(struct pd_unpickler *u, struct pd_node *n,
					     const struct pd_node *state, struct pd_err *err);
PD_MUST enum pd_code pd_unpickle_array_state(struct pd_unpickler *u, struct pd_node *n,
					     struct pd_node *state, struct pd_err *err);
PD_MUST enum pd_code pd_unpickle_frombuffer(struct pd_unpickler *u, const struct pd_node *args,
					    struct pd_node *n, struct pd_err *err);
PD_MUST enum pd_code pd_unpickle_scalar(struct pd_unpickler *u, const struct pd_node *args,
					struct pd_node *n, struct pd_err *err);
/* joblib's wrapper `n` with its state set: its data follow in the file. */
PD_MUST enum pd_code pd_unpickle_raw_array(struct pd_unpickler *u, struct pd_node *n,
					   struct pd_err *err);
/* Text whose code points are bytes (Latin-1) as those bytes. PD_CORRUPT. */
PD_MUST enum pd_code pd_unpickle_latin1(struct pd_unpickler *u, struct pd_str text,
					struct pd_str *out, struct pd_err *err);

#endif

/*
 * model/pickle.h - what a pickle says, as an inert tree (model/node.h). The decoder is a stack
 * machine over the opcodes of protocols 0 to 5; it imports, makes and calls nothing. A few calls
 * that only build data (numpy arrays, scalars, sets, ...) become the nodes they stand for, a few
 * more that models need stay as objects, and every other name that the file wants *called* is
 * refused. joblib's files are pickles with raw array data between the opcodes; the same machine
 * reads them.
 * Source: CPython Lib/pickletools.py (opcodes), numpy and joblib for what they write.
 */
#ifndef PD_MODEL_PICKLE_H
#define PD_MODEL_PICKLE_H

#include "base/reader.h"
#include "model/node.h"

#define PD_PICKLE_PROTOCOL_MAX 5
#define PD_PICKLE_MARKS_MAX    2000       /* genuine models nest below 100 */
#define PD_PICKLE_ITEM_MAX     UINT32_MAX /* bytes of one text or bytes object */

/* Opcodes that re-encoding has to change, in the order of the file. */
enum pd_pickle_mark_kind {
	PD_MARK_PROTO,
	PD_MARK_FRAME,
	PD_MARK_STOP,
	PD_MARK_PUT,     /* index */
	PD_MARK_GET,     /* index */
	PD_MARK_WRAPPER, /* pushes joblib's wrapper class */
	PD_MARK_NEW,     /* makes a wrapper from its class and () */
	PD_MARK_NUMBERS, /* a wrapper's BUILD and the raw data behind it; index: of the wrapper */
	PD_MARK_OBJECTS, /* a wrapper's BUILD; a pickle of the array follows, then: */
	PD_MARK_OBJECTS_END,
};

struct pd_pickle_mark {
	size_t at;  /* from the opcode ... */
	size_t end; /* ... to behind its argument or data */
	uint32_t index;
	uint32_t pickle;     /* 0: the file itself, else the pickle inside it, from 1 */
	uint32_t type_index; /* NUMBERS: memo index of the array's dtype */
	enum pd_pickle_mark_kind kind;
	const struct pd_array *array; /* NUMBERS */
};

struct pd_pickle_trace {
	struct pd_pickle_mark *marks; /* heap */
	size_t n;
	size_t cap;
};

void pd_pickle_trace_end(struct pd_pickle_trace *t); /* accepts a zeroed object */

struct pd_pickle_opts {
	bool audit; /* do not refuse calls: mark the names (pd_node.code) and go on */
	struct pd_pickle_trace *trace; /* filled when not NULL */
};

/*
 * Decode the pickle that starts at r->at; behind it r->at is after its STOP.
 * tree: initialised (pd_tree_init); its root is set. The bytes are kept: nodes point into them.
 * PD_CORRUPT: not a pickle, or one that ends early (offset and why).  PD_DENIED: "would run code:
 * posix.system at offset 12".  PD_TOO_LARGE: beyond a limit.  PD_UNSUPPORTED: an opcode or type
 * that no model file has.
 */
PD_MUST enum pd_code pd_pickle_decode(struct pd_reader *r, const struct pd_pickle_opts *opts,
				      struct pd_tree *tree, struct pd_err *err);

/* Names of this module have no business in a model, not even as the class of an object. */
bool pd_pickle_is_code_module(struct pd_str module);

#endif

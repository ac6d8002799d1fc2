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

struct pd_pickle_opts {
	bool audit; /* do not refuse calls: mark the names (pd_node.code) and go on */
	/* Called for each array that lies raw between the opcodes (joblib), or NULL: its wrapper's
	 * node is an ARRAY now. build_at: offset of the BUILD opcode; data_at, data_end: the raw
	 * bytes, padding included. */
	enum pd_code (*on_raw_array)(void *ctx, const struct pd_node *array, size_t build_at,
				     size_t data_at, size_t data_end, struct pd_err *err);
	void *ctx;
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

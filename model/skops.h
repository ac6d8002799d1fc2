/*
 * model/skops.h - .skops files as the same tree that a pickle of the model gives, so that the
 * recognisers need not know where it came from: ObjectNode is an OBJECT with class and state,
 * TreeNode one with arguments too, NdArrayNode an ARRAY or SCALAR, and so on. Nothing is imported
 * or made; skops' own list of trusted types plays no part.
 * Source: skops/io (protocols 0 to 2).
 */
#ifndef PD_MODEL_SKOPS_H
#define PD_MODEL_SKOPS_H

#include "model/inflate.h"
#include "model/node.h"

#define PD_SKOPS_PROTOCOL_MAX 2

struct pd_skops_opts {
	bool audit; /* do not refuse what would run code: mark the names and go on */
};

/* bytes: the whole file, kept. PD_CORRUPT, PD_UNSUPPORTED, PD_DENIED, PD_TOO_LARGE: the text names
 * the member and the offset in it. */
PD_MUST enum pd_code pd_skops_decode(struct pd_str bytes, const struct pd_skops_opts *opts,
				     struct pd_inflate *inflate, struct pd_tree *tree,
				     struct pd_err *err);

#endif

/* model/skops_internal.h - shared by skops.c (objects) and skops_array.c (members of the file). */
#ifndef PD_MODEL_SKOPS_INTERNAL_H
#define PD_MODEL_SKOPS_INTERNAL_H

#include "model/skops.h"
#include "model/zip.h"

struct pd_skops {
	struct pd_tree *tree;
	const struct pd_skops_opts *opts;
	struct pd_inflate *inflate;
	struct pd_zip zip;
	struct pd_map memo; /* 8 bytes of __id__ to a place in `known` */
	struct pd_node **known;
	size_t n_known;
	size_t cap_known;
	unsigned depth;
	bool placed; /* the error says where already */
};

/* `state` is the JSON object of one node. */
typedef enum pd_code pd_skops_loader(struct pd_skops *s, const struct pd_node *state,
				     struct pd_node **out, struct pd_err *err);

/* The node that a JSON object stands for. */
pd_skops_loader pd_skops_load;

/* Value of `key`, which must be there and of `kind`. PD_CORRUPT. */
PD_MUST enum pd_code pd_skops_want(const struct pd_node *state, const char *key,
				   enum pd_node_kind kind, const struct pd_node **out,
				   struct pd_err *err);
/* The node that the JSON object under `key` stands for. */
PD_MUST enum pd_code pd_skops_child(struct pd_skops *s, const struct pd_node *state,
				    const char *key, struct pd_node **out, struct pd_err *err);
/* The GLOBAL that __module__ and __class__ name. */
PD_MUST enum pd_code pd_skops_class(struct pd_skops *s, const struct pd_node *state,
				    struct pd_node **out, struct pd_err *err);
/* A node of `kind` with what the JSON list under `key` stands for. */
PD_MUST enum pd_code pd_skops_list(struct pd_skops *s, const struct pd_node *state, const char *key,
				   enum pd_node_kind kind, struct pd_node **out,
				   struct pd_err *err);

/* skops_array.c */
pd_skops_loader pd_skops_ndarray, pd_skops_sparse, pd_skops_dtype, pd_skops_bytes;

#endif

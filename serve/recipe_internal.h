/*
 * serve/recipe_internal.h - what a recipe compiles to. All event fields that it names get a slot;
 * a tree of the paths tells the reader which parts of an event to keep.
 */
#ifndef PD_SERVE_RECIPE_INTERNAL_H
#define PD_SERVE_RECIPE_INTERNAL_H

#include "serve/recipe.h"

#define CELL_MISSING ((enum pd_cell_kind)(PD_CELL_MAP + 2)) /* the event has no such field */
#define NO_SLOT      (-1)

struct path_node {
	struct pd_str key;
	struct pd_str path; /* the whole, for error texts */
	int slot;           /* or NO_SLOT: only on the way to others */
	struct path_node *child;
	struct path_node *next;
};

enum part_kind {
	PART_TEXT,       /* literal */
	PART_SLOT,       /* a field of the event */
	PART_PREDICTION, /* the others: replies only */
	PART_RUN_ID,
	PART_MODEL_NAME,
	PART_MODEL_VERSION,
	PART_MODEL_ID,
};

struct part {
	enum part_kind kind;
	struct pd_str text; /* literal, or what stands between the braces */
	int slot;
	struct part *next;
};

/* A text with fields in it. A single part that is no text keeps its type. */
struct template
{
	struct part *parts;
	size_t n_parts;
};

struct feature {
	struct pd_str name;
	bool constant;
	struct pd_cell value; /* of a constant */
	struct template template;
	struct feature *next;
};

/* A reply is JSON text with holes. */
struct reply_op {
	struct pd_str json; /* before the hole */
	bool hole;
	struct template template;
	struct reply_op *next;
};

struct pd_recipe {
	struct path_node root;
	int n_slots;
	struct path_node **by_slot;
	struct feature *features; /* NULL: the event itself */
	size_t n_features;
	struct reply_op *reply; /* NULL: {"prediction": ...} */
};

#endif

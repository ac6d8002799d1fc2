/*
 * model/node.h - the inert tree of what a model file says. Decoders (pickle, joblib, skops) build
 * it, recognisers read it. Nothing in it was imported, constructed or called: an object is its
 * class name, the arguments it was called with and its state.
 *
 * Nodes live in the model's arena and are shared, not copied: the graph may have cycles and, when
 * expanded, be far larger than the file. A walk over it marks what it has seen or bounds its depth
 * (PD_NODE_DEPTH_MAX). Texts, bytes and array data may point into the mapped file, which is kept
 * open as long as the arena lives.
 * Facts: every kind that scikit-learn, numpy, joblib and skops write, protocols 0 to 5.
 */
#ifndef PD_MODEL_NODE_H
#define PD_MODEL_NODE_H

#include "base/arena.h"
#include "base/map.h"

#define PD_NODE_DEPTH_MAX  500 /* genuine models stay below 25 */
#define PD_NODES_MAX       50000000u
#define PD_NODE_DIGITS_MAX 4300 /* of a decimal integer, as CPython */

enum pd_node_kind {
	PD_NODE_NONE,
	PD_NODE_BOOL,   /* i */
	PD_NODE_INT,    /* i */
	PD_NODE_BIGINT, /* s: little-endian two's complement bytes beyond int64 */
	PD_NODE_FLOAT,  /* f */
	PD_NODE_TEXT,   /* s: UTF-8 (surrogates may occur, as pickle allows) */
	PD_NODE_BYTES,  /* s */
	PD_NODE_LIST,   /* items */
	PD_NODE_TUPLE,  /* items */
	PD_NODE_SET,    /* items; frozenset too */
	PD_NODE_DICT,   /* items: key, value, key, value ...; later pairs win */
	PD_NODE_GLOBAL, /* s: "module", t: "name" (dots inside are text, never resolved) */
	PD_NODE_OBJECT, /* obj */
	PD_NODE_ARRAY,  /* arr */
	PD_NODE_SCALAR, /* arr of one item: a numpy scalar */
	PD_NODE_DTYPE,  /* dtype */
};

enum pd_made {                 /* how an object was made */
	       PD_MADE_REDUCE, /* callable(*args) */
	       PD_MADE_NEWOBJ, /* cls.__new__(cls, *args); also copyreg._reconstructor */
	       PD_MADE_INST,   /* protocol 0: cls(*args) */
	       PD_MADE_SKOPS,  /* an ObjectNode: class and state */
};

enum pd_dtype_kind {
	PD_DT_BOOL = 'b',
	PD_DT_INT = 'i',
	PD_DT_UINT = 'u',
	PD_DT_FLOAT = 'f', /* itemsize 2, 4, 8 */
	PD_DT_TEXT = 'U',  /* UCS-4, padded with NUL; itemsize = 4 * characters */
	PD_DT_BYTES = 'S',
	PD_DT_OBJECT = 'O', /* items are nodes */
	PD_DT_STRUCT = 'V', /* fields, packed, perhaps unaligned; none: raw bytes */
	PD_DT_DATETIME = 'M',
	PD_DT_TIMEDELTA = 'm',
	PD_DT_COMPLEX = 'c',
	PD_DT_SUBARRAY = 'A', /* n_sub items of type sub in each item; only inside fields */
};

struct pd_dtype;

struct pd_dtype_field {
	struct pd_str name;
	size_t offset; /* offset + field itemsize <= the whole itemsize: checked */
	const struct pd_dtype *type;
};

struct pd_dtype {
	enum pd_dtype_kind kind;
	bool big_endian;
	size_t itemsize; /* bytes; 0 only for empty text */
	size_t n_fields;
	const struct pd_dtype_field *fields;
	const struct pd_dtype *sub;
	size_t n_sub;
};

#define PD_ARRAY_DIMS_MAX 32

/*
 * A numpy array. For every kind but object: data holds exactly n_items * itemsize bytes, checked.
 * For object: objects holds n_items nodes.
 */
struct pd_array {
	const struct pd_dtype *type;
	unsigned n_dims;
	const int64_t *shape; /* each >= 0; their product is n_items, checked against overflow */
	size_t n_items;
	bool fortran;              /* column-major order; false when it makes no difference */
	const unsigned char *data; /* not aligned: read with pd_array_* or memcpy */
	struct pd_node **objects;
};

struct pd_object {
	struct pd_node *cls;    /* GLOBAL, or whatever was called */
	struct pd_node *args;   /* TUPLE or NULL */
	struct pd_node *kwargs; /* DICT or NULL */
	struct pd_node *state;  /* what BUILD gave, or NULL */
	struct pd_node *items;  /* LIST of what was appended, or NULL (list subclasses) */
	struct pd_node
		*pairs; /* DICT of what was set, or NULL (dict subclasses: Bunch, OrderedDict) */
	enum pd_made made;
	unsigned char call; /* for decoders: which known call made it */
};

struct pd_node {
	enum pd_node_kind kind : 8;
	bool called : 1; /* GLOBAL: as a function, or as the class of an object */
	bool code : 1;   /* GLOBAL: calling it would run code */
	uint32_t id;     /* unique in its tree, dense from 0: index for visited marks */
	size_t offset;   /* where in the file it was made; for error lines */
	union {
		int64_t i;
		double f;
		struct {
			struct pd_str s;
			struct pd_str t;
		};
		struct {
			struct pd_node **items;
			size_t n_items;
			size_t cap_items;
			struct pd_map
				*index; /* of a big DICT's text keys to pair numbers, or NULL */
		};
		struct pd_object *obj;
		struct pd_array *arr;
		struct {
			const struct pd_dtype *dtype;
			uint32_t memo_index; /* for re-encoding: 1 more, 0: not in the memo */
		};
	};
};

/* A name the file mentions; one entry for each time it is spelled out. */
struct pd_tree_name {
	struct pd_tree_name *next;
	const struct pd_node *global; /* PD_NODE_GLOBAL */
};

/* A decoded file. */
struct pd_tree {
	struct pd_arena *arena; /* kept: nodes live there */
	struct pd_node *root;
	uint32_t n_nodes;
	const char *format;         /* "pickle", "joblib", "skops", ... */
	struct pd_tree_name *names; /* newest first */
	size_t budget;              /* for decoders: bytes that may still be allocated */
	struct pd_node *slab;       /* for decoders: nodes not yet handed out */
	uint32_t n_slab;
};

/* ---- for decoders ---- */

/* An empty tree for a file of `size` bytes: its memory is held to a multiple of that. */
void pd_tree_init(struct pd_tree *t, struct pd_arena *arena, size_t size);

/* n cleared items of `size` bytes. PD_TOO_LARGE: the file's share of memory is used up. */
PD_MUST enum pd_code pd_tree_alloc(struct pd_tree *t, size_t n, size_t size, void *out_p,
				   struct pd_err *err);

/* A cleared node. PD_TOO_LARGE. */
PD_MUST enum pd_code pd_node_new(struct pd_tree *t, enum pd_node_kind kind, size_t offset,
				 struct pd_node **out, struct pd_err *err);
PD_MUST enum pd_code pd_node_int(struct pd_tree *t, int64_t i, size_t offset, struct pd_node **out,
				 struct pd_err *err);
PD_MUST enum pd_code pd_node_text(struct pd_tree *t, struct pd_str s, size_t offset,
				  struct pd_node **out, struct pd_err *err);
/* An INT, or a BIGINT when beyond int64. bytes: little-endian two's complement, kept.
 * text: decimal digits, perhaps after a '-'; PD_CORRUPT: something else.  PD_TOO_LARGE: more than
 * PD_NODE_DIGITS_MAX. */
PD_MUST enum pd_code pd_node_long(struct pd_tree *t, struct pd_str bytes, size_t offset,
				  struct pd_node **out, struct pd_err *err);
PD_MUST enum pd_code pd_node_decimal(struct pd_tree *t, struct pd_str text, size_t offset,
				     struct pd_node **out, struct pd_err *err);
/* A GLOBAL, entered in t->names; both names as they are, kept. */
PD_MUST enum pd_code pd_node_global(struct pd_tree *t, struct pd_str module, struct pd_str name,
				    size_t offset, struct pd_node **out, struct pd_err *err);
/* An OBJECT of class `cls`. */
PD_MUST enum pd_code pd_node_object(struct pd_tree *t, enum pd_made made, struct pd_node *cls,
				    size_t offset, struct pd_node **out, struct pd_err *err);

/* Add n nodes at the end of a LIST, SET, TUPLE or DICT (n even). */
PD_MUST enum pd_code pd_node_append(struct pd_tree *t, struct pd_node *list,
				    struct pd_node *const *items, size_t n, struct pd_err *err);

/* ---- for readers; a tree is read by one thread at a time ---- */

static inline bool pd_node_is(const struct pd_node *n, enum pd_node_kind kind)
{
	return n && n->kind == kind;
}

/* Value of a text key of a DICT (or of the pairs of a dict subclass); NULL when absent. */
struct pd_node *pd_node_find(const struct pd_node *dict, struct pd_str key);

/* Attribute of an OBJECT whose state is a dict (or a (None, dict) / (dict, slots) tuple, where
 * both are searched); NULL when absent. */
struct pd_node *pd_node_attr(const struct pd_node *object, struct pd_str name);

/* Module and name of an OBJECT's class, {0} when the class is not a global. */
struct pd_str pd_node_module(const struct pd_node *object);
struct pd_str pd_node_class(const struct pd_node *object);

/* Plain Python bool, int, float or a numpy scalar of those (0-d arrays too) as a number.
 * False for anything else. */
bool pd_node_to_f64(const struct pd_node *n, double *out);
/* bool, int or an integral numpy scalar within int64. */
bool pd_node_to_i64(const struct pd_node *n, int64_t *out);

/* "module.name" of a GLOBAL or of an OBJECT's class in `arena`, else a word for the kind: for error
 * lines. */
const char *pd_node_label(const struct pd_node *n, struct pd_arena *arena);

/* Item `i` in the array's own memory order (C order: last index fastest; fortran: first index
 * fastest), converted. i < n_items is the caller's duty; kind must be bool, int, uint or float. */
double pd_array_f64(const struct pd_array *a, size_t i);
int64_t pd_array_i64(const struct pd_array *a, size_t i);

/* bool, int, uint or float. */
bool pd_dtype_is_number(const struct pd_dtype *t);

/* Field of a structured dtype, or NULL. */
const struct pd_dtype_field *pd_dtype_field_find(const struct pd_dtype *t, struct pd_str name);

/* Number of items a shape holds. PD_CORRUPT: a negative or overflowing one, too many dimensions. */
PD_MUST enum pd_code pd_shape_items(const int64_t *shape, size_t n_dims, size_t *out,
				    struct pd_err *err);

/* Text item i of a 'U' array as UTF-8 in `arena`. PD_CORRUPT: not a code point. */
PD_MUST enum pd_code pd_array_text(const struct pd_array *a, size_t i, struct pd_arena *arena,
				   struct pd_str *out, struct pd_err *err);

/*
 * The numeric array as doubles in C order (a copy in `arena`, converted, transposed when fortran).
 * A float64, little-endian, C-order array that is aligned is borrowed, not copied.
 * PD_CORRUPT: not numeric.
 */
PD_MUST enum pd_code pd_array_doubles(const struct pd_array *a, struct pd_arena *arena,
				      const double **out, struct pd_err *err);

#endif

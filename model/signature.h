/*
 * model/signature.h - which columns or tensors a model wants, and what MLflow does with input
 * that has others. Source: mlflow/types/schema.py, mlflow/models/utils.py (_enforce_schema).
 */
#ifndef PD_MODEL_SIGNATURE_H
#define PD_MODEL_SIGNATURE_H

#include "model/frame.h"

enum pd_type {
	PD_TYPE_BOOLEAN,
	PD_TYPE_INTEGER, /* 32 bits */
	PD_TYPE_LONG,
	PD_TYPE_FLOAT, /* 32 bits */
	PD_TYPE_DOUBLE,
	PD_TYPE_STRING,
	PD_TYPE_BINARY,
	PD_TYPE_DATETIME,
	PD_TYPE_ARRAY,
	PD_TYPE_OBJECT,
	PD_TYPE_MAP,
	PD_TYPE_ANY,
};

struct pd_col_spec {
	struct pd_str name; /* empty: no name */
	enum pd_type type;
	bool required;
};

struct pd_tensor_spec {
	struct pd_str name;  /* empty: no name */
	struct pd_str dtype; /* "float64", "int32", "str", ... */
	unsigned n_dims;
	int64_t shape[8]; /* -1: any */
};

struct pd_schema {
	bool tensor; /* tensors, else columns */
	size_t n;
	struct pd_col_spec *cols;
	struct pd_tensor_spec *tensors;
};

struct pd_signature {
	struct pd_schema *inputs;  /* NULL: none */
	struct pd_schema *outputs; /* NULL: none */
	struct pd_str params;      /* JSON text as written, or empty */
};

const char *pd_type_name(enum pd_type t);

/* JSON texts as MLmodel holds them (each may be empty: none). PD_CORRUPT. */
PD_MUST enum pd_code pd_signature_parse(struct pd_str inputs, struct pd_str outputs,
					struct pd_str params, struct pd_arena *arena,
					struct pd_signature **out, struct pd_err *err);

/*
 * What MLflow does before a pyfunc model sees the input: columns put in the signature's order,
 * extra ones dropped, missing optional ones left out, types converted where that is allowed.
 * The frame is changed in place (cols replaced; memory from `arena`).
 * PD_INVALID with MLflow's words: missing columns, a type that does not convert, a wrong shape.
 */
PD_MUST enum pd_code pd_signature_enforce(const struct pd_signature *s, struct pd_frame *f,
					  struct pd_arena *arena, struct pd_err *err);

#endif

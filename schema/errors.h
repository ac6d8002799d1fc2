/*
 * schema/errors.h - what a pd_code is called outside: MLflow's error_code with its HTTP status,
 * and the exit status of a command.
 * Source: mlflow/exceptions.py (ERROR_CODE_TO_HTTP_STATUS) and mlflow/protos/databricks.proto.
 * Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 conflict, 6 unreachable.
 */
#ifndef PD_SCHEMA_ERRORS_H
#define PD_SCHEMA_ERRORS_H

#include "base/err.h"
#include "base/str.h"

/* X(code, MLflow error_code, HTTP status, exit status) */
#define PD_ERROR_TABLE(X)                                                                          \
	X(PD_OK, "", 200, 0)                                                                       \
	X(PD_INVALID, "INVALID_PARAMETER_VALUE", 400, 2)                                           \
	X(PD_BAD_REQUEST, "BAD_REQUEST", 400, 2)                                                   \
	X(PD_USAGE, "INVALID_PARAMETER_VALUE", 400, 2)                                             \
	X(PD_NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", 404, 3)                                         \
	X(PD_NO_ENDPOINT, "ENDPOINT_NOT_FOUND", 404, 3)                                            \
	X(PD_EXISTS, "RESOURCE_ALREADY_EXISTS", 400, 5)                                            \
	X(PD_CONFLICT, "RESOURCE_CONFLICT", 409, 5)                                                \
	X(PD_BAD_STATE, "INVALID_STATE", 500, 5)                                                   \
	X(PD_DENIED, "PERMISSION_DENIED", 403, 4)                                                  \
	X(PD_UNAUTHENTICATED, "UNAUTHENTICATED", 401, 4)                                           \
	X(PD_TOO_LARGE, "RESOURCE_LIMIT_EXCEEDED", 413, 1)                                         \
	X(PD_CORRUPT, "MALFORMED_REQUEST", 400, 1)                                                 \
	X(PD_UNSUPPORTED, "NOT_IMPLEMENTED", 501, 1)                                               \
	X(PD_BUSY, "TEMPORARILY_UNAVAILABLE", 503, 6)                                              \
	X(PD_UNREACHABLE, "TEMPORARILY_UNAVAILABLE", 503, 6)                                       \
	X(PD_TIMEOUT, "DEADLINE_EXCEEDED", 504, 6)                                                 \
	X(PD_IO, "IO_ERROR", 500, 1)                                                               \
	X(PD_NO_SPACE, "RESOURCE_EXHAUSTED", 503, 1)                                               \
	X(PD_NO_MEMORY, "RESOURCE_EXHAUSTED", 503, 1)                                              \
	X(PD_INTERNAL, "INTERNAL_ERROR", 500, 1)

const char *pd_error_name(enum pd_code code); /* MLflow's error_code */
/* How MLflow classes an error beside its code; NULL where it says nothing.
 * Source: mlflow/error_classification.py, the client's side, which its server uses too. */
const char *pd_error_class(enum pd_code code);
const char *pd_error_sqlstate(enum pd_code code);
/* The other way, for an answer of a server; `status` counts where the name is not known. Never
 * PD_OK. */
enum pd_code pd_error_from(struct pd_str name, unsigned status);
int pd_error_http(enum pd_code code);
int pd_error_exit(enum pd_code code);

#endif

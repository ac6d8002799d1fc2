#include "schema/errors.h"

#include <stddef.h>
#include <string.h>
#include "base/mem.h"

static const struct row {
	const char *name;
	int http;
	int exit;
} rows[PD_N_CODES] = {
#define ROW(code, error_name, http_status, exit_status)                                            \
	[code] = { error_name, http_status, exit_status },
	PD_ERROR_TABLE(ROW)
#undef ROW
};

static const struct row *row_of(enum pd_code code)
{
	return code < PD_N_CODES ? &rows[code] : &rows[PD_INTERNAL];
}

const char *pd_error_name(enum pd_code code)
{
	return row_of(code)->name;
}

struct classified {
	const char *error_code;
	const char *error_class;
	const char *sqlstate;
};

static const struct classified *class_of(enum pd_code code)
{
	static const struct classified table[] = {
		{ "BAD_REQUEST", "INVALID_PARAMETER_VALUE", "KAM00" },
		{ "ENDPOINT_NOT_FOUND", "RESOURCE_NOT_FOUND", "KAM00" },
		{ "INTERNAL_ERROR", "CLIENT_INTERNAL_ERROR", "XXM00" },
		{ "INVALID_PARAMETER_VALUE", "INVALID_PARAMETER_VALUE", "KAM00" },
		{ "INVALID_STATE", "CLIENT_INTERNAL_ERROR", "XXM00" },
		{ "PERMISSION_DENIED", "PERMISSION_DENIED", "KAM00" },
		{ "RESOURCE_ALREADY_EXISTS", "RESOURCE_ALREADY_EXISTS", "KAM00" },
		{ "RESOURCE_DOES_NOT_EXIST", "RESOURCE_NOT_FOUND", "KAM00" },
		{ "TEMPORARILY_UNAVAILABLE", "CLIENT_INTERNAL_ERROR", "XXM00" },
		{ NULL, NULL, NULL },
	};
	const struct classified *c = table;
	while (c->error_code && strcmp(c->error_code, pd_error_name(code)) != 0)
		c++;
	return c;
}

const char *pd_error_class(enum pd_code code)
{
	return class_of(code)->error_class;
}

const char *pd_error_sqlstate(enum pd_code code)
{
	return class_of(code)->sqlstate;
}

int pd_error_http(enum pd_code code)
{
	return row_of(code)->http;
}

int pd_error_exit(enum pd_code code)
{
	return row_of(code)->exit;
}

/* Names that a server may send and podium never does, or that several of our codes have. */
static const struct {
	const char *name;
	enum pd_code code;
} more[] = {
	{ "MALFORMED_REQUEST", PD_BAD_REQUEST },
	{ "NOT_FOUND", PD_NOT_FOUND },
	{ "ALREADY_EXISTS", PD_EXISTS },
	{ "ABORTED", PD_CONFLICT },
	{ "CUSTOMER_UNAUTHORIZED", PD_UNAUTHENTICATED },
	{ "REQUEST_LIMIT_EXCEEDED", PD_BUSY },
	{ "RESOURCE_EXHAUSTED", PD_BUSY },
	{ "CANCELLED", PD_CONFLICT },
	{ "DATA_LOSS", PD_CORRUPT },
};

static enum pd_code by_status(unsigned status)
{
	switch (status) {
	case 401:
		return PD_UNAUTHENTICATED;
	case 403:
	case 407:
		return PD_DENIED;
	case 404:
	case 405:
		return PD_NO_ENDPOINT;
	case 409:
	case 412:
		return PD_CONFLICT;
	case 413:
		return PD_TOO_LARGE;
	case 408:
	case 504:
		return PD_TIMEOUT;
	case 429:
		return PD_BUSY;
	case 501:
		return PD_UNSUPPORTED;
	default:
		return status >= 500 ? PD_UNREACHABLE : PD_BAD_REQUEST;
	}
}

enum pd_code pd_error_from(struct pd_str name, unsigned status)
{
	for (size_t i = 0; i < PD_LEN(more); i++)
		if (pd_str_eqz(name, more[i].name))
			return more[i].code;
	for (size_t i = PD_OK + 1; i < PD_N_CODES; i++)
		if (pd_str_eqz(name, rows[i].name))
			return (enum pd_code)i;
	return by_status(status);
}

#include "schema/errors.h"

#include <stddef.h>
#include <string.h>

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

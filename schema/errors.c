#include "schema/errors.h"

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

int pd_error_http(enum pd_code code)
{
	return row_of(code)->http;
}

int pd_error_exit(enum pd_code code)
{
	return row_of(code)->exit;
}

#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

/* A text that was cut must not end inside a UTF-8 sequence: it goes into JSON replies. */
static void cut_whole(char *text, size_t size)
{
	size_t n = strlen(text);
	if (n + 1 < size)
		return;
	while (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)text[n - 1] >= 0xc0)
		n--;
	else
		n = strlen(text);
	text[n] = '\0';
}

enum pd_code pd_vfail(struct pd_err *err, enum pd_code code, const char *fmt, va_list ap)
{
	if (!err)
		return code;
	/* an argument may be the text that is there: build beside it */
	char text[PD_ERR_MAX];
	vsnprintf(text, sizeof(text), fmt, ap);
	clean(text);
	cut_whole(text, sizeof(text));
	memcpy(err->text, text, strlen(text) + 1);
	err->code = code;
	return code;
}

enum pd_code pd_fail(struct pd_err *err, enum pd_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	pd_vfail(err, code, fmt, ap);
	va_end(ap);
	return code;
}

static enum pd_code code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return PD_NO_SPACE;
	case ENOENT:
	case ENOTDIR:
		return PD_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return PD_DENIED;
	case EEXIST:
	case ENOTEMPTY:
		return PD_EXISTS;
	case ENOMEM:
		return PD_NO_MEMORY;
	default:
		return PD_IO;
	}
}

enum pd_code pd_fail_errno(struct pd_err *err, int errnum, const char *fmt, ...)
{
	char text[PD_ERR_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	char why[128];
	return pd_fail(err, code_of_errno(errnum), "%s: %s", text,
		       strerror_r(errnum, why, sizeof(why)));
}

enum pd_code pd_err_prefix(struct pd_err *err, const char *fmt, ...)
{
	char prefix[PD_ERR_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	return pd_fail(err, err->code, "%s: %s", prefix, err->text);
}

const char *pd_code_name(enum pd_code code)
{
	static const char *const names[PD_N_CODES] = {
		[PD_OK] = "ok",
		[PD_INVALID] = "invalid",
		[PD_BAD_REQUEST] = "bad_request",
		[PD_USAGE] = "usage",
		[PD_NOT_FOUND] = "not_found",
		[PD_NO_ENDPOINT] = "no_endpoint",
		[PD_EXISTS] = "exists",
		[PD_CONFLICT] = "conflict",
		[PD_BAD_STATE] = "bad_state",
		[PD_DENIED] = "denied",
		[PD_UNAUTHENTICATED] = "unauthenticated",
		[PD_TOO_LARGE] = "too_large",
		[PD_CORRUPT] = "corrupt",
		[PD_UNSUPPORTED] = "unsupported",
		[PD_BUSY] = "busy",
		[PD_UNREACHABLE] = "unreachable",
		[PD_TIMEOUT] = "timeout",
		[PD_IO] = "io",
		[PD_NO_SPACE] = "no_space",
		[PD_NO_MEMORY] = "no_memory",
		[PD_INTERNAL] = "internal",
	};
	return code < PD_N_CODES ? names[code] : "unknown";
}

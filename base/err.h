/*
 * base/err.h - how a function says that it failed.
 * A function that can fail returns enum pd_code and takes struct pd_err *err last. The lowest
 * layer writes one line of text with the wrong value in it; upper layers pass it on or put the
 * file, part or row in front (pd_err_prefix). The text lives in the caller's struct, so reporting
 * allocates nothing and hides in no thread. Only cmd/ and a server's edge print, log or exit.
 * schema/errors.h maps each code to MLflow's error_code, an HTTP status and an exit status.
 */
#ifndef PD_BASE_ERR_H
#define PD_BASE_ERR_H

#include <stdarg.h>

#define PD_MUST              __attribute__((warn_unused_result))
#define PD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum pd_code {
	PD_OK = 0,
	PD_INVALID,         /* a value breaks a rule: INVALID_PARAMETER_VALUE */
	PD_BAD_REQUEST,     /* a request is malformed as a whole */
	PD_USAGE,           /* the command line is wrong */
	PD_NOT_FOUND,       /* what was named does not exist */
	PD_NO_ENDPOINT,     /* no such method, or not with this verb */
	PD_EXISTS,          /* what was to be made is there already */
	PD_CONFLICT,        /* somebody else's change is in the way */
	PD_BAD_STATE,       /* the thing is there, but not in a state that allows this */
	PD_DENIED,          /* known caller, not allowed */
	PD_UNAUTHENTICATED, /* caller not known */
	PD_TOO_LARGE,       /* beyond a named limit */
	PD_CORRUPT,         /* bytes that are not what they claim to be */
	PD_UNSUPPORTED,     /* understood, but podium cannot do it */
	PD_BUSY,            /* try again later */
	PD_UNREACHABLE,     /* a peer does not answer */
	PD_TIMEOUT,         /* a peer or a limit of ours ran out of time */
	PD_IO,              /* the system refused to read or write */
	PD_NO_SPACE,        /* disk or quota is full */
	PD_NO_MEMORY,       /* a large allocation failed */
	PD_INTERNAL,        /* a bug of ours, found before it did harm */
	PD_N_CODES
};

#define PD_ERR_MAX 1024 /* bytes of an error line with its NUL; longer texts are cut */

/* What failed. A zeroed struct is "no error". text: one line, UTF-8, no full stop at the end. */
struct pd_err {
	enum pd_code code;
	char text[PD_ERR_MAX];
};

/* Fill `err` (NULL is allowed) and return `code`. Control characters in the text become '?'. */
enum pd_code pd_fail(struct pd_err *err, enum pd_code code, const char *fmt, ...) PD_PRINTF(3, 4);
enum pd_code pd_vfail(struct pd_err *err, enum pd_code code, const char *fmt, va_list ap)
	PD_PRINTF(3, 0);

/* As pd_fail, with ": " and the text of errno value `errnum` behind; ENOSPC and EDQUOT become
 * PD_NO_SPACE, ENOENT PD_NOT_FOUND, EACCES and EPERM PD_DENIED, EEXIST PD_EXISTS, others PD_IO. */
enum pd_code pd_fail_errno(struct pd_err *err, int errnum, const char *fmt, ...) PD_PRINTF(3, 4);

/* Put "prefix: " before the text that is there. Returns err->code, so that it can be returned. */
enum pd_code pd_err_prefix(struct pd_err *err, const char *fmt, ...) PD_PRINTF(2, 3);

/* The name of a code as in the enum, without PD_ and in lower case; for logs and tests. */
const char *pd_code_name(enum pd_code code);

/* Early return on failure. Safe because every resource is released by its scope (base/auto.h). */
#define PD_TRY(call)                                                                               \
	do {                                                                                       \
		enum pd_code pd_try_code_ = (call);                                                \
		if (pd_try_code_ != PD_OK)                                                         \
			return pd_try_code_;                                                       \
	} while (0)

#endif

/*
 * base/lib.h - shared libraries that are loaded by the first who needs them.
 * libmicrohttpd and libarchive bring GnuTLS and ICU along, whose start-up costs every command
 * more than all the rest of ours. They are linked as here:
 *
 *	#define FUNCTIONS(X) X(read_new) X(read_free)
 *	static struct {
 *	#define X(name) __typeof__(archive_##name) *name;
 *		FUNCTIONS(X)
 *	#undef X
 *	} archive;
 *
 * so that the compiler checks every call against the library's own header.
 */
#ifndef PD_BASE_LIB_H
#define PD_BASE_LIB_H

#include "base/err.h"

/*
 * names: n functions' names.  slots: a struct of n pointers to functions, zero before the first
 * call. Loaded once and kept; may be called by several threads.
 * PD_UNSUPPORTED: the library, or a function of it, is not on this machine; slots stay zero.
 */
PD_MUST enum pd_code pd_lib_load(const char *soname, const char *const names[], size_t n,
				 void *slots, struct pd_err *err);

#endif

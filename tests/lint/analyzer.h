/*
 * tests/lint/analyzer.h - what a reader takes for granted and clang-tidy cannot see: the functions
 * that report a failure never return PD_OK. Put before every file it looks at, but for the one that
 * defines them.
 */
#ifndef PD_TESTS_LINT_ANALYZER_H
#define PD_TESTS_LINT_ANALYZER_H

#include "base/err.h"

#define pd_fail(err, code, ...)         ((void)(pd_fail)((err), (code), __VA_ARGS__), (code))
#define pd_fail_errno(err, errnum, ...) ((void)(pd_fail_errno)((err), (errnum), __VA_ARGS__), PD_IO)
#define pd_err_prefix(err, ...)         ((void)(pd_err_prefix)((err), __VA_ARGS__), PD_INTERNAL)

#endif

/*
 * tests/lint/analyzer.h - what a reader takes for granted and clang-tidy cannot see: the functions
 * that report a failure never return PD_OK. Without it every early return through one of them is a
 * false report. Put before every file it looks at, but for those that define them.
 */
#ifndef PD_TESTS_LINT_ANALYZER_H
#define PD_TESTS_LINT_ANALYZER_H

#include "base/err.h"
#ifdef PD_LINT_MODEL
#include "model/pickle_internal.h"
#include "model/recognise.h"

#define pd_attr_fail(...)     ((void)(pd_attr_fail)(__VA_ARGS__), PD_INVALID)
#define pd_option_fail(...)   ((void)(pd_option_fail)(__VA_ARGS__), PD_INVALID)
#define pd_unpickle_fail(...) ((void)(pd_unpickle_fail)(__VA_ARGS__), PD_CORRUPT)
#endif

#define pd_fail(err, code, ...)         ((void)(pd_fail)((err), (code), __VA_ARGS__), (code))
#define pd_fail_errno(err, errnum, ...) ((void)(pd_fail_errno)((err), (errnum), __VA_ARGS__), PD_IO)
#define pd_err_prefix(err, ...)         ((void)(pd_err_prefix)((err), __VA_ARGS__), PD_INTERNAL)

#endif

/*
 * tests/unit/torture.h - the units with each allocation and system call failing in turn. Only the
 * program torture-tests has it.
 */
#ifndef PD_TESTS_UNIT_TORTURE_H
#define PD_TESTS_UNIT_TORTURE_H

#include <stddef.h>

#include "tests/unit/pd_test.h"

/* Over all tests whose name matches the shell pattern (NULL: all). Gives the exit status. */
int pd_torture(const struct pd_test *tests, const char *pattern) __attribute__((weak));

#endif

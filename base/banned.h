/*
 * base/banned.h - libc calls that have no place here, made compile errors. Included by the
 * compiler's command line (-include), so that no file can forget it.
 */
#ifndef PD_BASE_BANNED_H
#define PD_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* fortified headers may have made them macros */
#undef sprintf
#undef vsprintf
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll atof
#pragma GCC poison gmtime localtime asctime ctime tmpnam mktemp

#endif

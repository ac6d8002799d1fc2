/*
 * base/word.h - which characters are part of a word: letters and numbers of any script and the
 * underscore, as \w in Python's regular expressions. Own table, so that the C library's locale
 * plays no part. Unicode 15.
 */
#ifndef PD_BASE_WORD_H
#define PD_BASE_WORD_H

#include <stdbool.h>
#include <stdint.h>

bool pd_is_word(uint32_t code_point);

#endif

/* SPDX-License-Identifier: MIT */
/* Contracts: what the caller promised. Always on; a broken one is a bug that must not go on. */
#ifndef TRINE_BASE_MUST_H
#define TRINE_BASE_MUST_H

/* Prints "trine: SENTENCE" to stderr and aborts. */
__attribute__((noreturn, cold)) void trine__must_fail(const char *sentence);

#define trine_must(condition, sentence)                                                            \
    (__builtin_expect(!!(condition), 1) ? (void)0 : trine__must_fail(sentence))

#endif

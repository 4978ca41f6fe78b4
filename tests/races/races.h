/* SPDX-License-Identifier: MIT */
/* What the stress tests share: a check that stays on, and chance that needs no lock. */
#ifndef TRINE_TESTS_RACES_H
#define TRINE_TESTS_RACES_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define must(condition)                                                                            \
    ((condition)                                                                                   \
         ? (void)0                                                                                 \
         : (fprintf(stderr, "races: line %d: not so: %s\n", __LINE__, #condition), abort()))

static inline unsigned chance(unsigned *seed, unsigned of)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 16) % of;
}

static inline unsigned new_seed(void)
{
    static _Atomic(unsigned) seeds = 1;
    return atomic_fetch_add(&seeds, 1) * 2654435761u;
}

#endif

/* SPDX-License-Identifier: MIT */
/* Who cancelled a task, as a number that fits the task's record. */
#ifndef TRINE_CORE_CANCELLER_H
#define TRINE_CORE_CANCELLER_H

#include "core/context.h"

/* A number of nobody in particular. */
#define TRINE__CANCELLER_UNKNOWN UINT16_MAX

/* The number of a spawn site, or of another string that stays; never 0. From any thread. */
uint16_t trine__canceller_number(const char *site);
/* What has the number that `context` was cancelled with; NULL: unknown. */
const char *trine__canceller_site(const struct trine__context *context);

/* Cancels the context itself, in a word: the first one counts. */
static inline void trine__canceller_give(struct trine__context *context, uint16_t number)
{
    uint16_t nobody = 0;
    __atomic_compare_exchange_n(&context->cancelled_by, &nobody, number, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
}

#endif

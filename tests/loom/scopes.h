/* SPDX-License-Identifier: MIT */
/* Each thread of a scenario in a scope of its own, so that another can cancel what it waits for. */
#ifndef TRINE_TESTS_LOOM_SCOPES_H
#define TRINE_TESTS_LOOM_SCOPES_H

#include "scenarios.h"

static struct trine_scope scopes[LOOM_THREADS];
static int errors[LOOM_THREADS], items[LOOM_THREADS];

static inline void open_scope(void *number)
{
    trine_scope_open(&scopes[*(int *)number], TRINE_FOREVER);
}

static inline void close_scope(void *number)
{
    int thread = *(int *)number;
    int closed = trine_scope_close(&scopes[thread]);
    must(closed == 0 || closed == -ECANCELED);
    must((errors[thread] == -ECANCELED) == (closed == -ECANCELED));
}

static inline void begin_scopes(void)
{
    for (int i = 0; i < LOOM_THREADS; i++) {
        errors[i] = items[i] = -1;
        loom_as(i, open_scope, &i);
    }
}

static inline void end_scopes(void)
{
    for (int i = 0; i < LOOM_THREADS; i++)
        loom_as(i, close_scope, &i);
}

static inline void cancel_first(void)
{
    trine_scope_cancel(&scopes[0], "the explorer");
    errors[2] = 0;
}

#endif

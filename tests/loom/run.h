/* SPDX-License-Identifier: MIT */
/* One run of a scenario: threads that are fibers, and points at which somebody else says who goes
 * on. */
#ifndef TRINE_TESTS_LOOM_RUN_H
#define TRINE_TESTS_LOOM_RUN_H

#include "explorer.h"
#include <stdbool.h>

/* True if nothing is wrong; else the threads stay where they are for ever. */
bool loom_run(const struct loom_scenario *scenario, int preemptions);
/* Of the run before. */
const char *loom_failure(void);
/* The last steps of the run before. */
void loom_print_trace(void);
/* Ends the run that is under way. */
void loom_fail(const char *why);

/* What a thread will do first when it goes on. */
struct loom_step {
    const volatile void *object; /* NULL: not known */
    bool reads;                  /* and nothing else */
};
struct loom_step loom_next(int thread);

/* By explorer.c: which of the threads that could goes on. The one that runs is the first. */
int loom_decide(const uint8_t *options, size_t count);

#endif

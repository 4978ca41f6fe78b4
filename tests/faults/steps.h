/* SPDX-License-Identifier: MIT */
/* A cancel at every suspension point: a scenario runs as a child on virtual time, step by step,
 * where a step lets every ready task run once or moves the clock to the next timer. Run again and
 * again, it is cancelled after its first, second, ... step, in several ways; its clean-up must have
 * run exactly once and nothing may be left behind. */
#ifndef TRINE_TESTS_STEPS_H
#define TRINE_TESTS_STEPS_H

#include "torture.h"
#include <stdbool.h>
#include <stddef.h>
#include <trine/task.h>
#include <trine/time.h>

/* What is under way in a scenario: resources that are taken and given back. */
void steps_take(void);
void steps_give(void);
/* Whether all was given back since the last call. */
bool steps_balanced(void);

/* Work for a child: takes, sleeps for two whiles, gives. The error of the sleeps. */
#define STEPS_WHILE TRINE_MILLISECONDS(10)
int steps_work(void *arg);

struct steps_scenario {
    const char *name;
    trine_fn run; /* 0 when all is well, else the code of the cancel */
};

/* Runs all; ends the process where something does not hold. How many points were tried. */
size_t steps_try_all(const struct steps_scenario *scenarios, size_t count);

/* The program of a list SCENARIOS(X): each is cancelled at every step, then made to fail at every
 * fallible call on virtual time; whatever failed, what was taken is given back. */
int steps_run(trine_fn scenario);
#define STEPS__RUNNER(name)                                                                        \
    static int run_##name(void)                                                                    \
    {                                                                                              \
        return steps_run(name);                                                                    \
    }
#define STEPS__CANCELLED(name) { #name, name },
#define STEPS__FAILING(name)   { #name, run_##name },
#define STEPS_MAIN(SCENARIOS)                                                                      \
    SCENARIOS(STEPS__RUNNER)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct steps_scenario cancelled[] = { SCENARIOS(STEPS__CANCELLED) };          \
        static const struct torture_scenario failing[] = { SCENARIOS(STEPS__FAILING) };            \
        return steps_main(cancelled, failing, sizeof failing / sizeof failing[0]);                 \
    }
int steps_main(const struct steps_scenario *cancelled, const struct torture_scenario *failing,
               size_t count);

#endif

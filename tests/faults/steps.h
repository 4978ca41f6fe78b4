/* SPDX-License-Identifier: MIT */
/* A cancel at every suspension point: a scenario runs as a child on virtual time, step by step,
 * where a step lets every ready task run once or moves the clock to the next timer. Run again and
 * again, it is cancelled after its first, second, ... step, in several ways; its clean-up must have
 * run exactly once and nothing may be left behind. */
#ifndef TRINE_TESTS_STEPS_H
#define TRINE_TESTS_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <trine/task.h>

/* What is under way in a scenario: resources that are taken and given back. */
void steps_take(void);
void steps_give(void);
/* Whether all was given back since the last call. */
bool steps_balanced(void);

struct steps_scenario {
    const char *name;
    trine_fn run; /* 0 when all is well, else the code of the cancel */
};

/* Runs all; ends the process where something does not hold. How many points were tried. */
size_t steps_try_all(const struct steps_scenario *scenarios, size_t count);

#endif

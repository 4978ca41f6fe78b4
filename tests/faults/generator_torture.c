/* SPDX-License-Identifier: MIT */
/* Generators and task locals: each scenario is cancelled at every suspension point, and each of its
 * fallible calls fails in turn. A body that began cleans up, one that did not never runs. Virtual
 * time. */
#include "steps.h"
#include "torture.h"
#include <errno.h>
#include <stdio.h>
#include <trine/generator.h>
#include <trine/group.h>
#include <trine/local.h>
#include <trine/run.h>

#define WHILE TRINE_MILLISECONDS(10)

static struct trine_local place = TRINE_LOCAL_INIT("nowhere");

static int ticks(struct trine_generator *self, void *arg)
{
    int error = 0;
    steps_take();
    for (int i = 0; i < 4 && error == 0; i++) {
        error = trine_sleep(WHILE);
        if (error == 0)
            error = trine_yield_value(self, &i, NULL);
    }
    steps_give();
    return error;
}

static int delegating(struct trine_generator *self, void *arg)
{
    struct trine_generator *inner = trine_generator_new(ticks, NULL);
    if (inner == NULL)
        return -ENOMEM;
    int error = trine_yield_from(self, inner);
    trine_generator_free(inner);
    return error;
}

static int take(trine_generator_fn body, int most)
{
    struct trine_generator *generator = trine_generator_new(body, NULL);
    if (generator == NULL)
        return -ENOMEM;
    int got = 1;
    for (int i = 0; i < most && got == 1; i++)
        got = trine_generator_next(generator, NULL);
    trine_generator_free(generator);
    return got < 0 ? got : 0;
}

static int all_of_it(void *arg)
{
    return take(ticks, 100);
}

static int some_of_it(void *arg)
{
    return take(ticks, 2);
}

static int delegated(void *arg)
{
    return take(delegating, 100);
}

static int delegated_and_left(void *arg)
{
    return take(delegating, 3);
}

static int set_and_take(void *arg)
{
    struct trine_local_token token;
    int error = trine_local_swap(&place, arg, &token);
    if (error < 0)
        return error;
    error = take(ticks, 2);
    int back = trine_local_reset(&token);
    return error < 0 ? error : back;
}

static int locals(void *arg)
{
    struct trine_group group;
    int error = trine_local_set(&place, "here");
    if (error < 0)
        return error;
    trine_group_open(&group, NULL);
    trine_spawn(&group, set_and_take, "there");
    trine_spawn(&group, set_and_take, "elsewhere");
    return trine_group_close(&group);
}

#define SCENARIOS(X)                                                                               \
    X(all_of_it)                                                                                   \
    X(some_of_it)                                                                                  \
    X(delegated)                                                                                   \
    X(delegated_and_left)                                                                          \
    X(locals)

STEPS_MAIN(SCENARIOS)

/* SPDX-License-Identifier: MIT */
/* Children that end after so many steps of virtual time with such an outcome, for the tests of
 * those who wait for several. */
#ifndef TRINE_GROUP_SEVERAL_SUITE_H
#define TRINE_GROUP_SEVERAL_SUITE_H

#include "core/suite.h"
#include <trine/group.h>

#define STEP       TRINE_MILLISECONDS(10)
#define AFTER_EVER 1000

struct plan {
    int steps, outcome;
    int ended_with; /* what it really returned */
};

static inline int follow_plan(void *arg)
{
    struct plan *plan = arg;
    int error = plan->steps > 0 ? trine_sleep(plan->steps * STEP) : 0;
    plan->ended_with = error < 0 ? error : plan->outcome;
    if (plan->ended_with == -EIO)
        return trine_fail(-EIO, "step %d", plan->steps);
    return plan->ended_with;
}

/* A group that lets every child end as it likes, and its children's futures. */
struct children {
    struct trine_group group;
    struct trine_future *futures[8];
    size_t count;
    int64_t begin;
};

static inline void start_children(struct children *children, struct plan *plans, size_t count)
{
    children->count = count;
    children->begin = trine_now();
    trine_group_open(&children->group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    for (size_t i = 0; i < count; i++) {
        plans[i].ended_with = 12345;
        children->futures[i] = trine_spawn(&children->group, follow_plan, &plans[i]);
    }
}

static inline int end_children(struct children *children)
{
    trine_group_cancel(&children->group, "the test is over");
    (void)trine_group_close(&children->group);
    return 0;
}

static inline int steps_since(const struct children *children)
{
    return (int)((trine_now() - children->begin) / STEP);
}

#endif

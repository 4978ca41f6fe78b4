/* SPDX-License-Identifier: MIT */
/* For tests below the group floor: children in a bare family, counted and joined. */
#ifndef TRINE_CORE_CROWD_H
#define TRINE_CORE_CROWD_H

#include "core/quick.h"
#include "core/suite.h"

struct crowd {
    struct trine__family family;
    struct trine__parker *joiner;
    int live, ended, failed;
};

static inline void crowd_ended(struct trine__family *family, struct trine__task *task)
{
    struct crowd *crowd = TRINE__CONTAINER(family, struct crowd, family);
    crowd->live--;
    crowd->ended++;
    if (task->future.outcome < 0) {
        crowd->failed++;
        trine__future_mark_read(&task->future);
    }
    trine__family_remove(family, task);
    trine_future_unref(&task->future);
    if (crowd->live == 0 && crowd->joiner != NULL)
        trine__unpark(crowd->joiner);
}

static inline void crowd_open(struct crowd *crowd)
{
    *crowd = (struct crowd){ 0 };
    trine_scope_open(&crowd->family.scope, TRINE_FOREVER);
    crowd->family.scope.family = true;
    crowd->family.ended = crowd_ended;
}

static inline struct trine__task *crowd_start(struct crowd *crowd, trine_fn fn, void *arg,
                                              size_t stack_size)
{
    struct trine__loop *loop = trine__loop_here;
    struct trine__task *task =
        trine__task_new(loop, &crowd->family, fn, arg, NULL, "crowd.h:1 somebody", stack_size);
    assert_non_null(task);
    crowd->live++;
    trine__family_add(&crowd->family, task);
    trine__loop_start(loop, task);
    return task;
}

static inline void crowd_join(struct crowd *crowd)
{
    while (crowd->live > 0) {
        struct trine__parker parker;
        assert_int_equal(trine__parker_init(&parker), 0);
        crowd->joiner = &parker;
        assert_int_equal(trine__park(&parker, NULL, NULL, "the crowd"), 0);
        crowd->joiner = NULL;
    }
}

static inline int crowd_close(struct crowd *crowd)
{
    crowd_join(crowd);
    return trine_scope_close(&crowd->family.scope);
}

#endif

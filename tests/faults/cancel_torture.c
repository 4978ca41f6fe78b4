/* SPDX-License-Identifier: MIT */
/* Groups, futures, limits and maps, cancelled at every suspension point. */
#include "steps.h"
#include "torture.h"
#include <stdio.h>
#include <trine/future.h>
#include <trine/group.h>
#include <trine/map.h>

#define WHILE STEPS_WHILE

/* Its clean-up has to wait, too. */
static int work_with_last_words(void *arg)
{
    steps_take();
    int error = trine_sleep(WHILE);
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_SECONDS(1));
    if (trine_sleep(WHILE) == 0 && trine_yield() == 0)
        steps_give();
    trine_shield_close(&shield);
    return error;
}

/* ---- scenarios */

static int many_groups(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    int depth = (int)(intptr_t)arg;
    trine_spawn(&group, steps_work, NULL);
    trine_spawn(&group, work_with_last_words, NULL);
    if (depth < 3)
        trine_spawn(&group, many_groups, (void *)(intptr_t)(depth + 1));
    steps_take();
    int error = trine_sleep(WHILE);
    if (error == 0)
        error = trine_group_join(&group);
    steps_give();
    int closed = trine_group_close(&group);
    return error < 0 ? error : closed;
}

static int limited_group(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 2, .reap = true });
    for (int i = 0; i < 8; i++)
        trine_spawn(&group, i % 2 == 0 ? steps_work : work_with_last_words, NULL);
    return trine_group_close(&group);
}

static int resolve_later(void *promise)
{
    int error = steps_work(NULL);
    trine_promise_resolve(promise, error, NULL);
    return error;
}

static int await_it(void *promise)
{
    int outcome = 0;
    steps_take();
    int error = trine_await(promise, &outcome);
    steps_give();
    return error < 0 ? error : outcome;
}

static int hand_over_by_promise(void *arg)
{
    struct trine_group group;
    struct trine_future *promise = trine_promise_new(0);
    trine_group_open(&group, NULL);
    trine_spawn(&group, resolve_later, promise);
    for (int i = 0; i < 3; i++)
        trine_spawn(&group, await_it, promise);
    int error = trine_await(promise, NULL);
    int closed = trine_group_close(&group);
    (void)trine_future_outcome(promise);
    trine_future_unref(promise);
    return error < 0 ? error : closed;
}

static int wait_for_several(void *arg)
{
    struct trine_group group;
    struct trine_future *futures[6];
    trine_group_open(&group, NULL);
    for (int i = 0; i < 6; i++)
        futures[i] = trine_spawn(&group, i % 2 == 0 ? steps_work : work_with_last_words, NULL);
    int error = trine_wait(futures, 6, TRINE_FIRST_COMPLETED, NULL);
    struct trine_completed done = TRINE_COMPLETED(futures, 6);
    for (int i = 0; i < 3 && trine_completed_next(&done) != NULL; i++)
        ;
    trine_completed_close(&done);
    int gathered = trine_gather(futures, 6, TRINE_GATHER);
    int closed = trine_group_close(&group);
    return error < 0 ? error : gathered < 0 ? gathered : closed;
}

static int race_them(void *arg)
{
    struct trine_group group;
    struct trine_future *futures[4];
    trine_group_open(&group, NULL);
    for (int i = 0; i < 4; i++)
        futures[i] = trine_spawn(&group, i == 2 ? steps_work : work_with_last_words, NULL);
    int error = trine_race(futures, 4, NULL);
    int closed = trine_group_close(&group);
    return error < 0 ? error : closed;
}

static int within_limits(void *arg)
{
    int error = 0;
    for (int i = 1; i <= 4 && error == 0; i++) {
        steps_take();
        error = TRINE_WITHIN(i * WHILE, steps_work(NULL));
        steps_give();
        if (error == -ETIMEDOUT && trine_cancelled() == 0)
            error = 0;
    }
    return error;
}

/* An item that was started is cleaned up; one that was not never began. */
static int map_over_tasks(void *arg)
{
    int items[8] = { 0 }, outcomes[8];
    return trine_map(TRINE_TASKS, steps_work, items, 8, sizeof items[0],
                     &(struct trine_map_options){ .limit = 3, .outcomes = outcomes });
}

static const struct steps_scenario scenarios[] = {
    { "many groups", many_groups },
    { "limited group", limited_group },
    { "promise", hand_over_by_promise },
    { "several", wait_for_several },
    { "race", race_them },
    { "limits", within_limits },
    { "map", map_over_tasks },
};

int main(void)
{
    torture_at("the beginning");
    printf("%zu passed, 0 failed\n",
           steps_try_all(scenarios, sizeof scenarios / sizeof scenarios[0]));
    return 0;
}

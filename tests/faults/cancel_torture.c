/* SPDX-License-Identifier: MIT */
/* A cancel at every suspension point: a scenario runs as a child on virtual time, step by step,
 * where a step lets every ready task run once or moves the clock to the next timer. Run again and
 * again, it is cancelled after its first, second, ... step, in several ways; its clean-up must have
 * run exactly once and nothing may be left behind. */
#include "core/loop.h"
#include "torture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine/debug.h>
#include <trine/future.h>
#include <trine/group.h>
#include <trine/map.h>
#include <trine/run.h>
#include <unistd.h>

#define WHILE TRINE_MILLISECONDS(10)

/* ---- what is under way: resources that are taken and given back */

static int taken, given, overdrawn;

static void take(void)
{
    taken++;
}

static void give(void)
{
    given++;
    overdrawn += given > taken;
}

static int work(void *arg)
{
    take();
    int error = trine_sleep(WHILE);
    if (error == 0)
        error = trine_sleep(WHILE);
    give();
    return error;
}

/* Its clean-up has to wait, too. */
static int work_with_last_words(void *arg)
{
    take();
    int error = trine_sleep(WHILE);
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_SECONDS(1));
    if (trine_sleep(WHILE) == 0 && trine_yield() == 0)
        give();
    trine_shield_close(&shield);
    return error;
}

/* ---- scenarios */

static int many_groups(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    int depth = (int)(intptr_t)arg;
    trine_spawn(&group, work, NULL);
    trine_spawn(&group, work_with_last_words, NULL);
    if (depth < 3)
        trine_spawn(&group, many_groups, (void *)(intptr_t)(depth + 1));
    take();
    int error = trine_sleep(WHILE);
    if (error == 0)
        error = trine_group_join(&group);
    give();
    int closed = trine_group_close(&group);
    return error < 0 ? error : closed;
}

static int limited_group(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 2, .reap = true });
    for (int i = 0; i < 8; i++)
        trine_spawn(&group, i % 2 == 0 ? work : work_with_last_words, NULL);
    return trine_group_close(&group);
}

static int resolve_later(void *promise)
{
    int error = work(NULL);
    trine_promise_resolve(promise, error, NULL);
    return error;
}

static int await_it(void *promise)
{
    int outcome = 0;
    take();
    int error = trine_await(promise, &outcome);
    give();
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
        futures[i] = trine_spawn(&group, i % 2 == 0 ? work : work_with_last_words, NULL);
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
        futures[i] = trine_spawn(&group, i == 2 ? work : work_with_last_words, NULL);
    int error = trine_race(futures, 4, NULL);
    int closed = trine_group_close(&group);
    return error < 0 ? error : closed;
}

static int within_limits(void *arg)
{
    int error = 0;
    for (int i = 1; i <= 4 && error == 0; i++) {
        take();
        error = TRINE_WITHIN(i * WHILE, work(NULL));
        give();
        if (error == -ETIMEDOUT && trine_cancelled() == 0)
            error = 0;
    }
    return error;
}

/* An item that was started is cleaned up; one that was not never began. */
static int map_over_tasks(void *arg)
{
    int items[8] = { 0 }, outcomes[8];
    return trine_map(TRINE_TASKS, work, items, 8, sizeof items[0],
                     &(struct trine_map_options){ .limit = 3, .outcomes = outcomes });
}

static const struct {
    const char *name;
    trine_fn run;
} scenarios[] = {
    { "many groups", many_groups },
    { "limited group", limited_group },
    { "promise", hand_over_by_promise },
    { "several", wait_for_several },
    { "race", race_them },
    { "limits", within_limits },
    { "map", map_over_tasks },
};

/* ---- stepping and cancelling */

enum way { NOT_AT_ALL, THE_TASK, THE_GROUP, BY_DEADLINE, WAYS };
static const char *const ways[] = { "nothing", "the task", "the group", "a deadline" };

struct attempt {
    trine_fn scenario;
    enum way way;
    size_t after; /* steps */
    size_t steps; /* it took in all */
};

/* One step. False: the child has ended. */
static bool step(struct trine_future *child)
{
    struct trine__loop *loop = trine__loop_here;
    if (trine_future_done(child))
        return false;
    int64_t next = trine__timers_next(&loop->timers);
    int error =
        loop->ready.first != NULL || next == INT64_MAX ? trine_yield() : trine_sleep_until(next);
    torture_must(error == 0);
    return true;
}

static int drive(void *arg)
{
    struct attempt *attempt = arg;
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    struct trine_future *child = trine_spawn(&group, attempt->scenario, NULL);
    while (attempt->steps < attempt->after && step(child))
        attempt->steps++;
    if (attempt->way == THE_TASK)
        trine_cancel(child);
    else if (attempt->way == THE_GROUP)
        trine_group_cancel(&group, "torture");
    else if (attempt->way == BY_DEADLINE)
        torture_must(trine__scope_limit(&group.family.scope, trine_now()) == 0);
    int closed = trine_group_close(&group);
    torture_must(trine__loop_here->timers.count == 0);
    torture_must(trine_yield() == 0);
    return closed;
}

static size_t try_once(size_t which, enum way way, size_t after)
{
    struct attempt attempt = { scenarios[which].run, way, after, 0 };
    torture_at("scenario '%s', %s cancelled after %zu steps", scenarios[which].name, ways[way],
               after);
    struct torture_traces before = torture_traces();
    taken = given = overdrawn = 0;
    alarm(10);
    int error = trine_run(drive, &attempt, NULL);
    alarm(0);
    if (error != 0 && error != -ECANCELED && error != -ETIMEDOUT)
        fprintf(stderr, "torture: it ended with %d\n", error);
    torture_must(error == 0 || (way != NOT_AT_ALL && error == -ECANCELED) ||
                 (way == BY_DEADLINE && error == -ETIMEDOUT));
    torture_must(taken == given && overdrawn == 0);
    torture_must_be_clean(before);
    return attempt.steps;
}

static int try_all(void)
{
    size_t total = 0;
    for (size_t which = 0; which < sizeof scenarios / sizeof scenarios[0]; which++) {
        size_t steps = try_once(which, NOT_AT_ALL, SIZE_MAX), points = 0;
        size_t stride = torture_stride(steps, 200);
        for (enum way way = THE_TASK; way < WAYS; way++) {
            for (size_t after = 0; after <= steps; after += stride, points++)
                try_once(which, way, after);
        }
        printf("%-16s %4zu steps, %4zu points\n", scenarios[which].name, steps, points);
        total += points;
    }
    printf("%zu passed, 0 failed\n", total);
    return 0;
}

static void refuse_report(const char *message, void *arg)
{
    fprintf(stderr, "torture: reported was: %s\n", message);
    abort();
}

int main(void)
{
    torture_at("the beginning");
    trine_set_report(refuse_report, NULL);
    return try_all();
}

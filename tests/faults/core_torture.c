/* SPDX-License-Identifier: MIT */
/* Every fallible call of everyday concurrency fails in turn. */
#include "torture.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <trine/future.h>
#include <trine/group.h>
#include <trine/map.h>
#include <trine/run.h>

#define SHORT TRINE_MICROSECONDS(20)

/* Children count when they begin and when they are through with their clean-up. */
static _Atomic(int) begun, cleaned;

static int work(void *arg)
{
    atomic_fetch_add(&begun, 1);
    int error = trine_sleep(SHORT);
    if (error == 0)
        error = trine_yield();
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_SECONDS(5));
    (void)trine_yield();
    trine_shield_close(&shield);
    atomic_fetch_add(&cleaned, 1);
    return error;
}

static int fail_sometime(void *arg)
{
    int error = work(arg);
    return error < 0 ? error : trine_fail(-EIO, "this one fails by plan");
}

static int run(trine_fn body, unsigned loops)
{
    atomic_store(&begun, 0);
    atomic_store(&cleaned, 0);
    int error = trine_run(body, NULL, &(struct trine_run_options){ .loops = loops });
    torture_must(atomic_load(&begun) == atomic_load(&cleaned));
    return error;
}

static int expect(int error, int expected)
{
    return error == expected ? 0 : error;
}

/* ---- groups */

static int group_body(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .timeout = TRINE_SECONDS(5) });
    for (int i = 0; i < 20; i++)
        trine_spawn(&group, work, NULL);
    return trine_group_close(&group);
}

static int limited_body(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 3, .reap = true });
    for (int i = 0; i < 20; i++)
        trine_spawn(&group, work, NULL);
    return trine_group_close(&group);
}

static int nested_body(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 4; i++)
        trine_spawn(&group, arg == NULL ? nested_body : work, &group);
    return trine_group_close(&group);
}

static int failing_body(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    for (int i = 0; i < 6; i++)
        trine_spawn(&group, i % 2 == 0 ? work : fail_sometime, NULL);
    return expect(trine_group_close(&group), -EIO);
}

static int many_stacks_body(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 300; i++)
        trine_spawn_with(&group, work, NULL,
                         &(struct trine_spawn_options){ .stack_size = i % 3 == 0 ? 256 * 1024 : 0,
                                                        .eager = i % 7 == 0 });
    return trine_group_close(&group);
}

/* ---- futures */

static int await_it(void *promise)
{
    int outcome = 0, error = trine_await(promise, &outcome);
    return error < 0 ? error : outcome;
}

static int future_body(void *arg)
{
    struct trine_group group;
    struct trine_future *promise = trine_promise_new(16);
    if (promise == NULL)
        return -ENOMEM;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 10; i++)
        trine_spawn(&group, await_it, promise);
    int error = trine_sleep(SHORT);
    trine_promise_resolve(promise, 0, "0123456789abcdef");
    int closed = trine_group_close(&group);
    trine_future_unref(promise);
    return error < 0 ? error : closed;
}

static void count_call(struct trine_future *future, void *arg)
{
    atomic_fetch_add((_Atomic(int) *)arg, 1);
}

static int callback_body(void *arg)
{
    _Atomic(int) calls = 0;
    int added = 0, error = 0;
    struct trine_future *promise = trine_promise_new(0);
    if (promise == NULL)
        return -ENOMEM;
    for (int i = 0; i < 5; i++)
        added += trine_future_on_done(promise, count_call, &calls) == 0;
    trine_promise_resolve(promise, 0, NULL);
    added += trine_future_on_done(promise, count_call, &calls) == 0;
    for (int turns = 0; atomic_load(&calls) < added && turns < 100 && error == 0; turns++)
        error = trine_sleep(0);
    while (atomic_load(&calls) < added && error == 0)
        error = trine_sleep(SHORT);
    torture_must(error < 0 || atomic_load(&calls) == added);
    trine_future_unref(promise);
    return error < 0 ? error : added == 6 ? 0 : -ENOMEM;
}

/* ---- several */

struct several {
    struct trine_group group;
    struct trine_future *futures[8];
};

static void start_several(struct several *several)
{
    trine_group_open(&several->group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    for (int i = 0; i < 8; i++)
        several->futures[i] = trine_spawn(&several->group, work, NULL);
}

static int end_several(struct several *several, int error)
{
    int closed = trine_group_close(&several->group);
    return error < 0 ? error : closed;
}

static int gather_body(void *arg)
{
    struct several several;
    start_several(&several);
    return end_several(&several, trine_gather(several.futures, 8, TRINE_GATHER));
}

static int race_body(void *arg)
{
    struct several several;
    start_several(&several);
    return end_several(&several, trine_race(several.futures, 8, NULL));
}

static int wait_body(void *arg)
{
    struct several several;
    bool done[8];
    start_several(&several);
    int error = trine_wait(several.futures, 8, TRINE_FIRST_COMPLETED, done);
    if (error > 0)
        error = trine_wait(several.futures, 8, TRINE_ALL_COMPLETED, done);
    return end_several(&several, error);
}

static int completed_body(void *arg)
{
    struct several several;
    start_several(&several);
    struct trine_completed done = TRINE_COMPLETED(several.futures, 8);
    int seen = 0;
    while (trine_completed_next(&done) != NULL)
        seen++;
    int error = done.error;
    torture_must(error < 0 || seen == 8);
    trine_completed_close(&done);
    return end_several(&several, error);
}

/* ---- scopes */

static int scope_body(void *arg)
{
    struct trine_scope scopes[100];
    for (int i = 0; i < 100; i++)
        trine_scope_open(&scopes[i], TRINE_SECONDS(100 - i));
    int error = trine_sleep(SHORT);
    for (int i = 100; i-- > 0;) {
        int closed = trine_scope_close(&scopes[i]);
        error = error == 0 ? closed : error;
    }
    if (error == 0)
        error = expect(TRINE_WITHIN(SHORT, trine_sleep(TRINE_SECONDS(5))), -ETIMEDOUT);
    return error;
}

/* ---- threads */

static void *spawn_from_a_thread(void *group)
{
    for (int i = 0; i < 10; i++)
        trine_spawn((struct trine_group *)group, work, NULL);
    return NULL;
}

static int thread_body(void *arg)
{
    struct trine_group group;
    pthread_t thread;
    trine_group_open(&group, NULL);
    torture_must(pthread_create(&thread, NULL, spawn_from_a_thread, &group) == 0);
    int error = trine_sleep(SHORT);
    pthread_join(thread, NULL);
    int closed = trine_group_close(&group);
    return error < 0 ? error : closed;
}

static int run_groups(void)
{
    return run(group_body, 1);
}

static int run_limited(void)
{
    return run(limited_body, 1);
}

static int run_nested(void)
{
    return run(nested_body, 1);
}

static int run_failing(void)
{
    return run(failing_body, 1);
}

static int run_many_stacks(void)
{
    return run(many_stacks_body, 1);
}

static int run_futures(void)
{
    return run(future_body, 1);
}

static int run_callbacks(void)
{
    return run(callback_body, 1);
}

static int run_gather(void)
{
    return run(gather_body, 1);
}

static int run_race(void)
{
    return run(race_body, 1);
}

static int run_wait(void)
{
    return run(wait_body, 1);
}

static int run_completed(void)
{
    return run(completed_body, 1);
}

static int run_scopes(void)
{
    return run(scope_body, 1);
}

static int run_threads(void)
{
    return run(thread_body, 1);
}

static int run_loops(void)
{
    return run(nested_body, 3);
}

/* ---- maps: each item that succeeded was worked on once, the others not at all */

static int add_one(void *item)
{
    int error = trine_yield();
    if (error == 0)
        ++*(int *)item;
    return error;
}

static int map_over(struct trine_executor *executor)
{
    int items[12] = { 0 }, outcomes[12];
    for (int i = 0; i < 12; i++)
        outcomes[i] = -ECANCELED; /* what a map that could not even begin leaves */
    int error = trine_map(executor, add_one, items, 12, sizeof items[0],
                          &(struct trine_map_options){ .limit = 4, .outcomes = outcomes });
    for (int i = 0; i < 12; i++) {
        torture_must(items[i] == (outcomes[i] >= 0 ? 1 : 0));
        torture_must(error < 0 || outcomes[i] == 0);
    }
    return error;
}

static int map_body(void *arg)
{
    int error = map_over(TRINE_TASKS);
    return error == 0 ? map_over(TRINE_SERIAL) : error;
}

static int run_map(void)
{
    return run(map_body, 1);
}

static int run_map_outside(void)
{
    return map_over(TRINE_TASKS);
}

static int run_map_threads(void)
{
    struct trine_executor *threads =
        trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = 2 });
    if (threads == NULL)
        return trine_error_last() != NULL ? trine_error_code(trine_error_last()) : -ENOMEM;
    int error = map_over(threads);
    trine_executor_free(threads);
    return error;
}

int main(void)
{
    static const struct torture_scenario scenarios[] = {
        { "groups", run_groups },
        { "limited groups", run_limited },
        { "nested groups", run_nested },
        { "failing children", run_failing },
        { "many stacks", run_many_stacks },
        { "futures", run_futures },
        { "callbacks", run_callbacks },
        { "gather", run_gather },
        { "race", run_race },
        { "wait", run_wait },
        { "completed", run_completed },
        { "scopes", run_scopes },
        { "threads", run_threads },
        { "several loops", run_loops },
        { "map", run_map },
        { "map outside a loop", run_map_outside },
        { "map over threads", run_map_threads },
    };
    return torture(scenarios, sizeof scenarios / sizeof scenarios[0]);
}

/* SPDX-License-Identifier: MIT */
/* Combinators, timers and detached tasks: each scenario is cancelled at every suspension point, and
 * each of its fallible calls fails in turn. Virtual time. */
#include "steps.h"
#include "torture.h"
#include <errno.h>
#include <stdio.h>
#include <trine/future.h>
#include <trine/group.h>
#include <trine/run.h>
#include <trine/timer.h>

#define WHILE STEPS_WHILE

/* ---- work whose clean-up must run */

static int work_with_last_words(void *arg)
{
    steps_take();
    int error = trine_sleep(3 * WHILE);
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_SECONDS(1));
    (void)trine_sleep(WHILE);
    trine_shield_close(&shield);
    steps_give();
    return error;
}

static int work_in_vain(void *arg)
{
    int error = steps_work(arg);
    return error < 0 ? error : trine_fail(-EIO, "this one fails by plan");
}

static int first_of(int error, int another)
{
    return error < 0 ? error : another;
}

/* ---- scenarios */

static int staggered(void *arg)
{
    struct trine_candidate candidates[] = { { work_with_last_words, NULL, NULL },
                                            { work_in_vain, NULL, "the second" },
                                            { work_with_last_words, NULL, NULL },
                                            { steps_work, NULL, NULL },
                                            { steps_work, NULL, NULL } };
    return trine_race_staggered(candidates, 5, WHILE / 2, NULL);
}

static int staggered_in_vain(void *arg)
{
    struct trine_candidate candidates[] = { { work_in_vain, NULL, NULL },
                                            { work_in_vain, NULL, NULL },
                                            { work_in_vain, NULL, NULL } };
    int error = trine_race_staggered(candidates, 3, WHILE, NULL);
    if (error == -EIO)
        torture_must(trine_error_last() == NULL || trine_error_children(trine_error_last()) == 2);
    return error == -EIO ? 0 : error;
}

static int serve(void *value)
{
    steps_take();
    int error = trine_sleep(WHILE);
    if (error == 0)
        error = trine_started(value);
    if (error == 0)
        error = trine_sleep(3 * WHILE);
    steps_give();
    return error;
}

static int starts(void *arg)
{
    struct trine_group group;
    void *value = NULL;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 2, .reap = true });
    int error = trine_start(&group, serve, &group, &value);
    torture_must(error < 0 ? value == NULL : value == &group);
    if (error == 0)
        error = trine_start(&group, serve, NULL, NULL);
    if (error == 0 && (error = trine_start(&group, work_in_vain, NULL, NULL)) == -EIO)
        error = 0;
    return first_of(error, trine_group_close(&group));
}

static int tries(void *arg)
{
    struct trine_group group;
    int error = 0;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 3 });
    for (int i = 0; i < 12 && error == 0; i++) {
        error = trine_try_spawn(&group, i % 2 == 0 ? steps_work : work_with_last_words, NULL, NULL);
        if (error == -EAGAIN)
            error = trine_sleep(WHILE);
    }
    return first_of(error, trine_group_close(&group));
}

static int ticks(void *arg)
{
    struct trine_ticker ticker;
    int error = 0;
    steps_take();
    trine_ticker_init(&ticker, WHILE, TRINE_MISSED_SKIP);
    for (int i = 0; i < 4 && error >= 0; i++) {
        int64_t due = ticker.next;
        error = trine_ticker_next(&ticker);
        torture_must(error >= 0 || ticker.next == due); /* it lost nothing */
        if (error >= 0)
            error = trine_sleep(i * WHILE);
    }
    steps_give();
    return error < 0 ? error : 0;
}

static void resolve(void *promise)
{
    trine_promise_resolve(promise, 0, NULL);
}

static int timers(void *arg)
{
    struct trine_timer timer = { 0 }, another = { 0 };
    struct trine_future *promise = trine_promise_new(0);
    if (promise == NULL)
        return -ENOMEM;
    steps_take();
    int error = trine_timer_start(&timer, 2 * WHILE, resolve, promise);
    if (error == 0)
        error = trine_timer_start(&another, 9 * WHILE, resolve, promise);
    if (error == 0)
        error = trine_sleep(WHILE);
    if (error == 0)
        error = trine_timer_reset(&timer, 2 * WHILE);
    if (error > 0)
        error = trine_await(promise, NULL);
    trine_timer_stop(&timer);
    trine_timer_stop(&another);
    trine_future_unref(promise);
    steps_give();
    return error;
}

static int deadlines(void *arg)
{
    struct trine_scope scope;
    struct trine_group group;
    trine_scope_open(&scope, 2 * WHILE);
    trine_group_open(&group, &(struct trine_group_options){ .timeout = 2 * WHILE });
    trine_spawn(&group, work_with_last_words, NULL);
    int error = 0;
    for (int i = 0; i < 4 && error == 0; i++) {
        error = trine_sleep(WHILE);
        if (error == 0)
            error = trine_scope_set_limit(&scope, 2 * WHILE);
        if (error == 0)
            error = trine_scope_set_limit(trine_group_scope(&group), 2 * WHILE);
    }
    int closed = trine_group_close(&group);
    trine_scope_close(&scope);
    return first_of(error, closed);
}

static int several(void *arg)
{
    struct trine_group group;
    struct trine_future *futures[4];
    trine_group_open(&group, NULL);
    for (int i = 0; i < 4; i++)
        futures[i] = trine_spawn(&group, i % 2 == 0 ? steps_work : work_with_last_words, NULL);
    struct trine_completed done = TRINE_COMPLETED_UNTIL(futures, 4, trine_now() + WHILE);
    (void)trine_completed_next(&done);
    torture_must(done.error < 0);
    int error = trine_wait_until(futures, 4, TRINE_ALL_COMPLETED, trine_now() + 2 * WHILE, NULL);
    done.deadline = TRINE_FOREVER;
    for (int i = 0; i < 2 && error >= 0; i++)
        error = trine_completed_next(&done) == NULL ? done.error : 0;
    trine_completed_close(&done);
    int closed = trine_group_close(&group);
    return error < 0 ? error : closed;
}

static int detached(void *arg)
{
    struct trine_future *task;
    int outcome = 0, error = trine_spawn_detached(work_with_last_words, NULL, &task);
    if (error < 0)
        return error;
    error = trine_await(task, &outcome);
    if (error < 0) {
        struct trine_scope shield;
        trine_cancel(task);
        trine_shield_open(&shield, TRINE_FOREVER);
        (void)trine_await(task, &outcome);
        trine_shield_close(&shield);
    }
    trine_future_unref(task);
    return first_of(error, outcome);
}

#define SCENARIOS(X)                                                                               \
    X(staggered)                                                                                   \
    X(staggered_in_vain)                                                                           \
    X(starts)                                                                                      \
    X(tries)                                                                                       \
    X(ticks)                                                                                       \
    X(timers)                                                                                      \
    X(deadlines)                                                                                   \
    X(several)                                                                                     \
    X(detached)

STEPS_MAIN(SCENARIOS)

/* SPDX-License-Identifier: MIT */
/* Primitives: each scenario is cancelled at every suspension point, and each of its fallible calls
 * fails in turn; permits, tokens and locks must all have come back. Virtual time. */
#include "steps.h"
#include "torture.h"
#include <errno.h>
#include <stdio.h>
#include <trine/group.h>
#include <trine/run.h>
#include <trine/select.h>
#include <trine/sync.h>

#define WHILE TRINE_MILLISECONDS(10)

static int first_of(int error, int another)
{
    return error < 0 ? error : another;
}

/* Runs each `times` times, side by side, over one object. */
static int side_by_side(trine_fn fn, void *object, int times)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < times; i++)
        trine_spawn(&group, fn, object);
    int error = trine_sleep(WHILE);
    return first_of(error, trine_group_close(&group));
}

static int while_it_is_mine(void)
{
    steps_take();
    int error = trine_sleep(WHILE);
    steps_give();
    return error;
}

/* ---- scenarios */

static int use_one(void *semaphore)
{
    int error = trine_semaphore_acquire(semaphore);
    if (error < 0)
        return error;
    error = while_it_is_mine();
    return first_of(error, trine_semaphore_release(semaphore));
}

static int use_two(void *semaphore)
{
    int error = TRINE_WITHIN(3 * WHILE, trine_semaphore_acquire_many(semaphore, 2));
    if (error < 0)
        return error == -ETIMEDOUT && trine_cancelled() == 0 ? 0 : error;
    error = while_it_is_mine();
    return first_of(error, trine_semaphore_release_many(semaphore, 2));
}

static int use_one_or_two(void *semaphore)
{
    return first_of(use_two(semaphore), use_one(semaphore));
}

static int a_semaphore(void *arg)
{
    struct trine_semaphore semaphore = TRINE_BOUNDED_SEMAPHORE_INIT(2);
    int error = side_by_side(use_one_or_two, &semaphore, 4);
    torture_must(trine_semaphore_permits(&semaphore) == 2);
    return error;
}

static int pass_baton(void *baton)
{
    struct trine_event never = TRINE_EVENT_INIT;
    struct trine_case cases[] = { TRINE_CASE_EVENT(&never), TRINE_CASE_EVENT(baton) };
    int which = trine_select(cases, 2, 0);
    int error = which < 0 ? which : while_it_is_mine();
    if (which == 1)
        trine_event_set(baton);
    if (error < 0 || (error = trine_event_wait(baton)) < 0)
        return error;
    error = while_it_is_mine();
    trine_event_set(baton);
    return error;
}

static int an_event(void *arg)
{
    struct trine_event baton = TRINE_AUTO_EVENT_INIT;
    trine_event_set(&baton);
    int error = side_by_side(pass_baton, &baton, 3);
    torture_must(trine_event_is_set(&baton));
    return error;
}

static int borrow(void *limiter)
{
    int error = trine_limiter_acquire(limiter);
    if (error < 0)
        return error;
    error = while_it_is_mine();
    return first_of(error, trine_limiter_release(limiter));
}

static int a_limiter(void *arg)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(2);
    int error = side_by_side(borrow, &limiter, 5);
    torture_must(trine_limiter_borrowed(&limiter) == 0);
    torture_must(limiter.borrowers == NULL);
    return error;
}

static int read_then_write(void *rwlock)
{
    int error = trine_rwlock_read(rwlock);
    if (error < 0)
        return error;
    error = while_it_is_mine();
    error = first_of(error, trine_rwlock_unlock(rwlock));
    if (error < 0 || (error = trine_rwlock_write(rwlock)) < 0)
        return error;
    error = while_it_is_mine();
    return first_of(error, trine_rwlock_unlock(rwlock));
}

static int a_rwlock(void *arg)
{
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    int error = side_by_side(read_then_write, &rwlock, 4);
    torture_must(trine_rwlock_try_write(&rwlock) == 0);
    torture_must(trine_rwlock_unlock(&rwlock) == 0);
    return error;
}

static int meet_twice(void *barrier)
{
    int error = trine_barrier_wait(barrier);
    if (error >= 0)
        error = while_it_is_mine();
    return error < 0 ? error : first_of(trine_barrier_wait(barrier), 0);
}

static int a_barrier(void *arg)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(4);
    int error = side_by_side(meet_twice, &barrier, 4);
    torture_must(barrier.arrived == 0 && barrier.waits.first == NULL);
    return error;
}

#define SCENARIOS(X)                                                                               \
    X(a_semaphore)                                                                                 \
    X(an_event)                                                                                    \
    X(a_limiter)                                                                                   \
    X(a_rwlock)                                                                                    \
    X(a_barrier)

STEPS_MAIN(SCENARIOS)

/* SPDX-License-Identifier: MIT */
/* Mutexes, conditions and circles of waiting: each scenario is cancelled at every suspension point,
 * and each of its fallible calls fails in turn. What a mutex protects is a resource. */
#include "steps.h"
#include "torture.h"
#include <errno.h>
#include <stdio.h>
#include <trine/debug.h>
#include <trine/group.h>
#include <trine/run.h>
#include <trine/sync.h>

#define WHILE TRINE_MILLISECONDS(10)

static int first_of(int error, int another)
{
    return error < 0 ? error : another;
}

/* Fails where a second one is inside. */
static struct trine_mutex mutex;
static int inside;

static int stay_inside(void)
{
    torture_must(inside++ == 0);
    steps_take();
    int error = trine_sleep(WHILE);
    steps_give();
    torture_must(--inside == 0);
    return error;
}

static void must_be_free(const struct trine_mutex *it)
{
    torture_must(!trine_mutex_locked(it) && it->waits.first == NULL);
}

/* Owners that end and circles are the point of the last scenarios: they say so. */
static void expect_report(const char *message, void *arg)
{
}

static int all_of(trine_fn fn, int count)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < count; i++)
        trine_spawn(&group, fn, NULL);
    int error = trine_sleep(WHILE);
    return first_of(error, trine_group_close(&group));
}

/* ---- scenarios */

static int visit(void *arg)
{
    int error = trine_mutex_lock(&mutex);
    if (error < 0)
        return error;
    error = stay_inside();
    torture_must(trine_mutex_unlock(&mutex) == 0);
    return error;
}

static int one_after_the_other(void *arg)
{
    int error = all_of(visit, 4);
    must_be_free(&mutex);
    return error;
}

static int visit_within(void *arg)
{
    int error = TRINE_WITHIN(3 * WHILE / 2, trine_mutex_lock(&mutex));
    if (error == -ETIMEDOUT && trine_cancelled() == 0)
        return 0;
    if (error < 0)
        return error;
    error = stay_inside();
    torture_must(trine_mutex_unlock(&mutex) == 0);
    return error;
}

static int with_limits(void *arg)
{
    int error = all_of(visit_within, 4);
    must_be_free(&mutex);
    return error;
}

/* The last one of each line ends as the owner. */
static int visit_and_forget(void *arg)
{
    int error = trine_mutex_lock(&mutex);
    if (error == TRINE_EOWNERDEAD) {
        inside = 0;
        error = 0;
    }
    return error < 0 ? error : stay_inside();
}

static int owners_that_end(void *arg)
{
    trine_set_report(expect_report, NULL);
    int error = all_of(visit_and_forget, 3);
    must_be_free(&mutex);
    mutex.owner_died = false;
    return error;
}

static struct trine_condition condition;
static int tokens;

static bool has_token(void *arg)
{
    return tokens > 0;
}

static int take_token(void *arg)
{
    int error = trine_mutex_lock(&mutex);
    if (error < 0)
        return error;
    error = trine_condition_wait_for(&condition, &mutex, has_token, NULL);
    if (error == 0) {
        tokens--;
        error = stay_inside();
    }
    torture_must(trine_mutex_unlock(&mutex) == 0); /* it is mine on every return */
    return error;
}

static int put_token(void *arg)
{
    int error = trine_sleep(WHILE);
    if (error == 0)
        error = trine_mutex_lock(&mutex);
    if (error < 0)
        return error;
    error = stay_inside();
    tokens++;
    trine_condition_notify(&condition, 1);
    torture_must(trine_mutex_unlock(&mutex) == 0);
    return error;
}

static int pass_tokens(void *arg)
{
    struct trine_group group;
    tokens = 0;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        trine_spawn(&group, take_token, NULL);
    for (int i = 0; i < 3; i++)
        trine_spawn(&group, put_token, NULL);
    int error = trine_group_close(&group);
    must_be_free(&mutex);
    torture_must(condition.waits.first == NULL);
    return error;
}

/* Three that lock in a ring: whoever is refused lets go and tries again. */
static struct trine_mutex ring[3];

static int lock_two(int first, int second)
{
    int error;
    do {
        error = trine_mutex_lock(&ring[first]);
        if (error < 0)
            return error;
        error = trine_sleep(WHILE);
        if (error == 0)
            error = trine_mutex_lock(&ring[second]);
        if (error == 0) {
            steps_take();
            error = trine_sleep(WHILE);
            steps_give();
            torture_must(trine_mutex_unlock(&ring[second]) == 0);
        }
        torture_must(trine_mutex_unlock(&ring[first]) == 0);
    } while (error == -EDEADLK);
    return error;
}

static int lock_zero_one(void *arg)
{
    return lock_two(0, 1);
}

static int lock_one_two(void *arg)
{
    return lock_two(1, 2);
}

static int lock_two_zero(void *arg)
{
    return lock_two(2, 0);
}

static int circles(void *arg)
{
    struct trine_group group;
    trine_set_report(expect_report, NULL);
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_zero_one, NULL);
    trine_spawn(&group, lock_one_two, NULL);
    trine_spawn(&group, lock_two_zero, NULL);
    int error = trine_group_close(&group);
    for (int i = 0; i < 3; i++)
        must_be_free(&ring[i]);
    return error;
}

#define SCENARIOS(X)                                                                               \
    X(one_after_the_other)                                                                         \
    X(with_limits)                                                                                 \
    X(pass_tokens)                                                                                 \
    X(owners_that_end)                                                                             \
    X(circles)

STEPS_MAIN(SCENARIOS)

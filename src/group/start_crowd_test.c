/* SPDX-License-Identifier: MIT */
/* Many starters at once: of plain threads, of several loops, in any order of running. */
#include "core/suite.h"
#include <stdatomic.h>
#include <trine/group.h>
#include <trine/test.h>

#define STEP TRINE_MILLISECONDS(10)

static int start_at_once(void *value)
{
    return trine_started(value);
}

static int fail_silently(void *arg)
{
    return -ENODEV;
}

/* ---- from another thread, and among loops */

static _Atomic(int) right_values;

static void start_from_a_thread(void *group)
{
    for (intptr_t i = 0; i < 50; i++) {
        void *value = NULL;
        if (trine_start((struct trine_group *)group, start_at_once, (void *)i, &value) == 0 &&
            value == (void *)i)
            atomic_fetch_add(&right_values, 1);
        if (trine_start((struct trine_group *)group, fail_silently, NULL, NULL) == -ENODEV)
            atomic_fetch_add(&right_values, 1);
    }
}

IN_A_TASK(a_plain_thread_may_start_children_too)
{
    struct trine_group group;
    struct helper helpers[4];
    atomic_store(&right_values, 0);
    trine_group_open(&group, &(struct trine_group_options){ .reap = true });
    for (size_t i = 0; i < COUNT(helpers); i++)
        start_helper(&helpers[i], start_from_a_thread, &group);
    while (atomic_load(&right_values) < 400)
        assert_int_equal(trine_sleep(TRINE_MILLISECONDS(1)), 0);
    for (size_t i = 0; i < COUNT(helpers); i++)
        join_helper(&helpers[i]);
    return trine_group_close(&group);
}

static int start_and_nap(void *arg)
{
    int error = trine_yield();
    if (error == 0)
        error = trine_started(arg);
    return error < 0 ? error : trine_sleep((intptr_t)arg % 7 * 1000);
}

static struct trine_group *shared;

static int start_many(void *arg)
{
    for (intptr_t i = 0; i < 10; i++) {
        void *value = NULL;
        int error = trine_start(shared, start_and_nap, (void *)i, &value);
        if (error < 0)
            return error;
        if (value == (void *)i)
            atomic_fetch_add(&right_values, 1);
        struct trine_scope scope; /* and one that is cancelled at some moment of its start */
        trine_scope_open(&scope, i * 1000);
        error = trine_start(shared, start_and_nap, (void *)i, NULL);
        trine_scope_close(&scope);
        if (error < 0 && error != -ETIMEDOUT && error != -ECANCELED)
            return error;
    }
    return 0;
}

ON_SEVERAL_LOOPS(a_hundred_starters_on_four_loops_each_get_their_own_value, 4)
{
    struct trine_group children, starters;
    atomic_store(&right_values, 0);
    trine_group_open(&children, &(struct trine_group_options){ .reap = true });
    shared = &children;
    trine_group_open(&starters, NULL);
    for (int i = 0; i < 100; i++)
        trine_spawn(&starters, start_many, NULL);
    assert_int_equal(trine_group_close(&starters), 0);
    assert_int_equal(atomic_load(&right_values), 1000);
    return trine_group_close(&children);
}

/* ---- any order of running */

struct late_start {
    int reported; /* what trine_started() told the child */
    int ended_with;
};

/* Becomes ready at the very moment at which its starter's time is over. */
static int start_at_the_last_moment(void *arg)
{
    struct late_start *late = arg;
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_FOREVER);
    int error = trine_sleep(STEP);
    trine_shield_close(&shield);
    late->reported = error < 0 ? error : trine_started(late);
    return late->ended_with = late->reported < 0 ? late->reported : trine_sleep(STEP);
}

static int yield_some_times(void *times)
{
    int error = 0;
    for (intptr_t i = 0; i < (intptr_t)times && error == 0; i++)
        error = trine_yield();
    return error;
}

static int start_or_give_up(void *arg)
{
    struct trine_group group;
    struct late_start late = { .reported = 1 };
    void *value = NULL;
    trine_group_open(&group, NULL);
    for (intptr_t i = 0; i < 4; i++)
        trine_spawn(&group, yield_some_times, (void *)i);
    int error = TRINE_WITHIN(STEP, trine_start(&group, start_at_the_last_moment, &late, &value));
    assert_int_equal(error == 0, late.reported == 0);
    assert_int_equal(error == 0, value == &late);
    if (error < 0)
        assert_int_equal(late.ended_with, -ECANCELED); /* joined */
    assert_int_equal(trine_group_close(&group), 0);
    return 0;
}

static void both_agree_under_every_seed(void **state)
{
    assert_int_equal(trine_test_seeds(start_or_give_up, NULL, 1000, NULL), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_plain_thread_may_start_children_too),
        TEST(a_hundred_starters_on_four_loops_each_get_their_own_value),
        TEST(both_agree_under_every_seed),
    };
    return RUN_TESTS(tests);
}

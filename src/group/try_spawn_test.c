/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <stdatomic.h>
#include <trine/group.h>
#include <trine/local.h>
#include <trine/loop.h>

#define STEP TRINE_MILLISECONDS(10)

static _Atomic(int) runs;

static int nap(void *arg)
{
    atomic_fetch_add(&runs, 1);
    return trine_sleep(STEP);
}

static void open_limited(struct trine_group *group, unsigned limit)
{
    atomic_store(&runs, 0);
    trine_group_open(group, &(struct trine_group_options){ .limit = limit });
}

IN_VIRTUAL_TIME(a_full_group_refuses_and_never_waits)
{
    struct trine_group group;
    struct trine_future *child = NULL, *refused = (struct trine_future *)&group;
    int64_t begin = trine_now();
    open_limited(&group, 2);
    assert_int_equal(trine_try_spawn(&group, nap, NULL, NULL), 0);
    assert_int_equal(trine_try_spawn(&group, nap, NULL, &child), 0);
    assert_int_equal(trine_try_spawn(&group, nap, NULL, &refused), -EAGAIN);
    assert_ptr_equal(refused, &group);
    assert_int_equal(trine_now(), begin);
    assert_int_equal(trine_await(child, NULL), 0);
    assert_int_equal(trine_try_spawn(&group, nap, NULL, NULL), 0); /* there is room again */
    assert_int_equal(trine_group_close(&group), 0); /* a refusal is no failure of the group */
    assert_int_equal(runs, 3);
    return 0;
}

static int spawn_one_more(void *group)
{
    return trine_spawn((struct trine_group *)group, nap, NULL) != NULL ? 0 : -ENOMEM;
}

IN_VIRTUAL_TIME(it_does_not_overtake_those_who_wait_for_room)
{
    struct trine_group group, others;
    open_limited(&group, 1);
    trine_group_open(&others, NULL);
    trine_spawn(&group, nap, NULL);
    trine_spawn(&others, spawn_one_more, &group);
    assert_int_equal(trine_sleep(STEP), 0); /* the place has been handed over */
    assert_int_equal(trine_try_spawn(&group, nap, NULL, NULL), -EAGAIN);
    assert_int_equal(trine_group_close(&others), 0);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(runs, 2);
    return 0;
}

IN_VIRTUAL_TIME(without_a_limit_it_always_starts)
{
    struct trine_group group;
    open_limited(&group, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(trine_try_spawn(&group, nap, NULL, NULL), 0);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(runs, 1000);
    return 0;
}

IN_VIRTUAL_TIME(no_memory_is_told_apart_and_leaves_the_group_whole)
{
    struct trine_group group;
    int error = 0, started = 0;
    open_limited(&group, 5000);
    trine__fault_plan("fail:1+:op=alloc");
    while (error == 0 && started < 5000) {
        error = trine_try_spawn(&group, nap, NULL, NULL);
        started += error == 0;
    }
    trine__fault_plan(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(trine_try_spawn(&group, nap, NULL, NULL), 0);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(runs, started + 1);
    return 0;
}

static void a_broken_group_says_why(void **state)
{
    struct trine_group group;
    open_limited(&group, 1);
    assert_int_equal(trine_try_spawn(&group, nap, NULL, NULL), TRINE_ENOLOOP);
    assert_int_equal(trine_group_close(&group), TRINE_ENOLOOP);
}

/* ---- from elsewhere: accepted and refused add up, and the limit holds */

#define LIMIT 3

struct crowd_of_spawners {
    struct trine_group *group;
    _Atomic(int) accepted, refused, running, over;
};

static struct crowd_of_spawners crowd;

static int be_counted(void *arg)
{
    int running = atomic_fetch_add(&crowd.running, 1) + 1;
    if (running > LIMIT)
        atomic_fetch_add(&crowd.over, 1);
    int error = trine_sleep(TRINE_MICROSECONDS(50));
    atomic_fetch_sub(&crowd.running, 1);
    atomic_fetch_add(&runs, 1);
    return error;
}

static int try_many(void *arg)
{
    for (int i = 0; i < 50; i++) {
        int error = trine_try_spawn(crowd.group, be_counted, NULL, NULL);
        if (error == 0)
            atomic_fetch_add(&crowd.accepted, 1);
        else if (error == -EAGAIN)
            atomic_fetch_add(&crowd.refused, 1);
        else
            return error;
        if (i % 10 == 0 && (error = trine_sleep(TRINE_MICROSECONDS(20))) < 0)
            return error;
    }
    return 0;
}

static void try_in_a_thread(void *arg)
{
    assert_int_equal(try_many(NULL), 0);
    atomic_fetch_add((_Atomic(int) *)arg, 1);
}

ON_SEVERAL_LOOPS(from_threads_and_loops_no_child_is_lost_and_the_limit_holds, 4)
{
    struct trine_group group, spawners;
    struct helper helpers[4];
    _Atomic(int) threads_done = 0;
    memset(&crowd, 0, sizeof crowd);
    open_limited(&group, LIMIT);
    crowd.group = &group;
    trine_group_open(&spawners, NULL);
    for (size_t i = 0; i < COUNT(helpers); i++)
        start_helper(&helpers[i], try_in_a_thread, &threads_done);
    for (int i = 0; i < 100; i++)
        trine_spawn(&spawners, try_many, NULL);
    assert_int_equal(trine_group_close(&spawners), 0);
    while (atomic_load(&threads_done) < (int)COUNT(helpers))
        assert_int_equal(trine_sleep(TRINE_MILLISECONDS(1)), 0);
    for (size_t i = 0; i < COUNT(helpers); i++)
        join_helper(&helpers[i]);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(atomic_load(&crowd.accepted) + atomic_load(&crowd.refused), 104 * 50);
    assert_int_equal(atomic_load(&crowd.accepted), atomic_load(&runs));
    assert_int_equal(atomic_load(&crowd.over), 0);
    return 0;
}

/* ---- whose values the child has */

static struct trine_local whose = TRINE_LOCAL_INIT("nobody's");
static const char *seen;

static int look(void *arg)
{
    seen = trine_local_get(&whose);
    return 0;
}

static int try_with_a_value(void *group)
{
    assert_int_equal(trine_local_set(&whose, "the caller's"), 0);
    return trine_try_spawn(group, look, NULL, NULL);
}

ON_SEVERAL_LOOPS(from_another_loop_the_child_has_its_callers_values, 2)
{
    struct trine_group group;
    for (unsigned limit = 0; limit < 3; limit++) {
        trine_group_open(&group, &(struct trine_group_options){ .limit = limit });
        seen = NULL;
        assert_int_equal(trine_run_on(trine_loop_at(1), try_with_a_value, &group), 0);
        assert_int_equal(trine_group_close(&group), 0);
        assert_string_equal(seen, "the caller's");
        assert_string_equal(trine_local_get(&whose), "nobody's");
    }
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_full_group_refuses_and_never_waits),
        TEST(it_does_not_overtake_those_who_wait_for_room),
        TEST(without_a_limit_it_always_starts),
        TEST(no_memory_is_told_apart_and_leaves_the_group_whole),
        TEST(a_broken_group_says_why),
        TEST(from_threads_and_loops_no_child_is_lost_and_the_limit_holds),
        TEST(from_another_loop_the_child_has_its_callers_values),
    };
    return RUN_TESTS(tests);
}

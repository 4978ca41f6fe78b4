/* SPDX-License-Identifier: MIT */
/* Tasks that start on a loop of choice, and running there and back. */
#include "core/suite.h"
#include <stdatomic.h>
#include <trine/group.h>
#include <trine/loop.h>

#define LOOPS 3

static int where_am_i(void *arg)
{
    int number = (int)trine_loop_number(trine_loop_here());
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_loop_number(trine_loop_here()), number);
    return number;
}

ON_SEVERAL_LOOPS(it_runs_there_and_comes_back, LOOPS)
{
    for (unsigned round = 0; round < 200; round++) {
        unsigned there = round % LOOPS;
        assert_int_equal(trine_run_on(trine_loop_at(there), where_am_i, NULL), there);
        assert_int_equal(trine_loop_number(trine_loop_here()), 0);
    }
    return 0;
}

static int hop(void *arg)
{
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(trine_run_on(trine_loop_at(i % LOOPS), where_am_i, NULL), i % LOOPS);
    return 0;
}

ON_SEVERAL_LOOPS(many_tasks_may_hop_at_once, LOOPS)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 100; i++)
        trine_spawn(&group, hop, NULL);
    assert_int_equal(trine_group_close(&group), 0);
    return 0;
}

static int check_home(void *arg)
{
    assert_int_equal(trine_loop_number(trine_loop_here()), (int)(intptr_t)arg);
    return 0;
}

/* Idle loops take what has not started, but not these. */
ON_SEVERAL_LOOPS(a_child_with_a_loop_is_not_taken_by_others, LOOPS)
{
    for (int limit = 0; limit < 3; limit++) {
        struct trine_group group;
        trine_group_open(&group, &(struct trine_group_options){ .limit = (unsigned)limit });
        for (int i = 0; i < 300; i++) {
            struct trine_spawn_options options = { .loop = trine_loop_at((unsigned)i % LOOPS) };
            void *number = (void *)(intptr_t)(i % LOOPS);
            assert_non_null(trine_spawn_with(&group, check_home, number, &options));
        }
        assert_int_equal(trine_group_close(&group), 0);
    }
    return 0;
}

static int fail_there(void *arg)
{
    return trine_fail(-EIO, "no shelf on loop %u", trine_loop_number(trine_loop_here()));
}

ON_SEVERAL_LOOPS(its_error_comes_back_with_its_sentence, LOOPS)
{
    assert_int_equal(trine_run_on(trine_loop_at(2), fail_there, NULL), -EIO);
    assert_string_equal(trine_error_message(trine_error_last()), "no shelf on loop 2");
    return 0;
}

static int sleep_long(void *started)
{
    atomic_store((_Atomic(int) *)started, 1);
    return trine_sleep(TRINE_SECONDS(100));
}

static int take_no_notice(void *arg)
{
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_SECONDS(10));
    int error = trine_sleep(TRINE_MILLISECONDS(20));
    trine_shield_close(&shield);
    return error < 0 ? error : 9;
}

ON_SEVERAL_LOOPS(a_cancel_reaches_it_there, LOOPS)
{
    _Atomic(int) started = 0;
    int error =
        TRINE_WITHIN(TRINE_MILLISECONDS(20), trine_run_on(trine_loop_at(1), sleep_long, &started));
    assert_int_equal(error, -ETIMEDOUT);
    assert_int_equal(atomic_load(&started), 1);
    /* and a value that it has all the same wins */
    int value =
        TRINE_WITHIN(TRINE_MILLISECONDS(5), trine_run_on(trine_loop_at(1), take_no_notice, NULL));
    assert_int_equal(value, 9);
    return 0;
}

static int cancel_itself(void *arg)
{
    trine_cancel(trine_self());
    return trine_sleep(0);
}

ON_SEVERAL_LOOPS(one_that_cancels_itself_does_not_return_success, 2)
{
    assert_int_equal(trine_run_on(trine_loop_at(1), cancel_itself, NULL), -ECANCELED);
    assert_int_equal(trine_run_on(trine_loop_at(0), cancel_itself, NULL), -ECANCELED);
    return 0;
}

ON_SEVERAL_LOOPS(a_loop_that_is_none_is_refused, 2)
{
    assert_int_equal(trine_run_on(trine_loop_at(2), where_am_i, NULL), -EINVAL);
    return 0;
}

static void a_plain_thread_has_no_loop_to_come_back_to(void **state)
{
    assert_int_equal(trine_run_on(NULL, where_am_i, NULL), TRINE_ENOLOOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_runs_there_and_comes_back),
        TEST(many_tasks_may_hop_at_once),
        TEST(a_child_with_a_loop_is_not_taken_by_others),
        TEST(its_error_comes_back_with_its_sentence),
        TEST(a_cancel_reaches_it_there),
        TEST(one_that_cancels_itself_does_not_return_success),
        TEST(a_loop_that_is_none_is_refused),
        TEST(a_plain_thread_has_no_loop_to_come_back_to),
    };
    return RUN_TESTS(tests);
}

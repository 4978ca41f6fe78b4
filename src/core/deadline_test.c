/* SPDX-License-Identifier: MIT */
#include "core/suite.h"

#define STEP TRINE_MILLISECONDS(10)

IN_VIRTUAL_TIME(a_deadline_may_be_moved_out)
{
    struct trine_scope scope;
    int64_t start = trine_now();
    trine_scope_open(&scope, STEP);
    assert_int_equal(trine_scope_deadline(&scope), start + STEP);
    assert_int_equal(trine_sleep(STEP / 2), 0);
    assert_int_equal(trine_scope_set_limit(&scope, 2 * STEP), 0);
    assert_int_equal(trine_scope_deadline(&scope), start + STEP / 2 + 2 * STEP);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    assert_int_equal(trine_now(), start + STEP / 2 + 2 * STEP);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(a_deadline_may_be_moved_in)
{
    struct trine_scope scope;
    int64_t start = trine_now();
    trine_scope_open(&scope, hour);
    assert_int_equal(trine_scope_set_deadline(&scope, start + STEP), 0);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    assert_int_equal(trine_now(), start + STEP);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(a_scope_without_a_deadline_may_get_one_and_lose_it)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER);
    assert_int_equal(trine_scope_deadline(&scope), TRINE_FOREVER);
    assert_int_equal(trine_scope_set_limit(&scope, STEP), 0);
    assert_int_equal(trine_scope_set_limit(&scope, TRINE_FOREVER), 0);
    assert_int_equal(trine_scope_deadline(&scope), TRINE_FOREVER);
    assert_int_equal(trine__loop_here->timers.count, 0);
    assert_int_equal(trine_sleep(hour), 0);
    assert_int_equal(trine_scope_close(&scope), 0);
    return 0;
}

/* Each piece of work gets its time, as a connection that is kept while it talks. */
IN_VIRTUAL_TIME(moved_again_and_again_it_bounds_the_silence)
{
    struct trine_scope scope;
    trine_scope_open(&scope, 2 * STEP);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(trine_sleep(STEP), 0);
        assert_int_equal(trine_scope_set_limit(&scope, 2 * STEP), 0);
    }
    assert_int_equal(trine_sleep(3 * STEP), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(the_deadline_around_it_still_holds)
{
    struct trine_scope outer, inner;
    int64_t start = trine_now();
    trine_scope_open(&outer, STEP);
    trine_scope_open(&inner, STEP / 2);
    assert_int_equal(trine_scope_set_limit(&inner, hour), 0);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    assert_int_equal(trine_now(), start + STEP);
    assert_int_equal(trine_scope_close(&inner), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&outer), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(an_outer_scope_may_be_moved_from_inside)
{
    struct trine_scope outer, inner;
    trine_scope_open(&outer, STEP);
    trine_scope_open(&inner, TRINE_FOREVER);
    assert_int_equal(trine_scope_set_limit(&outer, 3 * STEP), 0);
    assert_int_equal(trine_sleep(2 * STEP), 0);
    assert_int_equal(trine_scope_close(&inner), 0);
    assert_int_equal(trine_scope_close(&outer), 0);
    return 0;
}

IN_VIRTUAL_TIME(a_shield_too)
{
    struct trine_scope shield;
    trine_shield_open(&shield, STEP);
    assert_int_equal(trine_scope_set_limit(&shield, 2 * STEP), 0);
    assert_int_equal(trine_sleep(2 * STEP - 1), 0);
    assert_int_equal(trine_sleep(STEP), -ETIMEDOUT);
    assert_int_equal(trine_shield_close(&shield), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(to_a_time_that_has_passed_is_at_once)
{
    struct trine_scope scope;
    int64_t start = trine_now();
    trine_scope_open(&scope, hour);
    assert_int_equal(trine_scope_set_deadline(&scope, start - STEP), 0);
    assert_int_equal(trine_sleep(STEP), -ETIMEDOUT);
    assert_int_equal(trine_now(), start);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

IN_BOTH(over_is_over)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_MILLISECONDS(1));
    assert_int_equal(trine_sleep(PATIENCE), -ETIMEDOUT);
    assert_int_equal(trine_scope_set_limit(&scope, PATIENCE), -EALREADY);
    assert_int_equal(trine_scope_set_deadline(&scope, TRINE_FOREVER), -EALREADY);
    assert_int_equal(trine_sleep(PATIENCE), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

/* Nobody has looked at the clock since. */
IN_BOTH(over_is_over_also_if_no_call_has_met_it)
{
    struct trine_scope scope;
    int64_t start = trine_now();
    trine_scope_open(&scope, TRINE_MILLISECONDS(1));
    while (trine_now() < start + TRINE_MILLISECONDS(2))
        ;
    assert_int_equal(trine_scope_set_limit(&scope, PATIENCE), -EALREADY);
    assert_int_equal(trine_sleep(PATIENCE), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

IN_BOTH(cancelled_is_cancelled)
{
    struct trine_scope scope;
    trine_scope_open(&scope, PATIENCE);
    trine_scope_cancel(&scope, "enough");
    assert_int_equal(trine_scope_set_limit(&scope, 2 * PATIENCE), -EALREADY);
    assert_int_equal(trine_sleep(PATIENCE), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    return 0;
}

IN_BOTH(on_real_time_in_and_out)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_MILLISECONDS(500));
    assert_int_equal(trine_scope_set_limit(&scope, SOON), 0);
    assert_int_equal(trine_sleep(PATIENCE), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    trine_scope_open(&scope, PATIENCE);
    assert_int_equal(trine_scope_set_limit(&scope, TRINE_FOREVER), 0);
    assert_int_equal(trine_sleep(SOON), 0);
    assert_int_equal(trine_scope_close(&scope), 0);
    return 0;
}

IN_BOTH(of_nothing_there_is_nothing_to_move)
{
    assert_int_equal(trine_scope_set_limit(NULL, hour), TRINE_ENOLOOP);
    assert_int_equal(trine_scope_set_deadline(NULL, hour), TRINE_ENOLOOP);
    assert_int_equal(trine_scope_deadline(NULL), TRINE_FOREVER);
    return 0;
}

IN_VIRTUAL_TIME(without_memory_the_deadline_is_as_before)
{
    struct trine_scope scopes[200];
    int opened = 0, error = 0;
    trine__fault_plan("fail:1+:op=alloc");
    while (error == 0 && opened < 200) {
        trine_scope_open(&scopes[opened], TRINE_FOREVER);
        error = trine_scope_set_limit(&scopes[opened++], hour);
    }
    trine__fault_plan(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(trine_scope_deadline(&scopes[opened - 1]), TRINE_FOREVER);
    assert_int_equal(trine_scope_set_limit(&scopes[opened - 1], STEP), 0);
    while (opened-- > 0)
        assert_int_equal(trine_scope_close(&scopes[opened]), 0);
    assert_int_equal(trine__loop_here->timers.count, 0);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_deadline_may_be_moved_out),
        TEST(a_deadline_may_be_moved_in),
        TEST(a_scope_without_a_deadline_may_get_one_and_lose_it),
        TEST(moved_again_and_again_it_bounds_the_silence),
        TEST(the_deadline_around_it_still_holds),
        TEST(an_outer_scope_may_be_moved_from_inside),
        TEST(a_shield_too),
        TEST(to_a_time_that_has_passed_is_at_once),
        TEST(over_is_over_in_a_task),
        TEST(over_is_over_in_a_thread),
        TEST(over_is_over_also_if_no_call_has_met_it_in_a_task),
        TEST(over_is_over_also_if_no_call_has_met_it_in_a_thread),
        TEST(cancelled_is_cancelled_in_a_task),
        TEST(cancelled_is_cancelled_in_a_thread),
        TEST(on_real_time_in_and_out_in_a_task),
        TEST(on_real_time_in_and_out_in_a_thread),
        TEST(of_nothing_there_is_nothing_to_move_in_a_task),
        TEST(of_nothing_there_is_nothing_to_move_in_a_thread),
        TEST(without_memory_the_deadline_is_as_before),
    };
    return RUN_TESTS(tests);
}

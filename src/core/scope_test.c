/* SPDX-License-Identifier: MIT */
/* Deadlines and cancellation, as tasks and plain threads meet them. */
#include "core/suite.h"
#include <trine/future.h>
#include <trine/scope.h>

/* ---- time */

IN_VIRTUAL_TIME(a_sleep_ends_at_its_time_and_never_before)
{
    int64_t begin = trine_now();
    assert_int_equal(trine_sleep(hour), 0);
    assert_true(trine_now() >= begin + hour);
    assert_int_equal(trine_sleep_until(begin + 2 * hour), 0);
    assert_true(trine_now() == begin + 2 * hour);
    assert_int_equal(trine_sleep_until(begin), 0); /* past: one turn */
    return 0;
}

IN_A_TASK(a_thousand_sleeps_of_200_us_take_200_us_each_and_hardly_any_cpu)
{
    int64_t wall = trine_now(), cpu = trine__clock_cpu();
    for (int i = 0; i < 1000; i++) {
        int64_t begin = trine_now();
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(200)), 0);
        assert_true(trine_now() - begin >= TRINE_MICROSECONDS(200));
    }
    wall = trine_now() - wall;
    cpu = trine__clock_cpu() - cpu;
    assert_true(wall <
                TRINE_SECONDS(2)); /* 0.26 s here; a millisecond's granularity would be 1.0 */
    assert_true(cpu < wall / 2);   /* it sleeps, it does not spin */
    return 0;
}

static void a_sleep_in_a_plain_thread_is_never_early_either(void **state)
{
    for (int i = 0; i < 20; i++) {
        int64_t begin = trine_now();
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(200)), 0);
        assert_true(trine_now() - begin >= TRINE_MICROSECONDS(200));
    }
}

static int order[100], ended;

static int sleep_and_sign(void *arg)
{
    int error = trine_sleep(hour);
    order[ended++] = (int)(intptr_t)arg;
    return error;
}

IN_VIRTUAL_TIME(equal_sleeps_end_in_the_order_of_their_beginning)
{
    ended = 0;
    int64_t deadline = trine_now() + hour;
    for (intptr_t i = 0; i < 100; i++)
        trine__loop_spawn_root(trine__loop_here, sleep_and_sign, (void *)i, NULL, "here");
    assert_int_equal(trine_sleep_until(deadline), 0);
    assert_int_equal(trine_yield(), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(order[i], i);
    return 0;
}

/* ---- one scope */

IN_VIRTUAL_TIME(a_deadline_ends_what_blocks_inside_again_and_again)
{
    struct trine_scope scope;
    int64_t begin = trine_now();
    trine_scope_open(&scope, hour);
    assert_int_equal(trine_cancelled(), 0);
    assert_null(trine_cancel_reason());
    assert_int_equal(trine_sleep(2 * hour), -ETIMEDOUT);
    assert_int_equal(trine_now(), begin + hour);
    assert_int_equal(trine_cancelled(), -ETIMEDOUT);
    assert_string_equal(trine_cancel_reason(), "deadline");
    assert_int_equal(trine_sleep(1), -ETIMEDOUT);
    assert_int_equal(trine_yield(), -ETIMEDOUT);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    assert_int_equal(trine_now(), begin + hour);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(trine_sleep(1), 0); /* and not beyond it */
    assert_int_equal(trine_cancelled(), 0);
    return 0;
}

IN_VIRTUAL_TIME(a_cancelled_scope_fails_every_call_until_it_closes)
{
    struct trine_scope scope;
    struct trine_future *promise = trine_promise_new(0);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, "enough");
    trine_scope_cancel(&scope, "more than enough");
    assert_string_equal(trine_cancel_reason(), "enough");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(trine_sleep(hour), -ECANCELED);
        assert_int_equal(trine_yield(), -ECANCELED);
        assert_int_equal(trine_await(promise, NULL), -ECANCELED);
    }
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    assert_int_equal(trine_yield(), 0);
    trine_future_unref(promise);
    return 0;
}

IN_VIRTUAL_TIME(a_scope_that_cancelled_nothing_closes_with_0)
{
    struct trine_scope scope;
    trine_scope_open(&scope, hour);
    assert_int_equal(trine_sleep(hour - 1), 0);
    assert_int_equal(trine_scope_close(&scope), 0);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    assert_int_equal(trine_scope_close(&scope), 0);
    assert_int_equal(trine__loop_here->timers.count, 0);
    return 0;
}

static int swallow(void)
{
    return trine_sleep(hour) < 0 ? 0 : 1;
}

IN_VIRTUAL_TIME(close_tells_of_a_deadline_that_the_code_inside_swallowed)
{
    struct trine_scope scope;
    trine_scope_open(&scope, SOON);
    assert_int_equal(swallow(), 0);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(a_limit_of_0_tries_once)
{
    struct trine_scope scope;
    struct trine_future *done = trine_promise_new(0), *pending = trine_promise_new(0);
    trine_promise_resolve(done, 1, NULL);
    int64_t begin = trine_now();
    trine_scope_open(&scope, 0);
    assert_int_equal(trine_await(done, NULL), 0);
    assert_int_equal(trine_await(pending, NULL), -ETIMEDOUT);
    assert_int_equal(trine_await(done, NULL), 0);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    trine_scope_open(&scope, -hour);
    assert_int_equal(trine_await(done, NULL), 0);
    assert_int_equal(trine_sleep(1), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(trine_now(), begin);
    trine_future_unref(done);
    trine_future_unref(pending);
    return 0;
}

IN_VIRTUAL_TIME(a_limit_near_forever_does_not_overflow)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER - 1);
    assert_int_equal(trine_sleep(hour), 0);
    assert_int_equal(trine_scope_close(&scope), 0);
    return 0;
}

/* ---- several scopes */

IN_VIRTUAL_TIME(deadlines_are_inherited_and_an_inner_one_can_only_shorten)
{
    struct trine_scope outer, inner;
    int64_t begin = trine_now();
    trine_scope_open(&outer, hour);
    trine_scope_open(&inner, 5 * hour);
    assert_int_equal(trine_sleep(3 * hour), -ETIMEDOUT);
    assert_int_equal(trine_now(), begin + hour);
    assert_int_equal(trine_scope_close(&inner), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&outer), -ETIMEDOUT);
    trine_scope_open(&outer, hour);
    trine_scope_open(&inner, hour / 2);
    assert_int_equal(trine_sleep(3 * hour), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&inner), -ETIMEDOUT);
    assert_int_equal(trine_sleep(hour / 4), 0);
    assert_int_equal(trine_scope_close(&outer), 0);
    return 0;
}

IN_VIRTUAL_TIME(the_outermost_cancelled_scope_decides_the_code)
{
    struct trine_scope outer, middle, inner;
    trine_scope_open(&outer, TRINE_FOREVER);
    trine_scope_open(&middle, hour);
    trine_scope_open(&inner, TRINE_FOREVER);
    trine_scope_cancel(&inner, "inner");
    assert_int_equal(trine_yield(), -ECANCELED);
    assert_string_equal(trine_cancel_reason(), "inner");
    assert_int_equal(trine_scope_close(&inner), -ECANCELED);
    assert_int_equal(trine_sleep(2 * hour), -ETIMEDOUT);
    trine_scope_cancel(&outer, "outer");
    assert_int_equal(trine_yield(), -ECANCELED);
    assert_string_equal(trine_cancel_reason(), "outer");
    assert_int_equal(trine_scope_close(&middle), -ECANCELED);
    assert_int_equal(trine_scope_close(&outer), -ECANCELED);
    assert_int_equal(trine_yield(), 0);
    return 0;
}

IN_VIRTUAL_TIME(an_outer_scope_is_not_told_of_an_inner_ones_end)
{
    struct trine_scope outer, inner;
    trine_scope_open(&outer, hour);
    trine_scope_open(&inner, SOON);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&inner), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&outer), 0);
    return 0;
}

IN_VIRTUAL_TIME(within_gives_the_value_or_says_that_time_ran_out)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(TRINE_WITHIN(hour, trine_sleep(hour / 2)), 0);
    assert_int_equal(TRINE_WITHIN(hour, trine_sleep(2 * hour)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(hour, trine_await(promise, NULL)), -ETIMEDOUT);
    trine_promise_resolve(promise, 3, NULL);
    assert_int_equal(TRINE_WITHIN(0, trine_await(promise, NULL)), 0);
    assert_int_equal(TRINE_WITHIN(0, trine_future_outcome(promise)), 3);
    assert_int_equal(TRINE_WITHIN(hour, swallow()), 0); /* a value, though late */
    assert_int_equal(TRINE_WITHIN(hour, -EIO), -EIO);
    ssize_t wide = TRINE_WITHIN(hour, (ssize_t)5000000000);
    assert_true(wide == 5000000000);
    trine_future_unref(promise);
    return 0;
}

/* ---- shields */

IN_VIRTUAL_TIME(a_shield_lets_last_words_block_for_at_most_its_own_limit)
{
    struct trine_scope scope, shield;
    int64_t begin = trine_now();
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, "stop");
    assert_int_equal(trine_yield(), -ECANCELED);
    trine_shield_open(&shield, hour);
    assert_int_equal(trine_cancelled(), 0);
    assert_int_equal(trine_sleep(hour / 2), 0);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    assert_int_equal(trine_now(), begin + hour);
    assert_int_equal(trine_shield_close(&shield), -ETIMEDOUT);
    assert_int_equal(trine_yield(), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    return 0;
}

IN_VIRTUAL_TIME(a_shield_keeps_off_a_cancel_and_a_deadline_that_come_while_it_stands)
{
    struct trine_scope scope, shield, inner;
    trine_scope_open(&scope, hour);
    trine_shield_open(&shield, TRINE_FOREVER);
    trine_scope_open(&inner, TRINE_FOREVER);
    assert_int_equal(trine_sleep(2 * hour), 0);
    trine_scope_cancel(&inner, "inside");
    assert_int_equal(trine_yield(), -ECANCELED); /* what is inside it still works */
    assert_int_equal(trine_scope_close(&inner), -ECANCELED);
    assert_int_equal(trine_shield_close(&shield), 0);
    assert_int_equal(trine_yield(), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

/* ---- from elsewhere */

static void cancel_soon(void *arg)
{
    usleep(3000);
    trine_scope_cancel(arg, "from a thread");
}

IN_A_TASK(another_thread_cancels_a_task)
{
    struct trine_scope scope;
    struct helper helper;
    trine_scope_open(&scope, TRINE_FOREVER);
    start_helper(&helper, cancel_soon, &scope);
    assert_int_equal(trine_sleep(PATIENCE), -ECANCELED);
    assert_string_equal(trine_cancel_reason(), "from a thread");
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    join_helper(&helper);
    assert_int_equal(trine_yield(), 0);
    return 0;
}

IN_A_TASK(a_cancel_on_its_way_is_waited_for_by_close)
{
    for (int i = 0; i < 200; i++) {
        struct trine_scope *scope = malloc(sizeof *scope);
        struct helper helper;
        trine_scope_open(scope, TRINE_FOREVER);
        start_helper(&helper, cancel_soon, scope);
        while (__atomic_load_n(&scope->posted, __ATOMIC_ACQUIRE) == 0)
            ;
        trine_scope_close(scope);
        join_helper(&helper);
        free(scope);
    }
    return 0;
}

static void scopes_work_in_plain_threads(void **state)
{
    struct trine_scope outer, inner;
    struct trine_future *promise = trine_promise_new(0);
    trine_scope_open(&outer, TRINE_FOREVER);
    trine_scope_open(&inner, SOON);
    assert_int_equal(trine_await(promise, NULL), -ETIMEDOUT);
    assert_int_equal(trine_sleep(PATIENCE), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&inner), -ETIMEDOUT);
    assert_int_equal(trine_sleep(1), 0);
    trine_scope_cancel(&outer, "done");
    assert_int_equal(trine_sleep(1), -ECANCELED);
    assert_int_equal(trine_cancelled(), -ECANCELED);
    assert_string_equal(trine_cancel_reason(), "done");
    struct trine_scope shield;
    trine_shield_open(&shield, SOON);
    assert_int_equal(trine_sleep(1), 0);
    assert_int_equal(trine_sleep(PATIENCE), -ETIMEDOUT);
    assert_int_equal(trine_shield_close(&shield), -ETIMEDOUT);
    assert_int_equal(trine_yield(), -ECANCELED);
    assert_int_equal(trine_scope_close(&outer), -ECANCELED);
    trine_future_unref(promise);
}

static void a_limit_of_0_tries_once_in_a_plain_thread_too(void **state)
{
    struct trine_scope scope;
    struct trine_future *done = trine_promise_new(0), *pending = trine_promise_new(0);
    trine_promise_resolve(done, 1, NULL);
    trine_scope_open(&scope, 0);
    assert_int_equal(trine_await(done, NULL), 0);
    assert_int_equal(trine_await(pending, NULL), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    trine_future_unref(done);
    trine_future_unref(pending);
}

static void another_thread_cancels_a_plain_thread(void **state)
{
    struct trine_scope scope;
    struct helper helper;
    struct trine_future *promise = trine_promise_new(0);
    trine_scope_open(&scope, TRINE_FOREVER);
    start_helper(&helper, cancel_soon, &scope);
    assert_int_equal(trine_await(promise, NULL), -ECANCELED);
    assert_string_equal(trine_cancel_reason(), "from a thread");
    assert_int_equal(trine_sleep(PATIENCE), -ECANCELED);
    join_helper(&helper);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    trine_future_unref(promise);
}

static void a_sleep_that_is_over_is_no_timeout_even_if_the_thread_woke_late(void **state)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_MICROSECONDS(301));
    int64_t when = scope.deadline - 1;
    int error = trine_sleep_until(when); /* both are over before the thread runs again */
    assert_int_equal(error, 0);
    assert_int_equal(trine_scope_close(&scope), 0);
}

/* ---- depth */

#define DEEP 10000

IN_VIRTUAL_TIME(ten_thousand_scopes_deep_a_cancel_reaches_all)
{
    struct trine_scope *scopes = calloc(DEEP, sizeof *scopes);
    for (int i = 0; i < DEEP; i++)
        trine_scope_open(&scopes[i], i % 2 == 0 ? TRINE_FOREVER : hour);
    trine_scope_cancel(&scopes[0], "the outermost");
    assert_int_equal(trine_sleep(hour), -ECANCELED);
    for (int i = DEEP; i-- > 0;)
        assert_int_equal(trine_scope_close(&scopes[i]), -ECANCELED);
    assert_int_equal(trine_yield(), 0);
    free(scopes);
    return 0;
}

IN_A_TASK(without_memory_for_its_timer_a_scope_is_cancelled_at_once)
{
    struct trine_scope *scopes = calloc(DEEP, sizeof *scopes);
    int opened = 0;
    trine__fault_plan("fail:1+:op=alloc");
    do
        trine_scope_open(&scopes[opened], hour);
    while (trine_cancelled() == 0 && ++opened < DEEP - 1);
    trine__fault_plan(NULL);
    assert_int_equal(trine_yield(), -ENOMEM);
    assert_int_equal(trine_scope_close(&scopes[opened]), -ENOMEM);
    while (opened-- > 0)
        assert_int_equal(trine_scope_close(&scopes[opened]), 0);
    free(scopes);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_sleep_ends_at_its_time_and_never_before),
        TEST(a_thousand_sleeps_of_200_us_take_200_us_each_and_hardly_any_cpu),
        TEST(a_sleep_in_a_plain_thread_is_never_early_either),
        TEST(equal_sleeps_end_in_the_order_of_their_beginning),
        TEST(a_deadline_ends_what_blocks_inside_again_and_again),
        TEST(a_cancelled_scope_fails_every_call_until_it_closes),
        TEST(a_scope_that_cancelled_nothing_closes_with_0),
        TEST(close_tells_of_a_deadline_that_the_code_inside_swallowed),
        TEST(a_limit_of_0_tries_once),
        TEST(a_limit_near_forever_does_not_overflow),
        TEST(deadlines_are_inherited_and_an_inner_one_can_only_shorten),
        TEST(the_outermost_cancelled_scope_decides_the_code),
        TEST(an_outer_scope_is_not_told_of_an_inner_ones_end),
        TEST(within_gives_the_value_or_says_that_time_ran_out),
        TEST(a_shield_lets_last_words_block_for_at_most_its_own_limit),
        TEST(a_shield_keeps_off_a_cancel_and_a_deadline_that_come_while_it_stands),
        TEST(another_thread_cancels_a_task),
        TEST(a_cancel_on_its_way_is_waited_for_by_close),
        TEST(scopes_work_in_plain_threads),
        TEST(a_limit_of_0_tries_once_in_a_plain_thread_too),
        TEST(another_thread_cancels_a_plain_thread),
        TEST(a_sleep_that_is_over_is_no_timeout_even_if_the_thread_woke_late),
        TEST(ten_thousand_scopes_deep_a_cancel_reaches_all),
        TEST(without_memory_for_its_timer_a_scope_is_cancelled_at_once),
    };
    return RUN_TESTS(tests);
}

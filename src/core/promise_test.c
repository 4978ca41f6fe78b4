/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/future.h>

static void it_is_pending_until_it_is_resolved_with_a_copy_of_the_value(void **state)
{
    int value = 42;
    struct trine_future *promise = trine_promise_new(sizeof value);
    assert_false(trine_future_done(promise));
    assert_int_equal(trine_future_outcome(promise), -EINPROGRESS);
    assert_int_equal(trine_promise_resolve(promise, 3, &value), 0);
    value = 0;
    assert_true(trine_future_done(promise));
    assert_int_equal(trine_future_outcome(promise), 3);
    assert_int_equal(*(int *)trine_future_value(promise), 42);
    trine_future_unref(promise);
}

static void resolved_without_a_value_it_holds_zeros(void **state)
{
    struct trine_future *promise = trine_promise_new(sizeof(int64_t));
    assert_int_equal(trine_promise_resolve(promise, 0, NULL), 0);
    assert_int_equal(*(int64_t *)trine_future_value(promise), 0);
    trine_future_unref(promise);
}

static void a_second_resolve_is_refused_and_changes_nothing(void **state)
{
    int first = 1, second = 2;
    struct trine_future *promise = trine_promise_new(sizeof first);
    assert_int_equal(trine_promise_resolve(promise, 1, &first), 0);
    assert_int_equal(trine_promise_resolve(promise, 2, &second), -EALREADY);
    assert_int_equal(trine_cancel(promise), 0);
    assert_int_equal(trine_future_outcome(promise), 1);
    assert_int_equal(*(int *)trine_future_value(promise), 1);
    trine_future_unref(promise);
}

static void without_room_for_a_value_it_takes_none(void **state)
{
    int value = 7;
    struct trine_future *promise = trine_promise_new(0);
    assert_non_null(trine_future_value(promise));
    assert_int_equal(trine_promise_resolve(promise, 2, &value), 0);
    assert_int_equal(trine_promise_resolve(promise, 3, &value), -EALREADY);
    assert_int_equal(trine_future_outcome(promise), 2);
    trine_future_unref(promise);
}

static void a_cancelled_one_is_done_at_once_and_refuses_a_value(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_cancel(promise), 1);
    assert_int_equal(trine_cancel(promise), 0);
    assert_int_equal(trine_promise_resolve(promise, 0, NULL), -EALREADY);
    assert_int_equal(trine_future_outcome(promise), -ECANCELED);
    assert_null(trine_future_error(promise));
    trine_future_unref(promise);
}

static void the_value_is_aligned_for_anything(void **state)
{
    struct trine_future *promise = trine_promise_new(64);
    assert_int_equal((uintptr_t)trine_future_value(promise) % _Alignof(max_align_t), 0);
    trine_future_unref(promise);
}

static void without_memory_there_is_none(void **state)
{
    trine__fault_plan("fail:1+:op=alloc");
    assert_null(trine_promise_new(8));
    trine__fault_plan(NULL);
}

static void a_size_beyond_all_memory_is_no_memory(void **state)
{
    assert_null(trine_promise_new(SIZE_MAX));
    assert_null(trine_promise_new(SIZE_MAX - 16));
}

static void an_unread_failure_is_reported_when_it_is_dropped(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    trine_promise_resolve(promise, -EPIPE, NULL);
    trine_future_unref(promise);
    assert_reported("error nobody read", "promise");
}

static void resolve_soon(void *arg)
{
    usleep(2000);
    int value = 77;
    trine_promise_resolve(arg, 5, &value);
}

IN_A_TASK(a_thread_resolves_what_a_task_waits_for)
{
    struct trine_future *promise = trine_promise_new(sizeof(int));
    struct helper helper;
    start_helper(&helper, resolve_soon, promise);
    int outcome = 0;
    assert_int_equal(trine_await(promise, &outcome), 0);
    assert_int_equal(outcome, 5);
    assert_int_equal(*(int *)trine_future_value(promise), 77);
    join_helper(&helper);
    trine_future_unref(promise);
    return 0;
}

static int resolve_in_a_task(void *arg)
{
    return trine_promise_resolve(arg, 6, NULL);
}

static void resolve_in_a_run(void *arg)
{
    assert_int_equal(trine_run(resolve_in_a_task, arg, NULL), 0);
}

static void a_task_resolves_what_a_thread_waits_for(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    struct helper helper;
    start_helper(&helper, resolve_in_a_run, promise);
    int outcome = 0;
    assert_int_equal(trine_await(promise, &outcome), 0);
    assert_int_equal(outcome, 6);
    join_helper(&helper);
    trine_future_unref(promise);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_is_pending_until_it_is_resolved_with_a_copy_of_the_value),
        TEST(resolved_without_a_value_it_holds_zeros),
        TEST(without_room_for_a_value_it_takes_none),
        TEST(a_second_resolve_is_refused_and_changes_nothing),
        TEST(a_cancelled_one_is_done_at_once_and_refuses_a_value),
        TEST(the_value_is_aligned_for_anything),
        TEST(without_memory_there_is_none),
        TEST(a_size_beyond_all_memory_is_no_memory),
        TEST(an_unread_failure_is_reported_when_it_is_dropped),
        TEST(a_thread_resolves_what_a_task_waits_for),
        TEST(a_task_resolves_what_a_thread_waits_for),
    };
    return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/future.h>

static int calls[16], call_count;
static pthread_t called_in;
static bool called_in_a_task;

static void note(struct trine_future *future, void *arg)
{
    assert_true(trine_future_done(future));
    calls[call_count++] = (int)(intptr_t)arg;
    called_in = pthread_self();
    called_in_a_task = trine__task_here() != NULL;
}

static int begin(void **state)
{
    call_count = 0;
    return begin_test(state);
}

static void assert_called_in_order(int count)
{
    assert_int_equal(call_count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(calls[i], i);
}

static void add(struct trine_future *future, int from, int to)
{
    for (intptr_t i = from; i < to; i++)
        assert_int_equal(trine_future_on_done(future, note, (void *)i), 0);
}

static void added_from_a_thread_they_run_in_order_where_the_future_is_completed(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    add(promise, 0, 5);
    assert_int_equal(call_count, 0);
    trine_promise_resolve(promise, 0, NULL);
    assert_called_in_order(5);
    add(promise, 5, 6); /* late: at once */
    assert_called_in_order(6);
    trine_future_unref(promise);
}

IN_A_TASK(added_on_a_loop_they_run_in_order_as_a_turn_of_it_and_never_inside_resolve)
{
    struct trine_future *promise = trine_promise_new(0);
    add(promise, 0, 5);
    trine_promise_resolve(promise, 0, NULL);
    add(promise, 5, 7);
    assert_int_equal(call_count, 0);
    assert_int_equal(trine_sleep(1), 0);
    assert_called_in_order(7);
    assert_false(called_in_a_task);
    trine_future_unref(promise);
    return 0;
}

static void resolve(void *arg)
{
    trine_promise_resolve(arg, 0, NULL);
}

IN_A_TASK(completed_by_another_thread_they_still_run_on_the_loop_that_added_them)
{
    struct trine_future *promise = trine_promise_new(0);
    struct helper helper;
    add(promise, 0, 3);
    start_helper(&helper, resolve, promise);
    join_helper(&helper);
    assert_int_equal(call_count, 0);
    assert_int_equal(trine_sleep(SOON), 0);
    assert_called_in_order(3);
    assert_true(pthread_equal(called_in, pthread_self()));
    trine_future_unref(promise);
    return 0;
}

static void cancelling_completes_and_so_calls_back(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    add(promise, 0, 1);
    assert_int_equal(trine_cancel(promise), 1);
    assert_called_in_order(1);
    trine_future_unref(promise);
}

static void drop_it(struct trine_future *future, void *arg)
{
    note(future, arg);
    trine_future_unref(future);
}

IN_A_TASK(a_callback_may_drop_the_last_handle)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_future_on_done(promise, drop_it, NULL), 0);
    trine_promise_resolve(promise, 0, NULL);
    assert_int_equal(trine_sleep(1), 0);
    assert_int_equal(call_count, 1);
    return 0;
}

static void add_another(struct trine_future *future, void *arg)
{
    note(future, arg);
    add(future, 1, 2);
}

IN_A_TASK(a_callback_may_add_another)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_future_on_done(promise, add_another, NULL), 0);
    trine_promise_resolve(promise, 0, NULL);
    assert_int_equal(trine_sleep(1), 0);
    assert_int_equal(trine_sleep(1), 0);
    assert_called_in_order(2);
    trine_future_unref(promise);
    return 0;
}

static int blocked_with;

static void try_to_block(struct trine_future *future, void *arg)
{
    note(future, arg);
    blocked_with = trine_sleep(1);
}

IN_A_TASK(a_callback_on_a_loop_that_blocks_is_refused)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_future_on_done(promise, try_to_block, NULL), 0);
    trine_promise_resolve(promise, 0, NULL);
    assert_int_equal(trine_sleep(1), 0);
    assert_int_equal(call_count, 1);
    assert_int_equal(blocked_with, -EDEADLK);
    trine_future_unref(promise);
    return 0;
}

static int leave_a_callback_behind(void *arg)
{
    add(arg, 0, 2);
    return 0;
}

static void the_callbacks_of_a_loop_end_with_it(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_run(leave_a_callback_behind, promise, NULL), 0);
    trine_promise_resolve(promise, 0, NULL);
    assert_int_equal(call_count, 0);
    trine_future_unref(promise);
}

static void a_pending_future_may_be_dropped_with_its_callbacks(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    add(promise, 0, 2);
    trine_future_unref(promise);
    assert_int_equal(call_count, 0);
}

IN_A_TASK(a_pending_future_may_be_dropped_with_callbacks_of_this_loop)
{
    struct trine_future *promise = trine_promise_new(0);
    add(promise, 0, 2);
    trine_future_unref(promise);
    assert_int_equal(trine_sleep(1), 0);
    assert_int_equal(call_count, 0);
    return 0;
}

static int return_at_once(void *arg)
{
    return 0;
}

IN_A_TASK(a_task_calls_back_when_it_ends)
{
    struct trine__task *task =
        trine__loop_spawn_root(trine__loop_here, return_at_once, NULL, NULL, "here");
    add(&task->future, 0, 2);
    assert_int_equal(trine_sleep(1), 0);
    assert_called_in_order(2);
    return 0;
}

static void without_memory_it_is_not_added(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    trine__fault_plan("fail:1:op=alloc");
    assert_int_equal(trine_future_on_done(promise, note, NULL), -ENOMEM);
    trine__fault_plan(NULL);
    trine_promise_resolve(promise, 0, NULL);
    assert_int_equal(call_count, 0);
    trine_future_unref(promise);
}

#define CALLBACK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end_test)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CALLBACK_TEST(added_from_a_thread_they_run_in_order_where_the_future_is_completed),
        CALLBACK_TEST(added_on_a_loop_they_run_in_order_as_a_turn_of_it_and_never_inside_resolve),
        CALLBACK_TEST(completed_by_another_thread_they_still_run_on_the_loop_that_added_them),
        CALLBACK_TEST(cancelling_completes_and_so_calls_back),
        CALLBACK_TEST(a_callback_may_drop_the_last_handle),
        CALLBACK_TEST(a_callback_may_add_another),
        CALLBACK_TEST(a_callback_on_a_loop_that_blocks_is_refused),
        CALLBACK_TEST(the_callbacks_of_a_loop_end_with_it),
        CALLBACK_TEST(a_pending_future_may_be_dropped_with_its_callbacks),
        CALLBACK_TEST(a_pending_future_may_be_dropped_with_callbacks_of_this_loop),
        CALLBACK_TEST(a_task_calls_back_when_it_ends),
        CALLBACK_TEST(without_memory_it_is_not_added),
    };
    return RUN_TESTS(tests);
}

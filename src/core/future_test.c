/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/future.h>

/* A promise, one who waits for it, and what it was told. */
struct waiting {
    struct trine_future *future;
    int64_t limit;
    int error, outcome;
};

static void wait_for(void *arg)
{
    struct waiting *waiting = arg;
    struct trine_scope scope;
    trine_scope_open(&scope, waiting->limit);
    waiting->outcome = 12345;
    waiting->error = trine_await(waiting->future, &waiting->outcome);
    trine_scope_close(&scope);
}

static int wait_in_a_task(void *arg)
{
    wait_for(arg);
    return 0;
}

static void any_number_of_threads_can_wait_for_the_same_future(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    struct waiting waiting[8];
    struct helper helpers[8];
    for (int i = 0; i < 8; i++) {
        waiting[i] = (struct waiting){ promise, TRINE_FOREVER };
        start_helper(&helpers[i], wait_for, &waiting[i]);
    }
    usleep(2000);
    assert_int_equal(trine_promise_resolve(promise, 7, NULL), 0);
    for (int i = 0; i < 8; i++) {
        join_helper(&helpers[i]);
        assert_int_equal(waiting[i].error, 0);
        assert_int_equal(waiting[i].outcome, 7);
    }
    trine_future_unref(promise);
}

IN_A_TASK(tasks_and_threads_wait_for_the_same_future_before_and_after_it_is_done)
{
    struct trine__loop *loop = trine__loop_here;
    struct trine_future *promise = trine_promise_new(0);
    struct waiting waiting[6];
    struct helper helpers[3];
    struct trine_future *tasks[3];
    for (int i = 0; i < 6; i++)
        waiting[i] = (struct waiting){ promise, TRINE_FOREVER };
    for (int i = 0; i < 3; i++) {
        tasks[i] = trine_future_ref(
            &trine__loop_spawn_root(loop, wait_in_a_task, &waiting[i], "waiting", "here")->future);
        start_helper(&helpers[i], wait_for, &waiting[3 + i]);
    }
    assert_int_equal(trine_sleep(SOON), 0);
    assert_false(trine_future_done(tasks[0]));
    assert_int_equal(trine_promise_resolve(promise, 3, NULL), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(trine_await(tasks[i], NULL), 0);
        trine_future_unref(tasks[i]);
        join_helper(&helpers[i]);
    }
    for (int i = 0; i < 6; i++) {
        assert_int_equal(waiting[i].error, 0);
        assert_int_equal(waiting[i].outcome, 3);
        wait_for(&waiting[i]); /* once more, now that it is done */
        assert_int_equal(waiting[i].outcome, 3);
    }
    trine_future_unref(promise);
    return 0;
}

IN_A_TASK(awaiting_itself_is_refused)
{
    assert_int_equal(trine_await(trine_self(), NULL), -EDEADLK);
    return 0;
}

static void awaiting_nothing_is_no_memory(void **state)
{
    int outcome = 5;
    assert_int_equal(trine_await(NULL, &outcome), -ENOMEM);
    assert_int_equal(outcome, 5);
    trine_future_unref(NULL);
}

static void a_wait_that_ran_out_leaves_the_future_in_a_thread(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    struct waiting waiting = { promise, SOON };
    wait_for(&waiting);
    assert_int_equal(waiting.error, -ETIMEDOUT);
    assert_int_equal(waiting.outcome, 12345);
    assert_int_equal(trine_future_outcome(promise), -EINPROGRESS);
    trine_promise_resolve(promise, 1, NULL);
    wait_for(&waiting);
    assert_int_equal(waiting.outcome, 1);
    trine_future_unref(promise);
}

IN_VIRTUAL_TIME(a_wait_that_ran_out_leaves_the_future_in_a_task)
{
    struct trine_future *promise = trine_promise_new(0);
    struct waiting waiting = { promise, hour };
    wait_for(&waiting);
    assert_int_equal(waiting.error, -ETIMEDOUT);
    assert_int_equal(waiting.outcome, 12345);
    assert_false(trine_future_done(promise));
    trine_promise_resolve(promise, 1, NULL);
    wait_for(&waiting);
    assert_int_equal(waiting.error, 0);
    assert_int_equal(waiting.outcome, 1);
    trine_future_unref(promise);
    return 0;
}

IN_VIRTUAL_TIME(a_done_future_is_no_wait_and_no_switch_even_when_cancelled)
{
    struct trine_future *promise = trine_promise_new(0);
    trine_promise_resolve(promise, 4, NULL);
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, "test");
    int outcome = 0;
    assert_int_equal(trine_await(promise, &outcome), 0);
    assert_int_equal(outcome, 4);
    trine_scope_close(&scope);
    trine_future_unref(promise);
    return 0;
}

IN_VIRTUAL_TIME(value_and_deadline_in_one_turn_the_value_wins)
{
    struct trine_future *promise = trine_promise_new(0);
    struct waiting waiting = { promise, hour };
    struct trine__task *task =
        trine__loop_spawn_root(trine__loop_here, wait_in_a_task, &waiting, "waiting", "here");
    struct trine_future *future = trine_future_ref(&task->future);
    int64_t deadline = trine_now() + hour;
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_sleep_until(deadline - 1), 0);
    trine_promise_resolve(promise, 9, NULL);
    trine__clock_advance_to(deadline + hour); /* before the waiting task has run */
    assert_int_equal(trine_await(future, NULL), 0);
    assert_int_equal(waiting.error, 0);
    assert_int_equal(waiting.outcome, 9);
    trine_future_unref(future);
    trine_future_unref(promise);
    return 0;
}

IN_VIRTUAL_TIME(value_and_cancel_in_one_turn_the_value_wins)
{
    struct trine_future *promise = trine_promise_new(0);
    struct waiting waiting = { promise, TRINE_FOREVER };
    struct trine__task *task =
        trine__loop_spawn_root(trine__loop_here, wait_in_a_task, &waiting, "waiting", "here");
    struct trine_future *future = trine_future_ref(&task->future);
    assert_int_equal(trine_yield(), 0);
    trine_promise_resolve(promise, 9, NULL);
    assert_int_equal(trine_cancel(future), 1);
    assert_int_equal(trine_await(future, NULL), 0);
    assert_int_equal(waiting.error, 0);
    assert_int_equal(waiting.outcome, 9);
    trine_future_unref(future);
    trine_future_unref(promise);
    return 0;
}

IN_VIRTUAL_TIME(cancel_and_then_value_the_cancel_wins_and_the_value_stays)
{
    struct trine_future *promise = trine_promise_new(0);
    struct waiting waiting = { promise, TRINE_FOREVER };
    struct trine__task *task =
        trine__loop_spawn_root(trine__loop_here, wait_in_a_task, &waiting, "waiting", "here");
    struct trine_future *future = trine_future_ref(&task->future);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_cancel(future), 1);
    trine_promise_resolve(promise, 9, NULL);
    assert_int_equal(trine_await(future, NULL), 0);
    assert_int_equal(waiting.error, -ECANCELED);
    assert_int_equal(waiting.outcome, 12345);
    assert_int_equal(trine_future_outcome(promise), 9);
    trine_future_unref(future);
    trine_future_unref(promise);
    return 0;
}

static int fail_plainly(void *arg)
{
    return -EIO;
}

static int fail_with_a_sentence(void *arg)
{
    return trine_fail(-EIO, "the %s is full", "bin");
}

static struct trine_future *run_apart(trine_fn fn)
{
    struct trine__task *task =
        trine__loop_spawn_root(trine__loop_here, fn, NULL, NULL, "bin.c:3 fill");
    return trine_future_ref(&task->future);
}

IN_A_TASK(an_error_nobody_read_is_reported_once_with_its_place)
{
    struct trine_future *future = run_apart(fail_with_a_sentence);
    while (!trine_future_done(future))
        assert_int_equal(trine_yield(), 0);
    trine_future_ref(future);
    trine_future_unref(future);
    assert_int_equal(trine_yield(), 0);
    assert_nothing_reported();
    trine_future_unref(future);
    assert_reported("the bin is full", "bin.c:3");
    return 0;
}

IN_A_TASK(an_error_that_was_read_is_not_reported)
{
    struct trine_future *future = run_apart(fail_plainly);
    int outcome = 0;
    assert_int_equal(trine_await(future, &outcome), 0);
    assert_int_equal(outcome, -EIO);
    trine_future_unref(future);
    future = run_apart(fail_plainly);
    while (!trine_future_done(future))
        assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_future_outcome(future), -EIO);
    trine_future_unref(future);
    future = run_apart(fail_with_a_sentence);
    while (!trine_future_done(future))
        assert_int_equal(trine_yield(), 0);
    assert_string_equal(trine_error_message(trine_future_error(future)), "the bin is full");
    trine_future_unref(future);
    return 0;
}

IN_A_TASK(a_failure_carries_sentence_and_origin_only_if_it_is_its_own)
{
    struct trine_future *future = run_apart(fail_with_a_sentence);
    assert_int_equal(trine_await(future, NULL), 0);
    const struct trine_error *error = trine_future_error(future);
    assert_int_equal(trine_error_code(error), -EIO);
    assert_string_equal(trine_error_origin(error), "bin.c:3 fill");
    trine_future_unref(future);
    future = run_apart(fail_plainly);
    assert_int_equal(trine_await(future, NULL), 0);
    assert_null(trine_future_error(future));
    trine_future_unref(future);
    return 0;
}

IN_A_TASK(a_cancelled_future_is_not_reported)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_cancel(promise), 1);
    trine_future_unref(promise);
    return 0;
}

static struct trine_future *endless;

static int wait_for_the_endless(void *arg)
{
    return trine_await(endless, NULL);
}

IN_A_TASK(dropping_the_last_handle_of_a_running_task_does_not_stop_it)
{
    endless = trine_promise_new(0);
    struct trine_future *future = run_apart(wait_for_the_endless);
    assert_int_equal(trine_yield(), 0);
    trine_future_unref(future);
    assert_int_equal(trine_yield(), 0);
    assert_ptr_not_equal(trine__loop_here->root.last, trine__loop_here->root.first); /* it lives */
    trine_promise_resolve(endless, 0, NULL);
    assert_int_equal(trine_yield(), 0);
    assert_ptr_equal(trine__loop_here->root.last, trine__loop_here->root.first);
    trine_future_unref(endless);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(any_number_of_threads_can_wait_for_the_same_future),
        TEST(tasks_and_threads_wait_for_the_same_future_before_and_after_it_is_done),
        TEST(awaiting_itself_is_refused),
        TEST(awaiting_nothing_is_no_memory),
        TEST(a_wait_that_ran_out_leaves_the_future_in_a_thread),
        TEST(a_wait_that_ran_out_leaves_the_future_in_a_task),
        TEST(a_done_future_is_no_wait_and_no_switch_even_when_cancelled),
        TEST(value_and_deadline_in_one_turn_the_value_wins),
        TEST(value_and_cancel_in_one_turn_the_value_wins),
        TEST(cancel_and_then_value_the_cancel_wins_and_the_value_stays),
        TEST(an_error_nobody_read_is_reported_once_with_its_place),
        TEST(an_error_that_was_read_is_not_reported),
        TEST(a_failure_carries_sentence_and_origin_only_if_it_is_its_own),
        TEST(a_cancelled_future_is_not_reported),
        TEST(dropping_the_last_handle_of_a_running_task_does_not_stop_it),
    };
    return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/loop.h>

static int ended, cancelled;

static int sleep_and_count(void *duration)
{
    int error = trine_sleep(*(int64_t *)duration);
    ended++;
    cancelled += error == -ECANCELED;
    return error;
}

static int start_and_leave(void *arg)
{
    return trine_spawn_detached(sleep_and_count, arg, NULL);
}

static int start_and_sleep(void *arg)
{
    int error = start_and_leave(arg);
    return error < 0 ? error : trine_sleep(hour);
}

static void reset(void)
{
    ended = cancelled = 0;
}

/* A parent, a group, a scope: none of them keeps or ends it. */
IN_VIRTUAL_TIME(it_outlives_the_task_and_the_scope_that_started_it)
{
    struct trine_scope scope;
    int64_t duration = SOON;
    reset();
    trine_scope_open(&scope, SOON / 2);
    assert_int_equal(start_and_leave(&duration), 0);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(ended, 0);
    assert_int_equal(trine_sleep(hour), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(cancelled, 0);
    return 0;
}

static void the_end_of_the_run_cancels_it_and_waits(void **state)
{
    reset();
    assert_int_equal(trine_run(start_and_leave, &hour, &virtual_time), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(cancelled, 1);
}

static int fail_with_a_sentence(void *arg)
{
    return trine_fail(-EIO, "the disk is gone");
}

IN_VIRTUAL_TIME(its_failure_is_reported_once_with_name_and_site)
{
    struct trine_spawn_options named = { .name = "collector" };
    assert_int_equal(
        trine_spawn_detached_at(fail_with_a_sentence, NULL, &named, TRINE_SITE(anything), NULL), 0);
    assert_int_equal(trine_yield(), 0);
    char *report = strdup(reports[0]);
    assert_reported("the disk is gone", "'collector'");
    assert_non_null(strstr(report, "detached_test.c:"));
    assert_int_equal(report_count, 0);
    free(report);
    return 0;
}

IN_VIRTUAL_TIME(a_failure_that_was_read_is_not_reported)
{
    struct trine_future *task;
    int outcome = 0;
    assert_int_equal(trine_spawn_detached(fail_with_a_sentence, NULL, &task), 0);
    assert_int_equal(trine_await(task, &outcome), 0);
    assert_int_equal(outcome, -EIO);
    assert_string_equal(trine_error_message(trine_future_error(task)), "the disk is gone");
    trine_future_unref(task);
    return 0;
}

IN_VIRTUAL_TIME(a_failure_nobody_read_is_reported_when_the_handle_goes)
{
    struct trine_future *task;
    assert_int_equal(trine_spawn_detached(fail_with_a_sentence, NULL, &task), 0);
    assert_int_equal(trine_sleep(SOON), 0);
    assert_nothing_reported();
    trine_future_unref(task);
    assert_reported("the disk is gone", "'fail_with_a_sentence'");
    return 0;
}

IN_VIRTUAL_TIME(its_handle_can_cancel_it)
{
    struct trine_future *task;
    int outcome = 0;
    reset();
    assert_int_equal(trine_spawn_detached(sleep_and_count, &hour, &task), 0);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_cancel(task), 1);
    assert_int_equal(trine_await(task, &outcome), 0);
    assert_int_equal(outcome, -ECANCELED);
    trine_future_unref(task);
    return 0;
}

static int fail_when_cancelled(void *arg)
{
    if (trine_sleep(hour) == -ECANCELED)
        return trine_fail(-EPIPE, "could not say good-bye");
    return 0;
}

static int start_one_that_fails_late(void *arg)
{
    return trine_spawn_detached(fail_when_cancelled, NULL, NULL);
}

static void a_failure_while_the_run_ends_is_reported_too(void **state)
{
    assert_int_equal(trine_run(start_one_that_fails_late, NULL, &virtual_time), 0);
    assert_reported("could not say good-bye", "fail_when_cancelled");
}

static void one_that_ends_as_the_runs_limit_made_it_end_has_not_failed(void **state)
{
    struct trine_run_options limited = { .poller = "sim", .timeout = SOON };
    reset();
    assert_int_equal(trine_run(start_and_sleep, &hour, &limited), -ETIMEDOUT);
    assert_int_equal(ended, 1);
    assert_int_equal(cancelled, 0);
}

static int start_another_at_the_end(void *arg)
{
    if (trine_sleep(hour) != -ECANCELED)
        return -EIO;
    return trine_spawn_detached(sleep_and_count, &hour, NULL);
}

static int start_one_that_starts_another(void *arg)
{
    return trine_spawn_detached(start_another_at_the_end, NULL, NULL);
}

static void one_started_while_the_run_ends_finds_itself_cancelled(void **state)
{
    reset();
    assert_int_equal(trine_run(start_one_that_starts_another, NULL, &virtual_time), 0);
    assert_int_equal(ended, 1);
    assert_int_equal(cancelled, 1);
}

static int done_at_once;

static int be_done(void *arg)
{
    done_at_once = 1;
    return 0;
}

IN_VIRTUAL_TIME(an_eager_one_runs_before_spawn_returns)
{
    struct trine_spawn_options eager = { .eager = true, .stack_size = 256 * 1024 };
    assert_int_equal(trine_spawn_detached_at(be_done, NULL, &eager, TRINE_SITE(be_done), NULL), 0);
    assert_int_equal(done_at_once, 1);
    return 0;
}

static void a_plain_thread_cannot_start_one(void **state)
{
    struct trine_future *untouched = (struct trine_future *)&ended;
    assert_int_equal(trine_spawn_detached(sleep_and_count, &hour, &untouched), TRINE_ENOLOOP);
    assert_ptr_equal(untouched, &ended);
}

static int late_error;

static void spawn_late(struct trine_future *future, void *arg)
{
    late_error = trine_spawn_detached(be_done, NULL, NULL);
}

/* The loop calls back for the last time when its last task has ended. */
static int leave_a_callback(void *promise)
{
    late_error = 1;
    assert_int_equal(trine_future_on_done(promise, spawn_late, NULL), 0);
    trine_promise_resolve(promise, 0, NULL);
    return 0;
}

static void a_callback_after_the_last_task_cannot_start_one(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_run(leave_a_callback, promise, &virtual_time), 0);
    assert_int_equal(late_error, TRINE_ENOLOOP);
    trine_future_unref(promise);
}

IN_VIRTUAL_TIME(without_memory_nothing_was_started)
{
    int error = 0, started = 0;
    int64_t duration = SOON;
    reset();
    trine__fault_plan("fail:1+:op=alloc");
    while (error == 0 && started < 1000) {
        error = trine_spawn_detached(sleep_and_count, &duration, NULL);
        started += error == 0;
    }
    trine__fault_plan(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(trine_sleep(hour), 0);
    assert_int_equal(ended, started);
    return 0;
}

static _Atomic(int) crowd_ended;

static int nap_in_a_crowd(void *arg)
{
    int error = trine_sleep((intptr_t)arg % 50 * 10000);
    atomic_fetch_add(&crowd_ended, 1);
    return error;
}

ON_SEVERAL_LOOPS(a_thousand_on_four_loops_all_end, 4)
{
    enum { MANY = 1000 };
    static struct trine_future *tasks[MANY];
    atomic_store(&crowd_ended, 0);
    for (int i = 0; i < MANY; i++) {
        struct trine_spawn_options there = { .loop = trine_loop_at((unsigned)i % 4) };
        assert_int_equal(trine_spawn_detached_at(nap_in_a_crowd, (void *)(intptr_t)i, &there,
                                                 TRINE_SITE(nap_in_a_crowd), &tasks[i]),
                         0);
    }
    for (int i = 0; i < MANY; i++) {
        int outcome = -1;
        assert_int_equal(trine_await(tasks[i], &outcome), 0);
        assert_int_equal(outcome, 0);
        trine_future_unref(tasks[i]);
    }
    assert_int_equal(atomic_load(&crowd_ended), MANY);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_outlives_the_task_and_the_scope_that_started_it),
        TEST(the_end_of_the_run_cancels_it_and_waits),
        TEST(its_failure_is_reported_once_with_name_and_site),
        TEST(a_failure_that_was_read_is_not_reported),
        TEST(a_failure_nobody_read_is_reported_when_the_handle_goes),
        TEST(its_handle_can_cancel_it),
        TEST(a_failure_while_the_run_ends_is_reported_too),
        TEST(one_that_ends_as_the_runs_limit_made_it_end_has_not_failed),
        TEST(one_started_while_the_run_ends_finds_itself_cancelled),
        TEST(an_eager_one_runs_before_spawn_returns),
        TEST(a_plain_thread_cannot_start_one),
        TEST(a_callback_after_the_last_task_cannot_start_one),
        TEST(without_memory_nothing_was_started),
        TEST(a_thousand_on_four_loops_all_end),
    };
    return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
#include "core/crowd.h"
#include <signal.h>
#include <sys/wait.h>
#include <trine/future.h>

static int return_the_number(void *arg)
{
    return *(int *)arg;
}

static void it_returns_what_its_function_returned(void **state)
{
    int numbers[] = { 0, 7, -EPIPE, TRINE_EHTTP };
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_int_equal(trine_run(return_the_number, &numbers[i], NULL), numbers[i]);
}

static int fail_with_a_sentence(void *arg)
{
    return trine_fail(-ENOENT, "no chapter %d", 7);
}

static void the_sentence_of_a_failure_comes_out_of_it(void **state)
{
    assert_int_equal(trine_run(fail_with_a_sentence, NULL, NULL), -ENOENT);
    assert_string_equal(trine_error_message(trine_error_last()), "no chapter 7");
}

static void runs_may_follow_each_other(void **state)
{
    int number = 1;
    for (int i = 0; i < 100; i++)
        assert_int_equal(trine_run(return_the_number, &number, NULL), 1);
}

static void run_one(void *arg)
{
    runs_may_follow_each_other(NULL);
}

static void several_threads_may_run_at_once(void **state)
{
    struct helper helpers[4];
    for (int i = 0; i < 4; i++)
        start_helper(&helpers[i], run_one, NULL);
    for (int i = 0; i < 4; i++)
        join_helper(&helpers[i]);
}

IN_A_TASK(a_run_inside_a_run_is_refused)
{
    int number = 1;
    assert_int_equal(trine_run(return_the_number, &number, NULL), -EDEADLK);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "inside a task"));
    assert_int_equal(trine_yield(), 0);
    return 0;
}

static void options_out_of_range_are_refused(void **state)
{
    int number = 1;
    assert_int_equal(
        trine_run(return_the_number, &number, &(struct trine_run_options){ .loops = 100000 }),
        -EINVAL);
    assert_int_equal(
        trine_run(return_the_number, &number, &(struct trine_run_options){ .poller = "abacus" }),
        -EINVAL);
    assert_string_equal(trine_error_message(trine_error_last()),
                        "there is no poller 'abacus': known are uring, epoll and sim");
}

static void a_poller_that_cannot_run_is_told(void **state)
{
    int number = 1;
    const struct trine_run_options epoll = { .poller = "epoll" };
    trine__fault_plan("fail:1:op=epoll_create");
    assert_int_equal(trine_run(return_the_number, &number, &epoll), -EMFILE);
    trine__fault_plan(NULL);
    assert_non_null(
        strstr(trine_error_message(trine_error_last()), "the poller 'epoll' cannot run here: "));
}

static int leftovers_ended;

static int be_left_over(void *arg)
{
    int error = trine_sleep(TRINE_SECONDS(1000));
    leftovers_ended++;
    return error;
}

static int leave_tasks_behind(void *arg)
{
    for (int i = 0; i < 3; i++)
        trine__loop_spawn_root(trine__loop_here, be_left_over, NULL, NULL, "here");
    return 8;
}

static void tasks_left_over_are_cancelled_and_waited_for(void **state)
{
    leftovers_ended = 0;
    int64_t begin = trine_now();
    assert_int_equal(trine_run(leave_tasks_behind, NULL, NULL), 8);
    assert_int_equal(leftovers_ended, 3);
    assert_true(trine_now() - begin < TRINE_SECONDS(100));
}

static int stop_late(void *arg)
{
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_FOREVER);
    int error = trine_sleep(TRINE_SECONDS(60));
    trine_shield_close(&shield);
    return error;
}

static int leave_a_late_one(void *arg)
{
    trine__loop_spawn_root(trine__loop_here, stop_late, NULL, "latecomer",
                           "run_test.c:1 stop_late");
    return trine_yield();
}

static void what_does_not_stop_is_named(void **state)
{
    assert_int_equal(trine_run(leave_a_late_one, NULL, &virtual_time), 0);
    assert_reported("'latecomer'", "does not stop");
}

static int sleep_long(void *arg)
{
    int error = trine_sleep(hour);
    return error == -ETIMEDOUT && trine_sleep(1) == -ETIMEDOUT ? error : -EIO;
}

static void a_run_may_have_a_limit(void **state)
{
    struct trine_run_options options = { .timeout = SOON, .poller = "sim" };
    assert_int_equal(trine_run(sleep_long, NULL, &options), -ETIMEDOUT);
}

static int use_stack(void *arg)
{
    char frame[700 * 1024];
    memset(frame, 1, sizeof frame);
    __asm__ volatile("" : : "r"(frame) : "memory");
    return trine_yield();
}

static void a_run_may_have_larger_stacks(void **state)
{
    struct trine_run_options options = { .stack_size = 1024 * 1024 };
    assert_int_equal(trine_run(use_stack, NULL, &options), 0);
}

static int sleep_an_hour(void *arg)
{
    return trine_sleep(1000 * hour);
}

static void hours_of_virtual_time_take_no_time(void **state)
{
    int64_t begin = trine_now();
    assert_int_equal(trine_run(sleep_an_hour, NULL, &virtual_time), 0);
    assert_true(trine_now() - begin < TRINE_SECONDS(10));
}

/* ---- fork */

static int run_anew(void *arg)
{
    return trine_sleep(1) == 0 && trine_yield() == 0 ? 23 : 0;
}

static int live_in_the_child(struct trine_future *promise)
{
    if (trine_sleep(1) != TRINE_EFORKED || trine_yield() != TRINE_EFORKED)
        return 2;
    if (trine_await(promise, NULL) != TRINE_EFORKED || trine__checkpoint() != TRINE_EFORKED)
        return 3;
    if (trine_self() != NULL || trine_now() <= 0)
        return 4;
    if (trine_run(run_anew, NULL, NULL) != 23)
        return 5;
    return trine_sleep(1) == 0 ? 0 : 6;
}

static int exit_of(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

IN_A_TASK(in_a_child_of_fork_calls_fail_until_it_runs_anew)
{
    struct trine_future *promise = trine_promise_new(0);
    pid_t child = fork();
    if (child == 0)
        _exit(live_in_the_child(promise));
    assert_int_equal(exit_of(child), 0);
    assert_int_equal(trine_sleep(1), 0); /* the parent has lost nothing */
    trine_future_unref(promise);
    return 0;
}

IN_A_TASK(in_a_child_of_fork_open_scopes_close)
{
    struct trine_scope scope;
    trine_scope_open(&scope, PATIENCE);
    pid_t child = fork();
    int error = trine_sleep(1);
    int closed = trine_scope_close(&scope);
    if (child == 0)
        _exit(error == TRINE_EFORKED && closed == TRINE_EFORKED ? 0 : 1);
    assert_int_equal(exit_of(child), 0);
    assert_int_equal(error, 0);
    assert_int_equal(closed, 0);
    return 0;
}

static int fork_and_return(void *arg)
{
    pid_t child = fork();
    if (child == 0)
        return 0;
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return 0;
}

static void a_child_of_fork_may_not_return_from_its_task(void **state)
{
    assert_int_equal(trine_run(fork_and_return, NULL, NULL), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_returns_what_its_function_returned),
        TEST(the_sentence_of_a_failure_comes_out_of_it),
        TEST(runs_may_follow_each_other),
        TEST(several_threads_may_run_at_once),
        TEST(a_run_inside_a_run_is_refused),
        TEST(options_out_of_range_are_refused),
        TEST(a_poller_that_cannot_run_is_told),
        TEST(tasks_left_over_are_cancelled_and_waited_for),
        TEST(what_does_not_stop_is_named),
        TEST(a_run_may_have_a_limit),
        TEST(a_run_may_have_larger_stacks),
        TEST(hours_of_virtual_time_take_no_time),
        TEST(in_a_child_of_fork_calls_fail_until_it_runs_anew),
        TEST(in_a_child_of_fork_open_scopes_close),
        TEST(a_child_of_fork_may_not_return_from_its_task),
    };
    return RUN_TESTS(tests);
}

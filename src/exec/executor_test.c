/* SPDX-License-Identifier: MIT */
/* What all executors share: the face, TRINE_SERIAL, TRINE_TASKS. */
#include "core/suite.h"
#include <trine/executor.h>
#include <trine/group.h>

struct square {
    long n, result;
    const char *where;
};

static int square(void *record)
{
    struct square *square = record;
    square->result = square->n * square->n;
    square->where = trine_task_name();
    return 7;
}

static int complain(void *record)
{
    return trine_fail(-ENOENT, "no number %d", *(int *)record);
}

static int count(void *record)
{
    ++**(int **)record;
    return 0;
}

static int nap(void *record)
{
    return trine_sleep(*(int64_t *)record);
}

static void serial_runs_at_once_in_the_caller(void **state)
{
    struct square record = { .n = 9 };
    struct trine_future *future = trine_submit(TRINE_SERIAL, square, &record, sizeof record);
    assert_true(trine_future_done(future));
    assert_int_equal(trine_future_outcome(future), 7);
    const struct square *back = trine_future_value(future);
    assert_int_equal(back->result, 81);
    assert_null(back->where);
    assert_int_equal(record.result, 0); /* it was a copy */
    assert_int_equal((uintptr_t)back % 16, 0);
    assert_int_equal(trine_cancel(future), 0);
    trine_future_unref(future);
    assert_string_equal(trine_executor_name(TRINE_SERIAL), "serial");
    assert_int_equal(trine_executor_workers(TRINE_SERIAL), 1);
}

static void an_error_keeps_its_sentence_and_origin(void **state)
{
    int number = 3, outcome;
    struct trine_future *future = trine_submit(TRINE_SERIAL, complain, &number, sizeof number);
    assert_int_equal(trine_await(future, &outcome), 0);
    assert_int_equal(outcome, -ENOENT);
    assert_string_equal(trine_error_message(trine_future_error(future)), "no number 3");
    assert_non_null(strstr(trine_error_origin(trine_future_error(future)), "executor_test.c"));
    trine_future_unref(future);
}

static void an_error_nobody_reads_is_reported_once(void **state)
{
    int number = 4;
    trine_future_unref(trine_submit(TRINE_SERIAL, complain, &number, sizeof number));
    assert_reported("no number 4", "executor_test.c");
}

static void tasks_outside_a_loop_are_refused(void **state)
{
    int number = 1;
    struct trine_future *future = trine_submit(TRINE_TASKS, complain, &number, sizeof number);
    assert_int_equal(trine_future_outcome(future), TRINE_ENOLOOP);
    assert_non_null(strstr(trine_error_message(trine_future_error(future)), "trine_run()"));
    trine_future_unref(future);
}

IN_A_TASK(a_submitted_task_runs_when_this_one_waits)
{
    struct square record = { .n = 5 };
    struct trine_future *future = trine_submit(TRINE_TASKS, square, &record, sizeof record);
    int outcome;
    assert_false(trine_future_done(future));
    assert_int_equal(trine_await(future, &outcome), 0);
    assert_int_equal(outcome, 7);
    const struct square *back = trine_future_value(future);
    assert_int_equal(back->result, 25);
    assert_string_equal(back->where, "square");
    trine_future_unref(future);
    return 0;
}

IN_VIRTUAL_TIME(a_submitted_task_can_be_cancelled)
{
    struct trine_future *future = trine_submit(TRINE_TASKS, nap, &hour, sizeof hour);
    int outcome;
    trine_sleep(SOON);
    assert_int_equal(trine_cancel(future), 1);
    assert_int_equal(trine_await(future, &outcome), 0);
    assert_int_equal(outcome, -ECANCELED);
    trine_future_unref(future);
    return 0;
}

IN_A_TASK(a_task_error_comes_with_its_sentence_and_is_told_once)
{
    int number = 6, outcome;
    struct trine_future *future = trine_submit(TRINE_TASKS, complain, &number, sizeof number);
    assert_int_equal(trine_await(future, &outcome), 0);
    assert_int_equal(outcome, -ENOENT);
    assert_string_equal(trine_error_message(trine_future_error(future)), "no number 6");
    trine_future_unref(future);
    return 0;
}

IN_A_TASK(a_dropped_task_job_runs_on)
{
    int ran = 0, *address = &ran;
    trine_future_unref(trine_submit(TRINE_TASKS, count, &address, sizeof address));
    assert_int_equal(trine_sleep(SOON), 0);
    assert_int_equal(ran, 1);
    return 0;
}

static struct trine_future *left_over;

static int leave_one(void *arg)
{
    left_over = trine_submit(TRINE_TASKS, nap, &hour, sizeof hour);
    return trine_yield();
}

static void a_job_left_at_the_end_of_the_run_is_cancelled(void **state)
{
    assert_int_equal(trine_run(leave_one, NULL, NULL), 0);
    assert_int_equal(trine_future_outcome(left_over), -ECANCELED);
    trine_future_unref(left_over);
}

static int submit_all(void *arg)
{
    struct trine_executor *const executors[] = { TRINE_SERIAL, TRINE_TASKS };
    for (int i = 0; i < 6; i++) {
        struct square record = { .n = i };
        struct trine_future *future =
            trine_submit(executors[i % 2], square, &record, sizeof record);
        int outcome, error = trine_await(future, &outcome);
        if (error == 0 && outcome == 7)
            assert_int_equal(((struct square *)trine_future_value(future))->result, i * i);
        else
            assert_true(error == -ENOMEM || outcome == -ENOMEM);
        trine_future_unref(future);
    }
    return 0;
}

static void every_allocation_may_fail(void **state)
{
    for (int k = 1; k < 120; k++) {
        char plan[64];
        snprintf(plan, sizeof plan, "fail:%d:op=alloc", k);
        trine__fault_plan(plan);
        int error = trine_run(submit_all, NULL, NULL);
        bool hit = trine__fault_hits() > 0;
        trine__fault_plan(NULL);
        assert_true(error == 0 || error == -ENOMEM);
        if (!hit)
            return;
    }
    fail_msg("the plan never ran out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(serial_runs_at_once_in_the_caller),
        TEST(an_error_keeps_its_sentence_and_origin),
        TEST(an_error_nobody_reads_is_reported_once),
        TEST(tasks_outside_a_loop_are_refused),
        TEST(a_submitted_task_runs_when_this_one_waits),
        TEST(a_submitted_task_can_be_cancelled),
        TEST(a_task_error_comes_with_its_sentence_and_is_told_once),
        TEST(a_dropped_task_job_runs_on),
        TEST(a_job_left_at_the_end_of_the_run_is_cancelled),
        TEST(every_allocation_may_fail),
    };
    return RUN_TESTS(tests);
}

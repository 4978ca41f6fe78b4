/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/group.h>

#define STEP TRINE_MILLISECONDS(10)

static int started_with, ended_with, second_start;

/* Starts after a step, and then runs for ever. */
static int serve(void *value)
{
    int error = trine_sleep(STEP);
    if (error < 0)
        return ended_with = error;
    started_with = trine_started(value);
    second_start = trine_started(value);
    return ended_with = trine_sleep(hour);
}

IN_VIRTUAL_TIME(it_returns_what_the_child_reports_while_the_child_runs_on)
{
    struct trine_group group;
    int port = 8080;
    void *value = NULL;
    int64_t begin = trine_now();
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, serve, &port, &value), 0);
    assert_ptr_equal(value, &port);
    assert_int_equal(trine_now(), begin + STEP);
    assert_int_equal(started_with, 0);
    assert_int_equal(second_start, -EALREADY);
    assert_int_equal(trine_group_live(&group), 1);
    trine_group_cancel(&group, "enough");
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    assert_int_equal(ended_with, -ECANCELED);
    return 0;
}

IN_VIRTUAL_TIME(the_value_may_be_left_aside)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, serve, NULL, NULL), 0);
    trine_group_cancel(&group, "enough");
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    return 0;
}

static int start_at_once(void *value)
{
    return trine_started(value);
}

IN_VIRTUAL_TIME(a_child_may_start_and_end_before_its_starter_is_back)
{
    struct trine_group group;
    void *value = NULL;
    struct trine_spawn_options eager = { .eager = true };
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, start_at_once, &group, &value), 0);
    assert_ptr_equal(value, &group);
    value = NULL;
    assert_int_equal(trine_start_at(&group, start_at_once, &group, &eager, TRINE_SITE(x), &value),
                     0);
    assert_ptr_equal(value, &group);
    return trine_group_close(&group);
}

/* ---- ends before it has started */

static int fail_with_a_sentence(void *arg)
{
    if (trine_sleep(STEP) < 0)
        return -ECANCELED;
    return trine_fail(-EADDRINUSE, "port 80 is taken");
}

IN_VIRTUAL_TIME(a_child_that_fails_first_is_the_starters_error_and_not_the_groups)
{
    struct trine_group group;
    void *value = &group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, sleep_for, &hour);
    int64_t begin = trine_now();
    assert_int_equal(trine_start(&group, fail_with_a_sentence, NULL, &value), -EADDRINUSE);
    assert_string_equal(trine_error_message(trine_error_last()), "port 80 is taken");
    assert_non_null(strstr(trine_error_origin(trine_error_last()), "fail_with_a_sentence"));
    assert_ptr_equal(value, &group); /* untouched */
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(trine_now(), begin + hour); /* the sibling was left alone */
    return 0;
}

static int fail_silently(void *arg)
{
    return -ENODEV;
}

static int return_without_a_word(void *arg)
{
    return 0;
}

IN_VIRTUAL_TIME(an_error_without_a_sentence_gets_one)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, fail_silently, NULL, NULL), -ENODEV);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "fail_silently"));
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(returning_without_having_started_is_an_error)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, return_without_a_word, NULL, NULL), -ECHILD);
    assert_non_null(
        strstr(trine_error_message(trine_error_last()), "return_without_a_word returned without"));
    return trine_group_close(&group);
}

/* It counts neither as a success nor as a failure, whatever the group makes of those. */
IN_VIRTUAL_TIME(a_child_that_did_not_start_is_no_success_of_the_group)
{
    struct trine_group group;
    enum trine_policy policies[] = { TRINE_FAIL_FAST, TRINE_SUPERVISE, TRINE_FIRST_SUCCESS };
    for (size_t p = 0; p < COUNT(policies); p++) {
        for (int reap = 0; reap < 2; reap++) {
            trine_group_open(&group,
                             &(struct trine_group_options){ .policy = policies[p], .reap = reap });
            int64_t begin = trine_now(), nap = STEP;
            trine_spawn(&group, sleep_for, &nap);
            assert_int_equal(trine_start(&group, return_without_a_word, NULL, NULL), -ECHILD);
            assert_int_equal(trine_start(&group, fail_silently, NULL, NULL), -ENODEV);
            assert_int_equal(trine_group_close(&group), 0);
            assert_int_equal(trine_now(), begin + STEP);
        }
    }
    return 0;
}

static int start_then_fail(void *arg)
{
    assert_int_equal(trine_started(NULL), 0);
    return trine_sleep(STEP) == 0 ? trine_fail(-EIO, "later") : -ECANCELED;
}

IN_VIRTUAL_TIME(a_failure_after_the_start_is_the_groups)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, start_then_fail, NULL, NULL), 0);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_string_equal(trine_error_message(trine_error_last()), "later");
    return 0;
}

/* ---- cancelled */

IN_VIRTUAL_TIME(a_cancel_of_the_starter_cancels_the_child_and_waits_for_its_end)
{
    struct trine_group group;
    ended_with = 0;
    trine_group_open(&group, NULL);
    assert_int_equal(TRINE_WITHIN(STEP / 2, trine_start(&group, serve, NULL, NULL)), -ETIMEDOUT);
    assert_int_equal(ended_with, -ECANCELED);
    assert_int_equal(trine_group_live(&group), 0);
    return trine_group_close(&group);
}

static int take_long_to_go(void *arg)
{
    int error = trine_sleep(hour);
    struct trine_scope shield;
    trine_shield_open(&shield, hour);
    trine_sleep(STEP);
    *(int *)arg = trine_started(NULL); /* too late */
    trine_shield_close(&shield);
    return error;
}

IN_VIRTUAL_TIME(a_start_after_the_starter_gave_up_is_refused)
{
    struct trine_group group;
    int late = 1;
    int64_t begin = trine_now();
    trine_group_open(&group, NULL);
    assert_int_equal(TRINE_WITHIN(STEP, trine_start(&group, take_long_to_go, &late, NULL)),
                     -ETIMEDOUT);
    assert_int_equal(late, -ECANCELED);
    assert_int_equal(trine_now(), begin + 2 * STEP);
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(started_in_the_moment_of_the_cancel_it_has_started)
{
    struct trine_group group;
    struct trine_scope scope;
    started_with = 1;
    trine_group_open(&group, NULL);
    trine_scope_open(&scope, STEP); /* the child's step is over first: its timer is the older */
    assert_int_equal(trine_scope_set_limit(&scope, STEP + 1), 0);
    assert_int_equal(trine_start(&group, serve, NULL, NULL), 0);
    assert_int_equal(started_with, 0);
    trine_scope_close(&scope);
    ended_with = 0;
    assert_int_equal(trine_sleep(STEP), 0); /* the starter's scope is not the child's any more */
    assert_int_equal(ended_with, 0);
    trine_group_cancel(&group, "enough");
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    return 0;
}

IN_VIRTUAL_TIME(cancelled_before_it_starts_nobody)
{
    struct trine_group group;
    struct trine_scope scope;
    ended_with = 12345;
    trine_group_open(&group, NULL);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, "enough");
    assert_int_equal(trine_start(&group, serve, NULL, NULL), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    assert_int_equal(ended_with, 12345);
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(a_cancel_of_the_group_reaches_a_child_that_is_starting)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .timeout = STEP / 2 });
    assert_int_equal(trine_start(&group, serve, NULL, NULL), -ETIMEDOUT);
    assert_int_equal(trine_group_close(&group), -ETIMEDOUT);
    return 0;
}

static int await_the_starter(void *starter)
{
    return trine_await(starter, NULL);
}

IN_VIRTUAL_TIME(a_child_that_waits_for_its_starter_is_told)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, await_the_starter, trine_self(), NULL), -EDEADLK);
    assert_reported("wait for each other", "await_the_starter");
    while (report_count > 0)
        assert_reported("main", "await_the_starter");
    return trine_group_close(&group);
}

/* ---- where it cannot be */

IN_BOTH(who_was_not_started_this_way_cannot_report)
{
    assert_int_equal(trine_started(NULL), -EINVAL);
    return 0;
}

static void without_a_loop_it_says_so(void **state)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_start(&group, serve, NULL, NULL), TRINE_ENOLOOP);
    assert_int_equal(trine_group_close(&group), TRINE_ENOLOOP);
}

static int leave_a_group_open(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, sleep_for, &hour);
    return 0;
}

IN_VIRTUAL_TIME(a_child_that_leaves_a_group_open_is_reported_and_has_not_started)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    assert_int_equal(trine_start(&group, leave_a_group_open, NULL, NULL), -ECHILD);
    assert_reported("returned with an open scope or group", "leave_a_group_open");
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(in_a_full_group_it_waits_for_room)
{
    struct trine_group group;
    int64_t begin = trine_now(), nap = 3 * STEP;
    void *value = NULL;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 1 });
    trine_spawn(&group, sleep_for, &nap);
    assert_int_equal(trine_start(&group, start_at_once, &group, &value), 0);
    assert_int_equal(trine_now(), begin + 3 * STEP);
    assert_ptr_equal(value, &group);
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(without_memory_the_group_is_as_before)
{
    struct trine_group group;
    int errors = 0;
    trine_group_open(&group, NULL);
    for (int k = 1; k <= 5; k++) {
        char plan[32];
        snprintf(plan, sizeof plan, "fail:%d:op=alloc", k);
        void *value = NULL;
        trine__fault_plan(plan);
        int error = trine_start(&group, start_at_once, &group, &value);
        trine__fault_plan(NULL);
        assert_true(error == 0 || error == -ENOMEM);
        assert_ptr_equal(value, error == 0 ? &group : NULL);
        errors += error < 0;
    }
    (void)errors;
    return trine_group_close(&group);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_returns_what_the_child_reports_while_the_child_runs_on),
        TEST(the_value_may_be_left_aside),
        TEST(a_child_may_start_and_end_before_its_starter_is_back),
        TEST(a_child_that_fails_first_is_the_starters_error_and_not_the_groups),
        TEST(an_error_without_a_sentence_gets_one),
        TEST(returning_without_having_started_is_an_error),
        TEST(a_child_that_did_not_start_is_no_success_of_the_group),
        TEST(a_failure_after_the_start_is_the_groups),
        TEST(a_cancel_of_the_starter_cancels_the_child_and_waits_for_its_end),
        TEST(a_start_after_the_starter_gave_up_is_refused),
        TEST(started_in_the_moment_of_the_cancel_it_has_started),
        TEST(cancelled_before_it_starts_nobody),
        TEST(a_cancel_of_the_group_reaches_a_child_that_is_starting),
        TEST(a_child_that_waits_for_its_starter_is_told),
        TEST(who_was_not_started_this_way_cannot_report_in_a_task),
        TEST(who_was_not_started_this_way_cannot_report_in_a_thread),
        TEST(without_a_loop_it_says_so),
        TEST(a_child_that_leaves_a_group_open_is_reported_and_has_not_started),
        TEST(in_a_full_group_it_waits_for_room),
        TEST(without_memory_the_group_is_as_before),
    };
    return RUN_TESTS(tests);
}

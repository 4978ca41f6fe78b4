/* SPDX-License-Identifier: MIT */
/* Groups: they always join, and say what became of the children. */
#include "core/suite.h"
#include <sys/wait.h>
#include <trine/group.h>

static int runs, ends;

static int begin(void **state)
{
    runs = ends = 0;
    return begin_test(state);
}

static int succeed(void *arg)
{
    runs++;
    ends++;
    return 0;
}

static int fail_at_once(void *arg)
{
    runs++;
    ends++;
    return -EIO;
}

static int fail_with_a_sentence(void *arg)
{
    runs++;
    ends++;
    return trine_fail(-ENOENT, "no chapter %d", *(int *)arg);
}

static int sleep_an_hour(void *arg)
{
    runs++;
    int error = trine_sleep(hour);
    ends++;
    return error;
}

static int clean_up_slowly(void *arg)
{
    int error = sleep_an_hour(arg);
    struct trine_scope shield;
    trine_shield_open(&shield, hour);
    assert_int_equal(trine_sleep(hour / 2), 0);
    trine_shield_close(&shield);
    ends += 100;
    return error;
}

static int sleep_then_fail(void *arg)
{
    int error = trine_sleep(*(int64_t *)arg);
    return error < 0 ? error : -EIO;
}

IN_VIRTUAL_TIME(close_waits_for_all_children)
{
    struct trine_group group;
    int64_t begin_time = trine_now();
    trine_group_open(&group, NULL);
    for (int i = 0; i < 100; i++)
        trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_group_live(&group), 100);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(ends, 100);
    assert_int_equal(trine_now(), begin_time + hour);
    return 0;
}

IN_VIRTUAL_TIME(an_empty_group_closes_at_once)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_group_join(&group), 0);
    assert_int_equal(trine_group_close(&group), 0);
    return 0;
}

IN_VIRTUAL_TIME(join_waits_and_leaves_the_group_open)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_group_join(&group), 0);
    assert_int_equal(ends, 1);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(TRINE_WITHIN(SOON, trine_group_join(&group)), -ETIMEDOUT);
    assert_int_equal(trine_group_live(&group), 1);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(ends, 2);
    return 0;
}

/* ---- errors */

IN_VIRTUAL_TIME(the_first_error_cancels_the_siblings_and_is_returned)
{
    struct trine_group group;
    int64_t begin_time = trine_now();
    trine_group_open(&group, NULL);
    for (int i = 0; i < 10; i++)
        trine_spawn(&group, sleep_an_hour, NULL);
    trine_spawn(&group, fail_at_once, NULL);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_int_equal(ends, 11);
    assert_int_equal(trine_now(), begin_time);
    return 0;
}

IN_VIRTUAL_TIME(the_error_has_its_sentence_and_the_place_of_the_spawn)
{
    struct trine_group group;
    int chapter = 7;
    trine_group_open(&group, NULL);
    trine_spawn(&group, fail_with_a_sentence, &chapter);
    assert_int_equal(trine_group_close(&group), -ENOENT);
    const struct trine_error *error = trine_error_last();
    assert_int_equal(trine_error_code(error), -ENOENT);
    assert_string_equal(trine_error_message(error), "no chapter 7");
    assert_non_null(strstr(trine_error_origin(error), "group_test.c"));
    assert_non_null(strstr(trine_error_origin(error), "fail_with_a_sentence"));
    assert_int_equal(trine_error_children(error), 0);
    return 0;
}

IN_VIRTUAL_TIME(an_error_without_a_sentence_gets_the_childs_name)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, fail_at_once, NULL);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "fail_at_once"));
    assert_non_null(strstr(trine_error_origin(trine_error_last()), "group_test.c"));
    return 0;
}

IN_VIRTUAL_TIME(the_other_failures_are_children_of_the_first)
{
    struct trine_group group;
    int chapters[] = { 1, 2, 3 };
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        trine_spawn(&group, fail_with_a_sentence, &chapters[i]);
    trine_spawn(&group, sleep_an_hour, NULL); /* only cancelled: not a failure */
    assert_int_equal(trine_group_close(&group), -ENOENT);
    const struct trine_error *error = trine_error_last();
    assert_string_equal(trine_error_message(error), "no chapter 1");
    assert_int_equal(trine_error_children(error), 2);
    assert_string_equal(trine_error_message(trine_error_child(error, 0)), "no chapter 2");
    assert_string_equal(trine_error_message(trine_error_child(error, 1)), "no chapter 3");
    assert_null(trine_error_child(error, 2));
    return 0;
}

IN_VIRTUAL_TIME(a_childs_own_error_is_not_changed_by_its_siblings)
{
    struct trine_group group;
    int chapters[] = { 1, 2 };
    trine_group_open(&group, NULL);
    struct trine_future *first = trine_spawn(&group, fail_with_a_sentence, &chapters[0]);
    trine_spawn(&group, fail_with_a_sentence, &chapters[1]);
    trine_future_ref(first);
    assert_int_equal(trine_group_close(&group), -ENOENT);
    assert_int_equal(trine_error_children(trine_error_last()), 1);
    assert_int_equal(trine_error_children(trine_future_error(first)), 0); /* it is immutable */
    trine_future_unref(first);
    return 0;
}

static int fail_in_a_group(void *arg)
{
    struct trine_group group;
    int chapters[] = { 1, 2 };
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    trine_spawn(&group, fail_with_a_sentence, &chapters[0]);
    trine_spawn(&group, fail_with_a_sentence, &chapters[1]);
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(errors_of_groups_in_groups_form_a_tree)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    trine_spawn(&group, fail_in_a_group, NULL);
    trine_spawn(&group, fail_in_a_group, NULL);
    int64_t soon = SOON;
    trine_spawn(&group, sleep_then_fail, &soon);
    assert_int_equal(trine_group_close(&group), -ENOENT);
    const struct trine_error *first = trine_error_last();
    assert_non_null(strstr(trine_error_origin(first), "fail_in_a_group"));
    assert_int_equal(trine_error_children(first), 2);
    const struct trine_error *inner[] = { trine_error_cause(first),
                                          trine_error_cause(trine_error_child(first, 0)) };
    for (int i = 0; i < 2; i++) {
        assert_string_equal(trine_error_message(inner[i]), "no chapter 1");
        assert_int_equal(trine_error_children(inner[i]), 1);
        assert_string_equal(trine_error_message(trine_error_child(inner[i], 0)), "no chapter 2");
    }
    assert_int_equal(trine_error_code(trine_error_child(first, 1)), -EIO);
    return 0;
}

IN_VIRTUAL_TIME(failures_without_end_are_counted_and_only_the_first_are_kept)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    for (int i = 0; i < 1000; i++)
        trine_spawn(&group, fail_at_once, NULL);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_int_equal(trine_error_children(trine_error_last()), 999);
    return 0;
}

IN_VIRTUAL_TIME(a_child_that_fails_while_cleaning_up_after_a_cancel_is_no_second_cause)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, clean_up_slowly, NULL);
    trine_spawn(&group, fail_at_once, NULL);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_int_equal(ends, 102); /* its last words were waited for */
    assert_int_equal(trine_error_children(trine_error_last()), 0);
    return 0;
}

static int claim_to_be_cancelled(void *arg)
{
    return -ECANCELED;
}

IN_VIRTUAL_TIME(a_child_that_returns_ecanceled_unasked_has_failed)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, claim_to_be_cancelled, NULL);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    return 0;
}

IN_VIRTUAL_TIME(a_child_cancelled_alone_is_no_error)
{
    struct trine_group group;
    int64_t begin_time = trine_now();
    trine_group_open(&group, NULL);
    struct trine_future *child = trine_spawn(&group, sleep_an_hour, NULL);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_cancel(child), 1);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(trine_now(), begin_time + hour);
    return 0;
}

/* ---- policies */

IN_VIRTUAL_TIME(supervised_children_are_not_cancelled_by_an_error)
{
    struct trine_group group;
    int64_t begin_time = trine_now();
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    trine_spawn(&group, sleep_an_hour, NULL);
    trine_spawn(&group, fail_at_once, NULL);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_int_equal(ends, 3);
    assert_int_equal(trine_now(), begin_time + hour);
    return 0;
}

IN_VIRTUAL_TIME(the_first_success_cancels_the_others)
{
    struct trine_group group;
    int64_t begin_time = trine_now(), soon = SOON;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_FIRST_SUCCESS });
    trine_spawn(&group, sleep_an_hour, NULL);
    trine_spawn(&group, fail_at_once, NULL);
    trine_spawn(&group, sleep_for, &soon);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(trine_now(), begin_time + SOON);
    return 0;
}

IN_VIRTUAL_TIME(without_any_success_the_last_error_counts)
{
    struct trine_group group;
    int chapter = 9;
    int64_t soon = SOON;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_FIRST_SUCCESS });
    trine_spawn(&group, sleep_then_fail, &soon);
    trine_spawn(&group, fail_with_a_sentence, &chapter);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_int_equal(trine_error_code(trine_error_last()), -EIO);
    return 0;
}

/* ---- cancel and time */

IN_VIRTUAL_TIME(a_group_that_times_out_says_so_after_all_have_ended)
{
    struct trine_group group;
    int64_t begin_time = trine_now();
    trine_group_open(&group, &(struct trine_group_options){ .timeout = SOON });
    for (int i = 0; i < 5; i++)
        trine_spawn(&group, sleep_an_hour, NULL);
    trine_spawn(&group, clean_up_slowly, NULL);
    assert_int_equal(trine_group_close(&group), -ETIMEDOUT);
    assert_int_equal(ends, 106);
    assert_int_equal(trine_now(), begin_time + SOON + hour / 2);
    assert_int_equal(trine_yield(), 0);
    return 0;
}

static int swallow(void *arg)
{
    (void)trine_sleep(hour);
    return 0;
}

IN_VIRTUAL_TIME(a_timeout_that_the_children_swallow_is_told_all_the_same)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .timeout = SOON });
    trine_spawn(&group, swallow, NULL);
    assert_int_equal(trine_group_close(&group), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(a_cancel_reaches_children_and_what_the_parent_does_inside)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_yield(), 0);
    trine_group_cancel(&group, "stop");
    trine_group_cancel(&group, "stop again");
    assert_string_equal(trine_cancel_reason(), "stop");
    assert_int_equal(trine_sleep(1), -ECANCELED);
    assert_int_equal(trine_sleep(1), -ECANCELED);
    assert_int_equal(trine_group_join(&group), -ECANCELED);
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    assert_int_equal(ends, 1);
    assert_int_equal(trine_yield(), 0);
    return 0;
}

IN_VIRTUAL_TIME(a_child_spawned_into_a_cancelled_group_still_starts)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_group_cancel(&group, "stop");
    for (int i = 0; i < 10; i++)
        trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    assert_int_equal(runs, 10);
    assert_int_equal(ends, 10);
    return 0;
}

IN_VIRTUAL_TIME(after_close_no_child_runs_any_more)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 10; i++)
        trine_spawn(&group, clean_up_slowly, NULL);
    trine_group_cancel(&group, NULL);
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    int ended = ends;
    assert_int_equal(trine_sleep(2 * hour), 0);
    assert_int_equal(ends, ended);
    return 0;
}

IN_VIRTUAL_TIME(a_cancel_from_outside_reaches_children_and_close_still_waits)
{
    struct trine_scope scope;
    struct trine_group group;
    trine_scope_open(&scope, SOON);
    trine_group_open(&group, NULL);
    trine_spawn(&group, clean_up_slowly, NULL);
    assert_int_equal(trine_group_close(&group), -ETIMEDOUT);
    assert_int_equal(ends, 101);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(the_last_child_and_the_deadline_in_one_turn_the_children_win)
{
    struct trine_group group;
    struct trine_future *promise = trine_promise_new(0);
    trine_group_open(&group, &(struct trine_group_options){ .timeout = hour });
    int64_t last_moment = hour - 1;
    trine_spawn(&group, sleep_for, &last_moment);
    assert_int_equal(trine_group_close(&group), 0);
    trine_future_unref(promise);
    return 0;
}

IN_VIRTUAL_TIME(a_groups_deadline_may_be_moved)
{
    struct trine_group group;
    int64_t begin_time = trine_now();
    trine_group_open(&group, &(struct trine_group_options){ .timeout = SOON });
    trine_spawn(&group, sleep_for, &hour);
    assert_int_equal(trine_scope_deadline(trine_group_scope(&group)), begin_time + SOON);
    assert_int_equal(trine_sleep(SOON / 2), 0);
    assert_int_equal(trine_scope_set_limit(trine_group_scope(&group), 2 * hour), 0);
    assert_int_equal(trine_group_join(&group), 0);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_scope_set_limit(trine_group_scope(&group), SOON), 0);
    assert_int_equal(trine_group_close(&group), -ETIMEDOUT);
    assert_int_equal(trine_now(), begin_time + hour + SOON);
    return 0;
}

IN_VIRTUAL_TIME(a_group_that_was_cancelled_gets_no_new_deadline)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_group_cancel(&group, "stop");
    assert_int_equal(trine_scope_set_limit(trine_group_scope(&group), hour), -EALREADY);
    assert_int_equal(trine_group_close(&group), 0); /* nothing was told of the cancel */
    return 0;
}

static void cancel_soon(void *group)
{
    usleep(3000);
    trine_group_cancel(group, "from a thread");
}

IN_A_TASK(another_thread_cancels_a_group)
{
    struct trine_group group;
    struct helper helper;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 10; i++)
        trine_spawn(&group, sleep_an_hour, NULL);
    start_helper(&helper, cancel_soon, &group);
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    assert_int_equal(ends, 10);
    join_helper(&helper);
    return 0;
}

/* ---- misuse */

static int leave_it_open(void *arg)
{
    struct trine_group groups[2];
    int numbers[200];
    for (int i = 0; i < 200; i++)
        numbers[i] = 7;
    trine_group_open(&groups[0], NULL);
    trine_group_open(&groups[1], NULL);
    trine_spawn(&groups[0], sleep_an_hour, NULL);
    for (int i = 0; i < 200; i++)
        trine_spawn(&groups[1], fail_with_a_sentence, &numbers[i]);
    (void)trine_yield();
    return 1;
}

IN_VIRTUAL_TIME(a_group_left_open_is_reported_cancelled_and_joined)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    struct trine_future *child = trine_spawn(&group, leave_it_open, NULL);
    trine_future_ref(child);
    assert_int_equal(trine_group_close(&group), 0);
    assert_reported("returned with an open scope or group", "leave_it_open");
    assert_int_equal(ends, runs);
    assert_int_equal(trine_future_outcome(child), 1);
    trine_future_unref(child);
    return 0;
}

static int leave_it_open_in_main(void *arg)
{
    struct trine_group *group = arg;
    trine_group_open(group, NULL);
    trine_spawn(group, sleep_an_hour, NULL);
    return 3;
}

static void the_first_task_may_leave_one_open_too(void **state)
{
    struct trine_group group;
    assert_int_equal(trine_run(leave_it_open_in_main, &group, &virtual_time), 3);
    assert_reported("returned with an open scope or group", "main");
    assert_int_equal(ends, 1);
}

static void without_a_loop_a_group_is_broken_and_says_so(void **state)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_null(trine_spawn(&group, succeed, NULL));
    assert_null(trine_group_scope(&group));
    trine_group_cancel(&group, "no matter");
    assert_int_equal(trine_group_join(&group), TRINE_ENOLOOP);
    assert_int_equal(trine_group_close(&group), TRINE_ENOLOOP);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "trine_run"));
    assert_int_equal(runs, 0);
}

static int use_groups_in_the_child(struct trine_group *group)
{
    struct trine_group own;
    if (trine_spawn(group, succeed, NULL) != NULL || trine_group_join(group) != TRINE_EFORKED)
        return 1;
    if (trine_group_close(group) != TRINE_EFORKED)
        return 2;
    if (trine_try_spawn(group, succeed, NULL, NULL) != TRINE_EFORKED ||
        trine_start(group, succeed, NULL, NULL) != TRINE_EFORKED ||
        trine_scope_set_limit(trine_group_scope(group), hour) != TRINE_EFORKED ||
        trine_spawn_detached(succeed, NULL, NULL) != TRINE_EFORKED)
        return 4;
    trine_group_open(&own, NULL);
    return trine_group_close(&own) == TRINE_ENOLOOP && runs == 0 ? 0 : 3;
}

IN_A_TASK(in_a_child_of_fork_groups_fail_and_do_not_hang)
{
    struct trine_group group;
    int status = 0;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        trine_spawn(&group, sleep_an_hour, NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(use_groups_in_the_child(&group));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    trine_group_cancel(&group, "enough");
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    assert_int_equal(ends, 3);
    return 0;
}

/* ---- depth */

#define DEEP 10000

static int nest(void *arg)
{
    int depth = (int)(intptr_t)arg;
    if (depth == 0)
        return sleep_an_hour(NULL);
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, nest, (void *)(intptr_t)(depth - 1));
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(groups_ten_thousand_deep_are_cancelled_without_recursion)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, nest, (void *)(intptr_t)CROWD(DEEP));
    assert_int_equal(trine_sleep(SOON), 0);
    assert_int_equal(runs, 1);
    trine_group_cancel(&group, "the outermost");
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    assert_int_equal(ends, 1);
    return 0;
}

static int nest_and_fail(void *arg)
{
    int depth = (int)(intptr_t)arg;
    if (depth == 0)
        return trine_sleep(SOON) < 0 ? -ECANCELED : -EIO;
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, nest_and_fail, (void *)(intptr_t)(depth - 1));
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(an_error_travels_up_ten_thousand_groups)
{
    assert_int_equal(nest_and_fail((void *)(intptr_t)CROWD(DEEP)), -EIO);
    return 0;
}

IN_VIRTUAL_TIME(one_task_may_open_ten_thousand_groups_inside_each_other)
{
    struct trine_group *groups = calloc(DEEP, sizeof *groups);
    const int deep = CROWD(DEEP);
    for (int i = 0; i < deep; i++) {
        trine_group_open(&groups[i], NULL);
        trine_spawn(&groups[i], sleep_an_hour, NULL);
    }
    assert_int_equal(trine_yield(), 0);
    trine_group_cancel(&groups[0], "the outermost");
    for (int i = deep; i-- > 0;)
        assert_int_equal(trine_group_close(&groups[i]), -ECANCELED);
    assert_int_equal(ends, deep);
    free(groups);
    return 0;
}

#define GROUP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end_test)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        GROUP_TEST(close_waits_for_all_children),
        GROUP_TEST(an_empty_group_closes_at_once),
        GROUP_TEST(join_waits_and_leaves_the_group_open),
        GROUP_TEST(the_first_error_cancels_the_siblings_and_is_returned),
        GROUP_TEST(the_error_has_its_sentence_and_the_place_of_the_spawn),
        GROUP_TEST(an_error_without_a_sentence_gets_the_childs_name),
        GROUP_TEST(the_other_failures_are_children_of_the_first),
        GROUP_TEST(a_childs_own_error_is_not_changed_by_its_siblings),
        GROUP_TEST(errors_of_groups_in_groups_form_a_tree),
        GROUP_TEST(failures_without_end_are_counted_and_only_the_first_are_kept),
        GROUP_TEST(a_child_that_fails_while_cleaning_up_after_a_cancel_is_no_second_cause),
        GROUP_TEST(a_child_that_returns_ecanceled_unasked_has_failed),
        GROUP_TEST(a_child_cancelled_alone_is_no_error),
        GROUP_TEST(supervised_children_are_not_cancelled_by_an_error),
        GROUP_TEST(the_first_success_cancels_the_others),
        GROUP_TEST(without_any_success_the_last_error_counts),
        GROUP_TEST(a_group_that_times_out_says_so_after_all_have_ended),
        GROUP_TEST(a_timeout_that_the_children_swallow_is_told_all_the_same),
        GROUP_TEST(a_cancel_reaches_children_and_what_the_parent_does_inside),
        GROUP_TEST(a_child_spawned_into_a_cancelled_group_still_starts),
        GROUP_TEST(after_close_no_child_runs_any_more),
        GROUP_TEST(a_cancel_from_outside_reaches_children_and_close_still_waits),
        GROUP_TEST(the_last_child_and_the_deadline_in_one_turn_the_children_win),
        GROUP_TEST(a_groups_deadline_may_be_moved),
        GROUP_TEST(a_group_that_was_cancelled_gets_no_new_deadline),
        GROUP_TEST(another_thread_cancels_a_group),
        GROUP_TEST(a_group_left_open_is_reported_cancelled_and_joined),
        GROUP_TEST(the_first_task_may_leave_one_open_too),
        GROUP_TEST(without_a_loop_a_group_is_broken_and_says_so),
        GROUP_TEST(in_a_child_of_fork_groups_fail_and_do_not_hang),
        GROUP_TEST(groups_ten_thousand_deep_are_cancelled_without_recursion),
        GROUP_TEST(an_error_travels_up_ten_thousand_groups),
        GROUP_TEST(one_task_may_open_ten_thousand_groups_inside_each_other),
    };
    return RUN_TESTS(tests);
}

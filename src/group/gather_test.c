/* SPDX-License-Identifier: MIT */
#include "group/several_suite.h"

IN_VIRTUAL_TIME(it_waits_for_all)
{
    struct plan plans[] = { { 1, 0 }, { 3, 7 }, { 2, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(trine_gather(children.futures, 3, TRINE_GATHER), 0);
    assert_int_equal(steps_since(&children), 3);
    assert_int_equal(trine_future_outcome(children.futures[1]), 7);
    return end_children(&children);
}

IN_VIRTUAL_TIME(nothing_is_gathered_at_once)
{
    assert_int_equal(trine_gather(NULL, 0, TRINE_GATHER), 0);
    struct trine_future *missing = NULL;
    assert_int_equal(trine_gather(&missing, 1, TRINE_GATHER), -ENOMEM);
    return 0;
}

IN_VIRTUAL_TIME(the_first_error_cancels_the_others_and_waits_for_their_end)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { 2, -EIO }, { 1, 0 }, { AFTER_EVER, 0 } };
    struct children children;
    start_children(&children, plans, 4);
    assert_int_equal(trine_gather(children.futures, 4, TRINE_GATHER), -EIO);
    assert_string_equal(trine_error_message(trine_error_last()), "step 2");
    assert_int_equal(steps_since(&children), 2);
    assert_int_equal(plans[0].ended_with, -ECANCELED);
    assert_int_equal(plans[2].ended_with, 0);
    assert_int_equal(plans[3].ended_with, -ECANCELED);
    return end_children(&children);
}

IN_VIRTUAL_TIME(the_first_error_is_the_first_in_time)
{
    struct plan plans[] = { { 3, -EPIPE }, { 1, -EIO }, { 2, -ENOENT } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(trine_gather(children.futures, 3, TRINE_GATHER), -EIO);
    return end_children(&children);
}

IN_VIRTUAL_TIME(errors_already_there_come_in_the_order_given)
{
    struct plan plans[] = { { 2, -EPIPE }, { 1, -EIO } };
    struct children children;
    start_children(&children, plans, 2);
    assert_int_equal(trine_sleep(5 * STEP), 0);
    assert_int_equal(trine_gather(children.futures, 2, TRINE_GATHER), -EPIPE);
    return end_children(&children);
}

IN_VIRTUAL_TIME(collecting_runs_all_to_their_end_and_succeeds)
{
    struct plan plans[] = { { 1, -EIO }, { 3, 4 }, { 2, -EPIPE } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(trine_gather(children.futures, 3, TRINE_GATHER_COLLECT), 0);
    assert_int_equal(steps_since(&children), 3);
    assert_int_equal(trine_future_outcome(children.futures[0]), -EIO);
    assert_int_equal(trine_future_outcome(children.futures[1]), 4);
    assert_int_equal(trine_future_outcome(children.futures[2]), -EPIPE);
    return end_children(&children);
}

IN_VIRTUAL_TIME(keeping_returns_at_the_first_error_and_lets_the_others_run)
{
    struct plan plans[] = { { 4, 0 }, { 1, -EIO }, { 2, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(trine_gather(children.futures, 3, TRINE_GATHER_KEEP), -EIO);
    assert_int_equal(steps_since(&children), 1);
    assert_int_equal(trine_wait(children.futures, 3, TRINE_ALL_COMPLETED, NULL), 3);
    assert_int_equal(plans[0].ended_with, 0);
    assert_int_equal(plans[2].ended_with, 0);
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_cancel_of_the_caller_cancels_all_and_waits)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { 1, 0 }, { AFTER_EVER, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(TRINE_WITHIN(2 * STEP, trine_gather(children.futures, 3, TRINE_GATHER)),
                     -ETIMEDOUT);
    assert_int_equal(plans[0].ended_with, -ECANCELED);
    assert_int_equal(plans[1].ended_with, 0);
    assert_int_equal(plans[2].ended_with, -ECANCELED);
    assert_int_equal(steps_since(&children), 2);
    return end_children(&children);
}

IN_VIRTUAL_TIME(so_it_does_when_collecting_but_not_when_keeping)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { 5, 0 } };
    struct children children;
    start_children(&children, plans, 2);
    assert_int_equal(TRINE_WITHIN(STEP, trine_gather(children.futures, 2, TRINE_GATHER_KEEP)),
                     -ETIMEDOUT);
    assert_int_equal(plans[0].ended_with, 12345);
    assert_int_equal(TRINE_WITHIN(STEP, trine_gather(children.futures, 2, TRINE_GATHER_COLLECT)),
                     -ETIMEDOUT);
    assert_int_equal(plans[0].ended_with, -ECANCELED);
    assert_int_equal(plans[1].ended_with, -ECANCELED);
    return end_children(&children);
}

IN_VIRTUAL_TIME(what_is_all_done_is_gathered_even_when_cancelled)
{
    struct plan plans[] = { { 0, 1 }, { 0, 2 } };
    struct children children;
    struct trine_scope scope;
    start_children(&children, plans, 2);
    assert_int_equal(trine_yield(), 0);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    assert_int_equal(trine_gather(children.futures, 2, TRINE_GATHER), 0);
    trine_scope_close(&scope);
    return end_children(&children);
}

IN_VIRTUAL_TIME(duplicates_are_gathered_once_each)
{
    struct plan plan = { 1, 0 };
    struct children children;
    start_children(&children, &plan, 1);
    struct trine_future *same[] = { children.futures[0], children.futures[0] };
    assert_int_equal(trine_gather(same, 2, TRINE_GATHER), 0);
    return end_children(&children);
}

IN_VIRTUAL_TIME(promises_and_tasks_are_gathered_together)
{
    struct plan plan = { 1, -EIO };
    struct children children;
    start_children(&children, &plan, 1);
    struct trine_future *both[] = { children.futures[0], trine_promise_new(0) };
    assert_int_equal(trine_gather(both, 2, TRINE_GATHER), -EIO);
    assert_int_equal(trine_future_outcome(both[1]), -ECANCELED);
    trine_future_unref(both[1]);
    return end_children(&children);
}

static int gather_itself(void *arg)
{
    struct trine_future *self = trine_self();
    return trine_gather(&self, 1, TRINE_GATHER);
}

IN_VIRTUAL_TIME(gathering_itself_is_refused)
{
    assert_int_equal(gather_itself(NULL), -EDEADLK);
    return 0;
}

static void resolve(void *promise)
{
    usleep(1000);
    trine_promise_resolve(promise, 0, NULL);
}

static void a_plain_thread_gathers_too(void **state)
{
    struct trine_future *promises[4];
    struct helper helpers[4];
    for (int i = 0; i < 4; i++) {
        promises[i] = trine_promise_new(0);
        start_helper(&helpers[i], resolve, promises[i]);
    }
    assert_int_equal(trine_gather(promises, 4, TRINE_GATHER), 0);
    for (int i = 0; i < 4; i++) {
        join_helper(&helpers[i]);
        trine_future_unref(promises[i]);
    }
}

IN_VIRTUAL_TIME(of_nothing_every_way_is_done_at_once)
{
    int64_t begin = trine_now();
    assert_int_equal(trine_gather(NULL, 0, TRINE_GATHER_COLLECT), 0);
    assert_int_equal(trine_gather(NULL, 0, TRINE_GATHER_KEEP), 0);
    assert_int_equal(trine_now(), begin);
    return 0;
}

/* It is the child's end, not a cancel of the whole. */
IN_VIRTUAL_TIME(a_cancelled_one_counts_as_an_error)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { 5, 0 } };
    struct children children;
    start_children(&children, plans, 2);
    assert_int_equal(trine_cancel(children.futures[0]), 1);
    assert_int_equal(trine_gather(children.futures, 2, TRINE_GATHER), -ECANCELED);
    assert_int_equal(plans[1].ended_with, -ECANCELED);
    assert_int_equal(trine_cancelled(), 0);
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_duplicate_that_fails_is_one_failure)
{
    struct plan plans[] = { { 1, -EIO }, { 2, 3 } };
    struct children children;
    start_children(&children, plans, 2);
    struct trine_future *four[] = { children.futures[0], children.futures[1], children.futures[0],
                                    children.futures[1] };
    assert_int_equal(trine_gather(four, 4, TRINE_GATHER_COLLECT), 0);
    assert_int_equal(steps_since(&children), 2);
    assert_int_equal(trine_gather(four, 4, TRINE_GATHER_KEEP), -EIO);
    assert_int_equal(trine_gather(four, 4, TRINE_GATHER), -EIO);
    return end_children(&children);
}

IN_VIRTUAL_TIME(cancelled_while_collecting_all_have_ended_and_can_be_read)
{
    struct plan plans[] = { { 1, -EIO }, { 2, 4 }, { AFTER_EVER, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(
        TRINE_WITHIN(3 * STEP, trine_gather(children.futures, 3, TRINE_GATHER_COLLECT)),
        -ETIMEDOUT);
    assert_int_equal(trine_future_outcome(children.futures[0]), -EIO);
    assert_int_equal(trine_future_outcome(children.futures[1]), 4);
    assert_int_equal(trine_future_outcome(children.futures[2]), -ECANCELED);
    return end_children(&children);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_waits_for_all),
        TEST(nothing_is_gathered_at_once),
        TEST(the_first_error_cancels_the_others_and_waits_for_their_end),
        TEST(the_first_error_is_the_first_in_time),
        TEST(errors_already_there_come_in_the_order_given),
        TEST(collecting_runs_all_to_their_end_and_succeeds),
        TEST(keeping_returns_at_the_first_error_and_lets_the_others_run),
        TEST(a_cancel_of_the_caller_cancels_all_and_waits),
        TEST(so_it_does_when_collecting_but_not_when_keeping),
        TEST(what_is_all_done_is_gathered_even_when_cancelled),
        TEST(duplicates_are_gathered_once_each),
        TEST(promises_and_tasks_are_gathered_together),
        TEST(gathering_itself_is_refused),
        TEST(a_plain_thread_gathers_too),
        TEST(of_nothing_every_way_is_done_at_once),
        TEST(a_cancelled_one_counts_as_an_error),
        TEST(a_duplicate_that_fails_is_one_failure),
        TEST(cancelled_while_collecting_all_have_ended_and_can_be_read),
    };
    return RUN_TESTS(tests);
}

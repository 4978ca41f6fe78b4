/* SPDX-License-Identifier: MIT */
#include "group/several_suite.h"

IN_VIRTUAL_TIME(the_first_that_succeeds_wins_and_the_others_are_cancelled)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { 1, -EIO }, { 2, 0 }, { 3, 0 } };
    struct children children;
    size_t winner = 99;
    start_children(&children, plans, 4);
    assert_int_equal(trine_race(children.futures, 4, &winner), 0);
    assert_int_equal(winner, 2);
    assert_int_equal(steps_since(&children), 2);
    assert_int_equal(plans[0].ended_with, -ECANCELED);
    assert_int_equal(plans[3].ended_with, -ECANCELED);
    return end_children(&children);
}

IN_VIRTUAL_TIME(when_none_succeeds_the_last_error_counts)
{
    struct plan plans[] = { { 3, -EIO }, { 1, -EPIPE }, { 2, -ENOENT } };
    struct children children;
    size_t winner = 99;
    start_children(&children, plans, 3);
    assert_int_equal(trine_race(children.futures, 3, &winner), -EIO);
    assert_int_equal(winner, 99);
    assert_string_equal(trine_error_message(trine_error_last()), "step 3");
    return end_children(&children);
}

IN_VIRTUAL_TIME(of_those_done_already_the_first_given_wins)
{
    struct plan plans[] = { { 2, 0 }, { 1, 0 } };
    struct children children;
    size_t winner = 99;
    start_children(&children, plans, 2);
    assert_int_equal(trine_sleep(5 * STEP), 0);
    assert_int_equal(trine_race(children.futures, 2, &winner), 0);
    assert_int_equal(winner, 0);
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_cancel_of_the_caller_cancels_all_and_waits)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { AFTER_EVER, 0 } };
    struct children children;
    size_t winner = 99;
    start_children(&children, plans, 2);
    assert_int_equal(TRINE_WITHIN(STEP, trine_race(children.futures, 2, &winner)), -ETIMEDOUT);
    assert_int_equal(winner, 99);
    assert_int_equal(plans[0].ended_with, -ECANCELED);
    assert_int_equal(plans[1].ended_with, -ECANCELED);
    return end_children(&children);
}

IN_VIRTUAL_TIME(nobody_cannot_race)
{
    struct trine_future *missing = NULL;
    assert_int_equal(trine_race(&missing, 0, NULL), -EINVAL);
    assert_int_equal(trine_race(&missing, 1, NULL), -ENOMEM);
    return 0;
}

IN_VIRTUAL_TIME(losers_that_fail_late_are_not_reported)
{
    struct trine_future *promises[] = { trine_promise_new(0), trine_promise_new(0) };
    trine_promise_resolve(promises[0], -EPIPE, NULL);
    trine_promise_resolve(promises[1], 0, NULL);
    assert_int_equal(trine_race(promises, 2, NULL), 0);
    trine_future_unref(promises[0]);
    trine_future_unref(promises[1]);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_first_that_succeeds_wins_and_the_others_are_cancelled),
        TEST(when_none_succeeds_the_last_error_counts),
        TEST(of_those_done_already_the_first_given_wins),
        TEST(a_cancel_of_the_caller_cancels_all_and_waits),
        TEST(nobody_cannot_race),
        TEST(losers_that_fail_late_are_not_reported),
    };
    return RUN_TESTS(tests);
}

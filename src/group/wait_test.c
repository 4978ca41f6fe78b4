/* SPDX-License-Identifier: MIT */
#include "group/several_suite.h"

static void assert_mask(const bool *done, const char *expected)
{
    for (size_t i = 0; expected[i] != '\0'; i++)
        assert_int_equal(done[i], expected[i] == '1');
}

IN_VIRTUAL_TIME(for_the_first_completed)
{
    struct plan plans[] = { { 3, 0 }, { 1, -EIO }, { 2, 0 } };
    struct children children;
    bool done[3];
    start_children(&children, plans, 3);
    assert_int_equal(trine_wait(children.futures, 3, TRINE_FIRST_COMPLETED, done), 1);
    assert_mask(done, "010");
    assert_int_equal(steps_since(&children), 1);
    assert_int_equal(trine_wait(children.futures, 3, TRINE_FIRST_COMPLETED, NULL), 1); /* at once */
    assert_int_equal(steps_since(&children), 1);
    return end_children(&children);
}

IN_VIRTUAL_TIME(for_the_first_error)
{
    struct plan plans[] = { { 1, 0 }, { 2, -EIO }, { 3, 0 } };
    struct children children;
    bool done[3];
    start_children(&children, plans, 3);
    assert_int_equal(trine_wait(children.futures, 3, TRINE_FIRST_ERROR, done), 2);
    assert_mask(done, "110");
    assert_int_equal(steps_since(&children), 2);
    return end_children(&children);
}

IN_VIRTUAL_TIME(for_the_first_error_that_never_comes_is_for_all)
{
    struct plan plans[] = { { 1, 0 }, { 3, 0 }, { 2, 5 } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(trine_wait(children.futures, 3, TRINE_FIRST_ERROR, NULL), 3);
    assert_int_equal(steps_since(&children), 3);
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_cancelled_one_is_no_error)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { 3, 0 } };
    struct children children;
    start_children(&children, plans, 2);
    trine_cancel(children.futures[0]);
    assert_int_equal(trine_wait(children.futures, 2, TRINE_FIRST_ERROR, NULL), 2);
    assert_int_equal(steps_since(&children), 3);
    return end_children(&children);
}

IN_VIRTUAL_TIME(for_all_completed)
{
    struct plan plans[] = { { 1, -EIO }, { 3, 0 }, { 2, 0 } };
    struct children children;
    bool done[3];
    start_children(&children, plans, 3);
    assert_int_equal(trine_wait(children.futures, 3, TRINE_ALL_COMPLETED, done), 3);
    assert_mask(done, "111");
    assert_int_equal(steps_since(&children), 3);
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_timeout_cancels_nothing_and_tells_what_is_done)
{
    struct plan plans[] = { { 1, 0 }, { 5, 0 } };
    struct children children;
    bool done[2];
    start_children(&children, plans, 2);
    assert_int_equal(
        TRINE_WITHIN(2 * STEP, trine_wait(children.futures, 2, TRINE_ALL_COMPLETED, done)),
        -ETIMEDOUT);
    assert_mask(done, "10");
    assert_int_equal(trine_wait(children.futures, 2, TRINE_ALL_COMPLETED, NULL), 2);
    assert_int_equal(plans[1].ended_with, 0);
    assert_int_equal(steps_since(&children), 5);
    return end_children(&children);
}

IN_VIRTUAL_TIME(duplicates_count_each_time)
{
    struct plan plan = { 1, 0 };
    struct children children;
    start_children(&children, &plan, 1);
    struct trine_future *same[] = { children.futures[0], children.futures[0], children.futures[0] };
    assert_int_equal(trine_wait(same, 3, TRINE_FIRST_COMPLETED, NULL), 3);
    return end_children(&children);
}

IN_VIRTUAL_TIME(nothing_to_wait_for_is_refused)
{
    struct trine_future *missing = NULL;
    assert_int_equal(trine_wait(&missing, 0, TRINE_ALL_COMPLETED, NULL), -EINVAL);
    assert_int_equal(trine_wait(&missing, 1, TRINE_ALL_COMPLETED, NULL), -ENOMEM);
    return 0;
}

static void resolve_soon(void *promise)
{
    usleep(2000);
    trine_promise_resolve(promise, 0, NULL);
}

static void a_plain_thread_waits_too(void **state)
{
    struct trine_future *promises[] = { trine_promise_new(0), trine_promise_new(0) };
    struct helper helper;
    start_helper(&helper, resolve_soon, promises[1]);
    bool done[2];
    assert_int_equal(trine_wait(promises, 2, TRINE_FIRST_COMPLETED, done), 1);
    assert_mask(done, "01");
    assert_int_equal(TRINE_WITHIN(SOON, trine_wait(promises, 2, TRINE_ALL_COMPLETED, done)),
                     -ETIMEDOUT);
    join_helper(&helper);
    trine_future_unref(promises[0]);
    trine_future_unref(promises[1]);
}

static void without_memory_it_fails_and_leaves_nothing(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    trine__fault_plan("fail:1+:op=alloc");
    assert_int_equal(trine_wait(&promise, 1, TRINE_ALL_COMPLETED, NULL), -ENOMEM);
    trine__fault_plan(NULL);
    trine_promise_resolve(promise, 0, NULL);
    trine_future_unref(promise);
}

IN_VIRTUAL_TIME(until_a_time_it_returns_how_many_are_done)
{
    struct plan plans[] = { { 1, 0 }, { 9, 0 } };
    struct children children;
    bool done[2];
    start_children(&children, plans, 2);
    assert_int_equal(trine_wait_until(children.futures, 2, TRINE_FIRST_COMPLETED,
                                      children.begin + STEP / 2, done),
                     0);
    assert_mask(done, "00");
    assert_int_equal(
        trine_wait_until(children.futures, 2, TRINE_ALL_COMPLETED, children.begin + 2 * STEP, done),
        1);
    assert_mask(done, "10");
    assert_int_equal(steps_since(&children), 2);
    assert_int_equal(
        trine_wait_until(children.futures, 2, TRINE_ALL_COMPLETED, TRINE_FOREVER, done), 2);
    assert_int_equal(plans[1].ended_with, 0); /* nobody was cancelled */
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_time_that_has_passed_is_a_look)
{
    struct plan plans[] = { { 1, 0 }, { 9, 0 } };
    struct children children;
    start_children(&children, plans, 2);
    assert_int_equal(trine_sleep(2 * STEP), 0);
    assert_int_equal(trine_wait_until(children.futures, 2, TRINE_ALL_COMPLETED, 0, NULL), 1);
    assert_int_equal(steps_since(&children), 2);
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_scope_that_ends_first_is_told)
{
    struct plan plans[] = { { 9, 0 } };
    struct children children;
    bool done[1] = { true };
    start_children(&children, plans, 1);
    assert_int_equal(TRINE_WITHIN(STEP, trine_wait_until(children.futures, 1, TRINE_ALL_COMPLETED,
                                                         children.begin + 2 * STEP, done)),
                     -ETIMEDOUT);
    assert_mask(done, "0");
    return end_children(&children);
}

static void a_plain_thread_waits_until_a_time_too(void **state)
{
    struct trine_future *promise = trine_promise_new(0);
    int64_t begin = trine_now();
    assert_int_equal(trine_wait_until(&promise, 1, TRINE_ALL_COMPLETED, begin + SOON, NULL), 0);
    assert_true(trine_now() >= begin + SOON);
    trine_promise_resolve(promise, 0, NULL);
    assert_int_equal(trine_wait_until(&promise, 1, TRINE_ALL_COMPLETED, begin, NULL), 1);
    trine_future_unref(promise);
}

/* ---- what asyncio.shield() is for */

/* A cancel ends the waiting only, and what was waited for runs on. */
IN_VIRTUAL_TIME(what_is_awaited_runs_on_when_the_waiting_is_cancelled)
{
    struct plan plans[] = { { 5, 7 } };
    struct children children;
    int outcome = 0;
    start_children(&children, plans, 1);
    assert_int_equal(TRINE_WITHIN(STEP, trine_await(children.futures[0], &outcome)), -ETIMEDOUT);
    assert_int_equal(trine_await(children.futures[0], &outcome), 0);
    assert_int_equal(outcome, 7);
    return end_children(&children);
}

/* And inside a shield the waiting itself goes on; the cancel is met after it. */
IN_VIRTUAL_TIME(inside_a_shield_the_waiting_goes_on_too)
{
    struct plan plans[] = { { 5, 7 } };
    struct children children;
    struct trine_scope scope, shield;
    int outcome = 0;
    start_children(&children, plans, 1);
    trine_scope_open(&scope, STEP);
    trine_shield_open(&shield, TRINE_FOREVER);
    assert_int_equal(trine_await(children.futures[0], &outcome), 0);
    assert_int_equal(trine_shield_close(&shield), 0);
    assert_int_equal(outcome, 7);
    assert_int_equal(steps_since(&children), 5);
    assert_int_equal(trine_sleep(STEP), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    return end_children(&children);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(for_the_first_completed),
        TEST(for_the_first_error),
        TEST(for_the_first_error_that_never_comes_is_for_all),
        TEST(a_cancelled_one_is_no_error),
        TEST(for_all_completed),
        TEST(a_timeout_cancels_nothing_and_tells_what_is_done),
        TEST(duplicates_count_each_time),
        TEST(nothing_to_wait_for_is_refused),
        TEST(a_plain_thread_waits_too),
        TEST(without_memory_it_fails_and_leaves_nothing),
        TEST(until_a_time_it_returns_how_many_are_done),
        TEST(a_time_that_has_passed_is_a_look),
        TEST(a_scope_that_ends_first_is_told),
        TEST(a_plain_thread_waits_until_a_time_too),
        TEST(what_is_awaited_runs_on_when_the_waiting_is_cancelled),
        TEST(inside_a_shield_the_waiting_goes_on_too),
    };
    return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
/* Events: who is let through by a set, and that the permit of one that resets itself is neither
 * lost nor doubled. */
#include "sync/line_suite.h"
#include <trine/select.h>

static int wait_for(void *event, uint32_t amount)
{
    return trine_event_wait(event);
}

static int set_from_a_thread(void *event, uint32_t amount)
{
    int error = trine_sleep(SOON);
    trine_event_set(event);
    return error;
}

static int note_a_turn(void *arg)
{
    *(bool *)arg = true;
    return 0;
}

IN_A_TASK(a_wait_for_a_set_event_does_not_switch)
{
    struct trine_event event = TRINE_EVENT_INIT;
    struct trine_group group;
    bool switched = false;
    trine_event_set(&event);
    trine_group_open(&group, NULL);
    trine_spawn(&group, note_a_turn, &switched);
    assert_int_equal(trine_event_wait(&event), 0);
    assert_int_equal(trine_event_wait(&event), 0);
    assert_false(switched);
    return trine_group_close(&group);
}

IN_BOTH(a_limit_of_zero_tries_once)
{
    struct trine_event event = TRINE_EVENT_INIT, automatic = TRINE_AUTO_EVENT_INIT;
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&event)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&automatic)), -ETIMEDOUT);
    trine_event_set(&event);
    trine_event_set(&automatic);
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&event)), 0);
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&event)), 0);
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&automatic)), 0);
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&automatic)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(SOON, trine_event_wait(&automatic)), -ETIMEDOUT);
    assert_null(automatic.waits.first);
    return 0;
}

IN_VIRTUAL_TIME(a_set_wakes_all_even_if_it_is_cleared_at_once)
{
    struct trine_event event = TRINE_EVENT_INIT;
    struct line line;
    line_open(&line);
    for (int i = 0; i < 3; i++)
        line_add(&line, wait_for, &event, 0);
    trine_event_set(&event);
    trine_event_clear(&event);
    assert_false(trine_event_is_set(&event));
    line_add(&line, wait_for, &event, 0);
    assert_through(&line, "012");
    trine_event_set(&event);
    assert_through(&line, "3");
    assert_true(trine_event_is_set(&event));
    line_close(&line);
    return 0;
}

IN_BOTH(one_that_resets_itself_remembers_one_permit)
{
    struct trine_event event = TRINE_AUTO_EVENT_INIT;
    for (int i = 0; i < 3; i++)
        trine_event_set(&event);
    assert_true(trine_event_is_set(&event));
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&event)), 0);
    assert_false(trine_event_is_set(&event));
    assert_int_equal(TRINE_WITHIN(0, trine_event_wait(&event)), -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(one_that_resets_itself_lets_the_longest_waiter_through)
{
    struct trine_event event = TRINE_AUTO_EVENT_INIT;
    struct line line;
    line_open(&line);
    for (int i = 0; i < 4; i++)
        line_add(&line, wait_for, &event, 0);
    trine_event_set(&event);
    assert_through(&line, "0");
    trine_event_set(&event);
    trine_event_set(&event);
    assert_through(&line, "12");
    assert_false(trine_event_is_set(&event));
    trine_event_set(&event);
    trine_event_set(&event);
    assert_through(&line, "3");
    assert_true(trine_event_is_set(&event));
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(a_permit_goes_past_who_gave_up)
{
    struct trine_event event = TRINE_AUTO_EVENT_INIT;
    struct line line;
    line_open(&line);
    line_add(&line, wait_for, &event, 0);
    line_add(&line, wait_for, &event, 0);
    assert_int_equal(trine_cancel(line.callers[0].future), 1);
    trine_event_set(&event);
    assert_through(&line, "0!1");
    assert_false(trine_event_is_set(&event));
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(a_permit_that_was_handed_over_beats_a_cancel)
{
    struct trine_event event = TRINE_AUTO_EVENT_INIT;
    struct line line;
    line_open(&line);
    line_add(&line, wait_for, &event, 0);
    trine_event_set(&event);
    trine_cancel(line.callers[0].future);
    assert_through(&line, "0");
    line_close(&line);
    return 0;
}

/* ---- in a select */

static int select_both(void *events, uint32_t flags)
{
    struct trine_event *pair = events;
    struct trine_case cases[] = { TRINE_CASE_EVENT(&pair[0]), TRINE_CASE_EVENT(&pair[1]) };
    return trine_select(cases, 2, flags);
}

IN_BOTH(a_select_takes_one_permit_only)
{
    struct trine_event pair[2] = { TRINE_AUTO_EVENT_INIT, TRINE_AUTO_EVENT_INIT };
    assert_int_equal(select_both(pair, TRINE_TRY), -EAGAIN);
    trine_event_set(&pair[0]);
    trine_event_set(&pair[1]);
    assert_int_equal(select_both(pair, TRINE_BIASED), 0);
    assert_false(trine_event_is_set(&pair[0]));
    assert_true(trine_event_is_set(&pair[1]));
    assert_int_equal(select_both(pair, 0), 1);
    assert_int_equal(select_both(pair, TRINE_TRY), -EAGAIN);
    return 0;
}

IN_VIRTUAL_TIME(a_permit_wakes_one_select_and_another_is_remembered)
{
    struct trine_event pair[2] = { TRINE_AUTO_EVENT_INIT, TRINE_AUTO_EVENT_INIT };
    struct line line;
    line_open(&line);
    line_add(&line, select_both, pair, 0);
    trine_event_set(&pair[1]);
    trine_event_set(&pair[0]); /* the select is decided: this one is nobody's */
    assert_through(&line, "0");
    assert_int_equal(line.callers[0].result, 1);
    assert_true(trine_event_is_set(&pair[0]));
    assert_false(trine_event_is_set(&pair[1]));
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(a_permit_passes_over_a_select_that_chose_otherwise)
{
    struct trine_event pair[2] = { TRINE_AUTO_EVENT_INIT, TRINE_AUTO_EVENT_INIT };
    struct line line;
    line_open(&line);
    line_add(&line, select_both, pair, 0);
    line_add(&line, wait_for, &pair[1], 0);
    trine_event_set(&pair[0]);
    trine_event_set(&pair[1]);
    assert_through(&line, "01");
    assert_false(trine_event_is_set(&pair[1]));
    line_close(&line);
    return 0;
}

/* ---- across */

IN_BOTH(a_thread_lets_through_who_waits)
{
    struct trine_event events[] = { TRINE_EVENT_INIT, TRINE_AUTO_EVENT_INIT };
    for (int i = 0; i < 2; i++) {
        struct caller caller;
        start_caller(&caller, set_from_a_thread, &events[i], 0);
        assert_int_equal(TRINE_WITHIN(PATIENCE, trine_event_wait(&events[i])), 0);
        assert_int_equal(end_caller(&caller), 0);
    }
    return 0;
}

IN_BOTH(a_waiting_thread_is_let_through)
{
    struct trine_event event = TRINE_AUTO_EVENT_INIT;
    struct caller caller;
    start_caller(&caller, wait_for, &event, 0);
    until_somebody_waits(&event.lock, &event.waits);
    trine_event_set(&event);
    assert_int_equal(end_caller(&caller), 0);
    assert_false(trine_event_is_set(&event));
    return 0;
}

static void wait_in_a_callback(struct trine_future *future, void *event)
{
    assert_int_equal(trine_event_wait(event), -EDEADLK);
}

IN_A_TASK(nobody_can_wait_in_a_callback)
{
    struct trine_event event = TRINE_EVENT_INIT;
    struct trine_future *promise = trine_promise_new(0);
    assert_int_equal(trine_future_on_done(promise, wait_in_a_callback, &event), 0);
    assert_int_equal(trine_promise_resolve(promise, 0, NULL), 0);
    settle();
    assert_null(event.waits.first);
    trine_future_unref(promise);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_wait_for_a_set_event_does_not_switch),
        BOTH(a_limit_of_zero_tries_once),
        TEST(a_set_wakes_all_even_if_it_is_cleared_at_once),
        BOTH(one_that_resets_itself_remembers_one_permit),
        TEST(one_that_resets_itself_lets_the_longest_waiter_through),
        TEST(a_permit_goes_past_who_gave_up),
        TEST(a_permit_that_was_handed_over_beats_a_cancel),
        BOTH(a_select_takes_one_permit_only),
        TEST(a_permit_wakes_one_select_and_another_is_remembered),
        TEST(a_permit_passes_over_a_select_that_chose_otherwise),
        BOTH(a_thread_lets_through_who_waits),
        BOTH(a_waiting_thread_is_let_through),
        TEST(nobody_can_wait_in_a_callback),
    };
    return RUN_TESTS(tests);
}

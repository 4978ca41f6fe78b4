/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/timer.h>

#define STEP TRINE_MILLISECONDS(10)

static int64_t origin;

static int steps(void)
{
    return (int)((trine_now() - origin) / STEP);
}

static void begin(struct trine_ticker *ticker, enum trine_missed missed)
{
    origin = trine_now();
    trine_ticker_init(ticker, STEP, missed);
}

IN_VIRTUAL_TIME(it_ticks_every_period_from_one_period_on)
{
    struct trine_ticker ticker;
    begin(&ticker, TRINE_MISSED_SKIP);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(trine_ticker_next(&ticker), 0);
        assert_int_equal(trine_now(), origin + i * STEP);
    }
    return 0;
}

IN_VIRTUAL_TIME(the_first_tick_may_be_set)
{
    struct trine_ticker ticker;
    begin(&ticker, TRINE_MISSED_SKIP);
    ticker.next = trine_now();
    assert_int_equal(trine_ticker_next(&ticker), 0);
    assert_int_equal(trine_now(), origin);
    assert_int_equal(trine_ticker_next(&ticker), 0);
    assert_int_equal(steps(), 1);
    return 0;
}

/* Work of a fraction of a period between ticks moves no tick, with any policy that keeps time. */
static void work_between(enum trine_missed missed)
{
    struct trine_ticker ticker;
    begin(&ticker, missed);
    for (int i = 1; i <= 1000; i++) {
        assert_int_equal(trine_ticker_next(&ticker), 0);
        assert_int_equal(trine_now(), origin + i * STEP);
        assert_int_equal(trine_sleep(STEP / 3 + i), 0);
    }
}

IN_VIRTUAL_TIME(work_shorter_than_a_period_moves_no_tick)
{
    work_between(TRINE_MISSED_BURST);
    work_between(TRINE_MISSED_SKIP);
    work_between(TRINE_MISSED_DELAY);
    return 0;
}

/* The caller is back after 3.5 periods; then the times of the ticks, in half periods. */
static void assert_ticks(enum trine_missed missed, const int *halves, const int *dropped, int count)
{
    struct trine_ticker ticker;
    begin(&ticker, missed);
    assert_int_equal(trine_ticker_next(&ticker), 0);
    assert_int_equal(trine_sleep(5 * STEP / 2), 0);
    for (int i = 0; i < count; i++) {
        assert_int_equal(trine_ticker_next(&ticker), dropped[i]);
        assert_int_equal((trine_now() - origin) / (STEP / 2), halves[i]);
    }
}

IN_VIRTUAL_TIME(a_burst_makes_up_for_all_that_were_missed)
{
    assert_ticks(TRINE_MISSED_BURST, (int[]){ 7, 7, 8, 10 }, (int[]){ 0, 0, 0, 0 }, 4);
    return 0;
}

IN_VIRTUAL_TIME(delay_begins_a_whole_period_anew)
{
    assert_ticks(TRINE_MISSED_DELAY, (int[]){ 7, 9, 11 }, (int[]){ 1, 0, 0 }, 3);
    return 0;
}

IN_VIRTUAL_TIME(skip_goes_back_to_the_old_rhythm)
{
    assert_ticks(TRINE_MISSED_SKIP, (int[]){ 7, 8, 10 }, (int[]){ 1, 0, 0 }, 3);
    return 0;
}

IN_VIRTUAL_TIME(back_exactly_at_a_tick_nothing_was_missed_but_those_before)
{
    struct trine_ticker ticker;
    begin(&ticker, TRINE_MISSED_SKIP);
    assert_int_equal(trine_sleep(3 * STEP), 0);
    assert_int_equal(trine_ticker_next(&ticker), 2);
    assert_int_equal(steps(), 3);
    assert_int_equal(trine_ticker_next(&ticker), 0);
    assert_int_equal(steps(), 4);
    return 0;
}

IN_VIRTUAL_TIME(hours_of_lateness_do_not_add_up)
{
    struct trine_ticker ticker;
    enum trine_missed policies[] = { TRINE_MISSED_BURST, TRINE_MISSED_SKIP };
    for (size_t p = 0; p < COUNT(policies); p++) {
        begin(&ticker, policies[p]);
        for (int i = 0; i < 360; i++) {
            assert_true(trine_ticker_next(&ticker) >= 0);
            assert_int_equal(trine_sleep(i % 7 == 0 ? 13 * STEP / 4 : STEP / 8), 0);
        }
        assert_int_equal((ticker.next - origin) % STEP, 0);
    }
    return 0;
}

IN_VIRTUAL_TIME(a_cancelled_wait_loses_no_tick)
{
    struct trine_ticker ticker;
    begin(&ticker, TRINE_MISSED_BURST);
    assert_int_equal(TRINE_WITHIN(STEP / 2, trine_ticker_next(&ticker)), -ETIMEDOUT);
    assert_int_equal(trine_ticker_next(&ticker), 0);
    assert_int_equal(trine_now(), origin + STEP);
    return 0;
}

IN_VIRTUAL_TIME(a_due_tick_of_a_cancelled_task_stays_due)
{
    struct trine_ticker ticker;
    struct trine_scope scope;
    begin(&ticker, TRINE_MISSED_BURST);
    assert_int_equal(trine_sleep(STEP), 0);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, "enough");
    assert_int_equal(trine_ticker_next(&ticker), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    assert_int_equal(ticker.next, origin + STEP);
    assert_int_equal(trine_ticker_next(&ticker), 0);
    return 0;
}

IN_VIRTUAL_TIME(beyond_the_end_of_time_there_is_no_tick)
{
    struct trine_ticker ticker;
    trine_ticker_init(&ticker, TRINE_FOREVER - 1, TRINE_MISSED_DELAY);
    assert_int_equal(ticker.next, TRINE_FOREVER);
    assert_int_equal(TRINE_WITHIN(hour, trine_ticker_next(&ticker)), -ETIMEDOUT);
    return 0;
}

IN_BOTH(on_real_time_it_is_never_early)
{
    struct trine_ticker ticker;
    int64_t start = trine_now();
    trine_ticker_init(&ticker, TRINE_MILLISECONDS(1), TRINE_MISSED_BURST);
    for (int i = 1; i <= 20; i++) {
        assert_int_equal(trine_ticker_next(&ticker), 0);
        assert_true(trine_now() >= start + i * TRINE_MILLISECONDS(1));
    }
    assert_true(trine_now() < start + PATIENCE);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_ticks_every_period_from_one_period_on),
        TEST(the_first_tick_may_be_set),
        TEST(work_shorter_than_a_period_moves_no_tick),
        TEST(a_burst_makes_up_for_all_that_were_missed),
        TEST(delay_begins_a_whole_period_anew),
        TEST(skip_goes_back_to_the_old_rhythm),
        TEST(back_exactly_at_a_tick_nothing_was_missed_but_those_before),
        TEST(hours_of_lateness_do_not_add_up),
        TEST(a_cancelled_wait_loses_no_tick),
        TEST(a_due_tick_of_a_cancelled_task_stays_due),
        TEST(beyond_the_end_of_time_there_is_no_tick),
        TEST(on_real_time_it_is_never_early_in_a_task),
        TEST(on_real_time_it_is_never_early_in_a_thread),
    };
    return RUN_TESTS(tests);
}

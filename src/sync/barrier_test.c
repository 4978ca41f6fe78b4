/* SPDX-License-Identifier: MIT */
/* Barriers: numbers, rounds, who leaves, and breaking. */
#include "sync/line_suite.h"

static int wait_at(void *barrier, uint32_t amount)
{
    return trine_barrier_wait(barrier);
}

static void assert_number(const struct line *line, int caller, int number)
{
    assert_int_equal(line->callers[caller].result, number);
}

IN_BOTH(one_of_one_does_not_wait)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(TRINE_WITHIN(0, trine_barrier_wait(&barrier)), 0);
    return 0;
}

IN_BOTH(who_cannot_wait_any_longer_leaves)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(2);
    assert_int_equal(TRINE_WITHIN(0, trine_barrier_wait(&barrier)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(SOON, trine_barrier_wait(&barrier)), -ETIMEDOUT);
    assert_int_equal(barrier.arrived, 0);
    assert_null(barrier.waits.first);
    return 0;
}

IN_VIRTUAL_TIME(all_go_on_when_all_have_come)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(3);
    struct line line;
    line_open(&line);
    for (int round = 0; round < 3; round++) {
        line_add(&line, wait_at, &barrier, 0);
        line_add(&line, wait_at, &barrier, 0);
        assert_int_equal(line.through, 0);
        assert_int_equal(trine_barrier_wait(&barrier), 2);
        settle();
        assert_int_equal(line.through, 2);
        line.through = 0;
        assert_number(&line, 2 * round, 0);
        assert_number(&line, 2 * round + 1, 1);
    }
    line_close(&line);
    return 0;
}

/* The second round is full before anybody of the first has run. */
IN_VIRTUAL_TIME(a_new_round_can_begin_before_the_old_one_has_gone)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(2);
    struct line line;
    line_open(&line);
    line_add(&line, wait_at, &barrier, 0);
    assert_int_equal(trine_barrier_wait(&barrier), 1);
    assert_int_equal(TRINE_WITHIN(0, trine_barrier_wait(&barrier)), -ETIMEDOUT);
    assert_through(&line, "0");
    assert_number(&line, 0, 0);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(the_others_wait_on_when_one_is_cancelled)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(3);
    struct line line;
    line_open(&line);
    line_add(&line, wait_at, &barrier, 0);
    line_add(&line, wait_at, &barrier, 0);
    trine_cancel(line.callers[0].future);
    assert_through(&line, "0!");
    line_add(&line, wait_at, &barrier, 0);
    assert_through(&line, "");
    assert_int_equal(trine_barrier_wait(&barrier), 2);
    assert_through(&line, "12");
    assert_number(&line, 1, 0);
    assert_number(&line, 2, 1);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(an_abort_fails_who_waits_and_who_comes_until_a_reset)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(2);
    struct line line;
    line_open(&line);
    line_add(&line, wait_at, &barrier, 0);
    trine_barrier_abort(&barrier);
    assert_through(&line, "0!");
    assert_number(&line, 0, -EPIPE);
    assert_int_equal(trine_barrier_wait(&barrier), -EPIPE);
    trine_barrier_reset(&barrier);
    line_add(&line, wait_at, &barrier, 0);
    assert_int_equal(trine_barrier_wait(&barrier), 1);
    assert_through(&line, "1");
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(a_reset_fails_who_waits_and_begins_anew)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(2);
    struct line line;
    line_open(&line);
    line_add(&line, wait_at, &barrier, 0);
    trine_barrier_reset(&barrier);
    line_add(&line, wait_at, &barrier, 0);
    assert_through(&line, "0!");
    assert_int_equal(trine_barrier_wait(&barrier), 1);
    assert_through(&line, "1");
    line_close(&line);
    return 0;
}

IN_BOTH(threads_meet_here)
{
    struct trine_barrier barrier = TRINE_BARRIER_INIT(4);
    struct caller callers[3];
    for (int round = 0; round < 20; round++) {
        int seen = 0;
        for (int i = 0; i < 3; i++)
            start_caller(&callers[i], wait_at, &barrier, 0);
        int number = TRINE_WITHIN(PATIENCE, trine_barrier_wait(&barrier));
        assert_in_range(number, 0, 3);
        seen |= 1 << number;
        for (int i = 0; i < 3; i++)
            seen |= 1 << end_caller(&callers[i]);
        assert_int_equal(seen, 15);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(one_of_one_does_not_wait),
        BOTH(who_cannot_wait_any_longer_leaves),
        TEST(all_go_on_when_all_have_come),
        TEST(a_new_round_can_begin_before_the_old_one_has_gone),
        TEST(the_others_wait_on_when_one_is_cancelled),
        TEST(an_abort_fails_who_waits_and_who_comes_until_a_reset),
        TEST(a_reset_fails_who_waits_and_begins_anew),
        BOTH(threads_meet_here),
    };
    return RUN_TESTS(tests);
}

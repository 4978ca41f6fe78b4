/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/timer.h>

#define STEP TRINE_MILLISECONDS(10)

static char calls[256]; /* who was called, in order */
static int64_t called_at;

static void note(void *letter)
{
    strncat(calls, letter, sizeof calls - strlen(calls) - 1);
    called_at = trine_now();
}

static void assert_calls(const char *expected)
{
    assert_string_equal(calls, expected);
    calls[0] = '\0';
}

IN_VIRTUAL_TIME(it_calls_once_after_its_delay_and_not_from_inside_start)
{
    struct trine_timer timer = { 0 };
    int64_t start = trine_now();
    assert_int_equal(trine_timer_start(&timer, STEP, note, "a"), 0);
    assert_calls("");
    assert_int_equal(trine_sleep(hour), 0);
    assert_calls("a");
    assert_int_equal(called_at, start + STEP);
    assert_int_equal(trine_timer_stop(&timer), 0);
    return 0;
}

IN_VIRTUAL_TIME(without_delay_it_is_soon_but_still_a_turn_later)
{
    struct trine_timer now = { 0 }, before = { 0 };
    assert_int_equal(trine_timer_start(&now, 0, note, "a"), 0);
    assert_int_equal(trine_timer_start(&before, -hour, note, "b"), 0);
    assert_calls("");
    assert_int_equal(trine_sleep(1), 0);
    assert_calls("ab");
    return 0;
}

IN_VIRTUAL_TIME(equal_times_fire_in_the_order_of_starting)
{
    static const char *const letters[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
                                           "k", "l", "m", "n", "o", "p", "q", "r", "s", "t" };
    struct trine_timer timers[COUNT(letters)] = { 0 };
    for (size_t i = 0; i < COUNT(letters); i++)
        assert_int_equal(trine_timer_start(&timers[i], STEP, note, (void *)letters[i]), 0);
    assert_int_equal(trine_timer_stop(&timers[5]), 1);
    assert_int_equal(trine_timer_reset(&timers[2], STEP), 1); /* it is the last now */
    assert_int_equal(trine_sleep(2 * STEP), 0);
    assert_calls("abdeghijklmnopqrstc");
    return 0;
}

IN_VIRTUAL_TIME(stopped_it_is_never_called_and_stop_tells_whether_it_came_in_time)
{
    struct trine_timer timer = { 0 };
    assert_int_equal(trine_timer_stop(&timer), 0); /* never started */
    assert_int_equal(trine_timer_start(&timer, STEP, note, "a"), 0);
    assert_int_equal(trine_timer_stop(&timer), 1);
    assert_int_equal(trine_timer_stop(&timer), 0);
    assert_int_equal(trine__loop_here->timers.count, 0); /* it left nothing behind */
    assert_int_equal(trine_sleep(hour), 0);
    assert_calls("");
    return 0;
}

IN_VIRTUAL_TIME(reset_counts_from_now_whether_it_waits_or_has_fired)
{
    struct trine_timer timer = { 0 };
    int64_t start = trine_now();
    assert_int_equal(trine_timer_reset(&timer, STEP), -EINVAL); /* what should it call? */
    assert_int_equal(trine_timer_start(&timer, 2 * STEP, note, "a"), 0);
    assert_int_equal(trine_sleep(STEP), 0);
    assert_int_equal(trine_timer_reset(&timer, 2 * STEP), 1);
    assert_int_equal(trine_sleep(hour), 0);
    assert_calls("a");
    assert_int_equal(called_at, start + 3 * STEP);
    assert_int_equal(trine_timer_reset(&timer, STEP), 0);
    assert_int_equal(trine_sleep(2 * STEP), 0);
    assert_calls("a");
    return 0;
}

IN_VIRTUAL_TIME(one_that_waits_cannot_be_started_again)
{
    struct trine_timer timer = { 0 };
    assert_int_equal(trine_timer_start(&timer, STEP, note, "a"), 0);
    assert_int_equal(trine_timer_start(&timer, 2 * STEP, note, "b"), -EALREADY);
    assert_int_equal(trine_sleep(hour), 0);
    assert_calls("a");
    assert_int_equal(trine_timer_start(&timer, 2 * STEP, note, "b"), 0);
    assert_int_equal(trine_sleep(hour), 0);
    assert_calls("b");
    return 0;
}

/* ---- what fn may do */

struct chain {
    struct trine_timer timer;
    int left;
};

static void again_at_once(void *arg)
{
    struct chain *chain = arg;
    note("x");
    if (--chain->left > 0)
        assert_int_equal(trine_timer_reset(&chain->timer, 0), 0);
}

IN_VIRTUAL_TIME(one_that_starts_itself_again_lets_the_others_have_their_turn)
{
    struct chain chain = { .left = 100 };
    assert_int_equal(trine_timer_start(&chain.timer, 0, again_at_once, &chain), 0);
    while (chain.left > 90)
        assert_int_equal(trine_yield(), 0);
    assert_int_equal(chain.left, 90); /* one call each turn, and not all in one */
    assert_int_equal(trine_timer_stop(&chain.timer), 1);
    calls[0] = '\0';
    return 0;
}

static void stop_another(void *timer)
{
    note("s");
    assert_int_equal(trine_timer_stop(timer), 1);
}

IN_VIRTUAL_TIME(one_may_stop_another_of_the_same_time)
{
    struct trine_timer first = { 0 }, second = { 0 };
    assert_int_equal(trine_timer_start(&first, STEP, stop_another, &second), 0);
    assert_int_equal(trine_timer_start(&second, STEP, note, "b"), 0);
    assert_int_equal(trine_sleep(hour), 0);
    assert_calls("s");
    return 0;
}

static int blocked_with;

static void try_to_block(void *arg)
{
    blocked_with = trine_sleep(STEP);
}

IN_VIRTUAL_TIME(its_function_cannot_block)
{
    struct trine_timer timer = { 0 };
    assert_int_equal(trine_timer_start(&timer, STEP, try_to_block, NULL), 0);
    assert_int_equal(trine_sleep(hour), 0);
    assert_int_equal(blocked_with, -EDEADLK);
    return 0;
}

static void resolve(void *promise)
{
    assert_int_equal(trine_promise_resolve(promise, 7, NULL), 0);
}

IN_VIRTUAL_TIME(its_function_may_complete_what_a_task_waits_for)
{
    struct trine_timer timer = { 0 };
    struct trine_future *promise = trine_promise_new(0);
    int outcome = 0;
    assert_int_equal(trine_timer_start(&timer, STEP, resolve, promise), 0);
    assert_int_equal(trine_await(promise, &outcome), 0);
    assert_int_equal(outcome, 7);
    trine_future_unref(promise);
    return 0;
}

static int note_as_a_task(void *letter)
{
    assert_int_equal(trine_sleep(STEP), 0);
    note(letter);
    return 0;
}

static void start_detached(void *letter)
{
    assert_int_equal(trine_spawn_detached(note_as_a_task, letter, NULL), 0);
}

IN_VIRTUAL_TIME(its_function_may_start_a_task)
{
    struct trine_timer timer = { 0 };
    assert_int_equal(trine_timer_start(&timer, STEP, start_detached, "t"), 0);
    assert_int_equal(trine_sleep(hour), 0);
    assert_calls("t");
    return 0;
}

/* ---- many, and nothing left */

IN_VIRTUAL_TIME(of_a_million_starts_and_stops_nothing_is_left)
{
    static struct trine_timer timers[1000];
    unsigned random = 12345;
    int waiting = 0;
    memset(timers, 0, sizeof timers);
    for (int i = 0; i < CROWD(1000000); i++) {
        random = random * 1103515245U + 12345U;
        struct trine_timer *timer = &timers[random / 65536 % COUNT(timers)];
        if (trine_timer_stop(timer) == 1)
            waiting--;
        else if (trine_timer_start(timer, 1 + random % 1000, note, "") == 0)
            waiting++;
        assert_int_equal(trine__loop_here->timers.count, waiting);
    }
    for (size_t i = 0; i < COUNT(timers); i++)
        waiting -= trine_timer_stop(&timers[i]);
    assert_int_equal(waiting, 0);
    assert_int_equal(trine__loop_here->timers.count, 0);
    return 0;
}

IN_VIRTUAL_TIME(without_memory_it_is_not_started)
{
    struct trine_timer timers[200] = { 0 };
    int started = 0, error = 0;
    trine__fault_plan("fail:1+:op=alloc");
    while (error == 0 && started < 200)
        error = trine_timer_start(&timers[started++], STEP, note, "a");
    trine__fault_plan(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(trine_timer_stop(&timers[started - 1]), 0);
    assert_int_equal(trine_timer_start(&timers[started - 1], STEP, note, "b"), 0);
    for (int i = 0; i < started; i++)
        assert_int_equal(trine_timer_stop(&timers[i]), 1);
    return 0;
}

static void a_plain_thread_has_nobody_to_call_it(void **state)
{
    struct trine_timer timer = { 0 };
    assert_int_equal(trine_timer_start(&timer, STEP, note, "a"), TRINE_ENOLOOP);
    assert_int_equal(trine_timer_reset(&timer, STEP), TRINE_ENOLOOP);
    assert_int_equal(trine_timer_stop(&timer), 0);
}

static struct trine_timer left_over;

static int leave_one_waiting(void *arg)
{
    memset(&left_over, 0, sizeof left_over);
    return trine_timer_start(&left_over, hour, note, "z");
}

static void one_that_waits_when_the_run_ends_never_fires(void **state)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(trine_run(leave_one_waiting, NULL, &virtual_time), 0);
    assert_calls("");
}

IN_A_TASK(on_real_time_it_is_never_early)
{
    struct trine_timer timer = { 0 };
    int64_t start = trine_now();
    assert_int_equal(trine_timer_start(&timer, SOON, note, "a"), 0);
    while (calls[0] == '\0')
        assert_int_equal(trine_sleep(SOON), 0);
    assert_calls("a");
    assert_true(called_at >= start + SOON);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(it_calls_once_after_its_delay_and_not_from_inside_start),
        TEST(without_delay_it_is_soon_but_still_a_turn_later),
        TEST(equal_times_fire_in_the_order_of_starting),
        TEST(stopped_it_is_never_called_and_stop_tells_whether_it_came_in_time),
        TEST(reset_counts_from_now_whether_it_waits_or_has_fired),
        TEST(one_that_waits_cannot_be_started_again),
        TEST(one_that_starts_itself_again_lets_the_others_have_their_turn),
        TEST(one_may_stop_another_of_the_same_time),
        TEST(its_function_cannot_block),
        TEST(its_function_may_complete_what_a_task_waits_for),
        TEST(its_function_may_start_a_task),
        TEST(of_a_million_starts_and_stops_nothing_is_left),
        TEST(without_memory_it_is_not_started),
        TEST(a_plain_thread_has_nobody_to_call_it),
        TEST(one_that_waits_when_the_run_ends_never_fires),
        TEST(on_real_time_it_is_never_early),
    };
    return RUN_TESTS(tests);
}

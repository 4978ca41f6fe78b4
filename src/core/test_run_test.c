/* SPDX-License-Identifier: MIT */
/* Test runs: the seed decides the order, time is virtual, and one can wait for all others. */
#include "core/crowd.h"
#include <trine/future.h>
#include <trine/loop.h>
#include <trine/test.h>

#define TASKS 5
#define STEPS 3

static char order[TASKS * STEPS + 1];
static size_t steps;

static int take_steps(void *name)
{
    for (int i = 0; i < STEPS; i++) {
        order[steps++] = *(char *)name;
        assert_int_equal(trine_yield(), 0);
    }
    return 0;
}

static int write_order(void *arg)
{
    static char names[TASKS] = "abcde";
    struct crowd crowd;
    steps = 0;
    memset(order, 0, sizeof order);
    crowd_open(&crowd);
    for (size_t i = 0; i < TASKS; i++)
        crowd_start(&crowd, take_steps, &names[i], 0);
    return crowd_close(&crowd);
}

static void run_under(uint64_t seed, char copy[sizeof order])
{
    assert_int_equal(
        trine_test_run(write_order, NULL, &(struct trine_test_options){ .seed = seed }), 0);
    assert_int_equal(steps, TASKS * STEPS);
    memcpy(copy, order, sizeof order);
}

static void without_a_seed_the_order_is_that_of_becoming_ready(void **state)
{
    assert_int_equal(trine_test_run(write_order, NULL, NULL), 0);
    assert_string_equal(order, "abcdeabcdeabcde");
}

static void one_seed_is_one_order_and_another_is_another(void **state)
{
    char first[sizeof order], again[sizeof order], other[sizeof order];
    int differ = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        run_under(seed, first);
        run_under(seed, again);
        assert_string_equal(first, again);
        run_under(seed + 50, other);
        differ += strcmp(first, other) != 0;
    }
    assert_true(differ > 45);
}

/* Every task comes first under some seed, and every one last. */
static void every_order_has_its_chance(void **state)
{
    int first[TASKS] = { 0 }, last[TASKS] = { 0 };
    char copy[sizeof order];
    for (uint64_t seed = 1; seed <= 300; seed++) {
        run_under(seed, copy);
        first[copy[0] - 'a']++;
        last[copy[TASKS * STEPS - 1] - 'a']++;
    }
    for (int i = 0; i < TASKS; i++) {
        assert_true(first[i] > 300 / TASKS / 4);
        assert_true(last[i] > 0);
    }
}

/* ---- a bug that only some orders show */

static int turns_seen;

static int take_turn(void *turn)
{
    if (turns_seen++ != *(int *)turn)
        return -EPROTO;
    return 0;
}

static int expect_an_order(void *arg)
{
    static int turns[] = { 0, 1, 2 };
    struct crowd crowd;
    turns_seen = 0;
    crowd_open(&crowd);
    for (int i = 0; i < 3; i++)
        crowd_start(&crowd, take_turn, &turns[i], 0);
    crowd_close(&crowd);
    return crowd.failed > 0 ? -EPROTO : 0;
}

static void a_program_that_leans_on_an_order_is_caught_and_its_seed_told(void **state)
{
    uint64_t seed = 0;
    assert_int_equal(trine_test_run(expect_an_order, NULL, NULL), 0);
    assert_int_equal(trine_test_seeds(expect_an_order, NULL, 1000, &seed), -EPROTO);
    assert_reported("failed: ", "runs it alone");
    assert_true(seed >= 1 && seed <= 1000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            trine_test_run(expect_an_order, NULL, &(struct trine_test_options){ .seed = seed }),
            -EPROTO);
}

/* ---- time */

#define DAY TRINE_SECONDS(86400)

static int sleep_a_year(void *arg)
{
    int64_t start = trine_now();
    int error = 0;
    for (int day = 0; day < 365 && error == 0; day++)
        error = trine_sleep(DAY);
    assert_true(error < 0 || trine_now() - start == 365 * DAY);
    return error;
}

static void a_year_passes_at_once(void **state)
{
    int64_t start = trine__clock_cpu();
    struct trine_test_options a_week = { .timeout = 7 * DAY };
    assert_int_equal(trine_test_run(sleep_a_year, NULL, NULL), 0);
    assert_true(trine__clock_cpu() - start < TRINE_SECONDS(1));
    assert_int_equal(trine_test_run(sleep_a_year, NULL, &a_week), -ETIMEDOUT);
}

static int wait_for_nobody(void *arg)
{
    struct trine_future *promise = trine_promise_new(0);
    int error = trine_await(promise, NULL);
    trine_future_unref(promise);
    return error;
}

static void what_is_blocked_for_ever_is_reported(void **state)
{
    assert_int_equal(trine_test_run(wait_for_nobody, NULL, NULL), -EDEADLK);
    assert_reported("everything is blocked", "");
    assert_reported("main", "waits for promise");
}

/* ---- eager children, and waiting for all others */

static int eager_ran;

static int be_eager(void *arg)
{
    eager_ran++;
    return trine_yield();
}

static int start_eager_child(void *arg)
{
    struct crowd crowd;
    static char name = 'x';
    steps = 0;
    crowd_open(&crowd);
    for (int i = 0; i < 3; i++)
        crowd_start(&crowd, take_steps, &name, 0);
    struct trine__task *task = trine__task_new(trine__loop_here, &crowd.family, be_eager, NULL,
                                               NULL, "test_run_test.c:1 eager", 0);
    crowd.live++;
    trine__family_add(&crowd.family, task);
    eager_ran = 0;
    trine__loop_yield(trine__loop_here, task);
    assert_int_equal(eager_ran, 1);
    return crowd_close(&crowd);
}

static int sleep_and_step(void *arg)
{
    int64_t *reached = arg;
    assert_int_equal(trine_yield(), 0);
    *reached = 1;
    assert_int_equal(trine_sleep(TRINE_SECONDS(5)), 0);
    assert_int_equal(trine_yield(), 0);
    *reached = 2;
    return 0;
}

static int watch_it_block(void *arg)
{
    struct crowd crowd;
    int64_t reached = 0, start = trine_now();
    crowd_open(&crowd);
    crowd_start(&crowd, sleep_and_step, &reached, 0);
    assert_int_equal(trine_test_wait_blocked(), 0);
    assert_int_equal(reached, 1);
    assert_true(trine_now() - start < TRINE_SECONDS(5)); /* no time had to pass */
    assert_int_equal(trine_sleep(TRINE_SECONDS(5)), 0);
    assert_int_equal(trine_test_wait_blocked(), 0);
    assert_int_equal(reached, 2);
    return crowd_close(&crowd);
}

static void under_every_seed(trine_fn fn)
{
    assert_int_equal(trine_test_seeds(fn, NULL, 200, NULL), 0);
}

static void an_eager_child_runs_at_once_under_every_seed(void **state)
{
    under_every_seed(start_eager_child);
}

static void waiting_for_the_others_needs_no_time(void **state)
{
    assert_int_equal(trine_test_run(watch_it_block, NULL, NULL), 0);
    under_every_seed(watch_it_block);
}

static int watch_a_short_sleep(void *arg)
{
    struct crowd crowd;
    int64_t moment = TRINE_MILLISECONDS(300), start = trine_now();
    crowd_open(&crowd);
    crowd_start(&crowd, sleep_for, &moment, 0);
    assert_int_equal(trine_test_wait_blocked(), 0);
    assert_true(trine_now() - start < TRINE_MILLISECONDS(300));
    assert_int_equal(crowd.ended, 0);
    return crowd_close(&crowd);
}

static void in_an_ordinary_run_one_can_wait_for_the_others_too(void **state)
{
    assert_int_equal(trine_run(watch_a_short_sleep, NULL, NULL), 0);
}

static int give_up_waiting(void *arg)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    assert_int_equal(trine_test_wait_blocked(), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    return 0;
}

static void waiting_for_the_others_can_be_cancelled(void **state)
{
    assert_int_equal(trine_test_run(give_up_waiting, NULL, NULL), 0);
    assert_int_equal(trine_test_wait_blocked(), TRINE_ENOLOOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_seed_the_order_is_that_of_becoming_ready),
        TEST(one_seed_is_one_order_and_another_is_another),
        TEST(every_order_has_its_chance),
        TEST(a_program_that_leans_on_an_order_is_caught_and_its_seed_told),
        TEST(a_year_passes_at_once),
        TEST(what_is_blocked_for_ever_is_reported),
        TEST(an_eager_child_runs_at_once_under_every_seed),
        TEST(waiting_for_the_others_needs_no_time),
        TEST(in_an_ordinary_run_one_can_wait_for_the_others_too),
        TEST(waiting_for_the_others_can_be_cancelled),
    };
    return RUN_TESTS(tests);
}

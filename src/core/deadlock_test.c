/* SPDX-License-Identifier: MIT */
/* With simulated time a loop knows that nothing can ever happen again, and says who waits for what.
 */
#include "core/crowd.h"
#include <trine/future.h>

static struct trine_future *never;

static int begin(void **state)
{
    never = trine_promise_new(0);
    return begin_test(state);
}

static int end(void **state)
{
    trine_future_unref(never);
    return end_test(state);
}

static int wait_for_ever(void *arg)
{
    return trine_await(never, NULL);
}

static void waiting_for_what_never_comes_is_reported_and_ended(void **state)
{
    assert_int_equal(trine_run(wait_for_ever, NULL, &virtual_time), -EDEADLK);
    assert_reported("everything is blocked", "");
    assert_reported("task 'main'", "waits for promise");
}

static int wait_with_others(void *arg)
{
    struct crowd crowd;
    crowd_open(&crowd);
    crowd_start(&crowd, wait_for_ever, NULL, 0);
    crowd_start(&crowd, sleep_for, &hour, 0);
    crowd_join(&crowd);
    assert_int_equal(crowd.failed, 1);
    return crowd_close(&crowd);
}

static void each_blocked_task_is_named_with_its_place(void **state)
{
    assert_int_equal(trine_run(wait_with_others, NULL, &virtual_time), -EDEADLK);
    assert_reported("everything is blocked", "");
    assert_reported("task 'main'", "the crowd");
    assert_reported("crowd.h:1",
                    "waits for promise"); /* not the sleeper: it was over long before */
}

static int wait_within_a_limit(void *arg)
{
    return TRINE_WITHIN(hour, wait_for_ever(NULL));
}

static void a_limit_is_enough_to_go_on(void **state)
{
    assert_int_equal(trine_run(wait_within_a_limit, NULL, &virtual_time), -ETIMEDOUT);
}

static int wait_behind_a_shield(void *arg)
{
    struct trine_scope shield;
    trine_shield_open(&shield, TRINE_FOREVER);
    int error = wait_for_ever(NULL);
    trine_shield_close(&shield);
    return error;
}

static void a_shield_does_not_keep_a_blocked_run_from_ending(void **state)
{
    assert_int_equal(trine_run(wait_behind_a_shield, NULL, &virtual_time), -EDEADLK);
    assert_reported("everything is blocked", "");
    assert_reported("task 'main'", "waits for promise");
}

static int leave_one_behind_a_shield(void *arg)
{
    trine__loop_spawn_root(trine__loop_here, wait_behind_a_shield, NULL, NULL, "left.c:1 behind");
    return trine_yield();
}

static void nor_does_a_task_left_over_behind_a_shield(void **state)
{
    assert_int_equal(trine_run(leave_one_behind_a_shield, NULL, &virtual_time), 0);
    assert_reported("left.c:1", "does not stop");
    assert_reported("everything is blocked", "");
    assert_reported("left.c:1", "waits for promise");
    assert_reported("error nobody read", "left.c:1");
}

#define DEADLOCK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        DEADLOCK_TEST(waiting_for_what_never_comes_is_reported_and_ended),
        DEADLOCK_TEST(each_blocked_task_is_named_with_its_place),
        DEADLOCK_TEST(a_limit_is_enough_to_go_on),
        DEADLOCK_TEST(a_shield_does_not_keep_a_blocked_run_from_ending),
        DEADLOCK_TEST(nor_does_a_task_left_over_behind_a_shield),
    };
    return RUN_TESTS(tests);
}

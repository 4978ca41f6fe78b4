/* SPDX-License-Identifier: MIT */
/* Who goes first: tasks whose time has come, then the others in their order; nobody starves. */
#include "core/crowd.h"

#define WAITING  1000
#define SLEEPERS 3000 /* more than fire in one turn */

static int order[SLEEPERS];
static int came;

static int come(void *arg)
{
    order[came++] = (int)(intptr_t)arg;
    return 0;
}

static int sleep_and_come(void *arg)
{
    int error = trine_sleep(TRINE_MILLISECONDS(1));
    come(arg);
    return error;
}

IN_VIRTUAL_TIME(a_task_whose_time_has_come_goes_before_those_that_wait_for_their_turn)
{
    struct crowd crowd;
    came = 0;
    crowd_open(&crowd);
    crowd_start(&crowd, sleep_and_come, (void *)(intptr_t)-1, 0);
    assert_int_equal(trine_yield(), 0);
    for (intptr_t i = 0; i < WAITING; i++)
        crowd_start(&crowd, come, (void *)i, 0);
    trine__clock_advance_to(trine_now() + TRINE_MILLISECONDS(1));
    assert_int_equal(crowd_close(&crowd), 0);
    int place = 0, next = 0;
    for (int i = 0; i < came; i++) {
        if (order[i] == -1)
            place = i;
        else
            assert_int_equal(order[i], next++); /* the others keep their order */
    }
    assert_int_equal(next, WAITING);
    assert_true(place < WAITING / 2);
    return 0;
}

IN_VIRTUAL_TIME(those_of_one_deadline_go_in_the_order_of_falling_asleep)
{
    struct crowd crowd;
    came = 0;
    crowd_open(&crowd);
    for (intptr_t i = 0; i < SLEEPERS; i++)
        crowd_start(&crowd, sleep_and_come, (void *)i, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(order[i], i);
    return 0;
}

static bool over;
static long laps, naps;

static int nap_until_over(void *arg)
{
    while (!over && trine_sleep(TRINE_MICROSECONDS(1)) == 0)
        naps++;
    return 0;
}

static int yield_until_over(void *arg)
{
    while (!over && trine_yield() == 0)
        laps++;
    return 0;
}

static int yield_often(void *arg)
{
    for (int i = 0; i < 2000; i++)
        trine_yield();
    over = true;
    return 0;
}

static int nap_often(void *arg)
{
    for (int i = 0; i < 200; i++)
        trine_sleep(TRINE_MICROSECONDS(1));
    over = true;
    return 0;
}

IN_A_TASK(tasks_that_sleep_a_moment_again_and_again_leave_the_others_running)
{
    struct crowd crowd;
    over = false;
    naps = 0;
    crowd_open(&crowd);
    for (int i = 0; i < SLEEPERS; i++)
        crowd_start(&crowd, nap_until_over, NULL, 0);
    crowd_start(&crowd, yield_often, NULL, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_true(naps > 0);
    return 0;
}

IN_A_TASK(tasks_that_yield_for_ever_leave_sleepers_running)
{
    struct crowd crowd;
    over = false;
    laps = 0;
    crowd_open(&crowd);
    crowd_start(&crowd, yield_until_over, NULL, 0);
    crowd_start(&crowd, yield_until_over, NULL, 0);
    crowd_start(&crowd, nap_often, NULL, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_true(laps > 0);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_task_whose_time_has_come_goes_before_those_that_wait_for_their_turn),
        TEST(those_of_one_deadline_go_in_the_order_of_falling_asleep),
        TEST(tasks_that_sleep_a_moment_again_and_again_leave_the_others_running),
        TEST(tasks_that_yield_for_ever_leave_sleepers_running),
    };
    return RUN_TESTS(tests);
}

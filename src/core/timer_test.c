/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include "core/timer.h"

#define MANY 1000

struct alarm {
    struct trine__timer timer;
    int64_t deadline;
    int number;
};

static struct trine__timers timers;
static struct alarm alarms[MANY];
static int order[MANY];
static int fired;

static void ring(struct trine__timer *timer)
{
    order[fired++] = TRINE__CONTAINER(timer, struct alarm, timer)->number;
}

static void start(int number, int64_t deadline)
{
    alarms[number] = (struct alarm){ .timer.fire = ring, .deadline = deadline, .number = number };
    assert_int_equal(trine__timer_start(&timers, &alarms[number].timer, deadline), 0);
}

static int begin(void **state)
{
    fired = 0;
    return 0;
}

static int end(void **state)
{
    trine__timers_done(&timers);
    return 0;
}

static void equal_deadlines_fire_in_the_order_of_starting(void **state)
{
    for (int i = 0; i < MANY; i++)
        start(i, 7);
    trine__timers_fire(&timers, 7, SIZE_MAX);
    assert_int_equal(fired, MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(order[i], i);
}

static void equal_deadlines_keep_their_order_when_others_are_stopped_between_them(void **state)
{
    for (int i = 0; i < MANY; i++)
        start(i, i % 3 == 0 ? 5 : 7);
    for (int i = 0; i < MANY; i += 3)
        trine__timer_stop(&timers, &alarms[i].timer);
    trine__timers_fire(&timers, 7, SIZE_MAX);
    for (int i = 1; i < fired; i++)
        assert_true(order[i - 1] < order[i]);
    assert_int_equal(fired, MANY - (MANY + 2) / 3);
}

static void none_fires_early_and_all_due_fire(void **state)
{
    start(0, 10);
    start(1, 11);
    trine__timers_fire(&timers, 9, SIZE_MAX);
    assert_int_equal(fired, 0);
    trine__timers_fire(&timers, 10, SIZE_MAX);
    assert_int_equal(fired, 1);
    assert_int_equal(order[0], 0);
    trine__timers_fire(&timers, INT64_MAX, SIZE_MAX);
    assert_int_equal(fired, 2);
}

static void deadlines_come_in_order_whatever_the_order_of_starting(void **state)
{
    uint32_t random = 1;
    for (int i = 0; i < MANY; i++) {
        random = random * 1664525 + 1013904223;
        start(i, random >> 16);
    }
    for (int i = 0; i < MANY; i += 2)
        trine__timer_stop(&timers, &alarms[i].timer);
    for (int i = 0; i < MANY; i += 4)
        start(i, alarms[i].deadline / 2);
    trine__timers_fire(&timers, INT64_MAX, SIZE_MAX);
    assert_int_equal(fired, MANY / 2 + MANY / 4);
    for (int i = 1; i < fired; i++)
        assert_true(alarms[order[i - 1]].deadline <= alarms[order[i]].deadline);
}

static void a_stopped_timer_leaves_nothing_behind(void **state)
{
    start(0, 1);
    start(1, 2);
    trine__timer_stop(&timers, &alarms[0].timer);
    trine__timer_stop(&timers, &alarms[0].timer);
    assert_int_equal(timers.count, 1);
    assert_int_equal(trine__timers_next(&timers), 2);
    trine__timer_stop(&timers, &alarms[1].timer);
    assert_int_equal(trine__timers_next(&timers), INT64_MAX);
    trine__timers_fire(&timers, INT64_MAX, SIZE_MAX);
    assert_int_equal(fired, 0);
}

static void at_most_so_many_fire_at_once(void **state)
{
    for (int i = 0; i < 5; i++)
        start(i, 1);
    assert_int_equal(trine__timers_fire(&timers, 1, 3), 3);
    assert_int_equal(fired, 3);
    assert_int_equal(trine__timers_fire(&timers, 1, 3), 2);
    for (int i = 0; i < 5; i++)
        assert_int_equal(order[i], i);
}

static void timers_that_were_stopped_make_room_for_others(void **state)
{
    for (int i = 0; i < 50; i++)
        start(i, 1);
    size_t capacity = timers.capacity;
    for (int round = 0; round < MANY; round++) {
        trine__timer_stop(&timers, &alarms[round % 50].timer);
        start(round % 50, 1);
    }
    assert_int_equal(timers.capacity, capacity);
    assert_int_equal(timers.count, 50);
    trine__timers_fire(&timers, 1, SIZE_MAX);
    assert_int_equal(fired, 50);
}

static void stop_the_next(struct trine__timer *timer)
{
    ring(timer);
    trine__timer_stop(&timers, &alarms[1].timer);
}

static void a_timer_may_stop_another_that_is_due_in_the_same_turn(void **state)
{
    start(0, 1);
    start(1, 1);
    start(2, 1);
    alarms[0].timer.fire = stop_the_next;
    trine__timers_fire(&timers, 1, SIZE_MAX);
    assert_int_equal(fired, 2);
    assert_int_equal(order[1], 2);
}

static void put_off_the_next(struct trine__timer *timer)
{
    stop_the_next(timer);
    start(1, 2);
}

static void a_timer_may_put_off_another_that_is_due_in_the_same_turn(void **state)
{
    start(0, 1);
    start(1, 1);
    start(2, 1);
    alarms[0].timer.fire = put_off_the_next;
    trine__timers_fire(&timers, 1, SIZE_MAX);
    assert_int_equal(fired, 2);
    assert_int_equal(order[1], 2);
    trine__timers_fire(&timers, 2, SIZE_MAX);
    assert_int_equal(order[2], 1);
}

static void without_memory_a_start_fails_and_the_others_stay(void **state)
{
    int number = 0;
    start(number++, 1);
    while (timers.count + 1 < timers.capacity)
        start(number++, 1);
    trine__fault_plan("fail:1+:op=alloc");
    struct trine__timer late = { .fire = ring };
    assert_int_equal(trine__timer_start(&timers, &late, 1), -ENOMEM);
    trine__fault_plan(NULL);
    assert_int_equal(late.number, 0);
    trine__timers_fire(&timers, 1, SIZE_MAX);
    assert_int_equal(fired, number);
}

static void after_a_reserve_a_start_needs_no_memory(void **state)
{
    assert_int_equal(trine__timers_reserve(&timers), 0);
    trine__fault_plan("fail:1+:op=alloc");
    start(0, 1);
    trine__fault_plan(NULL);
    trine__timers_fire(&timers, 1, SIZE_MAX);
    assert_int_equal(fired, 1);
}

#define TIMER_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TIMER_TEST(equal_deadlines_fire_in_the_order_of_starting),
        TIMER_TEST(equal_deadlines_keep_their_order_when_others_are_stopped_between_them),
        TIMER_TEST(none_fires_early_and_all_due_fire),
        TIMER_TEST(deadlines_come_in_order_whatever_the_order_of_starting),
        TIMER_TEST(a_stopped_timer_leaves_nothing_behind),
        TIMER_TEST(at_most_so_many_fire_at_once),
        TIMER_TEST(timers_that_were_stopped_make_room_for_others),
        TIMER_TEST(a_timer_may_stop_another_that_is_due_in_the_same_turn),
        TIMER_TEST(a_timer_may_put_off_another_that_is_due_in_the_same_turn),
        TIMER_TEST(without_memory_a_start_fails_and_the_others_stay),
        TIMER_TEST(after_a_reserve_a_start_needs_no_memory),
    };
    return RUN_TESTS(tests);
}

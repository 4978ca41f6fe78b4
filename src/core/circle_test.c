/* SPDX-License-Identifier: MIT */
#include "core/circle.h"
#include "core/crowd.h"
#include <trine/future.h>

/* Each of a ring of tasks awaits the next one. */
#define RING_MAX 1000
struct ring {
    struct trine_future *tasks[RING_MAX];
    int count, refused, done;
    int next_number;
    bool open; /* the last awaits nobody */
};
static struct ring ring;

static int await_next(void *arg)
{
    int number = ring.next_number++;
    int error = 0;
    if (!ring.open || number < ring.count - 1)
        error = trine_await(ring.tasks[(number + 1) % ring.count], NULL);
    else
        error = trine_sleep(SOON);
    ring.refused += error == -EDEADLK;
    ring.done++;
    return 0;
}

static void run_ring(int count, bool open)
{
    struct crowd crowd;
    ring = (struct ring){ .count = count, .open = open };
    crowd_open(&crowd);
    for (int i = 0; i < count; i++) {
        ring.tasks[i] = &crowd_start(&crowd, await_next, NULL, 0)->future;
        trine_future_ref(ring.tasks[i]);
    }
    assert_int_equal(crowd_close(&crowd), 0);
    for (int i = 0; i < count; i++)
        trine_future_unref(ring.tasks[i]);
    assert_int_equal(ring.done, count);
}

IN_A_TASK(two_that_await_each_other)
{
    run_ring(2, false);
    assert_int_equal(ring.refused, 1);
    assert_reported("2 wait for each other in a circle; task 'somebody'", "-EDEADLK");
    assert_reported("task 'somebody' (spawned at crowd.h:1 somebody) awaits task 'somebody'", " ");
    assert_reported("awaits", "crowd.h:1");
    return 0;
}

IN_A_TASK(a_long_circle_of_awaits)
{
    run_ring(CROWD(RING_MAX), false);
    assert_int_equal(ring.refused, 1);
    assert_reported("wait for each other in a circle", "-EDEADLK");
    for (int i = 0; i < 32; i++)
        assert_reported("awaits", "crowd.h:1");
    return 0;
}

IN_A_TASK(a_chain_of_awaits_is_no_circle)
{
    run_ring(CROWD(RING_MAX), true);
    assert_int_equal(ring.refused, 0);
    return 0;
}

IN_A_TASK(without_memory_the_report_names_who_was_refused)
{
    struct crowd crowd;
    ring = (struct ring){ .count = 2 };
    crowd_open(&crowd);
    for (int i = 0; i < 2; i++)
        ring.tasks[i] = &crowd_start(&crowd, await_next, NULL, 64 * 1024)->future;
    trine_future_ref(ring.tasks[0]);
    trine_future_ref(ring.tasks[1]);
    trine__fault_plan("fail:1+:op=alloc");
    assert_int_equal(crowd_close(&crowd), 0);
    trine__fault_plan(NULL);
    trine_future_unref(ring.tasks[0]);
    trine_future_unref(ring.tasks[1]);
    assert_int_equal(ring.refused, 1);
    assert_reported("2 wait for each other in a circle; task 'somebody'", "-EDEADLK");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_that_await_each_other),
        TEST(a_long_circle_of_awaits),
        TEST(a_chain_of_awaits_is_no_circle),
        TEST(without_memory_the_report_names_who_was_refused),
    };
    return RUN_TESTS(tests);
}

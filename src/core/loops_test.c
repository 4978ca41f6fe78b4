/* SPDX-License-Identifier: MIT */
/* Several loops: a started task keeps its thread, one that has not started finds an idle loop. */
#include "core/crowd.h"
#include <stdatomic.h>
#include <trine/future.h>

static _Atomic(int) ran, strayed;
static _Atomic(long) threads_seen[8];

static void note_thread(void)
{
    long here = gettid();
    for (size_t i = 0; i < COUNT(threads_seen); i++) {
        long seen = 0;
        if (atomic_compare_exchange_strong(&threads_seen[i], &seen, here) || seen == here)
            return;
    }
}

static int thread_count(void)
{
    int count = 0;
    for (size_t i = 0; i < COUNT(threads_seen); i++)
        count += atomic_load(&threads_seen[i]) != 0;
    return count;
}

static void forget_all(void)
{
    atomic_store(&ran, 0);
    atomic_store(&strayed, 0);
    for (size_t i = 0; i < COUNT(threads_seen); i++)
        atomic_store(&threads_seen[i], 0);
}

static int block_the_thread(void *arg)
{
    note_thread();
    usleep(3000);
    atomic_fetch_add(&ran, 1);
    return 0;
}

static void run_blockers(void)
{
    struct crowd crowd;
    forget_all();
    crowd_open(&crowd);
    for (int i = 0; i < 40; i++)
        crowd_start(&crowd, block_the_thread, NULL, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(atomic_load(&ran), 40);
}

ON_SEVERAL_LOOPS(idle_loops_take_tasks_that_have_not_started, 4)
{
    run_blockers();
    assert_true(thread_count() > 1);
    assert_true(thread_count() <= 4);
    return 0;
}

ON_SEVERAL_LOOPS(with_one_loop_all_stay_in_one_thread, 1)
{
    run_blockers();
    assert_int_equal(thread_count(), 1);
    return 0;
}

static int stay(void *arg)
{
    long home = gettid();
    note_thread();
    for (int i = 0; i < 20; i++) {
        if (i % 5 == 0)
            usleep(200);
        int error = i % 2 == 0 ? trine_yield() : trine_sleep(TRINE_MICROSECONDS(50));
        if (error < 0)
            return error;
        if (gettid() != home)
            atomic_fetch_add(&strayed, 1);
    }
    atomic_fetch_add(&ran, 1);
    return 0;
}

ON_SEVERAL_LOOPS(a_task_that_has_started_keeps_its_thread, 4)
{
    struct crowd crowd;
    forget_all();
    crowd_open(&crowd);
    for (int i = 0; i < 100; i++)
        crowd_start(&crowd, stay, NULL, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(atomic_load(&ran), 100);
    assert_int_equal(atomic_load(&strayed), 0);
    assert_true(thread_count() > 1);
    return 0;
}

static int count_me(void *arg)
{
    atomic_fetch_add(&ran, 1);
    return (int)(intptr_t)arg % 100 == 0 ? -EIO : 0;
}

static void count_ten_thousand(void)
{
    struct crowd crowd;
    forget_all();
    crowd_open(&crowd);
    for (intptr_t i = 0; i < 10000; i++)
        crowd_start(&crowd, count_me, (void *)i, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(atomic_load(&ran), 10000);
    assert_int_equal(crowd.ended, 10000);
    assert_int_equal(crowd.failed, 100);
}

ON_SEVERAL_LOOPS(of_ten_thousand_tasks_each_runs_once_on_two_loops, 2)
{
    count_ten_thousand();
    return 0;
}

ON_SEVERAL_LOOPS(of_ten_thousand_tasks_each_runs_once_on_four_loops, 4)
{
    for (int i = 0; i < 3; i++)
        count_ten_thousand();
    return 0;
}

static int wait_for_the_cancel(void *arg)
{
    note_thread();
    usleep(100);
    atomic_fetch_add(&ran, 1);
    int error = trine_sleep(PATIENCE);
    if (error == -ECANCELED && trine_sleep(1) == -ECANCELED && trine_cancelled() == -ECANCELED)
        return error;
    return 0;
}

ON_SEVERAL_LOOPS(a_cancel_reaches_children_on_every_loop, 4)
{
    struct crowd crowd;
    forget_all();
    crowd_open(&crowd);
    for (int i = 0; i < 200; i++)
        crowd_start(&crowd, wait_for_the_cancel, NULL, 0);
    while (atomic_load(&ran) < 100)
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(50)), 0);
    trine_scope_cancel(&crowd.family.scope, "test"); /* some have not even started */
    assert_int_equal(crowd_close(&crowd), -ECANCELED);
    assert_int_equal(crowd.failed, 200);
    assert_true(thread_count() > 1);
    return 0;
}

static int have_children(void *arg)
{
    struct crowd crowd;
    crowd_open(&crowd);
    for (int i = 0; i < 5; i++)
        crowd_start(&crowd, wait_for_the_cancel, NULL, 0);
    crowd_join(&crowd);
    int failed = crowd.failed;
    int code = crowd_close(&crowd);
    return failed == 5 ? code : 0;
}

ON_SEVERAL_LOOPS(a_cancel_reaches_grandchildren_on_other_loops, 4)
{
    struct crowd crowd;
    forget_all();
    crowd_open(&crowd);
    for (int i = 0; i < 40; i++)
        crowd_start(&crowd, have_children, NULL, 0);
    while (atomic_load(&ran) < 100)
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(50)), 0);
    trine_scope_cancel(&crowd.family.scope, "test");
    assert_int_equal(crowd_close(&crowd), -ECANCELED);
    assert_int_equal(crowd.failed, 40);
    assert_int_equal(atomic_load(&ran), 200);
    return 0;
}

static struct trine_future *ball[2];

static int bounce(void *arg)
{
    for (int i = 0; i < 100; i++) {
        usleep(i == 0 ? 2000 : 0);
        int error = trine_await(ball[(intptr_t)arg], NULL);
        if (error < 0)
            return error;
    }
    return trine_promise_resolve(ball[1 - (intptr_t)arg], 0, NULL);
}

ON_SEVERAL_LOOPS(a_future_done_on_one_loop_wakes_tasks_on_another, 2)
{
    for (int i = 0; i < 50; i++) {
        struct crowd crowd;
        ball[0] = trine_promise_new(0);
        ball[1] = trine_promise_new(0);
        crowd_open(&crowd);
        crowd_start(&crowd, bounce, (void *)0, 0);
        trine_promise_resolve(ball[1], 0, NULL);
        assert_int_equal(trine_await(ball[1], NULL), 0);
        trine_promise_resolve(ball[0], 0, NULL);
        assert_int_equal(crowd_close(&crowd), 0);
        trine_future_unref(ball[0]);
        trine_future_unref(ball[1]);
    }
    return 0;
}

static int do_nothing(void *arg)
{
    return 0;
}

static void many_short_runs_of_many_loops_come_and_go(void **state)
{
    for (int i = 0; i < 100; i++)
        assert_int_equal(trine_run(do_nothing, NULL, &(struct trine_run_options){ .loops = 4 }), 0);
}

static int leave_a_sleeper(void *arg)
{
    trine__loop_spawn_root(trine__loop_here, sleep_for, &hour, NULL, "here");
    return 0;
}

static void leftovers_end_with_several_loops_too(void **state)
{
    assert_int_equal(trine_run(leave_a_sleeper, NULL, &(struct trine_run_options){ .loops = 3 }),
                     0);
}

/* A loop that cannot be made undoes the others. */
static void a_run_that_cannot_start_all_loops_fails_whole(void **state)
{
    struct trine_run_options four = { .loops = 4 };
    trine__fault_plan("fail:3:op=thread");
    assert_true(trine_run(do_nothing, NULL, &four) < 0);
    trine__fault_plan(NULL);
    assert_int_equal(trine_run(do_nothing, NULL, &four), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(idle_loops_take_tasks_that_have_not_started),
        TEST(with_one_loop_all_stay_in_one_thread),
        TEST(a_task_that_has_started_keeps_its_thread),
        TEST(of_ten_thousand_tasks_each_runs_once_on_two_loops),
        TEST(of_ten_thousand_tasks_each_runs_once_on_four_loops),
        TEST(a_cancel_reaches_children_on_every_loop),
        TEST(a_cancel_reaches_grandchildren_on_other_loops),
        TEST(a_future_done_on_one_loop_wakes_tasks_on_another),
        TEST(many_short_runs_of_many_loops_come_and_go),
        TEST(leftovers_end_with_several_loops_too),
        TEST(a_run_that_cannot_start_all_loops_fails_whole),
    };
    return RUN_TESTS(tests);
}

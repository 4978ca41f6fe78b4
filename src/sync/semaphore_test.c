/* SPDX-License-Identifier: MIT */
/* Semaphores: the order of service, requests for many, and that permits never drift. */
#include "sync/line_suite.h"

static int acquire(void *semaphore, uint32_t amount)
{
    return trine_semaphore_acquire_many(semaphore, amount);
}

static int acquire_within_soon(void *semaphore, uint32_t amount)
{
    return TRINE_WITHIN(SOON, trine_semaphore_acquire_many(semaphore, amount));
}

static int release_soon(void *semaphore, uint32_t amount)
{
    int error = trine_sleep(SOON);
    return error < 0 ? error : trine_semaphore_release_many(semaphore, amount);
}

IN_BOTH(what_is_taken_has_to_come_back)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(2);
    assert_int_equal(trine_semaphore_acquire(&semaphore), 0);
    assert_int_equal(trine_semaphore_try_acquire(&semaphore), 0);
    assert_int_equal(trine_semaphore_permits(&semaphore), 0);
    assert_int_equal(trine_semaphore_try_acquire(&semaphore), -EAGAIN);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_int_equal(trine_semaphore_acquire(&semaphore), 0);
    assert_int_equal(trine_semaphore_release_many(&semaphore, 2), 0);
    assert_int_equal(trine_semaphore_permits(&semaphore), 2);
    return 0;
}

IN_BOTH(a_limit_of_zero_tries_once)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(1);
    assert_int_equal(TRINE_WITHIN(0, trine_semaphore_acquire(&semaphore)), 0);
    assert_int_equal(TRINE_WITHIN(0, trine_semaphore_acquire(&semaphore)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(SOON, trine_semaphore_acquire(&semaphore)), -ETIMEDOUT);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_int_equal(trine_semaphore_permits(&semaphore), 1);
    return 0;
}

IN_BOTH(a_bounded_one_refuses_more_than_it_began_with)
{
    struct trine_semaphore bounded = TRINE_BOUNDED_SEMAPHORE_INIT(2);
    struct trine_semaphore plain = TRINE_SEMAPHORE_INIT(0);
    assert_int_equal(trine_semaphore_release(&bounded), -EOVERFLOW);
    assert_int_equal(trine_semaphore_acquire_many(&bounded, 3), -EINVAL);
    assert_int_equal(trine_semaphore_try_acquire_many(&bounded, 3), -EINVAL);
    assert_int_equal(trine_semaphore_acquire(&bounded), 0);
    assert_int_equal(trine_semaphore_release_many(&bounded, 2), -EOVERFLOW);
    assert_int_equal(trine_semaphore_permits(&bounded), 1);
    assert_int_equal(trine_semaphore_release_many(&plain, UINT32_MAX), 0);
    assert_int_equal(trine_semaphore_release(&plain), -EOVERFLOW);
    assert_int_equal(trine_semaphore_permits(&plain), UINT32_MAX);
    return 0;
}

IN_VIRTUAL_TIME(permits_go_to_the_longest_waiter_and_no_try_overtakes)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(0);
    struct line line;
    line_open(&line);
    for (int i = 0; i < 3; i++)
        line_add(&line, acquire, &semaphore, 1);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_int_equal(trine_semaphore_try_acquire(&semaphore), -EAGAIN); /* it is handed over */
    assert_int_equal(trine_semaphore_permits(&semaphore), 0);
    assert_through(&line, "0");
    assert_int_equal(trine_semaphore_release_many(&semaphore, 3), 0);
    assert_through(&line, "12");
    assert_int_equal(trine_semaphore_permits(&semaphore), 1);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(who_waits_for_many_is_not_starved)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(2);
    struct line line;
    line_open(&line);
    line_add(&line, acquire, &semaphore, 4);
    line_add(&line, acquire, &semaphore, 1);
    assert_int_equal(trine_semaphore_try_acquire(&semaphore), -EAGAIN);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_through(&line, "");
    assert_int_equal(trine_semaphore_permits(&semaphore), 3);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_through(&line, "0");
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_through(&line, "1");
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(those_behind_go_on_when_the_head_gives_up)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(3);
    struct line line;
    line_open(&line);
    line_add(&line, acquire, &semaphore, 5);
    line_add(&line, acquire, &semaphore, 1);
    line_add(&line, acquire, &semaphore, 2);
    line_add(&line, acquire, &semaphore, 1);
    assert_through(&line, "");
    trine_cancel(line.callers[0].future);
    assert_through(&line, "120!");
    assert_int_equal(trine_semaphore_permits(&semaphore), 0);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_through(&line, "3");
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(those_behind_go_on_when_the_heads_time_is_up)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(1);
    struct line line;
    line_open(&line);
    line_add(&line, acquire_within_soon, &semaphore, 2);
    line_add(&line, acquire, &semaphore, 1);
    assert_int_equal(trine_sleep(2 * SOON), 0);
    assert_int_equal(line.callers[0].result, -ETIMEDOUT);
    assert_through(&line, "10!");
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(a_permit_that_was_handed_over_beats_a_cancel)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(0);
    struct line line;
    line_open(&line);
    line_add(&line, acquire, &semaphore, 1);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    trine_cancel(line.callers[0].future);
    assert_through(&line, "0");
    assert_int_equal(trine_semaphore_permits(&semaphore), 0);
    line_close(&line);
    return 0;
}

/* ---- cancel storms: bpo-27585, gh-90155 and kin */

#define STORM 200

struct stormy {
    struct trine_semaphore *semaphore;
    uint32_t amount;
    struct trine_future *future;
};

static int hold_for_a_while(void *arg)
{
    struct stormy *stormy = arg;
    if (trine_semaphore_acquire_many(stormy->semaphore, stormy->amount) < 0)
        return 0;
    (void)trine_yield();
    return trine_semaphore_release_many(stormy->semaphore, stormy->amount);
}

IN_VIRTUAL_TIME(permits_do_not_drift_in_a_storm_of_cancels)
{
    struct trine_semaphore semaphore = TRINE_BOUNDED_SEMAPHORE_INIT(3);
    static struct stormy all[STORM];
    struct trine_group group;
    uint32_t seed = 1;
    trine_group_open(&group, NULL);
    for (int i = 0; i < STORM; i++) {
        all[i] = (struct stormy){ &semaphore, 1 + (uint32_t)i % 3, NULL };
        all[i].future = trine_spawn(&group, hold_for_a_while, &all[i]);
    }
    for (int i = 0; i < 2 * STORM; i++) {
        seed = seed * 1664525 + 1013904223;
        trine_cancel(all[(seed >> 16) % STORM].future);
        if (i % 3 == 0)
            assert_int_equal(trine_yield(), 0);
    }
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(trine_semaphore_permits(&semaphore), 3);
    assert_null(semaphore.waits.first);
    return 0;
}

/* ---- across */

IN_BOTH(a_thread_releases_who_waits)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(0);
    struct caller caller;
    start_caller(&caller, release_soon, &semaphore, 2);
    assert_int_equal(TRINE_WITHIN(PATIENCE, trine_semaphore_acquire_many(&semaphore, 2)), 0);
    assert_int_equal(end_caller(&caller), 0);
    assert_int_equal(trine_semaphore_permits(&semaphore), 0);
    return 0;
}

IN_BOTH(a_waiting_thread_is_released)
{
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(0);
    struct caller caller;
    start_caller(&caller, acquire, &semaphore, 2);
    until_somebody_waits(&semaphore.lock, &semaphore.waits);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_int_equal(trine_semaphore_release(&semaphore), 0);
    assert_int_equal(end_caller(&caller), 0);
    assert_int_equal(trine_semaphore_permits(&semaphore), 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(what_is_taken_has_to_come_back),
        BOTH(a_limit_of_zero_tries_once),
        BOTH(a_bounded_one_refuses_more_than_it_began_with),
        TEST(permits_go_to_the_longest_waiter_and_no_try_overtakes),
        TEST(who_waits_for_many_is_not_starved),
        TEST(those_behind_go_on_when_the_head_gives_up),
        TEST(those_behind_go_on_when_the_heads_time_is_up),
        TEST(a_permit_that_was_handed_over_beats_a_cancel),
        TEST(permits_do_not_drift_in_a_storm_of_cancels),
        BOTH(a_thread_releases_who_waits),
        BOTH(a_waiting_thread_is_released),
    };
    return RUN_TESTS(tests);
}

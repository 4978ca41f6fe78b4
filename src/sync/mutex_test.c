/* SPDX-License-Identifier: MIT */
/* Mutexes: the owner, the order of service, what a cancel leaves, and owners that end. */
#include "core/loop.h"
#include "sync/line_suite.h"

static int lock(void *mutex, uint32_t amount)
{
    return trine_mutex_lock((struct trine_mutex *)mutex);
}

/* Locks and unlocks. */
static int visit(void *mutex, uint32_t amount)
{
    int error = trine_mutex_lock((struct trine_mutex *)mutex);
    return error < 0 ? error : trine_mutex_unlock(mutex);
}

static int visit_within_soon(void *mutex, uint32_t amount)
{
    return TRINE_WITHIN(SOON, visit(mutex, amount));
}

IN_BOTH(who_locks_it_owns_it)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    assert_false(trine_mutex_locked(&mutex));
    assert_int_equal(trine_mutex_unlock(&mutex), -EPERM);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    assert_true(trine_mutex_locked(&mutex));
    assert_int_equal(trine_mutex_try_lock(&mutex), -EBUSY);
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_int_equal(trine_mutex_unlock(&mutex), -EPERM);
    assert_int_equal(trine_mutex_try_lock(&mutex), 0);
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_false(trine_mutex_locked(&mutex));
    return 0;
}

IN_BOTH(many_may_be_held_and_unlocked_in_any_order)
{
    struct trine_mutex mutexes[4] = { 0 };
    static const int order[] = { 2, 0, 3, 1 };
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++)
            assert_int_equal(trine_mutex_lock(&mutexes[i]), 0);
        for (int i = 0; i < 4; i++)
            assert_int_equal(trine_mutex_unlock(&mutexes[order[i]]), 0);
    }
    return 0;
}

IN_BOTH(locking_it_twice_is_refused_and_reported)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    assert_int_equal(trine_mutex_lock(&mutex), -EDEADLK);
    assert_reported("a mutex that it owns already, locked at", "mutex_test.c:");
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_false(trine_mutex_locked(&mutex));
    return 0;
}

IN_BOTH(a_recursive_one_is_unlocked_as_often_as_locked)
{
    struct trine_mutex mutex = TRINE_RECURSIVE_MUTEX_INIT;
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    assert_int_equal(trine_mutex_try_lock(&mutex), 0);
    for (int i = 0; i < 3; i++) {
        assert_true(trine_mutex_locked(&mutex));
        assert_int_equal(trine_mutex_unlock(&mutex), 0);
    }
    assert_false(trine_mutex_locked(&mutex));
    assert_int_equal(trine_mutex_unlock(&mutex), -EPERM);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    mutex.depth = UINT32_MAX;
    assert_int_equal(trine_mutex_lock(&mutex), -EAGAIN);
    mutex.depth = 0;
    return trine_mutex_unlock(&mutex);
}

IN_A_TASK(the_longest_waiter_is_next_and_nobody_comes_in_between)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct line line;
    line_open(&line);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    for (int i = 0; i < 4; i++)
        line_add(&line, visit, &mutex, 0);
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_int_equal(trine_mutex_try_lock(&mutex), -EBUSY); /* it is another's already */
    assert_int_equal(trine_mutex_unlock(&mutex), -EPERM);
    assert_int_equal(trine_mutex_lock(&mutex), 0); /* the fifth in line */
    assert_through(&line, "0123");
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    line_close(&line);
    return 0;
}

IN_A_TASK(a_free_one_is_locked_without_a_switch)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_group group;
    trine_group_open(&group, NULL);
    struct trine_future *other = trine_spawn(&group, sleep_for, &(int64_t){ 0 });
    for (int i = 0; i < 10; i++) {
        assert_int_equal(trine_mutex_lock(&mutex), 0);
        assert_int_equal(trine_mutex_unlock(&mutex), 0);
    }
    assert_int_equal(trine__task_of_future(other)->context.state, TRINE__TASK_NEW);
    return trine_group_close(&group);
}

IN_A_TASK(who_gives_up_leaves_the_line)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct line line;
    line_open(&line);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    line_add(&line, visit, &mutex, 0);
    line_add(&line, visit_within_soon, &mutex, 0);
    line_add(&line, visit, &mutex, 0);
    line_add(&line, visit, &mutex, 0);
    assert_int_equal(trine_sleep(2 * SOON), 0);
    assert_through(&line, "1!");
    assert_int_equal(line.callers[1].result, -ETIMEDOUT);
    trine_cancel(line.callers[2].future);
    assert_through(&line, "2!");
    assert_int_equal(line.callers[2].result, -ECANCELED);
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_through(&line, "03");
    assert_false(trine_mutex_locked(&mutex));
    line_close(&line);
    return 0;
}

IN_A_TASK(a_lock_that_was_handed_over_beats_a_cancel)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct line line;
    line_open(&line);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    line_add(&line, visit, &mutex, 0);
    line_add(&line, visit, &mutex, 0);
    assert_int_equal(trine_mutex_unlock(&mutex), 0); /* to the first, who has not run yet */
    trine_cancel(line.callers[0].future);
    assert_through(&line, "01");
    assert_int_equal(line.callers[0].result, 0);
    line_close(&line);
    return 0;
}

IN_BOTH(a_cancelled_scope_locks_nothing)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    assert_int_equal(trine_mutex_lock(&mutex), -ECANCELED);
    assert_false(trine_mutex_locked(&mutex));
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    return 0;
}

IN_BOTH(a_limit_of_zero_tries_once)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    assert_int_equal(TRINE_WITHIN(0, visit(&mutex, 0)), 0);
    struct caller owner;
    start_caller(&owner, lock, &mutex, 0);
    assert_int_equal(end_caller(&owner), 0);
    assert_reported("thread ", "ended while it held a lock, locked at");
    assert_int_equal(trine_mutex_lock(&mutex), TRINE_EOWNERDEAD);
    return trine_mutex_unlock(&mutex);
}

/* ---- owners that end */

static int lock_and_end(void *mutex)
{
    return trine_mutex_lock((struct trine_mutex *)mutex);
}

IN_A_TASK(the_longest_waiter_of_a_task_that_ended_is_told)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_group group;
    struct line line;
    trine_group_open(&group, NULL);
    line_open(&line);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    trine_spawn_with(&group, lock_and_end, &mutex,
                     &(struct trine_spawn_options){ .name = "careless" });
    settle();
    line_add(&line, lock, &mutex, 0);
    line_add(&line, lock, &mutex, 0);
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    settle();
    assert_reported("task 'careless' (spawned at", "ended while it held a lock, locked at");
    assert_reported("task 'make_call' (spawned at", "ended while it held a lock, locked at");
    assert_reported("task 'make_call' (spawned at", "ended while it held a lock, locked at");
    assert_through(&line, "0!1!");
    assert_int_equal(line.callers[0].result, TRINE_EOWNERDEAD);
    assert_int_equal(line.callers[1].result, TRINE_EOWNERDEAD);
    line_close(&line);
    assert_false(trine_mutex_locked(&mutex));
    assert_int_equal(trine_mutex_try_lock(&mutex), TRINE_EOWNERDEAD);
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_int_equal(trine_mutex_lock(&mutex), 0); /* told once */
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    return trine_group_close(&group);
}

static int lock_all_and_end(void *mutexes)
{
    struct trine_mutex *mutex = mutexes;
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_mutex_lock(&mutex[i]), 0);
    assert_int_equal(trine_mutex_lock(&mutex[0]), 0); /* recursive */
    return trine_mutex_unlock(&mutex[1]);
}

IN_A_TASK(everything_that_is_still_held_is_found)
{
    struct trine_mutex mutexes[3] = { TRINE_RECURSIVE_MUTEX_INIT, { { 0 } }, { { 0 } } };
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_all_and_end, mutexes);
    assert_int_equal(trine_group_close(&group), 0);
    assert_reported("ended while it held a lock", " ");
    assert_reported("ended while it held a lock", " ");
    assert_int_equal(trine_mutex_lock(&mutexes[0]), TRINE_EOWNERDEAD);
    assert_int_equal(trine_mutex_lock(&mutexes[1]), 0);
    assert_int_equal(trine_mutex_lock(&mutexes[2]), TRINE_EOWNERDEAD);
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_mutex_unlock(&mutexes[i]), 0);
    assert_false(trine_mutex_locked(&mutexes[0]));
    return 0;
}

static int lock_until_waited_for(void *arg, uint32_t amount)
{
    struct trine_mutex *mutex = arg;
    int error = trine_mutex_lock(mutex);
    until_somebody_waits(&mutex->lock, &mutex->waits);
    return error;
}

IN_BOTH(a_thread_that_ends_hands_its_mutex_on)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct caller owner;
    start_caller(&owner, lock_until_waited_for, &mutex, 0);
    while (!trine_mutex_locked(&mutex))
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(100)), 0);
    assert_int_equal(trine_mutex_lock(&mutex), TRINE_EOWNERDEAD);
    assert_int_equal(end_caller(&owner), 0);
    assert_reported("thread ", "ended while it held a lock, locked at");
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    return trine_mutex_unlock(&mutex);
}

/* ---- threads, loops */

struct counted {
    struct trine_mutex mutex;
    int64_t count; /* under the mutex */
    int rounds;
};

static int count_up(void *arg, uint32_t amount)
{
    struct counted *counted = arg;
    for (int i = 0; i < counted->rounds; i++) {
        int error = trine_mutex_lock(&counted->mutex);
        if (error < 0)
            return error;
        int64_t before = counted->count;
        if (i % 64 == 0)
            trine_yield();
        counted->count = before + 1;
        trine_mutex_unlock(&counted->mutex);
    }
    return 0;
}

static int count_up_task(void *counted)
{
    return count_up(counted, 0);
}

ON_SEVERAL_LOOPS(one_owner_at_a_time_among_tasks_and_threads, 2)
{
    struct counted counted = { .rounds = CROWD(2000) };
    struct caller threads[2];
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 2; i++)
        start_caller(&threads[i], count_up, &counted, 0);
    for (int i = 0; i < 10; i++)
        trine_spawn(&group, count_up_task, &counted);
    assert_int_equal(trine_group_close(&group), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(end_caller(&threads[i]), 0);
    assert_int_equal(counted.count, 12 * counted.rounds);
    assert_false(trine_mutex_locked(&counted.mutex));
    return 0;
}

static struct trine_mutex outside;
static int outside_lock, outside_try;

static void lock_outside(struct trine__timer *timer)
{
    outside_lock = trine_mutex_lock(&outside);
    outside_try = trine_mutex_try_lock(&outside);
}

IN_A_TASK(nobody_owns_anything_on_the_loops_own_stack)
{
    struct trine__timer timer = { .fire = lock_outside };
    assert_int_equal(trine__timer_start(&trine__loop_here->timers, &timer, trine_now()), 0);
    assert_int_equal(trine_sleep(SOON), 0);
    assert_int_equal(outside_lock, -EDEADLK);
    assert_int_equal(outside_try, -EDEADLK);
    assert_false(trine_mutex_locked(&outside));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(who_locks_it_owns_it),
        BOTH(many_may_be_held_and_unlocked_in_any_order),
        BOTH(locking_it_twice_is_refused_and_reported),
        BOTH(a_recursive_one_is_unlocked_as_often_as_locked),
        TEST(the_longest_waiter_is_next_and_nobody_comes_in_between),
        TEST(a_free_one_is_locked_without_a_switch),
        TEST(who_gives_up_leaves_the_line),
        TEST(a_lock_that_was_handed_over_beats_a_cancel),
        BOTH(a_cancelled_scope_locks_nothing),
        BOTH(a_limit_of_zero_tries_once),
        TEST(the_longest_waiter_of_a_task_that_ended_is_told),
        TEST(everything_that_is_still_held_is_found),
        BOTH(a_thread_that_ends_hands_its_mutex_on),
        TEST(one_owner_at_a_time_among_tasks_and_threads),
        TEST(nobody_owns_anything_on_the_loops_own_stack),
    };
    return RUN_TESTS(tests);
}

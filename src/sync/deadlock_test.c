/* SPDX-License-Identifier: MIT */
/* Circles of waiting through locks, awaits and groups, among tasks, threads and loops: whoever
 * closes one is refused, everything else goes on, and the report names all. */
#include "sync/line_suite.h"

struct two {
    struct trine_mutex first, second;
    _Atomic(int) holding; /* who has locked one */
    _Atomic(int) refused;
};

/* Takes two locks, the second only when somebody else holds it. */
static void take_both(struct two *two, struct trine_mutex *mine, struct trine_mutex *others)
{
    int error = trine_mutex_lock(mine);
    assert_int_equal(error, 0);
    two->holding++;
    while (two->holding < 2)
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(100)), 0);
    error = trine_mutex_lock(others);
    if (error == 0)
        assert_int_equal(trine_mutex_unlock(others), 0);
    else
        two->refused++;
    assert_int_equal(trine_mutex_unlock(mine), 0);
}

static int first_then_second(void *arg)
{
    struct two *two = arg;
    take_both(two, &two->first, &two->second);
    return 0;
}

static int second_then_first(void *arg)
{
    struct two *two = arg;
    take_both(two, &two->second, &two->first);
    return 0;
}

static int call_second_then_first(void *two, uint32_t amount)
{
    return second_then_first(two);
}

static int call_first_then_second(void *two, uint32_t amount)
{
    return first_then_second(two);
}

static void assert_broken(struct two *two)
{
    assert_int_equal(two->refused, 1);
    assert_false(trine_mutex_locked(&two->first));
    assert_false(trine_mutex_locked(&two->second));
    assert_reported("2 wait for each other in a circle;", "is refused with -EDEADLK");
}

IN_A_TASK(two_tasks_lock_in_opposite_order)
{
    struct two two = { .refused = 0 };
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn_with(&group, first_then_second, &two,
                     &(struct trine_spawn_options){ .name = "upwards" });
    trine_spawn_with(&group, second_then_first, &two,
                     &(struct trine_spawn_options){ .name = "downwards" });
    assert_int_equal(trine_group_close(&group), 0);
    assert_broken(&two);
    assert_reported("wards' (spawned at ", "for a mutex that was locked at ");
    assert_reported("wards' (spawned at ", "deadlock_test.c:");
    return 0;
}

static void two_threads_lock_in_opposite_order(void **state)
{
    struct two two = { .refused = 0 };
    struct caller callers[2];
    start_caller(&callers[0], call_first_then_second, &two, 0);
    start_caller(&callers[1], call_second_then_first, &two, 0);
    assert_int_equal(end_caller(&callers[0]), 0);
    assert_int_equal(end_caller(&callers[1]), 0);
    assert_broken(&two);
    assert_reported("thread ", "by thread ");
    assert_reported("thread ", "by thread ");
}

IN_A_TASK(a_task_and_a_thread_lock_in_opposite_order)
{
    struct two two = { .refused = 0 };
    struct caller thread;
    start_caller(&thread, call_first_then_second, &two, 0);
    assert_int_equal(second_then_first(&two), 0);
    assert_int_equal(end_caller(&thread), 0);
    assert_broken(&two);
    assert_reported("thread ", "task '");
    assert_reported("thread ", "task '");
    return 0;
}

ON_SEVERAL_LOOPS(tasks_of_two_loops_lock_in_opposite_order, 2)
{
    for (int i = 0; i < 20; i++) {
        struct two two = { .refused = 0 };
        struct trine_group group;
        trine_group_open(&group, NULL);
        trine_spawn(&group, first_then_second, &two);
        trine_spawn(&group, second_then_first, &two);
        assert_int_equal(trine_group_close(&group), 0);
        assert_broken(&two);
        assert_reported("first_then_second", "second_then_first");
        assert_reported("first_then_second", "second_then_first");
    }
    return 0;
}

/* ---- through a group */

static int lock_it(void *mutex)
{
    int error = trine_mutex_lock((struct trine_mutex *)mutex);
    if (error < 0)
        return error;
    return trine_mutex_unlock(mutex);
}

IN_A_TASK(a_child_wants_what_its_closing_parent_holds)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_group group;
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_it, &mutex);
    assert_int_equal(trine_group_close(&group), -EDEADLK); /* the child's error */
    assert_reported("task 'lock_it'", "is refused with -EDEADLK");
    assert_reported("task 'lock_it'", "was locked at");
    assert_reported("waits for the children of a group, among them task 'lock_it'", " ");
    return trine_mutex_unlock(&mutex);
}

IN_A_TASK(a_close_that_closes_the_circle_has_the_child_refused)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_group group;
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_it, &mutex);
    settle();
    assert_non_null(mutex.waits.first);
    assert_int_equal(trine_group_close(&group), -EDEADLK);
    assert_reported("task 'lock_it'", "is refused with -EDEADLK");
    assert_reported("waits for the children of a group, among them task 'lock_it'", " ");
    assert_reported("task 'lock_it'", "was locked at");
    return trine_mutex_unlock(&mutex);
}

IN_A_TASK(a_join_that_closes_the_circle_is_refused)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_group group;
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_it, &mutex);
    settle();
    assert_int_equal(trine_group_join(&group), -EDEADLK);
    assert_int_equal(trine_mutex_unlock(&mutex), 0);
    assert_int_equal(trine_group_close(&group), 0); /* the child goes on */
    assert_reported("2 wait for each other", " ");
    assert_reported("waits for the children of a group, among them task 'lock_it'", " ");
    assert_reported("task 'lock_it'", "was locked at");
    return 0;
}

static int close_a_group_of(void *mutex)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_it, mutex);
    return trine_group_close(&group);
}

IN_A_TASK(a_grandchild_wants_what_is_held_above)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_group group;
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    trine_group_open(&group, NULL);
    trine_spawn(&group, sleep_for, &(int64_t){ SOON }); /* another child, in nobody's way */
    trine_spawn(&group, close_a_group_of, &mutex);
    assert_int_equal(trine_group_close(&group), -EDEADLK);
    assert_reported("3 wait for each other", "task 'lock_it'");
    assert_reported("task 'lock_it'", "was locked at");
    assert_reported("among them task 'close_a_group_of'", " ");
    assert_reported("task 'close_a_group_of'", "among them task 'lock_it'");
    return trine_mutex_unlock(&mutex);
}

static int close_it_late(void *mutex)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_it, mutex);
    settle(); /* by now the child wants the lock, and the parent waits for this task */
    return trine_group_close(&group);
}

IN_A_TASK(whoever_stands_between_closes_the_circle)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_group group;
    assert_int_equal(trine_mutex_lock(&mutex), 0);
    for (int round = 0; round < 2; round++) { /* nothing is left of the first */
        trine_group_open(&group, NULL);
        trine_spawn(&group, close_it_late, &mutex);
        assert_int_equal(trine_group_close(&group), -EDEADLK);
        assert_reported("3 wait for each other", "task 'lock_it'");
        for (int member = 0; member < 3; member++)
            assert_reported("  task '", " ");
    }
    return trine_mutex_unlock(&mutex);
}

struct foreign {
    struct trine_mutex of_the_thread, of_the_parent;
};

static int hold_and_want(void *arg, uint32_t amount)
{
    struct foreign *foreign = arg;
    assert_int_equal(trine_mutex_lock(&foreign->of_the_thread), 0);
    until_somebody_waits(&foreign->of_the_thread.lock, &foreign->of_the_thread.waits);
    trine_sleep(SOON); /* the parent is closing by now */
    int error = trine_mutex_lock(&foreign->of_the_parent);
    assert_int_equal(trine_mutex_unlock(&foreign->of_the_thread), 0);
    return error;
}

IN_A_TASK(a_thread_closes_the_circle_through_another_loops_group)
{
    struct foreign foreign = { 0 };
    struct caller thread;
    struct trine_group group;
    assert_int_equal(trine_mutex_lock(&foreign.of_the_parent), 0);
    start_caller(&thread, hold_and_want, &foreign, 0);
    while (!trine_mutex_locked(&foreign.of_the_thread))
        trine_sleep(TRINE_MICROSECONDS(100));
    trine_group_open(&group, NULL);
    trine_spawn(&group, lock_it, &foreign.of_the_thread);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(end_caller(&thread), -EDEADLK);
    assert_reported("3 wait for each other in a circle; thread ", "is refused with -EDEADLK");
    assert_reported("thread ", "for a mutex that was locked at");
    assert_reported("among them task 'lock_it'", " ");
    assert_reported("task 'lock_it'", "by thread ");
    return trine_mutex_unlock(&foreign.of_the_parent);
}

/* ---- through awaits, gathers */

struct awaited {
    struct trine_mutex mutex;
    struct trine_future *children[3];
    int (*call)(struct awaited *awaited);
};

static int await_one(struct awaited *awaited)
{
    return trine_await(awaited->children[1], NULL);
}

static int gather_all(struct awaited *awaited)
{
    return trine_gather(awaited->children, 3, TRINE_GATHER);
}

static int wait_for_all(struct awaited *awaited)
{
    return trine_wait(awaited->children, 3, TRINE_ALL_COMPLETED, NULL);
}

static int wait_for_the_first(struct awaited *awaited)
{
    return trine_wait(awaited->children, 3, TRINE_FIRST_COMPLETED, NULL);
}

/* `before`: the child waits already. Returns what the call returned; *ret is what the child got. */
static int wait_for_a_child_that_wants_my_lock(int (*call)(struct awaited *), bool before, int *ret)
{
    struct awaited awaited = { .call = call };
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    assert_int_equal(trine_mutex_lock(&awaited.mutex), 0);
    awaited.children[0] = trine_spawn(&group, sleep_for, &(int64_t){ SOON });
    awaited.children[1] = trine_spawn(&group, lock_it, &awaited.mutex);
    awaited.children[2] = trine_spawn(&group, sleep_for, &(int64_t){ SOON });
    if (before)
        settle();
    int error = call(&awaited);
    assert_int_equal(trine_mutex_unlock(&awaited.mutex), 0);
    trine_group_join(&group);
    *ret = trine_future_outcome(awaited.children[1]);
    trine_group_close(&group);
    return error;
}

static void forget_reports(int count)
{
    for (int i = 0; i < count; i++)
        assert_reported(" ", " ");
}

IN_A_TASK(awaiting_a_child_that_wants_my_lock)
{
    int outcome;
    assert_int_equal(wait_for_a_child_that_wants_my_lock(await_one, true, &outcome), -EDEADLK);
    assert_int_equal(outcome, 0);
    forget_reports(3);
    assert_int_equal(wait_for_a_child_that_wants_my_lock(await_one, false, &outcome), 0);
    assert_int_equal(outcome, -EDEADLK);
    forget_reports(3);
    return 0;
}

IN_A_TASK(gathering_with_a_child_that_wants_my_lock)
{
    int outcome;
    assert_int_equal(wait_for_a_child_that_wants_my_lock(gather_all, true, &outcome), -EDEADLK);
    assert_int_equal(outcome, -ECANCELED); /* as gather does with the others when it fails */
    assert_reported("2 wait for each other", " ");
    assert_reported("waits for all of several, among them task 'lock_it'", " ");
    assert_reported("task 'lock_it'", "was locked at");
    assert_int_equal(wait_for_a_child_that_wants_my_lock(gather_all, false, &outcome), -EDEADLK);
    assert_int_equal(outcome, -EDEADLK);
    forget_reports(3);
    return 0;
}

IN_A_TASK(waiting_for_all_with_a_child_that_wants_my_lock)
{
    int outcome;
    assert_int_equal(wait_for_a_child_that_wants_my_lock(wait_for_all, true, &outcome), -EDEADLK);
    assert_int_equal(outcome, 0);
    forget_reports(3);
    return 0;
}

IN_A_TASK(waiting_for_the_first_is_no_circle)
{
    int outcome;
    assert_true(wait_for_a_child_that_wants_my_lock(wait_for_the_first, true, &outcome) > 0);
    assert_int_equal(outcome, 0);
    return 0;
}

/* ---- a wait with a limit closes a circle like any other; what does not wait does not */

static int lock_within(void *arg)
{
    struct two *two = arg;
    assert_int_equal(trine_mutex_lock(&two->second), 0);
    int error = TRINE_WITHIN(TRINE_SECONDS(3600), trine_mutex_lock(&two->first));
    assert_int_equal(trine_mutex_unlock(&two->second), 0);
    return error == 0 ? trine_mutex_unlock(&two->first) : error;
}

IN_VIRTUAL_TIME(a_limit_that_would_break_it_later_does_not_count)
{
    struct two two = { .refused = 0 };
    struct trine_group group;
    trine_group_open(&group, NULL);
    assert_int_equal(trine_mutex_lock(&two.first), 0);
    int64_t before = trine_now();
    trine_spawn(&group, lock_within, &two);
    assert_int_equal(trine_sleep(SOON), 0);
    assert_int_equal(trine_mutex_try_lock(&two.second), -EBUSY);
    assert_int_equal(trine_mutex_lock(&two.second), -EDEADLK);
    assert_int_equal(trine_mutex_unlock(&two.first), 0);
    forget_reports(3);
    assert_int_equal(trine_group_close(&group), 0);
    assert_true(trine_now() - before < TRINE_SECONDS(1));
    return 0;
}

#define HOPS 200

struct chain {
    struct trine_mutex mutexes[HOPS];
    _Atomic(int) next;
};

static int hold_one_want_the_next(void *arg)
{
    struct chain *chain = arg;
    int number = chain->next++;
    assert_int_equal(trine_mutex_lock(&chain->mutexes[number]), 0);
    while (chain->next < HOPS)
        trine_sleep(TRINE_MICROSECONDS(100));
    int error = trine_mutex_lock(&chain->mutexes[(number + 1) % HOPS]);
    if (error == 0)
        trine_mutex_unlock(&chain->mutexes[(number + 1) % HOPS]);
    assert_int_equal(trine_mutex_unlock(&chain->mutexes[number]), 0);
    return error == -EDEADLK;
}

ON_SEVERAL_LOOPS(a_long_circle_over_several_loops_loses_one, 2)
{
    static struct chain chain;
    struct trine_future *tasks[HOPS];
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < HOPS; i++) {
        tasks[i] = trine_spawn(&group, hold_one_want_the_next, &chain);
        trine_future_ref(tasks[i]);
    }
    assert_int_equal(trine_group_close(&group), 0);
    int refused = 0;
    for (int i = 0; i < HOPS; i++) {
        refused += trine_future_outcome(tasks[i]);
        trine_future_unref(tasks[i]);
    }
    assert_int_equal(refused, 1);
    assert_reported("200 wait for each other", "-EDEADLK");
    forget_reports(32);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_tasks_lock_in_opposite_order),
        TEST(two_threads_lock_in_opposite_order),
        TEST(a_task_and_a_thread_lock_in_opposite_order),
        TEST(tasks_of_two_loops_lock_in_opposite_order),
        TEST(a_child_wants_what_its_closing_parent_holds),
        TEST(a_close_that_closes_the_circle_has_the_child_refused),
        TEST(a_join_that_closes_the_circle_is_refused),
        TEST(a_grandchild_wants_what_is_held_above),
        TEST(whoever_stands_between_closes_the_circle),
        TEST(a_thread_closes_the_circle_through_another_loops_group),
        TEST(awaiting_a_child_that_wants_my_lock),
        TEST(gathering_with_a_child_that_wants_my_lock),
        TEST(waiting_for_all_with_a_child_that_wants_my_lock),
        TEST(waiting_for_the_first_is_no_circle),
        TEST(a_limit_that_would_break_it_later_does_not_count),
        TEST(a_long_circle_over_several_loops_loses_one),
    };
    return RUN_TESTS(tests);
}

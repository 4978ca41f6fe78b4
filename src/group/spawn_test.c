/* SPDX-License-Identifier: MIT */
/* Spawning: when a child starts, where, under what limits, and what it costs. */
#include "core/suite.h"
#include <stdatomic.h>
#include <trine/group.h>

static int order[64], ran;
static _Atomic(int) total;

static int begin(void **state)
{
    ran = 0;
    atomic_store(&total, 0);
    return begin_test(state);
}

static int sign(void *arg)
{
    order[ran++ % (int)COUNT(order)] = (int)(intptr_t)arg;
    return 0;
}

static int count(void *arg)
{
    atomic_fetch_add(&total, 1);
    return 0;
}

static int count_after_a_sleep(void *arg)
{
    int error = trine_sleep(SOON);
    atomic_fetch_add(&total, 1);
    return error;
}

IN_VIRTUAL_TIME(a_child_runs_at_the_parents_next_blocking_call)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (intptr_t i = 0; i < 10; i++)
        assert_non_null(trine_spawn(&group, sign, (void *)i));
    assert_int_equal(ran, 0);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(ran, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(order[i], i);
    return trine_group_close(&group);
}

static int sign_sleep_sign(void *arg)
{
    sign(arg);
    int error = trine_sleep(SOON);
    sign(arg);
    return error;
}

IN_VIRTUAL_TIME(an_eager_child_runs_up_to_its_first_blocking_call_before_spawn_returns)
{
    struct trine_group group;
    struct trine_spawn_options eager = { .eager = true, .name = "eager one" };
    trine_group_open(&group, NULL);
    struct trine_future *blocked = trine_spawn_with(&group, sign_sleep_sign, NULL, &eager);
    assert_int_equal(ran, 1);
    assert_false(trine_future_done(blocked));
    struct trine_future *done = trine_spawn_with(&group, sign, NULL, &eager);
    assert_int_equal(ran, 2);
    assert_true(trine_future_done(done));
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(ran, 3);
    return 0;
}

static const char *seen_name, *seen_site;

static int look(void *arg)
{
    seen_name = trine_task_name();
    seen_site = trine_task_site();
    return 0;
}

IN_VIRTUAL_TIME(a_child_has_the_name_given_or_its_functions_and_the_place_of_the_spawn)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, look, NULL);
    assert_int_equal(trine_yield(), 0);
    assert_string_equal(seen_name, "look");
    assert_non_null(strstr(seen_site, "spawn_test.c:"));
    trine_spawn_with(&group, look, NULL, &(struct trine_spawn_options){ .name = "looker" });
    assert_int_equal(trine_yield(), 0);
    assert_string_equal(seen_name, "looker");
    return trine_group_close(&group);
}

/* ---- the limit */

static int running, most;

static int run_for_a_while(void *arg)
{
    running++;
    most = running > most ? running : most;
    int error = trine_sleep(SOON);
    running--;
    ran++;
    return error;
}

IN_VIRTUAL_TIME(never_more_children_run_than_the_limit_and_spawn_waits)
{
    struct trine_group group;
    int64_t begin_time = trine_now();
    running = most = 0;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 10 });
    for (int i = 0; i < 10; i++)
        trine_spawn(&group, run_for_a_while, NULL);
    assert_int_equal(trine_now(), begin_time); /* the first ten did not wait */
    for (int i = 10; i < 100; i++)
        trine_spawn(&group, run_for_a_while, NULL);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(ran, 100);
    assert_int_equal(most, 10);
    assert_int_equal(trine_now(), begin_time + 10 * SOON);
    return 0;
}

static struct trine_group limited;

static int spawn_two(void *arg)
{
    trine_spawn(&limited, sign_sleep_sign, arg);
    trine_spawn(&limited, sign_sleep_sign, arg);
    return 0;
}

IN_VIRTUAL_TIME(spawners_get_room_in_the_order_of_their_coming)
{
    struct trine_group spawners;
    trine_group_open(&limited, &(struct trine_group_options){ .limit = 1 });
    trine_group_open(&spawners, NULL);
    for (intptr_t i = 0; i < 5; i++)
        trine_spawn(&spawners, spawn_two, (void *)i);
    assert_int_equal(trine_group_close(&spawners), 0);
    assert_int_equal(trine_group_close(&limited), 0);
    /* 0 finds room at once, and its second child stands in line before the others come. */
    static const int expected[] = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 1, 1, 2, 2, 3, 3, 4, 4 };
    assert_int_equal(ran, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_int_equal(order[i], expected[i]);
    return 0;
}

IN_VIRTUAL_TIME(a_spawner_that_is_cancelled_while_it_waits_still_starts_its_child)
{
    struct trine_group group;
    struct trine_scope scope;
    running = most = 0;
    trine_scope_open(&scope, SOON / 2);
    trine_group_open(&group, &(struct trine_group_options){ .limit = 1 });
    for (int i = 0; i < 3; i++)
        assert_non_null(trine_spawn(&group, run_for_a_while, NULL));
    assert_int_equal(trine_group_close(&group), -ETIMEDOUT);
    assert_int_equal(ran, 3);
    assert_int_equal(most, 1);
    trine_scope_close(&scope);
    return 0;
}

/* ---- from elsewhere */

static void spawn_from_a_thread(void *group)
{
    for (int i = 0; i < 100; i++)
        assert_non_null(trine_spawn(group, count_after_a_sleep, NULL));
}

IN_A_TASK(other_threads_may_spawn)
{
    struct trine_group group;
    struct helper helpers[3];
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        start_helper(&helpers[i], spawn_from_a_thread, &group);
    for (int i = 0; i < 3; i++)
        join_helper(&helpers[i]); /* all spawned, none started: close must see them */
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(atomic_load(&total), 300);
    return 0;
}

IN_A_TASK(children_spawned_by_threads_keep_the_limit_too)
{
    struct trine_group group;
    struct helper helpers[3];
    running = most = 0;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 4 });
    for (int i = 0; i < 3; i++)
        start_helper(&helpers[i], spawn_from_a_thread, &group);
    for (int i = 0; i < 20; i++)
        trine_spawn(&group, run_for_a_while, NULL);
    for (int i = 0; i < 3; i++)
        join_helper(&helpers[i]);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(atomic_load(&total), 300);
    assert_int_equal(ran, 20);
    assert_true(most <= 4);
    return 0;
}

static int sleep_long(void *arg)
{
    int error = trine_sleep(PATIENCE);
    atomic_fetch_add(&total, error == -ECANCELED);
    return error;
}

static void spawn_and_cancel(void *group)
{
    for (int i = 0; i < 200; i++) {
        struct trine_future *child = trine_spawn(group, sleep_long, NULL);
        assert_int_equal(trine_cancel(child), 1);
    }
}

IN_A_TASK(a_thread_may_cancel_at_once_what_it_spawned)
{
    struct trine_group group;
    struct helper helper;
    trine_group_open(&group, NULL);
    start_helper(&helper, spawn_and_cancel, &group);
    assert_int_equal(trine_sleep(TRINE_MICROSECONDS(300)), 0);
    join_helper(&helper);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(atomic_load(&total), 200);
    return 0;
}

static int spawn_from_a_child(void *group)
{
    usleep(200); /* so that several loops get some */
    for (int i = 0; i < 20; i++)
        trine_spawn(group, count_after_a_sleep, NULL);
    return trine_yield();
}

ON_SEVERAL_LOOPS(children_on_other_loops_may_spawn_siblings, 4)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 50; i++)
        trine_spawn(&group, spawn_from_a_child, &group);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(atomic_load(&total), 1000);
    return 0;
}

static int fail_somewhere(void *arg)
{
    usleep(100);
    return arg != NULL ? -EIO : sleep_long(NULL);
}

ON_SEVERAL_LOOPS(an_error_on_one_loop_cancels_siblings_on_all, 4)
{
    struct trine_group group;
    int something;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 50; i++)
        trine_spawn(&group, fail_somewhere, i == 40 ? &something : NULL);
    assert_int_equal(trine_group_close(&group), -EIO);
    assert_int_equal(atomic_load(&total), 49);
    return 0;
}

ON_SEVERAL_LOOPS(ten_thousand_children_each_run_once, 4)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 10000; i++)
        trine_spawn(&group, i % 2 == 0 ? count : count_after_a_sleep, NULL);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(atomic_load(&total), 10000);
    return 0;
}

/* ---- scopes */

static int64_t slept;

static int sleep_an_hour(void *arg)
{
    int64_t begin_time = trine_now();
    int error = trine_sleep(hour);
    slept = trine_now() - begin_time;
    return error;
}

IN_VIRTUAL_TIME(a_child_inherits_the_scopes_of_its_group_not_of_its_spawner)
{
    struct trine_group group;
    struct trine_scope scope;
    trine_group_open(&group, NULL);
    trine_scope_open(&scope, SOON);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_sleep(hour), -ETIMEDOUT);
    trine_spawn(&group, sleep_an_hour, NULL); /* although this task is being cancelled here */
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(slept, hour);
    return 0;
}

static struct trine_group *outer_group;

static int spawn_outside(void *arg)
{
    struct trine_group inner;
    trine_group_open(&inner, &(struct trine_group_options){ .timeout = SOON });
    trine_spawn(outer_group, sleep_an_hour, NULL);
    trine_spawn(&inner, sleep_an_hour, NULL);
    assert_int_equal(trine_group_close(&inner), -ETIMEDOUT);
    assert_int_equal(slept, SOON);
    return 0;
}

IN_VIRTUAL_TIME(a_child_spawned_into_an_outer_group_outlives_the_spawners_timeout)
{
    struct trine_group group;
    outer_group = &group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, spawn_outside, NULL);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(slept, hour);
    return 0;
}

IN_VIRTUAL_TIME(a_spawn_from_behind_a_shield_gets_the_groups_cancel)
{
    struct trine_group group;
    struct trine_scope shield;
    trine_group_open(&group, NULL);
    trine_group_cancel(&group, "stop");
    trine_shield_open(&shield, hour);
    trine_spawn(&group, sleep_an_hour, NULL);
    assert_int_equal(trine_sleep(SOON), 0);
    assert_int_equal(slept, 0);
    trine_shield_close(&shield);
    assert_int_equal(trine_group_close(&group), -ECANCELED);
    return 0;
}

/* ---- cost */

static long resident_kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_int_equal(fscanf(file, "%ld %ld", &pages, &resident), 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int come_and_go(struct trine_group *group, int many)
{
    for (int i = 0; i < many; i++) {
        trine_spawn(group, count, NULL);
        if (i % 100 == 99 && trine_yield() < 0)
            return -EIO;
    }
    return trine_group_join(group);
}

IN_A_TASK(a_million_children_that_are_reaped_do_not_grow_memory)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .reap = true });
    assert_int_equal(come_and_go(&group, 10000), 0);
    long before = resident_kib();
    assert_int_equal(come_and_go(&group, CROWD(1000000)), 0);
    assert_true(UNDER_TSAN || resident_kib() - before < 8 * 1024);
    assert_int_equal(atomic_load(&total), 10000 + CROWD(1000000));
    return trine_group_close(&group);
}

static void spawn_many_from_a_thread(void *group)
{
    for (int i = 0; i < CROWD(500000); i++) {
        trine_spawn(group, count, NULL);
        while (i - atomic_load(&total) > 1000)
            usleep(50);
    }
}

IN_A_TASK(nor_do_children_that_another_thread_spawned)
{
    struct trine_group group;
    struct helper helper;
    trine_group_open(&group, &(struct trine_group_options){ .reap = true });
    long before = resident_kib();
    start_helper(&helper, spawn_many_from_a_thread, &group);
    while (atomic_load(&total) < CROWD(500000))
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(100)), 0);
    join_helper(&helper);
    assert_true(UNDER_TSAN || resident_kib() - before < 16 * 1024);
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(a_reaped_childs_future_lives_as_long_as_its_references)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .reap = true });
    struct trine_future *child = trine_future_ref(trine_spawn(&group, count_after_a_sleep, NULL));
    int outcome = 1;
    assert_int_equal(trine_await(child, &outcome), 0);
    assert_int_equal(outcome, 0);
    assert_int_equal(trine_group_close(&group), 0);
    assert_true(trine_future_done(child));
    trine_future_unref(child);
    return 0;
}

static int fail_at_once(void *arg)
{
    return -EPIPE;
}

IN_VIRTUAL_TIME(a_reaped_and_supervised_childs_error_is_reported_unless_it_is_read)
{
    struct trine_group group;
    trine_group_open(&group,
                     &(struct trine_group_options){ .reap = true, .policy = TRINE_SUPERVISE });
    trine_spawn(&group, fail_at_once, NULL);
    assert_int_equal(trine_sleep(1), 0);
    assert_reported("error nobody read", "spawn_test.c");
    struct trine_future *child = trine_future_ref(trine_spawn(&group, fail_at_once, NULL));
    int outcome = 0;
    assert_int_equal(trine_await(child, &outcome), 0);
    assert_int_equal(outcome, -EPIPE);
    trine_future_unref(child);
    return trine_group_close(&group);
}

IN_VIRTUAL_TIME(a_group_reads_its_childrens_errors_so_none_is_reported_twice)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    struct trine_future *child = trine_future_ref(trine_spawn(&group, fail_at_once, NULL));
    assert_int_equal(trine_group_close(&group), -EPIPE);
    trine_future_unref(child);
    return 0;
}

/* ---- no memory */

IN_VIRTUAL_TIME(a_spawn_without_memory_fails_the_group_and_the_process_lives)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, sleep_an_hour, NULL);
    trine__fault_plan("fail:1+:op=alloc,fail:1+:op=map");
    int spawned = 0;
    while (trine_spawn(&group, sleep_an_hour, NULL) != NULL)
        assert_true(++spawned < 100000);
    trine__fault_plan(NULL);
    assert_int_equal(trine_group_close(&group), -ENOMEM);
    trine_group_open(&group, NULL);
    trine_spawn(&group, count, NULL);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(atomic_load(&total), 1);
    return 0;
}

static void spawn_without_memory(void *group)
{
    trine__fault_plan("fail:1+:op=alloc");
    int spawned = 0;
    while (trine_spawn(group, count, NULL) != NULL)
        assert_true(++spawned < 100000);
    trine__fault_plan(NULL);
}

IN_A_TASK(so_does_one_from_another_thread)
{
    struct trine_group group;
    struct helper helper;
    trine_group_open(&group, NULL);
    start_helper(&helper, spawn_without_memory, &group);
    join_helper(&helper);
    assert_int_equal(trine_group_close(&group), -ENOMEM);
    return 0;
}

#define SPAWN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end_test)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SPAWN_TEST(a_child_runs_at_the_parents_next_blocking_call),
        SPAWN_TEST(an_eager_child_runs_up_to_its_first_blocking_call_before_spawn_returns),
        SPAWN_TEST(a_child_has_the_name_given_or_its_functions_and_the_place_of_the_spawn),
        SPAWN_TEST(never_more_children_run_than_the_limit_and_spawn_waits),
        SPAWN_TEST(spawners_get_room_in_the_order_of_their_coming),
        SPAWN_TEST(a_spawner_that_is_cancelled_while_it_waits_still_starts_its_child),
        SPAWN_TEST(other_threads_may_spawn),
        SPAWN_TEST(children_spawned_by_threads_keep_the_limit_too),
        SPAWN_TEST(a_thread_may_cancel_at_once_what_it_spawned),
        SPAWN_TEST(children_on_other_loops_may_spawn_siblings),
        SPAWN_TEST(an_error_on_one_loop_cancels_siblings_on_all),
        SPAWN_TEST(ten_thousand_children_each_run_once),
        SPAWN_TEST(a_child_inherits_the_scopes_of_its_group_not_of_its_spawner),
        SPAWN_TEST(a_child_spawned_into_an_outer_group_outlives_the_spawners_timeout),
        SPAWN_TEST(a_spawn_from_behind_a_shield_gets_the_groups_cancel),
        SPAWN_TEST(a_million_children_that_are_reaped_do_not_grow_memory),
        SPAWN_TEST(nor_do_children_that_another_thread_spawned),
        SPAWN_TEST(a_reaped_childs_future_lives_as_long_as_its_references),
        SPAWN_TEST(a_reaped_and_supervised_childs_error_is_reported_unless_it_is_read),
        SPAWN_TEST(a_group_reads_its_childrens_errors_so_none_is_reported_twice),
        SPAWN_TEST(a_spawn_without_memory_fails_the_group_and_the_process_lives),
        SPAWN_TEST(so_does_one_from_another_thread),
    };
    return RUN_TESTS(tests);
}

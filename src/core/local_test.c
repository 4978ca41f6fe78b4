/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/local.h>
#include <trine/task.h>

static struct trine_local colour = TRINE_LOCAL_INIT("none"), size;

IN_BOTH(a_value_is_the_fallback_until_it_is_set_and_after_reset)
{
    struct trine_local_token first, second;
    assert_string_equal(trine_local_get(&colour), "none");
    assert_null(trine_local_get(&size));
    assert_int_equal(trine_local_swap(&colour, "red", &first), 0);
    assert_int_equal(trine_local_set(&size, "big"), 0);
    assert_int_equal(trine_local_swap(&colour, "blue", &second), 0);
    assert_string_equal(trine_local_get(&colour), "blue");
    assert_int_equal(trine_local_reset(&second), 0);
    assert_string_equal(trine_local_get(&colour), "red");
    assert_int_equal(trine_local_reset(&first), 0);
    assert_string_equal(trine_local_get(&colour), "none");
    assert_string_equal(trine_local_get(&size), "big");
    return trine_local_set(&size, NULL);
}

static int child(void *arg)
{
    assert_string_equal(trine_local_get(&colour), arg);
    assert_int_equal(trine_local_set(&colour, "child's"), 0);
    trine_yield();
    assert_string_equal(trine_local_get(&colour), "child's");
    return 0;
}

static int await_child(char *expected)
{
    struct trine_future *task;
    int outcome = 0;
    int error = trine_spawn_detached(child, expected, &task);
    if (error < 0)
        return error;
    assert_int_equal(trine_local_set(&colour, "changed since"), 0);
    error = trine_await(task, &outcome);
    trine_future_unref(task);
    assert_string_equal(trine_local_get(&colour), "changed since");
    return error < 0 ? error : outcome;
}

IN_A_TASK(a_child_has_the_values_of_its_spawn_and_neither_sees_the_other)
{
    assert_int_equal(await_child("none"), 0);
    assert_int_equal(trine_local_set(&colour, "red"), 0);
    return await_child("red");
}

static void a_first_task_has_its_threads_values(void **state)
{
    assert_int_equal(trine_local_set(&colour, "thread's"), 0);
    assert_int_equal(trine_run(child, "thread's", NULL), 0);
    assert_string_equal(trine_local_get(&colour), "thread's");
    assert_int_equal(trine_local_set(&colour, "none"), 0);
}

static void see_nothing(void *arg)
{
    assert_string_equal(trine_local_get(&colour), "none");
    assert_int_equal(trine_local_set(&colour, "another"), 0);
}

static void a_new_thread_begins_with_the_fallbacks(void **state)
{
    struct helper helper;
    assert_int_equal(trine_local_set(&colour, "thread's"), 0);
    start_helper(&helper, see_nothing, NULL);
    join_helper(&helper);
    assert_string_equal(trine_local_get(&colour), "thread's");
    assert_int_equal(trine_local_set(&colour, "none"), 0);
}

/* ---- names and sources */

IN_A_TASK(a_task_can_be_renamed)
{
    assert_int_equal(trine_task_set_name("worker 7"), 0);
    assert_string_equal(trine_task_name(), "worker 7");
    assert_int_equal(trine_task_set_name(NULL), 0);
    assert_string_not_equal(trine_task_name(), "worker 7");
    return 0;
}

static int cancel_it(void *arg)
{
    trine_task_set_name("the canceller");
    trine_scope_cancel(arg, "enough");
    return 0;
}

IN_A_TASK(who_cancelled_is_known_after_it_has_gone)
{
    struct trine_scope scope;
    const char *name = NULL, *site = NULL;
    struct trine_future *task;
    assert_false(trine_cancel_source(&name, &site));
    trine_scope_open(&scope, TRINE_FOREVER);
    assert_int_equal(trine_spawn_detached(cancel_it, &scope, &task), 0);
    assert_int_equal(trine_sleep(PATIENCE), -ECANCELED);
    trine_future_unref(task);
    assert_true(trine_cancel_source(&name, &site));
    assert_string_equal(name, "the canceller");
    assert_non_null(strstr(site, "cancel_it"));
    assert_string_equal(trine_cancel_reason(), "enough");
    trine_scope_close(&scope);
    return 0;
}

static int sleeper(void *arg)
{
    const char *site = NULL;
    int error = trine_sleep(PATIENCE);
    assert_true(trine_cancel_source(arg, &site));
    assert_non_null(site);
    return error;
}

IN_A_TASK(who_cancelled_a_task_is_known_to_it)
{
    const char *name = NULL;
    struct trine_future *task;
    int outcome = 0;
    assert_int_equal(trine_spawn_detached(sleeper, &name, &task), 0);
    trine_yield();
    trine_cancel(task);
    assert_int_equal(trine_await(task, &outcome), 0);
    assert_int_equal(outcome, -ECANCELED);
    assert_string_equal(name, "trine_run"); /* its site says no more of the first task */
    trine_future_unref(task);
    return 0;
}

IN_BOTH(a_deadline_is_a_source)
{
    struct trine_scope scope;
    const char *name = NULL, *site = "";
    trine_scope_open(&scope, SOON);
    assert_int_equal(trine_sleep(PATIENCE), -ETIMEDOUT);
    assert_true(trine_cancel_source(&name, &site));
    assert_string_equal(name, "the deadline");
    assert_null(site);
    trine_scope_close(&scope);
    return 0;
}

#define BOTH(name) TEST(name##_in_a_task), TEST(name##_in_a_thread)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_value_is_the_fallback_until_it_is_set_and_after_reset),
        TEST(a_child_has_the_values_of_its_spawn_and_neither_sees_the_other),
        TEST(a_first_task_has_its_threads_values),
        TEST(a_new_thread_begins_with_the_fallbacks),
        TEST(a_task_can_be_renamed),
        TEST(who_cancelled_is_known_after_it_has_gone),
        TEST(who_cancelled_a_task_is_known_to_it),
        BOTH(a_deadline_is_a_source),
    };
    return RUN_TESTS(tests);
}

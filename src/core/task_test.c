/* SPDX-License-Identifier: MIT */
#include "core/crowd.h"
#include <trine/future.h>
#include <trine/task.h>

static int order[1000], order_count;

static int sign(void *arg)
{
    order[order_count++] = (int)(intptr_t)arg;
    return 0;
}

IN_A_TASK(tasks_run_in_the_order_of_their_start_at_the_next_blocking_call)
{
    struct crowd crowd;
    order_count = 0;
    crowd_open(&crowd);
    for (intptr_t i = 0; i < 1000; i++)
        crowd_start(&crowd, sign, (void *)i, 0);
    assert_int_equal(order_count, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(order_count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(order[i], i);
    return 0;
}

static int three_turns(void *arg)
{
    for (int i = 0; i < 3; i++) {
        sign(arg);
        assert_int_equal(trine_yield(), 0);
    }
    return 0;
}

IN_A_TASK(a_yield_lets_every_other_ready_task_run_once)
{
    struct crowd crowd;
    order_count = 0;
    crowd_open(&crowd);
    for (intptr_t i = 0; i < 4; i++)
        crowd_start(&crowd, three_turns, (void *)i, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    for (int i = 0; i < 12; i++)
        assert_int_equal(order[i], i % 4);
    return 0;
}

static bool neighbour_ran;

static int be_a_neighbour(void *arg)
{
    neighbour_ran = true;
    return 0;
}

/* Blocking calls that need not block are made to yield after a while. */
IN_A_TASK(a_task_that_never_blocks_still_lets_the_others_run)
{
    struct crowd crowd;
    crowd_open(&crowd);
    neighbour_ran = false;
    crowd_start(&crowd, be_a_neighbour, NULL, 0);
    int calls = 0;
    while (!neighbour_ran && calls < 1000) {
        assert_int_equal(trine__checkpoint(), 0);
        calls++;
    }
    assert_true(neighbour_ran);
    assert_true(calls > 10);
    return crowd_close(&crowd);
}

static int tell_names(void *arg)
{
    const char **names = arg;
    names[0] = trine_task_name();
    names[1] = trine_task_site();
    names[2] = trine_self() == &trine__loop_here->current->future ? "itself" : "another";
    return 0;
}

IN_A_TASK(a_task_knows_itself)
{
    const char *names[3];
    struct crowd crowd;
    crowd_open(&crowd);
    crowd_start(&crowd, tell_names, names, 0);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_string_equal(names[0], "somebody");
    assert_string_equal(names[1], "crowd.h:1 somebody");
    assert_string_equal(names[2], "itself");
    return 0;
}

static void outside_tasks_there_is_no_self(void **state)
{
    assert_null(trine_self());
    assert_null(trine_task_name());
    assert_null(trine_task_site());
}

static int wait_and_keep_the_code(void *arg)
{
    int *code = arg;
    *code = trine_sleep(PATIENCE);
    return *code;
}

IN_A_TASK(a_cancelled_task_finds_its_blocking_calls_failing)
{
    int code = 1;
    struct crowd crowd;
    crowd_open(&crowd);
    struct trine__task *task = crowd_start(&crowd, wait_and_keep_the_code, &code, 0);
    struct trine_future *future = trine_future_ref(&task->future);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_cancel(future), 1);
    assert_int_equal(code, 1); /* it only asks */
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(code, -ECANCELED);
    assert_int_equal(trine_cancel(future), 0);
    assert_int_equal(trine_future_outcome(future), -ECANCELED);
    trine_future_unref(future);
    return 0;
}

IN_A_TASK(a_task_cancelled_before_it_starts_still_starts)
{
    int code = 1;
    struct crowd crowd;
    crowd_open(&crowd);
    struct trine__task *task = crowd_start(&crowd, wait_and_keep_the_code, &code, 0);
    assert_int_equal(trine_cancel(&task->future), 1);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(code, -ECANCELED);
    return 0;
}

static int swallow_the_cancel(void *arg)
{
    (void)trine_sleep(PATIENCE);
    return 17;
}

IN_A_TASK(a_cancelled_task_that_returns_a_value_has_that_value)
{
    struct crowd crowd;
    crowd_open(&crowd);
    struct trine__task *task = crowd_start(&crowd, swallow_the_cancel, NULL, 0);
    struct trine_future *future = trine_future_ref(&task->future);
    trine_cancel(future);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(trine_future_outcome(future), 17);
    trine_future_unref(future);
    return 0;
}

IN_A_TASK(a_task_may_cancel_itself)
{
    struct trine_scope shield;
    assert_int_equal(trine_cancel(trine_self()), 1);
    assert_int_equal(trine_cancelled(), -ECANCELED);
    assert_int_equal(trine_sleep(1), -ECANCELED);
    trine_shield_open(&shield, TRINE_FOREVER);
    assert_int_equal(trine_sleep(1), 0);
    assert_int_equal(trine_shield_close(&shield), 0);
    assert_int_equal(trine_yield(), -ECANCELED);
    return 0;
}

IN_A_TASK(a_tasks_value_is_its_argument)
{
    int code = 0;
    struct crowd crowd;
    crowd_open(&crowd);
    struct trine__task *task = crowd_start(&crowd, tell_names, &code, 0);
    task->context.fn = sign;
    assert_ptr_equal(trine_future_value(&task->future), &code);
    order_count = 0;
    return crowd_close(&crowd);
}

static int open_scopes_and_leave(void *arg)
{
    struct trine_scope scopes[2];
    trine_scope_open(&scopes[0], TRINE_FOREVER);
    trine_scope_open(&scopes[1], PATIENCE);
    return 5;
}

IN_A_TASK(a_scope_left_open_is_reported_and_closed)
{
    struct crowd crowd;
    crowd_open(&crowd);
    struct trine__task *task = crowd_start(&crowd, open_scopes_and_leave, NULL, 0);
    struct trine_future *future = trine_future_ref(&task->future);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_reported("returned with an open scope", "crowd.h:1");
    assert_int_equal(trine_future_outcome(future), 5);
    assert_int_equal(trine__loop_here->timers.count, 0);
    trine_future_unref(future);
    return 0;
}

static int use_stack(void *arg)
{
    char frame[200 * 1024];
    memset(frame, 1, sizeof frame);
    __asm__ volatile("" : : "r"(frame) : "memory");
    assert_int_equal(trine_yield(), 0);
    return frame[100 * 1024] == 1 ? 0 : -EIO;
}

IN_A_TASK(a_task_may_ask_for_a_larger_stack)
{
    struct crowd crowd;
    crowd_open(&crowd);
    for (int i = 0; i < 20; i++) {
        crowd_start(&crowd, use_stack, NULL, 512 * 1024);
        crowd_start(&crowd, three_turns, NULL, 0);
        crowd_start(&crowd, three_turns, NULL, 16 * 1024);
    }
    order_count = 0;
    int error = crowd_close(&crowd);
    assert_int_equal(crowd.failed, 0);
    return error;
}

static struct trine_future *gate;

static int wait_at_the_gate(void *arg)
{
    return trine_await(gate, NULL);
}

IN_A_TASK(a_crowd_of_parked_tasks_wakes_and_ends)
{
    struct crowd crowd;
    const int many = CROWD(100000);
    gate = trine_promise_new(0);
    crowd_open(&crowd);
    for (int i = 0; i < many; i++)
        crowd_start(&crowd, wait_at_the_gate, NULL, 0);
    assert_int_equal(trine_sleep(1), 0);
    assert_int_equal(crowd.live, many);
    trine_promise_resolve(gate, 0, NULL);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(crowd.ended, many);
    assert_int_equal(crowd.failed, 0);
    trine_future_unref(gate);
    return 0;
}

IN_A_TASK(a_crowd_of_parked_tasks_is_cancelled)
{
    struct crowd crowd;
    const int many = CROWD(100000);
    gate = trine_promise_new(0);
    crowd_open(&crowd);
    for (int i = 0; i < many; i++)
        crowd_start(&crowd, wait_at_the_gate, NULL, 0);
    assert_int_equal(trine_sleep(1), 0);
    trine_scope_cancel(&crowd.family.scope, "test");
    assert_int_equal(crowd_close(&crowd), -ECANCELED);
    assert_int_equal(crowd.failed, many);
    trine_future_unref(gate);
    return 0;
}

/* A stack that cannot be had ends the task without running it. */
IN_A_TASK(a_task_without_a_stack_fails_with_no_memory_and_the_rest_goes_on)
{
    struct crowd crowd;
    gate = trine_promise_new(0);
    crowd_open(&crowd);
    for (int i = 0; i < 5000; i++)
        crowd_start(&crowd, wait_at_the_gate, NULL, 0);
    trine__fault_plan("fail:1+:op=map,fail:1+:op=alloc");
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_yield(), 0);
    trine__fault_plan(NULL);
    while (trine_sleep(1) == 0 && crowd.failed + crowd.ended == 0)
        ;
    assert_true(crowd.failed > 0);
    int failed = crowd.failed;
    trine_promise_resolve(gate, 0, NULL);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(crowd.failed, failed);
    assert_int_equal(crowd.ended, 5000);
    trine_future_unref(gate);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(tasks_run_in_the_order_of_their_start_at_the_next_blocking_call),
        TEST(a_yield_lets_every_other_ready_task_run_once),
        TEST(a_task_that_never_blocks_still_lets_the_others_run),
        TEST(a_task_knows_itself),
        TEST(outside_tasks_there_is_no_self),
        TEST(a_cancelled_task_finds_its_blocking_calls_failing),
        TEST(a_task_cancelled_before_it_starts_still_starts),
        TEST(a_cancelled_task_that_returns_a_value_has_that_value),
        TEST(a_task_may_cancel_itself),
        TEST(a_tasks_value_is_its_argument),
        TEST(a_scope_left_open_is_reported_and_closed),
        TEST(a_task_may_ask_for_a_larger_stack),
        TEST(a_crowd_of_parked_tasks_wakes_and_ends),
        TEST(a_crowd_of_parked_tasks_is_cancelled),
        TEST(a_task_without_a_stack_fails_with_no_memory_and_the_rest_goes_on),
    };
    return RUN_TESTS(tests);
}

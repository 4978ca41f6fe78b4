/* SPDX-License-Identifier: MIT */
/* Blocking calls in threads: the loop goes on, a cancel loses nothing, an abandoned call cleans
 * up. */
#include "core/crowd.h"
#include <stdatomic.h>
#include <trine/local.h>
#include <trine/loop.h>

static int note_thread(void *arg)
{
    assert_null(trine_loop_here());
    *(long *)arg = gettid();
    return 11;
}

IN_A_TASK(it_runs_in_another_thread_and_its_outcome_comes_back)
{
    long there = 0;
    assert_int_equal(trine_to_thread(note_thread, &there), 11);
    assert_true(there != 0 && there != gettid());
    return 0;
}

static void in_a_plain_thread_it_is_a_call(void **state)
{
    long here = 0;
    assert_int_equal(trine_to_thread(note_thread, &here), 11);
    assert_int_equal(here, gettid());
}

static int fail_in_a_sentence(void *arg)
{
    return trine_fail(-EIO, "the disk is on fire");
}

IN_A_TASK(an_error_brings_its_sentence)
{
    assert_int_equal(trine_to_thread(fail_in_a_sentence, NULL), -EIO);
    assert_string_equal(trine_error_message(trine_error_last()), "the disk is on fire");
    return 0;
}

static int block(void *arg)
{
    usleep(30000);
    return 0;
}

static int call_block(void *arg)
{
    return trine_to_thread(block, NULL);
}

IN_A_TASK(the_loop_goes_on_and_many_block_at_once)
{
    struct crowd crowd;
    int64_t start = trine_now();
    crowd_open(&crowd);
    for (int i = 0; i < 20; i++)
        crowd_start(&crowd, call_block, NULL, 0);
    int yields = 0;
    for (; crowd.ended == 0; yields++)
        assert_int_equal(trine_yield(), 0);
    assert_true(yields > 10);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(crowd.failed, 0);
    assert_true(trine_now() - start < 20 * TRINE_MILLISECONDS(30));
    return 0;
}

static struct trine_local customer = TRINE_LOCAL_INIT("nobody");

static int read_and_change(void *seen)
{
    *(void **)seen = trine_local_get(&customer);
    return trine_local_set(&customer, "somebody else");
}

IN_A_TASK(it_has_the_callers_values_and_what_it_sets_is_its_own)
{
    void *seen = NULL;
    assert_int_equal(trine_to_thread(read_and_change, &seen), 0);
    assert_string_equal(seen, "nobody");
    assert_int_equal(trine_local_set(&customer, "Ann"), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(trine_to_thread(read_and_change, &seen), 0);
        assert_string_equal(seen, "Ann");
        assert_string_equal(trine_local_get(&customer), "Ann");
    }
    return 0;
}

/* ---- cancelling */

static _Atomic(int) ran, freed;

static int block_and_count(void *arg)
{
    usleep(20000);
    atomic_fetch_add(&ran, 1);
    return 5;
}

static void free_it(void *arg)
{
    atomic_fetch_add(&freed, 1);
    free(arg);
}

IN_A_TASK(a_cancel_waits_for_what_runs_and_its_value_wins)
{
    struct trine_scope scope;
    atomic_store(&ran, 0);
    trine_scope_open(&scope, TRINE_MILLISECONDS(2));
    assert_int_equal(trine_to_thread(block_and_count, NULL), 5);
    assert_int_equal(atomic_load(&ran), 1);
    assert_int_equal(trine_to_thread(block_and_count, NULL), -ETIMEDOUT); /* never begins */
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(atomic_load(&ran), 1);
    return 0;
}

static int block_and_use(void *arg)
{
    usleep(20000);
    atomic_fetch_add(&ran, *(int *)arg);
    return 0;
}

static int leave_one(void)
{
    struct trine_to_thread_options leave = { .abandoned = free_it };
    int *one = malloc(sizeof *one);
    *one = 1;
    return TRINE_WITHIN(TRINE_MILLISECONDS(2), trine_to_thread_with(block_and_use, one, &leave));
}

IN_BOTH(an_abandoned_call_goes_on_and_frees_what_it_used)
{
    atomic_store(&ran, 0);
    atomic_store(&freed, 0);
    assert_int_equal(leave_one(), -ETIMEDOUT);
    assert_int_equal(atomic_load(&freed), 0);
    for (int i = 0; i < 2000 && atomic_load(&freed) == 0; i++)
        assert_int_equal(trine_sleep(TRINE_MILLISECONDS(1)), 0);
    assert_int_equal(atomic_load(&ran), 1);
    assert_int_equal(atomic_load(&freed), 1);
    return 0;
}

IN_A_TASK(in_a_cancelled_scope_it_never_begins_and_still_frees)
{
    struct trine_to_thread_options leave = { .abandoned = free_it };
    struct trine_scope scope;
    atomic_store(&ran, 0);
    atomic_store(&freed, 0);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    assert_int_equal(trine_to_thread_with(block_and_use, malloc(4), &leave), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    assert_int_equal(atomic_load(&ran), 0);
    assert_int_equal(atomic_load(&freed), 1);
    return 0;
}

/* Each of the calls either returns its value, or has run or been freed without one: none is
 * lost. */
IN_A_TASK(a_storm_of_cancels_loses_no_call)
{
    struct trine_to_thread_options leave = { .abandoned = free_it };
    int left = 0;
    atomic_store(&freed, 0);
    for (int i = 0; i < 200; i++) {
        int *nothing = calloc(1, sizeof *nothing);
        int64_t limit = TRINE_MICROSECONDS(i * 150);
        int error = TRINE_WITHIN(limit, trine_to_thread_with(block_and_use, nothing, &leave));
        assert_true(error == 0 || error == -ETIMEDOUT);
        if (error == 0)
            free(nothing);
        left += error != 0;
        if (left > 40)
            i += 20; /* long limits, which are met */
    }
    for (int i = 0; i < 5000 && atomic_load(&freed) < left; i++)
        assert_int_equal(trine_sleep(TRINE_MILLISECONDS(1)), 0);
    assert_int_equal(atomic_load(&freed), left);
    assert_true(left > 0);
    return 0;
}

IN_VIRTUAL_TIME(simulated_time_stands_still_meanwhile)
{
    int64_t start = trine_now();
    assert_int_equal(trine_to_thread(block, NULL), 0);
    assert_int_equal(trine_now(), start);
    return 0;
}

IN_A_TASK(without_memory_or_a_thread_it_is_refused)
{
    long there = 0;
    trine__fault_plan("fail:1:op=alloc");
    int error = trine_to_thread(note_thread, &there);
    trine__fault_plan(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(there, 0);
    assert_int_equal(trine_to_thread(note_thread, &there), 11);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_runs_in_another_thread_and_its_outcome_comes_back),
        TEST(in_a_plain_thread_it_is_a_call),
        TEST(an_error_brings_its_sentence),
        TEST(the_loop_goes_on_and_many_block_at_once),
        TEST(it_has_the_callers_values_and_what_it_sets_is_its_own),
        TEST(a_cancel_waits_for_what_runs_and_its_value_wins),
        TEST(an_abandoned_call_goes_on_and_frees_what_it_used_in_a_task),
        TEST(an_abandoned_call_goes_on_and_frees_what_it_used_in_a_thread),
        TEST(in_a_cancelled_scope_it_never_begins_and_still_frees),
        TEST(a_storm_of_cancels_loses_no_call),
        TEST(simulated_time_stands_still_meanwhile),
        TEST(without_memory_or_a_thread_it_is_refused),
    };
    return RUN_TESTS(tests);
}

/* SPDX-License-Identifier: MIT */
#include "group/several_suite.h"
#include <stdatomic.h>
#include <trine/test.h>

#define COUNT_MAX 8

/* What each candidate does, and what became of it. */
struct runner {
    int steps, outcome;
    int64_t started, ended;
    int ended_with;
};

static struct runner runners[COUNT_MAX];
static struct trine_candidate candidates[COUNT_MAX];
static int64_t origin;

static int run(void *arg)
{
    struct runner *runner = arg;
    runner->started = trine_now();
    int error = runner->steps > 0 ? trine_sleep(runner->steps * STEP) : 0;
    runner->ended = trine_now();
    runner->ended_with = error < 0 ? error : runner->outcome;
    if (runner->ended_with == -EIO)
        return trine_fail(-EIO, "step %d", runner->steps);
    return runner->ended_with;
}

static void prepare(const struct plan *plans, size_t count)
{
    origin = trine_now();
    for (size_t i = 0; i < count; i++) {
        runners[i] = (struct runner){ plans[i].steps, plans[i].outcome, -1, -1, 12345 };
        candidates[i] = (struct trine_candidate){ run, &runners[i], NULL };
    }
}

static int started_at(size_t index)
{
    return runners[index].started < 0 ? -1 : (int)((runners[index].started - origin) / STEP);
}

static int steps(void)
{
    return (int)((trine_now() - origin) / STEP);
}

IN_VIRTUAL_TIME(the_first_one_alone_if_it_is_quick_enough)
{
    struct plan plans[] = { { 1, 0 }, { 1, 0 } };
    size_t winner = 9;
    prepare(plans, 2);
    assert_int_equal(trine_race_staggered(candidates, 2, 2 * STEP, &winner), 0);
    assert_int_equal(winner, 0);
    assert_int_equal(started_at(1), -1);
    assert_int_equal(steps(), 1);
    return 0;
}

IN_VIRTUAL_TIME(the_next_starts_after_the_delay_and_the_losers_are_joined)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { AFTER_EVER, 0 }, { 1, 3 }, { 1, 0 } };
    size_t winner = 9;
    prepare(plans, 4);
    assert_int_equal(trine_race_staggered(candidates, 4, 2 * STEP, &winner), 0);
    assert_int_equal(winner, 2);
    assert_int_equal(started_at(0), 0);
    assert_int_equal(started_at(1), 2);
    assert_int_equal(started_at(2), 4);
    assert_int_equal(started_at(3), -1);
    assert_int_equal(steps(), 5);
    assert_int_equal(runners[0].ended_with, -ECANCELED);
    assert_int_equal(runners[1].ended_with, -ECANCELED);
    return 0;
}

IN_VIRTUAL_TIME(a_failure_starts_the_next_at_once)
{
    struct plan plans[] = { { 1, -EIO }, { 0, -EPIPE }, { 1, 0 } };
    size_t winner = 9;
    prepare(plans, 3);
    assert_int_equal(trine_race_staggered(candidates, 3, 100 * STEP, &winner), 0);
    assert_int_equal(winner, 2);
    assert_int_equal(started_at(1), 1);
    assert_int_equal(started_at(2), 1);
    assert_int_equal(steps(), 2);
    return 0;
}

/* RFC 8305: it is the attempt before that shortens the wait. */
IN_VIRTUAL_TIME(a_failure_of_an_earlier_one_does_not)
{
    struct plan plans[] = { { 3, -EIO }, { AFTER_EVER, 0 }, { 1, 0 } };
    prepare(plans, 3);
    assert_int_equal(trine_race_staggered(candidates, 3, 2 * STEP, NULL), 0);
    assert_int_equal(started_at(1), 2);
    assert_int_equal(started_at(2), 4);
    return 0;
}

IN_VIRTUAL_TIME(an_earlier_one_may_win_while_a_later_one_runs)
{
    struct plan plans[] = { { 3, 0 }, { AFTER_EVER, 0 }, { 1, 0 } };
    size_t winner = 9;
    prepare(plans, 3);
    assert_int_equal(trine_race_staggered(candidates, 3, 2 * STEP, &winner), 0);
    assert_int_equal(winner, 0);
    assert_int_equal(steps(), 3);
    assert_int_equal(runners[1].ended_with, -ECANCELED);
    assert_int_equal(started_at(2), -1);
    return 0;
}

IN_VIRTUAL_TIME(without_delay_all_start_at_once)
{
    struct plan plans[] = { { 3, 0 }, { 2, 0 }, { 1, 0 } };
    size_t winner = 9;
    prepare(plans, 3);
    assert_int_equal(trine_race_staggered(candidates, 3, 0, &winner), 0);
    assert_int_equal(winner, 2);
    assert_int_equal(steps(), 1);
    return 0;
}

IN_VIRTUAL_TIME(with_delay_for_ever_one_after_the_other_fails)
{
    struct plan plans[] = { { 3, -EIO }, { 2, -EIO }, { 1, 0 } };
    prepare(plans, 3);
    assert_int_equal(trine_race_staggered(candidates, 3, TRINE_FOREVER, NULL), 0);
    assert_int_equal(steps(), 6);
    return 0;
}

IN_VIRTUAL_TIME(when_all_fail_the_last_error_has_the_others_as_children)
{
    struct plan plans[] = { { 4, -EIO }, { 0, -EPIPE }, { 4, -ENOENT }, { 1, -EIO } };
    size_t winner = 9;
    prepare(plans, 4);
    candidates[2].name = "the third";
    assert_int_equal(trine_race_staggered(candidates, 4, STEP, &winner), -ENOENT);
    assert_int_equal(winner, 9); /* untouched */
    const struct trine_error *error = trine_error_last();
    assert_int_equal(trine_error_code(error), -ENOENT);
    assert_non_null(strstr(trine_error_message(error), "the third"));
    assert_non_null(strstr(trine_error_origin(error), "staggered_test.c:"));
    assert_int_equal(trine_error_children(error), 3);
    assert_int_equal(trine_error_code(trine_error_child(error, 0)), -EPIPE);
    assert_non_null(strstr(trine_error_message(trine_error_child(error, 0)), "candidate"));
    assert_string_equal(trine_error_message(trine_error_child(error, 1)), "step 1");
    assert_string_equal(trine_error_message(trine_error_child(error, 2)), "step 4");
    return 0;
}

IN_VIRTUAL_TIME(a_candidates_own_code_may_be_that_of_a_cancel)
{
    struct plan plans[] = { { 1, -ETIMEDOUT }, { 1, -ECANCELED } };
    prepare(plans, 2);
    assert_int_equal(trine_race_staggered(candidates, 2, TRINE_FOREVER, NULL), -ECANCELED);
    assert_int_equal(steps(), 2);
    assert_int_equal(trine_error_children(trine_error_last()), 1);
    return 0;
}

IN_VIRTUAL_TIME(a_cancel_of_the_caller_cancels_and_joins_all)
{
    struct plan plans[] = { { AFTER_EVER, 0 }, { AFTER_EVER, 0 }, { 1, 0 } };
    prepare(plans, 3);
    assert_int_equal(TRINE_WITHIN(3 * STEP, trine_race_staggered(candidates, 3, 2 * STEP, NULL)),
                     -ETIMEDOUT);
    assert_int_equal(steps(), 3);
    assert_int_equal(runners[0].ended_with, -ETIMEDOUT);
    assert_int_equal(runners[1].ended_with, -ETIMEDOUT);
    assert_int_equal(started_at(2), -1);
    return 0;
}

IN_VIRTUAL_TIME(a_cancel_while_the_last_one_runs_too)
{
    struct plan plans[] = { { 1, -EIO }, { AFTER_EVER, 0 } };
    prepare(plans, 2);
    assert_int_equal(TRINE_WITHIN(3 * STEP, trine_race_staggered(candidates, 2, STEP, NULL)),
                     -ETIMEDOUT);
    assert_int_equal(runners[1].ended_with, -ETIMEDOUT);
    return 0;
}

IN_VIRTUAL_TIME(cancelled_before_it_starts_nobody)
{
    struct plan plans[] = { { 1, 0 } };
    struct trine_scope scope;
    prepare(plans, 1);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, "enough");
    assert_int_equal(trine_race_staggered(candidates, 1, STEP, NULL), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    assert_int_equal(started_at(0), -1);
    return 0;
}

/* A win that has happened is not lost to a cancel of the same moment. */
static int win_and_cancel(void *scope)
{
    trine_scope_cancel(scope, "at the same moment");
    return 0;
}

IN_VIRTUAL_TIME(a_win_beats_a_cancel)
{
    struct trine_scope scope;
    size_t winner = 9;
    trine_scope_open(&scope, TRINE_FOREVER);
    struct trine_candidate one = { win_and_cancel, &scope, NULL };
    assert_int_equal(trine_race_staggered(&one, 1, STEP, &winner), 0);
    assert_int_equal(winner, 0);
    trine_scope_close(&scope);
    return 0;
}

/* What a loser got before its cancel came is in its record, to be released. */
static int take_and_linger(void *got)
{
    *(int *)got = 1;
    struct trine_scope shield;
    trine_shield_open(&shield, hour);
    int error = trine_sleep(3 * STEP);
    trine_shield_close(&shield);
    return error;
}

IN_VIRTUAL_TIME(a_loser_that_succeeded_too_is_no_winner_and_no_error)
{
    int got[2] = { 0 };
    size_t winner = 9;
    struct trine_candidate two[] = { { take_and_linger, &got[0], NULL },
                                     { take_and_linger, &got[1], NULL } };
    origin = trine_now();
    assert_int_equal(trine_race_staggered(two, 2, STEP, &winner), 0);
    assert_int_equal(winner, 0);
    assert_int_equal(steps(), 4); /* its end was waited for */
    assert_int_equal(got[1], 1);
    return 0;
}

IN_VIRTUAL_TIME(nobody_cannot_race)
{
    assert_int_equal(trine_race_staggered(NULL, 0, STEP, NULL), -EINVAL);
    return 0;
}

static void a_plain_thread_cannot_race_tasks(void **state)
{
    struct plan plans[] = { { 1, 0 } };
    prepare(plans, 1);
    assert_int_equal(trine_race_staggered(candidates, 1, STEP, NULL), TRINE_ENOLOOP);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "trine_run"));
}

IN_VIRTUAL_TIME(without_memory_for_the_race_nobody_starts)
{
    struct plan plans[] = { { 1, 0 } };
    prepare(plans, 1);
    trine__fault_plan("fail:1+:op=alloc");
    int error = trine_race_staggered(candidates, 1, STEP, NULL);
    trine__fault_plan(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_int_equal(started_at(0), -1);
    return 0;
}

/* ---- several loops: exactly one of many wins, and all have ended */

struct sprint {
    _Atomic(int) running, successes;
};

static int sprint(void *arg)
{
    struct sprint *all = arg;
    atomic_fetch_add(&all->running, 1);
    int error = trine_yield();
    if (error == 0)
        atomic_fetch_add(&all->successes, 1);
    atomic_fetch_sub(&all->running, 1);
    return error;
}

ON_SEVERAL_LOOPS(on_several_loops_one_wins_and_all_have_ended, 4)
{
    struct sprint all = { 0 };
    struct trine_candidate many[16];
    for (int i = 0; i < 16; i++)
        many[i] = (struct trine_candidate){ sprint, &all, NULL };
    for (int round = 0; round < CROWD(500); round++) {
        size_t winner = 99;
        atomic_store(&all.successes, 0);
        assert_int_equal(trine_race_staggered(many, 16, round % 2 == 0 ? 0 : 1000, &winner), 0);
        assert_true(winner < 16);
        assert_int_equal(atomic_load(&all.running), 0);
        assert_true(atomic_load(&all.successes) >= 1);
    }
    return 0;
}

/* ---- any order of running: three are through at the same moment as the fourth gets its turn */

static int race_to_a_dead_heat(void *arg)
{
    struct plan plans[] = { { 3, 0 }, { 2, 0 }, { 1, -EIO }, { 1, 0 } };
    size_t winner = 9;
    prepare(plans, 4);
    assert_int_equal(trine_race_staggered(candidates, 4, STEP, &winner), 0);
    assert_int_equal(steps(), 3);
    assert_true(winner < 2);
    assert_int_equal(runners[winner].ended_with, 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(runners[i].started < 0, runners[i].ended < 0); /* joined */
    return 0;
}

static void one_wins_and_all_have_ended_under_every_seed(void **state)
{
    assert_int_equal(trine_test_seeds(race_to_a_dead_heat, NULL, 1000, NULL), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_first_one_alone_if_it_is_quick_enough),
        TEST(the_next_starts_after_the_delay_and_the_losers_are_joined),
        TEST(a_failure_starts_the_next_at_once),
        TEST(a_failure_of_an_earlier_one_does_not),
        TEST(an_earlier_one_may_win_while_a_later_one_runs),
        TEST(without_delay_all_start_at_once),
        TEST(with_delay_for_ever_one_after_the_other_fails),
        TEST(when_all_fail_the_last_error_has_the_others_as_children),
        TEST(a_candidates_own_code_may_be_that_of_a_cancel),
        TEST(a_cancel_of_the_caller_cancels_and_joins_all),
        TEST(a_cancel_while_the_last_one_runs_too),
        TEST(cancelled_before_it_starts_nobody),
        TEST(a_win_beats_a_cancel),
        TEST(a_loser_that_succeeded_too_is_no_winner_and_no_error),
        TEST(nobody_cannot_race),
        TEST(a_plain_thread_cannot_race_tasks),
        TEST(without_memory_for_the_race_nobody_starts),
        TEST(on_several_loops_one_wins_and_all_have_ended),
        TEST(one_wins_and_all_have_ended_under_every_seed),
    };
    return RUN_TESTS(tests);
}

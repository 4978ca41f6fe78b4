/* SPDX-License-Identifier: MIT */
/* A staggered race: candidates start one after the other, in a group of their own.
 *
 *     candidate 0  |======= delay =======|---------------- cancelled
 *     candidate 1                        |== failed
 *     candidate 2                           |============= won
 *
 * A runner keeps its candidate's error to itself, so that the group sees no failures: only whether
 * somebody has won, which cancels it. */
#include "base/error.h"
#include "core/loop.h"
#include "sys/sys.h"
#include <trine/group.h>

struct race {
    struct trine_group group;
    const struct trine_candidate *candidates;
    size_t count;
    struct runner *runners;
    _Atomic(size_t) winner;          /* `count`: nobody yet */
    _Atomic(struct runner *) failed; /* the last one first */
};

struct runner {
    struct race *race;
    struct runner *before; /* who failed before this one */
    int outcome;
    struct trine_error *error;
};

/* ---- a candidate's task */

/* With the sentence the candidate gave, else with its name; children of a group of its own stay
 * apart from those who raced. */
static struct trine_error *failure_here(int code)
{
    struct trine_error *error = trine__error_take();
    if (trine_error_code(error) != code) {
        trine__error_unref(error);
        error = NULL;
    }
    if (error == NULL || trine_error_children(error) > 0)
        error =
            trine__error_because(error, code, "%s: %s", trine_task_name(), trine_strerror(code));
    trine__error_set_origin(error, trine_task_site());
    return error;
}

static void fail(struct runner *runner, int outcome)
{
    struct race *race = runner->race;
    runner->outcome = outcome;
    runner->error = failure_here(outcome);
    runner->before = atomic_load(&race->failed);
    while (!atomic_compare_exchange_weak(&race->failed, &runner->before, runner))
        ;
}

static int run_candidate(void *arg)
{
    struct runner *runner = arg;
    struct race *race = runner->race;
    size_t index = (size_t)(runner - race->runners), nobody = race->count;
    int outcome = race->candidates[index].fn(race->candidates[index].arg);
    if (outcome < 0)
        fail(runner, outcome);
    else if (atomic_compare_exchange_strong(&race->winner, &nobody, index))
        trine_group_cancel(&race->group, "another candidate has won");
    return 0;
}

/* ---- the race */

/* Until the candidate has ended, or it is time for the next. */
static int give_head_start(struct trine_future *candidate, int64_t delay)
{
    int error = TRINE_WITHIN(delay, trine_await(candidate, NULL));
    return error == -ETIMEDOUT && trine_cancelled() == 0 ? 0 : error;
}

static int start_one_after_the_other(struct race *race, int64_t delay, const char *site)
{
    int error = 0;
    for (size_t i = 0; i < race->count && error == 0; i++) {
        struct trine_spawn_options options = { .name = race->candidates[i].name };
        struct trine_future *candidate =
            trine_spawn_at(&race->group, run_candidate, &race->runners[i], &options, site);
        if (candidate == NULL)
            error = -ENOMEM;
        else if (i + 1 < race->count)
            error = give_head_start(candidate, delay);
        if (atomic_load(&race->winner) < race->count)
            break;
    }
    return error;
}

/* Nobody has won: the last failure, with those before it as its children, in their order. */
static int tell_failures(struct race *race)
{
    struct runner *last = atomic_load(&race->failed), *first = NULL;
    if (last == NULL)
        return -ECANCELED;
    struct trine_error *error = trine__error_own(last->error);
    for (struct runner *runner = last->before, *before; runner != NULL; runner = before) {
        before = runner->before;
        runner->before = first;
        first = runner;
    }
    for (struct runner *runner = first; runner != NULL; runner = runner->before) {
        if (error != NULL)
            trine__error_adopt(error, runner->error);
        else
            trine__error_unref(runner->error);
        runner->error = NULL;
    }
    last->error = NULL;
    trine__error_keep(error);
    return last->outcome;
}

static int run_race(struct race *race, int64_t delay, const char *site)
{
    for (size_t i = 0; i < race->count; i++)
        race->runners[i].race = race;
    trine_group_open(&race->group, NULL);
    int error = start_one_after_the_other(race, delay, site);
    if (error < 0)
        trine_group_cancel(&race->group, "the race cannot go on");
    int closed = trine_group_close(&race->group);
    if (atomic_load(&race->winner) < race->count)
        return 0;
    if (error < 0)
        return error;
    return closed < 0 ? closed : tell_failures(race);
}

int trine_race_staggered_at(const struct trine_candidate *candidates, size_t count, int64_t delay,
                            const char *site, size_t *ret_winner)
{
    int error = count > 0 ? trine__checkpoint() : -EINVAL;
    if (error < 0)
        return error;
    if (trine__loop_here == NULL)
        return trine_fail(TRINE_ENOLOOP, "trine_race_staggered() in a thread that runs no loop: "
                                         "call it from inside trine_run()");
    struct race race = { .candidates = candidates, .count = count };
    race.runners = trine__alloc_zero(count, sizeof *race.runners);
    if (race.runners == NULL)
        return -ENOMEM;
    atomic_init(&race.winner, count);
    error = run_race(&race, delay, site);
    for (size_t i = 0; i < count; i++)
        trine__error_unref(race.runners[i].error);
    trine__free(race.runners);
    if (error == 0 && ret_winner != NULL)
        *ret_winner = atomic_load(&race.winner);
    return error;
}

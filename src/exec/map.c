/* SPDX-License-Identifier: MIT */
/* One map for all executors. The items are cut into units; at most `width` units are in flight:
 *
 *     free unit --start--> spawned or submitted --its future is done--> done list --finish--> free
 * unit
 *
 * The caller starts units, waits for the next to be done, and keeps the books: outcomes, the first
 * error, on_done. An executor only differs in how a unit is started: at once, as a child of a
 * group, or submitted. A unit's results lie in memory of its own until it is finished, so nothing
 * here is shared with whoever runs it. */
#include "base/error.h"
#include "base/list.h"
#include "core/loop.h"
#include "exec/executor.h"
#include "exec/job.h"
#include "sys/sys.h"
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <trine/group.h>
#include <trine/map.h>
#include <trine/run.h>

#define TASKS_AT_ONCE     1000
#define UNITS_PER_WORKER  2  /* in flight */
#define CHUNKS_PER_WORKER 16 /* into so many parts the work of each worker is cut, at least */
#define CHUNK_MAX         256
#define NEVER_RAN         INT_MIN
#define PAYLOAD_MAX       ((size_t)1 << 20)

struct map;

struct unit {
    struct trine__waiter waiter; /* for its future */
    struct map *map;
    struct unit *next;
    struct trine_future *future; /* NULL: not in flight */
    size_t first, count;
    int *results;              /* NEVER_RAN until an item has ended */
    struct trine_error *error; /* of the first that failed */
};

struct map {
    struct trine_executor *executor;
    trine_fn fn;
    char *items;
    size_t count, size;
    const struct trine_map_options *options;
    const char *site;
    size_t chunk, width;
    struct unit *units, *free_units;
    int *results;  /* of all units */
    int *outcomes; /* the caller's, or ours where the order of on_done needs them */
    size_t next, in_flight, told;
    int error;
    struct trine_error *failure;
    struct trine_group *group;   /* of tasks */
    _Atomic(bool) stop;          /* nothing more is started */
    _Atomic(struct unit *) done; /* the last first */
    _Atomic(struct trine__parker *) sleeper;
};

/* ---- running a unit; anywhere in this process */

static int run_unit(void *arg)
{
    struct unit *unit = arg;
    struct map *map = unit->map;
    bool failed = false;
    for (size_t i = 0; i < unit->count; i++) {
        if ((failed && !map->options->collect) || atomic_load(&map->stop))
            break;
        int outcome = map->fn(map->items + (unit->first + i) * map->size);
        unit->results[i] = outcome;
        if (outcome < 0 && !failed)
            unit->error = trine__error_of(outcome, map->site);
        failed |= outcome < 0;
    }
    return 0;
}

static int run_submitted_unit(void *record)
{
    return run_unit(*(struct unit **)record);
}

/* ---- the done list */

static void push_done(struct unit *unit)
{
    unit->next = atomic_load_explicit(&unit->map->done, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&unit->map->done, &unit->next, unit))
        ;
}

/* Under the lock of the unit's future, which finish() meets before the map may end. */
static void unit_done(struct trine__waiter *waiter)
{
    struct unit *unit = TRINE__CONTAINER(waiter, struct unit, waiter);
    struct map *map = unit->map;
    push_done(unit);
    struct trine__parker *sleeper = atomic_exchange(&map->sleeper, NULL);
    if (sleeper != NULL)
        trine__unpark(sleeper);
}

static enum trine__cancel stop_sleeping(void *arg)
{
    struct map *map = arg;
    return atomic_exchange(&map->sleeper, NULL) != NULL ? TRINE__CANCELLED : TRINE__CANCEL_PENDING;
}

static void help(struct map *map)
{
    for (size_t i = 0; i < map->width; i++) {
        struct trine_future *future = map->units[i].future;
        if (future != NULL && !trine__future_is_done(future))
            trine__future_help(future);
    }
}

/* Waits until a unit is done. Once stopped, through every cancel. */
static int await_unit(struct map *map)
{
    struct trine__parker parker;
    bool stopped = atomic_load(&map->stop);
    int error = stopped ? 0 : trine__checkpoint();
    help(map);
    if (error < 0 || atomic_load(&map->done) != NULL)
        return error;
    error = trine__parker_init(&parker);
    if (error < 0)
        return error;
    atomic_store(&map->sleeper, &parker);
    if (atomic_load(&map->done) != NULL && atomic_exchange(&map->sleeper, NULL) != NULL)
        return 0; /* it came before anybody could see the sleeper */
    return trine__park(&parker, stopped ? NULL : stop_sleeping, map, "the items of a map");
}

/* ---- stopping */

/* Takes `error`. */
static void stop(struct map *map, int code, struct trine_error *error)
{
    if (map->error == 0) {
        map->error = code;
        map->failure = error;
        error = NULL;
    }
    trine__error_unref(error);
    if (atomic_exchange(&map->stop, true))
        return;
    for (size_t i = 0; i < map->width; i++) {
        if (map->units[i].future != NULL)
            trine_cancel(map->units[i].future);
    }
}

static void note_error(struct map *map, size_t item, int code, struct trine_error *error)
{
    if (map->error != 0) {
        trine__error_unref(error);
        return;
    }
    if (error == NULL)
        error = trine__error_newf(code, "%s of item %zu: %s", trine__site_name(map->site), item,
                                  trine_strerror(code));
    trine__error_set_origin(error, map->site);
    if (map->options->collect) {
        map->error = code;
        map->failure = error;
    } else {
        stop(map, code, error);
    }
}

/* ---- finishing a unit */

static void tell(struct map *map, size_t item, int outcome)
{
    if (map->options->on_done != NULL && outcome != NEVER_RAN)
        map->options->on_done(map->items + item * map->size, item, outcome,
                              map->options->on_done_arg);
}

static void tell_in_order(struct map *map, bool all)
{
    for (; map->told < map->count; map->told++) {
        if (map->outcomes[map->told] == NEVER_RAN && !all)
            return;
        tell(map, map->told, map->outcomes[map->told]);
    }
}

static struct trine__batch batch_of(struct map *map, struct unit *unit)
{
    return (struct trine__batch){ .fn = map->fn,
                                  .items = map->items + unit->first * map->size,
                                  .size = map->size,
                                  .count = unit->count,
                                  .outcomes = unit->results,
                                  .collect = map->options->collect,
                                  .site = map->site };
}

static void set_all(struct unit *unit, int outcome)
{
    for (size_t i = 0; i < unit->count; i++)
        unit->results[i] = outcome;
}

/* What a unit that ran elsewhere, or could not run, left in its future. */
static void collect_results(struct map *map, struct unit *unit)
{
    struct trine__batch batch = batch_of(map, unit);
    int outcome = trine_future_outcome(unit->future);
    bool returned = map->executor->ops->submit_batch != NULL
                        ? trine__batch_return(unit->future, &batch)
                        : outcome >= 0;
    if (!returned)
        set_all(unit, outcome == -ECANCELED ? NEVER_RAN : outcome);
    if (outcome < 0 && unit->error == NULL)
        unit->error = trine__error_ref((struct trine_error *)trine_future_error(unit->future));
}

static void book(struct map *map, struct unit *unit)
{
    bool failed = false;
    for (size_t i = 0; i < unit->count; i++) {
        int result = unit->results[i];
        if (failed && !map->options->collect)
            result = NEVER_RAN; /* what a process skipped */
        if (map->outcomes != NULL)
            map->outcomes[unit->first + i] = result;
        if (result < 0 && result != NEVER_RAN && !failed) {
            failed = true;
            trine__error_keep(trine__error_ref(unit->error)); /* for on_done */
            note_error(map, unit->first + i, result, unit->error);
            unit->error = NULL;
        }
        if (!map->options->ordered)
            tell(map, unit->first + i, result);
    }
    trine__error_unref(unit->error);
    if (map->options->ordered && map->options->on_done != NULL)
        tell_in_order(map, false);
}

static void finish(struct map *map, struct unit *unit)
{
    if (unit->future != NULL) {
        (void)trine__future_unwatch(unit->future, &unit->waiter); /* whoever woke us has let go */
        collect_results(map, unit);
        trine_future_unref(unit->future);
        unit->future = NULL;
    }
    map->in_flight--;
    book(map, unit);
    unit->next = map->free_units;
    map->free_units = unit;
}

static bool finish_done(struct map *map)
{
    struct unit *unit = atomic_exchange(&map->done, NULL), *oldest = NULL;
    bool any = unit != NULL;
    while (unit != NULL) {
        struct unit *next = unit->next;
        unit->next = oldest;
        oldest = unit;
        unit = next;
    }
    while (oldest != NULL) {
        struct unit *next = oldest->next;
        finish(map, oldest);
        oldest = next;
    }
    return any;
}

/* ---- starting a unit */

static struct trine_future *launch(struct map *map, struct unit *unit)
{
    if (map->group != NULL)
        return trine_future_ref(trine_spawn_at(map->group, run_unit, unit, NULL, map->site));
    if (map->executor->ops->submit_batch != NULL) {
        struct trine__batch batch = batch_of(map, unit);
        return map->executor->ops->submit_batch(map->executor, &batch);
    }
    return map->executor->ops->submit(map->executor, run_submitted_unit, &unit, sizeof unit,
                                      map->site);
}

static void start(struct map *map)
{
    struct unit *unit = map->free_units;
    size_t left = map->count - map->next;
    map->free_units = unit->next;
    unit->first = map->next;
    unit->count = left < map->chunk ? left : map->chunk;
    unit->error = NULL;
    set_all(unit, NEVER_RAN);
    map->next += unit->count;
    map->in_flight++;
    unit->future = NULL;
    if (map->executor == TRINE_SERIAL) {
        (void)run_unit(unit);
        push_done(unit);
        return;
    }
    unit->future = launch(map, unit);
    if (unit->future == NULL) {
        set_all(unit, -ENOMEM);
        push_done(unit);
    } else if (!trine__future_watch(unit->future, &unit->waiter)) {
        push_done(unit);
    }
}

/* ---- the whole */

static bool may_start(struct map *map)
{
    return map->next < map->count && map->free_units != NULL && !atomic_load(&map->stop);
}

static void run_units(struct map *map)
{
    for (;;) {
        while (may_start(map) && atomic_load(&map->done) == NULL) {
            int error = trine__checkpoint();
            if (error < 0)
                stop(map, error, NULL);
            else
                start(map);
        }
        if (finish_done(map))
            continue;
        if (map->in_flight == 0)
            return;
        int error = await_unit(map);
        if (error < 0)
            stop(map, error, NULL);
    }
}

static void run_in_group(struct map *map)
{
    struct trine_group group;
    struct trine_group_options options = { .policy = TRINE_SUPERVISE, .reap = true };
    trine_group_open(&group, &options);
    map->group = &group;
    run_units(map);
    (void)trine_group_close(&group);
}

/* How many items make a unit, and how many units may be in flight. */
static void measure(struct map *map)
{
    const struct trine_map_options *options = map->options;
    size_t workers = trine_executor_workers(map->executor), limit = options->limit;
    map->chunk = 1;
    map->width = 1;
    if (map->executor == TRINE_TASKS) {
        map->width = limit > 0 ? limit : TASKS_AT_ONCE;
    } else if (map->executor != TRINE_SERIAL) {
        size_t chunk =
            options->chunk > 0 ? options->chunk : map->count / workers / CHUNKS_PER_WORKER;
        if (chunk > CHUNK_MAX && options->chunk == 0)
            chunk = CHUNK_MAX;
        if (limit > 0 && chunk > limit / (options->chunk > 0 ? 1 : workers))
            chunk = limit / (options->chunk > 0 ? 1 : workers);
        if (map->executor->ops->submit_batch != NULL && chunk > PAYLOAD_MAX / (map->size + 1))
            chunk = PAYLOAD_MAX / (map->size + 1);
        map->chunk = chunk > 0 ? chunk : 1;
        map->width = limit > 0 ? (limit + map->chunk - 1) / map->chunk : workers * UNITS_PER_WORKER;
    }
    size_t units = (map->count + map->chunk - 1) / map->chunk;
    if (map->width > units)
        map->width = units;
}

static int make_units(struct map *map)
{
    bool own_outcomes = map->options->outcomes == NULL && map->options->ordered;
    map->units = trine__alloc_aligned(_Alignof(struct unit), map->width * sizeof *map->units);
    map->results = trine__alloc(map->width * map->chunk * sizeof *map->results);
    map->outcomes =
        own_outcomes ? trine__alloc(map->count * sizeof *map->outcomes) : map->options->outcomes;
    if (map->units == NULL || map->results == NULL || (own_outcomes && map->outcomes == NULL))
        return -ENOMEM;
    for (size_t i = 0; i < map->width; i++) {
        map->units[i] = (struct unit){ .waiter.wake = unit_done,
                                       .map = map,
                                       .next = map->free_units,
                                       .results = map->results + i * map->chunk };
        map->free_units = &map->units[i];
    }
    for (size_t i = 0; map->outcomes != NULL && i < map->count; i++)
        map->outcomes[i] = NEVER_RAN;
    return 0;
}

static void settle(struct map *map)
{
    if (map->options->ordered && map->outcomes != NULL)
        tell_in_order(map, true);
    for (size_t i = 0; map->options->outcomes != NULL && i < map->count; i++) {
        if (map->options->outcomes[i] == NEVER_RAN)
            map->options->outcomes[i] = -ECANCELED;
    }
}

static int run_map(struct map *map)
{
    struct trine_scope scope;
    int64_t timeout = map->options->timeout;
    measure(map);
    int error = make_units(map);
    if (error == 0) {
        trine_scope_open(&scope, timeout > 0 ? timeout : TRINE_FOREVER);
        if (map->executor == TRINE_TASKS)
            run_in_group(map);
        else
            run_units(map);
        (void)trine_scope_close(&scope); /* what it made fail has told so */
        settle(map);
        error = map->error;
        if (error != 0)
            trine__error_keep(map->failure);
    } else {
        for (size_t i = 0; map->options->outcomes != NULL && i < map->count; i++)
            map->options->outcomes[i] = -ECANCELED;
    }
    if (map->outcomes != map->options->outcomes)
        trine__free(map->outcomes);
    trine__free(map->results);
    trine__free(map->units);
    return error;
}

static int run_map_as_task(void *arg)
{
    return run_map(arg);
}

/* Tasks need a loop: a plain thread runs one meanwhile, as long as its own scopes allow. */
static int run_map_in_loop(struct map *map)
{
    struct trine_run_options options = { 0 };
    int64_t deadline = trine__scope_deadline(&trine__thread_here.context);
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    if (deadline != TRINE_FOREVER)
        options.timeout =
            deadline - trine__clock_monotonic() > 0 ? deadline - trine__clock_monotonic() : 1;
    return trine_run(run_map_as_task, map, &options);
}

int trine_map_at(struct trine_executor *executor, trine_fn fn, void *items, size_t count,
                 size_t size, const struct trine_map_options *options, const char *site)
{
    static const struct trine_map_options defaults;
    struct map map = { .executor = executor,
                       .fn = fn,
                       .items = items,
                       .count = count,
                       .size = size,
                       .options = options != NULL ? options : &defaults,
                       .site = site };
    if (count == 0)
        return 0;
    if (trine__here() == NULL)
        return -EDEADLK;
    if (executor == TRINE_TASKS && trine__loop_here == NULL)
        return run_map_in_loop(&map);
    return run_map(&map);
}

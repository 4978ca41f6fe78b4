/* SPDX-License-Identifier: MIT */
#include "group/several.h"
#include "base/list.h"
#include "core/loop.h"
#include "sys/sys.h"
#include <stdio.h>

static void complete(struct trine__several_entry *entry)
{
    struct trine__several *several = entry->several;
    entry->next_done = atomic_load_explicit(&several->done, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&several->done, &entry->next_done, entry))
        ;
}

/* Under the future's lock. The entries may be freed once close has unwatched or met this future's
 * lock. */
static void wake_entry(struct trine__waiter *waiter)
{
    struct trine__several_entry *entry =
        TRINE__CONTAINER(waiter, struct trine__several_entry, waiter);
    struct trine__several *several = entry->several;
    complete(entry);
    struct trine__parker *sleeper = atomic_exchange(&several->sleeper, NULL);
    if (sleeper != NULL)
        trine__unpark(sleeper);
}

int trine__several_refuse(struct trine_future *const *futures, size_t count)
{
    if (trine__here() == NULL)
        return -EDEADLK;
    const struct trine_future *self = trine_self();
    for (size_t i = 0; i < count; i++) {
        if (futures[i] == NULL)
            return -ENOMEM;
        if (futures[i] == self)
            return -EDEADLK;
    }
    return 0;
}

int trine__several_open(struct trine__several *several, struct trine_future *const *futures,
                        size_t count)
{
    *several =
        (struct trine__several){ .futures = futures, .count = count, .deadline = TRINE_FOREVER };
    several->entries = trine__alloc_aligned(_Alignof(struct trine__several_entry),
                                            (count > 0 ? count : 1) * sizeof *several->entries);
    if (several->entries == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct trine__several_entry *entry = &several->entries[i];
        *entry = (struct trine__several_entry){ .waiter.wake = wake_entry, .several = several };
        if (!trine__future_watch(futures[i], &entry->waiter))
            complete(entry);
    }
    for (size_t i = 0; i < count; i++)
        trine__future_help(futures[i]);
    return 0;
}

static void follow(struct trine__need *need, struct trine__walk *walk)
{
    const struct trine__several *several = TRINE__CONTAINER(need, struct trine__several, need);
    for (size_t i = 0; i < several->count && atomic_load(&several->refused) == 0; i++) {
        struct trine__task *task = trine__task_of_future(several->futures[i]);
        if (task != NULL)
            trine__walk_on(walk, &task->context);
    }
}

static enum trine__refusal refuse(struct trine__need *need, bool at_last)
{
    struct trine__several *several = TRINE__CONTAINER(need, struct trine__several, need);
    atomic_store(&several->refused, -EDEADLK); /* before looking who sleeps */
    struct trine__parker *sleeper = atomic_exchange(&several->sleeper, NULL);
    if (sleeper != NULL)
        trine__unpark(sleeper);
    return TRINE__REFUSED;
}

static void describe(struct trine__need *need, char *text, size_t size)
{
    snprintf(text, size, "waits for all of several, among them");
}

void trine__several_need_all(struct trine__several *several)
{
    static const struct trine__need_kind kind = { follow, refuse, describe };
    several->needs_all = true;
    trine__need_open(&several->need, &kind, trine__here());
}

void trine__several_close(struct trine__several *several)
{
    if (several->needs_all)
        trine__need_close(&several->need);
    several->needs_all = false;
    for (size_t i = 0; several->entries != NULL && i < several->count; i++)
        (void)trine__future_unwatch(several->futures[i], &several->entries[i].waiter);
    trine__free(several->entries);
    several->entries = NULL;
}

static enum trine__cancel stop_sleeping(void *arg)
{
    struct trine__several *several = arg;
    return atomic_exchange(&several->sleeper, NULL) != NULL ? TRINE__CANCELLED
                                                            : TRINE__CANCEL_PENDING;
}

static int sleep_until_completion(struct trine__several *several, bool cancellable)
{
    struct trine__parker parker;
    int error = trine__parker_init(&parker);
    if (error < 0)
        return error;
    atomic_store(&several->sleeper, &parker);
    bool woken =
        atomic_load(&several->done) != NULL || (cancellable && atomic_load(&several->refused) != 0);
    if (woken && atomic_exchange(&several->sleeper, NULL) != NULL)
        return 0; /* it came before anybody could see the sleeper */
    return trine__park_until(&parker, cancellable ? several->deadline : TRINE_FOREVER,
                             cancellable ? stop_sleeping : NULL, several, "several futures");
}

int trine__several_next(struct trine__several *several, bool cancellable,
                        struct trine__several_entry **ret)
{
    while (atomic_load(&several->done) == NULL) {
        int error = cancellable ? atomic_load(&several->refused) : 0;
        if (error == 0 && cancellable)
            error = trine__checkpoint();
        if (error == 0)
            error = sleep_until_completion(several, cancellable);
        if (error < 0)
            return error;
    }
    struct trine__several_entry *last = atomic_exchange(&several->done, NULL), *oldest = NULL;
    while (last != NULL) {
        struct trine__several_entry *next = last->next_done;
        last->next_done = oldest;
        oldest = last;
        last = next;
    }
    *ret = oldest;
    return 0;
}

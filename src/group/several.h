/* SPDX-License-Identifier: MIT */
/* Waiting for several futures at once: one waiter each, in one array, and one parker. */
#ifndef TRINE_GROUP_SEVERAL_H
#define TRINE_GROUP_SEVERAL_H

#include "core/circle.h"
#include "core/future.h"
#include "core/park.h"
#include <stdbool.h>
#include <stddef.h>

struct trine__several;

struct trine__several_entry {
    struct trine__waiter waiter;
    struct trine__several *several;
    struct trine__several_entry *next_done; /* in the order of completion */
};

struct trine__several {
    struct trine_future *const *futures;
    size_t count;
    struct trine__several_entry *entries;
    _Atomic(struct trine__several_entry *) done; /* completed and not yet taken, last first */
    _Atomic(struct trine__parker *) sleeper;     /* who is to be woken by the next completion */
    struct trine__need need;                     /* while all of them are waited for */
    bool needs_all;
    _Atomic(int) refused; /* -EDEADLK: one of them waits for the caller */
    int64_t deadline;     /* how long a cancellable next waits; TRINE_FOREVER from open on */
};

/* What makes waiting for these impossible from the start: -EDEADLK in a loop's own thread or if one
 * of them is the running task, -ENOMEM if one was never made. */
int trine__several_refuse(struct trine_future *const *futures, size_t count);
/* Watches all; those done already count as completed, in order. -ENOMEM. */
int trine__several_open(struct trine__several *several, struct trine_future *const *futures,
                        size_t count);
/* From here to close the caller needs every one of them, and nothing less will do (circle.h). */
void trine__several_need_all(struct trine__several *several);
/* Takes back what is still watched. */
void trine__several_close(struct trine__several *several);
/* Everything completed since the last call, oldest first; waits for the first if there is none.
 * With `cancellable` false it waits through cancels. 0, -ECANCELED, -ETIMEDOUT, -EDEADLK; *ret
 * untouched then. */
int trine__several_next(struct trine__several *several, bool cancellable,
                        struct trine__several_entry **ret);

static inline size_t trine__several_index(const struct trine__several *several,
                                          const struct trine__several_entry *entry)
{
    return (size_t)(entry - several->entries);
}

#endif

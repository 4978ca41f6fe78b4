/* SPDX-License-Identifier: MIT */
/* The one future. It knows nothing of tasks, threads or processes: they are kinds and waiters.
 *
 *     word:  [ first waiter | LOCKED | READ | CLAIMED | DONE ]
 *
 *     pending --claim--> claimed --complete--> done        (one terminal transition, whoever wins
 * the claim)
 *
 * The word is its own lock, held for a few instructions. While the process has a single thread
 * (__libc_single_threaded) plain loads and stores take the place of the locked instructions.
 * Whoever completes a future must hold a reference until complete() returns. */
#ifndef TRINE_CORE_FUTURE_H
#define TRINE_CORE_FUTURE_H

#include "core/waiter.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/single_threaded.h>
#include <trine/future.h>

struct trine__future_kind {
    const char *name;
    bool elsewhere; /* another thread works on it: its end may be near */
    int (*cancel)(struct trine_future *future); /* as trine_cancel; NULL: cannot be cancelled */
    void (*help)(struct trine_future *future);  /* before a wait: may do the work here; or NULL */
    void *(*value)(struct trine_future *future);
    const char *(*site)(struct trine_future *future);  /* where it was started; NULL: unknown */
    const char *(*title)(struct trine_future *future); /* what it is called; NULL: nothing */
    void (*free)(struct trine_future *future);         /* the last reference is gone */
};

struct trine_future {
    _Atomic(uintptr_t) word;
    _Atomic(uint32_t) refs;
    int outcome;
    const struct trine__future_kind *kind;
    struct trine_error *error; /* of a failed outcome; while a task runs, its last error */
};

enum {
    TRINE__FUTURE_DONE = 1,
    TRINE__FUTURE_CLAIMED = 2,
    TRINE__FUTURE_READ = 4,
    TRINE__FUTURE_LOCKED = 8, /* the greatest */
    TRINE__FUTURE_BITS = 15   /* waiters are aligned to 16 bytes */
};

static inline void trine__future_init(struct trine_future *future,
                                      const struct trine__future_kind *kind)
{
    atomic_init(&future->word, 0);
    atomic_init(&future->refs, 1);
    future->outcome = 0;
    future->kind = kind;
    future->error = NULL;
}
/* True for exactly one caller: who then may write the value and must complete. */
bool trine__future_claim(struct trine_future *future);
/* The second half of the transition below: somebody waits, or is about to. */
void trine__future_complete_watched(struct trine_future *future);
/* Leaves `waiter` to be woken. False: done already, nothing was left. */
bool trine__future_watch(struct trine_future *future, struct trine__waiter *waiter);
/* Takes `waiter` out. False: it has been woken, or is being woken. */
bool trine__future_unwatch(struct trine_future *future, struct trine__waiter *waiter);
/* The error is now somebody's: it will not be reported as unread. */
void trine__future_mark_read(struct trine_future *future);

/* With nobody waiting, which is common, one exchange does. */
static inline bool trine__future_complete_unwatched(struct trine_future *future)
{
    uintptr_t word = atomic_load_explicit(&future->word, memory_order_relaxed);
    if (word >= TRINE__FUTURE_LOCKED) /* or a waiter, whose address is more */
        return false;
    if (__libc_single_threaded) {
        atomic_store_explicit(&future->word, word | TRINE__FUTURE_DONE, memory_order_relaxed);
        return true;
    }
    return atomic_compare_exchange_strong_explicit(&future->word, &word, word | TRINE__FUTURE_DONE,
                                                   memory_order_acq_rel, memory_order_relaxed);
}

/* The transition. `error`: taken; may be NULL. Wakes all waiters, then runs callbacks. */
static inline void trine__future_complete(struct trine_future *future, int outcome,
                                          struct trine_error *error)
{
    future->outcome = outcome;
    future->error = error;
    if (!trine__future_complete_unwatched(future))
        trine__future_complete_watched(future);
}

/* Before the caller waits for `future`. */
static inline void trine__future_help(struct trine_future *future)
{
    if (future->kind->help != NULL)
        future->kind->help(future);
}

static inline bool trine__future_is_done(const struct trine_future *future)
{
    return (atomic_load_explicit(&future->word, memory_order_acquire) & TRINE__FUTURE_DONE) != 0;
}

#endif

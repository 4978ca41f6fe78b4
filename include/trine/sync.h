/* SPDX-License-Identifier: MIT */
/* Locks and signals between tasks, between threads, and between both. Python: asyncio.Lock, Event,
 * Condition, Semaphore, Barrier and their twins in threading, as one; trio's CapacityLimiter.
 *
 * All are plain structs that live where you put them: statically with an initialiser, or in a
 * struct of yours; all zero bytes are a valid initial value except where noted. They hold no memory
 * and need no end, but nobody may wait for one, or own it, when its memory goes.
 *
 * Waiting: in a task it parks the task, in a plain thread it blocks the thread. Service is first
 * come, first served: what is freed is handed to the longest waiter, and a _try form never
 * overtakes one. A call that reports -ECANCELED or -ETIMEDOUT did not happen. In a loop's own
 * thread outside tasks, what would wait fails with -EDEADLK. A limit for one call:
 * TRINE_WITHIN(TRINE_SECONDS(1), trine_mutex_lock(&lock)). */
#ifndef TRINE_SYNC_H
#define TRINE_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Private parts. */
struct trine__context;
struct trine__sync_lock {
    uint32_t word;
};
struct trine__wait_list {
    struct trine__wait *first, *last;
};
/* What has an owner: part of each lock, and a link in the list of what its owner holds. */
struct trine__held {
    struct trine__context *owner; /* NULL: nobody */
    struct trine__held *next, **link;
    void (*abandoned)(struct trine__held *held); /* its owner has ended */
    const char *site;                            /* where it was locked, for reports */
};

/* ---- mutex: one owner at a time */

struct trine_mutex {
    struct trine__held held; /* all private */
    struct trine__sync_lock lock;
    uint32_t depth; /* of a recursive one: how often its owner has locked it again */
    bool recursive, owner_died;
    struct trine__wait_list waits;
};
#define TRINE_MUTEX_INIT                                                                           \
    {                                                                                              \
        .depth = 0                                                                                 \
    }
#define TRINE_RECURSIVE_MUTEX_INIT                                                                 \
    {                                                                                              \
        .recursive = true                                                                          \
    }

/* Locks it for the running task or thread.
 *
 * Returns: 0, and you own it; TRINE_EOWNERDEAD: you own it too, but the owner before you ended (its
 *          function returned, its thread exited) while it held the mutex, so what it protects may
 *          be half done. That is told once, to the longest waiter or else to the next who locks,
 *          and reported with the name of who ended and the place where it had locked.
 * Errors:  -EDEADLK: you own it already (not recursive), or waiting would close a circle of tasks
 *          and threads that wait for each other (below). -EAGAIN: recursive, 2^32-1 times.
 *          -ECANCELED, -ETIMEDOUT: not locked.
 * Waits:   until it is free, in the order of coming.
 * Threads: any; in a loop's own thread outside tasks nobody can own it: -EDEADLK.
 *
 * Circles: a lock waits for the owner, trine_await() for the task, trine_gather() and trine_wait()
 * for all of their tasks, trine_group_join() and close for the children. The call that closes a
 * circle of such waits fails with -EDEADLK at once, also if a deadline or a cancel would have
 * broken it later; everything else goes on. A group's close cannot fail, a condition's return only
 * in the end: there another wait in the circle does, such as the child's lock. The report names
 * each task or thread, where it was spawned, and where the lock was locked that the one before it
 * waits for. What somebody else may end (a queue, an event, a semaphore, a select, "the first of
 * several", a lock that readers hold) is part of no circle. Costs nothing where nobody waits. */
#define trine_mutex_lock(mutex) trine_mutex_lock_at((mutex), TRINE__HERE)
TRINE_PUBLIC int trine_mutex_lock_at(struct trine_mutex *mutex, const char *site);
/* Locks it if that needs no waiting; -EBUSY otherwise, also if it is yours and not recursive. */
#define trine_mutex_try_lock(mutex) trine_mutex_try_lock_at((mutex), TRINE__HERE)
TRINE_PUBLIC int trine_mutex_try_lock_at(struct trine_mutex *mutex, const char *site);
/* Unlocks, or hands it to the longest waiter. -EPERM: the caller does not own it. */
TRINE_PUBLIC int trine_mutex_unlock(struct trine_mutex *mutex);
/* Whether anybody owns it, now. */
TRINE_PUBLIC bool trine_mutex_locked(const struct trine_mutex *mutex);

/* ---- condition: wait for something that a mutex protects */

struct trine_condition {
    struct trine__sync_lock lock; /* all private */
    struct trine__wait_list waits;
};
#define TRINE_CONDITION_INIT                                                                       \
    {                                                                                              \
        .waits = { 0, 0 }                                                                          \
    }

/* Unlocks `mutex` (a recursive one whole), waits for a notify, locks it again as deep. Check what
 * you wait for in a loop, or use the second form: others may have been in between.
 *
 * Returns: 0; TRINE_EOWNERDEAD: as trine_mutex_lock(), whatever else has happened.
 * Errors:  -EPERM: the caller does not own the mutex. -ECANCELED, -ETIMEDOUT: it was not notified;
 *          a notify is never lost to a cancel. -EDEADLK: the caller does not own the mutex any
 *          more: its owner waits for the caller's end (it closes the group) and nobody else in the
 *          circle can be refused.
 * Waits:   for the notify, then, through cancels, in line for the mutex: on every return but -EPERM
 *          and -EDEADLK the caller owns it. */
TRINE_PUBLIC int trine_condition_wait(struct trine_condition *condition, struct trine_mutex *mutex);
/* Waits until predicate(arg), called with the mutex held, is true. 0: it is, even if the time
 * was over or a cancel came meanwhile. Errors as above; TRINE_EOWNERDEAD: look before you call
 * again. */
TRINE_PUBLIC int trine_condition_wait_for(struct trine_condition *condition,
                                          struct trine_mutex *mutex, bool (*predicate)(void *arg),
                                          void *arg);
/* Lets the `count` longest waiters go on (fewer if there are fewer), or all that wait now: each
 * moves to the mutex' line, so one at a time wakes up. Never waits. Threads: any, best by the
 * mutex' owner. */
TRINE_PUBLIC void trine_condition_notify(struct trine_condition *condition, size_t count);
TRINE_PUBLIC void trine_condition_notify_all(struct trine_condition *condition);

/* ---- read-write lock: many readers or one writer, in the order of coming */

struct trine_rwlock {
    struct trine__held held; /* all private; its owner is the writer */
    struct trine__sync_lock lock;
    uint32_t readers;
    bool owner_died;
    struct trine__wait_list waits;
};
#define TRINE_RWLOCK_INIT                                                                          \
    {                                                                                              \
        .readers = 0                                                                               \
    }

/* A reader comes in with the readers only while no writer waits before it: neither side starves.
 * Errors as trine_mutex_lock(); reading twice in one task may be stopped by a writer between. */
#define trine_rwlock_read(rwlock) trine_rwlock_read_at((rwlock), TRINE__HERE)
TRINE_PUBLIC int trine_rwlock_read_at(struct trine_rwlock *rwlock, const char *site);
#define trine_rwlock_write(rwlock) trine_rwlock_write_at((rwlock), TRINE__HERE)
TRINE_PUBLIC int trine_rwlock_write_at(struct trine_rwlock *rwlock, const char *site);
TRINE_PUBLIC int trine_rwlock_try_read(struct trine_rwlock *rwlock);
#define trine_rwlock_try_write(rwlock) trine_rwlock_try_write_at((rwlock), TRINE__HERE)
TRINE_PUBLIC int trine_rwlock_try_write_at(struct trine_rwlock *rwlock, const char *site);
/* Ends the caller's reading or writing. -EPERM: somebody else writes, or nobody reads. Readers are
 * counted, not known: one that unlocks twice, or unlocks for another, is not noticed while others
 * read, and one that ends without unlocking keeps writers out. */
TRINE_PUBLIC int trine_rwlock_unlock(struct trine_rwlock *rwlock);

/* ---- event: a flag to wait for */

struct trine_event {
    struct trine__sync_lock lock; /* all private */
    bool set;
    bool auto_reset;
    struct trine__wait_list waits;
};
#define TRINE_EVENT_INIT                                                                           \
    {                                                                                              \
        .set = false                                                                               \
    }
/* Each set lets one waiter through; with nobody waiting one is remembered, and no more. */
#define TRINE_AUTO_EVENT_INIT                                                                      \
    {                                                                                              \
        .auto_reset = true                                                                         \
    }

/* Waits until it is set; is it set, without a switch. -ECANCELED, -ETIMEDOUT: one that resets
 * itself has kept its permit for another. When it has returned, the set that let it through
 * touches the event no more: its memory may go. */
TRINE_PUBLIC int trine_event_wait(struct trine_event *event);
/* Lets all who wait through, even if it is cleared at once, and all who come until then. */
TRINE_PUBLIC void trine_event_set(struct trine_event *event);
TRINE_PUBLIC void trine_event_clear(struct trine_event *event);
TRINE_PUBLIC bool trine_event_is_set(const struct trine_event *event);

/* ---- semaphore: so many at once */

struct trine_semaphore {
    struct trine__sync_lock lock; /* all private */
    uint32_t permits;
    uint32_t limit; /* 0: none */
    struct trine__wait_list waits;
};
#define TRINE_SEMAPHORE_INIT(permits)                                                              \
    {                                                                                              \
        { 0 }, (permits), 0,                                                                       \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }
/* One that refuses to hold more permits than it began with, which is at least 1. */
#define TRINE_BOUNDED_SEMAPHORE_INIT(permits)                                                      \
    {                                                                                              \
        { 0 }, (permits), (permits),                                                               \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }

#define trine_semaphore_acquire(semaphore)     trine_semaphore_acquire_many((semaphore), 1)
#define trine_semaphore_try_acquire(semaphore) trine_semaphore_try_acquire_many((semaphore), 1)
#define trine_semaphore_release(semaphore)     trine_semaphore_release_many((semaphore), 1)
/* Takes `count` permits at once; whoever waits for many is not starved by those who want few, who
 * wait behind it, and go on when it gives up.
 *
 * Errors:  -EINVAL: more than a bounded one can ever hold. -ECANCELED, -ETIMEDOUT: none taken. try:
 *          -EAGAIN: there are too few, or others wait before.
 * Waits:   this task or thread.
 * Threads: any. */
TRINE_PUBLIC int trine_semaphore_acquire_many(struct trine_semaphore *semaphore, uint32_t count);
TRINE_PUBLIC int trine_semaphore_try_acquire_many(struct trine_semaphore *semaphore,
                                                  uint32_t count);
/* -EOVERFLOW, and nothing changed: more than the limit (or 2^32-1). Threads: any, also who holds
 * none. */
TRINE_PUBLIC int trine_semaphore_release_many(struct trine_semaphore *semaphore, uint32_t count);
TRINE_PUBLIC uint32_t trine_semaphore_permits(const struct trine_semaphore *semaphore);

/* ---- barrier: all wait until all have come */

struct trine_barrier {
    struct trine__sync_lock lock; /* all private */
    uint32_t parties, arrived;
    bool broken;
    struct trine__wait_list waits;
};
#define TRINE_BARRIER_INIT(parties)                                                                \
    {                                                                                              \
        { 0 }, (parties), 0, false,                                                                \
        {                                                                                          \
            0, 0                                                                                   \
        }                                                                                          \
    }

/* Waits until `parties` callers are here; then all go on, and it is ready for the next round.
 * Returns: a number of its own for each, 0 to parties-1 in the order of coming (0: the leader).
 * Errors:  -EPIPE: it was broken by trine_barrier_abort(). -ECANCELED, -ETIMEDOUT: this caller
 *          leaves, the others wait on. */
TRINE_PUBLIC int trine_barrier_wait(struct trine_barrier *barrier);
/* Fails everybody who waits with -EPIPE; abort: and everybody who comes, until a reset. */
TRINE_PUBLIC void trine_barrier_abort(struct trine_barrier *barrier);
TRINE_PUBLIC void trine_barrier_reset(struct trine_barrier *barrier);

/* ---- capacity limiter: tokens owned by borrowers */

struct trine__borrower;
struct trine_limiter {
    struct trine__sync_lock lock; /* all private */
    uint32_t tokens, borrowed;
    struct trine__wait_list waits;
    struct trine__borrower *borrowers;
};
#define TRINE_LIMITER_INIT(tokens)                                                                 \
    {                                                                                              \
        { 0 }, (tokens), 0, { 0, 0 }, NULL                                                         \
    }

/* Borrows a token for the running task or thread; `on_behalf_of`: for whatever that address stands
 * for. A borrower that ends keeps its token; give it back before.
 *
 * Errors:  -EALREADY: this borrower has one, or waits for it. -ENOMEM. -ECANCELED, -ETIMEDOUT: not
 *          borrowed. try: -EAGAIN: all are lent, or others wait before.
 * Waits:   this task or thread.
 * Threads: any. */
TRINE_PUBLIC int trine_limiter_acquire(struct trine_limiter *limiter);
TRINE_PUBLIC int trine_limiter_acquire_for(struct trine_limiter *limiter, const void *on_behalf_of);
TRINE_PUBLIC int trine_limiter_try_acquire(struct trine_limiter *limiter);
TRINE_PUBLIC int trine_limiter_try_acquire_for(struct trine_limiter *limiter,
                                               const void *on_behalf_of);
/* Gives it back. -EPERM: this borrower has none. */
TRINE_PUBLIC int trine_limiter_release(struct trine_limiter *limiter);
TRINE_PUBLIC int trine_limiter_release_for(struct trine_limiter *limiter, const void *on_behalf_of);
/* Changes how many there are, 0 allowed, at any time: with more, waiters go on; with fewer, no
 * token is lent until enough have come back. */
TRINE_PUBLIC void trine_limiter_set_tokens(struct trine_limiter *limiter, uint32_t tokens);
TRINE_PUBLIC uint32_t trine_limiter_borrowed(const struct trine_limiter *limiter);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
/* The lock inside every primitive: held for a few instructions, never while anybody waits, wakes or
 * calls out. While the process has a single thread it costs nothing: tasks of one loop switch only
 * where they wait. */
#ifndef TRINE_SYNC_LOCK_H
#define TRINE_SYNC_LOCK_H

#include <sys/single_threaded.h>
#include <trine/sync.h>

/* Until nobody holds it. */
void trine__sync_lock_slow(struct trine__sync_lock *lock);

static inline void trine__sync_lock(struct trine__sync_lock *lock)
{
    uint32_t free = 0;
    if (!__libc_single_threaded && !__atomic_compare_exchange_n(&lock->word, &free, 1, false,
                                                                __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        trine__sync_lock_slow(lock);
}

/* False: somebody has it, now. */
static inline bool trine__sync_try_lock(struct trine__sync_lock *lock)
{
    uint32_t free = 0;
    return __libc_single_threaded ||
           __atomic_compare_exchange_n(&lock->word, &free, 1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static inline void trine__sync_unlock(struct trine__sync_lock *lock)
{
    if (!__libc_single_threaded)
        __atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
}

#endif

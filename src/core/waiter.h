/* SPDX-License-Identifier: MIT */
/* A waiter: a link and one function. Everything that can wait leaves one of these with what it
 * waits for.
 *
 * The rule that makes it sound: `wake` runs under the lock of the thing waited for, never blocks
 * and never re-enters; and a waiter is woken or unwatched, exactly one of the two. So once unwatch
 * returned true, or the wake has been seen, a waiter in the caller's frame is dead.
 *
 * A waiter whose `wake` is NULL is a callback to be run after the lock is released (see future.c).
 */
#ifndef TRINE_CORE_WAITER_H
#define TRINE_CORE_WAITER_H

struct trine__waiter {
    _Alignas(16) /* the word of a future keeps bits below the first waiter */
        struct trine__waiter *next,
        *prev; /* the circle of those who wait for the same thing */
    void (*wake)(struct trine__waiter *waiter);
};

#endif

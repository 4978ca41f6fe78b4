/* SPDX-License-Identifier: MIT */
/* Park and wake, with a cancel answer: the two verbs that every blocking call is made of.
 *
 *     struct trine__parker parker;
 *     trine__parker_init(&parker);                 who am I: a task, or a plain thread?
 *     ... leave it where the wake will come from ...
 *     error = trine__park(&parker, cancel, arg, "what for");
 *
 * Once left, park must be called; it returns 0 after trine__unpark(), or a negative code after
 * `cancel` has answered that the thing did not and will not happen. `cancel` answers
 * TRINE__CANCELLED (it took the parker back: resume now) or TRINE__CANCEL_PENDING (a wake is on its
 * way or the kernel still owns the buffer: park goes on waiting, and returns 0 when it comes).
 * NULL: cannot be cancelled.
 *
 * In a task, park switches to the next ready one; in a plain thread it blocks the thread. */
#ifndef TRINE_CORE_PARK_H
#define TRINE_CORE_PARK_H

#include "poll/op.h" /* enum trine__cancel */
#include <stdatomic.h>
#include <stdint.h>
#include <trine/scope.h>

struct trine__context;

typedef enum trine__cancel (*trine__cancel_fn)(void *arg);

enum {
    TRINE__PARKER_ARMED,
    TRINE__PARKER_SLEEPING,
    TRINE__PARKER_WOKEN,
    TRINE__PARKER_KICKED /* look at your scopes again */
};

struct trine__parker {
    struct trine__context *context;
    struct trine__mail mail;    /* brings a wake from another thread */
    struct trine__parker *next; /* for fair queues of parkers */
    trine__cancel_fn cancel;
    void *arg;
    const char *what; /* what it waits for, for reports */
    int result;
    _Atomic(uint32_t) state;
};

/* Here: the running task or thread. Returns 0, or the error that every blocking call meets here:
 * -EDEADLK in a loop's own thread outside tasks, TRINE_EFORKED; the parker is then not usable. */
int trine__parker_init(struct trine__parker *parker);
int trine__park(struct trine__parker *parker, trine__cancel_fn cancel, void *arg, const char *what);
/* From any thread, once. The parker may be gone when it returns. */
void trine__unpark(struct trine__parker *parker);

/* Brings a wake by mail. */
void trine__parker_deliver(struct trine__mail *mail);

/* The check that opens every blocking call: 0, or the code it has to fail with because a scope
 * around it is cancelled or over. Also gives the loop a turn when the task's budget is spent. */
int trine__checkpoint(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The bell that wake() rings: an eventfd and a word that says whether anybody sleeps beside it.
 *
 *        AWAKE --sleep--> ASLEEP --ring (writes the eventfd)--> RUNG
 *        AWAKE --ring (no system call)--> RUNG --sleep--> refused: only look, do not sleep
 *        anything --awake--> AWAKE
 *
 * Ringing while nobody sleeps thus costs one exchange. The eventfd is polled edge-triggered or read
 * by the ring, so a ring that comes too late only makes one later wait return without cause.
 * Ringing is safe in a signal handler, also one that interrupts the sleeper between sleep and the
 * system call. */
#ifndef TRINE_POLL_BELL_H
#define TRINE_POLL_BELL_H

#include "sys/sys.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

enum trine__bell_state { TRINE__BELL_AWAKE, TRINE__BELL_ASLEEP, TRINE__BELL_RUNG };

struct trine__bell {
    _Atomic(int) state;
    int fd;
};

static inline int trine__bell_open(struct trine__bell *bell)
{
    atomic_init(&bell->state, TRINE__BELL_AWAKE);
    bell->fd = trine__sys_eventfd(0);
    return bell->fd < 0 ? bell->fd : 0;
}

static inline void trine__bell_close(struct trine__bell *bell)
{
    if (bell->fd >= 0)
        trine__sys_close(bell->fd);
}

/* A lost ring is a loop that hangs, so no fault plan strikes it. */
static inline void trine__bell_ring(struct trine__bell *bell)
{
    if (atomic_exchange(&bell->state, TRINE__BELL_RUNG) == TRINE__BELL_ASLEEP)
        trine__sys_eventfd_ring(bell->fd);
}

/* False: it was rung since the last awake, the caller may not sleep now. */
static inline bool trine__bell_sleep(struct trine__bell *bell)
{
    int awake = TRINE__BELL_AWAKE;
    return atomic_compare_exchange_strong(&bell->state, &awake, TRINE__BELL_ASLEEP);
}

/* What was posted before the ring is visible after this. */
static inline void trine__bell_awake(struct trine__bell *bell)
{
    atomic_exchange(&bell->state, TRINE__BELL_AWAKE);
}

#endif

/* SPDX-License-Identifier: MIT */
/* Timers: a 4-ary heap of (deadline, timer) pairs, cancelled in place.
 *
 * Four children share a cache line, and the deadline stands in the heap itself, so sifting touches
 * no timer but those it moves. Each timer knows its place: most timeouts are cancelled before they
 * fire, and that must not leave anything behind. Equal deadlines fire in the order of starting.
 * Never early. */
#ifndef TRINE_CORE_TIMER_H
#define TRINE_CORE_TIMER_H

#include <stddef.h>
#include <stdint.h>
#include <trine/scope.h>

struct trine__timer_slot {
    int64_t deadline;
    struct trine__timer *timer;
};

struct trine__timers {
    struct trine__timer_slot *slots; /* slots[1] is the earliest */
    size_t count, capacity;
    uint64_t sequence;
};

/* Room for at least one more timer, so that the next start cannot fail. -ENOMEM. */
int trine__timers_reserve(struct trine__timers *timers);
void trine__timers_done(struct trine__timers *timers);

/* Arms `timer` (its `fire` set, not armed) for `deadline`. -ENOMEM. */
int trine__timer_start(struct trine__timers *timers, struct trine__timer *timer, int64_t deadline);
/* Disarms; does nothing if it is not armed. */
void trine__timer_stop(struct trine__timers *timers, struct trine__timer *timer);
/* Fires everything due at `now`, earliest first, but for what is started meanwhile. A timer is
 * disarmed before it fires. */
void trine__timers_fire(struct trine__timers *timers, int64_t now);

/* The next deadline, INT64_MAX if there is none. */
static inline int64_t trine__timers_next(const struct trine__timers *timers)
{
    return timers->count > 0 ? timers->slots[1].deadline : INT64_MAX;
}

#endif

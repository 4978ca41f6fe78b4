/* SPDX-License-Identifier: MIT */
/* Timers: a 4-ary heap of deadlines, cancelled in place.
 *
 *     slots    [ deadline, number, sequence ]   the heap; four children share a cache line
 *     indices  number -> place in heap or batch so a timer can be stopped without a search
 *     timers   number -> the timer
 *
 * Timers lie in the frames of those who wait, which among very many are cold, each in a page of its
 * own. So a timer knows only its number, and sifting stays within the two dense arrays: of a timer
 * nothing is touched but when it starts, stops or fires. Most timeouts are cancelled before they
 * fire, and that must not leave anything behind. Equal deadlines fire in the order of starting (of
 * any two less than 2^31 starts apart). Never early. */
#ifndef TRINE_CORE_TIMER_H
#define TRINE_CORE_TIMER_H

#include <stddef.h>
#include <stdint.h>
#include <trine/scope.h>

struct trine__timer_slot {
    int64_t deadline;
    uint32_t number, sequence;
};

/* Taken out of the heap together before the first of them fires, so that their pages are fetched
 * all at once. Until it fires, each may still be stopped. */
#define TRINE__TIMERS_BATCH 32

struct trine__timers {
    struct trine__timer_slot *slots; /* slots[1] is the earliest */
    uint32_t *indices;               /* of a free number: the next free one */
    struct trine__timer **timers;
    size_t count, capacity;
    uint32_t free;   /* the first number given back; 0: none */
    uint32_t unused; /* numbers from here on have never been given */
    uint32_t sequence;
    uint32_t batch[TRINE__TIMERS_BATCH]; /* about to fire; 0: stopped meanwhile */
};

/* Room for at least one more timer, so that the next start cannot fail. -ENOMEM. */
int trine__timers_reserve(struct trine__timers *timers);
void trine__timers_done(struct trine__timers *timers);

/* Arms `timer` (its `fire` set, not armed) for `deadline`. -ENOMEM. */
int trine__timer_start(struct trine__timers *timers, struct trine__timer *timer, int64_t deadline);
/* Disarms; does nothing if it is not armed. */
void trine__timer_stop(struct trine__timers *timers, struct trine__timer *timer);
/* Fires what is due at `now`, earliest first, at most `max`, but for what is started meanwhile;
 * returns how many. A timer is disarmed before it fires. */
size_t trine__timers_fire(struct trine__timers *timers, int64_t now, size_t max);

/* The next deadline, INT64_MAX if there is none. */
static inline int64_t trine__timers_next(const struct trine__timers *timers)
{
    return timers->count > 0 ? timers->slots[1].deadline : INT64_MAX;
}

#endif

/* SPDX-License-Identifier: MIT */
/* A bounded ring of jobs: any thread appends, workers take.
 *
 *        head: next job nobody has claimed        tail: published so far
 *          v                                        v
 *     | taken | claimed by a worker | ... waiting ... |      free       |
 *
 * Appending is guarded by a lock that only those who append touch, so it stays in their caches. A
 * worker claims a few jobs at once, by moving the head: the fewer are left, the fewer it claims.
 * The claim is a range in the worker's own word, from which idle workers may take the further half:
 * a job never stays behind a long one while somebody is idle. A cell is emptied when its job is
 * taken, and that is how those who append see that there is room.
 *
 * Whoever appends and then finds the workers asleep must wake one, and a worker must look here once
 * more after it has said that it sleeps; so publishing, claiming and taking are sequentially
 * consistent. */
#ifndef TRINE_EXEC_JOB_RING_H
#define TRINE_EXEC_JOB_RING_H

#include "exec/job.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct trine__job_ring {
    _Atomic(struct trine__job *) *cells;
    uint32_t mask, limit;
    _Alignas(128) _Atomic(uint32_t) lock; /* of those who append */
    _Atomic(uint32_t) tail;
    _Alignas(128) _Atomic(uint32_t) head;
};

/* What a worker has claimed: [first, end), first in the low half. */
struct trine__job_range {
    _Alignas(128) _Atomic(uint64_t) word;
};

/* Room for `limit` jobs, not one more. -ENOMEM. */
int trine__job_ring_init(struct trine__job_ring *ring, uint32_t limit);
void trine__job_ring_done(struct trine__job_ring *ring);
/* False: full. */
bool trine__job_ring_append(struct trine__job_ring *ring, struct trine__job *job);
/* A job out of `own`, or newly claimed, at most a share of 1/`sharers` of what waits; NULL: there
 * is none. */
struct trine__job *trine__job_ring_take(struct trine__job_ring *ring, struct trine__job_range *own,
                                        unsigned sharers);
/* Takes from another worker's range, half of it, and keeps the rest in `own`, which is empty. */
struct trine__job *trine__job_ring_steal(struct trine__job_ring *ring, struct trine__job_range *own,
                                         struct trine__job_range *from);

static inline bool trine__job_ring_empty(struct trine__job_ring *ring)
{
    return atomic_load(&ring->tail) == atomic_load(&ring->head);
}

static inline bool trine__job_range_empty(struct trine__job_range *range)
{
    uint64_t word = atomic_load(&range->word);
    return (uint32_t)word == (uint32_t)(word >> 32);
}

#endif

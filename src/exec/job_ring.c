/* SPDX-License-Identifier: MIT */
#include "exec/job_ring.h"
#include "sys/sys.h"
#include "thread/pause.h"

#define CLAIM_MAX          32
#define SPINS_BEFORE_YIELD 64

int trine__job_ring_init(struct trine__job_ring *ring, uint32_t limit)
{
    uint32_t size = 1;
    while (size < limit)
        size *= 2;
    ring->cells = trine__alloc_zero(size, sizeof *ring->cells);
    ring->mask = size - 1;
    ring->limit = limit;
    return ring->cells != NULL ? 0 : -ENOMEM;
}

void trine__job_ring_done(struct trine__job_ring *ring)
{
    trine__free(ring->cells);
}

static void lock(struct trine__job_ring *ring)
{
    for (unsigned spins = 0; atomic_exchange_explicit(&ring->lock, 1, memory_order_acquire) != 0;) {
        while (atomic_load_explicit(&ring->lock, memory_order_relaxed) != 0) {
            if (++spins % SPINS_BEFORE_YIELD == 0)
                trine__sys_thread_yield();
            else
                trine__pause();
        }
    }
}

bool trine__job_ring_append(struct trine__job_ring *ring, struct trine__job *job)
{
    lock(ring);
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    bool room = atomic_load(&ring->cells[(tail - ring->limit) & ring->mask]) == NULL;
    if (room) {
        atomic_store_explicit(&ring->cells[tail & ring->mask], job, memory_order_relaxed);
        atomic_exchange(&ring->tail, tail + 1);
    }
    atomic_store_explicit(&ring->lock, 0, memory_order_release);
    return room;
}

/* What will be needed in a moment: the job's head, to be written, and its record. */
static void look_ahead(struct trine__job_ring *ring, uint32_t at)
{
    struct trine__job *job =
        atomic_load_explicit(&ring->cells[at & ring->mask], memory_order_relaxed);
    __builtin_prefetch(job, 1);
    __builtin_prefetch((char *)job + sizeof *job, 1);
}

static struct trine__job *empty_cell(struct trine__job_ring *ring, uint32_t at)
{
    return atomic_exchange(&ring->cells[at & ring->mask], NULL);
}

static uint64_t range(uint32_t first, uint32_t end)
{
    return (uint64_t)end << 32 | first;
}

static struct trine__job *take_own(struct trine__job_ring *ring, struct trine__job_range *own)
{
    uint64_t word = atomic_load_explicit(&own->word, memory_order_relaxed);
    for (;;) {
        uint32_t first = (uint32_t)word, end = (uint32_t)(word >> 32);
        if (first == end)
            return NULL;
        if (atomic_compare_exchange_weak(&own->word, &word, range(first + 1, end))) {
            if (end - first > 2)
                look_ahead(ring, first + 2);
            return empty_cell(ring, first);
        }
    }
}

static struct trine__job *claim(struct trine__job_ring *ring, struct trine__job_range *own,
                                unsigned sharers)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    for (;;) {
        uint32_t waiting = atomic_load_explicit(&ring->tail, memory_order_acquire) - head;
        if ((int32_t)waiting <= 0) {
            uint32_t now = atomic_load(&ring->head);
            if (now == head)
                return NULL;
            head = now;
            continue;
        }
        uint32_t count = waiting / sharers;
        count = count < 1 ? 1 : count > CLAIM_MAX ? CLAIM_MAX : count;
        if (!atomic_compare_exchange_weak(&ring->head, &head, head + count))
            continue;
        if (count > 1) {
            look_ahead(ring, head + 1);
            atomic_store(&own->word, range(head + 1, head + count));
        }
        return empty_cell(ring, head);
    }
}

struct trine__job *trine__job_ring_take(struct trine__job_ring *ring, struct trine__job_range *own,
                                        unsigned sharers)
{
    struct trine__job *job = take_own(ring, own);
    return job != NULL ? job : claim(ring, own, sharers);
}

struct trine__job *trine__job_ring_steal(struct trine__job_ring *ring, struct trine__job_range *own,
                                         struct trine__job_range *from)
{
    uint64_t word = atomic_load(&from->word);
    for (;;) {
        uint32_t first = (uint32_t)word, end = (uint32_t)(word >> 32);
        uint32_t middle = first + (end - first) / 2;
        if (first == end)
            return NULL;
        if (atomic_compare_exchange_weak(&from->word, &word, range(first, middle))) {
            atomic_store(&own->word, range(middle + 1, end));
            return empty_cell(ring, middle);
        }
    }
}

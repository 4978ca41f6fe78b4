// SPDX-License-Identifier: MIT
/* W8, the limit: one single-producer ring ("lane") for each of two workers. The tail is published
 * once for 16 jobs; nothing on the way is a read-modify-write; a worker is woken only if it sleeps.
 */
#include "../common/pool.h"
#include "futex.h"
#include <pthread.h>
#include <stdbool.h>

#define LANE_LEN 1024
#define BATCH    16

struct job {
    long arg;
    struct limit_future *future;
};

struct lane {
    _Alignas(128) _Atomic uint32_t tail; /* published by the submitter */
    _Atomic uint32_t asleep;
    uint32_t filled; /* the submitter's own, ahead of tail */
    _Alignas(128) struct job jobs[LANE_LEN];
};

static struct lane lanes[2];

/* The jobs published after `done`; sleeps while there are none. */
static uint32_t lane_wait(struct lane *lane, uint32_t done)
{
    for (;;) {
        for (int i = 0; i < LIMIT_SPIN; i++) {
            uint32_t tail = atomic_load_explicit(&lane->tail, memory_order_acquire);
            if (tail != done)
                return tail;
            limit_relax();
        }
        atomic_store(&lane->asleep, 1);
        if (atomic_load(&lane->tail) == done)
            limit_futex_wait(&lane->tail, done);
        atomic_store(&lane->asleep, 0);
    }
}

static void *work(void *arg)
{
    struct lane *lane = arg;
    for (uint32_t done = 0;;) {
        uint32_t tail = lane_wait(lane, done);
        for (; done != tail; done++) {
            struct job *job = &lane->jobs[done % LANE_LEN];
            job->future->result = job->arg + 1;
            atomic_store_explicit(&job->future->state, LIMIT_DONE, memory_order_release);
        }
    }
    return NULL;
}

static void publish(struct lane *lane)
{
    if (atomic_load_explicit(&lane->tail, memory_order_relaxed) == lane->filled)
        return;
    atomic_store(&lane->tail, lane->filled);
    if (atomic_load(&lane->asleep))
        limit_futex_wake(&lane->tail);
}

/* A lane cannot overflow here: a window is shorter than it, and windows are waited for. */
static void submit(long k, long arg, struct limit_future *future)
{
    struct lane *lane = &lanes[k / BATCH % 2];
    atomic_store_explicit(&future->state, LIMIT_PENDING, memory_order_relaxed);
    lane->jobs[lane->filled++ % LANE_LEN] = (struct job){ arg, future };
    if (lane->filled % BATCH == 0)
        publish(lane);
}

/* Spins only: a worker that runs is a few hundred nanoseconds away. */
static long await(struct limit_future *future)
{
    for (int i = 0; atomic_load_explicit(&future->state, memory_order_acquire) != LIMIT_DONE; i++) {
        if (i % LIMIT_SPIN == LIMIT_SPIN - 1)
            sched_yield();
        limit_relax();
    }
    return future->result;
}

static long pool_window(long first, long len)
{
    static struct limit_future futures[BENCH_WINDOW];
    long sum = 0;
    for (long k = 0; k < len; k++)
        submit(k, first + k, &futures[k]);
    publish(&lanes[0]);
    publish(&lanes[1]);
    for (long k = 0; k < len; k++)
        sum += await(&futures[k]);
    return sum;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    for (int i = 0; i < 2; i++)
        pthread_create(&thread, NULL, work, &lanes[i]);
    bench_pool(argc, argv, 2000000);
    return 0;
}

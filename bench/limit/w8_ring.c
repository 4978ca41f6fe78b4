// SPDX-License-Identifier: MIT
/* W8, the limit for many submitters and many workers: one bounded ring with a sequence number in
 * every cell, two workers that spin a little and then sleep on a futex; a waker asks the kernel
 * only if the sleepers' count says so. */
#include "../common/pool.h"
#include "futex.h"
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#define RING_LEN 4096

struct cell {
    _Atomic uint32_t turn;
    long arg;
    struct limit_future *future;
};

static struct cell ring[RING_LEN];
static _Alignas(128) _Atomic uint32_t head;
static _Alignas(128) _Atomic uint32_t tail;
static _Alignas(128) _Atomic uint32_t epoch; /* what sleepers wait on */
static _Atomic uint32_t sleepers;

/* Claims the next cell at `cursor` whose turn is `ahead` of it; NULL when there is none. */
static struct cell *claim(_Atomic uint32_t *cursor, uint32_t ahead)
{
    uint32_t at = atomic_load_explicit(cursor, memory_order_relaxed);
    for (;;) {
        struct cell *cell = &ring[at % RING_LEN];
        uint32_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
        int32_t distance = (int32_t)(turn - (at + ahead));
        if (distance < 0)
            return NULL;
        if (distance > 0)
            at = atomic_load_explicit(cursor, memory_order_relaxed);
        else if (atomic_compare_exchange_weak(cursor, &at, at + 1))
            return cell;
    }
}

/* After a claim the cell is ours alone, so its turn is what it was. */
static void hand_on(struct cell *cell, uint32_t by)
{
    uint32_t turn = atomic_load_explicit(&cell->turn, memory_order_relaxed);
    atomic_store_explicit(&cell->turn, turn + by, memory_order_release);
}

static bool run_one(void)
{
    struct cell *cell = claim(&head, 1);
    if (cell == NULL)
        return false;
    long arg = cell->arg;
    struct limit_future *future = cell->future;
    hand_on(cell, RING_LEN - 1);
    limit_complete(future, arg + 1);
    return true;
}

static void rest(void)
{
    uint32_t seen = atomic_load(&epoch);
    atomic_fetch_add(&sleepers, 1);
    if (!run_one())
        limit_futex_wait(&epoch, seen);
    atomic_fetch_sub(&sleepers, 1);
}

static void *work(void *arg)
{
    for (;;) {
        int idle = 0;
        for (; idle < LIMIT_SPIN && !run_one(); idle++)
            limit_relax();
        if (idle == LIMIT_SPIN)
            rest();
    }
    return arg;
}

static void submit(long arg, struct limit_future *future)
{
    struct cell *cell;
    atomic_store_explicit(&future->state, LIMIT_PENDING, memory_order_relaxed);
    while ((cell = claim(&tail, 0)) == NULL)
        sched_yield();
    cell->arg = arg;
    cell->future = future;
    hand_on(cell, 1);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&sleepers) > 0) {
        atomic_fetch_add(&epoch, 1);
        limit_futex_wake(&epoch);
    }
}

static long pool_window(long first, long len)
{
    static struct limit_future futures[BENCH_WINDOW];
    long sum = 0;
    for (long k = 0; k < len; k++)
        submit(first + k, &futures[k]);
    for (long k = 0; k < len; k++)
        sum += limit_await(&futures[k]);
    return sum;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    for (uint32_t i = 0; i < RING_LEN; i++)
        atomic_store(&ring[i].turn, i);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread, NULL, work, NULL);
    bench_pool(argc, argv, 1000000);
    return 0;
}

// SPDX-License-Identifier: MIT
/* W3, the limits: what a lock costs at least. Among tasks of one thread a plain word that nobody
 * else writes meanwhile; among threads a word in three states (free, held, held and awaited) with
 * the kernel's wait behind it; the same for one permit of a counting word. */
#include "../common/pair.h"
#include "futex.h"

/* Keeps the compiler from making one of two turns. */
#define OBSERVED() __asm__ volatile("" ::: "memory")

static uint32_t plain_owner, plain_permits = 1;

static void plain_lock_turns(long count)
{
    for (long i = 0; i < count; i++) {
        if (plain_owner != 0)
            abort();
        plain_owner = 1;
        OBSERVED();
        bench_turns++;
        OBSERVED();
        plain_owner = 0;
        OBSERVED();
    }
}

static void plain_semaphore_turns(long count)
{
    for (long i = 0; i < count; i++) {
        if (plain_permits == 0)
            abort();
        plain_permits--;
        OBSERVED();
        bench_turns++;
        OBSERVED();
        plain_permits++;
        OBSERVED();
    }
}

enum { FREE, HELD, AWAITED };
static _Alignas(128) _Atomic uint32_t word;

static void lock(void)
{
    uint32_t seen = FREE;
    if (atomic_compare_exchange_strong(&word, &seen, HELD))
        return;
    for (int i = 0; i < LIMIT_SPIN; i++) {
        seen = FREE;
        if (atomic_load_explicit(&word, memory_order_relaxed) == FREE &&
            atomic_compare_exchange_strong(&word, &seen, HELD))
            return;
        limit_relax();
    }
    while (atomic_exchange(&word, AWAITED) != FREE)
        limit_futex_wait(&word, AWAITED);
}

static void unlock(void)
{
    if (atomic_exchange(&word, FREE) == AWAITED)
        limit_futex_wake(&word);
}

static void lock_turns(long count)
{
    for (long i = 0; i < count; i++) {
        lock();
        bench_turns++;
        unlock();
    }
}

static struct {
    _Alignas(128) _Atomic uint32_t permits;
    _Atomic uint32_t sleepers;
} semaphore = { .permits = 1 };

static int try_acquire(void)
{
    uint32_t permits = atomic_load_explicit(&semaphore.permits, memory_order_relaxed);
    while (permits > 0)
        if (atomic_compare_exchange_weak(&semaphore.permits, &permits, permits - 1))
            return 1;
    return 0;
}

static void acquire(void)
{
    for (int i = 0; i < LIMIT_SPIN; i++) {
        if (try_acquire())
            return;
        limit_relax();
    }
    atomic_fetch_add(&semaphore.sleepers, 1);
    while (!try_acquire())
        limit_futex_wait(&semaphore.permits, 0);
    atomic_fetch_sub(&semaphore.sleepers, 1);
}

static void release(void)
{
    atomic_fetch_add(&semaphore.permits, 1);
    if (atomic_load(&semaphore.sleepers) > 0)
        limit_futex_wake(&semaphore.permits);
}

static void semaphore_turns(long count)
{
    for (long i = 0; i < count; i++) {
        acquire();
        bench_turns++;
        release();
    }
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 10000000);
    bench_alone("mutex_alone", plain_lock_turns, count);
    bench_alone("semaphore_alone", plain_semaphore_turns, count);
    bench_alone("mutex_alone_safe", lock_turns, count);
    bench_alone("semaphore_alone_safe", semaphore_turns, count);
    bench_two_threads("mutex_threads", lock_turns, count / 5);
    bench_two_threads("semaphore_threads", semaphore_turns, count / 5);
    return 0;
}

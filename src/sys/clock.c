/* SPDX-License-Identifier: MIT */
/* The clocks, and the one that can be simulated.
 *
 * Simulated time is one number that all threads see; it moves only when it is told to, so a test of
 * an hour's timeout takes no time and repeats exactly. */
#include "sys/sys.h"
#include <stdatomic.h>

static atomic_int simulated;
static _Atomic int64_t simulated_now;

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t trine__clock_monotonic(void)
{
    if (__builtin_expect(atomic_load_explicit(&simulated, memory_order_acquire), 0))
        return atomic_load_explicit(&simulated_now, memory_order_acquire);
    return read_clock(CLOCK_MONOTONIC);
}

int64_t trine__clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t trine__clock_cpu(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t trine__clock_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void trine__clock_simulate(int64_t start)
{
    atomic_store_explicit(&simulated_now, start, memory_order_release);
    atomic_store_explicit(&simulated, 1, memory_order_release);
}

void trine__clock_advance_to(int64_t deadline)
{
    int64_t now = atomic_load_explicit(&simulated_now, memory_order_acquire);
    while (deadline > now &&
           !atomic_compare_exchange_weak_explicit(&simulated_now, &now, deadline,
                                                  memory_order_acq_rel, memory_order_acquire))
        continue;
}

void trine__clock_real(void)
{
    atomic_store_explicit(&simulated, 0, memory_order_release);
}

int trine__clock_simulated(void)
{
    return atomic_load_explicit(&simulated, memory_order_acquire);
}

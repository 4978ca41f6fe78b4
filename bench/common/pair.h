/* SPDX-License-Identifier: MIT */
/* What W3's programs in C share: wall and CPU time of two sides, and the measuring loops that are
 * the same for every lock, with two threads on two cores. A turn is one lock and one unlock, with
 * one step of bench_turns between. */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include "bench.h"
#include <pthread.h>
#include <sched.h>

/* The calling thread stays on core 0 or 1 of those that the process may use: left alone, the kernel
 * may put both sides on one. Called first before there are other threads. */
static inline void bench_stay_on_core(int which)
{
    static cpu_set_t all;
    cpu_set_t one;
    int core = 0;
    if (CPU_COUNT(&all) == 0 && sched_getaffinity(0, sizeof all, &all) != 0)
        bench_die("sched_getaffinity");
    for (int left = which % CPU_COUNT(&all); !CPU_ISSET(core, &all) || left-- > 0;)
        core++;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    if (pthread_setaffinity_np(pthread_self(), sizeof one, &one) != 0)
        bench_die("pthread_setaffinity_np");
}

static long bench_turns; /* taken, by all sides; written by whoever holds the lock */

static inline void bench_check_turns(long taken)
{
    if (bench_turns != taken) {
        fprintf(stderr, "%ld turns of %ld\n", bench_turns, taken);
        exit(1);
    }
    bench_turns = 0;
}

/* `turns` takes `count` turns, without a switch between. */
static inline void bench_alone(const char *key, void (*turns)(long count), long count)
{
    uint64_t cpu = bench_cpu();
    turns(count);
    bench_report(key, (double)(bench_cpu() - cpu) / (double)count, "ns");
    bench_check_turns(count);
}

/* What a step took: wall time under the key, CPU time of both sides under `key`_cpu. */
static inline void bench_report_pair(const char *key, uint64_t wall, uint64_t cpu, long steps)
{
    char cpu_key[80];
    snprintf(cpu_key, sizeof cpu_key, "%s_cpu", key);
    bench_report(key, (double)wall / (double)steps, "ns");
    bench_report(cpu_key, (double)cpu / (double)steps, "ns");
}

struct bench_side {
    void (*turns)(long count);
    long count;
};

static int bench_ready; /* sides that are about to begin */

/* Neither begins before both are there: one may be through before the other is. */
static inline void bench_wait_for_both(void)
{
    __atomic_add_fetch(&bench_ready, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&bench_ready, __ATOMIC_SEQ_CST) < 2)
        ;
}

static inline void *bench_other_side(void *arg)
{
    const struct bench_side *side = arg;
    bench_stay_on_core(0);
    bench_wait_for_both();
    side->turns(side->count);
    return NULL;
}

static inline void bench_two_threads(const char *key, void (*turns)(long count), long count)
{
    struct bench_side side = { turns, count / 2 };
    pthread_t thread;
    bench_ready = 0;
    bench_stay_on_core(1);
    if (pthread_create(&thread, NULL, bench_other_side, &side) != 0)
        bench_die("pthread_create");
    bench_wait_for_both();
    uint64_t wall = bench_wall(), cpu = bench_cpu();
    turns(side.count);
    pthread_join(thread, NULL);
    bench_report_pair(key, bench_wall() - wall, bench_cpu() - cpu, 2 * side.count);
    bench_check_turns(2 * side.count);
}

#endif

/* SPDX-License-Identifier: MIT */
/* W8's measuring loop, the same for every pool in C: submit -> future -> result, an empty job.
 * The program defines pool_window(): submits `len` jobs, waits for all, adds up their results. */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "bench.h"

#define BENCH_WINDOW 1000
#define BENCH_PAUSE  200000u /* ns: long enough for idle workers to go to sleep */

static long pool_window(long first, long len);

static inline void bench_pause(void)
{
    uint64_t until = bench_wall() + BENCH_PAUSE;
    while (bench_wall() < until)
        ;
}

static inline void bench_check(long sum, long jobs)
{
    if (sum != jobs * (jobs + 1) / 2) {
        fprintf(stderr, "wrong results: %ld\n", sum);
        exit(1);
    }
}

static inline void bench_pool_windows(long jobs)
{
    long sum = 0;
    uint64_t wall = bench_wall(), cpu = bench_cpu();
    for (long i = 0; i < jobs; i += BENCH_WINDOW)
        sum += pool_window(i, BENCH_WINDOW);
    bench_report("pool_wall", (double)(bench_wall() - wall) / (double)jobs, "ns");
    bench_report("pool_cpu", (double)(bench_cpu() - cpu) / (double)jobs, "ns");
    bench_check(sum, jobs);
}

static inline void bench_pool_singles(long jobs)
{
    long sum = 0;
    uint64_t wall = bench_wall();
    for (long i = 0; i < jobs; i++)
        sum += pool_window(i, 1);
    bench_report("single_wall", (double)(bench_wall() - wall) / (double)jobs, "ns");
    bench_check(sum, jobs);
}

/* One at a time, with a pause before each in which the workers fall asleep. */
static inline void bench_pool_asleep(long jobs)
{
    long sum = 0;
    uint64_t spent = 0;
    for (long i = 0; i < jobs; i++) {
        bench_pause();
        uint64_t wall = bench_wall();
        sum += pool_window(i, 1);
        spent += bench_wall() - wall;
    }
    bench_report("asleep_wall", (double)spent / (double)jobs, "ns");
    bench_check(sum, jobs);
}

static inline void bench_pool(int argc, char **argv, long jobs)
{
    jobs = bench_count(argc, argv, jobs);
    bench_pool_windows(jobs - jobs % BENCH_WINDOW);
    bench_pool_singles(jobs / 10);
    bench_pool_asleep(bench_count(argc, argv, 3000));
}

#endif

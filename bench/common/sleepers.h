/* SPDX-License-Identifier: MIT */
/* W4's account of one round of sleepers: CPU, wall, and how late they woke. */
#ifndef BENCH_SLEEPERS_H
#define BENCH_SLEEPERS_H

#include "bench.h"

struct bench_round {
    uint64_t wall, cpu;
    double late_sum, late_max; /* ns; negative when woken too early */
    long woken;
};

static inline void bench_round_begin(struct bench_round *round)
{
    memset(round, 0, sizeof *round);
    round->late_max = -1e18;
    round->cpu = bench_cpu();
    round->wall = bench_wall();
}

/* How long the i-th sleeper sleeps: 0 to 1 s. */
static inline uint64_t bench_sleep_ns(uint64_t i)
{
    return bench_random(i) % 1000000000u;
}

static inline void bench_round_woken(struct bench_round *round, uint64_t now, uint64_t deadline)
{
    double late = (double)now - (double)deadline;
    round->late_sum += late;
    if (late > round->late_max)
        round->late_max = late;
    round->woken++;
}

/* `name` is fresh (the first round of a process) or warm (the next one). */
static inline void bench_round_report(const struct bench_round *round, const char *name)
{
    const double cpu = (double)(bench_cpu() - round->cpu),
                 wall = (double)(bench_wall() - round->wall);
    printf("%s_cpu %.6g s\n", name, cpu / 1e9);
    printf("%s_wall %.6g s\n", name, wall / 1e9);
    printf("%s_late_mean %.6g ms\n", name, round->late_sum / (double)round->woken / 1e6);
    printf("%s_late_max %.6g ms\n", name, round->late_max / 1e6);
    fflush(stdout);
}

#endif

// SPDX-License-Identifier: MIT
/* W1: two kernel threads on one core handing a turn to each other, by futex (default) or
 * sched_yield: what a switch of tasks replaces. */
#include "../../common/bench.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

static _Atomic uint32_t turn;
static long rounds;

static void *hand_over(void *arg)
{
    uint32_t me = arg != NULL;
    for (long i = 0; i < rounds; i++) {
        while (atomic_load(&turn) != me)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !me, NULL, NULL, 0);
        atomic_store(&turn, !me);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

static void *yield(void *arg)
{
    for (long i = 0; i < rounds; i++)
        sched_yield();
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    void *(*body)(void *) = argc > 2 && strcmp(argv[2], "sched_yield") == 0 ? yield : hand_over;
    rounds = bench_count(argc, argv, 400000);
    uint64_t start = bench_cpu();
    for (intptr_t i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, body, (void *)i);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    bench_report("yield_2", (double)(bench_cpu() - start) / (2.0 * (double)rounds), "ns");
    return 0;
}

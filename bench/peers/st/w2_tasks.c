// SPDX-License-Identifier: MIT
/* W2, State Threads: spawn and join; 20,000 parked threads (their stacks are unguarded). */
#include "../../common/guards.h"
#include <st.h>

static st_cond_t never;

static void *nothing(void *arg)
{
    return arg;
}

static void *park(void *arg)
{
    st_cond_wait(never);
    return arg;
}

static void spawn(long tasks)
{
    static st_thread_t batch[1000];
    uint64_t start = bench_cpu();
    for (long i = 0; i < tasks; i++)
        st_thread_join(st_thread_create(nothing, NULL, 1, 0), NULL);
    bench_report("spawn_one", (double)(bench_cpu() - start) / (double)tasks, "ns");

    start = bench_cpu();
    for (long round = 0; round < tasks / 1000; round++) {
        for (long i = 0; i < 1000; i++)
            batch[i] = st_thread_create(nothing, NULL, 1, 0);
        for (long i = 0; i < 1000; i++)
            st_thread_join(batch[i], NULL);
    }
    bench_report("spawn_1000", (double)(bench_cpu() - start) / (double)tasks, "ns");
}

static void alive(long wanted)
{
    long count = 0;
    double before = bench_memory();
    uint64_t start = bench_cpu();
    while (count < wanted && st_thread_create(park, NULL, 0, 0) != NULL)
        count++;
    st_usleep(0);
    bench_report("parked_create", (double)(bench_cpu() - start) / (double)count, "ns");
    bench_report("parked_bytes", (bench_memory() - before) / (double)count, "B");
    bench_report("parked_count", (double)count, "tasks");
    bench_report("parked_maps", (double)bench_maps(), "maps");
    bench_report("parked_guards", (double)bench_guards(), "guards");
}

int main(int argc, char **argv)
{
    st_set_eventsys(ST_EVENTSYS_ALT);
    st_init();
    never = st_cond_new();
    alive(bench_count(argc, argv, 20000)); /* first: later it would find the batch's stacks */
    spawn(bench_count(argc, argv, 1000000));
    _exit(0);
}

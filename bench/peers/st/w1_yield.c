// SPDX-License-Identifier: MIT
/* W1, State Threads: a turn handed round by condition variables (its zero sleep, the other way to
 * yield, goes through the timer heap and costs ten times as much). */
#include "../../common/bench.h"
#include <st.h>

static st_cond_t turns[1000];
static long current, laps, members;

static void *take_turns(void *arg)
{
    long self = (long)(intptr_t)arg;
    for (long i = 0; i < laps; i++) {
        while (current != self)
            st_cond_wait(turns[self]);
        current = (self + 1) % members;
        st_cond_signal(turns[current]);
    }
    return NULL;
}

static double round_robin(long count, long switches)
{
    static st_thread_t threads[1000];
    members = count;
    laps = switches / count;
    current = 0;
    uint64_t start = bench_cpu();
    for (long i = 0; i < count; i++)
        threads[i] = st_thread_create(take_turns, (void *)(intptr_t)i, 1, 0);
    for (long i = 0; i < count; i++)
        st_thread_join(threads[i], NULL);
    return (double)(bench_cpu() - start) / (double)(laps * count);
}

int main(int argc, char **argv)
{
    long switches = bench_count(argc, argv, 20000000);
    st_set_eventsys(ST_EVENTSYS_ALT);
    st_init();
    for (int i = 0; i < 1000; i++)
        turns[i] = st_cond_new();
    bench_report("yield_2", round_robin(2, switches), "ns");
    bench_report("yield_1000", round_robin(1000, switches), "ns");
    return 0;
}

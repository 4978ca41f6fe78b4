// SPDX-License-Identifier: MIT
/* W4, State Threads: 20,000 threads, each sleeping 0 to 1 s.
 */
#include "../../common/sleepers.h"
#include <st.h>

static struct bench_round current;

static void *sleeper(void *arg)
{
    uint64_t deadline = bench_wall() + (uint64_t)(uintptr_t)arg;
    st_usleep((uint64_t)(uintptr_t)arg / 1000);
    bench_round_woken(&current, bench_wall(), deadline);
    return NULL;
}

static void measure(const char *name, st_thread_t *threads, long count)
{
    bench_round_begin(&current);
    for (long i = 0; i < count; i++)
        threads[i] =
            st_thread_create(sleeper, (void *)(uintptr_t)bench_sleep_ns((uint64_t)i), 1, 0);
    for (long i = 0; i < count; i++)
        st_thread_join(threads[i], NULL);
    bench_round_report(&current, name);
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 20000);
    st_thread_t *threads = malloc((size_t)count * sizeof *threads);
    st_set_eventsys(ST_EVENTSYS_ALT);
    st_init();
    measure("fresh", threads, count);
    measure("warm", threads, count);
    bench_report("timers_peak", bench_peak_mib(), "MiB");
    return 0;
}

// SPDX-License-Identifier: MIT
/* W1, Trine: trine_yield() in two and in a thousand tasks. */
#include "app.h"

static int take_turns(void *arg)
{
    const long *laps = arg;
    for (long i = 0; i < *laps; i++)
        trine_yield();
    return 0;
}

static double round_robin(long count, long switches)
{
    struct trine_group group;
    long laps = switches / count;
    uint64_t start = bench_cpu();
    trine_group_open(&group, NULL);
    for (long i = 0; i < count; i++)
        trine_spawn(&group, take_turns, &laps);
    bench_must(trine_group_close(&group), "trine_group_close");
    return (double)(bench_cpu() - start) / (double)(laps * count);
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    long switches = bench_count(args->argc, args->argv, 20000000);
    bench_report("yield_2", round_robin(2, switches), "ns");
    bench_report("yield_1000", round_robin(1000, switches), "ns");
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}

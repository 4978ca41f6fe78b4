// SPDX-License-Identifier: MIT
/* W4, Trine: a million tasks, each sleeping 0 to 1 s, twice. */
#include "../common/sleepers.h"
#include "app.h"

static struct bench_round current;

static int sleeper(void *arg)
{
    uint64_t length = (uint64_t)(uintptr_t)arg, deadline = bench_wall() + length;
    int error = trine_sleep((int64_t)length);
    bench_round_woken(&current, bench_wall(), deadline);
    return error;
}

static void measure(const char *name, long count)
{
    struct trine_group group;
    bench_round_begin(&current);
    trine_group_open(&group, NULL);
    for (long i = 0; i < count; i++)
        trine_spawn(&group, sleeper, (void *)(uintptr_t)bench_sleep_ns((uint64_t)i));
    bench_must(trine_group_close(&group), "trine_group_close");
    bench_must(current.woken == count ? 0 : -EIO, "every sleeper wakes");
    bench_round_report(&current, name);
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    long count = bench_count(args->argc, args->argv, 1000000);
    measure("fresh", count);
    measure("warm", count);
    bench_report("timers_peak", bench_peak_mib(), "MiB");
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}

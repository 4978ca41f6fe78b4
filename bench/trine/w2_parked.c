// SPDX-License-Identifier: MIT
/* W2, Trine: many tasks parked on one promise, a guarded stack each. Second argument: how many. */
#include "../common/guards.h"
#include "app.h"

static struct trine_future *promise;
static long parked;

static int park(void *arg)
{
    int outcome;
    parked++;
    int error = trine_await(promise, &outcome);
    parked--;
    return error < 0 ? error : outcome;
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    struct trine_group group;
    long count =
        bench_count(args->argc, args->argv, args->argc > 2 ? atol(args->argv[2]) : 1000000);
    double before = bench_memory();
    promise = trine_promise_new(0);
    uint64_t start = bench_cpu();
    trine_group_open(&group, NULL);
    for (long i = 0; i < count; i++)
        trine_spawn(&group, park, NULL);
    while (parked < count && trine_group_live(&group) == (size_t)count)
        bench_must(trine_yield(), "trine_yield");
    bench_report("parked_create", (double)(bench_cpu() - start) / (double)count, "ns");
    bench_report("parked_bytes", (bench_memory() - before) / (double)count, "B");
    bench_report("parked_count", (double)parked, "tasks");
    bench_report("parked_maps", (double)bench_maps(), "maps");
    bench_report("parked_guards", (double)bench_guards(), "guards");

    trine_promise_resolve(promise, 0, NULL);
    bench_must(trine_group_close(&group), "trine_group_close");
    bench_must(parked == 0 ? 0 : -EIO, "every task goes on");
    trine_future_unref(promise);
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}

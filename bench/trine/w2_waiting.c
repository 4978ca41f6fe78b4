// SPDX-License-Identifier: MIT
/* W2, Trine: waiting without a stack, a callback on each of a million promises. */
#include "app.h"

static long called;

static void count_call(struct trine_future *future, void *arg)
{
    called++;
    trine_future_unref(future);
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    long count = bench_count(args->argc, args->argv, 1000000);
    struct trine_future **promises = malloc((size_t)count * sizeof *promises);
    memset(promises, 1,
           (size_t)count * sizeof *promises); /* resident, and not part of the figure */
    double before = bench_memory();
    for (long i = 0; i < count; i++) {
        promises[i] = trine_promise_new(0);
        bench_must(trine_future_on_done(promises[i], count_call, NULL), "trine_future_on_done");
    }
    bench_report("waiting_bytes", (bench_memory() - before) / (double)count, "B");

    for (long i = 0; i < count; i++)
        trine_promise_resolve(promises[i], 0, NULL);
    while (called < count)
        bench_must(trine_yield(), "trine_yield");
    free(promises);
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}

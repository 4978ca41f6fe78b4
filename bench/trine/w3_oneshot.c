// SPDX-License-Identifier: MIT
/* W3, Trine: a promise made, resolved with a value, awaited and dropped. */
#include "app.h"

static int app(void *arg)
{
    const struct bench_args *args = arg;
    long count = bench_count(args->argc, args->argv, 10000000);
    uint64_t start = bench_cpu();
    for (long i = 0; i < count; i++) {
        struct trine_future *promise = trine_promise_new(sizeof i);
        bench_must(trine_promise_resolve(promise, 0, &i), "trine_promise_resolve");
        bench_must(trine_await(promise, NULL), "trine_await");
        if (*(long *)trine_future_value(promise) != i)
            bench_die("another promise's value");
        trine_future_unref(promise);
    }
    bench_report("oneshot", (double)(bench_cpu() - start) / (double)count, "ns");
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}

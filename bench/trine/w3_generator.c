// SPDX-License-Identifier: MIT
/* W3, Trine: a step of a generator, next and yield, in a task; and of one that is sent something
 * each time. */
#include "app.h"

static int endless(struct trine_generator *self, void *arg)
{
    long value = 0;
    int error = 0;
    while (error == 0) {
        value++;
        error = trine_yield_value(self, &value, NULL);
    }
    return error;
}

static int increments(struct trine_generator *self, void *arg)
{
    long value;
    void *sent;
    int error = trine_yield_value(self, NULL, &sent);
    while (error == 0) {
        value = *(long *)sent + 1;
        error = trine_yield_value(self, &value, &sent);
    }
    return error;
}

static void measure(const char *key, trine_generator_fn fn, bool sending, long steps)
{
    struct trine_generator *generator = trine_generator_new(fn, NULL);
    void *value;
    long sum = 0;
    bench_must(generator != NULL ? 0 : -ENOMEM, "trine_generator_new");
    if (sending)
        bench_must(trine_generator_next(generator, NULL), "trine_generator_next");
    uint64_t start = bench_cpu();
    for (long i = 0; i < steps; i++) {
        bench_must(trine_generator_send(generator, sending ? &i : NULL, &value),
                   "trine_generator_send");
        sum += *(long *)value;
    }
    uint64_t end = bench_cpu();
    bench_must(sum == steps * (steps + 1) / 2 ? 0 : -EIO, "the sum");
    bench_report(key, (double)(end - start) / (double)steps, "ns");
    trine_generator_free(generator);
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    long steps = bench_count(args->argc, args->argv, 20000000);
    measure("generator", endless, false, steps);
    measure("generator_send", increments, true, steps);
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}

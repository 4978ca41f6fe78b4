// SPDX-License-Identifier: MIT
/* W8, Trine: trine_submit() to a pool of two threads, from a plain thread (default) or from a task.
 */
#include "../common/pool.h"
#include "app.h"

static struct trine_executor *pool;

static int work(void *record)
{
    ++*(long *)record;
    return 0;
}

static long result(struct trine_future *future)
{
    int outcome;
    bench_must(trine_await(future, &outcome), "trine_await");
    bench_must(outcome, "job");
    long value = *(long *)trine_future_value(future);
    trine_future_unref(future);
    return value;
}

static long pool_window(long first, long len)
{
    static struct trine_future *futures[BENCH_WINDOW];
    long sum = 0;
    for (long k = 0; k < len; k++) {
        long record = first + k;
        futures[k] = trine_submit(pool, work, &record, sizeof record);
    }
    for (long k = 0; k < len; k++)
        sum += result(futures[k]);
    return sum;
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    bench_pool(args->argc, args->argv, 1000000);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench_args args = { argc, argv };
    bool from_task = argc > 2 && strcmp(argv[2], "task") == 0;
    pool = trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = 2 });
    bench_must(pool ? 0 : -ENOMEM, "trine_thread_pool_new");
    bench_must(from_task ? trine_run(app, &args, NULL) : app(&args), "run");
    trine_executor_free(pool);
    return 0;
}

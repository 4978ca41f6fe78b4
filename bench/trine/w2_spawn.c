// SPDX-License-Identifier: MIT
/* W2, Trine: spawn, run and join. Second argument: "group" (default) opens and closes a group
 * around each task or batch, "join" keeps one group open and joins it each time. */
#include "app.h"

static int nothing(void *arg)
{
    ++*(long *)arg;
    return 0;
}

static void in_own_group(long tasks, long *ran)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (long i = 0; i < tasks; i++)
        trine_spawn(&group, nothing, ran);
    bench_must(trine_group_close(&group), "trine_group_close");
}

static void measure_groups(const char *key, long rounds, long tasks)
{
    long ran = 0;
    uint64_t start = bench_cpu();
    for (long i = 0; i < rounds; i++)
        in_own_group(tasks, &ran);
    bench_report(key, (double)(bench_cpu() - start) / (double)(rounds * tasks), "ns");
    bench_must(ran == rounds * tasks ? 0 : -EIO, "every task runs once");
}

static void measure_joins(const char *key, long rounds, long tasks)
{
    struct trine_group group;
    long ran = 0;
    uint64_t start = bench_cpu();
    trine_group_open(&group, &(struct trine_group_options){ .reap = true });
    for (long i = 0; i < rounds; i++) {
        for (long k = 0; k < tasks; k++)
            trine_spawn(&group, nothing, &ran);
        bench_must(trine_group_join(&group), "trine_group_join");
    }
    bench_must(trine_group_close(&group), "trine_group_close");
    bench_report(key, (double)(bench_cpu() - start) / (double)(rounds * tasks), "ns");
    bench_must(ran == rounds * tasks ? 0 : -EIO, "every task runs once");
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    long tasks = bench_count(args->argc, args->argv, 5000000);
    bool join = args->argc > 2 && strcmp(args->argv[2], "join") == 0;
    void (*measure)(const char *, long, long) = join ? measure_joins : measure_groups;
    measure("spawn_one", tasks, 1);
    measure("spawn_1000", tasks / 1000, 1000);
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}

// SPDX-License-Identifier: MIT
/* W2, the limit: spawn, run and join with stacks that are already warm. One at a time; and a
 * thousand at once whose stack is bound when they first run, so that tasks which never block share
 * one. */
#include "../common/bench.h"
#include "switch.h"

struct task {
    long (*fn)(long arg);
    long arg, result;
};

static void *caller, *worker;
static struct task *running;

static long identity(long arg)
{
    return arg;
}

static void run_tasks(void)
{
    for (;;) {
        running->result = running->fn(running->arg);
        limit_jump(&worker, caller);
    }
}

static void spawn(struct task *task, long arg)
{
    *task = (struct task){ .fn = identity, .arg = arg };
}

static long join(struct task *task)
{
    running = task;
    limit_jump(&caller, worker);
    return task->result;
}

int main(int argc, char **argv)
{
    static struct task batch[1000];
    long tasks = bench_count(argc, argv, 20000000), sum = 0;
    worker = limit_jump_frame(limit_top(limit_stacks(1), 0), run_tasks);

    uint64_t start = bench_cpu();
    for (long i = 0; i < tasks; i++) {
        spawn(&batch[0], i);
        sum += join(&batch[0]);
    }
    bench_report("spawn_one", (double)(bench_cpu() - start) / (double)tasks, "ns");

    start = bench_cpu();
    for (long round = 0; round < tasks / 1000; round++) {
        for (long i = 0; i < 1000; i++)
            spawn(&batch[i], i);
        for (long i = 0; i < 1000; i++)
            sum += join(&batch[i]);
    }
    bench_report("spawn_1000", (double)(bench_cpu() - start) / (double)tasks, "ns");
    return sum == 42;
}

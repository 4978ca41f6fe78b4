// SPDX-License-Identifier: MIT
/* W2, the limit: a million parked stacks in one mapping, each with a lightweight guard (Linux 6.13)
 * and its record on its own first page. */
#include "../common/guards.h"
#include "switch.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

struct task {
    void *sp;
    long result;
};

static void *caller;
static struct task *running;

static void park(void)
{
    for (;;) {
        struct task *self = running;
        limit_jump(&self->sp, caller);
    }
}

static void start(char *slab, size_t i)
{
    struct task *task = (struct task *)limit_top(slab, i) - 1;
    if (madvise(slab + LIMIT_STACK * i, 4096, MADV_GUARD_INSTALL) != 0)
        bench_die("MADV_GUARD_INSTALL");
    task->sp = limit_jump_frame(task, park);
    running = task;
    limit_jump(&caller, task->sp);
}

int main(int argc, char **argv)
{
    size_t count = (size_t)bench_count(argc, argv, 1000000);
    double before = bench_memory();
    uint64_t began = bench_cpu();
    char *slab = limit_stacks(count);
    if (slab == NULL)
        bench_die("mmap");
    for (size_t i = 0; i < count; i++)
        start(slab, i);
    bench_report("parked_create", (double)(bench_cpu() - began) / (double)count, "ns");
    bench_report("parked_bytes", (bench_memory() - before) / (double)count, "B");
    bench_report("parked_count", (double)count, "tasks");
    bench_report("parked_maps", (double)bench_maps(), "maps");
    bench_report("parked_guards", (double)bench_guards(), "guards");
    return 0;
}

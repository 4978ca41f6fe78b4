// SPDX-License-Identifier: MIT
/* W3, the limits of a generator's step: a value in and a value back between two stacks that switch
 * by hand; or, with second argument "callback", by a call through a pointer. */
#include "../common/bench.h"
#include "switch.h"

static void *here, *there;
static long sent, yielded;

static void generate(void)
{
    for (;;) {
        yielded = sent + 1;
        limit_jump(&there, here);
    }
}

static long step_of_a_stack(long value)
{
    sent = value;
    limit_jump(&here, there);
    return yielded;
}

static long step_of_a_callback(long value)
{
    sent = value;
    return yielded = sent + 1;
}

int main(int argc, char **argv)
{
    long (*volatile step)(long) = step_of_a_stack;
    long count = bench_count(argc, argv, 20000000);
    if (argc > 2 && strcmp(argv[2], "callback") == 0)
        step = step_of_a_callback;
    there = limit_jump_frame(limit_top(limit_stacks(1), 0), generate);
    uint64_t start = bench_cpu();
    for (long i = 0; i < count; i++)
        if (step(i) != i + 1)
            abort();
    bench_report("generator", (double)(bench_cpu() - start) / (double)count, "ns");
    return 0;
}

// SPDX-License-Identifier: MIT
/* W3, the limits of a generator's step: a value goes to another stack and one comes back, by
 * switching there and back by hand; with second argument "callback" by calling a plain function
 * through a pointer. */
#include "../common/bench.h"
#include "switch.h"

static void *here, *there;
static long sent, given;

static void generate(void)
{
    for (;;) {
        given = sent + 1;
        limit_jump(&there, here);
    }
}

static long switch_step(long value)
{
    sent = value;
    limit_jump(&here, there);
    return given;
}

static long callback_step(long value)
{
    sent = value;
    return given = sent + 1;
}

static long (*volatile step)(long value) = switch_step; /* not to be inlined */

int main(int argc, char **argv)
{
    long steps = bench_count(argc, argv, 20000000), sum = 0;
    if (argc > 2 && strcmp(argv[2], "callback") == 0)
        step = callback_step;
    there = limit_jump_frame(limit_top(limit_stacks(1), 0), generate);
    uint64_t start = bench_cpu();
    for (long i = 0; i < steps; i++)
        sum += step(i);
    uint64_t end = bench_cpu();
    if (sum != steps * (steps + 1) / 2)
        bench_die("wrong values");
    bench_report("generator", (double)(end - start) / (double)steps, "ns");
    bench_report("generator_send", (double)(end - start) / (double)steps, "ns");
    return 0;
}

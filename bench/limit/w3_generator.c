// SPDX-License-Identifier: MIT
/* W3, the limits of a generator's step: a value goes to another stack and one comes back, by
 * switching there and back by hand; with second argument "callback" by calling a plain function
 * through a pointer. */
#include "../common/bench.h"
#include "switch.h"
#include <stdbool.h>

static void *here, *there;
static long sent, given;

static void generate(void)
{
    for (;;) {
        given = sent + 1;
        limit_jump(&there, here);
    }
}

/* Written into the loop: a function around the switch would return to where the processor does not
 * expect it. */
static long by_switches(long steps)
{
    long sum = 0;
    there = limit_jump_frame(limit_top(limit_stacks(1), 0), generate);
    for (long i = 0; i < steps; i++) {
        sent = i;
        limit_jump(&here, there);
        sum += given;
    }
    return sum;
}

static long increment(long value)
{
    sent = value;
    return given = sent + 1;
}

static long by_callback(long steps)
{
    long (*volatile callback)(long value) = increment; /* not to be inlined */
    long sum = 0;
    for (long i = 0; i < steps; i++)
        sum += callback(i);
    return sum;
}

int main(int argc, char **argv)
{
    long steps = bench_count(argc, argv, 20000000);
    bool callback = argc > 2 && strcmp(argv[2], "callback") == 0;
    uint64_t start = bench_cpu();
    long sum = callback ? by_callback(steps) : by_switches(steps);
    uint64_t end = bench_cpu();
    if (sum != steps * (steps + 1) / 2)
        bench_die("wrong values");
    bench_report("generator", (double)(end - start) / (double)steps, "ns");
    bench_report("generator_send", (double)(end - start) / (double)steps, "ns");
    return 0;
}

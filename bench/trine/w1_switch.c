// SPDX-License-Identifier: MIT
/* W1, Trine's raw switch between two stacks. The one program here that looks below the public
 * interface: a task cannot switch by itself. */
#include "../common/bench.h"
#include <fiber/fiber.h>

static struct trine__fiber here, there;

static void back(void *arg)
{
    for (;;)
        trine__fiber_switch(&there, &here);
}

int main(int argc, char **argv)
{
    static _Alignas(16) char stack[65536];
    long rounds = bench_count(argc, argv, 50000000);
    trine__fiber_init_thread(&here);
    trine__fiber_init(&there, stack, stack + sizeof stack, back, NULL);
    uint64_t start = bench_cpu();
    for (long i = 0; i < rounds; i++)
        trine__fiber_switch(&here, &there);
    bench_report("switch", (double)(bench_cpu() - start) / (2.0 * (double)rounds), "ns");
    return 0;
}

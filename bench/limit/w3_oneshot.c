// SPDX-License-Identifier: MIT
/* W3, the limit: a record for one result, from the heap and back, with the one exchange that makes
 * it done for any thread. */
#include "../common/bench.h"
#include "futex.h"

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 10000000);
    uint64_t start = bench_cpu();
    for (long i = 0; i < count; i++) {
        struct limit_future *future = calloc(1, sizeof *future);
        limit_complete(future, i);
        if (limit_await(future) != i)
            abort();
        free(future);
    }
    bench_report("oneshot", (double)(bench_cpu() - start) / (double)count, "ns");
    return 0;
}

// SPDX-License-Identifier: MIT
// W8, oneTBB: task_group on two threads. The submitter is one of them (it helps while it waits),
// and the result is a place in the caller's array, as task_group has no futures.
#include "../../common/pool.h"
#include <tbb/global_control.h>
#include <tbb/task_group.h>

static long pool_window(long first, long len)
{
    static long values[BENCH_WINDOW];
    tbb::task_group group;
    long sum = 0;
    for (long k = 0; k < len; k++)
        group.run([=] { values[k] = first + k + 1; });
    group.wait();
    for (long k = 0; k < len; k++)
        sum += values[k];
    return sum;
}

int main(int argc, char **argv)
{
    tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
    bench_pool(argc, argv, 1000000);
    return 0;
}

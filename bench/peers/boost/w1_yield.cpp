// SPDX-License-Identifier: MIT
// W1, boost.fiber: yield, with its default scheduler (round robin).
#include "../../common/bench.h"
#include <boost/fiber/all.hpp>
#include <vector>

static double round_robin(long count, long switches)
{
    std::vector<boost::fibers::fiber> fibers;
    uint64_t start = bench_cpu();
    for (long i = 0; i < count; i++)
        fibers.emplace_back([laps = switches / count] {
            for (long lap = 0; lap < laps; lap++)
                boost::this_fiber::yield();
        });
    for (auto &fiber : fibers)
        fiber.join();
    return (double)(bench_cpu() - start) / (double)switches;
}

int main(int argc, char **argv)
{
    long switches = bench_count(argc, argv, 10000000);
    bench_report("yield_2", round_robin(2, switches), "ns");
    bench_report("yield_1000", round_robin(1000, switches), "ns");
    return 0;
}

// SPDX-License-Identifier: MIT
// W2, boost.fiber with pooled stacks: spawn and join; 100,000 parked fibers (unguarded).
#include "../../common/guards.h"
#include <boost/context/pooled_fixedsize_stack.hpp>
#include <boost/fiber/all.hpp>
#include <vector>

using boost::fibers::fiber;

static boost::context::pooled_fixedsize_stack stacks(65536);

static fiber spawn_nothing()
{
    return fiber(std::allocator_arg, stacks, [] {});
}

static void spawn(long tasks)
{
    std::vector<fiber> batch(1000);
    uint64_t start = bench_cpu();
    for (long i = 0; i < tasks; i++)
        spawn_nothing().join();
    bench_report("spawn_one", (double)(bench_cpu() - start) / (double)tasks, "ns");

    start = bench_cpu();
    for (long round = 0; round < tasks / 1000; round++) {
        for (auto &one : batch)
            one = spawn_nothing();
        for (auto &one : batch)
            one.join();
    }
    bench_report("spawn_1000", (double)(bench_cpu() - start) / (double)tasks, "ns");
}

static void alive(long count)
{
    static boost::fibers::mutex mutex;
    static boost::fibers::condition_variable never;
    static long waiting;
    double before = bench_memory();
    uint64_t start = bench_cpu();
    for (long i = 0; i < count; i++)
        fiber(std::allocator_arg, stacks, [] {
            std::unique_lock<boost::fibers::mutex> lock(mutex);
            waiting++;
            never.wait(lock);
        }).detach();
    while (waiting < count)
        boost::this_fiber::yield();
    bench_report("parked_create", (double)(bench_cpu() - start) / (double)count, "ns");
    bench_report("parked_bytes", (bench_memory() - before) / (double)count, "B");
    bench_report("parked_count", (double)count, "tasks");
    bench_report("parked_maps", (double)bench_maps(), "maps");
    bench_report("parked_guards", (double)bench_guards(), "guards");
}

int main(int argc, char **argv)
{
    alive(bench_count(argc, argv, 100000)); // first: later it would find the batch's stacks
    spawn(bench_count(argc, argv, 1000000));
    _exit(0);
}

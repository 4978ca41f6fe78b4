// SPDX-License-Identifier: MIT
// W1, boost.context: a raw fcontext jump between two stacks.
#include "../../common/bench.h"
#include <boost/context/detail/fcontext.hpp>

using namespace boost::context::detail;

static void back(transfer_t from)
{
    for (;;)
        from = jump_fcontext(from.fctx, nullptr);
}

int main(int argc, char **argv)
{
    static char stack[65536];
    long rounds = bench_count(argc, argv, 20000000);
    transfer_t other =
        jump_fcontext(make_fcontext(stack + sizeof stack, sizeof stack, back), nullptr);
    uint64_t start = bench_cpu();
    for (long i = 0; i < rounds; i++)
        other = jump_fcontext(other.fctx, nullptr);
    bench_report("switch", (double)(bench_cpu() - start) / (2.0 * (double)rounds), "ns");
    return 0;
}

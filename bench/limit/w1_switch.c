// SPDX-License-Identifier: MIT
/* W1, the limit: a hand-written switch between two stacks, and round robin over two and a thousand.
 * Second argument: jump (default), words or inline. */
#include "../common/bench.h"
#include "switch.h"

static void *here, *there;

/* Each switch in a pair of its own, because it has to be written into the loop to be measured. */
#define PAIR(name)                                                                                 \
    static void name##_back(void)                                                                  \
    {                                                                                              \
        for (;;)                                                                                   \
            limit_##name(&there, here);                                                            \
    }                                                                                              \
    static double name##_pair(long rounds)                                                         \
    {                                                                                              \
        there = limit_##name##_frame(limit_top(limit_stacks(1), 0), name##_back);                  \
        uint64_t start = bench_cpu();                                                              \
        for (long i = 0; i < rounds; i++)                                                          \
            limit_##name(&here, there);                                                            \
        return (double)(bench_cpu() - start) / (2.0 * (double)rounds);                             \
    }
PAIR(jump)
PAIR(jump_words)
PAIR(inline)

/* Round robin: each coroutine hands over to the next one, the leanest scheduler there is. */
struct turn {
    void *sp;
    struct turn *next;
};

static struct turn *current;
static long left;

static void take_turns(void)
{
    for (;;) {
        struct turn *self = current;
        if (--left <= 0)
            limit_jump(&self->sp, here);
        current = self->next;
        limit_jump(&self->sp, current->sp);
    }
}

static double round_robin(size_t count, long switches)
{
    char *slab = limit_stacks(count);
    struct turn *turns = calloc(count, sizeof *turns);
    for (size_t i = 0; i < count; i++) {
        turns[i].sp = limit_jump_frame(limit_top(slab, i), take_turns);
        turns[i].next = &turns[(i + 1) % count];
    }
    current = turns;
    left = 2 * (long)count;
    limit_jump(&here, current->sp);
    left = switches;
    uint64_t start = bench_cpu();
    limit_jump(&here, current->sp);
    double each = (double)(bench_cpu() - start) / (double)switches;
    free(turns);
    munmap(slab, LIMIT_STACK * count);
    return each;
}

int main(int argc, char **argv)
{
    long rounds = bench_count(argc, argv, 50000000);
    const char *kind = argc > 2 ? argv[2] : "jump";
    if (strcmp(kind, "inline") == 0) {
        bench_report("switch", inline_pair(rounds), "ns");
    } else if (strcmp(kind, "words") == 0) {
        bench_report("switch", jump_words_pair(rounds), "ns");
    } else {
        bench_report("switch", jump_pair(rounds), "ns");
        bench_report("yield_2", round_robin(2, rounds), "ns");
        bench_report("yield_1000", round_robin(1000, rounds), "ns");
    }
    return 0;
}

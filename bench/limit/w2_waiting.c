// SPDX-License-Identifier: MIT
/* W2, the limit: waiting without a stack. A result to come and one callback on it need a state, a
 * value, a link, a function and its argument; here in one malloc'd record. */
#include "../common/bench.h"

struct waiting {
    long state, value;
    struct waiting *next;
    void (*callback)(struct waiting *self, void *arg);
    void *arg;
};

static void ignore(struct waiting *self, void *arg)
{
    self->value += (long)(intptr_t)arg;
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 1000000);
    struct waiting *all = NULL;
    double before = bench_memory();
    for (long i = 0; i < count; i++) {
        struct waiting *one = malloc(sizeof *one);
        *one = (struct waiting){ .next = all, .callback = ignore, .arg = &all };
        all = one;
    }
    bench_report("waiting_bytes", (bench_memory() - before) / (double)count, "B");
    return all == NULL;
}

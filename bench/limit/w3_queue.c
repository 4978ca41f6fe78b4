// SPDX-License-Identifier: MIT
/* W3, the limits: a ring of 10 or 1000 places and a single slot (0: each item is handed over),
 * between two stacks of one thread that switch by hand, and between two threads that only spin. */
#include "../common/pair.h"
#include "futex.h"
#include "switch.h"

#define PLACES 1024

static long ring[PLACES];

static void check(long item, long expected)
{
    if (item == expected)
        return;
    fprintf(stderr, "item %ld came as number %ld\n", item, expected);
    exit(1);
}

/* ---- one thread, two stacks */

static struct {
    void *here, *there;
    unsigned long head, tail, capacity;
} same;

static void produce_on_the_other_stack(void)
{
    for (long item = 0;; item++) {
        while (same.tail - same.head == same.capacity)
            limit_jump(&same.there, same.here);
        ring[same.tail++ % PLACES] = item;
    }
}

static void same_thread(unsigned long capacity, long count)
{
    char *stack = limit_stacks(1);
    same.head = same.tail = 0;
    same.capacity = capacity;
    same.there = limit_jump_frame(limit_top(stack, 0), produce_on_the_other_stack);
    for (long i = 0; i < count; i++) {
        while (same.tail == same.head)
            limit_jump(&same.here, same.there);
        check(ring[same.head++ % PLACES], i);
    }
    munmap(stack, LIMIT_STACK);
}

/* ---- two threads: each looks at the other's end only when its own knowledge is used up */

static struct {
    unsigned long capacity;
    long count;
    _Alignas(128) _Atomic unsigned long head;
    _Alignas(128) _Atomic unsigned long tail;
} two;

static unsigned long await_change(_Atomic unsigned long *end, unsigned long old)
{
    unsigned long now;
    while ((now = atomic_load_explicit(end, memory_order_acquire)) == old)
        limit_relax();
    return now;
}

static void *produce_in_a_thread(void *arg)
{
    unsigned long head = 0;
    bench_stay_on_core(0);
    for (unsigned long tail = 0; tail < (unsigned long)two.count; tail++) {
        if (tail - head == two.capacity)
            head = await_change(&two.head, head);
        ring[tail % PLACES] = (long)tail;
        atomic_store_explicit(&two.tail, tail + 1, memory_order_release);
    }
    return arg;
}

static void two_threads(unsigned long capacity, long count)
{
    pthread_t thread;
    unsigned long tail = 0;
    two.capacity = capacity;
    two.count = count;
    bench_stay_on_core(1);
    atomic_store(&two.head, 0);
    atomic_store(&two.tail, 0);
    if (pthread_create(&thread, NULL, produce_in_a_thread, NULL) != 0)
        bench_die("pthread_create");
    for (unsigned long head = 0; head < (unsigned long)count; head++) {
        if (tail == head)
            tail = await_change(&two.tail, tail);
        check(ring[head % PLACES], (long)head);
        atomic_store_explicit(&two.head, head + 1, memory_order_release);
    }
    pthread_join(thread, NULL);
}

static void measure(const char *name, unsigned long capacity, long count,
                    void (*run)(unsigned long capacity, long count))
{
    char key[64];
    uint64_t wall = bench_wall(), cpu = bench_cpu();
    run(capacity > 0 ? capacity : 1, count); /* one place is a hand-over: full, empty, full, ... */
    cpu = bench_cpu() - cpu;
    wall = bench_wall() - wall;
    snprintf(key, sizeof key, "%s_%lu", name, capacity);
    if (run == same_thread)
        bench_report(key, (double)cpu / (double)count, "ns");
    else
        bench_report_pair(key, wall, cpu, count);
}

int main(int argc, char **argv)
{
    static const unsigned long capacities[] = { 0, 10, 1000 };
    long count = bench_count(argc, argv, 10000000);
    for (int i = 0; i < 3; i++)
        measure("queue_tasks", capacities[i], count, same_thread);
    for (int i = 0; i < 3; i++)
        measure("queue_threads", capacities[i], count / 2, two_threads);
    return 0;
}

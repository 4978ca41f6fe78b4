// SPDX-License-Identifier: MIT
/* W4, the limit: bare timer records, no tasks, driven by the real clock.
 * Second argument: heap (4-ary, exact; default) or wheel (two levels of 256 slots of 1 ms). */
#include "../common/sleepers.h"
#include <stdbool.h>
#include <sys/epoll.h>

struct timer {
    uint64_t at;
    struct timer *next;
    uint32_t index;
};

static struct timer *timers;
static struct bench_round current;

static void expire(const struct timer *timer, uint64_t now)
{
    bench_round_woken(&current, now, timer->at);
}

/* A heap of (deadline, timer) pairs: while sifting, no timer is read, only written. */
struct entry {
    uint64_t at;
    struct timer *timer;
};

static struct entry *heap;
static size_t heap_len;

static void heap_set(size_t i, struct entry entry)
{
    heap[i] = entry;
    entry.timer->index = (uint32_t)i;
}

static void heap_push(struct timer *timer)
{
    size_t i = heap_len++;
    for (; i > 0 && heap[(i - 1) / 4].at > timer->at; i = (i - 1) / 4)
        heap_set(i, heap[(i - 1) / 4]);
    heap_set(i, (struct entry){ timer->at, timer });
}

static struct timer *heap_pop(void)
{
    struct timer *first = heap[0].timer;
    struct entry moved = heap[--heap_len];
    size_t i = 0;
    for (;;) {
        size_t child = 4 * i + 1, best = child;
        if (child >= heap_len)
            break;
        for (size_t k = child + 1; k < child + 4 && k < heap_len; k++)
            if (heap[k].at < heap[best].at)
                best = k;
        if (heap[best].at >= moved.at)
            break;
        heap_set(i, heap[best]);
        i = best;
    }
    if (heap_len > 0)
        heap_set(i, moved);
    return first;
}

static uint64_t heap_turn(uint64_t now)
{
    while (heap_len > 0 && heap[0].at <= now)
        expire(heap_pop(), now);
    return heap_len > 0 ? heap[0].at : now;
}

/* The wheel: a slot is a list; every 256 ms one slot of the outer level is dealt to the inner one.
 */
static struct timer *inner[256], *outer[256];
static uint64_t wheel_tick;

static uint64_t tick_of(uint64_t at)
{
    return (at + 999999) / 1000000;
}

static void wheel_push(struct timer *timer)
{
    uint64_t tick = tick_of(timer->at);
    if (tick <= wheel_tick)
        tick = wheel_tick + 1;
    struct timer **slot = tick - wheel_tick < 256 ? &inner[tick & 255] : &outer[(tick >> 8) & 255];
    timer->next = *slot;
    *slot = timer;
}

static void wheel_deal(void)
{
    struct timer *timer = outer[(wheel_tick >> 8) & 255], *next;
    outer[(wheel_tick >> 8) & 255] = NULL;
    for (; timer != NULL; timer = next) {
        struct timer **slot = &inner[tick_of(timer->at) & 255];
        next = timer->next;
        timer->next = *slot;
        *slot = timer;
    }
}

static uint64_t wheel_turn(uint64_t now)
{
    while (wheel_tick < now / 1000000) {
        wheel_tick++;
        if ((wheel_tick & 255) == 0)
            wheel_deal();
        struct timer *timer = inner[wheel_tick & 255];
        inner[wheel_tick & 255] = NULL;
        for (; timer != NULL; timer = timer->next)
            expire(timer, now);
    }
    return (wheel_tick + 1) * 1000000;
}

static void sleep_until(int epoll, uint64_t deadline)
{
    struct epoll_event event;
    uint64_t now = bench_wall(), ns = deadline > now ? deadline - now : 0;
    struct timespec timeout = { .tv_sec = (time_t)(ns / 1000000000),
                                .tv_nsec = (long)(ns % 1000000000) };
    if (ns > 0)
        epoll_pwait2(epoll, &event, 1, &timeout, NULL);
}

static void measure(const char *name, long count, bool wheel, int epoll)
{
    bench_round_begin(&current);
    wheel_tick = current.wall / 1000000;
    for (long i = 0; i < count; i++) {
        timers[i].at = current.wall + bench_sleep_ns((uint64_t)i);
        (wheel ? wheel_push : heap_push)(&timers[i]);
    }
    while (current.woken < count) {
        uint64_t next = (wheel ? wheel_turn : heap_turn)(bench_wall());
        if (current.woken < count)
            sleep_until(epoll, next);
    }
    bench_round_report(&current, name);
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 1000000);
    bool wheel = argc > 2 && strcmp(argv[2], "wheel") == 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    timers = malloc((size_t)count * sizeof *timers);
    heap = malloc((size_t)count * sizeof *heap);
    measure("fresh", count, wheel, epoll);
    measure("warm", count, wheel, epoll);
    bench_report("timers_peak", bench_peak_mib(), "MiB");
    return 0;
}

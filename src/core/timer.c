/* SPDX-License-Identifier: MIT */
#include "core/timer.h"
#include "sys/sys.h"
#include <errno.h>

#define FIRST_CAPACITY 64

static size_t parent_of(size_t index)
{
    return (index + 2) / 4;
}

static size_t first_child_of(size_t index)
{
    return 4 * index - 2;
}

static int earlier(const struct trine__timer_slot *a, const struct trine__timer_slot *b)
{
    if (a->deadline != b->deadline)
        return a->deadline < b->deadline;
    return a->timer->sequence < b->timer->sequence;
}

static void put(struct trine__timers *timers, size_t index, struct trine__timer_slot slot)
{
    timers->slots[index] = slot;
    slot.timer->index = (uint32_t)index;
}

static void sift_up(struct trine__timers *timers, size_t index, struct trine__timer_slot slot)
{
    while (index > 1 && earlier(&slot, &timers->slots[parent_of(index)])) {
        put(timers, index, timers->slots[parent_of(index)]);
        index = parent_of(index);
    }
    put(timers, index, slot);
}

static void sift_down(struct trine__timers *timers, size_t index, struct trine__timer_slot slot)
{
    for (;;) {
        size_t child = first_child_of(index);
        if (child > timers->count)
            break;
        size_t end = child + 3 < timers->count ? child + 3 : timers->count, best = child;
        while (++child <= end) {
            if (earlier(&timers->slots[child], &timers->slots[best]))
                best = child;
        }
        if (!earlier(&timers->slots[best], &slot))
            break;
        put(timers, index, timers->slots[best]);
        index = best;
    }
    put(timers, index, slot);
}

int trine__timers_reserve(struct trine__timers *timers)
{
    if (timers->count + 1 < timers->capacity)
        return 0;
    size_t capacity = timers->capacity > 0 ? 2 * timers->capacity : FIRST_CAPACITY;
    struct trine__timer_slot *slots =
        trine__realloc(timers->slots, capacity * sizeof timers->slots[0]);
    if (slots == NULL)
        return -ENOMEM;
    timers->slots = slots;
    timers->capacity = capacity;
    return 0;
}

void trine__timers_done(struct trine__timers *timers)
{
    trine__free(timers->slots);
    *timers = (struct trine__timers){ 0 };
}

int trine__timer_start(struct trine__timers *timers, struct trine__timer *timer, int64_t deadline)
{
    if (trine__timers_reserve(timers) < 0)
        return -ENOMEM;
    timer->deadline = deadline;
    timer->sequence = timers->sequence++;
    sift_up(timers, ++timers->count, (struct trine__timer_slot){ deadline, timer });
    return 0;
}

void trine__timer_stop(struct trine__timers *timers, struct trine__timer *timer)
{
    size_t index = timer->index;
    if (index == 0)
        return;
    timer->index = 0;
    struct trine__timer_slot last = timers->slots[timers->count--];
    if (last.timer == timer)
        return;
    if (index > 1 && earlier(&last, &timers->slots[parent_of(index)]))
        sift_up(timers, index, last);
    else
        sift_down(timers, index, last);
}

void trine__timers_fire(struct trine__timers *timers, int64_t now)
{
    uint64_t end = timers->sequence; /* one that fires and starts itself again has to wait */
    while (timers->count > 0 && timers->slots[1].deadline <= now) {
        struct trine__timer *timer = timers->slots[1].timer;
        if (timer->sequence >= end)
            break;
        trine__timer_stop(timers, timer);
        timer->fire(timer);
    }
}

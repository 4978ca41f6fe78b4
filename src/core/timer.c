/* SPDX-License-Identifier: MIT */
#include "core/timer.h"
#include "sys/sys.h"
#include <errno.h>
#include <string.h>

#define FIRST_CAPACITY 64
#define CACHE_LINE     64
#define FRAMES_BELOW   256
#define FRAMES_ABOVE   384
#define IN_BATCH       (1u << 31)
#define PADDING        2 /* slots before the array */

/* ---- the heap */

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
    return (int32_t)(a->sequence - b->sequence) < 0;
}

static void put(struct trine__timers *timers, size_t index, struct trine__timer_slot slot)
{
    timers->slots[index] = slot;
    timers->indices[slot.number] = (uint32_t)index;
}

static void sift_up(struct trine__timers *timers, size_t index, struct trine__timer_slot slot)
{
    while (index > 1 && earlier(&slot, &timers->slots[parent_of(index)])) {
        put(timers, index, timers->slots[parent_of(index)]);
        index = parent_of(index);
    }
    put(timers, index, slot);
}

/* The children of four children are four cache lines in a row, of which one will be needed next. */
static void fetch_grandchildren(const struct trine__timers *timers, size_t child)
{
    size_t first = first_child_of(child);
    for (size_t i = first; i < first + 16 && i <= timers->count; i += 4)
        __builtin_prefetch(&timers->slots[i]);
}

static void sift_down(struct trine__timers *timers, size_t index, struct trine__timer_slot slot)
{
    for (;;) {
        size_t child = first_child_of(index);
        if (child > timers->count)
            break;
        fetch_grandchildren(timers, child);
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

/* ---- numbers */

static uint32_t take_number(struct trine__timers *timers)
{
    uint32_t number = timers->free;
    if (number == 0)
        return timers->unused++;
    timers->free = timers->indices[number];
    return number;
}

static void give_number(struct trine__timers *timers, uint32_t number)
{
    timers->indices[number] = timers->free;
    timers->free = number;
}

/* slots[2], the first child, begins a cache line; so do all first children. */
static int grow_slots(struct trine__timers *timers, size_t capacity)
{
    struct trine__timer_slot *block =
        trine__alloc_aligned(CACHE_LINE, (capacity + PADDING) * sizeof *block);
    if (block == NULL)
        return -ENOMEM;
    if (timers->slots != NULL) {
        memcpy(block + PADDING, timers->slots, (timers->count + 1) * sizeof *block);
        trine__free(timers->slots - PADDING);
    }
    timers->slots = block + PADDING;
    return 0;
}

static int grow(void **array, size_t capacity, size_t size)
{
    void *grown = trine__realloc(*array, capacity * size);
    if (grown == NULL)
        return -ENOMEM;
    *array = grown;
    return 0;
}

int trine__timers_reserve(struct trine__timers *timers)
{
    if (timers->count + 1 < timers->capacity)
        return 0;
    size_t capacity = timers->capacity > 0 ? 2 * timers->capacity : FIRST_CAPACITY;
    if (capacity >= IN_BATCH || grow_slots(timers, capacity) < 0 ||
        grow((void **)&timers->indices, capacity, sizeof *timers->indices) < 0 ||
        grow((void **)&timers->timers, capacity, sizeof *timers->timers) < 0)
        return -ENOMEM;
    if (timers->capacity == 0)
        timers->unused = 1;
    timers->capacity = capacity;
    return 0;
}

void trine__timers_done(struct trine__timers *timers)
{
    if (timers->slots != NULL)
        trine__free(timers->slots - PADDING);
    trine__free(timers->indices);
    trine__free(timers->timers);
    *timers = (struct trine__timers){ 0 };
}

/* ---- started, stopped, fired */

int trine__timer_start(struct trine__timers *timers, struct trine__timer *timer, int64_t deadline)
{
    if (trine__timers_reserve(timers) < 0)
        return -ENOMEM;
    timer->number = take_number(timers);
    timers->timers[timer->number] = timer;
    struct trine__timer_slot slot = { deadline, timer->number, timers->sequence++ };
    sift_up(timers, ++timers->count, slot);
    return 0;
}

static void take_out(struct trine__timers *timers, size_t index)
{
    struct trine__timer_slot last = timers->slots[timers->count--];
    if (index > timers->count)
        return;
    if (index > 1 && earlier(&last, &timers->slots[parent_of(index)]))
        sift_up(timers, index, last);
    else
        sift_down(timers, index, last);
}

void trine__timer_stop(struct trine__timers *timers, struct trine__timer *timer)
{
    uint32_t number = timer->number;
    if (number == 0)
        return;
    uint32_t index = timers->indices[number];
    timer->number = 0;
    give_number(timers, number);
    if (index & IN_BATCH)
        timers->batch[index & ~IN_BATCH] = 0;
    else
        take_out(timers, index);
}

/* A timer lies in the frames of its task, which goes on soon. */
static void fetch_frames(const struct trine__timer *timer)
{
    for (int at = -FRAMES_BELOW; at <= FRAMES_ABOVE; at += CACHE_LINE)
        __builtin_prefetch((const void *)((uintptr_t)timer + (uintptr_t)at));
}

/* What is due at `now` and was started before `end`: one that fires and starts itself again has to
 * wait for the next turn. */
static bool is_due(const struct trine__timers *timers, int64_t now, uint32_t end)
{
    const struct trine__timer_slot *first = &timers->slots[1];
    return timers->count > 0 && first->deadline <= now && (int32_t)(first->sequence - end) < 0;
}

/* Moves what is due, at most `max`, from the heap into the batch; returns how many. */
static size_t gather_due(struct trine__timers *timers, int64_t now, uint32_t end, size_t max)
{
    size_t count = 0;
    for (; count < max && is_due(timers, now, end); count++) {
        uint32_t number = timers->slots[1].number;
        take_out(timers, 1);
        timers->batch[count] = number;
        timers->indices[number] = IN_BATCH | (uint32_t)count;
    }
    for (size_t i = 0; i < count; i++)
        fetch_frames(timers->timers[timers->batch[i]]);
    return count;
}

size_t trine__timers_fire(struct trine__timers *timers, int64_t now, size_t max)
{
    size_t fired = 0, count;
    uint32_t end = timers->sequence;
    do {
        size_t room = max - fired < TRINE__TIMERS_BATCH ? max - fired : TRINE__TIMERS_BATCH;
        count = gather_due(timers, now, end, room);
        for (size_t i = 0; i < count; i++) {
            uint32_t number = timers->batch[i];
            if (number == 0)
                continue;
            struct trine__timer *timer = timers->timers[number];
            timer->number = 0;
            give_number(timers, number);
            timer->fire(timer);
            fired++;
        }
    } while (count > 0);
    return fired;
}

/* SPDX-License-Identifier: MIT */
/* The short way of a queue: into the ring or out of it with one side's lock, or with none in a
 * process of one thread; and how long who finds no room or no item looks again before it waits in
 * line. See queue.h for why it is sound. */
#ifndef TRINE_SYNC_QUEUE_STRAIGHT_H
#define TRINE_SYNC_QUEUE_STRAIGHT_H

#include "core/loop.h"
#include "sync/queue.h"
#include "thread/pause.h"

/* How often a side that is stuck looks again before it waits in line. A wait costs both sides
 * microseconds, up to thirty where a core has to be woken. A look costs the other side a cache miss
 * at its next item; so between two it is left alone for about three items' time. */
#define PATIENCE_MIN    2
#define PATIENCE_MAX    300
#define PAUSES_PER_LOOK 5
#define EXPLORE         16

typedef bool (*copy_fn)(void *to, const void *from, size_t size);

static inline void advance(const struct trine_queue *queue, struct trine__queue_side *side)
{
    side->next += queue->item_size;
    if (side->next == queue->items_end)
        side->next = queue->items;
}

/* Into the ring, if that leaves no more in it than there ever were, with `got` gone out. */
static inline __attribute__((always_inline)) bool fill(struct trine_queue *queue, const void *item,
                                                       uint64_t got, copy_fn copy)
{
    struct trine__queue_side *side = &queue->put;
    uint64_t count = atomic_load_explicit(&queue->put_count, memory_order_relaxed) + 1;
    if (count - got > side->peak || !copy(side->next, item, queue->item_size))
        return false;
    advance(queue, side);
    atomic_store_explicit(&queue->put_count, count, memory_order_release);
    return true;
}

/* Out of the ring, if more were put than were got. */
static inline __attribute__((always_inline)) bool drain(struct trine_queue *queue, void *ret_item,
                                                        uint64_t put, copy_fn copy)
{
    struct trine__queue_side *side = &queue->get;
    uint64_t count = atomic_load_explicit(&queue->got_count, memory_order_relaxed);
    if (count >= put || !copy(ret_item, side->next, queue->item_size))
        return false;
    advance(queue, side);
    atomic_store_explicit(&queue->got_count, count + 1, memory_order_release);
    return true;
}

/* One item more would be longer than ever: looks how many were got and whether there is room. */
static inline bool make_room(struct trine_queue *queue)
{
    struct trine__queue_side *side = &queue->put;
    side->seen = atomic_load_explicit(&queue->got_count, memory_order_acquire);
    size_t held =
        (size_t)(atomic_load_explicit(&queue->put_count, memory_order_relaxed) + 1 - side->seen);
    if (held <= queue->capacity && held > side->peak)
        side->peak = held;
    return held <= queue->capacity;
}

/* -EAGAIN: full. -EBUSY: the short way is closed. */
static inline int put_straight(struct trine_queue *queue, const void *item)
{
    struct trine__queue_side *side = &queue->put;
    int error = -EBUSY;
    trine__sync_lock(&side->lock);
    if (queue->straight) {
        bool done = fill(queue, item, side->seen, trine__copy_item) ||
                    (make_room(queue) && fill(queue, item, side->seen, trine__copy_item));
        error = done ? 0 : -EAGAIN;
    }
    trine__sync_unlock(&side->lock);
    return error;
}

/* -EAGAIN: empty. -EBUSY: the short way is closed. */
static inline int get_straight(struct trine_queue *queue, void *ret_item)
{
    struct trine__queue_side *side = &queue->get;
    int error = -EBUSY;
    trine__sync_lock(&side->lock);
    if (queue->straight) {
        bool done = drain(queue, ret_item, side->seen, trine__copy_item);
        if (!done) {
            side->seen = atomic_load_explicit(&queue->put_count, memory_order_acquire);
            done = drain(queue, ret_item, side->seen, trine__copy_item);
        }
        error = done ? 0 : -EAGAIN;
    }
    trine__sync_unlock(&side->lock);
    return error;
}

/* The same in a process of one thread, for items of the usual sizes: no lock, no call. */
static inline bool put_alone(struct trine_queue *queue, const void *item)
{
    return __libc_single_threaded && queue->straight &&
           fill(queue, item, atomic_load_explicit(&queue->got_count, memory_order_relaxed),
                trine__copy_small);
}

static inline bool get_alone(struct trine_queue *queue, void *ret_item)
{
    return __libc_single_threaded && queue->straight &&
           drain(queue, ret_item, atomic_load_explicit(&queue->put_count, memory_order_relaxed),
                 trine__copy_small);
}

/* The short way has been tried without a lock already. */
static inline bool tried_alone(const struct trine_queue *queue, bool checked)
{
    return checked && __libc_single_threaded && trine__is_small(queue->item_size);
}

/* ---- a moment of patience: the other side may be at work on another core */

static inline bool may_spin(const struct trine_queue *queue)
{
    const struct trine__loop *loop = trine__loop_here;
    return queue->several_cores && !__libc_single_threaded &&
           (loop == NULL || loop->ready.first == NULL);
}

/* Looks at both counts for a while, longer where it was worth it before; now and then as long as it
 * may, since two sides that both sleep wake each other for every item and would never find out that
 * they need not. True: the counts say that the side can go on. Nobody who waits in line is passed
 * by: then the short way is closed. */
static inline bool spin(struct trine_queue *queue, struct trine__queue_side *side, size_t stuck_at)
{
    if (!may_spin(queue))
        return false;
    unsigned patience = atomic_load_explicit(&side->patience, memory_order_relaxed);
    unsigned stuck = atomic_load_explicit(&side->stuck, memory_order_relaxed) + 1;
    unsigned limit = stuck % EXPLORE == 0 ? PATIENCE_MAX : patience, looks = 0;
    while (trine__queue_length(queue) == stuck_at && looks < limit) {
        for (int i = 0; i < PAUSES_PER_LOOK; i++)
            trine__pause();
        looks++;
    }
    bool free = looks < limit;
    if (free)
        patience = patience + looks < PATIENCE_MAX ? patience + looks : PATIENCE_MAX;
    else
        patience -= (patience - PATIENCE_MIN) / 4;
    atomic_store_explicit(&side->patience, patience, memory_order_relaxed);
    atomic_store_explicit(&side->stuck, stuck, memory_order_relaxed);
    return free;
}

#endif

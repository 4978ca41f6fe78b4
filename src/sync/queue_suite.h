/* SPDX-License-Identifier: MIT */
/* What the tests of queues share: queues of numbers, and children that do one call. */
#ifndef TRINE_SYNC_QUEUE_SUITE_H
#define TRINE_SYNC_QUEUE_SUITE_H

#include "core/suite.h"
#include "sync/queue.h"
#include <trine/group.h>

/* The tens decide the order; the ones tell equal items apart. */
static inline int compare_tens(const void *a, const void *b)
{
    return *(const int *)a / 10 - *(const int *)b / 10;
}

__attribute__((unused)) static int undelivered[16], undelivered_count;

static inline void keep_undelivered(void *item, void *arg)
{
    assert_ptr_equal(arg, &undelivered_count);
    undelivered[undelivered_count++] = *(int *)item;
}

static inline struct trine_queue *new_queue(size_t capacity, enum trine_queue_order order)
{
    undelivered_count = 0;
    struct trine_queue *queue =
        trine_queue_new(&(struct trine_queue_options){ .item_size = sizeof(int),
                                                       .capacity = capacity,
                                                       .order = order,
                                                       .compare = compare_tens,
                                                       .undelivered = keep_undelivered,
                                                       .arg = &undelivered_count });
    assert_non_null(queue);
    return queue;
}

static inline void put(struct trine_queue *queue, int item)
{
    assert_int_equal(trine_queue_put(queue, &item), 0);
}

static inline int get(struct trine_queue *queue)
{
    int item = -1;
    assert_int_equal(trine_queue_get(queue, &item), 0);
    return item;
}

static inline int try_put(struct trine_queue *queue, int item)
{
    return trine_queue_try_put(queue, &item);
}

static inline int try_get(struct trine_queue *queue)
{
    int item = -1, error = trine_queue_try_get(queue, &item);
    return error < 0 ? error : item;
}

/* ---- children */

struct child {
    struct trine_queue *queue;
    int item;  /* to be put, or what was got */
    int error; /* 1: not through yet */
};

static inline int put_one(void *arg)
{
    struct child *child = arg;
    child->error = trine_queue_put(child->queue, &child->item);
    return 0;
}

static inline int get_one(void *arg)
{
    struct child *child = arg;
    child->error = trine_queue_get(child->queue, &child->item);
    return 0;
}

static inline int join(void *arg)
{
    struct child *child = arg;
    child->error = trine_queue_join(child->queue);
    return 0;
}

/* Starts it and lets it run up to where it waits. */
static inline struct trine_future *start(struct trine_group *group, trine_fn fn,
                                         struct child *child)
{
    child->error = 1;
    struct trine_future *future = trine_spawn(group, fn, child);
    assert_int_equal(trine_yield(), 0);
    return future;
}

#endif

/* SPDX-License-Identifier: MIT */
/* The queue inside: two sides that meet only when they have to.
 *
 *      putters                    getters
 *      put.lock                   get.lock
 *         |   +----------------+     |
 *         +-> |   ring of items| ----+          count of items put ---> the getters look
 *             +----------------+                the putters look   <--- count of items got
 *      lock: who waits, closed, and everything else
 *
 * A put into a ring with room takes its side's lock alone, and so does a get from one with items:
 * one producer and one consumer never touch the same lock. That is the short way. It is open while
 * `straight` is true: a ring, not closed, and nobody waits on either side.
 *
 * Everything else goes the long way and holds lock, put.lock and get.lock, taken in this order.
 * `straight` and the lists of waiters change only so (but for a wait that withdraws, which holds
 * `lock`), hence one side's lock is enough to rely on `straight`, and:
 *
 *   - nobody falls asleep beside an item: "empty" or "full" and the entry in the list are one step,
 *     which no put or get of the short way can overlap, and the next one finds the way closed;
 *   - nobody is overtaken: while somebody waits, every put and get goes the long way, where it
 *     serves the longest waiter and cannot come before it;
 *   - a cancel loses nothing: only a wait that is still in its list can be withdrawn, see wait.h;
 *   - after close nothing gets in: the long way is the only one then.
 *
 * A withdrawn wait leaves the way closed; the next one who goes the long way opens it. Who is stuck
 * on the short way looks around for a moment first (queue_straight.h): it stands in no line then,
 * and the way is open, so nobody stands in one whom it could pass by. */
#ifndef TRINE_SYNC_QUEUE_H
#define TRINE_SYNC_QUEUE_H

#include "sync/item_heap.h"
#include "sync/wait.h"
#include <stdatomic.h>
#include <string.h>
#include <trine/queue.h>

/* A handle of a queue that has several, which are closed one by one: channel.c. Whoever waits on it
 * uses it, too, so that it can be closed meanwhile. */
struct trine__queue_end {
    size_t users; /* under the queue's lock */
    void (*free)(struct trine__queue_end *end);
};

/* The side of those who put, or of those who get. */
struct trine__queue_side {
    struct trine__sync_lock lock;
    char *next;                 /* place in the ring: to fill, or to empty */
    uint64_t seen;              /* of the other side's count, when last looked */
    size_t peak;                /* putters': the longest it has been */
    bool waits_for_mail;        /* who waited here last was woken by another thread */
    _Atomic(unsigned) patience; /* how often who is stuck looks again */
    _Atomic(unsigned) stuck;
};

#define TRINE__LINES_APART 128 /* processors fetch cache lines in pairs */

struct trine_queue {
    char *items, *items_end;
    size_t item_size, capacity;
    struct trine__item_heap heap;
    void (*undelivered)(void *item, void *arg);
    void *arg;
    enum trine_queue_order order;
    bool ring;     /* TRINE_FIFO with room for items */
    bool straight; /* the short way is open */
    bool closed;
    bool several_cores; /* the other side may be at work while this one looks */

    _Alignas(TRINE__LINES_APART) struct trine__queue_side put;
    _Alignas(TRINE__LINES_APART) _Atomic(uint64_t) put_count; /* items that ever went in */
    _Alignas(TRINE__LINES_APART) struct trine__queue_side get;
    _Alignas(TRINE__LINES_APART) _Atomic(uint64_t) got_count; /* items that ever went out */

    _Alignas(TRINE__LINES_APART) struct trine__sync_lock lock;
    struct trine__wait_list putters, getters, joiners;
    uint64_t handed; /* items that went from a putter to a getter directly */
    uint64_t done;
};

/* As trine_queue_new(), with its error. */
int trine__queue_open(struct trine_queue **ret_queue, const struct trine_queue_options *options);
/* `end`: whose wait it is, wait->object; NULL: the queue's own. */
int trine__queue_put(struct trine_queue *queue, const void *item, struct trine__queue_end *end);
int trine__queue_get(struct trine_queue *queue, void *ret_item, struct trine__queue_end *end);
/* One user less; frees it with the last. Without locks. */
void trine__queue_end_drop(struct trine_queue *queue, struct trine__queue_end *end);

/* The verbs of case.h. */
int trine__queue_commit_put(struct trine_queue *queue, const void *item,
                            struct trine__wake_list *wake);
int trine__queue_commit_get(struct trine_queue *queue, void *ret_item,
                            struct trine__wake_list *wake);
void trine__queue_leave(struct trine__wait_list *list, void *item, struct trine__queue_end *end,
                        struct trine__wait *wait);

/* The long way: all locks. Unlocking opens the short way if it can be. */
void trine__queue_lock_shared(struct trine_queue *queue);
void trine__queue_unlock_shared(struct trine_queue *queue);

static inline bool trine__queue_is_straight(const struct trine_queue *queue)
{
    return queue->ring && !queue->closed && queue->putters.first == NULL &&
           queue->getters.first == NULL;
}

static inline void trine__queue_lock(struct trine_queue *queue)
{
    if (!__libc_single_threaded)
        trine__queue_lock_shared(queue);
}

static inline void trine__queue_unlock(struct trine_queue *queue)
{
    queue->straight = trine__queue_is_straight(queue);
    if (!__libc_single_threaded)
        trine__queue_unlock_shared(queue);
}
/* The next of `held` items, taken out of its place but not counted: valid until the next put. */
void *trine__queue_next(struct trine_queue *queue, size_t held);

/* Under all locks. */
static inline size_t trine__queue_length(const struct trine_queue *queue)
{
    return (size_t)(atomic_load_explicit(&queue->put_count, memory_order_relaxed) -
                    atomic_load_explicit(&queue->got_count, memory_order_relaxed));
}

static inline bool trine__is_small(size_t size)
{
    return size == 8 || size == 4 || size == 16;
}

/* Copies an item of one of the usual sizes; false: it has another. */
static inline bool trine__copy_small(void *to, const void *from, size_t size)
{
    if (size == 8)
        memcpy(to, from, 8);
    else if (size == 4)
        memcpy(to, from, 4);
    else if (size == 16)
        memcpy(to, from, 16);
    else
        return false;
    return true;
}

static inline bool trine__copy_item(void *to, const void *from, size_t size)
{
    if (!trine__copy_small(to, from, size))
        memcpy(to, from, size);
    return true;
}

#endif

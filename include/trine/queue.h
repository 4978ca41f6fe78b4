/* SPDX-License-Identifier: MIT */
/* Queues between tasks, between threads, and between both. Python: asyncio.Queue, queue.Queue,
 * LifoQueue, PriorityQueue, as one; with capacity 0 Go's unbuffered channel.
 *
 * Items are copied in and out, `item_size` bytes each. Who waits is served in the order of coming
 * (a thread looks around for some microseconds before it takes its place in the line), and items
 * are handed over directly: a put that returned 0 is in the queue or in a getter's hands, and only
 * then; a get that failed took nothing. Cancelling loses nothing, ever.
 *
 * In a task, a wait parks the task; in a plain thread it blocks the thread. A limit for one call:
 * TRINE_WITHIN(TRINE_SECONDS(1), trine_queue_get(queue, &item)). */
#ifndef TRINE_QUEUE_H
#define TRINE_QUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_queue;

enum trine_queue_order {
    TRINE_FIFO,
    TRINE_LIFO,
    TRINE_PRIORITY /* the item that `compare` puts first; equal ones in the order of putting */
};

struct trine_queue_options {
    size_t item_size; /* bytes; at least 1 */
    size_t capacity;  /* items held at most. 0: none, each put meets a get (TRINE_FIFO only) */
    enum trine_queue_order order;
    /* For TRINE_PRIORITY. < 0: a comes first. It runs under the queue's lock: it may neither wait
     * nor use the queue. */
    int (*compare)(const void *a, const void *b);
    /* Called with each item that was put and that nobody will get any more (shutdown, free),
     * outside all locks, in the order they would have come. For items that own something. `item` is
     * valid during the call. An item whose put failed stays the caller's. */
    void (*undelivered)(void *item, void *arg);
    void *arg;
};

/* Makes an empty one; memory for all its items is taken now. `options`: borrowed. NULL: -ENOMEM or
 * -EINVAL, trine_error_last() says which and why. */
TRINE_PUBLIC struct trine_queue *trine_queue_new(const struct trine_queue_options *options);
/* What is still in it goes to `undelivered`. Accepts NULL. Every call on it must have returned. */
TRINE_PUBLIC void trine_queue_free(struct trine_queue *queue);

/* Copies `item` in, waiting while the queue is full. Who waits comes in when a get makes room,
 * first come, first served; also with TRINE_PRIORITY, whose order is that of the items inside.
 *
 * Errors:  -EPIPE: closed. -ECANCELED, -ETIMEDOUT: the item is not in it. -EDEADLK: in a loop's
 *          own thread outside tasks (a callback), where try is the one to use. try: -EAGAIN: full
 *          (with capacity 0: nobody waits to get), or others wait before.
 * Waits:   this task or thread; try: never, and it looks at no scope.
 * Threads: any. */
TRINE_PUBLIC int trine_queue_put(struct trine_queue *queue, const void *item);
TRINE_PUBLIC int trine_queue_try_put(struct trine_queue *queue, const void *item);
/* Copies the next item out, waiting while there is none. Errors: -EPIPE: closed and drained; else
 * as put. `ret_item` is untouched on failure. */
TRINE_PUBLIC int trine_queue_get(struct trine_queue *queue, void *ret_item);
TRINE_PUBLIC int trine_queue_try_get(struct trine_queue *queue, void *ret_item);

/* No more puts: those waiting fail with -EPIPE and their items are not in it; gets go on until it
 * is drained, those waiting for an item that cannot come any more fail with -EPIPE. Idempotent.
 * Threads: any. */
TRINE_PUBLIC void trine_queue_close(struct trine_queue *queue);
/* Closes it and drops what is in it (to `undelivered`): puts and gets fail at once. Items dropped
 * count as done when `undelivered` has seen the last of them. Legal after close.
 * Threads: any. */
TRINE_PUBLIC void trine_queue_shutdown(struct trine_queue *queue);

/* Waits until as many items were done as were put.
 * Errors: -ECANCELED, -ETIMEDOUT: not all are done.
 * Threads: any. */
TRINE_PUBLIC int trine_queue_join(struct trine_queue *queue);
/* An item that was got is done. -EINVAL: more than were put. */
TRINE_PUBLIC int trine_queue_task_done(struct trine_queue *queue);

/* Items in it now; the most it ever held; those who wait to put and to get; items put and not yet
 * done. Of one moment, which is over when it returns. Threads: any. */
struct trine_queue_state {
    size_t length, peak, putters, getters, unfinished;
};
TRINE_PUBLIC struct trine_queue_state trine_queue_inspect(struct trine_queue *queue);

#ifdef __cplusplus
}
#endif
#endif

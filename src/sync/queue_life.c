/* SPDX-License-Identifier: MIT */
/* How a queue begins and ends: made, closed, shut down, joined, freed. */
#include "base/must.h"
#include "sync/queue.h"
#include "sys/cpus.h"
#include "sys/sys.h"
#include <stdalign.h>

/* ---- made */

static int check(const struct trine_queue_options *options)
{
    size_t bytes;
    if (options->item_size == 0)
        return trine_fail(-EINVAL, "a queue's items need a size of at least 1 byte");
    if (options->order > TRINE_PRIORITY)
        return trine_fail(-EINVAL, "there is no queue order %d", (int)options->order);
    if (options->capacity == 0 && options->order != TRINE_FIFO)
        return trine_fail(-EINVAL, "a queue of capacity 0 has to be a TRINE_FIFO one");
    if (options->order == TRINE_PRIORITY && options->compare == NULL)
        return trine_fail(-EINVAL, "a TRINE_PRIORITY queue needs a function that compares items");
    if (__builtin_mul_overflow(options->item_size, options->capacity, &bytes))
        return trine_fail(-EINVAL, "no memory can hold %zu items of %zu bytes", options->capacity,
                          options->item_size);
    return 0;
}

static void release(struct trine_queue *queue)
{
    trine__item_heap_done(&queue->heap);
    trine__free(queue->items);
    trine__free(queue);
}

static int make_store(struct trine_queue *queue, const struct trine_queue_options *options)
{
    size_t bytes = options->item_size * options->capacity;
    queue->items = trine__alloc_aligned(TRINE__LINES_APART, bytes > 0 ? bytes : 1);
    if (queue->items == NULL)
        return -ENOMEM;
    queue->items_end = queue->items + bytes;
    queue->put.next = queue->get.next = queue->items;
    queue->put.patience = queue->get.patience = 16;
    queue->heap.items = queue->items;
    queue->heap.item_size = options->item_size;
    queue->heap.compare = options->compare;
    return options->order == TRINE_PRIORITY ? trine__item_heap_init(&queue->heap, options->capacity)
                                            : 0;
}

int trine__queue_open(struct trine_queue **ret_queue, const struct trine_queue_options *options)
{
    int error = check(options);
    if (error < 0)
        return error;
    struct trine_queue *queue = trine__alloc_aligned(alignof(struct trine_queue), sizeof *queue);
    if (queue == NULL)
        goto fail;
    *queue = (struct trine_queue){ .item_size = options->item_size,
                                   .capacity = options->capacity,
                                   .order = options->order,
                                   .undelivered = options->undelivered,
                                   .arg = options->arg,
                                   .ring = options->order == TRINE_FIFO && options->capacity > 0 };
    queue->straight = queue->ring;
    queue->several_cores = trine__cpus_several();
    if (make_store(queue, options) < 0)
        goto fail;
    *ret_queue = queue;
    return 0;
fail:
    if (queue != NULL)
        release(queue);
    return trine_fail(-ENOMEM, "no memory for a queue of %zu items of %zu bytes", options->capacity,
                      options->item_size);
}

struct trine_queue *trine_queue_new(const struct trine_queue_options *options)
{
    struct trine_queue *queue = NULL;
    return trine__queue_open(&queue, options) == 0 ? queue : NULL;
}

void trine_queue_free(struct trine_queue *queue)
{
    if (queue == NULL)
        return;
    trine_must(queue->putters.first == NULL && queue->getters.first == NULL &&
                   queue->joiners.first == NULL,
               "trine_queue_free(): somebody waits for this queue");
    trine_queue_shutdown(queue);
    release(queue);
}

/* ---- closed */

/* Under all locks. */
static void close_it(struct trine_queue *queue, struct trine__wake_list *wake)
{
    queue->closed = true;
    trine__wait_take_all(&queue->putters, -EPIPE, wake);
    trine__wait_take_all(&queue->getters, -EPIPE, wake);
}

void trine_queue_close(struct trine_queue *queue)
{
    struct trine__wake_list wake = { 0 };
    trine__queue_lock(queue);
    close_it(queue, &wake);
    trine__queue_unlock(queue);
    trine__wake(&wake);
}

static size_t unfinished(const struct trine_queue *queue)
{
    return (size_t)(atomic_load_explicit(&queue->put_count, memory_order_acquire) + queue->handed -
                    queue->done);
}

/* So many items are done; `dropped`: but for those that were called done before anybody had got
 * them. Wakes those who wait for the last. */
static int finish(struct trine_queue *queue, size_t count, bool dropped)
{
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&queue->lock);
    size_t left = unfinished(queue);
    if (dropped && count > left)
        count = left;
    int error = count <= left ? 0 : -EINVAL;
    if (error == 0)
        queue->done += count;
    if (count == left)
        trine__wait_take_all(&queue->joiners, 0, &wake);
    trine__sync_unlock(&queue->lock);
    trine__wake(&wake);
    return error;
}

/* What is in it counts as got at once. After that nobody but this call comes near the items, since
 * nothing gets in any more: `undelivered` sees them where they lie, without a lock. */
void trine_queue_shutdown(struct trine_queue *queue)
{
    struct trine__wake_list wake = { 0 };
    trine__queue_lock(queue);
    close_it(queue, &wake);
    size_t count = trine__queue_length(queue);
    atomic_fetch_add_explicit(&queue->got_count, count, memory_order_relaxed);
    trine__queue_unlock(queue);
    trine__wake(&wake);
    for (size_t held = count; held > 0; held--) {
        void *item = trine__queue_next(queue, held);
        if (queue->undelivered != NULL)
            queue->undelivered(item, queue->arg);
    }
    (void)finish(queue, count, true);
}

/* ---- joined */

int trine_queue_task_done(struct trine_queue *queue)
{
    return finish(queue, 1, false);
}

int trine_queue_join(struct trine_queue *queue)
{
    struct trine__wait wait;
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    trine__sync_lock(&queue->lock);
    bool waits = unfinished(queue) > 0;
    if (waits) {
        error = trine__wait_prepare(&wait, &queue->lock, queue);
        waits = error == 0;
    }
    if (waits)
        trine__wait_add(&queue->joiners, &wait);
    trine__sync_unlock(&queue->lock);
    return waits ? trine__wait_park(&wait, "the last item of a queue to be done") : error;
}

/* ---- looked at */

static size_t count_waits(const struct trine__wait_list *list)
{
    size_t count = 0;
    for (const struct trine__wait *wait = list->first; wait != NULL; wait = wait->next)
        count += wait->choice == NULL || atomic_load(&wait->choice->winner) == TRINE__UNDECIDED;
    return count;
}

struct trine_queue_state trine_queue_inspect(struct trine_queue *queue)
{
    trine__queue_lock(queue);
    struct trine_queue_state state = { .length = trine__queue_length(queue),
                                       .peak = queue->put.peak,
                                       .putters = count_waits(&queue->putters),
                                       .getters = count_waits(&queue->getters),
                                       .unfinished = unfinished(queue) };
    trine__queue_unlock(queue);
    return state;
}

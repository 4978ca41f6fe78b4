/* SPDX-License-Identifier: MIT */
#include "sync/queue.h"
#include "sync/queue_straight.h"

/* ---- the items; under all locks */

static void push(struct trine_queue *queue, const void *item)
{
    uint64_t count = atomic_load_explicit(&queue->put_count, memory_order_relaxed);
    size_t held = trine__queue_length(queue);
    if (queue->order == TRINE_PRIORITY) {
        trine__item_heap_put(&queue->heap, held, count, item);
    } else {
        trine__copy_item(queue->put.next, item, queue->item_size);
        advance(queue, &queue->put);
    }
    if (held + 1 > queue->put.peak)
        queue->put.peak = held + 1;
    atomic_store_explicit(&queue->put_count, count + 1, memory_order_release);
}

void *trine__queue_next(struct trine_queue *queue, size_t held)
{
    void *item;
    if (queue->order == TRINE_PRIORITY) {
        item = trine__item_heap_get(&queue->heap, held);
    } else if (queue->order == TRINE_LIFO) {
        if (queue->put.next == queue->items)
            queue->put.next = queue->items_end;
        item = queue->put.next -= queue->item_size;
    } else {
        item = queue->get.next;
        advance(queue, &queue->get);
    }
    return item;
}

static void pop(struct trine_queue *queue, void *ret_item)
{
    uint64_t count = atomic_load_explicit(&queue->got_count, memory_order_relaxed);
    trine__copy_item(ret_item, trine__queue_next(queue, trine__queue_length(queue)),
                     queue->item_size);
    atomic_store_explicit(&queue->got_count, count + 1, memory_order_release);
}

/* ---- the long way */

static void lock_sides(struct trine_queue *queue)
{
    trine__sync_lock(&queue->put.lock);
    trine__sync_lock(&queue->get.lock);
}

static void unlock_sides(struct trine_queue *queue)
{
    trine__sync_unlock(&queue->get.lock);
    trine__sync_unlock(&queue->put.lock);
}

void trine__queue_lock_shared(struct trine_queue *queue)
{
    trine__sync_lock(&queue->lock);
    lock_sides(queue);
}

void trine__queue_unlock_shared(struct trine_queue *queue)
{
    unlock_sides(queue);
    trine__sync_unlock(&queue->lock);
}

/* The longest waiter of the list, taken out to succeed; NULL: nobody waits. */
static inline struct trine__wait *take_first(struct trine__wait_list *list,
                                             struct trine__wake_list *wake)
{
    struct trine__wait *wait = list->first;
    while (wait != NULL && (wait = trine__wait_peek(list)) != NULL &&
           !trine__wait_take(wait, 0, wake))
        ;
    return wait;
}

static inline __attribute__((always_inline)) int put_now(struct trine_queue *queue, void *item,
                                                         struct trine__wake_list *wake)
{
    if (queue->closed)
        return -EPIPE;
    struct trine__wait *getter = take_first(&queue->getters, wake);
    if (getter != NULL) {
        trine__copy_item(getter->item, item, queue->item_size);
        queue->handed++;
    } else if (trine__queue_length(queue) < queue->capacity) {
        push(queue, item);
    } else {
        return -EAGAIN;
    }
    return 0;
}

/* A full queue has lost an item: the longest putter's takes the place. A queue without room for any
 * is always full. */
static inline __attribute__((always_inline)) int get_now(struct trine_queue *queue, void *ret_item,
                                                         struct trine__wake_list *wake)
{
    bool empty = trine__queue_length(queue) == 0;
    if (!empty)
        pop(queue, ret_item);
    struct trine__wait *putter = take_first(&queue->putters, wake);
    if (putter != NULL && queue->capacity > 0) {
        push(queue, putter->item);
    } else if (putter != NULL) {
        trine__copy_item(ret_item, putter->item, queue->item_size);
        queue->handed++;
        return 0;
    }
    return !empty ? 0 : queue->closed ? -EPIPE : -EAGAIN;
}

typedef int (*try_fn)(struct trine_queue *queue, void *item, struct trine__wake_list *wake);

static inline __attribute__((always_inline)) int try_now(struct trine_queue *queue, void *item,
                                                         try_fn try)
{
    struct trine__wake_list wake = { 0 };
    trine__queue_lock(queue);
    int error = try(queue, item, &wake);
    trine__queue_unlock(queue);
    trine__wake(&wake);
    return error;
}

/* Waits in `list` until somebody has done it. With all locks, which it gives back. One function for
 * both sides: where two of them take turns, the processor predicts its returns. */
static __attribute__((noinline)) int wait_in_line(struct trine_queue *queue,
                                                  struct trine__wait_list *list, void *item,
                                                  struct trine__queue_end *end, const char *what)
{
    struct trine__wait wait;
    int error = trine__wait_prepare(&wait, &queue->lock, end);
    if (error == 0) {
        wait.item = item;
        trine__wait_add(list, &wait);
        if (end != NULL)
            end->users++;
    }
    trine__queue_unlock(queue);
    if (error < 0)
        return error;
    error = trine__wait_park(&wait, what);
    if (end != NULL)
        trine__queue_end_drop(queue, end);
    return error;
}

/* Does it, or waits. */
static inline __attribute__((always_inline)) int
do_or_wait(struct trine_queue *queue, void *item, struct trine__queue_end *end, try_fn try,
           struct trine__wait_list *list, const char *what)
{
    struct trine__wake_list wake = { 0 };
    trine__queue_lock(queue);
    int error = try(queue, item, &wake);
    if (error == -EAGAIN)
        return wait_in_line(queue, list, item, end, what);
    trine__queue_unlock(queue);
    if (wake.first != NULL)
        trine__wake(&wake);
    return error;
}

/* trine__checkpoint() where there is nothing to check: in a task with a budget left. */
static inline bool free_to_go(void)
{
    struct trine__task *task = trine__task_here();
    if (task == NULL || task->context.cancelled != 0 || task->context.budget <= 1)
        return false;
    task->context.budget--;
    return true;
}

static __attribute__((noinline)) int put_or_wait(struct trine_queue *queue, const void *item,
                                                 struct trine__queue_end *end, bool checked)
{
    int error = checked ? 0 : trine__checkpoint();
    if (error < 0)
        return error;
    if (!tried_alone(queue, checked)) {
        while ((error = put_straight(queue, item)) == -EAGAIN)
            if (!spin(queue, &queue->put, queue->capacity))
                break;
        if (error == 0)
            return 0;
    }
    return do_or_wait(queue, (void *)item, end, put_now, &queue->putters, "room in a queue");
}

static __attribute__((noinline)) int get_or_wait(struct trine_queue *queue, void *ret_item,
                                                 struct trine__queue_end *end, bool checked)
{
    int error = checked ? 0 : trine__checkpoint();
    if (error < 0)
        return error;
    if (!tried_alone(queue, checked)) {
        while ((error = get_straight(queue, ret_item)) == -EAGAIN)
            if (!spin(queue, &queue->get, 0))
                break;
        if (error == 0)
            return 0;
    }
    return do_or_wait(queue, ret_item, end, get_now, &queue->getters, "an item of a queue");
}

int trine__queue_put(struct trine_queue *queue, const void *item, struct trine__queue_end *end)
{
    bool checked = free_to_go();
    return checked && put_alone(queue, item) ? 0 : put_or_wait(queue, item, end, checked);
}

int trine__queue_get(struct trine_queue *queue, void *ret_item, struct trine__queue_end *end)
{
    bool checked = free_to_go();
    return checked && get_alone(queue, ret_item) ? 0 : get_or_wait(queue, ret_item, end, checked);
}

int trine_queue_put(struct trine_queue *queue, const void *item)
{
    return trine__queue_put(queue, item, NULL);
}

int trine_queue_get(struct trine_queue *queue, void *ret_item)
{
    return trine__queue_get(queue, ret_item, NULL);
}

int trine_queue_try_put(struct trine_queue *queue, const void *item)
{
    return put_straight(queue, item) == 0 ? 0 : try_now(queue, (void *)item, put_now);
}

int trine_queue_try_get(struct trine_queue *queue, void *ret_item)
{
    return get_straight(queue, ret_item) == 0 ? 0 : try_now(queue, ret_item, get_now);
}

/* Under queue->lock. What could not be done may be waited for now: the short way is closed. */
static int commit(struct trine_queue *queue, void *item, try_fn try, struct trine__wake_list *wake)
{
    lock_sides(queue);
    int error = try(queue, item, wake);
    queue->straight = error != -EAGAIN && trine__queue_is_straight(queue);
    unlock_sides(queue);
    return error;
}

int trine__queue_commit_put(struct trine_queue *queue, const void *item,
                            struct trine__wake_list *wake)
{
    return commit(queue, (void *)item, put_now, wake);
}

int trine__queue_commit_get(struct trine_queue *queue, void *ret_item,
                            struct trine__wake_list *wake)
{
    return commit(queue, ret_item, get_now, wake);
}

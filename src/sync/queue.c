/* SPDX-License-Identifier: MIT */
#include "sync/queue.h"
#include "sync/queue_straight.h"
#include "sync/wait_quick.h"

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

static inline struct trine__wait_list *waits_of(struct trine_queue *queue,
                                                const struct trine__queue_side *side)
{
    return side == &queue->put ? &queue->putters : &queue->getters;
}

/* The longest waiter of `side`, taken out to succeed; NULL: nobody waits. */
static inline struct trine__wait *serve_first(struct trine_queue *queue,
                                              struct trine__queue_side *side)
{
    struct trine__wait *wait = trine__wait_take_first(waits_of(queue, side));
    if (wait != NULL && wait->choice == NULL && !__libc_single_threaded)
        side->waits_for_mail = wait->parker.context->loop != trine__loop_here;
    return wait;
}

static inline __attribute__((always_inline)) int put_now(struct trine_queue *queue, void *item,
                                                         struct trine__wait **ret_woken)
{
    *ret_woken = NULL;
    if (queue->closed)
        return -EPIPE;
    struct trine__wait *getter = *ret_woken = serve_first(queue, &queue->get);
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
                                                         struct trine__wait **ret_woken)
{
    bool empty = trine__queue_length(queue) == 0;
    if (!empty)
        pop(queue, ret_item);
    struct trine__wait *putter = *ret_woken = serve_first(queue, &queue->put);
    if (putter != NULL && queue->capacity > 0) {
        push(queue, putter->item);
    } else if (putter != NULL) {
        trine__copy_item(ret_item, putter->item, queue->item_size);
        queue->handed++;
        return 0;
    }
    return !empty ? 0 : queue->closed ? -EPIPE : -EAGAIN;
}

/* Each wakes one waiter at most. */
typedef int (*try_fn)(struct trine_queue *queue, void *item, struct trine__wait **ret_woken);

static inline __attribute__((always_inline)) int try_now(struct trine_queue *queue, void *item,
                                                         try_fn try)
{
    struct trine__wait *woken;
    trine__queue_lock(queue);
    int error = try(queue, item, &woken);
    trine__queue_unlock(queue);
    trine__wake_one(woken);
    return error;
}

/* Parks. If another thread ended the last wait of this side, the loop may look out for it a while
 * before it falls asleep. */
static int park_in_line(struct trine__wait *wait, bool for_mail, const char *what)
{
    struct trine__loop *loop = wait->parker.context->loop;
    bool expected = for_mail && loop != NULL;
    if (expected)
        loop->mail_expected++;
    int error = trine__wait_park(wait, what);
    if (expected)
        loop->mail_expected--;
    return error;
}

static __attribute__((noinline)) int wait_in_line(struct trine_queue *queue,
                                                  struct trine__queue_side *side, void *item,
                                                  struct trine__queue_end *end, const char *what)
{
    struct trine__wait wait;
    int error = trine__wait_prepare(&wait, &queue->lock, end);
    if (error == 0) {
        wait.item = item;
        trine__wait_add(waits_of(queue, side), &wait);
        if (end != NULL)
            end->users++;
    }
    bool for_mail = side->waits_for_mail;
    trine__queue_unlock(queue);
    if (error < 0)
        return error;
    error = park_in_line(&wait, for_mail, what);
    if (end != NULL)
        trine__queue_end_drop(queue, end);
    return error;
}

/* The same in a task, of a queue that has no ends, among tasks of one loop. One function for both
 * sides: where two tasks take turns, they go on in the same place. */
static __attribute__((noinline)) int wait_in_line_quick(struct trine_queue *queue,
                                                        struct trine__queue_side *side, void *item,
                                                        struct trine__task *task, const char *what)
{
    struct trine__wait wait;
    trine__wait_prepare_task(&wait, task, &queue->lock, NULL);
    wait.item = item;
    trine__wait_append(waits_of(queue, side), &wait);
    trine__queue_unlock(queue);
    return trine__wait_park_task(&wait, task, what);
}

/* Does it, or waits at `side` until somebody has done it. */
static inline __attribute__((always_inline)) int
do_or_wait(struct trine_queue *queue, void *item, struct trine__queue_end *end, try_fn try,
           struct trine__queue_side *side, const char *what)
{
    struct trine__wait *woken;
    trine__queue_lock(queue);
    int error = try(queue, item, &woken);
    if (error == -EAGAIN) {
        struct trine__task *task = trine__task_here();
        return task != NULL && end == NULL && !side->waits_for_mail
                   ? wait_in_line_quick(queue, side, item, task, what)
                   : wait_in_line(queue, side, item, end, what);
    }
    trine__queue_unlock(queue);
    trine__wake_one(woken);
    return error;
}

static __attribute__((noinline)) int put_long(struct trine_queue *queue, const void *item,
                                              struct trine__queue_end *end)
{
    return do_or_wait(queue, (void *)item, end, put_now, &queue->put, "room in a queue");
}

static __attribute__((noinline)) int get_long(struct trine_queue *queue, void *ret_item,
                                              struct trine__queue_end *end)
{
    return do_or_wait(queue, ret_item, end, get_now, &queue->get, "an item of a queue");
}

static __attribute__((noinline)) int put_or_wait(struct trine_queue *queue, const void *item,
                                                 struct trine__queue_end *end, bool checked)
{
    int error = checked ? 0 : trine__checkpoint();
    if (error < 0)
        return error;
    while ((error = put_straight(queue, item)) == -EAGAIN)
        if (!spin(queue, &queue->put, queue->capacity))
            break;
    return error == 0 ? 0 : put_long(queue, item, end);
}

static __attribute__((noinline)) int get_or_wait(struct trine_queue *queue, void *ret_item,
                                                 struct trine__queue_end *end, bool checked)
{
    int error = checked ? 0 : trine__checkpoint();
    if (error < 0)
        return error;
    while ((error = get_straight(queue, ret_item)) == -EAGAIN)
        if (!spin(queue, &queue->get, 0))
            break;
    return error == 0 ? 0 : get_long(queue, ret_item, end);
}

int trine__queue_put(struct trine_queue *queue, const void *item, struct trine__queue_end *end)
{
    bool checked = trine__checkpoint_passed(trine__task_here());
    if (checked && put_alone(queue, item))
        return 0;
    return tried_alone(queue, checked) ? put_long(queue, item, end)
                                       : put_or_wait(queue, item, end, checked);
}

int trine__queue_get(struct trine_queue *queue, void *ret_item, struct trine__queue_end *end)
{
    bool checked = trine__checkpoint_passed(trine__task_here());
    if (checked && get_alone(queue, ret_item))
        return 0;
    return tried_alone(queue, checked) ? get_long(queue, ret_item, end)
                                       : get_or_wait(queue, ret_item, end, checked);
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
    struct trine__wait *woken;
    int error = try(queue, item, &woken);
    if (woken != NULL)
        trine__wake_later(wake, woken);
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

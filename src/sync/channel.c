/* SPDX-License-Identifier: MIT */
/* Channels: a queue whose ends are handles, counted on each side.
 *
 *     sender --+                        +-- receiver
 *     sender --+--> channel: a queue ---+
 *     sender --+                        +-- receiver
 *
 * A wait remembers the handle it came by, so that closing one handle fails its own waits only.
 * Those are still on their way out then: a handle goes with its last user, the channel with its
 * last handle. */
#include "base/list.h"
#include "sync/case.h"
#include "sync/queue.h"
#include "sys/sys.h"
#include <trine/channel.h>

struct channel {
    struct trine_queue *queue;
    size_t senders, receivers; /* under the queue's lock */
    _Atomic(size_t) handles;
};

/* Both kinds are this; a sender is never a receiver. */
struct handle {
    struct trine__queue_end end; /* first: a handle is its end */
    struct trine_queue *queue;
    struct channel *channel;
};

struct trine_sender {
    struct handle handle;
};

struct trine_receiver {
    struct handle handle;
};

/* ---- made and freed */

static void release(struct channel *channel)
{
    if (atomic_fetch_sub(&channel->handles, 1) > 1)
        return;
    trine_queue_free(channel->queue);
    trine__free(channel);
}

static void free_handle(struct trine__queue_end *end)
{
    struct handle *handle = TRINE__CONTAINER(end, struct handle, end);
    release(handle->channel);
    trine__free(handle);
}

/* One more on the side that `count` counts. */
static void *new_handle(struct channel *channel, size_t *count)
{
    struct handle *handle = trine__alloc(sizeof *handle);
    if (handle == NULL)
        return NULL;
    *handle = (struct handle){ { 1, free_handle }, channel->queue, channel };
    atomic_fetch_add(&channel->handles, 1);
    trine__sync_lock(&channel->queue->lock);
    ++*count;
    trine__sync_unlock(&channel->queue->lock);
    return handle;
}

static int new_channel(const struct trine_channel_options *options, struct channel **ret)
{
    struct trine_queue *queue;
    int error = trine__queue_open(
        &queue, &(struct trine_queue_options){ .item_size = options->item_size,
                                               .capacity = options->capacity,
                                               .undelivered = options->undelivered,
                                               .arg = options->arg });
    if (error < 0)
        return error;
    struct channel *channel = trine__alloc(sizeof *channel);
    if (channel == NULL) {
        trine_queue_free(queue);
        return -ENOMEM;
    }
    *channel = (struct channel){ .queue = queue, .handles = 1 };
    *ret = channel;
    return 0;
}

int trine_channel_open(struct trine_sender **ret_sender, struct trine_receiver **ret_receiver,
                       const struct trine_channel_options *options)
{
    struct channel *channel;
    int error = new_channel(options, &channel);
    if (error < 0)
        return error;
    struct trine_sender *sender = new_handle(channel, &channel->senders);
    struct trine_receiver *receiver =
        sender != NULL ? new_handle(channel, &channel->receivers) : NULL;
    if (receiver == NULL) {
        trine_sender_close(sender);
        error = -ENOMEM;
    } else {
        *ret_sender = sender;
        *ret_receiver = receiver;
    }
    release(channel);
    return error;
}

struct trine_sender *trine_sender_clone(struct trine_sender *sender)
{
    struct channel *channel = sender->handle.channel;
    return new_handle(channel, &channel->senders);
}

struct trine_receiver *trine_receiver_clone(struct trine_receiver *receiver)
{
    struct channel *channel = receiver->handle.channel;
    return new_handle(channel, &channel->receivers);
}

/* ---- closed */

/* Fails the handle's own waits. True: it was the last of its side. */
static bool leave_side(struct handle *handle, struct trine__wait_list *list, size_t *count)
{
    struct trine__wake_list wake = { 0 };
    trine__queue_lock(handle->queue);
    struct trine__wait *next;
    for (struct trine__wait *wait = list->first; wait != NULL; wait = next) {
        next = wait->next;
        if (wait->object == &handle->end)
            (void)trine__wait_take(wait, -EPIPE, &wake);
    }
    bool last = --*count == 0;
    trine__queue_unlock(handle->queue);
    trine__wake(&wake);
    return last;
}

void trine_sender_close(struct trine_sender *sender)
{
    if (sender == NULL)
        return;
    struct handle *handle = &sender->handle;
    if (leave_side(handle, &handle->queue->putters, &handle->channel->senders))
        trine_queue_close(handle->queue);
    trine__queue_end_drop(handle->queue, &handle->end);
}

void trine_receiver_close(struct trine_receiver *receiver)
{
    if (receiver == NULL)
        return;
    struct handle *handle = &receiver->handle;
    if (leave_side(handle, &handle->queue->getters, &handle->channel->receivers))
        trine_queue_shutdown(handle->queue);
    trine__queue_end_drop(handle->queue, &handle->end);
}

/* ---- used */

int trine_send_item(struct trine_sender *sender, const void *item)
{
    return trine__queue_put(sender->handle.queue, item, &sender->handle.end);
}

int trine_try_send_item(struct trine_sender *sender, const void *item)
{
    return trine_queue_try_put(sender->handle.queue, item);
}

int trine_receive_item(struct trine_receiver *receiver, void *ret_item)
{
    return trine__queue_get(receiver->handle.queue, ret_item, &receiver->handle.end);
}

int trine_try_receive_item(struct trine_receiver *receiver, void *ret_item)
{
    return trine_queue_try_get(receiver->handle.queue, ret_item);
}

/* ---- select */

static struct handle *handle_of(const struct trine_case *choice)
{
    return choice->object;
}

static struct trine__sync_lock *case_lock(const struct trine_case *choice)
{
    return &handle_of(choice)->queue->lock;
}

static int case_send(struct trine_case *choice, struct trine__wake_list *wake)
{
    return trine__queue_commit_put(handle_of(choice)->queue, choice->item, wake);
}

static int case_receive(struct trine_case *choice, struct trine__wake_list *wake)
{
    return trine__queue_commit_get(handle_of(choice)->queue, choice->item, wake);
}

static void leave_send(struct trine_case *choice, struct trine__wait *wait)
{
    struct handle *handle = handle_of(choice);
    trine__queue_leave(&handle->queue->putters, choice->item, &handle->end, wait);
}

static void leave_receive(struct trine_case *choice, struct trine__wait *wait)
{
    struct handle *handle = handle_of(choice);
    trine__queue_leave(&handle->queue->getters, choice->item, &handle->end, wait);
}

static void case_done(struct trine_case *choice)
{
    trine__queue_end_drop(handle_of(choice)->queue, &handle_of(choice)->end);
}

const struct trine__case_ops trine__case_send = { case_lock, case_send, leave_send, case_done };
const struct trine__case_ops trine__case_receive = { case_lock, case_receive, leave_receive,
                                                     case_done };

/* SPDX-License-Identifier: MIT */
/* Channels: queues whose ends are counted, and two with many readers. trio: open_memory_channel();
 * tokio: mpsc, broadcast, watch. All from any task or thread.
 *
 * Channel: each item goes to one receiver. It ends by itself: when all senders are closed,
 * receivers drain it and then get -EPIPE; when all receivers are closed, senders get -EPIPE.
 * Broadcast: each item goes to every subscriber; a slow one loses the oldest, and is told how many.
 * Watch: only the latest value; readers wait for it to change. */
#ifndef TRINE_CHANNEL_H
#define TRINE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- channel */

struct trine_sender;
struct trine_receiver;

struct trine_channel_options {
    size_t item_size;                           /* bytes; at least 1 */
    size_t capacity;                            /* 0: each send meets a receive */
    void (*undelivered)(void *item, void *arg); /* as in struct trine_queue_options */
    void *arg;
};

/* One sender and one receiver, both the caller's to close, in any order. -ENOMEM, -EINVAL: nothing
 * was opened. */
TRINE_PUBLIC int trine_channel_open(struct trine_sender **ret_sender,
                                    struct trine_receiver **ret_receiver,
                                    const struct trine_channel_options *options);
/* Another handle for the same end, to be closed as well; NULL: no memory. Give each task or thread
 * one of its own. */
TRINE_PUBLIC struct trine_sender *trine_sender_clone(struct trine_sender *sender);
TRINE_PUBLIC struct trine_receiver *trine_receiver_clone(struct trine_receiver *receiver);
/* Ends this handle: calls that wait on it fail with -EPIPE, other clones do not notice; no call on
 * it may begin any more. With the last receiver, items in the channel go to `undelivered`. Accept
 * NULL. Threads: any. */
TRINE_PUBLIC void trine_sender_close(struct trine_sender *sender);
TRINE_PUBLIC void trine_receiver_close(struct trine_receiver *receiver);

/* As trine_queue_put() and _get().
 *
 * Errors:  -EPIPE: as said above. -ECANCELED, -ETIMEDOUT: nothing was sent, nothing received.
 *          -EDEADLK: as there. try: -EAGAIN: it would have to wait.
 * Waits:   this task or thread; try: never.
 * Threads: any. */
TRINE_PUBLIC int trine_send_item(struct trine_sender *sender, const void *item);
TRINE_PUBLIC int trine_try_send_item(struct trine_sender *sender, const void *item);
TRINE_PUBLIC int trine_receive_item(struct trine_receiver *receiver, void *ret_item);
TRINE_PUBLIC int trine_try_receive_item(struct trine_receiver *receiver, void *ret_item);

/* ---- broadcast */

struct trine_broadcast;
struct trine_subscriber;

/* Holds the last `capacity` (at least 1) items of `item_size` bytes. NULL: trine_error_last(). */
TRINE_PUBLIC struct trine_broadcast *trine_broadcast_new(size_t item_size, size_t capacity);
/* No more is sent; subscribers read what is left, then get -EPIPE. Its memory goes with the last of
 * them. Accepts NULL. */
TRINE_PUBLIC void trine_broadcast_close(struct trine_broadcast *broadcast);
/* Sees what is sent from now on; before the close. NULL: no memory. */
TRINE_PUBLIC struct trine_subscriber *trine_subscribe(struct trine_broadcast *broadcast);
TRINE_PUBLIC void trine_unsubscribe(struct trine_subscriber *subscriber); /* accepts NULL */
/* Copies `item` for every subscriber. Never waits: where it is full the oldest item goes. Returns
 * how many subscribers there are. Threads: any. */
TRINE_PUBLIC int trine_broadcast_send(struct trine_broadcast *broadcast, const void *item);
/* The next item of this subscriber, waiting while there is none. `ret_lost` (may be NULL): how many
 * items before it were overwritten unread.
 *
 * Errors:  -EPIPE: closed and drained. -ECANCELED, -ETIMEDOUT: nothing was read. -EBUSY: another
 *          caller waits with this subscriber. -EDEADLK: as trine_queue_get().
 * Waits:   this task or thread.
 * Threads: any, one at a time for each subscriber. */
TRINE_PUBLIC int trine_subscriber_next(struct trine_subscriber *subscriber, void *ret_item,
                                       uint64_t *ret_lost);

/* ---- watch */

struct trine_watch;

/* `initial`: `size` bytes, borrowed. NULL: no memory. */
TRINE_PUBLIC struct trine_watch *trine_watch_new(size_t size, const void *initial);
TRINE_PUBLIC void trine_watch_free(struct trine_watch *watch); /* nobody may be waiting */
/* Puts a new value in the place of the old and gives it to all who wait. Never waits.
 * Threads: any. */
TRINE_PUBLIC void trine_watch_set(struct trine_watch *watch, const void *value);
/* Copies the latest value and returns its version: 0 for the initial one, then 1, 2, ... */
TRINE_PUBLIC uint64_t trine_watch_get(struct trine_watch *watch, void *ret_value);
/* Waits until the version is another than *version, copies the value and stores its version.
 * Values in between are skipped.
 *
 * Errors:  -EPIPE: closed, and *version was the last. -ECANCELED, -ETIMEDOUT: both are untouched.
 *          -EDEADLK: as trine_queue_get().
 * Waits:   this task or thread.
 * Threads: any. */
TRINE_PUBLIC int trine_watch_changed(struct trine_watch *watch, uint64_t *version, void *ret_value);
/* The value stays as it is; who waits fails with -EPIPE. */
TRINE_PUBLIC void trine_watch_close(struct trine_watch *watch);

#ifdef __cplusplus
}
#endif
#endif

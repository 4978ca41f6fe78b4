/* SPDX-License-Identifier: MIT */
/* Broadcast: a ring of the last items, which nobody takes out; each subscriber has its own place in
 * the sequence. Who fell out of the ring goes on with the oldest item and is told what it missed.
 *
 *          sent - capacity                 sent
 *     lost |   | items in the ring ........ | next send
 *       ^ subscriber         ^ subscriber   ^ one that waits
 */
#include "sync/wait.h"
#include "sys/sys.h"
#include <string.h>
#include <trine/channel.h>

struct trine_broadcast {
    struct trine__sync_lock lock;
    bool closed;
    size_t item_size, capacity;
    uint64_t sent;
    size_t subscribers; /* each keeps the broadcast, and so does its owner until it is closed */
    struct trine__wait_list waits;
    char *items;
};

struct trine_subscriber {
    struct trine_broadcast *broadcast;
    uint64_t next; /* number of the item to be read */
    bool busy;
};

struct trine_broadcast *trine_broadcast_new(size_t item_size, size_t capacity)
{
    size_t bytes;
    if (__builtin_mul_overflow(item_size, capacity, &bytes) || bytes == 0) {
        trine_fail(-EINVAL, "a broadcast cannot hold %zu items of %zu bytes", capacity, item_size);
        return NULL;
    }
    struct trine_broadcast *broadcast = trine__alloc(sizeof *broadcast);
    char *items = trine__alloc(bytes);
    if (broadcast == NULL || items == NULL) {
        trine__free(broadcast);
        trine__free(items);
        trine_fail(-ENOMEM, "no memory for a broadcast of %zu items of %zu bytes", capacity,
                   item_size);
        return NULL;
    }
    *broadcast =
        (struct trine_broadcast){ .item_size = item_size, .capacity = capacity, .items = items };
    return broadcast;
}

static void unlock_and_release(struct trine_broadcast *broadcast)
{
    bool last = broadcast->closed && broadcast->subscribers == 0;
    trine__sync_unlock(&broadcast->lock);
    if (last) {
        trine__free(broadcast->items);
        trine__free(broadcast);
    }
}

static struct trine_subscriber *owner(struct trine__wait *wait)
{
    return wait->object;
}

void trine_broadcast_close(struct trine_broadcast *broadcast)
{
    struct trine__wake_list wake = { 0 };
    struct trine__wait *wait;
    if (broadcast == NULL)
        return;
    trine__sync_lock(&broadcast->lock);
    broadcast->closed = true;
    while ((wait = trine__wait_peek(&broadcast->waits)) != NULL) {
        owner(wait)->busy = false;
        (void)trine__wait_take(wait, -EPIPE, &wake);
    }
    unlock_and_release(broadcast);
    trine__wake(&wake);
}

struct trine_subscriber *trine_subscribe(struct trine_broadcast *broadcast)
{
    struct trine_subscriber *subscriber = trine__alloc(sizeof *subscriber);
    if (subscriber == NULL)
        return NULL;
    trine__sync_lock(&broadcast->lock);
    *subscriber = (struct trine_subscriber){ broadcast, broadcast->sent, false };
    broadcast->subscribers++;
    trine__sync_unlock(&broadcast->lock);
    return subscriber;
}

void trine_unsubscribe(struct trine_subscriber *subscriber)
{
    if (subscriber == NULL)
        return;
    struct trine_broadcast *broadcast = subscriber->broadcast;
    trine__sync_lock(&broadcast->lock);
    broadcast->subscribers--;
    unlock_and_release(broadcast);
    trine__free(subscriber);
}

static char *place(const struct trine_broadcast *broadcast, uint64_t number)
{
    return broadcast->items + number % broadcast->capacity * broadcast->item_size;
}

/* Who waits has read everything before: it gets the item right here. */
int trine_broadcast_send(struct trine_broadcast *broadcast, const void *item)
{
    struct trine__wake_list wake = { 0 };
    struct trine__wait *wait;
    trine__sync_lock(&broadcast->lock);
    memcpy(place(broadcast, broadcast->sent++), item, broadcast->item_size);
    while ((wait = trine__wait_peek(&broadcast->waits)) != NULL) {
        owner(wait)->busy = false;
        owner(wait)->next = broadcast->sent;
        memcpy(wait->item, item, broadcast->item_size);
        (void)trine__wait_take(wait, 0, &wake);
    }
    int count = (int)broadcast->subscribers;
    trine__sync_unlock(&broadcast->lock);
    trine__wake(&wake);
    return count;
}

static int next_now(struct trine_subscriber *subscriber, void *ret_item, uint64_t *ret_lost)
{
    struct trine_broadcast *broadcast = subscriber->broadcast;
    uint64_t behind = broadcast->sent - subscriber->next, lost = 0;
    if (subscriber->busy)
        return -EBUSY;
    if (behind == 0)
        return broadcast->closed ? -EPIPE : -EAGAIN;
    if (behind > broadcast->capacity)
        lost = behind - broadcast->capacity;
    subscriber->next += lost;
    memcpy(ret_item, place(broadcast, subscriber->next++), broadcast->item_size);
    if (ret_lost != NULL)
        *ret_lost = lost;
    return 0;
}

static void not_busy(struct trine__wait *wait, struct trine__wake_list *wake)
{
    owner(wait)->busy = false;
}

int trine_subscriber_next(struct trine_subscriber *subscriber, void *ret_item, uint64_t *ret_lost)
{
    struct trine_broadcast *broadcast = subscriber->broadcast;
    struct trine__wait wait;
    bool waits = false;
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    trine__sync_lock(&broadcast->lock);
    error = next_now(subscriber, ret_item, ret_lost);
    if (error == -EAGAIN) {
        error = trine__wait_prepare(&wait, &broadcast->lock, subscriber);
        waits = error == 0;
    }
    if (waits) {
        wait.item = ret_item;
        wait.withdrawn = not_busy;
        subscriber->busy = true;
        trine__wait_add(&broadcast->waits, &wait);
    }
    trine__sync_unlock(&broadcast->lock);
    if (!waits)
        return error;
    error = trine__wait_park(&wait, "an item of a broadcast");
    if (error == 0 && ret_lost != NULL)
        *ret_lost = 0;
    return error;
}

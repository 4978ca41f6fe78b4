/* SPDX-License-Identifier: MIT */
/* Watch: one value with a version. Who sets it gives it to all who wait, so that each of them sees
 * the value it was woken for, whatever comes after. */
#include "base/must.h"
#include "sync/wait.h"
#include "sys/sys.h"
#include <string.h>
#include <trine/channel.h>

struct trine_watch {
    struct trine__sync_lock lock;
    bool closed;
    size_t size;
    uint64_t version;
    struct trine__wait_list waits; /* amount: the version they got */
    char value[];
};

struct trine_watch *trine_watch_new(size_t size, const void *initial)
{
    struct trine_watch *watch =
        size <= SIZE_MAX - sizeof *watch ? trine__alloc(sizeof *watch + size) : NULL;
    if (watch == NULL)
        return NULL;
    *watch = (struct trine_watch){ .size = size };
    memcpy(watch->value, initial, size);
    return watch;
}

void trine_watch_free(struct trine_watch *watch)
{
    trine_must(watch == NULL || watch->waits.first == NULL,
               "trine_watch_free(): somebody waits for this value to change");
    trine__free(watch);
}

void trine_watch_set(struct trine_watch *watch, const void *value)
{
    struct trine__wake_list wake = { 0 };
    struct trine__wait *wait;
    trine__sync_lock(&watch->lock);
    memcpy(watch->value, value, watch->size);
    watch->version++;
    while ((wait = trine__wait_peek(&watch->waits)) != NULL) {
        memcpy(wait->item, value, watch->size);
        wait->amount = watch->version;
        (void)trine__wait_take(wait, 0, &wake);
    }
    trine__sync_unlock(&watch->lock);
    trine__wake(&wake);
}

uint64_t trine_watch_get(struct trine_watch *watch, void *ret_value)
{
    trine__sync_lock(&watch->lock);
    memcpy(ret_value, watch->value, watch->size);
    uint64_t version = watch->version;
    trine__sync_unlock(&watch->lock);
    return version;
}

int trine_watch_changed(struct trine_watch *watch, uint64_t *version, void *ret_value)
{
    struct trine__wait wait;
    bool waits = false;
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    trine__sync_lock(&watch->lock);
    if (watch->version != *version) {
        memcpy(ret_value, watch->value, watch->size);
        *version = watch->version;
    } else {
        error = watch->closed ? -EPIPE : trine__wait_prepare(&wait, &watch->lock, watch);
        waits = error == 0;
    }
    if (waits) {
        wait.item = ret_value;
        trine__wait_add(&watch->waits, &wait);
    }
    trine__sync_unlock(&watch->lock);
    if (!waits)
        return error;
    error = trine__wait_park(&wait, "a new value");
    if (error == 0)
        *version = wait.amount;
    return error;
}

void trine_watch_close(struct trine_watch *watch)
{
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&watch->lock);
    watch->closed = true;
    trine__wait_take_all(&watch->waits, -EPIPE, &wake);
    trine__sync_unlock(&watch->lock);
    trine__wake(&wake);
}

/* SPDX-License-Identifier: MIT */
/* A callback is a waiter of its own. Added on a loop, its wake posts it there and it runs as a turn
 * of that loop; added from a plain thread, it runs in the thread that completes the future, after
 * the lock is released. */
#include "core/callback.h"
#include "base/list.h"
#include "core/loop.h"
#include "sys/sys.h"

struct trine__callback {
    union { /* it waits; then, no longer in any circle, it is on the way to its loop */
        struct trine__waiter waiter;
        struct trine__mail mail;
    };
    struct trine_future *future;
    trine_done_fn fn;
    void *arg;
    struct trine__loop *loop;
    struct trine__callback *next, *prev; /* those waiting on this loop */
};

static void unlist(struct trine__callback *callback)
{
    if (callback->prev != NULL)
        callback->prev->next = callback->next;
    else
        callback->loop->callbacks = callback->next;
    if (callback->next != NULL)
        callback->next->prev = callback->prev;
}

static void deliver(struct trine__mail *mail)
{
    struct trine__callback *callback = TRINE__CONTAINER(mail, struct trine__callback, mail);
    struct trine_future *future = callback->future;
    unlist(callback);
    callback->fn(future, callback->arg);
    trine__free(callback);
    trine_future_unref(future);
}

static void post(struct trine__waiter *waiter)
{
    struct trine__callback *callback = TRINE__CONTAINER(waiter, struct trine__callback, waiter);
    callback->mail.deliver = deliver;
    trine__loop_post(callback->loop, &callback->mail);
}

void trine__callbacks_run(struct trine_future *future, struct trine__waiter *late)
{
    while (late != NULL) {
        struct trine__callback *callback = TRINE__CONTAINER(late, struct trine__callback, waiter);
        late = late->next;
        callback->fn(future, callback->arg);
        trine__free(callback);
    }
}

void trine__callbacks_forget(struct trine__waiter *first)
{
    for (struct trine__waiter *waiter = first; waiter != NULL;) {
        struct trine__waiter *next = waiter->next != first ? waiter->next : NULL;
        trine__free(TRINE__CONTAINER(waiter, struct trine__callback, waiter));
        waiter = next;
    }
}

void trine__callbacks_drop(struct trine__loop *loop)
{
    while (loop->callbacks != NULL) {
        struct trine__callback *callback = loop->callbacks;
        if (trine__future_unwatch(callback->future, &callback->waiter)) {
            struct trine_future *future = callback->future;
            unlist(callback);
            trine__free(callback);
            trine_future_unref(future);
        } else {
            trine__loop_deliver(loop); /* it is in the inbox, or will be in a moment */
        }
    }
}

int trine_future_on_done(struct trine_future *future, trine_done_fn fn, void *arg)
{
    struct trine__callback *callback =
        trine__alloc_aligned(_Alignof(struct trine__callback), sizeof *callback);
    if (callback == NULL)
        return -ENOMEM;
    *callback = (struct trine__callback){
        .future = future, .fn = fn, .arg = arg, .loop = trine__loop_here
    };
    struct trine__loop *loop = callback->loop;
    if (loop != NULL) {
        trine_future_ref(future); /* or the loop could not take its callback back when it ends */
        callback->waiter.wake = post;
        callback->next = loop->callbacks;
        if (callback->next != NULL)
            callback->next->prev = callback;
        loop->callbacks = callback;
    }
    if (trine__future_watch(future, &callback->waiter))
        return 0;
    if (loop != NULL)
        post(&callback->waiter);
    else
        trine__callbacks_run(future, &callback->waiter);
    return 0;
}

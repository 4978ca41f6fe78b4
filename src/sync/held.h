/* SPDX-License-Identifier: MIT */
/* What locks with an owner share: mutex, and the writer's side of a read-write lock.
 *
 * `held->owner` and `held->site` are written under the lock's own `lock`, by trine__held_give()
 * only. The list of what a context holds is that context's own, so a lock that is handed over is
 * entered by its new owner when it goes on, not by whoever hands it over:
 *
 *     takes it at once:  under `lock`: trine__held_give(held, me, site, abandoned),
 *                                      trine__held_add(held, me)
 *     lets go:           under `lock`: trine__held_remove(held), then give it to nobody (NULL) or
 *                        to a waiter:  trine__held_give(held, wait->parker.context, ...)
 *     was handed it:     after trine__held_park(): trine__held_add(held, me)
 *
 * `abandoned(held)` is called in the context that ends, once for each lock it still holds, out of
 * its list already: take `lock`, hand over with TRINE_EOWNERDEAD or mark it. The report has been
 * made. */
#ifndef TRINE_SYNC_HELD_H
#define TRINE_SYNC_HELD_H

#include "core/circle.h"
#include "core/loop.h"
#include "sync/wait.h"

/* Who may own something here: the running task or thread; NULL on a loop's own stack. A plain
 * thread is registered, so that its end is noticed. */
static inline struct trine__context *trine__owner_here(void)
{
    if (trine__loop_here == NULL && !trine__thread_here.holds)
        trine__held_by_thread();
    return trine__here();
}

/* Under the lock. `owner` NULL: nobody. */
static inline void trine__held_give(struct trine__held *held, struct trine__context *owner,
                                    const char *site, void (*abandoned)(struct trine__held *held))
{
    __atomic_store_n(&held->owner, owner, __ATOMIC_RELAXED); /* also read without the lock */
    held->site = site;
    held->abandoned = abandoned;
}

/* trine__wait_park() for a wait that only held->owner can end; wait->item is the place of the call
 * ("file.c:12"). While nobody owns `held` (readers do) it is no part of a circle. -EDEADLK: waiting
 * would close a circle of waits; it has been withdrawn and reported. `what`: "a mutex".
 * Without the lock. */
int trine__held_park(struct trine__wait *wait, struct trine__held *held, const char *what);

/* ---- the parts of that, for who waits in another way */
struct trine__held_wait {
    struct trine__need need;
    struct trine__wait *wait; /* while it is in a list, it waits for the owner */
    struct trine__held *held;
    const char *what;
};
/* `firm`: if it closes a circle, it is refused only if nobody else can be. */
void trine__held_wait_open(struct trine__held_wait *it, struct trine__context *context, bool firm);

#endif

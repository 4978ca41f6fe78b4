/* SPDX-License-Identifier: MIT */
#include "sync/held.h"
#include "base/list.h"
#include <stdio.h>

static void follow(struct trine__need *need, struct trine__walk *walk)
{
    const struct trine__held_wait *it = TRINE__CONTAINER(need, struct trine__held_wait, need);
    trine__sync_lock(it->wait->lock);
    if (it->wait->list != NULL && it->held->owner != NULL)
        trine__walk_on(walk, it->held->owner);
    trine__sync_unlock(it->wait->lock);
}

static enum trine__refusal refuse(struct trine__need *need, bool at_last)
{
    struct trine__wait *wait = TRINE__CONTAINER(need, struct trine__held_wait, need)->wait;
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(wait->lock);
    bool refused = trine__wait_withdraw(wait, &wake);
    if (refused)
        wait->result = -EDEADLK;
    trine__sync_unlock(wait->lock);
    trine__wake(&wake);
    if (refused)
        trine__unpark(wait->choice != NULL ? wait->choice->parker : &wait->parker);
    return refused ? TRINE__REFUSED : TRINE__REFUSED_LATE;
}

static enum trine__refusal refuse_at_last(struct trine__need *need, bool at_last)
{
    return at_last ? refuse(need, true) : TRINE__REFUSED_NOT;
}

static void describe(struct trine__need *need, char *text, size_t size)
{
    const struct trine__held_wait *it = TRINE__CONTAINER(need, struct trine__held_wait, need);
    snprintf(text, size, "waits at %s for %s that was locked at %s by",
             (const char *)it->wait->item, it->what, it->held->site);
}

void trine__held_wait_open(struct trine__held_wait *it, struct trine__context *context, bool firm)
{
    static const struct trine__need_kind kind = { follow, refuse, describe };
    static const struct trine__need_kind firm_kind = { follow, refuse_at_last, describe };
    trine__need_open(&it->need, firm ? &firm_kind : &kind, context);
}

int trine__held_park(struct trine__wait *wait, struct trine__held *held, const char *what)
{
    struct trine__held_wait it;
    it.wait = wait;
    it.held = held;
    it.what = what;
    trine__held_wait_open(&it, wait->parker.context, false);
    int error = trine__wait_park(wait, what);
    trine__need_close(&it.need);
    return error;
}

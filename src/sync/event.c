/* SPDX-License-Identifier: MIT */
/* Event: a flag to wait for. One that resets itself is a flag that its reader lowers: each set is
 * worth one waiter, there now or the next to come.
 *
 * All of it happens under the lock, also a wait that finds the flag up: so when a wait has
 * returned, the set that let it through touches the event no more, and its memory may go. */
#include "sync/case.h"
#include "sync/wait.h"

static bool is_set(const struct trine_event *event)
{
    return __atomic_load_n(&event->set, __ATOMIC_ACQUIRE);
}

static void put_flag(struct trine_event *event, bool set)
{
    __atomic_store_n(&event->set, set, __ATOMIC_RELEASE);
}

/* Under the lock: goes through if the flag is up, and takes the one permit along. */
static bool pass(struct trine_event *event)
{
    if (!is_set(event))
        return false;
    if (event->auto_reset)
        put_flag(event, false);
    return true;
}

int trine_event_wait(struct trine_event *event)
{
    struct trine__wait wait;
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    trine__sync_lock(&event->lock);
    bool passed = pass(event);
    if (!passed)
        error = trine__wait_prepare(&wait, &event->lock, event);
    if (!passed && error == 0)
        trine__wait_add(&event->waits, &wait);
    trine__sync_unlock(&event->lock);
    return passed || error < 0 ? error : trine__wait_park(&wait, "an event");
}

/* Under the lock. False: nobody waits. */
static bool let_one_through(struct trine_event *event, struct trine__wake_list *wake)
{
    struct trine__wait *wait;
    while ((wait = trine__wait_peek(&event->waits)) != NULL) {
        if (trine__wait_take(wait, 0, wake))
            return true;
    }
    return false;
}

void trine_event_set(struct trine_event *event)
{
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&event->lock);
    if (!event->auto_reset) {
        put_flag(event, true);
        trine__wait_take_all(&event->waits, 0, &wake);
    } else if (!let_one_through(event, &wake)) {
        put_flag(event, true);
    }
    trine__sync_unlock(&event->lock);
    trine__wake(&wake);
}

void trine_event_clear(struct trine_event *event)
{
    trine__sync_lock(&event->lock);
    put_flag(event, false);
    trine__sync_unlock(&event->lock);
}

bool trine_event_is_set(const struct trine_event *event)
{
    return is_set(event);
}

/* ---- in a select */

static struct trine__sync_lock *case_lock(const struct trine_case *choice)
{
    return &((struct trine_event *)choice->object)->lock;
}

static int case_commit(struct trine_case *choice, struct trine__wake_list *wake)
{
    return pass(choice->object) ? 0 : -EAGAIN;
}

static void case_leave(struct trine_case *choice, struct trine__wait *wait)
{
    struct trine_event *event = choice->object;
    wait->object = event;
    wait->item = NULL;
    wait->amount = 0;
    wait->withdrawn = NULL;
    trine__wait_add(&event->waits, wait);
}

const struct trine__case_ops trine__case_event = { case_lock, case_commit, case_leave, NULL };

/* SPDX-License-Identifier: MIT */
/* Waiting in line, inline: what wait.h says, for the usual case that one task or thread is woken at
 * a time and that a task is the one that waits.
 *
 * A return after a switch is predicted wrong wherever two tasks did not call from the same place.
 * So whoever waits is called in tail position, with nothing of its own in the frame before, and the
 * switch is in the last frame: the one return is that to the user. */
#ifndef TRINE_SYNC_WAIT_QUICK_H
#define TRINE_SYNC_WAIT_QUICK_H

#include "core/quick.h"
#include "sync/wait.h"

/* trine__wait_prepare() for the running task. */
static inline void trine__wait_prepare_task(struct trine__wait *wait, struct trine__task *task,
                                            struct trine__sync_lock *lock, void *object)
{
    wait->lock = lock;
    wait->object = object;
    wait->choice = NULL;
    wait->item = NULL;
    wait->amount = 0;
    wait->withdrawn = NULL;
    trine__parker_init_task(&wait->parker, task);
}

/* trine__wait_park() in the running task that was not cancelled at the checkpoint of this call, and
 * has gone nowhere since: nobody can have woken it yet, for that is done by its own loop. */
static inline int trine__wait_park_task(struct trine__wait *wait, struct trine__task *task,
                                        const char *what)
{
    int error =
        trine__park_task(task->context.loop, task, &wait->parker, trine__wait_give_up, wait, what);
    return error < 0 ? error : wait->result;
}

/* Under the lock: at the end of the list. */
static inline void trine__wait_append(struct trine__wait_list *list, struct trine__wait *wait)
{
    struct trine__wait *last = list->last;
    wait->list = list;
    wait->next = NULL;
    wait->prev = last;
    if (last != NULL)
        last->next = wait;
    else
        list->first = wait;
    list->last = wait;
}

/* Under the lock: takes out the first, which no select left. */
static inline void trine__wait_take_plain(struct trine__wait_list *list, struct trine__wait *wait,
                                          int result)
{
    struct trine__wait *next = wait->next;
    list->first = next;
    if (next != NULL)
        next->prev = NULL;
    else
        list->last = NULL;
    wait->list = NULL;
    wait->result = result;
}

/* Under the lock: takes out the longest waiter, to succeed; NULL: nobody waits. */
static inline struct trine__wait *trine__wait_take_first(struct trine__wait_list *list)
{
    struct trine__wait *wait = list->first;
    if (wait == NULL)
        return NULL;
    if (trine__unlikely(wait->choice != NULL))
        return trine__wait_take_chosen(list);
    trine__wait_take_plain(list, wait, 0);
    return wait;
}

/* Without the lock: wakes the one that was taken out. NULL: nobody. */
static inline void trine__wake_one(struct trine__wait *wait)
{
    if (wait == NULL)
        return;
    if (trine__likely(wait->choice == NULL && wait->parker.context->loop == trine__loop_here &&
                      trine__loop_here != NULL))
        trine__unpark_here(&wait->parker);
    else
        trine__wake_taken(wait);
}

#endif

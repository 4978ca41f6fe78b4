/* SPDX-License-Identifier: MIT */
/* A condition: a line of waiters, each with the mutex it has to have again.
 *
 *     wait:    condition's line --notify--> mutex' line --unlock--> owner
 *                     \--cancel, deadline--> locks the mutex like anybody, through cancels
 *
 * A notify moves the waiter from line to line, so that however many are notified, one at a time
 * wakes up. From then on nothing but owning the mutex ends its wait, and it returns 0: a notify
 * cannot be lost to a cancel. A cancel takes a waiter out of the condition's line only, where
 * nobody has notified it. */
#include "base/list.h"
#include "sync/mutex.h"

struct condition_wait {
    struct trine__wait wait;  /* in the condition's line */
    struct trine__wait again; /* in the mutex' line; wakes the parker of the other */
    struct trine__choice choice;
    struct trine_mutex *mutex;
    bool owner; /* it need not lock: the mutex will be, or was, handed to it */
};

static void init_again(struct condition_wait *it, struct trine_mutex *mutex)
{
    it->mutex = mutex;
    it->owner = false;
    it->choice.parker = &it->wait.parker;
    it->choice.bell = -1;
    atomic_init(&it->choice.winner, TRINE__UNDECIDED);
    it->again = (struct trine__wait){ .lock = &mutex->lock,
                                      .object = mutex,
                                      .choice = &it->choice,
                                      .item = (void *)mutex->held.site };
}

/* Until it owns the mutex again, or was taken back out of the condition's line: the error then. */
static int wait_in_line(struct condition_wait *it)
{
    struct trine__held_wait need = { .wait = &it->again,
                                     .held = &it->mutex->held,
                                     .what = "a mutex" };
    trine__held_wait_open(&need, it->wait.parker.context, true);
    int error = trine__wait_park(&it->wait, "a condition");
    trine__need_close(&need.need);
    return error;
}

int trine_condition_wait(struct trine_condition *condition, struct trine_mutex *mutex)
{
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    struct trine__context *context = trine__here();
    if (__atomic_load_n(&mutex->held.owner, __ATOMIC_RELAXED) != context)
        return -EPERM;
    struct condition_wait it;
    error = trine__wait_prepare(&it.wait, &condition->lock, condition);
    if (error < 0)
        return error;
    init_again(&it, mutex);
    trine__sync_lock(&condition->lock);
    trine__wait_add(&condition->waits, &it.wait);
    trine__sync_unlock(&condition->lock);
    uint32_t depth = trine__mutex_leave(mutex);
    error = wait_in_line(&it);
    int result = it.again.result;
    if (!it.owner)
        result = trine__mutex_return(mutex, context, it.again.item);
    else if (result != -EDEADLK)
        trine__held_add(&mutex->held, context);
    if (result != -EDEADLK)
        mutex->depth = depth;
    return result != 0 ? result : error;
}

int trine_condition_wait_for(struct trine_condition *condition, struct trine_mutex *mutex,
                             bool (*predicate)(void *arg), void *arg)
{
    while (!predicate(arg)) {
        int error = trine_condition_wait(condition, mutex);
        if (error == TRINE_EOWNERDEAD || error == -EPERM || error == -EDEADLK)
            return error;
        if (error < 0)
            return predicate(arg) ? 0 : error;
    }
    return 0;
}

/* ---- notify */

/* It goes to the mutex' line, or is the owner at once. Where the owner waits itself, this may close
 * a circle: then it locks the mutex in its own name, which looks for that. */
static void move(struct condition_wait *it)
{
    struct trine_mutex *mutex = it->mutex;
    bool wake = true;
    trine__sync_lock(&mutex->lock);
    struct trine__context *owner = mutex->held.owner;
    if (owner == NULL) {
        it->owner = true;
        it->again.result = trine__mutex_give(mutex, it->wait.parker.context, it->again.item);
    } else if (__atomic_load_n(&owner->need, __ATOMIC_ACQUIRE) == NULL) {
        it->owner = true;
        wake = false;
        trine__wait_add(&mutex->waits, &it->again);
    }
    trine__sync_unlock(&mutex->lock);
    if (wake)
        trine__unpark(&it->wait.parker);
}

void trine_condition_notify(struct trine_condition *condition, size_t count)
{
    struct trine__wait *first = NULL, **last = &first, *wait;
    trine__sync_lock(&condition->lock);
    for (; count > 0 && (wait = condition->waits.first) != NULL; count--) {
        (void)trine__wait_withdraw(wait, NULL);
        *last = wait;
        wait->next = NULL;
        last = &wait->next;
    }
    trine__sync_unlock(&condition->lock);
    while ((wait = first) != NULL) {
        first = wait->next; /* its frame may be gone after the move */
        move(TRINE__CONTAINER(wait, struct condition_wait, wait));
    }
}

void trine_condition_notify_all(struct trine_condition *condition)
{
    trine_condition_notify(condition, SIZE_MAX);
}

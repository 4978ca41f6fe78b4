/* SPDX-License-Identifier: MIT */
/* A mutex has an owner from the moment it is locked until nobody waits for it: who unlocks makes
 * the longest waiter the owner. So a mutex with waiters is never free, and nobody can come in
 * between. */
#include "sync/mutex.h"
#include "base/error.h"
#include "base/list.h"

/* Kept out of the functions that lock and unlock at once: those then need no frame. */
#define RARE __attribute__((noinline, cold))

static void abandoned(struct trine__held *held);

int trine__mutex_give(struct trine_mutex *mutex, struct trine__context *context, const char *site)
{
    trine__held_give(&mutex->held, context, site, abandoned);
    if (__builtin_expect(!mutex->owner_died, true))
        return 0;
    mutex->owner_died = false;
    return TRINE_EOWNERDEAD;
}

/* Under the lock: the longest waiter owns it, or nobody. */
static void hand_over(struct trine_mutex *mutex, int result, struct trine__wake_list *wake)
{
    struct trine__wait *wait = trine__wait_peek(&mutex->waits);
    if (wait == NULL) {
        trine__held_give(&mutex->held, NULL, NULL, abandoned);
        mutex->owner_died = result != 0;
        return;
    }
    const struct trine__parker *parker =
        wait->choice != NULL ? wait->choice->parker : &wait->parker;
    trine__held_give(&mutex->held, parker->context, wait->item, abandoned);
    (void)trine__wait_take(wait, result, wake); /* no select waits for a mutex */
}

/* In the context that ends. */
static void abandoned(struct trine__held *held)
{
    struct trine_mutex *mutex = TRINE__CONTAINER(held, struct trine_mutex, held);
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&mutex->lock);
    mutex->depth = 0;
    hand_over(mutex, TRINE_EOWNERDEAD, &wake);
    trine__sync_unlock(&mutex->lock);
    trine__wake(&wake);
}

/* ---- lock */

/* By its owner. Unlocks mutex->lock. */
RARE static int lock_again(struct trine_mutex *mutex, const char *site)
{
    bool may = mutex->recursive && mutex->depth < UINT32_MAX;
    mutex->depth += may;
    trine__sync_unlock(&mutex->lock);
    if (may)
        return 0;
    if (mutex->recursive)
        return -EAGAIN;
    char who[200];
    trine__context_describe(mutex->held.owner, who, sizeof who);
    trine__report("deadlock: %s locks at %s a mutex that it owns already, locked at %s", who, site,
                  mutex->held.site);
    return -EDEADLK;
}

/* As trine__held_park(). If the owner is of another thread, the loop may look out for its mail a
 * while before it falls asleep. */
static int park_for(struct trine__wait *wait, struct trine__held *held, bool for_mail)
{
    struct trine__loop *loop = wait->parker.context->loop;
    bool expected = for_mail && loop != NULL;
    if (expected)
        loop->mail_expected++;
    int error = trine__held_park(wait, held, "a mutex");
    if (expected)
        loop->mail_expected--;
    return error;
}

/* Somebody else owns it. Unlocks mutex->lock. */
RARE static int lock_later(struct trine_mutex *mutex, struct trine__context *context,
                           const char *site)
{
    struct trine__wait wait;
    int error = trine__wait_prepare(&wait, &mutex->lock, mutex);
    if (error == 0) {
        wait.item = (void *)site;
        trine__wait_add(&mutex->waits, &wait);
    }
    bool for_mail = mutex->held.owner->loop != context->loop;
    trine__sync_unlock(&mutex->lock);
    if (error == 0)
        error = park_for(&wait, &mutex->held, for_mail);
    if (error == 0 || error == TRINE_EOWNERDEAD)
        trine__held_add(&mutex->held, context);
    return error;
}

/* Nobody owns it. Unlocks mutex->lock. */
static inline int lock_now(struct trine_mutex *mutex, struct trine__context *context,
                           const char *site)
{
    int result = trine__mutex_give(mutex, context, site);
    trine__held_add(&mutex->held, context);
    trine__sync_unlock(&mutex->lock);
    return result;
}

/* Under mutex->lock, which it unlocks. */
RARE static int lock_held(struct trine_mutex *mutex, struct trine__context *context,
                          const char *site)
{
    if (mutex->held.owner == NULL)
        return lock_now(mutex, context, site);
    if (mutex->held.owner == context)
        return lock_again(mutex, site);
    return lock_later(mutex, context, site);
}

RARE static int check_and_lock(struct trine_mutex *mutex, const char *site)
{
    struct trine__context *context = trine__owner_here();
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    trine__sync_lock(&mutex->lock);
    return lock_held(mutex, context, site);
}

/* What trine__checkpoint() does where it has nothing to tell. */
static inline bool checked(struct trine__context *context)
{
    if (context == NULL)
        return false;
    if (context->loop == NULL)
        return context->scope == NULL && trine__thread_here.holds && !trine__thread_here.forked;
    struct trine__task *task = trine__task_of(context);
    if (context->cancelled != 0 || task->context.budget <= 1)
        return false;
    task->context.budget--;
    return true;
}

int trine_mutex_lock_at(struct trine_mutex *mutex, const char *site)
{
    struct trine__context *context = trine__here();
    if (!checked(context) || !trine__sync_try_lock(&mutex->lock))
        return check_and_lock(mutex, site);
    if (mutex->held.owner != NULL)
        return lock_held(mutex, context, site);
    return lock_now(mutex, context, site);
}

int trine_mutex_try_lock_at(struct trine_mutex *mutex, const char *site)
{
    struct trine__context *context = trine__owner_here();
    if (context == NULL)
        return -EDEADLK;
    if (context->loop == NULL && trine__thread_here.forked)
        return TRINE_EFORKED;
    trine__sync_lock(&mutex->lock);
    if (mutex->held.owner == NULL)
        return lock_now(mutex, context, site);
    if (mutex->held.owner == context && mutex->recursive)
        return lock_again(mutex, site);
    trine__sync_unlock(&mutex->lock);
    return -EBUSY;
}

/* ---- unlock */

/* By its owner, under the lock. */
static void let_go(struct trine_mutex *mutex, struct trine__wake_list *wake)
{
    trine__held_remove(&mutex->held);
    if (mutex->waits.first == NULL)
        __atomic_store_n(&mutex->held.owner, NULL, __ATOMIC_RELAXED);
    else
        hand_over(mutex, 0, wake);
}

/* Under mutex->lock, which it unlocks. */
RARE static int unlock_held(struct trine_mutex *mutex, const struct trine__context *context)
{
    struct trine__wake_list wake = { 0 };
    int error = 0;
    if (context == NULL || mutex->held.owner != context)
        error = -EPERM;
    else if (mutex->depth > 0)
        mutex->depth--;
    else
        let_go(mutex, &wake);
    trine__sync_unlock(&mutex->lock);
    trine__wake(&wake);
    return error;
}

RARE static int hold_and_unlock(struct trine_mutex *mutex, const struct trine__context *context)
{
    trine__sync_lock(&mutex->lock);
    return unlock_held(mutex, context);
}

int trine_mutex_unlock(struct trine_mutex *mutex)
{
    const struct trine__context *context = trine__here();
    if (!trine__sync_try_lock(&mutex->lock))
        return hold_and_unlock(mutex, context);
    if (mutex->held.owner != context || context == NULL || mutex->depth > 0 ||
        mutex->waits.first != NULL)
        return unlock_held(mutex, context);
    trine__held_remove(&mutex->held);
    __atomic_store_n(&mutex->held.owner, NULL, __ATOMIC_RELAXED);
    trine__sync_unlock(&mutex->lock);
    return 0;
}

bool trine_mutex_locked(const struct trine_mutex *mutex)
{
    return __atomic_load_n(&mutex->held.owner, __ATOMIC_RELAXED) != NULL;
}

/* ---- for conditions */

uint32_t trine__mutex_leave(struct trine_mutex *mutex)
{
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&mutex->lock);
    uint32_t depth = mutex->depth;
    mutex->depth = 0;
    let_go(mutex, &wake);
    trine__sync_unlock(&mutex->lock);
    trine__wake(&wake);
    return depth;
}

/* Unlocks mutex->lock. */
static int return_later(struct trine_mutex *mutex, const char *site)
{
    struct trine__wait wait;
    struct trine__held_wait it = { .wait = &wait, .held = &mutex->held, .what = "a mutex" };
    (void)trine__wait_prepare(&wait, &mutex->lock, mutex); /* it has waited here before */
    wait.item = (void *)site;
    trine__wait_add(&mutex->waits, &wait);
    trine__sync_unlock(&mutex->lock);
    trine__held_wait_open(&it, wait.parker.context, true);
    (void)trine__park(&wait.parker, NULL, NULL, "a mutex, to return from a condition");
    trine__need_close(&it.need);
    return wait.result;
}

int trine__mutex_return(struct trine_mutex *mutex, struct trine__context *context, const char *site)
{
    trine__sync_lock(&mutex->lock);
    if (mutex->held.owner == NULL)
        return lock_now(mutex, context, site);
    int result = return_later(mutex, site);
    if (result != -EDEADLK)
        trine__held_add(&mutex->held, context);
    return result;
}

/* SPDX-License-Identifier: MIT */
/* Semaphore: so many permits, lent in the order of asking. Who waits at the head for more than
 * there are holds up those behind it until it has them or gives up; otherwise small requests would
 * starve it. */
#include "sync/wait_quick.h"

/* Kept out of the functions that need not wait: those then have no frame. */
#define RARE __attribute__((noinline))

static inline void put_permits(struct trine_semaphore *semaphore, uint32_t permits)
{
    __atomic_store_n(&semaphore->permits, permits, __ATOMIC_RELAXED);
}

/* Under the lock: everybody from the head on whose request fits goes on. */
static void serve(struct trine_semaphore *semaphore, struct trine__wake_list *wake)
{
    struct trine__wait *wait;
    while ((wait = trine__wait_peek(&semaphore->waits)) != NULL &&
           wait->amount <= semaphore->permits) {
        uint32_t amount = (uint32_t)wait->amount;
        if (trine__wait_take(wait, 0, wake))
            put_permits(semaphore, semaphore->permits - amount);
    }
}

static void withdrawn(struct trine__wait *wait, struct trine__wake_list *wake)
{
    serve(wait->object, wake);
}

/* Under the lock. False: there are too few, or others were here before. */
static inline bool take(struct trine_semaphore *semaphore, uint32_t count)
{
    if (semaphore->waits.first != NULL || semaphore->permits < count)
        return false;
    put_permits(semaphore, semaphore->permits - count);
    return true;
}

static bool never_fits(const struct trine_semaphore *semaphore, uint32_t count)
{
    return semaphore->limit != 0 && count > semaphore->limit;
}

static int wait_for(struct trine_semaphore *semaphore, uint32_t count)
{
    struct trine__wait wait;
    int error = trine__wait_prepare(&wait, &semaphore->lock, semaphore);
    if (error == 0) {
        wait.amount = count;
        wait.withdrawn = withdrawn;
        trine__wait_add(&semaphore->waits, &wait);
    }
    trine__sync_unlock(&semaphore->lock);
    return error < 0 ? error : trine__wait_park(&wait, "a semaphore");
}

static int wait_for_quick(struct trine_semaphore *semaphore, uint32_t count,
                          struct trine__task *task)
{
    struct trine__wait wait;
    trine__wait_prepare_task(&wait, task, &semaphore->lock, semaphore);
    wait.amount = count;
    wait.withdrawn = withdrawn;
    trine__wait_append(&semaphore->waits, &wait);
    trine__sync_unlock(&semaphore->lock);
    return trine__wait_park_task(&wait, task, "a semaphore");
}

/* Under the lock, which it unlocks. */
RARE static int acquire_held(struct trine_semaphore *semaphore, uint32_t count)
{
    bool fits = !never_fits(semaphore, count);
    if (!fits || take(semaphore, count)) {
        trine__sync_unlock(&semaphore->lock);
        return fits ? 0 : -EINVAL;
    }
    struct trine__task *task = trine__task_here();
    return task != NULL ? wait_for_quick(semaphore, count, task) : wait_for(semaphore, count);
}

RARE static int check_and_acquire(struct trine_semaphore *semaphore, uint32_t count, bool checked)
{
    int error = checked ? 0 : trine__checkpoint();
    if (error < 0)
        return error;
    trine__sync_lock(&semaphore->lock);
    return acquire_held(semaphore, count);
}

/* trine__checkpoint() where it has nothing to tell. */
static inline bool check_quick(void)
{
    const struct trine__loop *loop = trine__loop_here;
    return loop != NULL ? trine__checkpoint_passed(loop->current)
                        : trine__thread_here.context.scope == NULL && !trine__thread_here.forked;
}

int trine_semaphore_acquire_many(struct trine_semaphore *semaphore, uint32_t count)
{
    bool checked = check_quick();
    if (!checked || !trine__sync_try_lock(&semaphore->lock))
        return check_and_acquire(semaphore, count, checked);
    if (!take(semaphore, count))
        return acquire_held(semaphore, count);
    trine__sync_unlock(&semaphore->lock);
    return 0;
}

int trine_semaphore_try_acquire_many(struct trine_semaphore *semaphore, uint32_t count)
{
    if (never_fits(semaphore, count))
        return -EINVAL;
    trine__sync_lock(&semaphore->lock);
    bool taken = take(semaphore, count);
    trine__sync_unlock(&semaphore->lock);
    return taken ? 0 : -EAGAIN;
}

/* Under the lock. */
static inline bool give(struct trine_semaphore *semaphore, uint32_t count)
{
    uint32_t limit = semaphore->limit != 0 ? semaphore->limit : UINT32_MAX;
    bool fits = semaphore->permits <= limit && count <= limit - semaphore->permits;
    if (fits)
        put_permits(semaphore, semaphore->permits + count);
    return fits;
}

/* Under the lock, which it unlocks. Somebody waits. */
RARE static int release_held(struct trine_semaphore *semaphore, uint32_t count)
{
    struct trine__wake_list wake = { 0 };
    bool fits = give(semaphore, count);
    if (fits)
        serve(semaphore, &wake);
    trine__sync_unlock(&semaphore->lock);
    trine__wake(&wake);
    return fits ? 0 : -EOVERFLOW;
}

int trine_semaphore_release_many(struct trine_semaphore *semaphore, uint32_t count)
{
    trine__sync_lock(&semaphore->lock);
    if (semaphore->waits.first != NULL)
        return release_held(semaphore, count);
    bool fits = give(semaphore, count);
    trine__sync_unlock(&semaphore->lock);
    return fits ? 0 : -EOVERFLOW;
}

uint32_t trine_semaphore_permits(const struct trine_semaphore *semaphore)
{
    return __atomic_load_n(&semaphore->permits, __ATOMIC_RELAXED);
}

/* SPDX-License-Identifier: MIT */
/* Semaphore: so many permits, lent in the order of asking. Who waits at the head for more than
 * there are holds up those behind it until it has them or gives up; otherwise small requests would
 * starve it. */
#include "sync/wait.h"

static void put_permits(struct trine_semaphore *semaphore, uint32_t permits)
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
static bool take(struct trine_semaphore *semaphore, uint32_t count)
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

/* Not inlined, so that who need not wait has a small frame. With the lock, which it frees. */
static __attribute__((noinline)) int wait_for(struct trine_semaphore *semaphore, uint32_t count)
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

int trine_semaphore_acquire_many(struct trine_semaphore *semaphore, uint32_t count)
{
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    if (never_fits(semaphore, count))
        return -EINVAL;
    trine__sync_lock(&semaphore->lock);
    if (!take(semaphore, count))
        return wait_for(semaphore, count);
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

int trine_semaphore_release_many(struct trine_semaphore *semaphore, uint32_t count)
{
    struct trine__wake_list wake = { 0 };
    uint32_t limit = semaphore->limit != 0 ? semaphore->limit : UINT32_MAX;
    trine__sync_lock(&semaphore->lock);
    bool fits = semaphore->permits <= limit && count <= limit - semaphore->permits;
    if (fits) {
        put_permits(semaphore, semaphore->permits + count);
        if (semaphore->waits.first != NULL)
            serve(semaphore, &wake);
    }
    trine__sync_unlock(&semaphore->lock);
    trine__wake(&wake);
    return fits ? 0 : -EOVERFLOW;
}

uint32_t trine_semaphore_permits(const struct trine_semaphore *semaphore)
{
    return __atomic_load_n(&semaphore->permits, __ATOMIC_RELAXED);
}

/* SPDX-License-Identifier: MIT */
/* Read-write lock: one line for both, in the order of coming. From its head go either one writer or
 * all readers up to the next writer, so readers cannot starve a writer, nor writers a reader.
 *
 * The writer is an owner like a mutex's: it is noticed when it ends, and a wait for it is part of a
 * circle. Readers are only counted: to know them would cost a record each. */
#include "base/list.h"
#include "sync/held.h"

enum { READER, WRITER }; /* a wait's amount */

static void abandoned(struct trine__held *held);

static struct trine__context *writer_of(const struct trine_rwlock *rwlock)
{
    return __atomic_load_n(&rwlock->held.owner, __ATOMIC_RELAXED);
}

/* Under the lock: what lock returns to who gets it now. */
static int news(const struct trine_rwlock *rwlock)
{
    return rwlock->owner_died ? TRINE_EOWNERDEAD : 0;
}

static bool is_free_for(const struct trine_rwlock *rwlock, size_t what)
{
    return writer_of(rwlock) == NULL && (what == READER || rwlock->readers == 0);
}

/* Under the lock. A writer enters it in the list of what it holds when it goes on. */
static bool hand_over(struct trine_rwlock *rwlock, struct trine__wait *wait,
                      struct trine__wake_list *wake)
{
    bool writes = wait->amount == WRITER;
    struct trine__context *context = wait->parker.context;
    const char *site = wait->item;
    if (!trine__wait_take(wait, news(rwlock), wake))
        return false;
    rwlock->owner_died = false;
    if (writes)
        trine__held_give(&rwlock->held, context, site, abandoned);
    else
        rwlock->readers++;
    return true;
}

static void serve(struct trine_rwlock *rwlock, struct trine__wake_list *wake)
{
    struct trine__wait *wait;
    while ((wait = trine__wait_peek(&rwlock->waits)) != NULL && is_free_for(rwlock, wait->amount))
        (void)hand_over(rwlock, wait, wake);
}

/* A writer that gives up lets the readers behind it in. */
static void withdrawn(struct trine__wait *wait, struct trine__wake_list *wake)
{
    serve(wait->object, wake);
}

/* Its owner has ended, and the lock is out of what it holds. */
static void abandoned(struct trine__held *held)
{
    struct trine_rwlock *rwlock = TRINE__CONTAINER(held, struct trine_rwlock, held);
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&rwlock->lock);
    trine__held_give(held, NULL, NULL, NULL);
    rwlock->owner_died = true;
    serve(rwlock, &wake);
    trine__sync_unlock(&rwlock->lock);
    trine__wake(&wake);
}

/* Under the lock. -EBUSY: somebody is there, or was before. */
static int take(struct trine_rwlock *rwlock, struct trine__context *self, size_t what,
                const char *site)
{
    if (rwlock->waits.first != NULL || !is_free_for(rwlock, what))
        return -EBUSY;
    if (what == READER) {
        rwlock->readers++;
    } else {
        trine__held_give(&rwlock->held, self, site, abandoned);
        trine__held_add(&rwlock->held, self);
    }
    int result = news(rwlock);
    rwlock->owner_died = false;
    return result;
}

/* With the lock, which it frees. */
static __attribute__((noinline)) int wait_for(struct trine_rwlock *rwlock, size_t what,
                                              const char *site)
{
    struct trine__wait wait;
    int error = trine__wait_prepare(&wait, &rwlock->lock, rwlock);
    if (error == 0) {
        wait.amount = what;
        wait.item = (void *)(uintptr_t)site;
        wait.withdrawn = withdrawn;
        trine__wait_add(&rwlock->waits, &wait);
    }
    trine__sync_unlock(&rwlock->lock);
    if (error < 0)
        return error;
    error = trine__held_park(&wait, &rwlock->held, "a read-write lock");
    if (what == WRITER && (error == 0 || error == TRINE_EOWNERDEAD))
        trine__held_add(&rwlock->held, wait.parker.context);
    return error;
}

static int lock(struct trine_rwlock *rwlock, size_t what, const char *site)
{
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    struct trine__context *self = trine__owner_here();
    if (self != NULL && writer_of(rwlock) == self)
        return -EDEADLK;
    trine__sync_lock(&rwlock->lock);
    error = self != NULL ? take(rwlock, self, what, site) : -EBUSY;
    if (error == -EBUSY)
        return wait_for(rwlock, what, site);
    trine__sync_unlock(&rwlock->lock);
    return error;
}

static int try_lock(struct trine_rwlock *rwlock, size_t what, const char *site)
{
    struct trine__context *self = trine__owner_here();
    if (self == NULL)
        return -EDEADLK;
    trine__sync_lock(&rwlock->lock);
    int error = take(rwlock, self, what, site);
    trine__sync_unlock(&rwlock->lock);
    return error;
}

int trine_rwlock_read_at(struct trine_rwlock *rwlock, const char *site)
{
    return lock(rwlock, READER, site);
}

int trine_rwlock_write_at(struct trine_rwlock *rwlock, const char *site)
{
    return lock(rwlock, WRITER, site);
}

int trine_rwlock_try_read(struct trine_rwlock *rwlock)
{
    return try_lock(rwlock, READER, NULL);
}

int trine_rwlock_try_write_at(struct trine_rwlock *rwlock, const char *site)
{
    return try_lock(rwlock, WRITER, site);
}

int trine_rwlock_unlock(struct trine_rwlock *rwlock)
{
    struct trine__wake_list wake = { 0 };
    const struct trine__context *self = trine__owner_here();
    trine__sync_lock(&rwlock->lock);
    const struct trine__context *writer = writer_of(rwlock);
    bool writes = writer != NULL && writer == self, reads = writer == NULL && rwlock->readers > 0;
    if (writes) {
        trine__held_remove(&rwlock->held);
        trine__held_give(&rwlock->held, NULL, NULL, NULL);
    } else if (reads) {
        rwlock->readers--;
    }
    if (writes || reads)
        serve(rwlock, &wake);
    trine__sync_unlock(&rwlock->lock);
    trine__wake(&wake);
    return writes || reads ? 0 : -EPERM;
}

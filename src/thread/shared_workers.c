/* SPDX-License-Identifier: MIT */
#include "thread/shared_workers.h"
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct trine__shared_workers *all;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
    for (struct trine__shared_workers *shared = all; shared != NULL; shared = shared->next) {
        shared->workers = NULL;
        atomic_store(&shared->under_way, 0);
    }
    pthread_mutex_unlock(&lock);
}

/* Lock held. */
static void make_known(struct trine__shared_workers *shared)
{
    if (all == NULL)
        pthread_atfork(before_fork, in_parent, in_child);
    shared->next = all;
    all = shared;
    shared->known = true;
}

int trine__shared_workers_submit(struct trine__shared_workers *shared, struct trine__work *work)
{
    int error = 0;
    pthread_mutex_lock(&lock);
    if (!shared->known)
        make_known(shared);
    if (shared->workers == NULL)
        error = trine__workers_new(shared->name, shared->max, &shared->workers);
    pthread_mutex_unlock(&lock);
    if (error < 0)
        return error;
    atomic_fetch_add(&shared->under_way, 1);
    error = trine__workers_submit(shared->workers, work);
    if (error < 0)
        atomic_fetch_sub(&shared->under_way, 1);
    return error;
}

int trine__shared_workers_withdraw(struct trine__shared_workers *shared, struct trine__work *work)
{
    int found = trine__workers_withdraw(shared->workers, work);
    if (found)
        atomic_fetch_sub(&shared->under_way, 1);
    return found;
}

void trine__shared_workers_over(struct trine__shared_workers *shared)
{
    atomic_fetch_sub(&shared->under_way, 1);
}

__attribute__((destructor)) static void join_all(void)
{
    for (struct trine__shared_workers *shared = all; shared != NULL; shared = shared->next) {
        if (shared->workers != NULL && atomic_load(&shared->under_way) == 0)
            trine__workers_free(shared->workers);
    }
}

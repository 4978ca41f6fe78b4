/* SPDX-License-Identifier: MIT */
/* A few threads that drain a queue of jobs.
 *
 * One lock guards the queue and the counts. A worker without work sleeps on `signal`, a number that
 * is raised whenever there may be something to do: it is read under the lock before the worker
 * sleeps, so a rise in between makes the futex return at once. Every idle worker is owed at most
 * one job; when more jobs are queued than workers are idle, another thread is started.
 *
 * Threads end on their own, so somebody must join them: each that ends joins the one that ended
 * before it. Joining the last therefore joins all. */
#include "thread/workers.h"
#include "sys/sys.h"
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

enum { IDLE_NS = 1000000000 };

/* The `state` of a work. Zero is one that was never queued. */
enum { NEW, QUEUED, STARTED };

struct trine__workers {
    pthread_mutex_t lock;
    struct trine__work *first, **last;
    unsigned max, queued, idle;
    bool closing, has_ended;
    pthread_t ended;                /* the last to end, not yet joined, if has_ended */
    _Atomic uint32_t signal, alive; /* written under the lock, slept on without it */
    char name[16];
};

int trine__workers_new(const char *name, unsigned max, struct trine__workers **ret)
{
    struct trine__workers *workers = trine__alloc_zero(1, sizeof *workers);
    if (workers == NULL)
        return -ENOMEM;
    pthread_mutex_init(&workers->lock, NULL);
    workers->last = &workers->first;
    workers->max = max > 0 ? max : 1;
    snprintf(workers->name, sizeof workers->name, "%s", name);
    *ret = workers;
    return 0;
}

static void append(struct trine__workers *workers, struct trine__work *work)
{
    work->next = NULL;
    work->state = QUEUED;
    *workers->last = work;
    workers->last = &work->next;
    workers->queued++;
}

/* Takes out the work that `*link` points to. */
static struct trine__work *detach(struct trine__workers *workers, struct trine__work **link,
                                  int state)
{
    struct trine__work *work = *link;
    *link = work->next;
    if (workers->last == &work->next)
        workers->last = link;
    work->state = state;
    workers->queued--;
    return work;
}

/* Lock held. Sleeps until there is work; false when there was none for too long, or never will be.
 */
static bool await_work(struct trine__workers *workers)
{
    int64_t deadline = trine__clock_monotonic() + IDLE_NS;
    int result = 0;
    while (workers->first == NULL && !workers->closing && result != -ETIMEDOUT) {
        uint32_t seen = workers->signal;
        workers->idle++;
        pthread_mutex_unlock(&workers->lock);
        result = trine__futex_wait(&workers->signal, seen, deadline);
        pthread_mutex_lock(&workers->lock);
        workers->idle--;
    }
    return workers->first != NULL;
}

/* Lock held, and given up: this thread is not of the workers any more. */
static void end(struct trine__workers *workers)
{
    bool join = workers->has_ended;
    pthread_t before = workers->ended;
    workers->ended = pthread_self();
    workers->has_ended = true;
    workers->alive--;
    pthread_mutex_unlock(&workers->lock);
    if (join)
        trine__sys_thread_join(before);
    trine__futex_wake(&workers->alive, 1);
}

static void *drain(void *arg)
{
    struct trine__workers *workers = arg;
    trine__sys_thread_name(workers->name);
    pthread_mutex_lock(&workers->lock);
    while (await_work(workers)) {
        struct trine__work *work = detach(workers, &workers->first, STARTED);
        pthread_mutex_unlock(&workers->lock);
        work->run(work); /* `work` may be gone after this */
        pthread_mutex_lock(&workers->lock);
    }
    end(workers);
    return NULL;
}

/* Signals of the process are for threads that expect them. A thread's own faults stay unblocked, so
 * that whoever reports crashes hears of them. */
static void block_signals(sigset_t *ret_old)
{
    static const int own_faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own_faults / sizeof own_faults[0]; i++)
        sigdelset(&blocked, own_faults[i]);
    trine__sys_sigmask(SIG_SETMASK, &blocked, ret_old);
}

/* Lock held. The mask is inherited, so that no signal can slip in before the thread has set its
 * own. */
static int start_thread(struct trine__workers *workers)
{
    sigset_t old;
    pthread_t thread;
    block_signals(&old);
    int error = trine__sys_thread_start(&thread, drain, workers, 0);
    trine__sys_sigmask(SIG_SETMASK, &old, NULL);
    if (error == 0)
        workers->alive++;
    return error;
}

static int see_to_thread(struct trine__workers *workers)
{
    if (workers->queued <= workers->idle) {
        workers->signal++;
        trine__futex_wake(&workers->signal, 1);
        return 0;
    }
    if (workers->alive == workers->max)
        return 0;
    int error = start_thread(workers);
    return workers->alive > 0 ? 0 : error; /* any thread at all will come to it */
}

int trine__workers_submit(struct trine__workers *workers, struct trine__work *work)
{
    pthread_mutex_lock(&workers->lock);
    struct trine__work **link = workers->last;
    append(workers, work);
    int error = see_to_thread(workers);
    if (error < 0)
        detach(workers, link, NEW);
    pthread_mutex_unlock(&workers->lock);
    return error;
}

int trine__workers_withdraw(struct trine__workers *workers, struct trine__work *work)
{
    pthread_mutex_lock(&workers->lock);
    bool found = work->state == QUEUED;
    if (found) {
        struct trine__work **link = &workers->first;
        while (*link != work)
            link = &(*link)->next;
        detach(workers, link, NEW);
    }
    pthread_mutex_unlock(&workers->lock);
    return found;
}

void trine__workers_free(struct trine__workers *workers)
{
    if (workers == NULL)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->closing = true;
    workers->signal++;
    trine__futex_wake(&workers->signal, INT_MAX);
    for (uint32_t alive = workers->alive; alive > 0; alive = workers->alive) {
        pthread_mutex_unlock(&workers->lock);
        trine__futex_wait(&workers->alive, alive, INT64_MAX);
        pthread_mutex_lock(&workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
    if (workers->has_ended)
        trine__sys_thread_join(workers->ended);
    pthread_mutex_destroy(&workers->lock);
    trine__free(workers);
}

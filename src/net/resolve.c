/* SPDX-License-Identifier: MIT */
#include "net/resolve.h"
#include "base/list.h"
#include "core/loop.h"
#include "net/address.h"
#include "sys/sys.h"
#include "thread/workers.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Look-ups at once; a slow name server fills them with waiting, not with work. */
#define RESOLVERS 64

/* One look-up. A cancelled caller leaves, so the record is on the heap and owned by both. */
struct lookup {
    struct trine__work work;
    _Atomic(int) state;
    struct trine__parker *parker; /* the caller, while it waits */
    char host[TRINE__HOST_MAX + 1];
    char service[TRINE__SERVICE_MAX + 1];
    int flags;
    int error, gai;
    struct addrinfo *list;
};

enum { WAITING, ANSWERED, ABANDONED };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct trine__workers *workers;

static _Atomic(unsigned) under_way; /* look-ups submitted and not yet run */

/* A child of fork() has none of the threads. */
static void forget_workers(void)
{
    workers = NULL;
}

static struct trine__workers *resolvers(void)
{
    static bool prepared;
    pthread_mutex_lock(&lock);
    if (!prepared)
        prepared = pthread_atfork(NULL, NULL, forget_workers) == 0;
    if (workers == NULL && trine__workers_new("trine-resolve", RESOLVERS, &workers) < 0)
        workers = NULL;
    pthread_mutex_unlock(&lock);
    return workers;
}

/* At the end of the process: joins the threads, unless a name server keeps one waiting. */
__attribute__((destructor)) static void end_workers(void)
{
    if (workers != NULL && atomic_load(&under_way) == 0)
        trine__workers_free(workers);
}

static int look_up(struct lookup *lookup)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = lookup->flags };
    return trine__sys_getaddrinfo(lookup->host[0] != '\0' ? lookup->host : NULL, lookup->service,
                                  &hints, &lookup->list, &lookup->gai);
}

static void free_lookup(struct lookup *lookup)
{
    if (lookup->list != NULL)
        trine__sys_freeaddrinfo(lookup->list);
    trine__free(lookup);
}

static void run(struct trine__work *work)
{
    struct lookup *lookup = TRINE__CONTAINER(work, struct lookup, work);
    lookup->error = look_up(lookup);
    atomic_fetch_sub(&under_way, 1);
    struct trine__parker *parker = lookup->parker;
    int waiting = WAITING;
    if (atomic_compare_exchange_strong(&lookup->state, &waiting, ANSWERED))
        trine__unpark(parker);
    else
        free_lookup(lookup);
}

static enum trine__cancel abandon(void *arg)
{
    struct lookup *lookup = arg;
    int waiting = WAITING;
    if (!atomic_compare_exchange_strong(&lookup->state, &waiting, ABANDONED))
        return TRINE__CANCEL_PENDING;
    return TRINE__CANCELLED;
}

static int park_for(struct lookup *lookup)
{
    struct trine__parker parker;
    int error = trine__parker_init(&parker);
    if (error < 0) {
        free_lookup(lookup);
        return error;
    }
    lookup->parker = &parker;
    lookup->work.run = run;
    atomic_fetch_add(&under_way, 1);
    error = trine__workers_submit(resolvers(), &lookup->work);
    if (error < 0) {
        atomic_fetch_sub(&under_way, 1);
        free_lookup(lookup);
        return error;
    }
    return trine__park(&parker, abandon, lookup, "a host name");
}

static int explain(const struct lookup *lookup)
{
    const char *reason =
        lookup->gai != 0 ? gai_strerror(lookup->gai) : trine_strerror(lookup->error);
    return trine_fail(TRINE_ERESOLVE, "cannot resolve '%s': %s", lookup->host, reason);
}

int trine__resolve(const char *host, const char *service, int flags, struct addrinfo **ret)
{
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    if (strlen(host) > TRINE__HOST_MAX || strlen(service) > TRINE__SERVICE_MAX)
        return trine_fail(TRINE_ERESOLVE, "cannot resolve a name that long: %.40s...", host);
    struct lookup *lookup = trine__alloc_zero(1, sizeof *lookup);
    if (lookup == NULL || resolvers() == NULL) {
        trine__free(lookup);
        return -ENOMEM;
    }
    lookup->flags = flags;
    snprintf(lookup->host, sizeof lookup->host, "%s", host);
    snprintf(lookup->service, sizeof lookup->service, "%s", service);
    /* Numbers need no server, and so no thread. */
    lookup->flags |= AI_NUMERICHOST;
    lookup->error = look_up(lookup);
    if (lookup->error < 0) {
        lookup->flags = flags;
        error = park_for(lookup);
        if (error < 0)
            return error;
    }
    if (lookup->error < 0)
        error = explain(lookup);
    else
        *ret = lookup->list;
    if (error == 0)
        lookup->list = NULL;
    free_lookup(lookup);
    return error;
}

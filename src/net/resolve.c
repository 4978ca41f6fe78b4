/* SPDX-License-Identifier: MIT */
#include "net/resolve.h"
#include "core/park.h"
#include "core/to_thread.h"
#include "net/address.h"
#include "sys/sys.h"
#include <stdio.h>
#include <string.h>

/* Look-ups at once; a slow name server fills them with waiting, not with work. */
static struct trine__shared_workers resolvers = TRINE__SHARED_WORKERS("trine-resolve", 64);

/* One look-up. A cancelled caller leaves it behind, so the record is on the heap. */
struct lookup {
    char host[TRINE__HOST_MAX + 1];
    char service[TRINE__SERVICE_MAX + 1];
    int flags;
    int error, gai;
    struct addrinfo *list;
};

static int look_up(struct lookup *lookup)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = lookup->flags };
    lookup->error = trine__sys_getaddrinfo(lookup->host[0] != '\0' ? lookup->host : NULL,
                                           lookup->service, &hints, &lookup->list, &lookup->gai);
    return lookup->error;
}

static int look_up_there(void *arg)
{
    (void)look_up(arg);
    return 0;
}

static void free_lookup(void *arg)
{
    struct lookup *lookup = arg;
    if (lookup->list != NULL)
        trine__sys_freeaddrinfo(lookup->list);
    trine__free(lookup);
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
    if (lookup == NULL)
        return -ENOMEM;
    lookup->flags = flags;
    snprintf(lookup->host, sizeof lookup->host, "%s", host);
    snprintf(lookup->service, sizeof lookup->service, "%s", service);
    /* Numbers need no server, and so no thread. */
    lookup->flags |= AI_NUMERICHOST;
    if (look_up(lookup) < 0) {
        lookup->flags = flags;
        error = trine__to_thread(&resolvers, look_up_there, lookup, free_lookup, "a host name");
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

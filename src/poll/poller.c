/* SPDX-License-Identifier: MIT */
/* Choosing a backend: by name, by TRINE_POLLER, or the best that this kernel lets us have. */
#include "poll/poller.h"
#include "base/error.h"
#include "sys/sys.h"
#include <errno.h>
#include <trine/error.h>

/* In order of preference; sim is never chosen unasked. */
static const struct trine__poller_ops *const backends[] = {
    &trine__poller_uring,
    &trine__poller_epoll,
    &trine__poller_sim,
};

static int open_named(const char *name, struct trine__poller **ret)
{
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(name, backends[i]->name) == 0)
            return backends[i]->open(ret);
    }
    return -EINVAL;
}

static int open_best(struct trine__poller **ret)
{
    int result = trine__poller_uring.open(ret);
    if (result == 0)
        return 0;
    if (trine__getenv("TRINE_DEBUG") != NULL)
        trine__report("io_uring is not available (%s), using epoll", trine_strerror(result));
    return trine__poller_epoll.open(ret);
}

int trine__poller_open(const char *name, struct trine__poller **ret)
{
    if (name == NULL)
        name = trine__getenv("TRINE_POLLER");
    return name != NULL && name[0] != '\0' ? open_named(name, ret) : open_best(ret);
}

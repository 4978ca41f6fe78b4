/* SPDX-License-Identifier: MIT */
/* The face of a completion source: one table, seven verbs. Backends: uring.c, epoll.c, sim.c.
 *
 * All calls but wake() belong to the one thread that opened the poller. Which backend runs is
 * decided at run time, because seccomp or an old kernel can refuse io_uring long after we were
 * built: trine__poller_open() tries io_uring, then epoll; the environment's TRINE_POLLER (uring,
 * epoll, sim) decides instead where set, and is then not silently replaced. */
#ifndef TRINE_POLL_POLLER_H
#define TRINE_POLL_POLLER_H

#include "poll/op.h"
#include <stdbool.h>

struct trine__poller;

struct trine__poller_ops {
    const char *name;
    int (*open)(struct trine__poller **ret);
    /* 1: completed at once, op->result is set and done will not be called. 0: pending.
     * < 0: not taken (-ENOMEM, -ENOTSUP, ...), the op is the caller's. */
    int (*submit)(struct trine__poller *poller, struct trine__op *op);
    enum trine__cancel (*cancel)(struct trine__poller *poller, struct trine__op *op);
    /* Hands everything submitted to the kernel, sleeps until something completed, wake() was called
     * or `deadline` (absolute, monotonic ns; 0 = only look, INT64_MAX = no limit) has come, and
     * calls `done` for every completion. 0, or -errno when waiting itself is broken. Never spins
     * while operations are merely pending. */
    int (*wait)(struct trine__poller *poller, int64_t deadline);
    /* From any thread or a signal handler: makes the present or next wait return. */
    void (*wake)(struct trine__poller *poller);
    /* For a loop inside another: hands everything submitted to the kernel and returns a descriptor
     * (always the same) that is readable once something completed or wake() was called since.
     * *ret_news: that is so already. -ENOTSUP: this backend has none. */
    int (*watch)(struct trine__poller *poller, bool *ret_news);
    /* No operation may be pending. */
    void (*close)(struct trine__poller *poller);
};

/* Every backend's struct begins with this. */
struct trine__poller {
    const struct trine__poller_ops *ops;
    size_t pending; /* submitted and not yet done or cancelled */
};

extern const struct trine__poller_ops trine__poller_uring, trine__poller_epoll, trine__poller_sim;

/* `name`: "uring", "epoll", "sim", or NULL for TRINE_POLLER or the best that works here.
 * -EINVAL unknown name; the backend's own error when it was named and cannot run. */
int trine__poller_open(const char *name, struct trine__poller **ret);

static inline int trine__poller_submit(struct trine__poller *poller, struct trine__op *op)
{
    return poller->ops->submit(poller, op);
}
static inline enum trine__cancel trine__poller_cancel(struct trine__poller *poller,
                                                      struct trine__op *op)
{
    return poller->ops->cancel(poller, op);
}
static inline int trine__poller_wait(struct trine__poller *poller, int64_t deadline)
{
    return poller->ops->wait(poller, deadline);
}
static inline void trine__poller_wake(struct trine__poller *poller)
{
    poller->ops->wake(poller);
}
static inline int trine__poller_watch(struct trine__poller *poller, bool *ret_news)
{
    return poller->ops->watch(poller, ret_news);
}
static inline void trine__poller_close(struct trine__poller *poller)
{
    if (poller != NULL)
        poller->ops->close(poller);
}

#endif

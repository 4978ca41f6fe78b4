/* SPDX-License-Identifier: MIT */
/* Doing an operation by plain system calls: how the epoll backend tries before it arms, what its
 * worker threads run, and all that the simulated backend offers for files. */
#ifndef TRINE_POLL_PLAIN_H
#define TRINE_POLL_PLAIN_H

#include "poll/op.h"
#include <stdbool.h>

/* How an operation can be done without blocking the loop. */
enum trine__way {
    TRINE__WAY_NOW,     /* call; -EAGAIN says "not yet" */
    TRINE__WAY_ASK,     /* the descriptor is in blocking mode: ask poll() before each call */
    TRINE__WAY_CONNECT, /* started; its end shows as writability and SO_ERROR */
    TRINE__WAY_THREAD   /* may block on a disk: needs a thread */
};

/* Finds the way for `op`, or -errno (a bad descriptor). It looks at the descriptor each time:
 * caching by number would be wrong as soon as somebody closes and reuses it. */
int trine__plain_way(const struct trine__op *op);

/* One try that does not block (for WAY_NOW, WAY_ASK, WAY_CONNECT): the result, -EAGAIN for "not
 * yet". */
int64_t trine__plain_try(const struct trine__op *op, enum trine__way way);

/* Starts a connection: 0, -EINPROGRESS, or why not. */
int64_t trine__plain_connect(const struct trine__op *op);

/* Simply does it, and blocks if it must. */
int64_t trine__plain_run(const struct trine__op *op);

/* The directions that `op` waits for: POLLIN, POLLOUT, or what an OP_POLL asks. */
uint32_t trine__plain_wants(const struct trine__op *op);

/* Did the caller ask for -EAGAIN instead of waiting (MSG_DONTWAIT)? */
bool trine__plain_never_waits(const struct trine__op *op);

/* Is `fd` a kind of file that the kernel always calls ready and that may block on a disk all the
 * same? */
int trine__plain_on_disk(int fd);

#endif

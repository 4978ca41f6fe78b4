/* SPDX-License-Identifier: MIT */
/* An operation: what the kernel is asked to complete.
 *
 * The caller owns the struct (mostly on the waiting task's stack), fills it with one of the
 * trine__op_* functions below, submits it, and may not touch it or leave its frame until `done` was
 * called or a cancel answered TRINE__CANCELLED. Backends ask for completed operations, not
 * readiness: io_uring natively, epoll by try-then-arm (and worker threads for files), sim in
 * virtual time. */
#ifndef TRINE_POLL_OP_H
#define TRINE_POLL_OP_H

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

enum trine__verb {
    TRINE__OP_POLL,    /* readiness of fd: `flags` are POLLIN/POLLOUT; result = the ready events */
    TRINE__OP_READ,    /* read(fd, buf, len) at the file position, or at `offset` when >= 0 */
    TRINE__OP_WRITE,   /* the same for write */
    TRINE__OP_RECV,    /* recv(fd, buf, len, flags) */
    TRINE__OP_SEND,    /* send(fd, buf, len, flags | MSG_NOSIGNAL) */
    TRINE__OP_ACCEPT,  /* accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); result = new fd */
    TRINE__OP_CONNECT, /* connect(fd, buf as sockaddr, len) */
    TRINE__OP_OPEN,    /* openat(fd, buf as path, flags | O_CLOEXEC, len as mode) */
    TRINE__OP_CLOSE,   /* close(fd) */
    TRINE__OP_FSYNC,   /* fsync(fd); flags & 1: data only */
    TRINE__OP_VERBS
};

struct trine__op {
    uint8_t verb;
    uint8_t state; /* the backend's; 0 = idle */
    int fd;
    int flags;
    void *buf;
    size_t len;
    int64_t offset;                     /* -1: the file position, or not a file */
    int64_t result;                     /* >= 0, or -errno; valid when done is called */
    void (*done)(struct trine__op *op); /* called on the loop's thread, inside poller.wait */
    struct trine__op *next, *prev;      /* the backend's lists */
    uintptr_t backend;                  /* the backend's */
    void *user;                         /* whom `done` serves */
};

/* What a cancel answers. The same two words are used by everything that can be waited for. */
enum trine__cancel {
    TRINE__CANCELLED,     /* it did not and will not happen; the op is the caller's again */
    TRINE__CANCEL_PENDING /* too late or not yet known: `done` will be called, with the value or
                           * -ECANCELED; until then the kernel owns the buffer */
};

static inline void trine__op_init(struct trine__op *op, enum trine__verb verb, int fd)
{
    memset(op, 0, sizeof *op);
    op->verb = (uint8_t)verb;
    op->fd = fd;
    op->offset = -1;
}

#endif

/* SPDX-License-Identifier: MIT */
/* A fault point: the place in each fallible call where a plan (fault.h) may step in.
 *
 * The table names every operation, the error it fails with unless the plan says otherwise, and
 * whether it moves bytes and so can be made short. What cannot fail on a sound kernel, or must not
 * because its caller could do nothing but leak (free, unmap, kill, futex, clocks), is not in it. */
#ifndef TRINE_SYS_FAULT_POINT_H
#define TRINE_SYS_FAULT_POINT_H

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/uio.h>

#define TRINE__FAULT_OPERATIONS(X)                                                                 \
    X(ALLOC, "alloc", ENOMEM, 0)                                                                   \
    X(MAP, "map", ENOMEM, 0)                                                                       \
    X(PROTECT, "protect", ENOMEM, 0)                                                               \
    X(ADVISE, "advise", ENOMEM, 0)                                                                 \
    X(READ, "read", EIO, 1)                                                                        \
    X(WRITE, "write", EIO, 1)                                                                      \
    X(READV, "readv", EIO, 1)                                                                      \
    X(WRITEV, "writev", EIO, 1)                                                                    \
    X(PREAD, "pread", EIO, 1)                                                                      \
    X(PWRITE, "pwrite", EIO, 1)                                                                    \
    X(OPEN, "open", EMFILE, 0)                                                                     \
    X(CLOSE, "close", EIO, 0)                                                                      \
    X(FSYNC, "fsync", EIO, 0)                                                                      \
    X(FDATASYNC, "fdatasync", EIO, 0)                                                              \
    X(FTRUNCATE, "ftruncate", EIO, 0)                                                              \
    X(FSTAT, "fstat", EIO, 0)                                                                      \
    X(STAT, "stat", EIO, 0)                                                                        \
    X(RENAME, "rename", EIO, 0)                                                                    \
    X(UNLINK, "unlink", EIO, 0)                                                                    \
    X(MKDIR, "mkdir", ENOSPC, 0)                                                                   \
    X(FCNTL, "fcntl", EINVAL, 0)                                                                   \
    X(PIPE, "pipe", EMFILE, 0)                                                                     \
    X(DUP, "dup", EMFILE, 0)                                                                       \
    X(MEMFD, "memfd", EMFILE, 0)                                                                   \
    X(SOCKET, "socket", EMFILE, 0)                                                                 \
    X(SOCKETPAIR, "socketpair", EMFILE, 0)                                                         \
    X(BIND, "bind", EADDRINUSE, 0)                                                                 \
    X(LISTEN, "listen", EADDRINUSE, 0)                                                             \
    X(ACCEPT, "accept", EMFILE, 0)                                                                 \
    X(CONNECT, "connect", ECONNREFUSED, 0)                                                         \
    X(SHUTDOWN, "shutdown", ENOTCONN, 0)                                                           \
    X(GETSOCKNAME, "getsockname", ENOBUFS, 0)                                                      \
    X(GETPEERNAME, "getpeername", ENOTCONN, 0)                                                     \
    X(GETSOCKOPT, "getsockopt", ENOBUFS, 0)                                                        \
    X(SETSOCKOPT, "setsockopt", ENOBUFS, 0)                                                        \
    X(SEND, "send", ECONNRESET, 1)                                                                 \
    X(RECV, "recv", ECONNRESET, 1)                                                                 \
    X(SENDMSG, "sendmsg", ECONNRESET, 1)                                                           \
    X(RECVMSG, "recvmsg", ECONNRESET, 1)                                                           \
    X(GETADDRINFO, "getaddrinfo", EAGAIN, 0)                                                       \
    X(POLL, "poll", ENOMEM, 0)                                                                     \
    X(EPOLL_CREATE, "epoll_create", EMFILE, 0)                                                     \
    X(EPOLL_CTL, "epoll_ctl", ENOMEM, 0)                                                           \
    X(EPOLL_WAIT, "epoll_wait", EINTR, 0)                                                          \
    X(EVENTFD, "eventfd", EMFILE, 0)                                                               \
    X(TIMERFD, "timerfd", EMFILE, 0)                                                               \
    X(RING_OPEN, "ring_open", ENOSYS, 0)                                                           \
    X(RING_SUBMIT, "ring_submit", EAGAIN, 0)                                                       \
    X(RING_OTHER, "ring_other", ENOMEM, 0)                                                         \
    X(FORK, "fork", EAGAIN, 0)                                                                     \
    X(EXEC, "exec", ENOENT, 0)                                                                     \
    X(PIDFD_OPEN, "pidfd_open", EMFILE, 0)                                                         \
    X(WAITID, "waitid", ECHILD, 0)                                                                 \
    X(THREAD, "thread", EAGAIN, 0)                                                                 \
    X(SIGALTSTACK, "sigaltstack", ENOMEM, 0)                                                       \
    X(CLOSE_RANGE, "close_range", ENOSYS, 0)                                                       \
    X(RANDOM, "random", EIO, 0)

#define TRINE__FAULT_ID(id, name, error, may_be_short) TRINE__FAULT_##id,
enum trine__fault_operation {
    TRINE__FAULT_OPERATIONS(TRINE__FAULT_ID) TRINE__FAULT_OPERATION_COUNT
};
#undef TRINE__FAULT_ID

/* Non-zero while a plan is set. Everything else of a plan is read on the slow path only. */
extern atomic_int trine__fault_armed;

int trine__fault_verdict(enum trine__fault_operation operation);
int trine__fault_verdict_moving(enum trine__fault_operation operation, int fd, size_t *len);
int trine__fault_verdict_moving_parts(enum trine__fault_operation operation, int fd,
                                      const struct iovec *parts, size_t count,
                                      struct iovec *ret_one);

static inline int trine__fault_is_armed(void)
{
    return __builtin_expect(atomic_load_explicit(&trine__fault_armed, memory_order_relaxed), 0);
}

/* 0: go on. < 0: fail with this -errno instead of doing anything. */
static inline int trine__fault(enum trine__fault_operation operation)
{
    return trine__fault_is_armed() ? trine__fault_verdict(operation) : 0;
}

/* The same for a call that moves bytes; may make `*len` 1. */
static inline int trine__fault_moving(enum trine__fault_operation operation, int fd, size_t *len)
{
    return trine__fault_is_armed() ? trine__fault_verdict_moving(operation, fd, len) : 0;
}

/* And for one that moves them from or to several places. 1: move only `*ret_one`, a part of one
 * byte. */
static inline int trine__fault_moving_parts(enum trine__fault_operation operation, int fd,
                                            const struct iovec *parts, size_t count,
                                            struct iovec *ret_one)
{
    return trine__fault_is_armed()
               ? trine__fault_verdict_moving_parts(operation, fd, parts, count, ret_one)
               : 0;
}

#endif

/* SPDX-License-Identifier: MIT */
/* Descriptors, awaited: in a task each verb is one operation of the loop; in a plain thread it is
 * the call itself, behind a poll that ends at the scope's deadline. */
#include "core/loop.h"
#include "poll/plain.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <trine/file.h>
#include <trine/net.h>

/* How long a plain thread waits before it looks whether its scope was cancelled by another thread.
 */
#define CANCEL_LOOK TRINE_MILLISECONDS(20)

/* ---- plain threads */

/* Waits until `fd` is ready or the scope says no. Descriptors that cannot be polled are always
 * ready. */
static int poll_thread(int fd, short events)
{
    struct trine__context *context = trine__here();
    struct pollfd entry = { .fd = fd, .events = events };
    if (fd < 0) /* poll would pass over it and wait for ever */
        return -EBADF;
    for (;;) {
        int error = trine__checkpoint();
        if (error < 0)
            return error;
        int64_t until = trine__scope_deadline(context);
        if (context->scope != NULL && until - CANCEL_LOOK > trine__clock_monotonic())
            until = trine__clock_monotonic() + CANCEL_LOOK;
        int ready = trine__sys_poll(&entry, 1, until);
        if (ready > 0)
            return entry.revents;
        if (ready < 0 && ready != -EINTR)
            return ready;
        if (trine__scope_deadline(context) <= trine__clock_monotonic())
            trine__scope_expire_thread(context, trine__clock_monotonic(), true);
    }
}

/* Whether the calling thread runs no loop: the call itself is then made here. */
static bool in_thread(void)
{
    return trine__loop_here == NULL;
}

/* The call of a plain thread, again and again while a non-blocking descriptor says "not yet". What
 * has offsets is always ready. */
static ssize_t transfer(int fd, short events, ssize_t (*call)(const struct trine__op *op),
                        const struct trine__op *op)
{
    for (;;) {
        int ready = op->offset >= 0 ? trine__checkpoint() : poll_thread(fd, events);
        if (ready < 0)
            return ready;
        ssize_t moved = call(op);
        if (moved != -EAGAIN)
            return moved;
    }
}

static ssize_t call_read(const struct trine__op *op)
{
    return op->offset >= 0 ? trine__sys_pread(op->fd, op->buf, op->len, op->offset)
                           : trine__sys_read(op->fd, op->buf, op->len);
}

/* Sockets are written with send, which raises no SIGPIPE. What is in blocking mode takes as much as
 * it has room for: to wait for more would be beyond the reach of a deadline. */
static ssize_t call_write(const struct trine__op *op)
{
    if (op->offset >= 0)
        return trine__sys_pwrite(op->fd, op->buf, op->len, op->offset);
    ssize_t sent = trine__sys_send(op->fd, op->buf, op->len, MSG_DONTWAIT);
    if (sent != -ENOTSOCK)
        return sent;
    struct trine__op write = *op;
    write.verb = TRINE__OP_WRITE;
    int way = trine__plain_way(&write);
    return way < 0 ? way : trine__plain_try(&write, (enum trine__way)way);
}

static ssize_t call_accept(const struct trine__op *op)
{
    return trine__sys_accept(op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* ---- reading and writing */

static ssize_t read_at(int fd, void *buf, size_t len, int64_t offset)
{
    struct trine__op op;
    trine__op_init(&op, TRINE__OP_READ, fd);
    op.buf = buf;
    op.len = len;
    op.offset = offset;
    return in_thread() ? transfer(fd, POLLIN, call_read, &op) : trine__op_await(&op, "read");
}

ssize_t trine_read(int fd, void *buf, size_t len)
{
    return read_at(fd, buf, len, -1);
}

ssize_t trine_pread(int fd, void *buf, size_t len, int64_t offset)
{
    return offset >= 0 ? read_at(fd, buf, len, offset) : -EINVAL;
}

static ssize_t submit_write(enum trine__verb verb, int fd, const void *buf, size_t len,
                            int64_t offset)
{
    struct trine__op op;
    trine__op_init(&op, verb, fd);
    op.buf = (void *)buf;
    op.len = len;
    op.offset = offset;
    if (in_thread())
        return transfer(fd, POLLOUT, call_write, &op);
    return trine__op_await(&op, "write");
}

/* At the file position, which is the kernel's business: tasks that share a file would overwrite
 * each other if the place were read here and named. Only where Linux 6.18's io_uring did a part (a
 * full disk) and did not advance it, it is moved: the rest would go over that part. */
static ssize_t write_file(int fd, const void *buf, size_t len)
{
    int64_t before = trine__sys_seek(fd, 0, SEEK_CUR);
    ssize_t written = submit_write(TRINE__OP_WRITE, fd, buf, len, -1);
    if (before >= 0 && written > 0 && (size_t)written < len &&
        trine__sys_seek(fd, 0, SEEK_CUR) == before)
        (void)trine__sys_seek(fd, before + written, SEEK_SET);
    return written;
}

ssize_t trine_write(int fd, const void *buf, size_t len)
{
    if (in_thread())
        return submit_write(TRINE__OP_WRITE, fd, buf, len, -1);
    ssize_t sent = submit_write(TRINE__OP_SEND, fd, buf, len, -1);
    return sent != -ENOTSOCK ? sent : write_file(fd, buf, len);
}

ssize_t trine_pwrite(int fd, const void *buf, size_t len, int64_t offset)
{
    return offset >= 0 ? submit_write(TRINE__OP_WRITE, fd, buf, len, offset) : -EINVAL;
}

int trine_write_all(int fd, const void *buf, size_t len)
{
    const char *from = buf;
    while (len > 0) {
        ssize_t written = trine_write(fd, from, len);
        if (written < 0)
            return (int)written;
        from += written;
        len -= (size_t)written;
    }
    return 0;
}

ssize_t trine_read_all(int fd, void *buf, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t got = trine_read(fd, (char *)buf + have, len - have);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

/* ---- opening, closing, waiting */

int trine_open(const char *path, int flags, mode_t mode)
{
    if (in_thread()) {
        int error = trine__checkpoint();
        return error < 0 ? error : trine__sys_openat(AT_FDCWD, path, flags, mode);
    }
    struct trine__op op;
    trine__op_init(&op, TRINE__OP_OPEN, AT_FDCWD);
    op.buf = (void *)path;
    op.flags = flags;
    op.len = mode;
    return (int)trine__op_await(&op, "open");
}

int trine_close(int fd)
{
    return trine__sys_close(fd);
}

int trine_fsync(int fd)
{
    if (in_thread()) {
        int error = trine__checkpoint();
        return error < 0 ? error : trine__sys_fsync(fd);
    }
    struct trine__op op;
    trine__op_init(&op, TRINE__OP_FSYNC, fd);
    return (int)trine__op_await(&op, "fsync");
}

/* POLLIN and POLLOUT are the public names' values; trouble is told as both, for a call to find it.
 */
_Static_assert(TRINE_READABLE == POLLIN && TRINE_WRITABLE == POLLOUT, "directions are poll's");

int trine_wait_fd(int fd, int directions)
{
    if (directions == 0 || (directions & ~(TRINE_READABLE | TRINE_WRITABLE)) != 0)
        return -EINVAL;
    int64_t ready;
    if (in_thread()) {
        ready = poll_thread(fd, (short)directions);
    } else {
        struct trine__op op;
        trine__op_init(&op, TRINE__OP_POLL, fd);
        op.flags = directions;
        ready = trine__op_await(&op, "a descriptor");
    }
    if (ready < 0)
        return (int)ready;
    if (ready & POLLNVAL)
        return -EBADF;
    return ready & (POLLERR | POLLHUP) ? directions : (int)ready & directions;
}

int trine_accept(int listener)
{
    struct trine__op op;
    trine__op_init(&op, TRINE__OP_ACCEPT, listener);
    return in_thread() ? (int)transfer(listener, POLLIN, call_accept, &op)
                       : (int)trine__op_await(&op, "accept");
}

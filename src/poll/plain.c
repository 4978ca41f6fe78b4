/* SPDX-License-Identifier: MIT */
/* Operations by plain system calls, without blocking where that is asked. */
#include "poll/plain.h"
#include "sys/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

uint32_t trine__plain_wants(const struct trine__op *op)
{
    switch ((enum trine__verb)op->verb) {
    case TRINE__OP_POLL:
        return (uint32_t)op->flags & (POLLIN | POLLOUT | POLLPRI | POLLRDHUP);
    case TRINE__OP_WRITE:
    case TRINE__OP_SEND:
    case TRINE__OP_CONNECT:
        return POLLOUT;
    default:
        return POLLIN;
    }
}

bool trine__plain_never_waits(const struct trine__op *op)
{
    return (op->verb == TRINE__OP_RECV || op->verb == TRINE__OP_SEND) && (op->flags & MSG_DONTWAIT);
}

int trine__plain_on_disk(int fd)
{
    struct stat status;
    int result = trine__sys_fstat(fd, &status);
    if (result < 0)
        return result;
    return S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) || S_ISDIR(status.st_mode);
}

static int way_of_stream(int fd)
{
    int flags = trine__sys_fcntl(fd, F_GETFL, 0);
    if (flags < 0)
        return flags;
    if (flags & O_NONBLOCK)
        return TRINE__WAY_NOW;
    int on_disk = trine__plain_on_disk(fd);
    if (on_disk < 0)
        return on_disk;
    return on_disk ? TRINE__WAY_THREAD : TRINE__WAY_ASK;
}

int trine__plain_way(const struct trine__op *op)
{
    switch ((enum trine__verb)op->verb) {
    case TRINE__OP_READ:
    case TRINE__OP_WRITE:
        return op->offset >= 0 ? TRINE__WAY_THREAD : way_of_stream(op->fd);
    case TRINE__OP_ACCEPT:
        return way_of_stream(op->fd);
    case TRINE__OP_CONNECT:
        return TRINE__WAY_CONNECT;
    case TRINE__OP_OPEN:
    case TRINE__OP_FSYNC:
        return TRINE__WAY_THREAD;
    default:
        return TRINE__WAY_NOW;
    }
}

/* The call of `op` with fewer bytes or more flags than it has. */
static int64_t call(const struct trine__op *op, size_t len, int more_flags)
{
    switch ((enum trine__verb)op->verb) {
    case TRINE__OP_READ:
        return op->offset >= 0 ? trine__sys_pread(op->fd, op->buf, len, op->offset)
                               : trine__sys_read(op->fd, op->buf, len);
    case TRINE__OP_WRITE:
        return op->offset >= 0 ? trine__sys_pwrite(op->fd, op->buf, len, op->offset)
                               : trine__sys_write(op->fd, op->buf, len);
    case TRINE__OP_RECV:
        return trine__sys_recv(op->fd, op->buf, len, op->flags | more_flags);
    case TRINE__OP_SEND:
        return trine__sys_send(op->fd, op->buf, len, op->flags | more_flags);
    case TRINE__OP_ACCEPT:
        return trine__sys_accept(op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    case TRINE__OP_CONNECT:
        return trine__sys_connect(op->fd, op->buf, (socklen_t)len);
    case TRINE__OP_OPEN:
        return trine__sys_openat(op->fd, op->buf, op->flags, (unsigned)len);
    case TRINE__OP_CLOSE:
        return trine__sys_close(op->fd);
    case TRINE__OP_FSYNC:
        return op->flags & 1 ? trine__sys_fdatasync(op->fd) : trine__sys_fsync(op->fd);
    default:
        return -EINVAL;
    }
}

int64_t trine__plain_run(const struct trine__op *op)
{
    return call(op, op->len, 0);
}

/* In blocking mode, ready to write means room for one atomic piece and not for all: more would
 * block. */
static int64_t ask_then_call(const struct trine__op *op)
{
    struct pollfd asked = { .fd = op->fd, .events = (short)trine__plain_wants(op) };
    int ready = trine__sys_poll(&asked, 1, 0);
    if (ready == 0 || ready == -EINTR)
        return -EAGAIN;
    if (ready < 0)
        return ready;
    size_t len = op->len;
    if (op->verb == TRINE__OP_WRITE && len > PIPE_BUF)
        len = PIPE_BUF;
    return call(op, len, MSG_DONTWAIT);
}

static int64_t connect_outcome(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    int result = trine__sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return result < 0 ? result : -error;
}

int64_t trine__plain_try(const struct trine__op *op, enum trine__way way)
{
    if (way == TRINE__WAY_ASK)
        return ask_then_call(op);
    if (way == TRINE__WAY_CONNECT)
        return connect_outcome(op->fd);
    return call(op, op->len, MSG_DONTWAIT);
}

/* A socket in blocking mode is put out of it for the one call. */
int64_t trine__plain_connect(const struct trine__op *op)
{
    int flags = trine__sys_fcntl(op->fd, F_GETFL, 0);
    if (flags < 0)
        return flags;
    if (!(flags & O_NONBLOCK))
        trine__sys_fcntl(op->fd, F_SETFL, flags | O_NONBLOCK);
    int result = trine__sys_connect(op->fd, op->buf, (socklen_t)op->len);
    if (!(flags & O_NONBLOCK))
        trine__sys_fcntl(op->fd, F_SETFL, flags);
    return result == -EINTR ? -EINPROGRESS : result;
}

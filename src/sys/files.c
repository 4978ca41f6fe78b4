/* SPDX-License-Identifier: MIT */
/* Descriptors and files. */
#include "sys/answer.h"
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static ssize_t read_once(int fd, void *buf, size_t len)
{
    return trine__fault_moving(TRINE__FAULT_READ, fd, &len) ?: trine__answer(read(fd, buf, len));
}

ssize_t trine__sys_read(int fd, void *buf, size_t len)
{
    return TRINE__RETRY(read_once(fd, buf, len));
}

static ssize_t write_once(int fd, const void *buf, size_t len)
{
    return trine__fault_moving(TRINE__FAULT_WRITE, fd, &len) ?: trine__answer(write(fd, buf, len));
}

ssize_t trine__sys_write(int fd, const void *buf, size_t len)
{
    return TRINE__RETRY(write_once(fd, buf, len));
}

static ssize_t readv_once(int fd, const struct iovec *parts, int count)
{
    struct iovec one;
    int fault = trine__fault_moving_parts(TRINE__FAULT_READV, fd, parts, (size_t)count, &one);
    if (fault < 0)
        return fault;
    return trine__answer(fault > 0 ? readv(fd, &one, 1) : readv(fd, parts, count));
}

ssize_t trine__sys_readv(int fd, const struct iovec *parts, int count)
{
    return TRINE__RETRY(readv_once(fd, parts, count));
}

static ssize_t writev_once(int fd, const struct iovec *parts, int count)
{
    struct iovec one;
    int fault = trine__fault_moving_parts(TRINE__FAULT_WRITEV, fd, parts, (size_t)count, &one);
    if (fault < 0)
        return fault;
    return trine__answer(fault > 0 ? writev(fd, &one, 1) : writev(fd, parts, count));
}

ssize_t trine__sys_writev(int fd, const struct iovec *parts, int count)
{
    return TRINE__RETRY(writev_once(fd, parts, count));
}

static ssize_t pread_once(int fd, void *buf, size_t len, int64_t offset)
{
    return trine__fault_moving(TRINE__FAULT_PREAD, fd, &len)
               ?: trine__answer(pread(fd, buf, len, offset));
}

ssize_t trine__sys_pread(int fd, void *buf, size_t len, int64_t offset)
{
    return TRINE__RETRY(pread_once(fd, buf, len, offset));
}

ssize_t trine__sys_read_cached(int fd, void *buf, size_t len, int64_t offset)
{
    ssize_t fault =
        trine__fault_moving(offset < 0 ? TRINE__FAULT_READ : TRINE__FAULT_PREAD, fd, &len);
    struct iovec all = { buf, len };
    return fault ?: trine__answer(preadv2(fd, &all, 1, offset, RWF_NOWAIT));
}

static ssize_t pwrite_once(int fd, const void *buf, size_t len, int64_t offset)
{
    return trine__fault_moving(TRINE__FAULT_PWRITE, fd, &len)
               ?: trine__answer(pwrite(fd, buf, len, offset));
}

ssize_t trine__sys_pwrite(int fd, const void *buf, size_t len, int64_t offset)
{
    return TRINE__RETRY(pwrite_once(fd, buf, len, offset));
}

int trine__sys_openat(int dirfd, const char *path, int flags, unsigned mode)
{
    return (int)TRINE__RETRY(
        trine__fault(TRINE__FAULT_OPEN)
            ?: trine__answer(openat(dirfd, path, flags | O_CLOEXEC, (mode_t)mode)));
}

/* The descriptor is gone whatever close says, so a fault is reported after the deed. */
int trine__sys_close(int fd)
{
    int fault = trine__fault(TRINE__FAULT_CLOSE);
    int result = (int)trine__answer(close(fd));
    int error = fault < 0 ? fault : result;
    return error == -EINTR ? 0 : error;
}

int64_t trine__sys_seek(int fd, int64_t offset, int whence)
{
    return trine__answer(lseek(fd, offset, whence));
}

int trine__sys_fsync(int fd)
{
    return (int)TRINE__RETRY(trine__fault(TRINE__FAULT_FSYNC) ?: trine__answer(fsync(fd)));
}

int trine__sys_fdatasync(int fd)
{
    return (int)TRINE__RETRY(trine__fault(TRINE__FAULT_FDATASYNC) ?: trine__answer(fdatasync(fd)));
}

int trine__sys_ftruncate(int fd, int64_t length)
{
    return (int)TRINE__RETRY(trine__fault(TRINE__FAULT_FTRUNCATE)
                                 ?: trine__answer(ftruncate(fd, length)));
}

int trine__sys_fstat(int fd, struct stat *ret)
{
    return trine__fault(TRINE__FAULT_FSTAT) ?: (int)trine__answer(fstat(fd, ret));
}

int trine__sys_stat(const char *path, struct stat *ret)
{
    return trine__fault(TRINE__FAULT_STAT) ?: (int)trine__answer(stat(path, ret));
}

int trine__sys_rename(const char *from, const char *to)
{
    return trine__fault(TRINE__FAULT_RENAME) ?: (int)trine__answer(rename(from, to));
}

int trine__sys_unlink(const char *path)
{
    return trine__fault(TRINE__FAULT_UNLINK) ?: (int)trine__answer(unlink(path));
}

int trine__sys_mkdir(const char *path, unsigned mode)
{
    return trine__fault(TRINE__FAULT_MKDIR) ?: (int)trine__answer(mkdir(path, (mode_t)mode));
}

int trine__sys_fcntl(int fd, int command, long argument)
{
    return trine__fault(TRINE__FAULT_FCNTL) ?: (int)trine__answer(fcntl(fd, command, argument));
}

int trine__sys_pipe(int fds[2], int flags)
{
    return trine__fault(TRINE__FAULT_PIPE) ?: (int)trine__answer(pipe2(fds, flags | O_CLOEXEC));
}

int trine__sys_dup(int fd, int at_least)
{
    return trine__fault(TRINE__FAULT_DUP)
               ?: (int)trine__answer(fcntl(fd, F_DUPFD_CLOEXEC, at_least));
}

int trine__sys_memfd(const char *name)
{
    return trine__fault(TRINE__FAULT_MEMFD) ?: (int)trine__answer(memfd_create(name, MFD_CLOEXEC));
}

int trine__sys_isatty(int fd)
{
    return isatty(fd);
}

/* SPDX-License-Identifier: MIT */
/* Descriptors and files, awaited: the calls of POSIX with the task parked instead of the thread.
 * Python: loop.sock_recv and friends, aiofiles.
 *
 * Each call works on any descriptor, blocking or not. In a task it parks; in a plain thread it
 * blocks (and still ends at the scope's deadline where the descriptor can be polled). Errors
 * everywhere: -errno of the call; -ECANCELED, -ETIMEDOUT: it did not happen, no byte moved. */
#ifndef TRINE_FILE_H
#define TRINE_FILE_H

#include <stdint.h>
#include <sys/types.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads at most `len` bytes: the count, 0 at the end. */
TRINE_PUBLIC ssize_t trine_read(int fd, void *buf, size_t len);
/* Writes at most `len` bytes: the count. Never raises SIGPIPE on sockets: -EPIPE. */
TRINE_PUBLIC ssize_t trine_write(int fd, const void *buf, size_t len);
/* The same at an offset, for files. */
TRINE_PUBLIC ssize_t trine_pread(int fd, void *buf, size_t len, int64_t offset);
TRINE_PUBLIC ssize_t trine_pwrite(int fd, const void *buf, size_t len, int64_t offset);
/* Writes all: 0. After an error or a cancel a part may have been written. */
TRINE_PUBLIC int trine_write_all(int fd, const void *buf, size_t len);
/* Reads until the end or `len` bytes: the count. After an error a part may have been read. */
TRINE_PUBLIC ssize_t trine_read_all(int fd, void *buf, size_t len);

/* A descriptor, close-on-exec. */
TRINE_PUBLIC int trine_open(const char *path, int flags, mode_t mode);
TRINE_PUBLIC int
trine_close(int fd); /* not a cancellation point: it is closed whatever it returns */
TRINE_PUBLIC int trine_fsync(int fd);

/* Waits until the descriptor is readable or writable (or has an error to tell): for any library
 * that hands out a descriptor. Returns the ready directions. */
enum { TRINE_READABLE = 1, TRINE_WRITABLE = 4 };
TRINE_PUBLIC int trine_wait_fd(int fd, int directions);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
#include "cli/fetch_save.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <trine/file.h>

#define INDEX "index.html"

/* At offsets of our own: when a disk is full io_uring may tell of a part written and leave the
 * file's position where it was, so that the rest would go over that part. */
static int write_file(int fd, struct trine_slice body)
{
    for (size_t at = 0; at < body.len;) {
        ssize_t written = trine_pwrite(fd, body.data + at, body.len - at, (int64_t)at);
        if (written < 0)
            return (int)written;
        at += (size_t)written;
    }
    return 0;
}

static int write_and_close(int fd, struct trine_slice body,
                           int (*put)(int fd, struct trine_slice body))
{
    int error = put(fd, body);
    int closed = trine_close(fd);
    return error < 0 ? error : closed;
}

static int write_stream(int fd, struct trine_slice body)
{
    return trine_write_all(fd, body.data, body.len);
}

static int failed(int error, const char *path)
{
    return trine_fail(error, "cannot write %s: %s", path, trine_strerror(error));
}

/* A name beside `path` that nothing has yet. */
static int temporary_name(const char *path, char *ret, size_t size)
{
    const char *slash = strrchr(path, '/');
    int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
    int len = snprintf(ret, size, "%.*s.trine-%016llx.part", folder, path,
                       (unsigned long long)trine__random_u64());
    return (size_t)len < size ? 0 : -ENAMETOOLONG;
}

int trine__save_here(const char *path, struct trine_slice body)
{
    char temporary[PATH_MAX];
    int error = temporary_name(path, temporary, sizeof temporary);
    if (error < 0)
        return failed(error, path);
    int fd = trine_open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0)
        return failed(fd, path);
    error = write_and_close(fd, body, write_file);
    if (error == 0)
        error = trine__sys_rename(temporary, path);
    if (error == 0)
        return 0;
    (void)trine__sys_unlink(temporary);
    return failed(error, path);
}

int trine__save(const char *path, struct trine_slice body)
{
    struct stat there;
    if (trine__sys_stat(path, &there) < 0 || S_ISREG(there.st_mode))
        return trine__save_here(path, body);
    int fd = trine_open(path, O_WRONLY, 0);
    int error = fd < 0 ? fd : write_and_close(fd, body, write_stream);
    return error < 0 ? failed(error, path) : 0;
}

int trine__remote_name(const char *url, char *ret, size_t size)
{
    const char *host = strstr(url, "://");
    const char *path = host != NULL ? host + 3 : url;
    path += strcspn(path, "/?#");
    const char *end = path + strcspn(path, "?#"), *name = end;
    while (name > path && name[-1] != '/')
        name--;
    size_t len = (size_t)(end - name);
    if (len == 0) {
        name = INDEX;
        len = strlen(INDEX);
    }
    if (len >= size)
        return trine_fail(-ENAMETOOLONG, "%.200s...: the remote name has more than %zu characters",
                          url, size - 1);
    memcpy(ret, name, len);
    ret[len] = '\0';
    if (strcmp(ret, ".") == 0 || strcmp(ret, "..") == 0)
        return trine_fail(-EINVAL, "%s: the remote name '%s' is no file's; use -o", url, ret);
    return 0;
}

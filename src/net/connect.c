/* SPDX-License-Identifier: MIT */
/* Connecting: the addresses of a name in turn. */
#include "core/loop.h"
#include "net/resolve.h"
#include "sys/sys.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <trine/file.h>
#include <trine/net.h>

static int connect_task(int fd, const struct addrinfo *address)
{
    struct trine__op op;
    trine__op_init(&op, TRINE__OP_CONNECT, fd);
    op.buf = address->ai_addr;
    op.len = address->ai_addrlen;
    return (int)trine__op_await(&op, "connect");
}

static int connect_thread(int fd, const struct addrinfo *address)
{
    int error = trine__sys_connect(fd, address->ai_addr, address->ai_addrlen);
    if (error != -EINPROGRESS && error != -EINTR)
        return error;
    error = trine_wait_fd(fd, TRINE_WRITABLE);
    if (error < 0)
        return error;
    int result = 0;
    socklen_t len = sizeof result;
    error = trine__sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &len);
    return error < 0 ? error : -result;
}

static int try_address(const struct addrinfo *address, int64_t limit)
{
    int fd = trine__sys_socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK,
                               address->ai_protocol);
    if (fd < 0)
        return fd;
    struct trine_scope scope;
    trine_scope_open(&scope, limit > 0 ? limit : TRINE_FOREVER);
    int error = trine__loop_here != NULL ? connect_task(fd, address) : connect_thread(fd, address);
    (void)trine_scope_close(&scope);
    if (error < 0) {
        trine__sys_close(fd);
        return error;
    }
    int on = 1; /* best effort: a socket that has no such option works without */
    (void)trine__sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int trine_tcp_connect(const char *host, const char *service,
                      const struct trine_tcp_options *options)
{
    int64_t limit = options != NULL ? options->connect_timeout : 0;
    struct addrinfo *list;
    int fd = trine__resolve(host, service, 0, &list);
    if (fd < 0)
        return fd;
    fd = -EADDRNOTAVAIL;
    for (struct addrinfo *address = list; address != NULL && fd < 0; address = address->ai_next) {
        fd = try_address(address, limit);
        if (fd < 0 && trine_cancelled() != 0)
            break;
    }
    trine__sys_freeaddrinfo(list);
    if (fd < 0 && trine_cancelled() == 0)
        return trine_fail(fd, "cannot connect to %s port %s: %s", host, service,
                          trine_strerror(fd));
    return fd;
}

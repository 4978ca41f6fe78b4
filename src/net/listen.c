/* SPDX-License-Identifier: MIT */
/* Listening. */
#include "net/address.h"
#include "net/resolve.h"
#include "sys/sys.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <trine/net.h>

#define BACKLOG 1024

static int listen_at(const struct addrinfo *address, const struct trine_listen_options *options)
{
    int fd = trine__sys_socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK,
                               address->ai_protocol);
    if (fd < 0)
        return fd;
    int on = 1;
    int error = trine__sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (error == 0 && options->reuse_port)
        error = trine__sys_setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    /* Accepted sockets inherit it; best effort, as in connecting. */
    (void)trine__sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (error == 0)
        error = trine__sys_bind(fd, address->ai_addr, address->ai_addrlen);
    if (error == 0)
        error = trine__sys_listen(fd, options->backlog > 0 ? options->backlog : BACKLOG);
    if (error == 0)
        return fd;
    trine__sys_close(fd);
    return error;
}

static int port_of(int fd, uint16_t *ret_port)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    int error = trine__sys_getsockname(fd, (struct sockaddr *)&name, &len);
    if (error < 0)
        return error;
    *ret_port = ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                                 : ((struct sockaddr_in *)&name)->sin_port);
    return 0;
}

int trine_tcp_listen(const char *address, const struct trine_listen_options *options,
                     uint16_t *ret_port)
{
    static const struct trine_listen_options defaults;
    struct trine__address_text text;
    struct addrinfo *list;
    int fd = trine__address_split(address, &text);
    if (fd == 0)
        fd = trine__resolve(text.host, text.service, AI_PASSIVE, &list);
    if (fd < 0)
        return fd;
    fd = listen_at(list, options != NULL ? options : &defaults);
    trine__sys_freeaddrinfo(list);
    int error = fd >= 0 && ret_port != NULL ? port_of(fd, ret_port) : 0;
    if (error < 0) {
        trine__sys_close(fd);
        fd = error;
    }
    return fd >= 0 ? fd : trine_fail(fd, "cannot listen on %s: %s", address, trine_strerror(fd));
}

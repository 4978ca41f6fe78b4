/* SPDX-License-Identifier: MIT */
/* Sockets and names. */
#include "sys/answer.h"
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <netdb.h>

int trine__sys_socket(int family, int type, int protocol)
{
    return trine__fault(TRINE__FAULT_SOCKET)
               ?: (int)trine__answer(socket(family, type | SOCK_CLOEXEC, protocol));
}

int trine__sys_socketpair(int family, int type, int protocol, int fds[2])
{
    return trine__fault(TRINE__FAULT_SOCKETPAIR)
               ?: (int)trine__answer(socketpair(family, type | SOCK_CLOEXEC, protocol, fds));
}

int trine__sys_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    return trine__fault(TRINE__FAULT_BIND) ?: (int)trine__answer(bind(fd, address, len));
}

int trine__sys_listen(int fd, int backlog)
{
    return trine__fault(TRINE__FAULT_LISTEN) ?: (int)trine__answer(listen(fd, backlog));
}

int trine__sys_accept(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    return (int)TRINE__RETRY(trine__fault(TRINE__FAULT_ACCEPT)
                                 ?: trine__answer(accept4(fd, address, len, flags | SOCK_CLOEXEC)));
}

/* Not repeated after EINTR: the attempt goes on without us, and a second one would only hear of it.
 */
int trine__sys_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return trine__fault(TRINE__FAULT_CONNECT) ?: (int)trine__answer(connect(fd, address, len));
}

int trine__sys_shutdown(int fd, int how)
{
    return trine__fault(TRINE__FAULT_SHUTDOWN) ?: (int)trine__answer(shutdown(fd, how));
}

int trine__sys_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    return trine__fault(TRINE__FAULT_GETSOCKNAME)
               ?: (int)trine__answer(getsockname(fd, address, len));
}

int trine__sys_getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    return trine__fault(TRINE__FAULT_GETPEERNAME)
               ?: (int)trine__answer(getpeername(fd, address, len));
}

int trine__sys_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    return trine__fault(TRINE__FAULT_GETSOCKOPT)
               ?: (int)trine__answer(getsockopt(fd, level, name, value, len));
}

int trine__sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    return trine__fault(TRINE__FAULT_SETSOCKOPT)
               ?: (int)trine__answer(setsockopt(fd, level, name, value, len));
}

static ssize_t send_once(int fd, const void *buf, size_t len, int flags)
{
    return trine__fault_moving(TRINE__FAULT_SEND, fd, &len)
               ?: trine__answer(send(fd, buf, len, flags));
}

ssize_t trine__sys_send(int fd, const void *buf, size_t len, int flags)
{
    return TRINE__RETRY(send_once(fd, buf, len, flags | MSG_NOSIGNAL));
}

static ssize_t recv_once(int fd, void *buf, size_t len, int flags)
{
    return trine__fault_moving(TRINE__FAULT_RECV, fd, &len)
               ?: trine__answer(recv(fd, buf, len, flags));
}

ssize_t trine__sys_recv(int fd, void *buf, size_t len, int flags)
{
    return TRINE__RETRY(recv_once(fd, buf, len, flags));
}

static ssize_t sendmsg_once(int fd, const struct msghdr *message, int flags)
{
    struct iovec one;
    int fault = trine__fault_moving_parts(TRINE__FAULT_SENDMSG, fd, message->msg_iov,
                                          message->msg_iovlen, &one);
    if (fault < 0)
        return fault;
    struct msghdr cut = *message;
    if (fault > 0) {
        cut.msg_iov = &one;
        cut.msg_iovlen = 1;
    }
    return trine__answer(sendmsg(fd, &cut, flags));
}

ssize_t trine__sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
    return TRINE__RETRY(sendmsg_once(fd, message, flags | MSG_NOSIGNAL));
}

/* The kernel answers in the header too, so a cut is made in the caller's own and mended afterwards.
 */
static ssize_t recvmsg_once(int fd, struct msghdr *message, int flags)
{
    struct iovec one, *parts = message->msg_iov;
    size_t count = message->msg_iovlen;
    int fault = trine__fault_moving_parts(TRINE__FAULT_RECVMSG, fd, parts, count, &one);
    if (fault < 0)
        return fault;
    if (fault > 0) {
        message->msg_iov = &one;
        message->msg_iovlen = 1;
    }
    ssize_t received = trine__answer(recvmsg(fd, message, flags));
    message->msg_iov = parts;
    message->msg_iovlen = count;
    return received;
}

ssize_t trine__sys_recvmsg(int fd, struct msghdr *message, int flags)
{
    return TRINE__RETRY(recvmsg_once(fd, message, flags | MSG_CMSG_CLOEXEC));
}

static int errno_of_gai(int code)
{
    switch (code) {
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return -ENOENT;
    case EAI_FAMILY:
        return -EAFNOSUPPORT;
    case EAI_BADFLAGS:
    case EAI_SERVICE:
    case EAI_SOCKTYPE:
        return -EINVAL;
    default:
        return -EIO;
    }
}

int trine__sys_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                           struct addrinfo **ret, int *ret_gai)
{
    int fault = trine__fault(TRINE__FAULT_GETADDRINFO);
    if (fault < 0) {
        *ret_gai = fault == -EAGAIN ? EAI_AGAIN : EAI_SYSTEM;
        return fault;
    }
    int code = getaddrinfo(host, service, hints, ret);
    *ret_gai = code;
    if (code == 0)
        return 0;
    return code == EAI_SYSTEM && errno > 0 ? -errno : errno_of_gai(code);
}

/* The C library dies of a NULL list in some versions. */
void trine__sys_freeaddrinfo(struct addrinfo *list)
{
    if (list != NULL)
        freeaddrinfo(list);
}

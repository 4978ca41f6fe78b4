/* SPDX-License-Identifier: MIT */
#include "exec/wire.h"
#include "sys/sys.h"
#include <errno.h>
#include <string.h>

void trine__transfer_add(struct trine__transfer *transfer, void *bytes, size_t len)
{
    if (len > 0)
        transfer->parts[transfer->count++] = (struct iovec){ bytes, len };
}

static void advance(struct trine__transfer *transfer, size_t moved)
{
    while (moved > 0) {
        struct iovec *part = &transfer->parts[transfer->first];
        size_t step = moved < part->iov_len ? moved : part->iov_len;
        part->iov_base = (char *)part->iov_base + step;
        part->iov_len -= step;
        moved -= step;
        if (part->iov_len == 0)
            transfer->first++;
    }
}

static struct msghdr rest_of(struct trine__transfer *transfer)
{
    return (struct msghdr){ .msg_iov = &transfer->parts[transfer->first],
                            .msg_iovlen = transfer->count - transfer->first };
}

int trine__transfer_send(struct trine__transfer *transfer, int fd, int flags)
{
    while (!trine__transfer_done(transfer)) {
        struct msghdr message = rest_of(transfer);
        ssize_t moved = trine__sys_sendmsg(fd, &message, flags);
        if (moved < 0)
            return (int)moved;
        advance(transfer, (size_t)moved);
    }
    return 1;
}

int trine__transfer_recv(struct trine__transfer *transfer, int fd, int flags)
{
    while (!trine__transfer_done(transfer)) {
        struct msghdr message = rest_of(transfer);
        ssize_t moved = trine__sys_recvmsg(fd, &message, flags);
        if (moved <= 0)
            return (int)moved;
        advance(transfer, (size_t)moved);
    }
    return 1;
}

int trine__message_send(int fd, const void *bytes, size_t len, int passed_fd)
{
    struct iovec part = { (void *)bytes, len };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (passed_fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
                                           .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &passed_fd, sizeof passed_fd);
    }
    ssize_t sent = trine__sys_sendmsg(fd, &message, 0);
    return sent < 0 ? (int)sent : 0;
}

int trine__message_recv(int fd, void *bytes, size_t len, int *ret_fd, int flags)
{
    struct iovec part = { bytes, len };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t got = trine__sys_recvmsg(fd, &message, flags);
    *ret_fd = -1;
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_type == SCM_RIGHTS)
        memcpy(ret_fd, CMSG_DATA(header), sizeof *ret_fd);
    return (int)got;
}

/* SPDX-License-Identifier: MIT */
/* What travels between the pool and a worker, over a stream socket of their own:
 *
 *     pool -> worker    struct trine__request | name | records
 *     worker -> pool    struct trine__reply   | outcomes, one int each | records | message
 *
 * Both sides check every length before they use it. The lengths of an answer but the message's are
 * known from the question, so the pool never believes a worker about sizes. */
#ifndef TRINE_EXEC_WIRE_H
#define TRINE_EXEC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define TRINE__WIRE_MAGIC  0x74726e31u
#define TRINE__PAYLOAD_MAX ((size_t)1 << 20) /* of all records together */
#define TRINE__NAME_MAX    255
#define TRINE__MESSAGE_MAX 1023
#define TRINE__BATCH_MAX   65536 /* records */

struct trine__request {
    uint32_t magic, id;
    uint32_t name_len;
    uint32_t count;
    uint64_t size; /* of one record */
    uint32_t collect;
    uint32_t namesakes; /* registered before it: see registry.h */
};

struct trine__reply {
    uint32_t magic, id;
    int32_t code; /* that the message tells of */
    uint32_t message_len;
};

/* A transfer in parts, as far as it has come. */
struct trine__transfer {
    struct iovec parts[4];
    unsigned first, count;
};

void trine__transfer_add(struct trine__transfer *transfer, void *bytes, size_t len);
static inline bool trine__transfer_done(const struct trine__transfer *transfer)
{
    return transfer->first == transfer->count;
}
/* Moves what can be moved; with `flags` MSG_DONTWAIT without waiting. 1: complete; 0: the other
 * side has ended; -EAGAIN and other errors: so far incomplete. */
int trine__transfer_send(struct trine__transfer *transfer, int fd, int flags);
int trine__transfer_recv(struct trine__transfer *transfer, int fd, int flags);

/* One message and perhaps a descriptor with it (-1: none) over a message socket. */
int trine__message_send(int fd, const void *message, size_t len, int passed_fd);
/* The length, 0 at the end. *ret_fd is -1 if none came. */
int trine__message_recv(int fd, void *message, size_t len, int *ret_fd, int flags);

#endif

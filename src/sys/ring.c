/* SPDX-License-Identifier: MIT */
/* io_uring: opening a ring, handing entries over, waiting, and faults in single operations. */
#include "sys/answer.h"
#include "sys/deadline.h"
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <liburing.h>

/* Without EXT_ARG (5.11) a timed wait would need an entry of its own in the ring. */
int trine__ring_open(unsigned entries, struct io_uring *ring, struct io_uring_params *params)
{
    int error =
        trine__fault(TRINE__FAULT_RING_OPEN) ?: io_uring_queue_init_params(entries, ring, params);
    if (error < 0)
        return error;
    if ((params->features & IORING_FEAT_EXT_ARG) != 0)
        return 0;
    io_uring_queue_exit(ring);
    return -ENOSYS;
}

void trine__ring_close(struct io_uring *ring)
{
    io_uring_queue_exit(ring);
}

int trine__ring_knows(struct io_uring *ring, const uint8_t *opcodes, size_t count)
{
    enum { ASKED = 256 };
    union {
        struct io_uring_probe probe;
        char room[sizeof(struct io_uring_probe) + ASKED * sizeof(struct io_uring_probe_op)];
    } reply = { 0 };
    if (io_uring_register_probe(ring, &reply.probe, ASKED) < 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (!io_uring_opcode_supported(&reply.probe, opcodes[i]))
            return 0;
    }
    return 1;
}

int trine__ring_ring_eventfd(struct io_uring *ring, int eventfd)
{
    return trine__fault(TRINE__FAULT_RING_OPEN) ?: io_uring_register_eventfd(ring, eventfd);
}

/* What the kernel did not take stays in the ring and goes along with the next submission. */
int trine__ring_submit(struct io_uring *ring)
{
    return (int)TRINE__RETRY(trine__fault(TRINE__FAULT_RING_SUBMIT) ?: io_uring_submit(ring));
}

static int submit_and_look(struct io_uring *ring)
{
    int error = io_uring_submit_and_get_events(ring);
    if (io_uring_cq_ready(ring) > 0)
        return 0;
    return error < 0 ? error : -ETIME;
}

/* There is always a time limit, if one of a hundred years: with one, liburing enters the kernel
 * once. Else it would go back to sleep when a signal arrives after entries were taken, and the
 * signal be lost. */
int trine__ring_submit_and_wait(struct io_uring *ring, int64_t deadline)
{
    const int64_t second = 1000000000, longest = 100 * INT64_C(365) * 24 * 3600 * second;
    int fault = trine__fault(TRINE__FAULT_RING_SUBMIT);
    if (fault < 0)
        return fault;
    int64_t left = trine__wait_left(deadline);
    if (left == 0)
        return submit_and_look(ring);
    if (left > longest)
        left = longest;
    struct io_uring_cqe *cqe = NULL;
    struct __kernel_timespec limit = { .tv_sec = left / second, .tv_nsec = left % second };
    int error = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &limit, NULL);
    if (io_uring_cq_ready(ring) > 0)
        return 0;
    if (error < 0)
        return error;
    /* Entries were taken but the wait ended without a completion: its reason got lost on the way.
     */
    return trine__wait_left(deadline) == 0 ? -ETIME : -EINTR;
}

static int operation_of(int verb)
{
    switch (verb) {
    case IORING_OP_READ:
        return TRINE__FAULT_READ;
    case IORING_OP_WRITE:
        return TRINE__FAULT_WRITE;
    case IORING_OP_READV:
        return TRINE__FAULT_READV;
    case IORING_OP_WRITEV:
        return TRINE__FAULT_WRITEV;
    case IORING_OP_SEND:
        return TRINE__FAULT_SEND;
    case IORING_OP_RECV:
        return TRINE__FAULT_RECV;
    case IORING_OP_SENDMSG:
        return TRINE__FAULT_SENDMSG;
    case IORING_OP_RECVMSG:
        return TRINE__FAULT_RECVMSG;
    case IORING_OP_ACCEPT:
        return TRINE__FAULT_ACCEPT;
    case IORING_OP_CONNECT:
        return TRINE__FAULT_CONNECT;
    case IORING_OP_OPENAT:
        return TRINE__FAULT_OPEN;
    case IORING_OP_FSYNC:
        return TRINE__FAULT_FSYNC;
    case IORING_OP_POLL_ADD:
        return TRINE__FAULT_POLL;
    default:
        return TRINE__FAULT_RING_OTHER;
    }
}

/* A closing must happen, so it is never replaced by an error; cancelling and timing are ours. */
static int is_infallible(int verb)
{
    return verb == IORING_OP_NOP || verb == IORING_OP_CLOSE || verb == IORING_OP_ASYNC_CANCEL ||
           verb == IORING_OP_POLL_REMOVE || verb == IORING_OP_TIMEOUT ||
           verb == IORING_OP_TIMEOUT_REMOVE || verb == IORING_OP_LINK_TIMEOUT;
}

static int moves_bytes(int verb)
{
    return verb == IORING_OP_READ || verb == IORING_OP_WRITE || verb == IORING_OP_SEND ||
           verb == IORING_OP_RECV;
}

int trine__ring_fault(int verb, size_t *len)
{
    if (!trine__fault_is_armed() || is_infallible(verb))
        return 0;
    if (moves_bytes(verb))
        return trine__fault_verdict_moving((enum trine__fault_operation)operation_of(verb), -1,
                                           len);
    return trine__fault_verdict((enum trine__fault_operation)operation_of(verb));
}

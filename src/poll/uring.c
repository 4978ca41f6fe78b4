/* SPDX-License-Identifier: MIT */
/* The io_uring backend: the kernel completes operations, we hand them over in batches.
 *
 *     submit --socket, at once--> (answer 1)
 *            --room------> TAKEN (entry prepared) --wait enters--> kernel --completion--> done()
 *            --no room---> QUEUED --room in a later wait--> TAKEN
 *
 * One io_uring_enter a turn both hands over and waits. TAKEN operations may meanwhile be
 *   ASKED    a cancel was asked for; the completion still decides, so that no byte and no accepted
 *            descriptor is lost,
 *   POLLING  the kernel answered EAGAIN (older ones do for some non-blocking descriptors): we wait
 *            for readiness and then hand the operation over again.
 * A cancel that overtakes its own operation in the submission queue turns the entry into a no-op.
 *
 * Requests belong to the thread that made them and die with it, hence SINGLE_ISSUER; DEFER_TASKRUN
 * runs completions only when we look, which is most of the gain over epoll. */
#include "poll/bell.h"
#include "poll/op_list.h"
#include "poll/plain.h"
#include "poll/poison.h"
#include "poll/poller.h"
#include <assert.h>
#include <fcntl.h>
#include <liburing.h>

enum { IDLE = 0, QUEUED = 1, TAKEN = 2, ASKED = 4, CANCEL_QUEUED = 8, POLLING = 16 };

#define ENTRIES     256
#define COMPLETIONS 4096
#define LEN_MAX     ((size_t)0x7ffff000) /* what one read or write moves at most */

/* Completions that are not operations. */
#define NOBODY   0
#define BELL_TAG 1

struct uring {
    struct trine__poller base;
    struct io_uring ring;
    struct trine__bell bell;
    bool bell_watched;
    struct trine__op_list queued;  /* no room in the ring yet */
    struct trine__op_list cancels; /* TAKEN, and no room yet for the request to cancel */
    int watch_fd;                  /* for a loop inside another; -1: not asked for yet */
    bool watched;
};

/* ---- entries */

/* NULL when the ring is full even after handing over what is in it. */
static struct io_uring_sqe *entry(struct uring *poller)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&poller->ring);
    if (sqe != NULL)
        return sqe;
    trine__ring_submit(&poller->ring);
    return io_uring_get_sqe(&poller->ring);
}

static void prepare(struct io_uring_sqe *sqe, struct trine__op *op, size_t len)
{
    unsigned size = (unsigned)(len < LEN_MAX ? len : LEN_MAX);
    __u64 offset = (__u64)op->offset;
    switch (op->state & POLLING ? TRINE__OP_POLL : (enum trine__verb)op->verb) {
    case TRINE__OP_READ:
        io_uring_prep_read(sqe, op->fd, op->buf, size, offset);
        break;
    case TRINE__OP_WRITE:
        io_uring_prep_write(sqe, op->fd, op->buf, size, offset);
        break;
    case TRINE__OP_RECV:
        io_uring_prep_recv(sqe, op->fd, op->buf, size, op->flags);
        break;
    case TRINE__OP_SEND:
        io_uring_prep_send(sqe, op->fd, op->buf, size, op->flags | MSG_NOSIGNAL);
        break;
    case TRINE__OP_ACCEPT:
        io_uring_prep_accept(sqe, op->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        break;
    case TRINE__OP_CONNECT:
        io_uring_prep_connect(sqe, op->fd, op->buf, (socklen_t)len);
        break;
    case TRINE__OP_OPEN:
        io_uring_prep_openat(sqe, op->fd, op->buf, op->flags | O_CLOEXEC, (mode_t)len);
        break;
    case TRINE__OP_CLOSE:
        io_uring_prep_close(sqe, op->fd);
        break;
    case TRINE__OP_FSYNC:
        io_uring_prep_fsync(sqe, op->fd, op->flags & 1 ? IORING_FSYNC_DATASYNC : 0);
        break;
    default:
        io_uring_prep_poll_add(sqe, op->fd, trine__plain_wants(op));
    }
    io_uring_sqe_set_data(sqe, op);
}

/* Gives `op` an entry, behind those who came earlier, or queues it. */
static void hand_over(struct uring *poller, struct trine__op *op, size_t len)
{
    struct io_uring_sqe *sqe = poller->queued.first == NULL ? entry(poller) : NULL;
    if (sqe == NULL) {
        op->state |= QUEUED;
        trine__op_list_put(&poller->queued, op);
        return;
    }
    op->state |= TAKEN;
    op->backend = poller->ring.sq.sqe_tail - 1;
    prepare(sqe, op, len);
}

/* The entry of `op` while the kernel has not consumed it. */
static struct io_uring_sqe *unread_entry(struct uring *poller, const struct trine__op *op)
{
    struct io_uring_sq *sq = &poller->ring.sq;
    unsigned head = __atomic_load_n(sq->khead, __ATOMIC_ACQUIRE);
    if ((unsigned)op->backend - head >= sq->sqe_tail - head)
        return NULL;
    struct io_uring_sqe *sqe = &sq->sqes[op->backend & sq->ring_mask];
    return sqe->user_data == (uintptr_t)op ? sqe : NULL;
}

static bool request_cancel(struct uring *poller, struct trine__op *op)
{
    struct io_uring_sqe *sqe = entry(poller);
    if (sqe == NULL)
        return false;
    io_uring_prep_cancel64(sqe, (uintptr_t)op, 0);
    io_uring_sqe_set_data64(sqe, NOBODY);
    return true;
}

/* Cancels first: each that succeeds makes an operation end. */
static void move_up(struct uring *poller)
{
    struct trine__op *op;
    while ((op = poller->cancels.first) != NULL && request_cancel(poller, op)) {
        trine__op_list_remove(&poller->cancels, op);
        op->state &= (uint8_t)~CANCEL_QUEUED;
    }
    while ((op = poller->queued.first) != NULL) {
        struct io_uring_sqe *sqe = entry(poller);
        if (sqe == NULL)
            return;
        trine__op_list_remove(&poller->queued, op);
        op->state = (uint8_t)((op->state & ~QUEUED) | TAKEN);
        op->backend = poller->ring.sq.sqe_tail - 1;
        prepare(sqe, op, op->len);
    }
}

/* ---- submit and cancel */

static const uint8_t opcodes[] = {
    [TRINE__OP_POLL] = IORING_OP_POLL_ADD,      [TRINE__OP_READ] = IORING_OP_READ,
    [TRINE__OP_WRITE] = IORING_OP_WRITE,        [TRINE__OP_RECV] = IORING_OP_RECV,
    [TRINE__OP_SEND] = IORING_OP_SEND,          [TRINE__OP_ACCEPT] = IORING_OP_ACCEPT,
    [TRINE__OP_CONNECT] = IORING_OP_CONNECT,    [TRINE__OP_OPEN] = IORING_OP_OPENAT,
    [TRINE__OP_CLOSE] = IORING_OP_CLOSE,        [TRINE__OP_FSYNC] = IORING_OP_FSYNC,
    [TRINE__OP_VERBS] = IORING_OP_ASYNC_CANCEL, /* no verb, but asked for with them */
};

static bool moves_bytes(const struct trine__op *op)
{
    return op->verb >= TRINE__OP_READ && op->verb <= TRINE__OP_SEND;
}

/* On a socket the plain call is cheaper than a turn through the ring whenever it succeeds. Leaving
 * it out for receivers that are likely to wait was measured: 1 % on an echo, and 70 % slower where
 * data is there already. */
static bool done_at_once(struct trine__op *op)
{
    if (op->verb != TRINE__OP_SEND && op->verb != TRINE__OP_RECV)
        return false;
    op->result = trine__plain_try(op, TRINE__WAY_NOW);
    return op->result != -EAGAIN || trine__plain_never_waits(op);
}

static int uring_submit(struct trine__poller *base, struct trine__op *op)
{
    struct uring *poller = (struct uring *)base;
    assert(op->state == IDLE);
    if (done_at_once(op))
        return 1;
    size_t len = op->len;
    op->result = trine__ring_fault(opcodes[op->verb], &len);
    if (op->result < 0)
        return 1;
    if (moves_bytes(op))
        trine__poison_check(op->buf, len);
    hand_over(poller, op, len);
    base->pending++;
    return 0;
}

static enum trine__cancel withdrawn(struct uring *poller, struct trine__op *op)
{
    op->state = IDLE;
    poller->base.pending--;
    return TRINE__CANCELLED;
}

static enum trine__cancel uring_cancel(struct trine__poller *base, struct trine__op *op)
{
    struct uring *poller = (struct uring *)base;
    assert(op->state != IDLE);
    if (op->state & QUEUED) {
        trine__op_list_remove(&poller->queued, op);
        return withdrawn(poller, op);
    }
    struct io_uring_sqe *unread = unread_entry(poller, op);
    if (unread != NULL) {
        io_uring_prep_nop(unread);
        io_uring_sqe_set_data64(unread, NOBODY);
        return withdrawn(poller, op);
    }
    if (!(op->state & ASKED)) {
        op->state |= ASKED;
        if (poller->cancels.first != NULL || !request_cancel(poller, op)) {
            op->state |= CANCEL_QUEUED;
            trine__op_list_put(&poller->cancels, op);
        }
    }
    return TRINE__CANCEL_PENDING;
}

/* ---- completions */

static void finish(struct uring *poller, struct trine__op *op, int64_t result)
{
    if (op->state & CANCEL_QUEUED)
        trine__op_list_remove(&poller->cancels, op);
    op->state = IDLE;
    op->result = result;
    poller->base.pending--;
    op->done(op);
}

static bool can_be_polled(const struct trine__op *op)
{
    return op->verb >= TRINE__OP_READ && op->verb <= TRINE__OP_ACCEPT &&
           !trine__plain_never_waits(op);
}

/* A value always wins over a cancel; what has to be tried again does so only if none was asked for.
 */
static void complete(struct uring *poller, struct trine__op *op, int64_t result)
{
    bool ready = (op->state & POLLING) && result >= 0;
    bool not_yet = !(op->state & POLLING) && result == -EAGAIN && can_be_polled(op);
    if (!ready && !not_yet && result != -EINTR) {
        finish(poller, op, result);
    } else if (op->state & ASKED) {
        finish(poller, op, -ECANCELED);
    } else {
        op->state = not_yet ? POLLING : IDLE;
        hand_over(poller, op, op->len);
    }
}

/* At most what is there now, so that operations submitted by done() wait for their turn. */
static void reap(struct uring *poller)
{
    for (unsigned left = io_uring_cq_ready(&poller->ring); left > 0; left--) {
        struct io_uring_cqe *cqe;
        if (io_uring_peek_cqe(&poller->ring, &cqe) != 0)
            return;
        uint64_t tag = cqe->user_data;
        unsigned flags = cqe->flags;
        int result = cqe->res;
        io_uring_cqe_seen(&poller->ring, cqe);
        if (tag == BELL_TAG)
            poller->bell_watched = flags & IORING_CQE_F_MORE;
        else if (tag != NOBODY)
            complete(poller, (struct trine__op *)(uintptr_t)tag, result);
    }
}

/* ---- wait */

/* Multishot and edge-triggered: each ring of the bell is one completion, and nobody reads the
 * eventfd. */
static void watch_bell(struct uring *poller)
{
    struct io_uring_sqe *sqe = poller->bell_watched ? NULL : entry(poller);
    if (sqe == NULL)
        return;
    io_uring_prep_poll_multishot(sqe, poller->bell.fd, POLLIN);
    io_uring_sqe_set_data64(sqe, BELL_TAG);
    poller->bell_watched = true;
}

static bool kernel_has_news(const struct uring *poller)
{
    return __atomic_load_n(poller->ring.sq.kflags, __ATOMIC_RELAXED) &
           (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/* No system call when it could neither hand over nor bring anything. */
static int enter(struct uring *poller, int64_t deadline)
{
    if (io_uring_cq_ready(&poller->ring) > 0 || !poller->bell_watched)
        deadline = 0;
    if (deadline == 0 && io_uring_sq_ready(&poller->ring) == 0 && !kernel_has_news(poller))
        return 0;
    return trine__ring_submit_and_wait(&poller->ring, deadline);
}

/* EBUSY and EAGAIN: the completion queue overflowed or the kernel is short of memory; what was not
 * taken stays in the ring for the next turn. */
static bool waiting_works(int result)
{
    return result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY ||
           result == -EAGAIN;
}

/* Before looking: what rings from here on is news again. */
static void end_watch(struct uring *poller)
{
    uint64_t rings;
    (void)trine__sys_read(poller->watch_fd, &rings, sizeof rings);
    poller->watched = false;
}

static int uring_wait(struct trine__poller *base, int64_t deadline)
{
    struct uring *poller = (struct uring *)base;
    if (poller->watched)
        end_watch(poller);
    watch_bell(poller);
    move_up(poller);
    if (!trine__bell_sleep(&poller->bell))
        deadline = 0;
    int result = enter(poller, deadline);
    trine__bell_awake(&poller->bell);
    reap(poller);
    return waiting_works(result) ? 0 : result;
}

/* The best flags that this kernel knows; it answers EINVAL to those it does not. RSRC_TAGS stands
 * for 5.13, which brought multishot poll without a feature bit of its own. `watched`: somebody
 * sleeps for us and has to hear of every completion. */
static int ring_open(struct io_uring *ring, bool watched)
{
    static const unsigned wishes[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
            IORING_SETUP_SUBMIT_ALL,
        IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
        0,
    };
    const unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE |
                            IORING_FEAT_RW_CUR_POS | IORING_FEAT_FAST_POLL | IORING_FEAT_RSRC_TAGS;
    int result = -EINVAL;
    for (size_t i = watched; i < sizeof wishes / sizeof wishes[0] && result == -EINVAL; i++) {
        struct io_uring_params params = { .cq_entries = COMPLETIONS };
        params.flags = wishes[i] | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;
        result = trine__ring_open(ENTRIES, ring, &params);
        if (result == 0 && ((params.features & needed) != needed ||
                            !trine__ring_knows(ring, opcodes, sizeof opcodes))) {
            trine__ring_close(ring);
            return -ENOSYS;
        }
    }
    return result;
}

/* Who sleeps for us watches an eventfd that the ring rings: the ring's own descriptor says nothing
 * of completions that wait for us to look. A ring with DEFER_TASKRUN tells the eventfd only once of
 * what another eventfd has caused (Linux 6.18), so this one, still unused, gives way to another
 * kind. */
static int open_watch(struct uring *poller)
{
    struct io_uring ring;
    assert(poller->base.pending == 0 && !poller->bell_watched);
    int fd = trine__sys_eventfd(0);
    int error = fd >= 0 ? ring_open(&ring, true) : fd;
    if (error >= 0) {
        trine__ring_close(&poller->ring);
        poller->ring = ring;
        error = trine__ring_ring_eventfd(&poller->ring, fd);
    }
    if (error < 0) {
        if (fd >= 0)
            trine__sys_close(fd);
        return error;
    }
    return poller->watch_fd = fd;
}

static int uring_watch(struct trine__poller *base, bool *ret_news)
{
    struct uring *poller = (struct uring *)base;
    int fd = poller->watch_fd >= 0 ? poller->watch_fd : open_watch(poller);
    if (fd < 0)
        return fd;
    poller->watched = true;
    watch_bell(poller);
    move_up(poller);
    trine__ring_submit(&poller->ring);
    *ret_news = !trine__bell_sleep(&poller->bell) || io_uring_cq_ready(&poller->ring) > 0 ||
                kernel_has_news(poller) || io_uring_sq_ready(&poller->ring) > 0 ||
                !poller->bell_watched;
    return fd;
}

static void uring_wake(struct trine__poller *base)
{
    trine__bell_ring(&((struct uring *)base)->bell);
}

/* ---- open and close */

static int uring_open(struct trine__poller **ret)
{
    struct uring *poller = trine__alloc_zero(1, sizeof *poller);
    if (poller == NULL)
        return -ENOMEM;
    poller->base.ops = &trine__poller_uring;
    poller->watch_fd = -1;
    int result = trine__bell_open(&poller->bell);
    if (result == 0)
        result = ring_open(&poller->ring, false);
    if (result < 0) {
        trine__bell_close(&poller->bell);
        trine__free(poller);
        return result;
    }
    *ret = &poller->base;
    return 0;
}

static void uring_close(struct trine__poller *base)
{
    struct uring *poller = (struct uring *)base;
    assert(base->pending == 0);
    trine__ring_close(&poller->ring);
    if (poller->watch_fd >= 0)
        trine__sys_close(poller->watch_fd);
    trine__bell_close(&poller->bell);
    trine__free(poller);
}

const struct trine__poller_ops trine__poller_uring = {
    .name = "uring",
    .open = uring_open,
    .submit = uring_submit,
    .cancel = uring_cancel,
    .wait = uring_wait,
    .wake = uring_wake,
    .watch = uring_watch,
    .close = uring_close,
};

/* SPDX-License-Identifier: MIT */
/* The epoll backend: completion made out of readiness.
 *
 * Sockets and non-blocking descriptors are tried at once and parked on -EAGAIN; descriptors in
 * blocking mode are asked first; what may block on a disk goes to worker threads (jobs.c).
 *
 *     submit --done at once--> (answer 1)
 *            --not ready-----> WAITING in its descriptor's slot --event, try--> FINISHED --wait-->
 * done()
 *            --file----------> WORKING on a thread ---------------bell--------> FINISHED
 *
 * A slot per descriptor number holds the operations that wait for it, oldest first. Registration is
 * one-shot, and armed again for every new waiter, because a descriptor may be closed and its number
 * reused behind our back: the kernel then answers ENOENT and we add it anew. Each addition has a
 * new generation, so that an event of a former file of that number is recognised and dropped. */
#include "poll/bell.h"
#include "poll/jobs.h"
#include "poll/op_list.h"
#include "poll/plain.h"
#include "poll/poison.h"
#include "poll/poller.h"
#include <assert.h>

enum { IDLE, WAITING, WORKING, FINISHED };

#define EVENTS_MAX 128
#define SLOTS_MIN  64
#define BELL_TAG   UINT64_MAX

struct slot {
    struct trine__op_list waiting;
    uint32_t generation;
    bool registered; /* as far as we know */
    bool drained;    /* a guess: the last receive found less than it had room for */
};

struct epoll_poller {
    struct trine__poller base;
    int epfd;
    struct trine__bell bell;
    struct trine__jobs jobs;
    struct trine__op_list finished;
    struct slot *slots; /* by descriptor number */
    size_t slot_count;
    size_t parked; /* operations in slots */
    bool watched;  /* another loop sleeps on epfd: what made it readable must be fetched */
    pthread_t thread;
    long slack; /* of the thread before us; epoll adds it to every limit, the ring does not */
    struct epoll_event events[EVENTS_MAX];
};

static void finish(struct epoll_poller *poller, struct trine__op *op, int64_t result)
{
    op->state = FINISHED;
    op->result = result;
    trine__op_list_put(&poller->finished, op);
}

static int answer_now(struct trine__op *op, int64_t result)
{
    op->state = IDLE;
    op->result = result;
    return 1;
}

/* ---- slots */

static int slots_grow(struct epoll_poller *poller, size_t least)
{
    size_t count = poller->slot_count != 0 ? poller->slot_count : SLOTS_MIN;
    while (count < least)
        count *= 2;
    struct slot *slots = trine__realloc(poller->slots, count * sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    memset(slots + poller->slot_count, 0, (count - poller->slot_count) * sizeof *slots);
    poller->slots = slots;
    poller->slot_count = count;
    return 0;
}

/* Is a first try worth its call? Not behind others who wait, not on a socket that was just drained.
 */
static bool worth_trying(const struct epoll_poller *poller, const struct trine__op *op)
{
    if ((size_t)op->fd >= poller->slot_count || trine__plain_never_waits(op))
        return true;
    const struct slot *slot = &poller->slots[op->fd];
    if (op->verb == TRINE__OP_RECV && slot->drained)
        return false;
    for (struct trine__op *other = slot->waiting.first; other != NULL; other = other->next) {
        if (other->verb != TRINE__OP_POLL && trine__plain_wants(other) == trine__plain_wants(op))
            return false;
    }
    return true;
}

/* Asks for one event on behalf of everybody in the slot. */
static int arm(struct epoll_poller *poller, int fd)
{
    struct slot *slot = &poller->slots[fd];
    struct epoll_event event = { .events = EPOLLONESHOT };
    for (struct trine__op *op = slot->waiting.first; op != NULL; op = op->next)
        event.events |= trine__plain_wants(op);

    if (slot->registered) {
        event.data.u64 = (uint64_t)slot->generation << 32 | (uint32_t)fd;
        int result = trine__sys_epoll_ctl(poller->epfd, EPOLL_CTL_MOD, fd, &event);
        if (result != -ENOENT)
            return result;
    }
    event.data.u64 = (uint64_t)++slot->generation << 32 | (uint32_t)fd;
    int result = trine__sys_epoll_ctl(poller->epfd, EPOLL_CTL_ADD, fd, &event);
    if (result == -EEXIST)
        result = trine__sys_epoll_ctl(poller->epfd, EPOLL_CTL_MOD, fd, &event);
    slot->registered = result == 0;
    return result;
}

static void unpark(struct epoll_poller *poller, struct trine__op *op)
{
    trine__op_list_remove(&poller->slots[op->fd].waiting, op);
    poller->parked--;
}

/* Everybody in the slot ends with `error`: the descriptor is gone. */
static void fail_slot(struct epoll_poller *poller, int fd, int error)
{
    struct trine__op *op;
    while ((op = poller->slots[fd].waiting.first) != NULL) {
        unpark(poller, op);
        finish(poller, op, error);
    }
}

/* A short receive took all there was. The next one then does not waste a call on trying first:
 * arming costs a call anyway and reports at once if data is there (7 % of an echo). */
static int64_t try(struct epoll_poller *poller, const struct trine__op *op, enum trine__way way)
{
    int64_t result = trine__plain_try(op, way);
    if (op->verb == TRINE__OP_RECV && (size_t)op->fd < poller->slot_count)
        poller->slots[op->fd].drained = result < (int64_t)op->len;
    return result;
}

/* ---- submit */

/* A thread costs some 15 us, what is in the page cache is read in less than one. */
static bool read_at_once(struct trine__op *op)
{
    if (op->verb != TRINE__OP_READ)
        return false;
    trine__poison_check(op->buf, op->len); /* no sanitizer knows this call either */
    op->result = trine__sys_read_cached(op->fd, op->buf, op->len, op->offset);
    return op->result >= 0;
}

static int work(struct epoll_poller *poller, struct trine__op *op)
{
    if (read_at_once(op))
        return 1;
    op->state = WORKING;
    if (trine__jobs_submit(&poller->jobs, op) < 0)
        return answer_now(op, trine__plain_run(op)); /* no thread to be had: slow beats failed */
    poller->base.pending++;
    return 0;
}

static int park(struct epoll_poller *poller, struct trine__op *op, enum trine__way way)
{
    if ((size_t)op->fd >= poller->slot_count) {
        int result = slots_grow(poller, (size_t)op->fd + 1);
        if (result < 0)
            return result;
    }
    op->state = WAITING;
    op->backend = way;
    trine__op_list_put(&poller->slots[op->fd].waiting, op);
    poller->parked++;
    int result = arm(poller, op->fd);
    if (result == 0) {
        poller->base.pending++;
        return 0;
    }
    unpark(poller, op);
    op->state = IDLE;
    if (result == -EPERM) /* a file: always ready, and epoll will not have it */
        return op->verb == TRINE__OP_POLL ? answer_now(op, trine__plain_wants(op))
                                          : work(poller, op);
    if (result == -ENOMEM || result == -ENOSPC)
        return result;
    return answer_now(op, result);
}

/* Those who still wait for the descriptor would wait for ever. */
static int close_descriptor(struct epoll_poller *poller, struct trine__op *op)
{
    if (op->fd >= 0 && (size_t)op->fd < poller->slot_count) {
        fail_slot(poller, op->fd, -EBADF);
        poller->slots[op->fd].registered = false;
    }
    return answer_now(op, trine__plain_run(op));
}

static int submit_connect(struct epoll_poller *poller, struct trine__op *op)
{
    int64_t result = trine__plain_connect(op);
    return result == -EINPROGRESS ? park(poller, op, TRINE__WAY_CONNECT) : answer_now(op, result);
}

static int submit_data(struct epoll_poller *poller, struct trine__op *op)
{
    int way = trine__plain_way(op);
    if (way < 0)
        return answer_now(op, way);
    if (way == TRINE__WAY_THREAD)
        return work(poller, op);
    if (worth_trying(poller, op)) {
        int64_t result = try(poller, op, (enum trine__way)way);
        if (result != -EAGAIN || trine__plain_never_waits(op))
            return answer_now(op, result);
    }
    return park(poller, op, (enum trine__way)way);
}

static int epoll_submit(struct trine__poller *base, struct trine__op *op)
{
    struct epoll_poller *poller = (struct epoll_poller *)base;
    assert(op->state == IDLE);
    if (op->fd < 0 && op->verb != TRINE__OP_OPEN)
        return answer_now(op, -EBADF);
    switch ((enum trine__verb)op->verb) {
    case TRINE__OP_POLL:
        return park(poller, op, TRINE__WAY_NOW);
    case TRINE__OP_CLOSE:
        return close_descriptor(poller, op);
    case TRINE__OP_CONNECT:
        return submit_connect(poller, op);
    case TRINE__OP_OPEN:
    case TRINE__OP_FSYNC:
        return work(poller, op);
    default:
        return submit_data(poller, op);
    }
}

static enum trine__cancel epoll_cancel(struct trine__poller *base, struct trine__op *op)
{
    struct epoll_poller *poller = (struct epoll_poller *)base;
    assert(op->state != IDLE);
    if (op->state == WAITING)
        unpark(poller, op);
    else if (op->state != WORKING || !trine__jobs_withdraw(&poller->jobs, op))
        return TRINE__CANCEL_PENDING;
    op->state = IDLE;
    poller->base.pending--;
    return TRINE__CANCELLED;
}

/* ---- wait */

/* Serves those of the slot for whom the event is enough, oldest first in each direction. */
static void serve(struct epoll_poller *poller, struct slot *slot, uint32_t events)
{
    uint32_t ready = events;
    if (events & (EPOLLHUP | EPOLLERR))
        ready |= EPOLLIN | EPOLLOUT; /* the call will say what happened */
    for (struct trine__op *op = slot->waiting.first, *next; op != NULL; op = next) {
        next = op->next;
        uint32_t wants = trine__plain_wants(op);
        int64_t result = -EAGAIN;
        if (op->verb == TRINE__OP_POLL) {
            uint32_t seen = events & (wants | EPOLLHUP | EPOLLERR);
            result = seen != 0 ? (int64_t)seen : -EAGAIN;
        } else if (wants & ready) {
            result = try(poller, op, (enum trine__way)op->backend);
            if (result == -EAGAIN)
                ready &= ~wants;
        }
        if (result != -EAGAIN) {
            unpark(poller, op);
            finish(poller, op, result);
        }
    }
}

static void dispatch(struct epoll_poller *poller, const struct epoll_event *event)
{
    if (event->data.u64 == BELL_TAG)
        return;
    int fd = (int)(uint32_t)event->data.u64;
    struct slot *slot = &poller->slots[fd];
    if (slot->generation != event->data.u64 >> 32)
        return;
    serve(poller, slot, event->events);
    if (slot->waiting.first == NULL)
        return;
    int result = arm(poller, fd);
    if (result < 0)
        fail_slot(poller, fd, result);
}

static void take_job(void *arg, struct trine__op *op)
{
    finish(arg, op, op->result);
}

static void deliver(struct epoll_poller *poller)
{
    struct trine__op *op;
    while ((op = trine__op_list_take(&poller->finished)) != NULL) {
        op->state = IDLE;
        poller->base.pending--;
        op->done(op);
    }
}

/* Events seen, or -errno. No system call when it could not bring anything. */
static int look(struct epoll_poller *poller, int64_t deadline)
{
    if (poller->finished.first != NULL || !trine__bell_sleep(&poller->bell))
        deadline = 0;
    int count = 0;
    if (deadline != 0 || poller->parked != 0 || poller->watched)
        count = trine__sys_epoll_wait(poller->epfd, poller->events, EVENTS_MAX, deadline);
    trine__bell_awake(&poller->bell);
    poller->watched = false;
    return count == -EINTR ? 0 : count;
}

static int epoll_wait_for(struct trine__poller *base, int64_t deadline)
{
    struct epoll_poller *poller = (struct epoll_poller *)base;
    int count = look(poller, deadline);
    if (count < 0)
        return count;
    for (int i = 0; i < count; i++)
        dispatch(poller, &poller->events[i]);
    trine__jobs_reap(&poller->jobs, poller, take_job);
    deliver(poller);
    return 0;
}

/* Leaves the bell asleep: a ring is then written, and makes the epoll descriptor readable. */
static int epoll_watch(struct trine__poller *base, bool *ret_news)
{
    struct epoll_poller *poller = (struct epoll_poller *)base;
    poller->watched = true;
    *ret_news = !trine__bell_sleep(&poller->bell) || poller->finished.first != NULL;
    return poller->epfd;
}

static void epoll_wake(struct trine__poller *base)
{
    trine__bell_ring(&((struct epoll_poller *)base)->bell);
}

static void epoll_shut(struct trine__poller *base)
{
    struct epoll_poller *poller = (struct epoll_poller *)base;
    assert(base->pending == 0);
    trine__jobs_done(&poller->jobs);
    if (pthread_equal(poller->thread, pthread_self()))
        trine__sys_timer_slack(poller->slack);
    trine__bell_close(&poller->bell);
    if (poller->epfd >= 0)
        trine__sys_close(poller->epfd);
    trine__free(poller->slots);
    trine__free(poller);
}

static int watch_bell(struct epoll_poller *poller)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = BELL_TAG };
    return trine__sys_epoll_ctl(poller->epfd, EPOLL_CTL_ADD, poller->bell.fd, &event);
}

static int epoll_open(struct trine__poller **ret)
{
    struct epoll_poller *poller = trine__alloc_zero(1, sizeof *poller);
    if (poller == NULL)
        return -ENOMEM;
    poller->base.ops = &trine__poller_epoll;
    poller->jobs.bell = &poller->bell;
    poller->bell.fd = -1;
    poller->thread = pthread_self();
    poller->slack = trine__sys_timer_slack(1);
    int result = poller->epfd = trine__sys_epoll_create();
    if (result >= 0)
        result = trine__bell_open(&poller->bell);
    if (result >= 0)
        result = watch_bell(poller);
    if (result < 0) {
        epoll_shut(&poller->base);
        return result;
    }
    *ret = &poller->base;
    return 0;
}

const struct trine__poller_ops trine__poller_epoll = {
    .name = "epoll",
    .open = epoll_open,
    .submit = epoll_submit,
    .cancel = epoll_cancel,
    .wait = epoll_wait_for,
    .wake = epoll_wake,
    .watch = epoll_watch,
    .close = epoll_shut,
};

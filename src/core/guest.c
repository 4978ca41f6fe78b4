/* SPDX-License-Identifier: MIT */
/* A run inside a foreign event loop: the same loop, but somebody else sleeps for it.
 *
 *     foreign loop --readable--> turn: look, deliver, fire, dispatch --> watch --> foreign loop
 *
 * The descriptor it watches is an epoll set of two: the poller's own (completions, and the bell
 * that posters ring) and a timerfd (the next deadline; in the past while there is more to do). */
#include "core/loop.h"
#include "sys/sys.h"
#include <trine/loop.h>

struct trine_guest {
    struct trine__runtime runtime;
    int set;      /* what the foreign loop watches */
    int alarm;    /* a timerfd */
    int64_t rung; /* what it is set to; 0: at once, or not known */
};

static struct trine__loop *loop_of(const struct trine_guest *guest)
{
    return guest->runtime.loops[0];
}

/* Leaves the loop to be slept for. */
static int watch(struct trine_guest *guest, int *ret_fd)
{
    int64_t until;
    int fd = trine__loop_watch(loop_of(guest), &until);
    if (fd < 0)
        return fd;
    if (until == guest->rung && until != 0)
        return *ret_fd = fd, 0;
    guest->rung = until;
    *ret_fd = fd;
    return trine__sys_timerfd_set(guest->alarm, until);
}

static int add(int set, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    return trine__sys_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

static int open_descriptors(struct trine_guest *guest)
{
    int poller_fd = -1;
    int error = guest->set = trine__sys_epoll_create();
    if (error >= 0)
        error = guest->alarm = trine__sys_timerfd();
    if (error >= 0)
        error = watch(guest, &poller_fd);
    if (error >= 0)
        error = add(guest->set, guest->alarm);
    return error >= 0 ? add(guest->set, poller_fd) : error;
}

static int end(struct trine_guest *guest, int error)
{
    int outcome = trine__run_end(&guest->runtime, error);
    if (guest->alarm >= 0)
        trine__sys_close(guest->alarm);
    if (guest->set >= 0)
        trine__sys_close(guest->set);
    trine__free(guest);
    return outcome;
}

int trine_guest_open(struct trine_guest **ret, trine_fn fn, void *arg,
                     const struct trine_run_options *options)
{
    struct trine_guest *guest = trine__alloc(sizeof *guest);
    if (guest == NULL)
        return -ENOMEM;
    guest->set = guest->alarm = -1;
    guest->rung = TRINE_FOREVER;
    int error = trine__run_begin(&guest->runtime, options);
    if (error == 0)
        error = open_descriptors(guest);
    if (error == 0)
        error = trine__run_start(&guest->runtime, fn, arg);
    guest->rung = 0; /* the first turn is due */
    if (error == 0)
        error = trine__sys_timerfd_set(guest->alarm, 0);
    if (error < 0)
        return end(guest, error);
    *ret = guest;
    return 0;
}

int trine_guest_fd(const struct trine_guest *guest)
{
    return guest->set;
}

int trine_guest_turn(struct trine_guest *guest)
{
    struct trine__loop *loop = loop_of(guest);
    int fd;
    if (trine__loop_here != loop || loop->current != NULL)
        return -EPERM;
    (void)trine__loop_glance(loop);
    if (guest->rung <= trine__clock_monotonic())
        guest->rung = 0; /* it has gone off: set it anew, or it stays readable */
    if (trine__run_main_ended(loop))
        return 0;
    int error = watch(guest, &fd);
    return error < 0 ? error : 1;
}

int trine_guest_close(struct trine_guest *guest)
{
    if (guest == NULL)
        return 0;
    struct trine__loop *loop = loop_of(guest);
    if (trine__loop_here != loop || loop->current != NULL)
        return -EPERM;
    if (!trine__run_main_ended(loop)) {
        trine__scope_cancel_local(&loop->root.scope, -ECANCELED, "its guest was closed");
        trine__loop_run(loop, trine__run_main_ended);
    }
    return end(guest, 0);
}

/* SPDX-License-Identifier: MIT */
/* A run inside a foreign event loop: the same loop, but somebody else sleeps for it.
 *
 *     foreign loop --readable--> turn: look, deliver, fire, dispatch --> watch --> foreign loop
 *
 * The descriptor it watches is an epoll set of two: the poller's own (completions, and the bell
 * that posters ring) and a timerfd (the next deadline; in the past while there is more to do).
 *
 * Between turns its thread runs no loop: what the foreign loop's code sets, puts and cancels comes
 * by mail, as from any other thread, and so rings the bell. */
#include "core/loop.h"
#include "core/thread_context.h"
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

static void leave(const struct trine__loop *loop)
{
    trine__thread_here.hosts = loop;
    trine__loop_here = NULL;
}

/* False: not on its thread, or inside a turn of it. */
static bool come_back(struct trine__loop *loop)
{
    if (trine__thread_here.hosts != loop)
        return false;
    trine__thread_here.hosts = NULL;
    trine__loop_here = loop;
    return true;
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
    leave(loop_of(guest));
    *ret = guest;
    return 0;
}

int trine_guest_fd(const struct trine_guest *guest)
{
    return guest->set;
}

/* 1, 0 when the first task has ended, or why the loop cannot be slept for. */
static int turn(struct trine_guest *guest)
{
    struct trine__loop *loop = loop_of(guest);
    int fd;
    (void)trine__loop_glance(loop);
    if (guest->rung <= trine__clock_monotonic())
        guest->rung = 0; /* it has gone off: set it anew, or it stays readable */
    if (trine__run_main_ended(loop))
        return 0;
    int error = watch(guest, &fd);
    return error < 0 ? error : 1;
}

int trine_guest_turn(struct trine_guest *guest)
{
    struct trine__loop *loop = loop_of(guest);
    if (!come_back(loop))
        return -EPERM;
    int answer = turn(guest);
    leave(loop);
    return answer;
}

int trine_guest_close(struct trine_guest *guest)
{
    if (guest == NULL)
        return 0;
    struct trine__loop *loop = loop_of(guest);
    if (!come_back(loop))
        return -EPERM;
    if (!trine__run_main_ended(loop)) {
        trine__scope_cancel_local(&loop->root.scope, -ECANCELED, "its guest was closed");
        trine__loop_run(loop, trine__run_main_ended);
    }
    return end(guest, 0);
}

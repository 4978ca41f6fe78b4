/* SPDX-License-Identifier: MIT */
#include "exec/fork_server.h"
#include "core/thread_context.h"
#include "exec/wire.h"
#include "exec/worker_main.h"
#include "sys/fault.h"
#include "sys/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#define FDS_MAX 65536 /* where the kernel cannot close a range */

struct channel {
    int fd;
    bool closed;
    struct channel *next;
};

struct child {
    pid_t pid;
    uint32_t slot;
    struct channel *channel;
    struct child *next;
};

static struct channel *channels;
static struct child *children;
static int died[2]; /* a pipe that the signal handler writes to */

/* ---- a clean process */

static void close_between(unsigned first, unsigned last)
{
    if (first > last || trine__sys_close_range(first, last) == 0)
        return;
    for (unsigned fd = first; fd <= last && fd < FDS_MAX; fd++)
        trine__sys_close((int)fd);
}

static void close_all_but(int fd)
{
    close_between(3, (unsigned)fd - 1);
    close_between((unsigned)fd + 1, ~0u);
}

/* Ctrl-C goes to every process of the terminal; here it means nothing, for the pool's process
 * decides. */
static void reset_signals(void)
{
    struct sigaction by_default = { .sa_handler = SIG_DFL }, ignore = { .sa_handler = SIG_IGN };
    for (int signal = 1; signal < NSIG; signal++)
        trine__sys_sigaction(signal, &by_default, NULL);
    trine__sys_sigaction(SIGINT, &ignore, NULL);
    trine__sys_sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
    sigset_t none;
    sigemptyset(&none);
    trine__sys_sigmask(SIG_SETMASK, &none, NULL);
}

static void on_child(int signal)
{
    int error = errno;
    (void)trine__sys_write(died[1], "", 1); /* full: the reader knows */
    errno = error;
}

static void watch_children(void)
{
    struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_RESTART };
    if (trine__sys_pipe(died, O_NONBLOCK) < 0)
        _exit(1);
    trine__sys_sigaction(SIGCHLD, &action, NULL);
}

/* ---- workers */

static void tell(struct channel *channel, struct trine__server_event event)
{
    if (!channel->closed)
        (void)trine__message_send(channel->fd, &event, sizeof event, -1);
}

static __attribute__((noreturn)) void be_worker(int fd, pid_t server)
{
    struct sigaction by_default = { .sa_handler = SIG_DFL };
    trine__sys_parent_death_signal(SIGKILL);
    if (getppid() != server)
        _exit(0);
    trine__sys_sigaction(SIGCHLD, &by_default, NULL);
    close_all_but(fd);
    trine__worker_serve(fd);
}

static void spawn(struct channel *channel, uint32_t slot, int fd)
{
    struct child *child = trine__alloc_zero(1, sizeof *child);
    pid_t server = getpid(), pid = child != NULL && fd >= 0 ? trine__sys_fork() : -ENOMEM;
    if (pid == 0)
        be_worker(fd, server);
    if (pid < 0) {
        trine__free(child);
        tell(channel, (struct trine__server_event){ TRINE__SERVER_REFUSED, slot, 0, pid, 0 });
        return;
    }
    *child = (struct child){ pid, slot, channel, children };
    children = child;
    tell(channel, (struct trine__server_event){ TRINE__SERVER_STARTED, slot, pid, 0, 0 });
}

static void kill_worker(const struct channel *channel, uint32_t slot)
{
    for (struct child *child = children; child != NULL; child = child->next) {
        if (child->channel == channel && child->slot == slot)
            trine__sys_kill(child->pid, SIGKILL);
    }
}

static void kill_workers(const struct channel *channel)
{
    for (struct child *child = children; child != NULL; child = child->next) {
        if (child->channel == channel)
            trine__sys_kill(child->pid, SIGKILL);
    }
}

static void ended(const siginfo_t *info)
{
    for (struct child **link = &children; *link != NULL; link = &(*link)->next) {
        struct child *child = *link;
        if (child->pid != info->si_pid)
            continue;
        tell(child->channel,
             (struct trine__server_event){ TRINE__SERVER_ENDED, child->slot, child->pid,
                                           info->si_code, info->si_status });
        *link = child->next;
        trine__free(child);
        return;
    }
}

static void reap(void)
{
    char drained[64];
    while (trine__sys_read(died[0], drained, sizeof drained) > 0)
        ;
    for (;;) {
        siginfo_t info = { 0 };
        if (trine__sys_waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
            return;
        ended(&info);
    }
}

/* ---- requests */

static void open_channel(int fd)
{
    struct channel *channel = fd >= 0 ? trine__alloc_zero(1, sizeof *channel) : NULL;
    if (channel == NULL) {
        trine__sys_close(fd);
        return;
    }
    *channel = (struct channel){ .fd = fd, .next = channels };
    channels = channel;
}

/* False: the other side has ended. */
static bool serve(struct channel *channel)
{
    struct trine__server_request request;
    int fd, len = trine__message_recv(channel->fd, &request, sizeof request, &fd, 0);
    if (len == (int)sizeof request && request.what == TRINE__SERVER_SPAWN)
        spawn(channel, request.slot, fd);
    else if (len == (int)sizeof request && request.what == TRINE__SERVER_KILL)
        kill_worker(channel, request.slot);
    if (fd >= 0)
        trine__sys_close(fd);
    return len > 0;
}

/* Channels whose pool has gone, with none of its workers left. */
static void sweep(void)
{
    for (struct channel **link = &channels; *link != NULL;) {
        struct channel *channel = *link;
        struct child *child = children;
        while (child != NULL && child->channel != channel)
            child = child->next;
        if (!channel->closed || child != NULL) {
            link = &channel->next;
            continue;
        }
        *link = channel->next;
        trine__sys_close(channel->fd);
        trine__free(channel);
    }
}

/* ---- the loop */

static __attribute__((noreturn)) void leave(void)
{
    for (struct child *child = children; child != NULL; child = child->next)
        trine__sys_kill(child->pid, SIGKILL);
    _exit(0);
}

enum { PIPE, PARENT, MAIN, FIRST_CHANNEL };

static size_t gather(struct pollfd **fds, int main_fd, int parent_fd)
{
    size_t count = FIRST_CHANNEL;
    for (struct channel *channel = channels; channel != NULL; channel = channel->next)
        count++;
    struct pollfd *grown = trine__realloc(*fds, count * sizeof **fds);
    if (grown == NULL)
        leave();
    *fds = grown;
    grown[PIPE] = (struct pollfd){ died[0], POLLIN, 0 };
    grown[PARENT] = (struct pollfd){ parent_fd, POLLIN, 0 };
    grown[MAIN] = (struct pollfd){ main_fd, POLLIN, 0 };
    size_t i = FIRST_CHANNEL;
    for (struct channel *channel = channels; channel != NULL; channel = channel->next)
        grown[i++] = (struct pollfd){ channel->closed ? -1 : channel->fd, POLLIN, 0 };
    return count;
}

static void serve_channels(const struct pollfd *fds)
{
    for (struct channel *channel = channels; channel != NULL; channel = channel->next, fds++) {
        if (fds->revents != 0 && !serve(channel)) {
            channel->closed = true;
            kill_workers(channel);
        }
    }
}

static void serve_main(int fd)
{
    struct trine__server_request request;
    int passed, len = trine__message_recv(fd, &request, sizeof request, &passed, 0);
    if (len <= 0)
        leave();
    open_channel(passed);
}

void trine__fork_server_main(int fd, pid_t parent)
{
    struct pollfd *fds = NULL;
    trine__fault_plan(NULL); /* a plan is for the process under test */
    reset_signals();
    close_all_but(fd);
    trine__loop_here = NULL;
    trine__thread_here = (struct trine__thread_context){ 0 };
    __fpurge(stdout); /* what the parent has not written yet is the parent's */
    trine__sys_thread_name("trine-server");
    watch_children();
    int parent_fd = trine__sys_pidfd_open(parent);
    if (getppid() != parent)
        leave();
    for (;;) {
        size_t count = gather(&fds, fd, parent_fd);
        if (trine__sys_poll(fds, count, INT64_MAX) < 0)
            continue;
        if (fds[PARENT].revents != 0)
            leave();
        if (fds[PIPE].revents != 0)
            reap();
        serve_channels(fds + FIRST_CHANNEL);
        sweep();
        if (fds[MAIN].revents != 0) /* last: a new channel has no entry in fds */
            serve_main(fd);
    }
}

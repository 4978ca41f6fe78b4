/* SPDX-License-Identifier: MIT */
#include "cli/compare_child.h"
#include "cli/compare_family.h"
#include "sys/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static int stop_pipe[2] = { -1, -1 };
static volatile sig_atomic_t stop_signal;

static const int endings[] = { SIGINT, SIGTERM, SIGHUP };
enum { ENDINGS = sizeof endings / sizeof endings[0] };
static struct sigaction before[ENDINGS];

static void on_ending(int signal)
{
    stop_signal = signal;
    (void)trine__sys_write(stop_pipe[1], "", 1);
}

int trine__children_open(void)
{
    int error = trine__sys_pipe(stop_pipe, O_NONBLOCK);
    if (error < 0)
        return error;
    (void)trine__sys_adopt_orphans();
    struct sigaction action = { .sa_handler = on_ending };
    for (int i = 0; i < ENDINGS; i++) {
        trine__sys_sigaction(endings[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            trine__sys_sigaction(endings[i], &action, NULL);
    }
    return 0;
}

void trine__children_close(void)
{
    trine__family_end();
    for (int i = 0; i < ENDINGS; i++)
        trine__sys_sigaction(endings[i], &before[i], NULL);
    for (int i = 0; i < 2; i++) {
        trine__sys_close(stop_pipe[i]);
        stop_pipe[i] = -1;
    }
}

int trine__stop_fd(void)
{
    return stop_pipe[0];
}

int trine__stop_signal(void)
{
    return stop_signal;
}

/* In the new process. A parent that ended before the request was in force is noticed by its number.
 */
static void become_child(pid_t parent)
{
    for (int i = 0; i < ENDINGS; i++)
        trine__sys_sigaction(endings[i], &before[i], NULL);
    trine__sys_setpgid(0, 0);
    trine__sys_parent_death_signal(SIGKILL);
    if (getppid() != parent)
        _exit(1);
    trine__sys_close(stop_pipe[0]);
    trine__sys_close(stop_pipe[1]);
}

int trine__child_start(struct trine__child *ret, void (*fn)(void *arg, int to), void *arg)
{
    int ends[2];
    int error = trine__sys_pipe(ends, 0);
    if (error < 0)
        return error;
    fflush(NULL);
    pid_t parent = getpid(), pid = trine__sys_fork();
    if (pid == 0) {
        become_child(parent);
        trine__sys_close(ends[0]);
        fn(arg, ends[1]);
        _exit(0);
    }
    trine__sys_close(ends[1]);
    if (pid < 0) {
        trine__sys_close(ends[0]);
        return pid;
    }
    trine__sys_setpgid(pid, pid);
    *ret = (struct trine__child){ .pid = pid, .from = ends[0] };
    return 0;
}

void trine__child_end(struct trine__child *child, int kill, siginfo_t *ret_how)
{
    siginfo_t how = { 0 };
    if (kill)
        trine__sys_kill(-child->pid, SIGKILL);
    trine__sys_waitid(P_PID, child->pid, &how, WEXITED);
    trine__sys_close(child->from);
    if (ret_how != NULL)
        *ret_how = how;
}

/* SPDX-License-Identifier: MIT */
/* fork() in the middle of a run is safe: in the child Trine is switched off, the parent goes on.
 *
 *     parent is process 4000
 *     child is process 4001, its parent 4000
 *     child: trine_sleep() says "Trine does not run in a forked child"
 *     parent: process 4001 ended with status 7
 *
 * The child may do what a forked child may: exec, or a little work and _exit(). For work in another
 * process there are process pools, see processes.c. */
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <trine.h>
#include <unistd.h>

static _Noreturn void child(void)
{
    printf("child is process %d, its parent %d\n", getpid(), getppid());
    printf("child: trine_sleep() says \"%s\"\n", trine_strerror(trine_sleep(TRINE_SECONDS(1))));
    fflush(stdout);
    _exit(7);
}

/* Waits for the child's end without stopping the loop, as for any descriptor. */
static int wait_for(pid_t pid, int *ret_status)
{
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return -errno;
    int ready = trine_wait_fd(pidfd, TRINE_READABLE);
    close(pidfd);
    if (ready < 0)
        return ready;
    return waitpid(pid, ret_status, 0) < 0 ? -errno : 0;
}

static int app(void *arg)
{
    printf("parent is process %d\n", getpid());
    fflush(stdout); /* or the child would print it again */
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        child();

    int status;
    int error = wait_for(pid, &status);
    if (error < 0)
        return error;
    printf("parent: process %d ended with status %d\n", pid, WEXITSTATUS(status));
    return 0;
}

int main(void)
{
    return trine_run(app, NULL, NULL) < 0;
}

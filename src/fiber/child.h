/* SPDX-License-Identifier: MIT */
/* For tests: code that is expected to die runs in a child process. */
#ifndef TRINE_FIBER_CHILD_H
#define TRINE_FIBER_CHILD_H

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What became of it: its wait status, and what it wrote to stderr. */
struct child {
    int status;
    char said[4096];
};

static inline struct child run_in_child(void (*body)(void *arg), void *arg)
{
    struct child child = { .status = -1 };
    int fds[2];
    if (pipe(fds) < 0)
        return child;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        body(arg);
        _exit(0);
    }
    close(fds[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(fds[0], child.said + len, sizeof child.said - 1 - len)) > 0)
        len += (size_t)got;
    close(fds[0]);
    waitpid(pid, &child.status, 0);
    return child;
}

#endif

/* SPDX-License-Identifier: MIT */
/* Processes of a comparison: the test server, and one for each model that is measured, so that CPU
 * time and peak memory are that model's alone.
 *
 * Every child has a process group of its own (Ctrl-C in a terminal reaches the comparison only,
 * which then ends whole groups), dies with its parent, and what it leaves behind is adopted and
 * reaped here. */
#ifndef TRINE_CLI_COMPARE_CHILD_H
#define TRINE_CLI_COMPARE_CHILD_H

#include <signal.h>
#include <sys/types.h>

struct trine__child {
    pid_t pid;
    int from; /* what it writes to us */
};

/* Gets ready: signals that end the comparison are kept and told by a descriptor. 0 or an error. */
int trine__children_open(void);
/* Ends and reaps every child and grandchild that is left. */
void trine__children_close(void);
/* Readable once a signal has come. */
int trine__stop_fd(void);
/* The signal that came; 0. */
int trine__stop_signal(void);

/* Runs fn(arg, to) in a new process; its pipe's other end is `ret->from`. fn's return ends the
 * process. */
int trine__child_start(struct trine__child *ret, void (*fn)(void *arg, int to), void *arg);
/* Ends the child's whole group if `kill`, waits for the child and closes the pipe. */
void trine__child_end(struct trine__child *child, int kill, siginfo_t *ret_how);

#endif

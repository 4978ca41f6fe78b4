/* SPDX-License-Identifier: MIT */
/* The internal face of executors. A new one is a file with these functions and nothing else:
 * futures and callers never know which executor they have. */
#ifndef TRINE_EXEC_EXECUTOR_H
#define TRINE_EXEC_EXECUTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <trine/executor.h>

/* Several items that travel together: what trine_map() sends to an executor at once. */
struct trine__batch {
    trine_fn fn;
    void *items;
    size_t size; /* of one */
    size_t count;
    int *outcomes; /* one per item; filled by whoever runs it */
    bool collect;  /* go on after an error */
    const char *site;
};

struct trine__executor_ops {
    const char *name;
    unsigned (*workers)(const struct trine_executor *executor);
    struct trine_future *(*submit)(struct trine_executor *executor, trine_fn fn, const void *record,
                                   size_t size, const char *site);
    /* Runs a copy of the batch elsewhere; trine__batch_return() brings it back. NULL: the executor
     * shares the caller's memory, and a batch is a job like any other. */
    struct trine_future *(*submit_batch)(struct trine_executor *executor,
                                         const struct trine__batch *batch);
    void (*free)(struct trine_executor *executor);
};

struct trine_executor {
    const struct trine__executor_ops *ops;
};

/* Copies items and outcomes of a batch that is done back to the caller's memory. False: it never
 * ran, or nobody knows how far: the future's outcome holds for all. */
bool trine__batch_return(struct trine_future *future, const struct trine__batch *batch);

/* A thread that signals of the process do not reach. */
int trine__exec_thread_start(pthread_t *ret, void *(*entry)(void *), void *arg);
/* How often this process is a fork() of the one that it began as; a pool of another age has no
 * workers here. */
unsigned trine__exec_age(void);

#endif

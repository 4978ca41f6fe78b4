/* SPDX-License-Identifier: MIT */
/* Executors: where a function runs. Python: concurrent.futures.Executor and its two pools.
 *
 * The same function over the same record runs serially, in a task, in a thread or in another
 * process by changing one argument; the result is an ordinary future. */
#ifndef TRINE_EXECUTOR_H
#define TRINE_EXECUTOR_H

#include <trine/future.h>
#include <trine/task.h>
#include <trine/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_executor;

/* At once, in the caller. */
TRINE_PUBLIC extern struct trine_executor *const TRINE_SERIAL;
/* As tasks of the caller's loop; trine_map() in a plain thread runs a loop of its own meanwhile. */
TRINE_PUBLIC extern struct trine_executor *const TRINE_TASKS;

struct trine_thread_pool_options {
    unsigned workers; /* 0: the processors this process may use */
    unsigned backlog; /* jobs queued at most; submit then waits. 0: 65,536 */
    const char *name; /* of the threads; kept; NULL: "trine-worker" */
};
/* NULL: no memory or no thread; trine_error_last() says which. */
TRINE_PUBLIC struct trine_executor *
trine_thread_pool_new(const struct trine_thread_pool_options *options);

struct trine_process_pool_options {
    unsigned workers;     /* 0: the processors this process may use */
    unsigned backlog;     /* jobs queued at most; submit then waits. 0: 4,096 */
    unsigned max_deaths;  /* this many worker deaths ... 0: 8 */
    int64_t death_window; /* ... within this time break the pool. 0: 10 s */
};
/* Starts worker processes, from a fork server (started while this process has one thread) or by
 * executing this program again; never by forking a process that has threads. Workers know
 * registered functions only: see TRINE_JOB. A job that kills its worker fails alone with
 * TRINE_EWORKERDIED, and the worker is replaced. NULL as above. */
TRINE_PUBLIC struct trine_executor *
trine_process_pool_new(const struct trine_process_pool_options *options);

/* Waits for every job queued or running, ends the workers and frees the executor. Accepts NULL;
 * not for TRINE_SERIAL and TRINE_TASKS.
 * Waits:   this task, or blocks the thread. Cancelling does not shorten it: cancel the jobs. */
TRINE_PUBLIC void trine_executor_free(struct trine_executor *executor);
/* Worker threads or processes; 1 for TRINE_SERIAL and TRINE_TASKS. */
TRINE_PUBLIC unsigned trine_executor_workers(const struct trine_executor *executor);
/* "serial", "tasks", "threads" or "processes". */
TRINE_PUBLIC const char *trine_executor_name(const struct trine_executor *executor);

/* Runs fn on a copy of `record` (`size` bytes, at most 1 MiB for processes; alignment as malloc
 * gives).
 *
 * Returns: a future owned by the caller; trine_future_value() is the record as the job left it. A
 *          job that cannot be started (function not registered, record too large) is a future
 *          already failed, with a sentence. NULL: no memory (trine_await(NULL, ...) says -ENOMEM).
 * Waits:   while the backlog is full. A cancel then gives a future failed with -ECANCELED: fn
 *          never ran.
 * Threads: any. */
#define trine_submit(executor, fn, record, size)                                                   \
    trine_submit_at((executor), (fn), (record), (size), TRINE_SITE(fn))
TRINE_PUBLIC struct trine_future *trine_submit_at(struct trine_executor *executor, trine_fn fn,
                                                  const void *record, size_t size,
                                                  const char *site);

/* Registers a function for process pools, at file scope: TRINE_JOB(fetch_page, struct page); */
#define TRINE_JOB(fn, type)                                                                        \
    static struct trine__job_entry trine__job_##fn = { #fn, (fn), sizeof(type), NULL };            \
    __attribute__((constructor(201))) static void trine__job_register_##fn(void)                   \
    {                                                                                              \
        trine__job_register(&trine__job_##fn);                                                     \
    }                                                                                              \
    __attribute__((constructor)) static void trine__job_enter_##fn(void)                           \
    {                                                                                              \
        trine__worker_enter();                                                                     \
    }                                                                                              \
    extern int trine__job_semicolon_##fn
struct trine__job_entry {
    const char *name;
    trine_fn fn;
    size_t size;
    struct trine__job_entry *next;
};
TRINE_PUBLIC void trine__job_register(struct trine__job_entry *entry);
/* In a program executed again as a worker: works and never returns. Otherwise does nothing. */
TRINE_PUBLIC void trine__worker_enter(void);

#ifdef __cplusplus
}
#endif
#endif

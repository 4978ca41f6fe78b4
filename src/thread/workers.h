/* SPDX-License-Identifier: MIT */
/* A few threads that drain a queue of jobs: no futures, no results, no policy. It sits below the
 * poller because the epoll backend needs it for files; names are looked up on an instance of their
 * own, so that neither starves the other. Threads start on demand and end after a second without
 * work. */
#ifndef TRINE_THREAD_WORKERS_H
#define TRINE_THREAD_WORKERS_H

struct trine__work {
    void (*run)(struct trine__work *work); /* on a worker thread; the last touch of `work` is its */
    struct trine__work *next;
    int state; /* queued, running */
};

struct trine__workers;

/* At most `max` threads, named `name`. -ENOMEM. */
int trine__workers_new(const char *name, unsigned max, struct trine__workers **ret);
/* Queues; never blocks. -EAGAIN/-ENOMEM when there is no thread and none can be started. */
int trine__workers_submit(struct trine__workers *workers, struct trine__work *work);
/* 1: it was still queued and is taken out. 0: it runs or ran. */
int trine__workers_withdraw(struct trine__workers *workers, struct trine__work *work);
/* Runs what is queued, then joins all threads. */
void trine__workers_free(struct trine__workers *workers);

#endif

/* SPDX-License-Identifier: MIT */
/* The process pool, in two files: process_pool.c is its face to submitters, process_manager.c its
 * other face, a thread that moves bytes and looks after the workers.
 *
 *     submitter: job -> queue -> idle worker's socket (at once, if one is idle)
 *     manager:   answers -> futures; deaths -> replacements, within the budget
 *
 * A worker holds one job at a time: its death can fail no other. What happened to a worker is known
 * from the fork server, whose child it is; that its socket has ended is only a hint, for a process
 * started by a job may hold a copy. Everything here is guarded by the pool's lock; futures are
 * completed outside. */
#ifndef TRINE_EXEC_PROCESS_POOL_H
#define TRINE_EXEC_PROCESS_POOL_H

#include "exec/executor.h"
#include "exec/fork_server.h"
#include "exec/job.h"
#include "exec/room.h"
#include "exec/wire.h"

struct trine__process_pool;

struct trine__process_job {
    struct trine__job job;
    struct trine__process_pool *pool;       /* its memory lives as long as its jobs */
    struct trine__process_job *next, *prev; /* in the queue; next: completed, not yet told */
    const struct trine__job_entry *entry;
    size_t item_size;
    uint32_t count;
    bool collect, queued;
    bool claimed; /* while queued: a worker died before it got the job */
    bool answered;
    int outcome; /* once completed */
    struct trine_error *error;
    int32_t *outcomes; /* behind the records */
};

enum trine__worker_state {
    TRINE__WORKER_ABSENT,
    TRINE__WORKER_READY, /* idle without a job, else busy */
    TRINE__WORKER_LOST   /* its end is expected any moment */
};

struct trine__process_worker {
    enum trine__worker_state state;
    int fd;
    pid_t pid;         /* 0 until known */
    bool dismissed;    /* told to end */
    const char *fault; /* what it did wrong, if it was killed for that */
    struct trine__process_job *job;
    struct trine__request request;
    struct trine__reply reply;
    struct trine__transfer out, in;
    bool in_message;
    char message[TRINE__MESSAGE_MAX + 1];
};

struct trine__process_pool {
    struct trine_executor executor;
    _Atomic(unsigned) refs;
    unsigned age;
    pthread_mutex_t lock;
    struct trine__room room;
    struct trine__process_job *first, *last; /* the queue */
    unsigned queued, backlog;
    struct trine__process_worker *workers;
    unsigned count, busy;
    struct trine__server_link server;
    bool server_lost;
    int bell; /* an eventfd: the manager must look */
    pthread_t manager;
    struct pollfd *fds;
    struct trine__parker *closer;
    bool closing;
    int64_t *deaths; /* the last max_deaths, as a ring */
    unsigned max_deaths, death_at;
    int64_t death_window;
    char *broken; /* why; NULL: sound */
    struct trine__process_job *told_first,
        **told_last; /* completed, to be told when the lock is free */
    uint32_t next_id;
};

/* ---- process_manager.c. Lock held: */
/* Hands queued jobs to idle workers and makes room. */
void trine__process_dispatch(struct trine__process_pool *pool);
/* Starts a worker in every empty place. */
void trine__process_start_workers(struct trine__process_pool *pool);
/* Lock not held: */
void trine__process_ring_bell(struct trine__process_pool *pool);
/* Gives the lock back and completes what is to be told. */
void trine__process_unlock(struct trine__process_pool *pool);
void *trine__process_manager(void *pool);

/* ---- process_pool.c */
/* Lock held: takes a queued job out. */
void trine__process_unqueue(struct trine__process_pool *pool, struct trine__process_job *job);
void trine__process_enqueue(struct trine__process_pool *pool, struct trine__process_job *job);
void trine__process_enqueue_first(struct trine__process_pool *pool, struct trine__process_job *job);
struct trine_error *trine__process_broken_error(const struct trine__process_pool *pool);

#endif

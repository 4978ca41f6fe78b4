/* SPDX-License-Identifier: MIT */
/* Operations that only a thread can do without blocking the loop: files, mostly. */
#ifndef TRINE_POLL_JOBS_H
#define TRINE_POLL_JOBS_H

#include "poll/bell.h"
#include "poll/op.h"
#include "thread/workers.h"

struct trine__job;

struct trine__jobs {
    struct trine__workers *workers;        /* started by the first job */
    _Atomic(struct trine__job *) finished; /* a stack that the loop takes whole */
    struct trine__job *spare;
    struct trine__bell *bell; /* rung when a job is finished */
};

/* Gives `op` to a thread; -ENOMEM, -EAGAIN when there is none to be had. */
int trine__jobs_submit(struct trine__jobs *jobs, struct trine__op *op);
/* True: it had not begun and will not. */
bool trine__jobs_withdraw(struct trine__jobs *jobs, struct trine__op *op);
/* Calls `take` for every operation finished since, oldest first; its result is set. */
void trine__jobs_reap(struct trine__jobs *jobs, void *arg,
                      void (*take)(void *arg, struct trine__op *op));
/* Nothing may be pending. */
void trine__jobs_done(struct trine__jobs *jobs);

#endif

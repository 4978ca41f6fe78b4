/* SPDX-License-Identifier: MIT */
/* A plain thread as one who waits. */
#ifndef TRINE_CORE_THREAD_CONTEXT_H
#define TRINE_CORE_THREAD_CONTEXT_H

#include "core/context.h"
#include "core/park.h"
#include <stdatomic.h>

struct trine__thread_context {
    struct trine__context context;
    struct trine_error *error;              /* the thread's last */
    _Atomic(struct trine__parker *) parked; /* whom a cancel has to wake; LOCKED while one does */
    int id;                                 /* the kernel's, once it was asked for; for reports */
    bool holds;                             /* its end will look at what it still holds */
    bool forked;                            /* a child of fork(): nothing works until trine_run() */
    const struct trine__loop *hosts;        /* a guest between its turns: nothing may block */
    bool orphan; /* the same, for good: its frames are those of a dead task */
};

extern __thread struct trine__thread_context trine__thread_here
    __attribute__((tls_model("initial-exec")));

/* Finds out this thread's id. */
void trine__thread_identify(void);
/* Once per process: fork handler, thread end. */
void trine__context_prepare(void);
/* This thread's end will free what its context has. */
void trine__thread_attend_end(void);
/* A scope of `context` was cancelled by another thread: wakes its thread if it is parked. */
void trine__thread_interrupt(struct trine__context *context);

#endif

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
    bool forked;                            /* a child of fork(): nothing works until trine_run() */
    bool orphan; /* the same, for good: its frames are those of a dead task */
};

extern __thread struct trine__thread_context trine__thread_here
    __attribute__((tls_model("initial-exec")));

/* Once per process: fork handler, thread end. */
void trine__context_prepare(void);
/* A scope of `context` was cancelled by another thread: wakes its thread if it is parked. */
void trine__thread_interrupt(struct trine__context *context);

#endif

/* SPDX-License-Identifier: MIT */
/* Workers that a whole process shares, made at first use. A child of fork() has none of their
 * threads and makes its own; at the end of the process they are joined, unless one is still busy
 * with something that nobody waits for any more. */
#ifndef TRINE_THREAD_SHARED_WORKERS_H
#define TRINE_THREAD_SHARED_WORKERS_H

#include "thread/workers.h"
#include <stdatomic.h>
#include <stdbool.h>

struct trine__shared_workers {
    const char *name;
    unsigned max;
    struct trine__workers *workers;
    _Atomic(unsigned) under_way; /* submitted, and not yet said to be over */
    bool known;
    struct trine__shared_workers *next;
};
#define TRINE__SHARED_WORKERS(name, max)                                                           \
    {                                                                                              \
        (name), (max), NULL, 0, false, NULL                                                        \
    }

/* As trine__workers_submit(); also -ENOMEM when the workers cannot be made. */
int trine__shared_workers_submit(struct trine__shared_workers *shared, struct trine__work *work);
int trine__shared_workers_withdraw(struct trine__shared_workers *shared, struct trine__work *work);
/* From a work, before its last touch: it is over. */
void trine__shared_workers_over(struct trine__shared_workers *shared);

#endif

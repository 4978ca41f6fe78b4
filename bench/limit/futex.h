/* SPDX-License-Identifier: MIT */
/* The kernel's wait and wake on one word, and how long to spin before asking for them. */
#ifndef LIMIT_FUTEX_H
#define LIMIT_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LIMIT_SPIN 500

static inline void limit_futex_wait(_Atomic uint32_t *word, uint32_t expected)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static inline void limit_futex_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static inline void limit_relax(void)
{
    __builtin_ia32_pause();
}

/* A result to come: done says when, and whether somebody sleeps on it. */
enum { LIMIT_PENDING, LIMIT_DONE, LIMIT_AWAITED };

struct limit_future {
    _Atomic uint32_t state;
    long result;
};

static inline void limit_complete(struct limit_future *future, long result)
{
    future->result = result;
    if (atomic_exchange(&future->state, LIMIT_DONE) == LIMIT_AWAITED)
        limit_futex_wake(&future->state);
}

static inline long limit_await(struct limit_future *future)
{
    uint32_t pending = LIMIT_PENDING;
    for (int i = 0; i < LIMIT_SPIN; i++) {
        if (atomic_load_explicit(&future->state, memory_order_acquire) == LIMIT_DONE)
            return future->result;
        limit_relax();
    }
    if (atomic_compare_exchange_strong(&future->state, &pending, LIMIT_AWAITED))
        while (atomic_load(&future->state) == LIMIT_AWAITED)
            limit_futex_wait(&future->state, LIMIT_AWAITED);
    return future->result;
}

#endif
